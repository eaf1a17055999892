module "kms" {
  source = "../../modules/kms"

  context              = var.context
  rotation_days        = var.encryption.rotation_days
  deletion_window_days = var.encryption.deletion_window_days
}
