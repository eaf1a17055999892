"""What a set of IAM policies allows: a pure evaluator, after AWS's "Policy evaluation logic".

No network, no state, nothing of moto. Documents in, a `Decision` out:

    read = Policy.parse({"Version": "2012-10-17", "Statement": [...]}, name="read")
    etl = Principal.session("arn:aws:iam::123456789012:role/etl", "run-1")
    decide(Request(etl, "s3:GetObject", "arn:aws:s3:::bucket/data/raw/a.txt"), Applicable(identity=(read,)))

The local AWS asks it for every call that a role makes, and the proofs about the deployed roles ask it too.

What it cannot know, it does not guess. A condition on a key that the caller of `decide` can neither give nor rule
out is *undecided*: an Allow that depends on it does not allow, a Deny that depends on it denies.
"""

from emulator.services.iam.policy.conditions import Context
from emulator.services.iam.policy.decision import Applicable, Decision, Effect, Request, decide
from emulator.services.iam.policy.documents import MalformedPolicy, Policy, Statement
from emulator.services.iam.policy.principals import Principal

__all__ = [
    "Applicable",
    "Context",
    "Decision",
    "Effect",
    "MalformedPolicy",
    "Policy",
    "Principal",
    "Request",
    "Statement",
    "decide",
]
