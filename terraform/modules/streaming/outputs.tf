output "stream_name" {
  description = "Where producers put records (JSON, one object each)."
  value       = aws_kinesis_stream.this.name
}

output "stream_arn" {
  description = "The stream's ARN, for the policies of producers."
  value       = aws_kinesis_stream.this.arn
}

output "prefix" {
  description = "Where the records arrive in the bucket."
  value       = local.prefix
}
