output "arn" {
  description = "ARN of the function."
  value       = aws_lambda_function.this.arn
}

output "name" {
  description = "Name of the function."
  value       = aws_lambda_function.this.function_name
}

# Built from the name instead of read from the function. An API's deployment is created before its predecessor
# is destroyed, and Terraform then replaces everything that it refers to in this order; a function, whose name is
# fixed, could not be replaced at all, not even after an interrupted creation.
output "invoke_arn" {
  description = "ARN that an API Gateway integration invokes."
  value       = "arn:${data.aws_partition.current.partition}:apigateway:${var.context.region}:lambda:path/2015-03-31/functions/arn:${data.aws_partition.current.partition}:lambda:${var.context.region}:${var.context.account_id}:function:${local.function_name}/invocations"
}

output "role_name" {
  description = "Name of the function's role, for policies that other modules attach."
  value       = aws_iam_role.function.name
}

output "role_arn" {
  description = "ARN of the function's role."
  value       = aws_iam_role.function.arn
}

output "log_group_name" {
  description = "Log group of the function."
  value       = aws_cloudwatch_log_group.function.name
}
