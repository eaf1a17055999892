output "id" {
  description = "Id of the knowledge base, which RetrieveAndGenerate and agents name."
  value       = aws_cloudformation_stack.this.outputs["KnowledgeBaseId"]
}

output "arn" {
  description = "ARN of the knowledge base."
  value       = aws_cloudformation_stack.this.outputs["KnowledgeBaseArn"]
}

output "data_source_id" {
  description = "Id of the source of documents, which ingestion jobs name."
  value       = aws_bedrockagent_data_source.this.data_source_id
}

output "retrieve_policy_document" {
  description = "Policy document that allows retrieving from this knowledge base."
  value       = data.aws_iam_policy_document.retrieve.json
}
