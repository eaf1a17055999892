# The role moved into the module execution_role.
moved {
  from = aws_iam_role.this
  to   = module.role.aws_iam_role.this
}

moved {
  from = aws_iam_role_policy.handed_out
  to   = module.role.aws_iam_role_policy.attached
}

moved {
  from = aws_iam_role_policy.logs
  to   = module.role.aws_iam_role_policy.logs[0]
}
