output "vpc_id" {
  description = "The network."
  value       = aws_vpc.this.id
}

output "private_subnet_ids" {
  description = "Private subnets, in the order of their zones."
  value       = [for index in sort(keys(aws_subnet.private)) : aws_subnet.private[index].id]
}

output "public_subnet_ids" {
  description = "Public subnets, in the order of their zones."
  value       = [for index in sort(keys(aws_subnet.public)) : aws_subnet.public[index].id]
}

output "isolated_subnet_ids" {
  description = "Subnets without a way out, in the order of their zones; empty unless asked for."
  value       = [for index in sort(keys(aws_subnet.isolated)) : aws_subnet.isolated[index].id]
}

output "security_group_ids" {
  description = "Security group by workload: lambda, training, endpoints (model containers)."
  value       = { for workload, group in aws_security_group.workload : workload => group.id }
}
