# The web ACL moved into its own module. Existing ones stay, and the stage is never without one.
moved {
  from = module.api.aws_wafv2_web_acl.this[0]
  to   = module.waf[0].aws_wafv2_web_acl.this
}

moved {
  from = module.api.aws_wafv2_web_acl_association.this[0]
  to   = module.waf[0].aws_wafv2_web_acl_association.this
}

moved {
  from = module.api.aws_cloudwatch_log_group.waf[0]
  to   = module.waf[0].aws_cloudwatch_log_group.this
}

moved {
  from = module.api.aws_wafv2_web_acl_logging_configuration.this[0]
  to   = module.waf[0].aws_wafv2_web_acl_logging_configuration.this
}
