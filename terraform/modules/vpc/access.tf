# Policy documents for roles that run in the network, by workload: SageMaker and Lambda attach network interfaces with
# the permissions of the role that they run.
locals {
  ec2_arn       = "arn:${data.aws_partition.current.partition}:ec2:${var.context.region}:${var.context.account_id}"
  interface_arn = "${local.ec2_arn}:network-interface/*"

  # None of these has a resource type.
  describe_actions = {
    sagemaker = ["ec2:DescribeDhcpOptions", "ec2:DescribeNetworkInterfaces", "ec2:DescribeSecurityGroups", "ec2:DescribeSubnets", "ec2:DescribeVpcs"]
    lambda    = ["ec2:DescribeNetworkInterfaces", "ec2:DescribeSecurityGroups", "ec2:DescribeSubnets", "ec2:DescribeVpcs"]
  }

  manage_interfaces = {
    sagemaker = ["ec2:CreateNetworkInterfacePermission", "ec2:DeleteNetworkInterface", "ec2:DeleteNetworkInterfacePermission"]
    lambda    = ["ec2:AssignPrivateIpAddresses", "ec2:DeleteNetworkInterface", "ec2:UnassignPrivateIpAddresses"]
  }

  network_policies = {
    for workload in keys(local.workloads) : workload => {
      Version = "2012-10-17"
      Statement = [
        {
          Sid    = "CreateInterfaces"
          Effect = "Allow"
          Action = "ec2:CreateNetworkInterface"
          Resource = concat(
            [local.interface_arn, "${local.ec2_arn}:security-group/${aws_security_group.workload[workload].id}"],
            [for id in local.private_subnet_ids : "${local.ec2_arn}:subnet/${id}"],
          )
        },
        {
          Sid      = "ManageInterfaces"
          Effect   = "Allow"
          Action   = local.manage_interfaces[workload == "lambda" ? "lambda" : "sagemaker"]
          Resource = local.interface_arn
        },
        {
          Sid      = "DescribeNetwork"
          Effect   = "Allow"
          Action   = local.describe_actions[workload == "lambda" ? "lambda" : "sagemaker"]
          Resource = "*"
        },
      ]
    }
  }
}
