resource "aws_ecr_repository" "this" {
  for_each = var.repositories

  name                 = "${var.context.name_prefix}/${each.key}"
  image_tag_mutability = "IMMUTABLE"
  force_delete         = !var.context.protected

  image_scanning_configuration {
    scan_on_push = true
  }

  encryption_configuration {
    encryption_type = "KMS"
    kms_key         = var.kms_key_arn
  }
}
