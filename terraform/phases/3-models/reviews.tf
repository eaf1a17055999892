# The reviews, as the evaluation and the probe of a candidate need them described.
locals {
  reviews = {
    dataset = {
      name    = "reviews"
      columns = []
      roles   = { id = "review_id", group = "group_id", label = "label", features = ["text"] }
    }
    evaluation = { task = "classification", positive = "positive", slices = [] }

    golden = [
      { input = "Excellent! I love it, it works perfectly and the quality is wonderful. Highly recommended.", label = "positive" },
      { input = "Terrible and boring. A complete waste of money, it broke at once and I hate it.", label = "negative" },
    ]
  }
}

# Under its hash, with the code: a job that is queued keeps the specification that it was started with.
resource "aws_s3_object" "dataset" {
  bucket       = var.foundation.s3.bucket_name
  key          = "artifacts/code/datasets/${substr(sha256(jsonencode(local.reviews.dataset)), 0, 16)}/reviews.json"
  content      = jsonencode(local.reviews.dataset)
  content_type = "application/json"
  kms_key_id   = var.foundation.kms.data_key_arn

  # S3 allows ten tags on an object; the platform's default tags may be more.
  override_provider {
    default_tags {
      tags = {}
    }
  }

  lifecycle {
    create_before_destroy = true
  }
}
