"""Answer a prompt by the stand-in, or by an OpenAI-compatible server if one is set."""

from __future__ import annotations

import json
import os
import urllib.error
import urllib.request
from dataclasses import dataclass

from emulator.services.bedrock import text_model
from emulator.services.bedrock.text_model import Completion, Prompt

BASE_URL = "EMULATOR_OPENAI_BASE_URL"
MODEL = "EMULATOR_OPENAI_MODEL"
API_KEY = "EMULATOR_OPENAI_API_KEY"
SECONDS = 120
REASONS = {"stop": "end_turn", "length": "max_tokens"}


class ServerFailed(Exception):
    """The forwarded request failed."""


@dataclass(frozen=True)
class Answered:
    completion: Completion
    stand_in: str | None
    """Name of the stand-in; `None` if a real server answered."""
    served_by: str


def answer(prompt: Prompt) -> Answered:
    base_url = os.environ.get(BASE_URL)
    if not base_url:
        return Answered(text_model.complete(prompt), text_model.NAME, text_model.NAME)
    return Answered(_forward(base_url, prompt), None, base_url)


def _forward(base_url: str, prompt: Prompt) -> Completion:
    roles = ("user", "assistant")
    messages = [{"role": roles[index % 2], "content": text} for index, text in enumerate(prompt.turns)]
    if prompt.system:
        messages.insert(0, {"role": "system", "content": prompt.system})
    body = {
        "model": os.environ.get(MODEL, "default"),
        "messages": messages,
        "max_tokens": prompt.max_tokens,
        "temperature": prompt.temperature,
        **({"stop": list(prompt.stop_sequences)} if prompt.stop_sequences else {}),
    }
    headers = {"Content-Type": "application/json"}
    if os.environ.get(API_KEY):
        headers["Authorization"] = f"Bearer {os.environ[API_KEY]}"
    request = urllib.request.Request(f"{base_url.rstrip('/')}/chat/completions", json.dumps(body).encode(), headers)
    try:
        with urllib.request.urlopen(request, timeout=SECONDS) as response:
            document = json.load(response)
        choice = document["choices"][0]
        text = choice["message"]["content"] or ""
    except (OSError, ValueError, KeyError, IndexError) as error:
        raise ServerFailed(f"{base_url}: {type(error).__name__}: {error}") from error
    usage = document.get("usage") or {}
    return Completion(
        text,
        usage.get("prompt_tokens", sum(map(text_model.count_tokens, prompt.turns))),
        usage.get("completion_tokens", text_model.count_tokens(text)),
        REASONS.get(choice.get("finish_reason", "stop"), "end_turn"),
    )
