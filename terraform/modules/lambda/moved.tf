# The policies that other modules grant got the name that they have in every module.
moved {
  from = aws_iam_role_policy.caller
  to   = aws_iam_role_policy.attached
}
