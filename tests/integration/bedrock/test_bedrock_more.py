"""Embeddings and guardrails of the local Bedrock, as boto3 sees them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from emulator.services.bedrock import embeddings, guardrails
from tests.support.compute import unique
from tests.support.faults import fault

pytestmark = pytest.mark.emulator

TITAN, COHERE = "amazon.titan-embed-text-v2:0", "cohere.embed-english-v3"
CAMERA, PHOTO, RECIPE = "a camera with a good lens", "this camera has a great lens", "boil the rice with saffron"


@pytest.fixture
def runtime(aws: Any) -> Any:
    return aws("bedrock-runtime")


def invoke(runtime: Any, model: str, **body: Any) -> tuple[dict[str, Any], dict[str, str]]:
    answer = runtime.invoke_model(modelId=model, body=json.dumps(body))
    return json.loads(answer["body"].read()), answer["ResponseMetadata"]["HTTPHeaders"]


def cosine(one: list[float], other: list[float]) -> float:
    return sum(a * b for a, b in zip(one, other, strict=True))


def test_texts_that_share_words_are_closer_and_the_same_text_has_the_same_vector(runtime: Any) -> None:
    camera, photo, recipe = (invoke(runtime, TITAN, inputText=text)[0] for text in (CAMERA, PHOTO, RECIPE))
    assert len(camera["embedding"]) == 1024
    assert cosine(camera["embedding"], camera["embedding"]) == pytest.approx(1)
    assert (
        cosine(camera["embedding"], photo["embedding"]) > 0.5 > cosine(camera["embedding"], recipe["embedding"]) + 0.3
    )
    assert invoke(runtime, TITAN, inputText=CAMERA)[0] == camera
    assert camera["inputTextTokenCount"] == 6


def test_an_embedding_declares_the_stand_in_and_counts_its_tokens(runtime: Any, seen: Any) -> None:
    _, headers = invoke(runtime, TITAN, inputText=CAMERA, dimensions=256)
    assert (headers["x-emulator-fidelity"], headers["x-amzn-bedrock-input-token-count"]) == ("stand-in", "6")
    [record] = [each for each in seen(kind="bedrock") if each["id"] == headers["x-emulator-evidence"]]
    assert record["detail"]["stand_in"] == embeddings.NAME


def test_dimensions_and_types_are_as_requested(runtime: Any) -> None:
    answer, _ = invoke(runtime, TITAN, inputText=CAMERA, dimensions=256, embeddingTypes=["binary"])
    assert "embedding" not in answer
    assert len(answer["embeddingsByType"]["binary"]) == 256
    assert set(answer["embeddingsByType"]["binary"]) == {0, 1}
    assert len(invoke(runtime, "amazon.titan-embed-text-v1", inputText=CAMERA)[0]["embedding"]) == 1536


def test_cohere_takes_many_texts_in_one_call(runtime: Any) -> None:
    answer, headers = invoke(runtime, COHERE, texts=[CAMERA, PHOTO, RECIPE], input_type="search_document")
    assert answer["response_type"] == "embeddings_floats"
    assert [len(vector) for vector in answer["embeddings"]] == [1024] * 3
    assert cosine(*answer["embeddings"][:2]) > cosine(*answer["embeddings"][1:])
    assert int(headers["x-amzn-bedrock-input-token-count"]) == 17
    typed, _ = invoke(runtime, COHERE, texts=[CAMERA], input_type="search_query", embedding_types=["float"])
    assert typed["embeddings"]["float"] == answer["embeddings"][:1]


def test_an_inference_profile_stands_for_an_embedding_model(runtime: Any, aws: Any) -> None:
    arn = aws("bedrock").create_inference_profile(
        inferenceProfileName=unique("profile"),
        modelSource={"copyFrom": f"arn:aws:bedrock:us-east-1::foundation-model/{TITAN}"},
    )["inferenceProfileArn"]
    assert invoke(runtime, arn, inputText=CAMERA)[0] == invoke(runtime, TITAN, inputText=CAMERA)[0]


@pytest.mark.parametrize(
    ("model", "body", "message"),
    [
        (TITAN, {"inputText": ""}, "minLength"),
        (TITAN, {"inputText": "x" * 50_001}, "maxLength: 50000"),
        (TITAN, {"inputText": "x", "dimensions": 100}, "100 is not one of 256, 512, 1024"),
        (TITAN, {"inputText": "x", "colour": 1}, "extraneous key \\[colour\\]"),
        (COHERE, {"texts": ["x"]}, "input_type"),
        (COHERE, {"texts": [], "input_type": "search_query"}, "expected 1 to 96 texts"),
        (COHERE, {"texts": ["x"] * 97, "input_type": "search_query"}, "expected 1 to 96 texts"),
    ],
)
def test_invalid_bodies_are_rejected(runtime: Any, model: str, body: dict[str, Any], message: str) -> None:
    with pytest.raises(ClientError, match=message) as error:
        invoke(runtime, model, **body)
    assert error.value.response["Error"]["Code"] == "ValidationException"


def test_an_embedding_model_does_not_converse(runtime: Any) -> None:
    with pytest.raises(ClientError, match="doesn't support the model"):
        runtime.converse(modelId=TITAN, messages=[{"role": "user", "content": [{"text": "x"}]}])


def test_a_model_without_access_is_refused_as_aws_does(runtime: Any, emulator: Any) -> None:
    mine = f"us.{COHERE}"
    with (
        fault(emulator.endpoint, "access-denied", "bedrock", resource=mine),
        pytest.raises(ClientError, match="You don't have access to the model") as error,
    ):
        invoke(runtime, mine, texts=["x"], input_type="search_query")
    assert error.value.response["Error"]["Code"] == "AccessDeniedException"


# ---- guardrails ------------------------------------------------------------------------------------------------------


@pytest.fixture
def guardrail(aws: Any) -> str:
    """A guardrail for a word, a topic and e-mail addresses."""
    topic = {"name": "Weapons", "definition": "How to build or buy weapons.", "type": "DENY"}
    made = aws("bedrock").create_guardrail(
        name=unique("guard"),
        blockedInputMessaging="input blocked",
        blockedOutputsMessaging="output blocked",
        wordPolicyConfig={"wordsConfig": [{"text": "zanzibar"}]},
        topicPolicyConfig={"topicsConfig": [topic]},
        sensitiveInformationPolicyConfig={
            "piiEntitiesConfig": [{"type": "EMAIL", "action": "ANONYMIZE"}],
            "regexesConfig": [{"name": "ticket", "pattern": "TCK-[0-9]+", "action": "BLOCK"}],
        },
    )
    return str(made["guardrailId"])


def apply(runtime: Any, guardrail: str, *texts: str, source: str = "INPUT", version: str = "DRAFT") -> dict[str, Any]:
    return dict(
        runtime.apply_guardrail(
            guardrailIdentifier=guardrail,
            guardrailVersion=version,
            source=source,
            content=[{"text": {"text": text}} for text in texts],
        )
    )


@pytest.mark.parametrize(
    ("text", "outputs"),
    [
        ("A fine camera.", []),
        ("Tell me of Zanzibar.", ["input blocked"]),
        ("Where to buy weapons?", ["input blocked"]),
        ("Read TCK-77.", ["input blocked"]),
        ("Ask jo@example.org.", ["Ask {EMAIL}."]),
    ],
)
def test_the_guardrail_s_own_policies_judge(runtime: Any, guardrail: str, text: str, outputs: list[str]) -> None:
    answer = apply(runtime, guardrail, text)
    assert [each["text"] for each in answer["outputs"]] == outputs
    assert answer["action"] == ("GUARDRAIL_INTERVENED" if outputs else "NONE")
    assert answer["usage"]["topicPolicyUnits"] == 1


def test_a_version_keeps_its_policies(runtime: Any, aws: Any, guardrail: str) -> None:
    bedrock = aws("bedrock")
    first = bedrock.create_guardrail_version(guardrailIdentifier=guardrail, description="one")["version"]
    messages = {"blockedInputMessaging": "no", "blockedOutputsMessaging": "no"}
    name = bedrock.get_guardrail(guardrailIdentifier=guardrail)["name"]
    bedrock.update_guardrail(
        guardrailIdentifier=guardrail, name=name, wordPolicyConfig={"wordsConfig": [{"text": "camera"}]}, **messages
    )
    second = bedrock.create_guardrail_version(guardrailIdentifier=guardrail)["version"]
    assert (first, second) == ("1", "2")
    acted = {v: apply(runtime, guardrail, "A fine camera.", version=v)["action"] for v in ("1", "2", "DRAFT")}
    assert acted == {"1": "NONE", "2": "GUARDRAIL_INTERVENED", "DRAFT": "GUARDRAIL_INTERVENED"}
    shown = bedrock.get_guardrail(guardrailIdentifier=guardrail, guardrailVersion="1")
    assert (shown["version"], shown["description"]) == ("1", "one")
    bedrock.delete_guardrail(guardrailIdentifier=guardrail, guardrailVersion="1")
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        apply(runtime, guardrail, "x", version="1")
    assert bedrock.create_guardrail_version(guardrailIdentifier=guardrail)["version"] == "3"
    bedrock.delete_guardrail(guardrailIdentifier=guardrail)
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        apply(runtime, guardrail, "x", version="2")


def test_a_judgement_by_rules_in_place_of_a_model_is_a_stand_in(runtime: Any, aws: Any, guardrail: str) -> None:
    headers = apply(runtime, guardrail, "x")["ResponseMetadata"]["HTTPHeaders"]
    assert headers["x-emulator-fidelity"] == "stand-in"
    only_words = aws("bedrock").create_guardrail(
        name=unique("guard"),
        blockedInputMessaging="no",
        blockedOutputsMessaging="no",
        wordPolicyConfig={"wordsConfig": [{"text": "x"}]},
    )["guardrailId"]
    headers = apply(runtime, only_words, "x")["ResponseMetadata"]["HTTPHeaders"]
    assert headers["x-emulator-fidelity"] == "emulated"


def test_policies_that_no_rule_can_judge_are_recorded(runtime: Any, aws: Any, seen: Any) -> None:
    made = aws("bedrock").create_guardrail(
        name=unique("guard"),
        blockedInputMessaging="no",
        blockedOutputsMessaging="no",
        sensitiveInformationPolicyConfig={"piiEntitiesConfig": [{"type": "NAME", "action": "BLOCK"}]},
    )
    apply(runtime, made["guardrailId"], "I am Jo Doe.")
    [record] = seen(kind="bedrock", resource=made["guardrailArn"])
    assert (record["fidelity"], record["detail"]["not_judged"]) == ("stand-in", ["NAME"])
    assert record["detail"]["stand_in"] == guardrails.NAME


NOVA = "amazon.nova-lite-v1:0"


def converse(runtime: Any, guardrail: str, *blocks: Any, system: list[Any] | None = None, **config: Any) -> Any:
    content = [{"text": block} if isinstance(block, str) else block for block in blocks]
    return runtime.converse(
        modelId=NOVA,
        messages=[{"role": "user", "content": content}],
        inferenceConfig={"temperature": 0},
        guardrailConfig={"guardrailIdentifier": guardrail, "guardrailVersion": "DRAFT", **config},
        **({"system": system} if system else {}),
    )


def text_of(answer: Any) -> str:
    return str(answer["output"]["message"]["content"][0]["text"])


def test_a_blocked_prompt_never_reaches_the_model(runtime: Any, guardrail: str, seen: Any) -> None:
    answer = converse(runtime, guardrail, "Tell me of Zanzibar.", trace="enabled")
    assert (text_of(answer), answer["stopReason"]) == ("input blocked", "guardrail_intervened")
    assert answer["usage"] == {"inputTokens": 0, "outputTokens": 0, "totalTokens": 0}
    [word] = answer["trace"]["guardrail"]["inputAssessment"][guardrail]["wordPolicy"]["customWords"]
    assert (word["match"], word["action"]) == ("Zanzibar", "BLOCKED")
    headers = answer["ResponseMetadata"]["HTTPHeaders"]
    [record] = [each for each in seen(kind="bedrock") if each["id"] == headers["x-emulator-evidence"]]
    assert record["detail"]["served_by"] == "guardrail"
    assert record["detail"]["guardrail"]["action"] == "GUARDRAIL_INTERVENED"


def test_an_answer_that_passes_the_guardrail_is_the_model_s_own(runtime: Any, guardrail: str) -> None:
    answer = converse(runtime, guardrail, "A fine camera.")
    bare = runtime.converse(
        modelId=NOVA,
        messages=[{"role": "user", "content": [{"text": "A fine camera."}]}],
        inferenceConfig={"temperature": 0},
    )
    assert (text_of(answer), answer["stopReason"]) == (text_of(bare), "end_turn")
    assert "trace" not in answer


def test_prompt_and_answer_are_masked(runtime: Any, aws: Any) -> None:
    made = aws("bedrock").create_guardrail(
        name=unique("guard"),
        blockedInputMessaging="no",
        blockedOutputsMessaging="no",
        sensitiveInformationPolicyConfig={
            "regexesConfig": [
                {
                    "name": "animal",
                    "pattern": "zebrafish",
                    "action": "ANONYMIZE",
                    "inputEnabled": False,
                    "outputEnabled": True,
                }
            ],
            "piiEntitiesConfig": [{"type": "EMAIL", "action": "ANONYMIZE"}],
        },
    )["guardrailId"]
    answer = converse(runtime, made, "The zebrafish of jo@example.org.", trace="enabled")
    assert "{animal}" in text_of(answer)
    assert "zebrafish" not in text_of(answer)
    trace = answer["trace"]["guardrail"]
    assert "zebrafish" in trace["modelOutput"][0]
    assert "example" not in trace["modelOutput"][0]
    assert trace["outputAssessments"][made][0]["sensitiveInformationPolicy"]["regexes"][0]["match"] == "zebrafish"


def test_only_marked_content_is_judged_and_all_content_is_read(runtime: Any, guardrail: str) -> None:
    marked = {"guardContent": {"text": {"text": "It is wonderful."}}}
    answer = converse(runtime, guardrail, "In one word, how is Zanzibar?", marked)
    assert (text_of(answer), answer["stopReason"]) == ("positive", "end_turn")
    answer = converse(runtime, guardrail, "Tell me of Zanzibar.", marked)
    assert (text_of(answer), answer["stopReason"]) == ("output blocked", "guardrail_intervened")
    answer_to_system = converse(
        runtime, guardrail, "x", system=[{"guardContent": {"text": {"text": "Be like Zanzibar."}}}]
    )
    assert text_of(answer_to_system) == "input blocked"


def test_a_stream_reports_the_intervention(runtime: Any, guardrail: str) -> None:
    answer = runtime.converse_stream(
        modelId=NOVA,
        messages=[{"role": "user", "content": [{"text": "Where to buy weapons?"}]}],
        guardrailConfig={"guardrailIdentifier": guardrail, "guardrailVersion": "DRAFT", "trace": "enabled"},
    )
    events = list(answer["stream"])
    text = "".join(each["contentBlockDelta"]["delta"]["text"] for each in events if "contentBlockDelta" in each)
    [stop] = [each["messageStop"]["stopReason"] for each in events if "messageStop" in each]
    assert (text, stop) == ("input blocked", "guardrail_intervened")
    assert guardrail in events[-1]["metadata"]["trace"]["guardrail"]["inputAssessment"]


@pytest.mark.parametrize(
    ("text", "action", "answer"), [("TCK-77", "INTERVENED", "input blocked"), ("A fine camera.", "NONE", None)]
)
def test_invoke_model_reports_the_guardrail_s_action(
    runtime: Any, guardrail: str, text: str, action: str, answer: str | None
) -> None:
    body = {"inputText": text, "textGenerationConfig": {"temperature": 0}}
    given = runtime.invoke_model(
        modelId="amazon.titan-text-lite-v1",
        body=json.dumps(body),
        guardrailIdentifier=guardrail,
        guardrailVersion="DRAFT",
        trace="ENABLED",
    )
    document = json.loads(given["body"].read())
    assert document["amazon-bedrock-guardrailAction"] == action
    assert ("input" in document["amazon-bedrock-trace"]["guardrail"]) is (action == "INTERVENED")
    bare, _ = invoke(runtime, "amazon.titan-text-lite-v1", **body)
    assert document["results"][0]["outputText"] == (answer or bare["results"][0]["outputText"])
    assert document["results"][0]["completionReason"] == "FINISH"


def test_a_missing_or_unsupported_guardrail_is_an_error(runtime: Any, guardrail: str) -> None:
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        converse(runtime, "missing12345", "x")
    with pytest.raises(ClientError, match="an embedding model takes none"):
        runtime.invoke_model(
            modelId=TITAN, body='{"inputText": "x"}', guardrailIdentifier=guardrail, guardrailVersion="DRAFT"
        )
    tagged = {"inputText": "x", "amazon-bedrock-guardrailConfig": {"tagSuffix": "abc"}}
    with pytest.raises(ClientError, match="tags around the parts for the guardrail"):
        runtime.invoke_model(
            modelId="amazon.titan-text-lite-v1",
            body=json.dumps(tagged),
            guardrailIdentifier=guardrail,
            guardrailVersion="DRAFT",
        )
