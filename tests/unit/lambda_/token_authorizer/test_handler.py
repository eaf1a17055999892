"""The authorizer: token headers, keys, and the response to API Gateway."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from token_authorizer import keys
from token_authorizer.store import ParameterStore

ARN = "arn:aws:execute-api:us-east-1:123456789012:api1/v1/POST/realtime/chat"
TEAM_A, ALL = "key-of-team-a", "key-for-all"


def record(value: str, *blueprints: str, **ending: str) -> str:
    """Return a record with the hash of one key, and of expiring ones."""
    entries = [{"key_id": "k", "sha256": sha256(value)}]
    entries += [{"key_id": "k", "sha256": sha256(old), "not_after": end} for old, end in ending.items()]
    return json.dumps({"blueprints": list(blueprints), "hashes": entries})


def sha256(value: str) -> str:
    return hashlib.sha256(value.encode()).hexdigest()


class Store:
    """Records by name; counts reads, and fails on request."""

    def __init__(self, records: dict[str, str]) -> None:
        self.records = records
        self.reads = 0
        self.failing = False

    def read(self) -> dict[str, str]:
        self.reads += 1
        if self.failing:
            raise ConnectionError("no parameters today")
        return dict(self.records)


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def authorizer(cold_start: Any) -> SimpleNamespace:
    modules = cold_start("token_authorizer", KEYS_PREFIX="/mlops/test/api-keys")
    store, clock = Store({"team-a": record(TEAM_A, "chat", "reviews"), "default": record(ALL, "*")}), Clock()
    modules.KEYS = keys.KeyTable(store, 60, clock, modules.LOG, now=clock)
    return SimpleNamespace(all=modules, module=modules, store=store, clock=clock, keys=modules.KEYS)


def call(authorizer: SimpleNamespace, context: Any, headers: dict[str, str] | None) -> dict[str, Any]:
    event = {"type": "REQUEST", "methodArn": ARN, "headers": headers, "requestContext": {"requestId": "r-1"}}
    answer: dict[str, Any] = authorizer.module.handler(event, context)
    return answer


def effect(answer: dict[str, Any]) -> tuple[str, str]:
    [statement] = answer["policyDocument"]["Statement"]
    assert statement["Action"] == "execute-api:Invoke"
    return statement["Effect"], statement["Resource"]


@pytest.mark.parametrize(
    "headers",
    [
        {"x-api-key": TEAM_A},
        {"X-Api-Key": f" {TEAM_A} "},
        {"Authorization": f"Bearer {TEAM_A}"},
        {"authorization": f"bearer   {TEAM_A}"},
        {"Authorization": f"Bearer {TEAM_A}", "x-api-key": TEAM_A},
        {"Authorization": "Basic dTpw", "x-api-key": TEAM_A},
    ],
)
def test_a_key_is_accepted_in_either_header(authorizer: Any, context: Any, headers: dict[str, str]) -> None:
    answer = call(authorizer, context, headers)
    assert effect(answer) == ("Allow", ARN), "for this request, and no other"
    assert answer["principalId"] == "team-a"
    assert answer["usageIdentifierKey"] == TEAM_A
    assert answer["context"] == {"principal": "team-a", "blueprints": "chat,reviews"}


def test_a_key_for_everything_says_so(authorizer: Any, context: Any) -> None:
    assert call(authorizer, context, {"x-api-key": ALL})["context"] == {"principal": "default", "blueprints": "*"}


@pytest.mark.parametrize("headers", [None, {}, {"Authorization": "Basic dTpw"}, {"x-api-key": "  "}, {"Accept": "*"}])
def test_a_request_without_a_token_is_unauthorized(
    authorizer: Any, context: Any, headers: dict[str, str] | None
) -> None:
    with pytest.raises(authorizer.module.Unauthorized) as raised:
        call(authorizer, context, headers)
    assert str(raised.value) == "Unauthorized", "API Gateway answers 401 to this word alone"
    assert authorizer.store.reads == 0


@pytest.mark.parametrize(
    "headers",
    [
        {"x-api-key": "wrong"},
        {"Authorization": "Bearer wrong"},
        {"Authorization": f"Bearer {TEAM_A}", "x-api-key": ALL},
        {"x-api-key": hashlib.sha256(TEAM_A.encode()).hexdigest()},
    ],
)
def test_a_wrong_token_is_denied(authorizer: Any, context: Any, headers: dict[str, str]) -> None:
    answer = call(authorizer, context, headers)
    assert effect(answer) == ("Deny", ARN)
    assert "usageIdentifierKey" not in answer
    assert "context" not in answer


def test_no_token_is_ever_logged(authorizer: Any, context: Any, logged: Callable[[], list[dict[str, Any]]]) -> None:
    call(authorizer, context, {"x-api-key": TEAM_A})
    call(authorizer, context, {"Authorization": "Bearer a-wrong-secret"})
    lines = logged()
    assert [(line["message"], line["request_id"]) for line in lines] == [("admitted", "r-1"), ("refused", "r-1")]
    digest = hashlib.sha256(TEAM_A.encode()).hexdigest()
    assert not [secret for secret in (TEAM_A, "a-wrong-secret", digest) if secret in json.dumps(lines)]


# ---- the table ---------------------------------------------------------------------------------------------------


def test_keys_are_cached_and_refreshed(authorizer: Any) -> None:
    assert authorizer.keys.find(TEAM_A).principal == "team-a"
    authorizer.store.records["team-a"] = record(TEAM_A, "reviews")
    authorizer.clock.now += 59
    assert authorizer.keys.find(TEAM_A).blueprints == ("chat", "reviews")
    assert authorizer.store.reads == 1
    authorizer.clock.now += 1
    assert authorizer.keys.find(TEAM_A).blueprints == ("reviews",)


def test_a_new_key_is_found_soon_and_guessing_costs_few_calls(authorizer: Any) -> None:
    assert authorizer.keys.find("guess") is None
    authorizer.store.records["team-b"] = record("new", "chat")
    assert [authorizer.keys.find(f"guess-{n}") for n in range(20)] == [None] * 20
    assert authorizer.store.reads == 1
    authorizer.clock.now += 5
    assert authorizer.keys.find("new").principal == "team-b"
    assert authorizer.store.reads == 2


def test_cached_keys_stay_valid_while_the_store_is_unavailable(
    authorizer: Any, logged: Callable[[], list[dict[str, Any]]]
) -> None:
    assert authorizer.keys.find(TEAM_A)
    authorizer.store.failing = True
    authorizer.clock.now += 61
    assert authorizer.keys.find(TEAM_A).principal == "team-a"
    assert [(line["level"], line["why"]) for line in logged()] == [("WARNING", "ConnectionError")]


def test_without_cached_keys_a_store_failure_authorizes_no_caller(authorizer: Any, context: Any) -> None:
    authorizer.store.failing = True
    with pytest.raises(ConnectionError):
        call(authorizer, context, {"x-api-key": TEAM_A})


def test_during_a_rotation_both_keys_are_valid_and_the_old_one_until_it_expires(authorizer: Any) -> None:
    authorizer.store.records["team-a"] = record("new", "chat", **{TEAM_A: "1970-01-01T00:20:00Z"})
    for token in (TEAM_A, "new"):
        key = authorizer.keys.find(token)
        assert (key.principal, key.blueprints) == ("team-a", ("chat",))
    authorizer.clock.now = 1199.9
    assert authorizer.keys.find(TEAM_A)
    authorizer.clock.now = 1200.0
    assert authorizer.keys.find(TEAM_A) is None
    assert authorizer.keys.find("new")


def test_expiry_applies_while_the_record_cannot_be_refreshed(authorizer: Any) -> None:
    authorizer.store.records["team-a"] = record("new", "chat", **{TEAM_A: "1970-01-01T00:20:00Z"})
    assert authorizer.keys.find(TEAM_A)
    authorizer.store.failing = True
    authorizer.clock.now = 1200.0
    assert authorizer.keys.find(TEAM_A) is None
    assert authorizer.keys.find("new"), "and the other key stays valid"


def test_a_record_from_before_rotations_stays_valid_until_rewritten(authorizer: Any) -> None:
    authorizer.store.records["team-a"] = json.dumps({"sha256": sha256(TEAM_A), "blueprints": ["chat"]})
    assert authorizer.keys.find(TEAM_A).blueprints == ("chat",)


@pytest.mark.parametrize(
    "broken",
    [
        '{"hashes": [], "blueprints": ["chat"]}',
        '{"hashes": {}, "blueprints": ["chat"]}',
        '{"hashes": ["x"], "blueprints": ["chat"]}',
        json.dumps({"hashes": [{"sha256": "short"}], "blueprints": ["chat"]}),
        record("value", "chat", old="tomorrow"),
        record("value", "chat", old="2026-12-01T10:00:00"),
        json.dumps({"hashes": [{"sha256": "0" * 64, "not_after": 12}], "blueprints": ["chat"]}),
        "",
        "[]",
        "{}",
        '{"sha256": "short", "blueprints": ["chat"]}',
        json.dumps({"sha256": "0" * 64, "blueprints": []}),
        json.dumps({"sha256": "0" * 64, "blueprints": ["chat,admin"]}),
        json.dumps({"sha256": "0" * 64, "blueprints": 1}),
        json.dumps({"sha256": 1, "blueprints": ["chat"]}),
    ],
)
def test_a_malformed_record_is_named_and_affects_no_other(
    authorizer: Any, logged: Callable[[], list[dict[str, Any]]], broken: str
) -> None:
    authorizer.store.records["team-c"] = broken
    assert authorizer.keys.find(TEAM_A).principal == "team-a"
    assert [(line["level"], line["key"]) for line in logged()] == [("ERROR", "team-c")]


# ---- the client, and the settings ----------------------------------------------------------------------------


def test_the_store_reads_all_pages_below_its_prefix(authorizer: Any) -> None:
    store = ParameterStore("/mlops/test/api-keys")
    client = boto3.client("ssm", region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test")
    requested = {"Path": "/mlops/test/api-keys", "Recursive": False, "WithDecryption": True}
    page = [{"Name": "/mlops/test/api-keys/team-a", "Value": "{}"}]
    more = [{"Name": "/mlops/test/api-keys/team-b", "Value": "[]"}]
    with Stubber(client) as stubber:
        stubber.add_response("get_parameters_by_path", {"Parameters": page, "NextToken": "n"}, requested)
        stubber.add_response("get_parameters_by_path", {"Parameters": more}, {**requested, "NextToken": "n"})
        store.__dict__["_client"] = client
        assert store.read() == {"team-a": "{}", "team-b": "[]"}
        stubber.assert_no_pending_responses()


def test_without_a_prefix_the_function_does_not_start(cold_start: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KEYS_PREFIX", raising=False)
    with pytest.raises(Exception, match="environment variable KEYS_PREFIX is not set"):
        cold_start("token_authorizer")
