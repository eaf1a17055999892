"""Keys, their places on usage plans and what the authorizer knows of them, brought to what Terraform publishes.

Everything here may be repeated, and finishes what a run that was killed has begun. A value is read for its hash alone,
once in the life of a key, and kept nowhere.
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
    """Whose keys are meant: what they are named after, where their records are, the tags that they carry."""

    prefix: str
    parameters: str
    region: str
    tags: Mapping[str, str]

    @classmethod
    def of(cls, environment: Environment) -> Owner:
        """The owner of an environment's keys, named as the phase `inference` names plans and parameters."""
        return cls(
            prefix=f"{environment.name_prefix}-inference",
            parameters=f"/{environment.platform.project}/{environment.name}/api-keys",
            region=environment.platform.region,
            tags={**tags(environment, "inference"), MADE_BY: HERE},
        )

    def owns(self, key: Key) -> bool:
        """Tell our keys from those of an environment whose name begins like ours."""
        return all(key.tags.get(name) == self.tags[name] for name in ("project", "environment"))

    def arn(self, key_id: str) -> str:
        """Under which API Gateway tags a key."""
        return f"arn:{partition(self.region)}:apigateway:{self.region}::/apikeys/{key_id}"


@dataclass
class Kept:
    """What was done, by name of the key."""

    made: list[str] = field(default_factory=list)
    adopted: list[str] = field(default_factory=list)
    """Keys that Terraform made: earlier versions of a state hold their values."""
    ended: list[str] = field(default_factory=list)


def own(cloud: Cloud, owner: Owner) -> dict[str, tuple[Key, ...]]:
    """All keys of an environment by name, the newest first; those of an interrupted run included."""
    gateway = cloud.client("apigateway")
    found = []
    with explained(cloud, "list the API keys"):
        for item in pages(gateway, "get_api_keys", "items", nameQuery=f"{owner.prefix}-"):
            # *assumed*: the list holds the tags of a key. Asked for singly where it does not, they decide in any case.
            known = item.get("tags") or gateway.get_tags(resourceArn=owner.arn(item["id"]))["tags"]
            key = parse(owner.prefix, {**item, "tags": known})
            if key is not None and owner.owns(key):
                found.append(key)
    return by_name(found)


def keep(cloud: Cloud, owner: Owner, recipes: Mapping[str, Recipe], now: dt.datetime) -> Kept:
    """Make the keys that are missing, adopt those that Terraform made, end those whose time has passed."""
    kept, found = Kept(), own(cloud, owner)
    records, stay = _records(cloud, owner), {}
    for name, recipe in recipes.items():
        with explained(cloud, f"keep the API key `{name}`"):
            if name not in found:
                found[name] = (make(cloud, owner, recipe),)
                kept.made.append(name)
            gone = over(found[name], now)
            stay[name] = [key for key in found[name] if key not in gone]
            _put_on_plan(cloud, recipe, stay[name])
            _write_record(cloud, owner, recipe, stay[name], records.get(name))
            for key in gone:
                _end(cloud, key)
                kept.ended.append(name)
    # Last: what is adopted is told once, and a run that was killed before has told nothing.
    for name, keys in stay.items():
        with explained(cloud, f"tag the API key `{name}`"):
            if _tag(cloud, owner, keys):
                kept.adopted.append(name)
    return kept


def make(
    cloud: Cloud, owner: Owner, recipe: Recipe, stamp: str = "", predecessors_until: dt.datetime | None = None
) -> Key:
    """A new key of AWS's making, in force once `keep` has put it on its plan and told the authorizer."""
    ending = {} if predecessors_until is None else {UNTIL: written(predecessors_until)}
    made = cloud.client("apigateway").create_api_key(
        name=f"{recipe.key_name}-{stamp}" if stamp else recipe.key_name,
        description=f"Caller {recipe.name} of the inference API.",
        enabled=True,
        tags={**owner.tags, **ending},
    )
    key = parse(owner.prefix, made)
    assert key is not None, f"{recipe.key_name} does not begin with {owner.prefix}-"
    return key


def tag(cloud: Cloud, owner: Owner, key: Key, wanted: Mapping[str, str]) -> None:
    """Give a key tags beside those that it has."""
    cloud.client("apigateway").tag_resource(resourceArn=owner.arn(key.id), tags=dict(wanted))


def remove(cloud: Cloud, owner: Owner, but: Collection[str] = ()) -> int:
    """Delete the keys of an environment, but those of some names, with their records; return how many went."""
    removed = 0
    for name, keys in own(cloud, owner).items():
        for key in keys if name not in but else ():
            with explained(cloud, f"remove the API key `{name}`"):
                _end(cloud, key)
            removed += 1
    with explained(cloud, f"remove the parameters below {owner.parameters}"):
        for parameter in _parameters(cloud, owner, decrypt=False):
            if _name(parameter) not in but:
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
    wanted = record(recipe, keys, hashes)
    labels = [{"Key": name, "Value": value} for name, value in owner.tags.items()]
    if wanted != before:
        ssm.put_parameter(
            Name=recipe.parameter_name,
            Description=f"Hashes of the API keys of {recipe.name}, and its blueprints.",
            Value=json.dumps(wanted),
            Type="SecureString",
            KeyId=recipe.kms_key_arn,
            # SSM takes tags with a new parameter only.
            **({"Tags": labels} if before is None else {"Overwrite": True}),
        )
    if before is not None:
        at = {"ResourceType": "Parameter", "ResourceId": recipe.parameter_name}
        there = ssm.list_tags_for_resource(**at)["TagList"]
        if any(label not in there for label in labels):
            ssm.add_tags_to_resource(**at, Tags=labels)


def _hash(cloud: Cloud, key: Key) -> str:
    found = cloud.client("apigateway").get_api_key(apiKey=key.id, includeValue=True)
    return hashlib.sha256(found["value"].encode()).hexdigest()


def _end(cloud: Cloud, key: Key) -> None:
    """Off at once, then off its plans, then gone: a run that is killed in between leaves nothing that opens a door."""
    gateway = cloud.client("apigateway")
    off = [{"op": "replace", "path": "/enabled", "value": "false"}]
    unless_gone(gateway.update_api_key, apiKey=key.id, patchOperations=off)
    for plan in pages(gateway, "get_usage_plans", "items", keyId=key.id):
        unless_gone(gateway.delete_usage_plan_key, usagePlanId=plan["id"], keyId=key.id)
    unless_gone(gateway.delete_api_key, apiKey=key.id)


def _tag(cloud: Cloud, owner: Owner, keys: Iterable[Key]) -> bool:
    """Bring tags up to date; whether there was a key of Terraform's making among them."""
    adopted = False
    for key in keys:
        theirs = key.tags.get(MADE_BY) == TERRAFORM
        wanted = {**owner.tags, **({IN_STATES: "true"} if theirs else {})}
        if not wanted.items() <= key.tags.items():
            tag(cloud, owner, key, wanted)
        adopted = adopted or theirs
    return adopted


def _records(cloud: Cloud, owner: Owner) -> dict[str, Json]:
    """What is written for the authorizer, by name; what nobody can read any more counts as empty."""
    with explained(cloud, f"read the parameters below {owner.parameters}"):
        return {_name(each): _document(each["Value"]) for each in _parameters(cloud, owner, decrypt=True)}


def _document(text: str) -> Json:
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _parameters(cloud: Cloud, owner: Owner, *, decrypt: bool) -> list[dict[str, Any]]:
    ssm = cloud.client("ssm")
    return pages(ssm, "get_parameters_by_path", "Parameters", Path=owner.parameters, WithDecryption=decrypt)


def _name(parameter: Mapping[str, Any]) -> str:
    return str(parameter["Name"]).rsplit("/", 1)[-1]
