moved {
  from = aws_lakeformation_permissions.see
  to   = aws_lakeformation_permissions.describe
}
