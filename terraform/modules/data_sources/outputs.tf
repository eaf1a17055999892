output "policy_documents" {
  description = "Policy document (JSON) that allows reading the sources, as `sources`; empty without sources."
  value       = length(var.sources) == 0 ? {} : { sources = jsonencode({ Version = "2012-10-17", Statement = local.statements }) }
}
