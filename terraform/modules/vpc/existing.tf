# An existing network: it is read and used, never changed. The checks here are those that inputs alone cannot answer:
# the subnets belong to the network and are in two zones.
data "aws_vpc" "existing" {
  count = 1 - local.own

  id = local.existing.vpc_id
}

data "aws_subnet" "existing" {
  for_each = local.own == 1 ? toset([]) : toset(concat(local.existing.private_subnet_ids, local.existing.public_subnet_ids, local.existing.isolated_subnet_ids))

  id = each.value

  lifecycle {
    postcondition {
      condition     = self.vpc_id == local.existing.vpc_id
      error_message = "network.use_existing: subnet ${each.value} belongs to ${self.vpc_id}, not to ${local.existing.vpc_id}."
    }
  }
}

locals {
  existing_zones = local.own == 1 ? [] : distinct([for id in local.existing.private_subnet_ids : data.aws_subnet.existing[id].availability_zone])
}
