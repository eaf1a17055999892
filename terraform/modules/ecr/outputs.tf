output "repository_urls" {
  description = "Where images are pushed to, by short name."
  value       = { for name, repository in aws_ecr_repository.this : name => repository.repository_url }
}

output "repository_arns" {
  description = "Repository ARNs by short name."
  value       = { for name, repository in aws_ecr_repository.this : name => repository.arn }
}

output "pull_policy_document" {
  description = "JSON policy document that allows pulling the images of these repositories."
  value       = jsonencode(local.pull_policy)
}
