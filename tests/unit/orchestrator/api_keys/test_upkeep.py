"""Keys beside Terraform: made, adopted, rotated, removed; and finished by the next run wherever one was killed."""

from __future__ import annotations

import copy
import datetime as dt
import hashlib
import json
from collections.abc import Callable
from typing import Any

import pytest

from orchestrator import api_keys
from orchestrator.api_keys import KeyChanges, Owner
from orchestrator.config import Environment
from orchestrator.core.types import Json
from orchestrator.errors import PlatformError
from tests.fakes.keys import KMS, START, KeysOfAws, Killed, published

NAMES = ("default", "smoke", "reviews-team")
OUTPUTS: dict[str, Json] = {"inference": {"api": {"keys": published(*NAMES)}}}
RECIPES = api_keys.recipes(OUTPUTS)
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
BY_TERRAFORM = {"project": "mlops", "environment": "local", "phase": "inference", "managed-by": "terraform"}


def sha256(value: str) -> str:
    return hashlib.sha256(value.encode()).hexdigest()


@pytest.fixture
def owner(environment: Environment) -> Owner:
    return Owner.of(environment)


@pytest.fixture
def aws() -> KeysOfAws:
    return KeysOfAws()


def keep(aws: KeysOfAws, owner: Owner) -> KeyChanges:
    return api_keys.keep(aws.cloud(), owner, RECIPES, aws.clock)


def rotate(aws: KeysOfAws, owner: Owner, *names: str, overlap: dt.timedelta = DAY) -> KeyChanges:
    return api_keys.rotate(aws.cloud(), owner, RECIPES, names, overlap, aws.clock)


def value(aws: KeysOfAws, name: str = "default") -> str:
    return api_keys.value(aws.cloud(), OUTPUTS, name)


def states(aws: KeysOfAws, owner: Owner, name: str = "default") -> list[str]:
    lines = api_keys.listed(aws.cloud(), owner, RECIPES, aws.clock)
    return [each.state for each in lines if each.name == name]


def test_the_owner_s_names_are_those_that_terraform_publishes(
    environment: Environment, owner: Owner, repo: Any
) -> None:
    text = (repo / "terraform/phases/4-inference/example.outputs.json").read_text()
    for name, recipe in api_keys.recipes(json.loads(text)).items():
        assert (recipe.key_name, recipe.parameter_name) == (f"{owner.prefix}-{name}", f"{owner.parameters}/{name}")
    assert api_keys.key_names(environment) == NAMES


def test_keys_are_made_with_their_plans_records_and_tags(aws: KeysOfAws, owner: Owner) -> None:
    assert keep(aws, owner).created == list(NAMES)
    assert {key["name"]: key["tags"] for key in aws.keys.values()} == {
        f"mlops-local-inference-{name}": owner.tags for name in NAMES
    }
    assert owner.tags.items() >= {"project": "mlops", "environment": "local", "managed-by": "orchestrator"}.items()
    for name in NAMES:
        [key_id] = aws.plans[f"plan-{name}"]
        parameter = aws.parameters[f"/mlops/local/api-keys/{name}"]
        assert (parameter["Type"], parameter["KeyId"]) == ("SecureString", KMS)
        assert aws.tags[f"/mlops/local/api-keys/{name}"] == owner.tags
        assert aws.record(name) == {
            "blueprints": list(RECIPES[name].blueprints),
            "hashes": [{"key_id": key_id, "sha256": sha256(aws.keys[key_id]["value"])}],
        }
        assert value(aws, name) == aws.keys[key_id]["value"]


def test_unchanged_keys_are_not_touched_and_no_value_is_read_again(aws: KeysOfAws, owner: Owner) -> None:
    keep(aws, owner)
    changes, read = aws.changes, aws.values_read
    assert keep(aws, owner) == KeyChanges()
    assert (aws.changes, aws.values_read) == (changes, read)


def test_changed_blueprints_and_tags_are_written(aws: KeysOfAws, owner: Owner) -> None:
    keep(aws, owner)
    recipe = api_keys.Recipe("default", "mlops-local-inference-default", ("chat",), "plan-default", *_places("default"))
    moved = Owner(owner.prefix, owner.parameters, owner.region, {**owner.tags, "owner": "another team"})
    api_keys.keep(aws.cloud(), moved, {"default": recipe}, aws.clock)
    assert aws.record("default")["blueprints"] == ["chat"]
    assert aws.tags["/mlops/local/api-keys/default"]["owner"] == "another team"
    assert aws.keys["key1"]["tags"]["owner"] == "another team"


def _places(name: str) -> tuple[str, str]:
    return f"/mlops/local/api-keys/{name}", KMS


# ---- upgrade -----------------------------------------------------------------------------------------------------


def by_terraform(aws: KeysOfAws) -> None:
    """As the versions before left it: keys, plans and hashes that Terraform made, and then forgot."""
    for name in NAMES:
        key_id = aws.add(f"mlops-local-inference-{name}", f"old-value-of-{name}", **BY_TERRAFORM)
        aws.plans[f"plan-{name}"] = [key_id]
        text = json.dumps({"sha256": sha256(f"old-value-of-{name}"), "blueprints": ["*"]})
        aws.parameters[f"/mlops/local/api-keys/{name}"] = {"Value": text}
        aws.tags[f"/mlops/local/api-keys/{name}"] = dict(BY_TERRAFORM)


@pytest.mark.parametrize("lists_tags", [True, False])
def test_keys_of_terraform_are_adopted_with_id_and_value_and_reported_once(
    aws: KeysOfAws, owner: Owner, lists_tags: bool
) -> None:
    by_terraform(aws)
    aws.lists_tags = lists_tags
    before = {name: list(ids) for name, ids in aws.plans.items()}
    assert keep(aws, owner) == KeyChanges(adopted=list(NAMES))
    assert aws.plans == before
    assert [value(aws, name) for name in NAMES] == [f"old-value-of-{name}" for name in NAMES]
    assert all(key["tags"].items() >= owner.tags.items() for key in aws.keys.values())
    assert aws.tags["/mlops/local/api-keys/default"] == owner.tags
    assert keep(aws, owner) == KeyChanges(), "reported once"
    lines = api_keys.listed(aws.cloud(), owner, RECIPES, aws.clock)
    assert {each.name for each in lines if each.in_states} == set(NAMES), "until it is rotated"
    rotate(aws, owner, "default")
    [new, old] = [each for each in api_keys.listed(aws.cloud(), owner, RECIPES, aws.clock) if each.name == "default"]
    assert (new.in_states, old.in_states) == (False, True)


# ---- rotation ----------------------------------------------------------------------------------------------------


def test_both_keys_are_accepted_until_the_end_and_then_only_the_new_one(aws: KeysOfAws, owner: Owner) -> None:
    keep(aws, owner)
    old, [old_id] = value(aws), aws.plans["plan-default"]
    aws.clock += HOUR
    assert rotate(aws, owner, "default") == KeyChanges(created=["default"])
    new = value(aws)
    assert new != old
    assert aws.keys[aws.plans["plan-default"][-1]]["name"] == "mlops-local-inference-default-20261201T110000Z"
    entries = aws.record("default")["hashes"]
    assert [(each["sha256"], each.get("not_after")) for each in entries] == [
        (sha256(new), None),
        (sha256(old), "2026-12-02T11:00:00Z"),
    ]
    assert states(aws, owner) == ["current", "retiring"]
    assert states(aws, owner, "smoke") == ["current"], "only what was named"
    aws.clock += DAY - HOUR
    assert keep(aws, owner) == KeyChanges(), "not before its time"
    aws.clock += HOUR
    assert states(aws, owner) == ["current", "over"]
    assert keep(aws, owner) == KeyChanges(ended=["default"])
    assert old_id not in aws.keys
    assert (aws.plans["plan-default"], value(aws)) == ([entries[0]["key_id"]], new)
    assert aws.record("default")["hashes"] == entries[:1]


def test_a_rotation_may_be_finished_early(aws: KeysOfAws, owner: Owner) -> None:
    keep(aws, owner)
    rotate(aws, owner, *NAMES)
    new = value(aws)
    aws.clock += HOUR
    assert api_keys.finish(aws.cloud(), owner, RECIPES, ["default"], aws.clock).ended == ["default"]
    assert (states(aws, owner), value(aws)) == (["current"], new)
    assert states(aws, owner, "smoke") == ["current", "retiring"]


def test_a_second_rotation_moves_no_end_into_the_future(aws: KeysOfAws, owner: Owner) -> None:
    keep(aws, owner)
    first = aws.plans["plan-default"][0]
    rotate(aws, owner, "default", overlap=HOUR)
    rotate(aws, owner, "default", overlap=30 * DAY)
    assert states(aws, owner) == ["current", "retiring", "retiring"]
    aws.clock += HOUR
    assert keep(aws, owner).ended == ["default"]
    assert first not in aws.keys
    assert states(aws, owner) == ["current", "retiring"]


def test_a_second_rotation_brings_a_later_end_forward(aws: KeysOfAws, owner: Owner) -> None:
    keep(aws, owner)
    rotate(aws, owner, "default", overlap=30 * DAY)
    rotate(aws, owner, "default", overlap=HOUR)
    aws.clock += HOUR
    assert keep(aws, owner).ended == ["default", "default"]
    assert states(aws, owner) == ["current"]


def test_without_an_overlap_the_old_key_ends_at_once(aws: KeysOfAws, owner: Owner) -> None:
    keep(aws, owner)
    assert rotate(aws, owner, "default", overlap=dt.timedelta()) == KeyChanges(created=["default"], ended=["default"])
    assert len(aws.plans["plan-default"]) == 1


def test_a_key_that_was_disabled_manually_stays_disabled(aws: KeysOfAws, owner: Owner) -> None:
    keep(aws, owner)
    aws.keys["key1"]["enabled"] = False
    keep(aws, owner)
    assert not aws.keys["key1"]["enabled"]
    assert "/mlops/local/api-keys/default" not in aws.parameters
    assert states(aws, owner) == ["disabled"]
    with pytest.raises(PlatformError, match="1 on its usage plan, none that is enabled"):
        value(aws)
    rotate(aws, owner, "default")
    assert value(aws) == aws.keys[aws.plans["plan-default"][-1]]["value"]


def test_an_unreadable_end_is_not_a_missing_end(aws: KeysOfAws, owner: Owner) -> None:
    keep(aws, owner)
    rotate(aws, owner, "default")
    aws.keys[aws.plans["plan-default"][-1]]["tags"]["predecessors-until"] = "tomorrow"
    with pytest.raises(PlatformError, match="is not a time: `tomorrow`"):
        keep(aws, owner)


# ---- killed in between -------------------------------------------------------------------------------------------


def look(aws: KeysOfAws) -> dict[str, Any]:
    """All that counts afterwards, under names instead of ids and values, which are AWS's making."""
    names = {key_id: key["name"] for key_id, key in aws.keys.items()}
    return {
        "keys": {key["name"]: (key["enabled"], dict(key["tags"])) for key in aws.keys.values()},
        "plans": {plan: [names[each] for each in ids] for plan, ids in aws.plans.items()},
        "records": {
            name: [
                (
                    names[each["key_id"]],
                    each["sha256"] == sha256(aws.keys[each["key_id"]]["value"]),
                    each.get("not_after"),
                )
                for each in aws.record(name)["hashes"]
            ]
            for name in NAMES
        },
        "tags": aws.tags,
    }


def _rotated(aws: KeysOfAws, owner: Owner) -> None:
    keep(aws, owner)
    rotate(aws, owner, "default")


def _over(aws: KeysOfAws, owner: Owner) -> None:
    _rotated(aws, owner)
    aws.clock += 2 * DAY


JOBS: dict[str, tuple[Callable[..., Any], Callable[..., Any]]] = {
    "first deployment": (lambda aws, owner: None, keep),
    "upgrade": (lambda aws, owner: by_terraform(aws), keep),
    "rotation": (keep, lambda aws, owner: rotate(aws, owner, "default")),
    "end of a rotation": (_over, keep),
    "finish": (_rotated, lambda aws, owner: api_keys.finish(aws.cloud(), owner, RECIPES, NAMES, aws.clock)),
}


@pytest.mark.parametrize("job", JOBS)
def test_the_next_deployment_completes_a_killed_run(owner: Owner, job: str) -> None:
    prepare, work = JOBS[job]
    start = KeysOfAws()
    prepare(start, owner)
    start.changes = 0
    whole = copy.deepcopy(start)
    work(whole, owner)
    assert whole.changes, "nothing to kill"
    made = len(whole.keys) > len(start.keys)
    for number in range(1, whole.changes + 1):
        aws = copy.deepcopy(start)
        aws.kill_before = number
        with pytest.raises(Killed):
            work(aws, owner)
        if job == "upgrade":
            reported = [
                name for name in NAMES if not aws.keys[aws.plans[f"plan-{name}"][0]]["tags"].get("value-in-states")
            ]
            assert reported == list(NAMES) or number > whole.changes - len(NAMES), (
                "nothing is reported before all is done"
            )
        # A rotation or its end that was killed before it began has not begun.
        begun = number > 1 or job in ("first deployment", "upgrade", "end of a rotation")
        keep(aws, owner)
        assert look(aws) == look(whole if begun else start), f"killed before change {number}"
        assert keep(aws, owner) == KeyChanges(), "and nothing is left for a third"
    assert made == (job in ("first deployment", "rotation"))


# ---- removal -----------------------------------------------------------------------------------------------------


def test_only_the_keys_of_removed_callers_are_deleted(aws: KeysOfAws, owner: Owner) -> None:
    keep(aws, owner)
    rotate(aws, owner, "reviews-team")
    other = aws.add("mlops-local-inference-default", "theirs", project="mlops", environment="local-inference")
    untagged = aws.add("mlops-local-inference-by-hand", "untagged")
    assert api_keys.remove(aws.cloud(), owner, exempt=("default", "smoke")) == 2
    assert {key["name"] for key in aws.keys.values()} == {
        f"mlops-local-inference-{name}" for name in ("default", "smoke", "by-hand")
    }
    assert list(aws.parameters) == ["/mlops/local/api-keys/default", "/mlops/local/api-keys/smoke"]
    assert api_keys.remove(aws.cloud(), owner) == 2
    assert (set(aws.keys), aws.parameters) == ({other, untagged}, {})
    assert api_keys.remove(aws.cloud(), owner) == 0


def test_keys_of_an_environment_with_a_longer_name_are_not_touched(aws: KeysOfAws, owner: Owner) -> None:
    aws.add("mlops-local-inference-default", "theirs", project="mlops", environment="other")
    assert keep(aws, owner).created == list(NAMES)
    assert value(aws) != "theirs"


# ---- errors ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("outputs", "name", "message"),
    [
        ({}, "default", "the stack inference is not deployed"),
        ({"inference": {"api": {"api_key_ids": {}}}}, "default", "the stack inference publishes no API keys"),
        (OUTPUTS, "team", "there is no API key `team`; available: default, reviews-team, smoke"),
        (OUTPUTS, "smoke", "the API key `smoke` has no value that this role may read: it does not exist"),
    ],
)
def test_a_missing_key_is_reported(aws: KeysOfAws, outputs: dict[str, Json], name: str, message: str) -> None:
    with pytest.raises(PlatformError) as raised:
        api_keys.value(aws.cloud(), outputs, name)
    assert raised.value.message == message


def test_ages_follow_the_rotation_even_within_one_second(aws: KeysOfAws, owner: Owner) -> None:
    keep(aws, owner)
    for _ in range(3):
        rotate(aws, owner, "default")
    stamps = [key["name"].removeprefix("mlops-local-inference-default") for key in aws.keys.values()]
    assert [each for each in stamps if each.startswith("-2026")] == [f"-20261201T10000{second}Z" for second in range(3)]
    assert aws.clock == START
    assert value(aws) == aws.keys[aws.plans["plan-default"][-1]]["value"]
