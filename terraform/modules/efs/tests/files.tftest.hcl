mock_provider "aws" {
  source = "../../../tests/terraform/mocks"
}

variables {
  network = { vpc_id = "vpc-1", subnet_ids = ["subnet-1", "subnet-2"], client_security_group_ids = { training = "sg-1" } }
}

run "files_are_encrypted_and_backed_up" {
  assert {
    condition     = aws_efs_file_system.this.encrypted && aws_efs_file_system.this.kms_key_id == var.kms_key_arn && aws_efs_backup_policy.this.backup_policy[0].status == "ENABLED"
    error_message = "The file system must be encrypted with kms_key_arn and backed up; got encrypted = ${aws_efs_file_system.this.encrypted}, backups = ${aws_efs_backup_policy.this.backup_policy[0].status}."
  }
}

run "only_clients_reach_them_and_only_encrypted" {
  assert {
    condition     = length(aws_efs_mount_target.this) == 2 && alltrue([for target in aws_efs_mount_target.this : toset(target.security_groups) == toset([aws_security_group.this.id])]) && { for name, rule in aws_vpc_security_group_ingress_rule.nfs : name => [rule.referenced_security_group_id, rule.from_port, rule.to_port] } == { training = ["sg-1", 2049, 2049] }
    error_message = "NFS from the named groups, nothing else"
  }
  assert {
    condition     = one([for statement in jsondecode(aws_efs_file_system_policy.this.policy).Statement : statement.Condition if statement.Effect == "Deny"]) == { Bool = { "aws:SecureTransport" = "false" } }
    error_message = "The file system policy must deny unencrypted connections; got ${aws_efs_file_system_policy.this.policy}."
  }
  assert {
    condition     = one([for statement in jsondecode(aws_efs_file_system_policy.this.policy).Statement : statement.Condition.StringEquals if statement.Effect == "Allow"])["aws:PrincipalAccount"] == "123456789012"
    error_message = "The file system policy must admit account 123456789012 only; got ${aws_efs_file_system_policy.this.policy}."
  }
  assert {
    condition     = aws_efs_access_point.training.root_directory[0].creation_info[0].permissions == "0750"
    error_message = "users other than the access point's own"
  }
}

run "refuses_what_is_not_a_key" {
  command = plan
  variables {
    kms_key_arn = "alias/key"
  }
  expect_failures = [var.kms_key_arn]
}

run "refuses_files_that_no_network_reaches" {
  command = plan
  variables {
    network = { vpc_id = "vpc-1", subnet_ids = [], client_security_group_ids = {} }
  }
  expect_failures = [var.network]
}
