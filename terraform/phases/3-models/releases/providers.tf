provider "aws" {
  region            = var.context.region
  s3_use_path_style = var.provider_options.s3_use_path_style
  max_retries       = var.provider_options.max_retries

  default_tags {
    tags = var.context.tags
  }
}
