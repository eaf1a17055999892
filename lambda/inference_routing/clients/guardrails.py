"""Apply Bedrock guardrails, to texts of SageMaker models too."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from inference_routing.clients import client
from inference_routing.clients.failures import FAILURES, translate
from inference_routing.routes import Guardrail


class BedrockGuardrails:
    def assess(self, guardrail: Guardrail, source: Literal["INPUT", "OUTPUT"], texts: Sequence[str]) -> dict[str, Any]:
        """Return the response of ApplyGuardrail for these texts, one content block each."""
        try:
            response: dict[str, Any] = client("bedrock-runtime").apply_guardrail(
                guardrailIdentifier=guardrail.id,
                guardrailVersion=guardrail.version,
                source=source,
                content=[{"text": {"text": text}} for text in texts],
            )
        except FAILURES as error:
            raise translate(error, f"guardrail {guardrail.id}") from error
        return response
