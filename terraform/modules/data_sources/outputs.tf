output "buckets" {
  description = "Buckets of the sources by name, each with the account that owns it."
  value       = { for name, source in local.buckets : name => { bucket = source.bucket, owner = coalesce(source.owner, var.context.account_id) } }
}

output "policy_documents" {
  description = "Policy document (JSON) that allows reading the sources, as `sources`; empty without sources."
  value       = length(var.sources) == 0 ? {} : { sources = jsonencode({ Version = "2012-10-17", Statement = local.statements }) }
}
