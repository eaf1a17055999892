mock_provider "aws" {
  source = "../../../tests/terraform/mocks"
}

variables {
  network = { vpc_id = "vpc-1", subnet_ids = ["subnet-1"], client_security_group_ids = { training = "sg-1" } }
}

run "clients_may_leave_towards_the_files_alone" {
  assert {
    condition     = { for name, rule in aws_vpc_security_group_egress_rule.nfs : name => [rule.security_group_id, rule.referenced_security_group_id, rule.ip_protocol, rule.from_port, rule.to_port] } == { training = ["sg-1", aws_security_group.this.id, "tcp", 2049, 2049] }
    error_message = "a client reaches more than NFS on the files, or nothing at all"
  }
}

run "a_client_mounts_through_the_access_point" {
  assert {
    condition = jsondecode(output.client_policy_document).Statement == jsondecode(jsonencode([{
      Sid       = "MountSharedFiles"
      Effect    = "Allow"
      Action    = ["elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"]
      Resource  = aws_efs_file_system.this.arn
      Condition = { StringEquals = { "elasticfilesystem:AccessPointArn" = aws_efs_access_point.training.arn } }
    }]))
    error_message = "Clients must be allowed to mount and write through the access point only; got ${output.client_policy_document}."
  }
}
