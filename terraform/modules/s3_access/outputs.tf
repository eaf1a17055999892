output "policy_document" {
  description = "JSON policy document with exactly the rights that were asked for; its role's owner puts it into the role."
  value       = jsonencode({ Version = "2012-10-17", Statement = [for statement in local.statements : jsondecode(statement)] })
}
