# The policies that other modules grant got the name that they have in every module.
moved {
  from = aws_iam_role_policy.handed_out
  to   = aws_iam_role_policy.attached
}
