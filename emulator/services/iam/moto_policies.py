"""Policies that nobody can read are refused when they are written, as on AWS.

Moto stores any text. Whoever decides about a call later could do nothing but deny it, to the administrator too: a
bucket with such a policy would be lost, for its policy could be neither read nor deleted.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from moto.iam.models import IAMBackend
from moto.kms.models import KmsBackend
from moto.s3.exceptions import S3ClientError
from moto.s3.models import S3Backend
from moto.sns.models import SNSBackend
from moto.sqs.models import SQSBackend

from emulator.core.settings import Settings
from emulator.moto.patching import wrap
from emulator.moto.wire import CallError
from emulator.services.iam.policy.documents import MalformedPolicy, Policy

Find = Callable[..., Any]
"""The document among the arguments of a method; nothing where there is none."""


def _refuses(code: str) -> Callable[[str], Exception]:
    return partial(CallError, code)


def _of_topic(topic_arn: str, attribute_name: str, attribute_value: str) -> str | None:
    return attribute_value if attribute_name.lower() == "policy" else None


def _of_role(role_name: str, assume_role_policy_document: str, *_: Any, **__: Any) -> str:
    return assume_role_policy_document


BUCKET = partial(S3ClientError, "MalformedPolicy")
KEY, ROLE = _refuses("MalformedPolicyDocumentException"), _refuses("MalformedPolicyDocument")
QUEUE, TOPIC = _refuses("InvalidAttributeValue"), _refuses("InvalidParameter")
PLACES: tuple[tuple[type, str, Callable[[str], Exception], Find], ...] = (
    (S3Backend, "put_bucket_policy", BUCKET, lambda bucket_name, policy: policy),
    (KmsBackend, "create_key", KEY, lambda policy, *_, **__: policy),
    (KmsBackend, "put_key_policy", KEY, lambda key_id, policy: policy),
    (SQSBackend, "create_queue", QUEUE, lambda name, tags=None, **given: given.get("Policy")),
    (SQSBackend, "set_queue_attributes", QUEUE, lambda queue_name, attributes: attributes.get("Policy")),
    (SNSBackend, "create_topic", TOPIC, lambda name, attributes=None, tags=None: (attributes or {}).get("Policy")),
    (SNSBackend, "set_topic_attribute", TOPIC, _of_topic),
    (IAMBackend, "create_role", ROLE, _of_role),
    (IAMBackend, "update_assume_role_policy", ROLE, lambda role_name, policy_document: policy_document),
)
"""Where a resource gets its policy, and the error of its service for one that cannot be read."""


def apply(settings: Settings) -> None:
    for owner, method, refusal, find in PLACES:
        _check(owner, method, refusal, find)


def _check(owner: type, method: str, refusal: Callable[[str], Exception], find: Find) -> None:
    @wrap(owner, method)
    def checked(original: Any, self: Any, *args: Any, **given: Any) -> Any:
        document = find(*args, **given)
        if document:
            try:
                Policy.parse(document.decode() if isinstance(document, bytes) else document)
            except (MalformedPolicy, UnicodeDecodeError) as error:
                raise refusal(str(error)) from error
        return original(self, *args, **given)
