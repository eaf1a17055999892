module "s3_buckets" {
  source = "../../../modules/s3_buckets"

  context       = var.context
  force_destroy = var.storage.force_destroy
}
