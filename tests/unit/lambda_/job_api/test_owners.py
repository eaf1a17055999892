"""A caller's requests do not exist for other callers: for each route of the job API, each kind and each other caller.

The tests show non-interference: responses to another caller are equal, byte for byte, whether or not the owner has made
a request.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from inference_common.errors import Forbidden, InternalError
from job_api import backends, owners
from job_api.ids import Ids
from tests.unit.lambda_.support import batch_submitter as batch_platform
from tests.unit.lambda_.support.clients import use_client
from tests.unit.lambda_.support.job_api import BODY, Api, context_of

OWNER = ("", "team-a")
STRANGERS = {
    "another key of the same blueprint": ("", "team-b"),
    "a key whose name ends alike": ("", "a-team-a"),
    "a role of the key's name": ("/iam", "team-a"),
    "a role that is named as the owner is kept": ("/iam", "key:team-a"),
    "a user of the key's name": ("/cognito", "team-a"),
}
KEY = {"Idempotency-Key": "order-4711", "Content-Type": "application/json"}
ANOTHER = json.dumps({"inputs": ["Another text"]})
FOLDER = "inference/batch/input/reviews-batch/requests/"
UPLOAD = "0c3cf4f1-3f6f-4a0b-8f5e-c0ffee000000"
Answer = tuple[int, dict[str, Any], dict[str, str]]


class Asynchronous:
    """Requests to one asynchronous blueprint."""

    def __init__(self, api: Api, blueprint: str) -> None:
        self.api, self.blueprint = api, blueprint
        self.request_id = Ids(lambda: b"s" * 32).request(blueprint, "key:team-a", "order-4711")

    def fresh(self) -> None:
        self.api.fresh()

    def submit(self, who: tuple[str, str], body: str = BODY) -> Answer:
        return self.api.post(self.blueprint, body, who=who, headers=KEY)

    def status(self, who: tuple[str, str], request_id: str | None = None) -> Answer:
        return self.api.get(self.blueprint, request_id or self.request_id, who=who)

    def upload(self, who: tuple[str, str]) -> Answer:
        return self.api("POST", "/async/{blueprint}/uploads", '{"bytes": 20}', who=who, blueprint=self.blueprint)

    def end(self) -> None:
        ticket = json.loads(self.api.store.objects[f"inference/async/input/{self.blueprint}/{self.request_id}.ticket"])
        self.api.store.objects[ticket["output"].removeprefix("s3://data/")] = b'{"outputs": ["mine"]}'

    def own(self) -> None:
        """Make all requests that an owner can make."""
        assert self.submit(OWNER)[1]["request_id"] == self.request_id
        place = self.upload(OWNER)[1]["input"]
        self.api.store.objects[place] = b'{"inputs": ["Hello"]}'
        self.end()

    @property
    def questions(self) -> dict[str, Callable[[tuple[str, str]], Answer]]:
        uploads = Ids(lambda: b"s" * 32).uploads(self.blueprint, "key:team-a")
        named = json.dumps({"input": f"inference/async/input/{self.blueprint}/uploads/{uploads}/{UPLOAD}.json"})
        return {
            "status": self.status,
            "the same request under the same key": self.submit,
            "another request under the same key": lambda who: self.submit(who, ANOTHER),
            "an upload address": self.upload,
            "the owner's upload as input": lambda who: self.submit(who, named),
        }


class Batch:
    """Jobs of one batch blueprint, with its own submitter behind the API."""

    request_id = "night-1"

    def __init__(self, api: Api, function: Any, source: str) -> None:
        self.api, self._function, self._source = api, function, source

    def fresh(self) -> None:
        self.api.fresh()
        self.platform = batch_platform.Platform(self._function, self._source)
        self.api.reply = self.platform.call
        for name in ("in", "other"):
            self.platform.bucket.put(f"{FOLDER}{name}.jsonl", ["fine", "broken"])

    def submit(self, who: tuple[str, str], name: str = "in", **more: Any) -> Answer:
        body = json.dumps({"input": f"{FOLDER}{name}.jsonl", "request_id": self.request_id, **more})
        return self.api("POST", "/batch/{blueprint}", body, who=who, blueprint="reviews-batch")

    def status(self, who: tuple[str, str], request_id: str | None = None) -> Answer:
        path_id = request_id or self.request_id
        return self.api(
            "GET", "/batch/{blueprint}/{request_id}", who=who, blueprint="reviews-batch", request_id=path_id
        )

    def end(self) -> None:
        if self._source == "sagemaker":
            (name,) = self.platform.sagemaker.jobs
            self.platform.sagemaker.run(name, bad_files=("part-00000.jsonl",))
            self.platform.ended(name)
        else:
            self.platform.bedrock_ended(self.platform.bedrock.run(0, status="Failed"))

    def own(self) -> None:
        """The owner's job, which has records left to retry."""
        assert self.submit(OWNER)[0] == 202
        self.end()

    @property
    def questions(self) -> dict[str, Callable[[tuple[str, str]], Answer]]:
        kept_as = Ids(lambda: b"s" * 32).job("reviews-batch", "key:team-a", self.request_id)
        return {
            "status": self.status,
            "status of what the owner's is kept as": lambda who: self.status(who, kept_as),
            "the same job under the same id": self.submit,
            "another job under the same id": lambda who: self.submit(who, "other"),
            "another try": lambda who: self.submit(who, retry=True),
        }


@pytest.fixture(params=["chat-async", "reviews-async", "sagemaker", "bedrock"])
def kind(
    request: Any, cold_start: Any, monkeypatch: pytest.MonkeyPatch, context: SimpleNamespace
) -> Asynchronous | Batch:
    api = Api(cold_start, monkeypatch, context)
    if request.param.endswith("-async"):
        monkeypatch.setattr(uuid, "uuid4", lambda: uuid.UUID(UPLOAD))
        return Asynchronous(api, request.param)
    function = cold_start("batch_submitter", **batch_platform.ENVIRON)
    return Batch(api, function, request.param)


def test_another_caller_cannot_tell_whether_the_owner_has_a_request(kind: Asynchronous | Batch) -> None:
    for whose, who in STRANGERS.items():
        for question, ask in kind.questions.items():
            kind.fresh()
            alone = ask(who)
            kind.fresh()
            kind.own()
            before = kind.status(OWNER)
            assert ask(who) == alone, f"{question}, asked by {whose}"
            assert kind.status(OWNER) == before, f"{question}, asked by {whose}, changed what is the owner's"


def test_only_the_owner_sees_a_request(kind: Asynchronous | Batch) -> None:
    kind.fresh()
    submitted = kind.submit(OWNER)
    assert submitted[0] == 202
    request_id = submitted[1]["request_id"]
    assert kind.submit(OWNER)[1]["request_id"] == request_id
    assert kind.status(OWNER, request_id)[0] == 200
    unknown = kind.status(OWNER, "0c3cf4f1-3f6f-4a0b-8f5e-c0ffee000001")
    for who in STRANGERS.values():
        status, reported, _ = kind.status(who, request_id)
        assert (status, reported["error"]["type"]) == (404, "UnknownRequest")
        # The same error as for an id that does not exist, without the stored name.
        expected = unknown[1]["error"]["message"].replace("0c3cf4f1-3f6f-4a0b-8f5e-c0ffee000001", request_id)
        assert reported["error"]["message"] == expected
    kind.end()
    assert kind.status(OWNER, request_id)[1]["status"] in ("completed", "failed")


def test_equal_choices_of_two_callers_are_two_requests(kind: Asynchronous | Batch) -> None:
    kind.fresh()
    kept = set()
    for who in (OWNER, *STRANGERS.values()):
        status, reported, _ = kind.submit(who)
        assert status == 202
        kept.add(reported["output"])
        assert kind.status(who, reported["request_id"])[0] == 200
    assert len(kept) == 1 + len(STRANGERS)


def test_requests_from_before_owners_belong_to_no_caller(kind: Asynchronous | Batch) -> None:
    """Write a record without an owner, as old versions did, under an id that the owner would get."""
    kind.fresh()
    missing = kind.status(OWNER)
    kind.submit(OWNER)
    objects = kind.platform.bucket.objects if isinstance(kind, Batch) else kind.api.store.objects
    (record,) = [key for key in objects if key.endswith((".ticket", "/request.json"))]
    objects[record] = json.dumps({**json.loads(objects[record]), "owner": None}).encode()
    assert kind.status(OWNER) == missing
    assert kind.submit(OWNER)[0] in (400, 404)


def refusal(answer: dict[str, Any]) -> str:
    return str(answer.get("error", {}).get("code", "none"))


def test_requests_without_a_caller_belong_to_the_environment(on_sagemaker: batch_platform.Platform) -> None:
    platform = on_sagemaker
    platform.bucket.put(f"{batch_platform.FOLDER}today.jsonl", ["fine"])
    platform.arrive(f"{batch_platform.FOLDER}today.jsonl")
    (record,) = [key for key in platform.bucket.objects if key.endswith("/request.json")]
    request = json.loads(platform.bucket.objects[record])
    assert request["owner"] == "environment"
    question = {"action": "status", "blueprint": "reviews-batch", "request_id": request["request_id"]}
    assert platform.call({**question, "owner": "environment"})["status"] == "running"
    for owner in ("key:environment", "key:me", "iam:environment"):
        assert refusal(platform.call({**question, "owner": owner})) == "UnknownRequest"
    for invalid in ({}, {"owner": ""}, {"owner": None}, {"owner": ["environment"]}):
        assert refusal(platform.call({**question, **invalid})) == "BadRequest"


def test_a_submitter_keeps_one_caller_from_anothers_request_by_itself(on_sagemaker: batch_platform.Platform) -> None:
    """Even if two callers had the same id."""
    platform = on_sagemaker
    platform.bucket.put(f"{FOLDER}in.jsonl", ["fine"])
    platform.submit(key=f"{FOLDER}in.jsonl")
    requests: tuple[dict[str, Any], ...] = ({}, {"retry": True})
    for more in requests:
        assert refusal(platform.submit(key=f"{FOLDER}in.jsonl", owner="key:another", **more)) == "UnknownRequest"
    assert platform.status(owner="key:another")["error"] == {
        "code": "UnknownRequest",
        "message": "there is no request 'night-1' for 'reviews-batch'",
    }


# ---- identity --------------------------------------------------------------------------------------------------------


def test_each_authentication_method_has_its_own_proof_of_identity() -> None:
    """Fields of other authentication methods are ignored, since nothing has verified them."""
    everything = {
        "authorizer": {"principal": "team-a", "claims": {"iss": "https://pool", "sub": "u-1"}},
        "identity": {"userArn": "arn:aws:sts::123456789012:assumed-role/caller/me", "apiKeyId": "abc"},
    }
    assert {
        path: owners.owner_of({"resource": f"{path}/async/{{blueprint}}", "requestContext": everything})
        for path in ("", "/iam", "/cognito")
    } == {
        "": "key:team-a",
        "/iam": "iam:arn:aws:sts::123456789012:assumed-role/caller/me",
        "/cognito": "cognito:https://pool|u-1",
    }


@pytest.mark.parametrize("auth_path", ["", "/iam", "/cognito"])
@pytest.mark.parametrize("name", ["", None, 7])
def test_an_unidentified_caller_has_no_jobs(auth_path: str, name: Any) -> None:
    event = {"resource": f"{auth_path}/async/{{blueprint}}", "requestContext": context_of((auth_path, name), "*")}
    with pytest.raises(Forbidden):
        owners.owner_of(event)
    with pytest.raises(Forbidden):
        owners.owner_of({"resource": f"{auth_path}/async/{{blueprint}}"})


def test_a_rotated_key_keeps_its_owner() -> None:
    """Value and id of a key change when it is rotated; its name stays."""
    keys = [
        {"authorizer": {"principal": "team-a"}, "identity": {"apiKeyId": key_id, "apiKey": value}}
        for key_id, value in (("old-id", "old-value"), ("new-id", "new-value"))
    ]
    assert {owners.owner_of({"resource": "/async/{blueprint}", "requestContext": key}) for key in keys} == {
        "key:team-a"
    }


# ---- ids -------------------------------------------------------------------------------------------------------------


def test_ids_depend_on_secret_blueprint_owner_and_choice() -> None:
    base = ("b1", "key:a", "choice-1")
    others = [("b2", "key:a", "choice-1"), ("b1", "key:b", "choice-1"), ("b1", "key:a", "choice-2")]
    makers: tuple[Callable[..., str], ...] = (
        lambda ids, *parts: str(ids.request(*parts)),
        lambda ids, *parts: str(ids.job(*parts).rpartition("-")[2]),
    )
    for make in makers:
        made = [make(Ids(lambda: b"s" * 32), *parts) for parts in (base, base, *others)]
        made.append(make(Ids(lambda: b"t" * 32), *base))
        assert len(set(made)) == len(made) - 1, "only the same choice of the same caller is the same id"
    assert Ids(lambda: b"s" * 32).request("b1", "key:a", "12345678").count("-") == 4
    # Parts cannot run into each other.
    assert Ids(lambda: b"s" * 32).uploads("b", "1key:a") != Ids(lambda: b"s" * 32).uploads("b1", "key:a")


@pytest.mark.parametrize("value", ["", "short", "x" * 31])
def test_an_invalid_secret_makes_no_id(value: str) -> None:
    answered = SimpleNamespace(get_parameter=lambda **requested: {"Parameter": {"Value": value}})
    use_client("ssm", answered)
    with pytest.raises(InternalError, match="it is not a secret"):
        backends.Secret("/mlops/dev/secrets/job-ids")()


def test_the_secret_is_read_once_and_decrypted() -> None:
    requested: list[Any] = []

    def get_parameter(**question: Any) -> Any:
        requested.append(question)
        return {"Parameter": {"Value": "0" * 64}}

    use_client("ssm", SimpleNamespace(get_parameter=get_parameter))
    secret = backends.Secret("/mlops/dev/secrets/job-ids")
    assert secret() == secret() == b"0" * 64
    assert requested == [{"Name": "/mlops/dev/secrets/job-ids", "WithDecryption": True}]
