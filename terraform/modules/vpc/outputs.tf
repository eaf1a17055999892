output "vpc_id" {
  description = "The network."
  value       = local.vpc_id
}

output "private_subnet_ids" {
  description = "Private subnets, in the order of their zones (existing ones: in the given order)."
  value       = local.private_subnet_ids
}

output "public_subnet_ids" {
  description = "Public subnets, in the order of their zones."
  value       = local.public_subnet_ids
}

output "isolated_subnet_ids" {
  description = "Subnets without internet access, in the order of their zones; empty by default."
  value       = local.isolated_subnet_ids
}

output "security_group_ids" {
  description = "Security group by workload: lambda, training, endpoints (model containers), studio."
  value       = { for workload, group in aws_security_group.workload : workload => group.id }
}

output "network_policy_documents" {
  description = "JSON policy document that lets a role attach interfaces to the private subnets, by workload: lambda, training, endpoints, studio."
  value       = { for workload, policy in local.network_policies : workload => jsonencode(policy) }
}
