"""Identities and policies in moto's IAM, STS and resources, for `emulator.services.iam`.

Policies are read for every decision, so that a change is in force at once; each text is parsed once.
The patch keeps what moto drops from a session: its tags, and that an AWS service opened it.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from botocore.exceptions import ClientError
from moto.backends import get_backend
from moto.core.utils import utcnow
from moto.iam.models import IAMBackend, iam_backends
from moto.s3.models import FakeDeleteMarker
from moto.sts.models import AssumedRole, sts_backends
from moto.sts.responses import TokenResponse

from emulator.core.administrator import ADMIN
from emulator.core.aws import SERVICE_HEADER, SOURCE_HEADER, Aws
from emulator.core.processes import Credentials
from emulator.core.settings import Settings
from emulator.moto.patching import wrap
from emulator.services.iam import needs
from emulator.services.iam.guard import Identity, Origin, Refused, judge
from emulator.services.iam.needs import Call, StorageKey
from emulator.services.iam.policy import Policy, Principal

PARTITION = "aws"
EVERYTHING = Policy.parse(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}, "AdministratorAccess"
)
resource_keys: dict[str, Callable[[str, str, str], str | None]] = {}
"""By service, a function of account, region and name that returns the KMS key a resource is encrypted with.

The patches of a service register theirs: IAM does not depend on the services that it authorizes.
"""
ADMINISTRATOR = Identity(Principal("user", "", ""), (EVERYTHING,), administrator=True)


def apply(settings: Settings) -> None:
    @wrap(TokenResponse, "assume_role")
    def assume_role(original: Any, self: Any) -> Any:
        answer = original(self)
        session = answer.result["Credentials"]
        session.emulator_tags = {tag["Key"]: tag["Value"] for tag in self._get_param("Tags") or ()}
        session.emulator_service = self.headers.get(SERVICE_HEADER)
        session.emulator_source = self.headers.get(SOURCE_HEADER, "")
        return answer


def credentials(account: str, access_key_id: str) -> Credentials:
    """Return the credentials of a service that acts on its caller's behalf (AWS: forward access session)."""
    if access_key_id == ADMIN.access_key_id:
        return ADMIN
    session = sts_backends[account][PARTITION].get_assumed_role_from_access_key(access_key_id)
    if session is not None:
        return Credentials(access_key_id, session.secret_access_key, session.session_token, session.role_arn)
    for user in list(_iam(account).users.values()):
        for key in user.access_keys:
            if key.access_key_id == access_key_id:
                return Credentials(access_key_id, key.secret_access_key, "", "")
    raise LookupError(f"the guard has admitted a key that does not exist: {access_key_id}")


class MotoRegistry:
    """The guard's view of the account. `aws` serves what other parts of the emulator keep."""

    def __init__(self, aws: Aws) -> None:
        self._aws = aws
        self._account = aws.settings.account_id
        self._sessions: dict[str, AssumedRole] = {}

    # ---- principals -----------------------------------------------------------------------------------------

    def identity(self, access_key_id: str, token: str) -> Identity:
        if access_key_id == ADMIN.access_key_id:
            arn = f"arn:{PARTITION}:sts::{self._account}:user/moto"
            return Identity(
                Principal("user", arn, self._account),
                ADMINISTRATOR.policies,
                administrator=True,
                secret=ADMIN.secret_access_key,
            )
        session = self._session(access_key_id)
        if session is None:
            return self._user(access_key_id)
        if session.session_token != token:
            raise Refused("InvalidClientTokenId", "The security token included in the request is invalid.")
        # A service renews its sessions; other callers have to assume the role again.
        if session.expiration < utcnow() and not getattr(session, "emulator_service", None):
            raise Refused("ExpiredToken", "The security token included in the request is expired")
        return self._of_session(session)

    def is_administrator(self, access_key_id: str, secret: str) -> bool:
        named = hmac.compare_digest(access_key_id.encode(), ADMIN.access_key_id.encode())
        return hmac.compare_digest(secret.encode(), ADMIN.secret_access_key.encode()) and named

    def service(self, name: str) -> Identity:
        return Identity(Principal.service(name))

    def _session(self, access_key_id: str) -> AssumedRole | None:
        if access_key_id not in self._sessions:
            session = sts_backends[self._account][PARTITION].get_assumed_role_from_access_key(access_key_id)
            if session is None:
                return None
            self._sessions[access_key_id] = session
        return self._sessions[access_key_id]

    def _of_session(self, session: AssumedRole) -> Identity:
        policy = _parsed(session.policy, "session policy") if session.policy else None
        role = _role_by_arn(self._account, session.role_arn)
        if role is None:
            principal = Principal.session(session.role_arn, session.session_name)
            return Identity(principal, session=policy, secret=session.secret_access_key)
        tags = _tags_of(role.tags) | getattr(session, "emulator_tags", {})
        principal = Principal.session(session.role_arn, session.session_name, tags)
        boundary = _boundary(self._account, role.permissions_boundary_arn)
        of_function = getattr(session, "emulator_service", None) == "lambda.amazonaws.com"
        # Without a version: the key does not contain it.
        source = ":".join(session.emulator_source.split(":")[:7]) if of_function else ""  # type: ignore[attr-defined]
        secret = session.secret_access_key
        return Identity(principal, _policies(role), boundary, policy, function_arn=source, secret=secret)

    def _user(self, access_key_id: str) -> Identity:
        backend = _iam(self._account)
        for user in list(backend.users.values()):
            for key in user.access_keys:
                if key.access_key_id == access_key_id and key.status == "Active":
                    groups = backend.get_groups_for_user(user.name)
                    policies = tuple(policy for holder in (user, *groups) for policy in _policies(holder))
                    tags = _tags_of(backend.tagger.list_tags_for_resource(user.arn)["Tags"])
                    return Identity(Principal.user(user.arn, tags), policies, secret=key.secret_access_key)
        raise Refused("InvalidClientTokenId", "The security token included in the request is invalid.")

    def role(self, role_arn: str, session_name: str) -> Identity:
        """Return a session of the role as a service would open one, for work without a request."""
        role = _role_by_arn(self._account, role_arn)
        if role is None:
            return Identity(Principal.session(role_arn, session_name))
        principal = Principal.session(role_arn, session_name, _tags_of(role.tags))
        return Identity(principal, _policies(role), _boundary(self._account, role.permissions_boundary_arn))

    # ---- resources -------------------------------------------------------------------------------------------

    def resource_policy(self, arn: str) -> Policy | None:
        parts = arn.split(":", 5)
        finder = RESOURCE_POLICIES.get(parts[2]) if len(parts) == 6 else None
        text = finder(parts[4] or self._account, parts[3], parts[5]) if finder else None
        if not text:
            return None
        return _parsed(text if isinstance(text, str) else json.dumps(text), "resource policy")

    def key_arn(self, key: str, region: str) -> str | None:
        # Every principal of the account may use AWS's own keys through their service.
        if "alias/aws/" in key:
            return None
        backend = _backend("kms", self._account, region)
        alias = backend.get_alias_name(key)
        stored = backend.keys.get(backend.get_key_id_from_alias(alias) if "alias/" in key else backend.get_key_id(key))
        return str(stored.arn) if stored else None

    def bucket_key(self, bucket: str, region: str) -> StorageKey | None:
        stored = _backend("s3", self._account, PARTITION).buckets.get(bucket)
        rule = ((stored.encryption if stored else None) or {}).get("Rule") or {}
        rule = rule[0] if isinstance(rule, list) else rule
        key = (rule.get("ApplyServerSideEncryptionByDefault") or {}).get("KMSMasterKeyID")
        return self._storage_key(key, rule.get("BucketKeyEnabled"), region)

    def object_key(self, bucket: str, key: str, version: str | None, region: str) -> StorageKey | None:
        backend = _backend("s3", self._account, PARTITION)
        if bucket not in backend.buckets:
            return None
        stored = backend.get_object(bucket, key, version_id=version)
        if stored is None or isinstance(stored, FakeDeleteMarker):
            return None
        return self._storage_key(stored.kms_key_id, stored.bucket_key_enabled, region)

    def _storage_key(self, key: str | None, per_bucket: object, region: str) -> StorageKey | None:
        key_arn = self.key_arn(key, region) if key else None
        return StorageKey(key_arn, whole_bucket=str(per_bucket).lower() == "true") if key_arn else None

    def resource_key(self, arn: str) -> str | None:
        _, _, service, region, account, name = arn.split(":", 5)
        holder: Any
        if service == "sns":
            holder = _backend("sns", account, region).topics.get(arn)
        elif service in resource_keys:
            given = resource_keys[service](account, region, name)
            return self.key_arn(given, region) if given else None
        elif service == "dynamodb":
            table = _backend("dynamodb", account, region).tables.get(name.removeprefix("table/"))
            given = (getattr(table, "sse_specification", None) or {}).get("KMSMasterKeyId")
            stored = _backend("kms", account, region).keys.get(str(given).rpartition("/")[2])
            # Every principal may use DynamoDB's own key through DynamoDB; moto returns it by its ARN.
            of_aws = stored is not None and "alias/aws/dynamodb" in stored.aliases
            return self.key_arn(str(given), region) if given and not of_aws else None
        else:
            holder = _backend("sqs", account, region).queues.get(name)
        key = getattr(holder, "kms_master_key_id", None)
        return self.key_arn(key, region) if key else None

    def parameter_key(self, name: str, region: str) -> str | None:
        parameter = _backend("ssm", self._account, region).get_parameter(name)
        if parameter is None or parameter.parameter_type != "SecureString":
            return None
        return self.key_arn(parameter.keyid, region) if parameter.keyid else None

    def parameters_below(self, path: str, region: str) -> tuple[str, ...]:
        known = _backend("ssm", self._account, region)._parameters
        return tuple(known.get_keys_beginning_with(f"{path.rstrip('/')}/", True))

    def models_behind(self, profile_arn: str) -> tuple[str, ...]:
        client = self._aws.client("bedrock", region=profile_arn.split(":")[3])
        try:
            profile = client.get_inference_profile(inferenceProfileIdentifier=profile_arn)
        except client.exceptions.ResourceNotFoundException:
            return ()  # no such profile; the call itself answers with the error
        return tuple(model["modelArn"] for model in profile["models"])

    def guardrail_tags(self, arn: str) -> dict[str, str]:
        client = self._aws.client("bedrock", region=arn.split(":")[3])
        try:
            tags = client.list_tags_for_resource(resourceARN=arn)["tags"]
        except ClientError:
            return {}  # no such guardrail; the call itself answers with the error
        return {tag["key"]: tag["value"] for tag in tags}

    def workgroup_of(self, query_execution_id: str, region: str) -> str | None:
        execution = _backend("athena", self._account, region).executions.get(query_execution_id)
        group = getattr(execution, "workgroup", None)
        return getattr(group, "name", group)


def _backend(service: str, account: str, region: str) -> Any:
    """Return a backend, which loads its service at the first call: unused services are not loaded."""
    return get_backend(service)[account][region]  # type: ignore[call-overload]


def may_log(settings: Settings, role_arn: str, function: str, group: str, stream: str, region: str) -> bool:
    """Return whether a function's role may write its log to CloudWatch Logs."""
    if not settings.enforce_iam:
        return True
    registry = MotoRegistry(Aws(settings))
    about = {"logGroupName": group, "logStreamName": stream}
    identity = registry.role(role_arn, function)
    for operation in ("CreateLogStream", "PutLogEvents"):
        call = Call("logs", operation, region, settings.account_id, about)
        if not all(judge(registry, identity, call, need, Origin()).allowed for need in needs.of(call, registry)):
            return False
    return True


def may_open_environment(settings: Settings, role_arn: str, function_arn: str, key: str | None, region: str) -> bool:
    """Return whether a function's role may decrypt the variables that Lambda has encrypted for this function.

    Whether Lambda also sends `kms:ViaService` is not documented: here it does not, so that a policy that relies on it
    fails here first.
    """
    if not settings.enforce_iam or not key or "alias/aws/" in key:
        return True
    registry = MotoRegistry(Aws(settings))
    plain = ":".join(function_arn.split(":")[:7])
    need = needs.Need(
        "kms:Decrypt", registry.key_arn(key, region), {"kms:EncryptionContext:aws:lambda:FunctionArn": plain}
    )
    identity = registry.role(role_arn, plain.rpartition(":")[2])
    return judge(registry, identity, Call("kms", "Decrypt", region, settings.account_id, {}), need, Origin()).allowed


# ---- policies ----------------------------------------------------------------------------------------------------


def _iam(account: str) -> IAMBackend:
    return iam_backends[account][PARTITION]


def _role_by_arn(account: str, arn: str) -> Any:
    """Return a role; `None` if there is none. The list is a copy, as another request may create a role meanwhile."""
    return next((role for role in list(_iam(account).roles.values()) if role.arn == arn), None)


@lru_cache(maxsize=4096)
def _parsed(text: str, name: str) -> Policy:
    return Policy.parse(text, name)


def _policies(holder: Any) -> tuple[Policy, ...]:
    """Return the inline and attached policies of a role, user or group."""
    inline = dict(holder.policies)
    attached = list(holder.managed_policies.values())
    return (
        *(_parsed(_text(document), name) for name, document in inline.items()),
        *(_parsed(_default(policy), policy.name) for policy in attached),
    )


def _boundary(account: str, arn: str | None) -> Policy | None:
    if not arn:
        return None
    return _parsed(_default(_iam(account).managed_policies[arn]), arn.rsplit("/", 1)[-1])


def _default(policy: Any) -> str:
    """Return the document of the default version."""
    default = next(version for version in policy.versions if version.version_id == policy.default_version_id)
    return _text(default.document)


def _text(document: Any) -> str:
    return document if isinstance(document, str) else json.dumps(document)


def _tags_of(tags: Any) -> dict[str, str]:
    if isinstance(tags, dict):
        return {name: tag["Value"] if isinstance(tag, dict) else tag for name, tag in tags.items()}
    return {tag["Key"]: tag["Value"] for tag in tags or ()}


def _bucket(account: str, region: str, rest: str) -> Any:
    bucket = _backend("s3", account, PARTITION).buckets.get(rest.partition("/")[0])
    policy = bucket.policy if bucket else None
    return policy.decode() if isinstance(policy, bytes) else policy


def _key(account: str, region: str, rest: str) -> Any:
    key = _backend("kms", account, region).keys.get(rest.removeprefix("key/"))
    return key.policy if key else None


def _topic(account: str, region: str, rest: str) -> Any:
    topic = _backend("sns", account, region).topics.get(f"arn:{PARTITION}:sns:{region}:{account}:{rest}")
    return topic.policy if topic else None


def _queue(account: str, region: str, rest: str) -> Any:
    queue = _backend("sqs", account, region).queues.get(rest)
    return queue.policy if queue else None


def _function(account: str, region: str, rest: str) -> Any:
    functions = _backend("lambda", account, region)._lambdas
    function = functions.get_function_by_name_or_arn_with_qualifier(rest.removeprefix("function:").split(":")[0])
    policy = function.policy if function else None
    return {"Version": "2012-10-17", "Statement": policy.statements} if policy and policy.statements else None


def _repository(account: str, region: str, rest: str) -> Any:
    repository = _backend("ecr", account, region).repositories.get(rest.removeprefix("repository/"))
    return repository.policy if repository else None


def _bus(account: str, region: str, rest: str) -> Any:
    bus = _backend("events", account, region).event_buses.get(rest.removeprefix("event-bus/"))
    return json.loads(bus.policy) if bus and bus.policy else None


def _role(account: str, region: str, rest: str) -> Any:
    if not rest.startswith("role/"):
        return None
    role = _role_by_arn(account, f"arn:{PARTITION}:iam::{account}:{rest}")
    return role.assume_role_policy_document if role else None


RESOURCE_POLICIES = {
    "ecr": _repository,
    "events": _bus,
    "iam": _role,
    "kms": _key,
    "lambda": _function,
    "s3": _bucket,
    "sns": _topic,
    "sqs": _queue,
}
