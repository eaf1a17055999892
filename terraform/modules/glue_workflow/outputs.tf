output "workflow_name" {
  description = "The workflow."
  value       = aws_glue_workflow.reviews.name
}
