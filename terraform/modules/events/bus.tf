# The platform's own events (drift found, release done); AWS's own arrive on the account's default bus. It needs no
# policy: without one, only identities of this account with permission may send events.
resource "aws_cloudwatch_event_bus" "platform" {
  name               = "${var.context.name_prefix}-platform"
  description        = "Events of the ${var.context.name_prefix} platform itself"
  kms_key_identifier = var.kms_key_arn
}
