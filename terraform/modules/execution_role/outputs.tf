output "name" {
  description = "Name of the role, for policies of the calling module."
  value       = aws_iam_role.this.name
}

output "arn" {
  description = "ARN of the role."
  value       = aws_iam_role.this.arn
}

output "trust_policy" {
  description = "Trust policy (JSON): the service that may assume the role, and for which resources."
  value       = aws_iam_role.this.assume_role_policy
}

output "policies" {
  description = "Inline policies of the role by name: the attached documents, and `logs` where log groups are given."
  value = merge(
    { for name, policy in aws_iam_role_policy.attached : name => policy.policy },
    { for policy in aws_iam_role_policy.logs : policy.name => policy.policy },
  )
}

output "boundary_arn" {
  description = "Permissions boundary of the role."
  value       = aws_iam_role.this.permissions_boundary
}
