"""Update keys, their usage plans and the authorizer's records to match the recipes that Terraform publishes.

Every step can be repeated, and completes the work of a killed run. A key's value is read only once, for its hash, and
never stored.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from orchestrator.aws.client import explained, pages, unless_gone
from orchestrator.aws.model import Cloud
from orchestrator.config.model.platform import Environment
from orchestrator.core.types import Json
from orchestrator.planning.api_keys import IN_STATES, UNTIL, Key, Recipe, by_name, over, parse, record, written
from orchestrator.planning.values import partition, tags

MADE_BY, HERE, TERRAFORM = "managed-by", "orchestrator", "terraform"


@dataclass(frozen=True)
class Owner:
    """The owner of an environment's keys: their prefix, the path of their records, and their tags."""

    prefix: str
    parameters: str
    region: str
    tags: Mapping[str, str]

    @classmethod
    def of(cls, environment: Environment) -> Owner:
        """Return the owner of an environment's keys, with the names that the phase `inference` uses."""
        return cls(
            prefix=f"{environment.name_prefix}-inference",
            parameters=f"/{environment.platform.project}/{environment.name}/api-keys",
            region=environment.platform.region,
            tags={**tags(environment, "inference"), MADE_BY: HERE},
        )

    def owns(self, key: Key) -> bool:
        """Return whether a key belongs to this environment, and not to one whose name has this one's as a prefix."""
        return all(key.tags.get(name) == self.tags[name] for name in ("project", "environment"))

    def arn(self, key_id: str) -> str:
        """Return the ARN by which API Gateway tags a key."""
        return f"arn:{partition(self.region)}:apigateway:{self.region}::/apikeys/{key_id}"


@dataclass
class KeyChanges:
    """The changes made, as names of keys."""

    created: list[str] = field(default_factory=list)
    adopted: list[str] = field(default_factory=list)
    """Keys that Terraform created: earlier versions of a state hold their values."""
    ended: list[str] = field(default_factory=list)


def own(cloud: Cloud, owner: Owner) -> dict[str, tuple[Key, ...]]:
    """Return all keys of an environment by name, the newest first, including those of an interrupted run."""
    gateway = cloud.client("apigateway")
    owned = []
    with explained(cloud, "list the API keys"):
        for item in pages(gateway, "get_api_keys", "items", nameQuery=f"{owner.prefix}-"):
            # *assumed*: the list includes the keys' tags. If not, they are read for each key: they decide on ownership.
            known = item.get("tags") or gateway.get_tags(resourceArn=owner.arn(item["id"]))["tags"]
            key = parse(owner.prefix, {**item, "tags": known})
            if key is not None and owner.owns(key):
                owned.append(key)
    return by_name(owned)


def keep(cloud: Cloud, owner: Owner, recipes: Mapping[str, Recipe], now: dt.datetime) -> KeyChanges:
    """Create missing keys, adopt those that Terraform created, and end those whose time has passed."""
    changes, owned = KeyChanges(), own(cloud, owner)
    records, stay = _records(cloud, owner), {}
    for name, recipe in recipes.items():
        with explained(cloud, f"keep the API key `{name}`"):
            if name not in owned:
                owned[name] = (make(cloud, owner, recipe),)
                changes.created.append(name)
            gone = over(owned[name], now)
            stay[name] = [key for key in owned[name] if key not in gone]
            _put_on_plan(cloud, recipe, stay[name])
            _write_record(cloud, owner, recipe, stay[name], records.get(name))
            for key in gone:
                _end(cloud, key)
                changes.ended.append(name)
    # Last, because adoptions are reported once, and a run that was killed before this has reported nothing.
    for name, keys in stay.items():
        with explained(cloud, f"tag the API key `{name}`"):
            if _tag(cloud, owner, keys):
                changes.adopted.append(name)
    return changes


def make(
    cloud: Cloud, owner: Owner, recipe: Recipe, stamp: str = "", predecessors_until: dt.datetime | None = None
) -> Key:
    """Create a key, which is valid once `keep` has added it to its plan and to the authorizer's record."""
    ending = {} if predecessors_until is None else {UNTIL: written(predecessors_until)}
    created = cloud.client("apigateway").create_api_key(
        name=f"{recipe.key_name}-{stamp}" if stamp else recipe.key_name,
        description=f"Caller {recipe.name} of the inference API.",
        enabled=True,
        tags={**owner.tags, **ending},
    )
    key = parse(owner.prefix, created)
    assert key is not None, f"{recipe.key_name} does not begin with {owner.prefix}-"
    return key


def tag(cloud: Cloud, owner: Owner, key: Key, added: Mapping[str, str]) -> None:
    """Add tags to a key."""
    cloud.client("apigateway").tag_resource(resourceArn=owner.arn(key.id), tags=dict(added))


def remove(cloud: Cloud, owner: Owner, exempt: Collection[str] = ()) -> int:
    """Delete an environment's keys and their records, except those named in `exempt`; return the number of keys."""
    removed = 0
    for name, keys in own(cloud, owner).items():
        for key in keys if name not in exempt else ():
            with explained(cloud, f"remove the API key `{name}`"):
                _end(cloud, key)
            removed += 1
    with explained(cloud, f"remove the parameters below {owner.parameters}"):
        for parameter in _parameters(cloud, owner, decrypt=False):
            if _name(parameter) not in exempt:
                unless_gone(cloud.client("ssm").delete_parameter, Name=parameter["Name"])
    return removed


def _put_on_plan(cloud: Cloud, recipe: Recipe, keys: Iterable[Key]) -> None:
    gateway = cloud.client("apigateway")
    there = {item["id"] for item in pages(gateway, "get_usage_plan_keys", "items", usagePlanId=recipe.usage_plan_id)}
    for key in keys:
        if key.id not in there:
            gateway.create_usage_plan_key(usagePlanId=recipe.usage_plan_id, keyId=key.id, keyType="API_KEY")


def _write_record(cloud: Cloud, owner: Owner, recipe: Recipe, keys: Sequence[Key], before: Json | None) -> None:
    ssm = cloud.client("ssm")
    known = {each.get("key_id"): each["sha256"] for each in (before or {}).get("hashes", ())}
    hashes = {key.id: known.get(key.id) or _hash(cloud, key) for key in keys if key.enabled}
    if not hashes:
        unless_gone(ssm.delete_parameter, Name=recipe.parameter_name)
        return
    document = record(recipe, keys, hashes)
    labels = [{"Key": name, "Value": value} for name, value in owner.tags.items()]
    if document != before:
        ssm.put_parameter(
            Name=recipe.parameter_name,
            Description=f"Hashes of the API keys of {recipe.name}, and its blueprints.",
            Value=json.dumps(document),
            Type="SecureString",
            KeyId=recipe.kms_key_arn,
            # SSM accepts tags only with a new parameter.
            **({"Tags": labels} if before is None else {"Overwrite": True}),
        )
    if before is not None:
        at = {"ResourceType": "Parameter", "ResourceId": recipe.parameter_name}
        there = ssm.list_tags_for_resource(**at)["TagList"]
        if any(label not in there for label in labels):
            ssm.add_tags_to_resource(**at, Tags=labels)


def _hash(cloud: Cloud, key: Key) -> str:
    with_value = cloud.client("apigateway").get_api_key(apiKey=key.id, includeValue=True)
    return hashlib.sha256(with_value["value"].encode()).hexdigest()


def _end(cloud: Cloud, key: Key) -> None:
    """Disable a key, remove it from its plans, then delete it: a run that is killed in between leaves no valid key."""
    gateway = cloud.client("apigateway")
    off = [{"op": "replace", "path": "/enabled", "value": "false"}]
    unless_gone(gateway.update_api_key, apiKey=key.id, patchOperations=off)
    for plan in pages(gateway, "get_usage_plans", "items", keyId=key.id):
        unless_gone(gateway.delete_usage_plan_key, usagePlanId=plan["id"], keyId=key.id)
    unless_gone(gateway.delete_api_key, apiKey=key.id)


def _tag(cloud: Cloud, owner: Owner, keys: Iterable[Key]) -> bool:
    """Update the keys' tags; return whether Terraform created one of the keys."""
    adopted = False
    for key in keys:
        by_terraform = key.tags.get(MADE_BY) == TERRAFORM
        required = {**owner.tags, **({IN_STATES: "true"} if by_terraform else {})}
        if not required.items() <= key.tags.items():
            tag(cloud, owner, key, required)
        adopted = adopted or by_terraform
    return adopted


def _records(cloud: Cloud, owner: Owner) -> dict[str, Json]:
    """Read the authorizer's records by name; an unreadable one counts as empty."""
    with explained(cloud, f"read the parameters below {owner.parameters}"):
        return {_name(each): _document(each["Value"]) for each in _parameters(cloud, owner, decrypt=True)}


def _document(text: str) -> Json:
    try:
        document = json.loads(text)
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}


def _parameters(cloud: Cloud, owner: Owner, *, decrypt: bool) -> list[dict[str, Any]]:
    ssm = cloud.client("ssm")
    return pages(ssm, "get_parameters_by_path", "Parameters", Path=owner.parameters, WithDecryption=decrypt)


def _name(parameter: Mapping[str, Any]) -> str:
    return str(parameter["Name"]).rsplit("/", 1)[-1]
