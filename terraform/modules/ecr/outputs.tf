output "repository_urls" {
  description = "Where images are pushed to, by short name."
  value       = { for name, repository in aws_ecr_repository.this : name => repository.repository_url }
}

output "repository_arns" {
  description = "Repository ARNs by short name."
  value       = { for name, repository in aws_ecr_repository.this : name => repository.arn }
}
