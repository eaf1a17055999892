output "policy_document" {
  description = "Policy document (JSON) with exactly the requested permissions."
  value       = jsonencode({ Version = "2012-10-17", Statement = [for statement in local.statements : jsondecode(statement)] })
}
