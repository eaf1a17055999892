"""Reject malformed policies when they are written, as AWS does.

Moto stores any text. Later decisions could only deny the calls that it concerns, the administrator's too: a bucket with
such a policy would be lost, as its policy could be neither read nor deleted.
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
"""Returns the document among the arguments of a method; `None` if there is none."""


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
"""Methods that set policies, and the service's error for a malformed one."""


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
