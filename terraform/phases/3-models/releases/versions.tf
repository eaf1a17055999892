terraform {
  required_version = ">= 1.11, < 2"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.100"
    }
  }

  # Bucket, key and region arrive with `-backend-config`: every environment has a state bucket of its own.
  backend "s3" {}
}
