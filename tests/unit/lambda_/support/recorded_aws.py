"""A fake AWS that records the router's calls and responds in each model's format."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from tests.unit.lambda_.support.clients import use_client

MASK = ("mark", "safe")
"""What the guardrail replaces in every text: texts with `mark` have not been checked."""
TOKENS = {"maxTokens", "max_tokens", "max_new_tokens", "maxTokenCount", "max_gen_len", "max_length"}
COUNTS = {"n", "best_of", "num_return_sequences"}
ANY_FAMILY = {
    "content": [{"text": "x"}],
    "stop_reason": "end_turn",
    "output": {"message": {"content": [{"text": "x"}]}},
    "stopReason": "end_turn",
    "results": [{"outputText": "x"}],
    "generation": "x",
    "outputs": [{"text": "x"}],
    "embedding": [1.0],
}


@dataclass
class Aws:
    """With `failing`, all models are throttled, so that every target is tried and retried."""

    failing: bool = False
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    checked: list[str] = field(default_factory=list)

    def install(self) -> None:
        for service in ("bedrock-runtime", "bedrock-agent-runtime", "sagemaker-runtime"):
            use_client(service, self)

    def apply_guardrail(self, *, content: Any, **_: Any) -> Any:
        texts = [block["text"]["text"] for block in content]
        self.checked += texts
        if not any(MASK[0] in text for text in texts):
            return {"action": "NONE"}
        entity = {"type": "NAME", "action": "ANONYMIZED"}
        return {
            "action": "GUARDRAIL_INTERVENED",
            "outputs": [{"text": text.replace(*MASK)} for text in texts],
            "assessments": [{"sensitiveInformationPolicy": {"piiEntities": [entity]}}],
        }

    def converse(self, **call: Any) -> Any:
        return self._answered(call["modelId"], call, ANY_FAMILY)

    def invoke_model(self, *, body: bytes, **call: Any) -> Any:
        payload = json.loads(body)
        answer = {**ANY_FAMILY, "embeddings": [[1.0]] * len(payload.get("texts", ()))}
        return {"body": self._answered(call["modelId"], {**call, "body": payload}, _stream(answer))}

    def retrieve_and_generate(self, **call: Any) -> Any:
        return self._answered("knowledge base", call, {"output": {"text": "x"}})

    def invoke_agent(self, *, sessionId: str, **call: Any) -> Any:
        return self._answered("agent", call, {"completion": [{"chunk": {"bytes": b"x"}}]})

    def invoke_endpoint(self, *, Body: bytes, **call: Any) -> Any:
        name, text = call["EndpointName"], Body.decode()
        payloads: Any = text if name == "ep-csv" else [json.loads(line) for line in text.splitlines()]
        answer = self._answered(name, {**call, "payloads": payloads}, ENDPOINTS[name.removeprefix("ep-")](payloads))
        return {"Body": _stream(answer)}

    def _answered(self, target: str, call: dict[str, Any], answer: Any) -> Any:
        self.calls.append((target, call))
        if self.failing:
            raise ClientError({"Error": {"Code": "ThrottlingException", "Message": "busy"}}, "Invoke")
        return answer

    @property
    def returned(self) -> str:
        """Return everything that was sent to models."""
        return json.dumps([call for _, call in self.calls])

    def asked_of(self, target: str) -> list[int]:
        """Return the maximum tokens of each call of a target, 0 if a call sets none."""
        return [tokens_in(call) for name, call in self.calls if name == target]


def tokens_in(call: Any) -> int:
    """Return answers times maximum tokens of one call, under any spelling."""
    sums = dict.fromkeys(("tokens", "count", "inputs"), 0)

    def walk(value: Any) -> None:
        if isinstance(value, dict):
            for name, each in value.items():
                if name in TOKENS:
                    sums["tokens"] = max(sums["tokens"], each)
                elif name in COUNTS:
                    sums["count"] = max(sums["count"], each)
                elif (name == "inputs" and isinstance(each, list)) or (name == "payloads" and len(each) > 1):
                    sums["inputs"] = len(each)
                walk(each)
        elif isinstance(value, list):
            for each in value:
                walk(each)

    walk(call)
    return sums["tokens"] * max(1, sums["count"]) * max(1, sums["inputs"])


def _stream(answer: Any) -> io.BytesIO:
    return io.BytesIO(answer if isinstance(answer, bytes) else json.dumps(answer).encode())


def _inputs(payloads: Any) -> int:
    return len(payloads[0]["inputs"])


ENDPOINTS: dict[str, Any] = {
    "inputs": lambda sent: {"outputs": [{"label": "x"}] * _inputs(sent), "model": {}},
    "text": lambda sent: {"generated_text": "x"},
    "classify": lambda sent: [{"label": "x", "score": 1}] * _inputs(sent),
    "embed": lambda sent: [[1.0]] * _inputs(sent),
    "messages": lambda sent: {"choices": [{"message": {"content": "x"}}]},
    "csv": lambda sent: b"1\n" * len(sent.splitlines()),
    "jsonlines": lambda sent: b'{"label": "x"}\n' * len(sent),
}
