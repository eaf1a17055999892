# Repositories of the images that serve imported models: AWS has another registry for each region.
data "aws_sagemaker_prebuilt_ecr_image" "serving" {
  for_each = toset(["pytorch-inference", "sagemaker-scikit-learn"])

  repository_name = each.key
  image_tag       = "latest"
  region          = var.context.region
}
