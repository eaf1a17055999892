# The role moved into the module execution_role.
moved {
  from = aws_iam_role.glue
  to   = module.role.aws_iam_role.this
}

moved {
  from = aws_iam_role_policy.handed_out
  to   = module.role.aws_iam_role_policy.attached
}
