terraform {
  required_version = ">= 1.11.0, < 2.0.0"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.100"
    }
  }
}

variable "revision" {
  description = "Changes a tag and one setting of everything that is updated in place."
  type        = number
  default     = 1
}

provider "aws" {
  region            = "us-east-1"
  s3_use_path_style = true
  max_retries       = 2

  default_tags {
    tags = { project = "serving", revision = tostring(var.revision) }
  }
}

data "aws_caller_identity" "current" {}
