"""
metadata:
  id: MLOPS_TLS_1
  name: Policies of buckets, topics and queues deny requests without TLS
  category: ENCRYPTION
  severity: HIGH
  risk: >
    Encryption at rest does not protect data in transit: without the Deny, one client with an http endpoint sends
    training data, model files or customers' texts in plain text over every network in between.
  repair: >
    a statement { Effect = "Deny", Principal = "*", Action = "<service>:*" (or what writes), Condition = {
    Bool = { "aws:SecureTransport" = "false" } } }
"""

from typing import Any

from rulekit import PlatformRule, listed, statements, values

# Actions that must be denied at least: everything on a bucket, sending on a topic or queue.
NEEDED = {
    "aws_s3_bucket_policy": {"s3:*", "*"},
    "aws_sns_topic_policy": {"sns:Publish", "sns:*", "*"},
    "aws_sqs_queue_policy": {"sqs:SendMessage", "sqs:*", "*"},
    "aws_sqs_queue": {"sqs:SendMessage", "sqs:*", "*"},
}


class TlsOnly(PlatformRule):
    def judge(self, kind: str, block: dict[str, Any]) -> bool | None:
        policies = values(block, "policy")
        if not policies:
            # A queue may have a separate policy; any other resource without one admits everything.
            return None if kind == "aws_sqs_queue" else False
        known = statements(policies[0])
        if known is None:
            return None
        return any(_refuses_plain(statement, NEEDED[kind]) for statement in known)


def _refuses_plain(statement: dict[str, Any], needed: set[str]) -> bool:
    conditions = statement.get("Condition")
    plain = conditions.get("Bool", {}) if isinstance(conditions, dict) and len(conditions) == 1 else {}
    principal = statement.get("Principal")
    return (
        statement.get("Effect") == "Deny"
        and (principal == "*" or (isinstance(principal, dict) and "*" in listed(principal.get("AWS"))))
        and bool(needed & set(listed(statement.get("Action"))))
        and len(plain) == 1
        and str(plain.get("aws:SecureTransport")).lower() == "false"
    )


check = TlsOnly(__doc__, list(NEEDED))
