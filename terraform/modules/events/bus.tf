# The platform's own events (drift found, release done); AWS's own arrive on the account's default bus.
resource "aws_cloudwatch_event_bus" "platform" {
  name        = "${var.context.name_prefix}-platform"
  description = "Events of the ${var.context.name_prefix} platform itself"
}
