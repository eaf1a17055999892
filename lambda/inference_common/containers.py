"""Build and parse payloads of SageMaker containers, by the `format` of the blueprint. Pure.

inputs        {"inputs": [...], "parameters"} → {"outputs": [...], "model"}: this platform's own containers
jsonlines     {"input"} per line → a document per line
json          one input per call, as the whole document → a document
csv           built-in algorithms (XGBoost, Linear Learner): a row per input, a prediction per line
classify      Hugging Face pipelines: all inputs in one call, [{"label", "score"}]
embed         text embeddings (TEI): all inputs in one call, a vector each
text          Hugging Face text generation (TGI): one input per call, {"generated_text"}
messages      OpenAI-compatible servers (LMI with vLLM, TGI's messages): one conversation per call

A payload holds the fields of its format and nothing else. Only `inputs`, `classify` and `jsonlines`, the formats of
custom containers, carry other parameters: those that the blueprint's own parameters name. No parameter replaces an
input. An input may be a text, a number, a list or an object; `text` and `messages` take texts only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from inference_common import model_answers
from inference_common.errors import BadRequest, InternalError, MalformedAnswer
from inference_common.inputs import check_texts
from inference_common.json_output import dumps
from inference_common.model_answers import number, vector
from inference_common.parameters import GENERATION, Takes
from inference_common.requests import InferenceRequest, Task
from inference_common.sendable import check_sendable

JSON, JSON_LINES, CSV = "application/json", "application/jsonlines", "text/csv"
FINISH = {"stop": "end_turn", "eos_token": "end_turn", "stop_sequence": "stop_sequence", "length": "max_tokens"}


class Part(NamedTuple):
    """The parsed response to some inputs."""

    outputs: list[dict[str, Any]]
    model: dict[str, Any] | None = None
    usage: dict[str, int] | None = None
    stops: tuple[str, ...] = ()


@dataclass(frozen=True)
class Format:
    """The payload format of one kind of container."""

    content_type: str
    write: Callable[[Sequence[Any], InferenceRequest], bytes]
    parse: Callable[[bytes, int], Part]
    together: bool = True
    """Send all inputs in one call."""
    task: Task = "generate"
    names: tuple[str, ...] = ()
    """Accepted parameters."""
    open: bool = False
    """Also accept the parameters that the blueprint itself sets."""
    unstated_tokens: int | None = None
    texts_only: bool = False
    """Refuse inputs that are not texts."""

    @property
    def by_line(self) -> bool:
        """Whether a payload has one line per input."""
        return self.content_type in (JSON_LINES, CSV)

    @property
    def takes(self) -> Takes:
        return Takes(self.names, self.unstated_tokens, self.open)

    def encode(self, inputs: Sequence[Any], request: InferenceRequest) -> bytes:
        """Build the payload for some inputs. Raises `BadRequest` naming the value that it cannot hold."""
        if self.texts_only:
            check_texts(request.inputs)
        check_sendable(request)
        return self.write(inputs, request)

    def decode(self, body: bytes, expected: int) -> Part:
        """Parse the response to `expected` inputs. Raises `MalformedAnswer`."""
        try:
            return self.parse(body, expected)
        except (KeyError, IndexError, TypeError, AttributeError):
            raise MalformedAnswer("the model's answer does not have the form that the route names") from None


def of(name: str) -> Format:
    if name not in FORMATS:
        raise InternalError(f"the route names the format '{name}', known are {', '.join(FORMATS)}")
    return FORMATS[name]


def _document(body: bytes) -> Any:
    return model_answers.loads(body)


def _dump(document: Any) -> bytes:
    return dumps(document).encode()


def _per_input(outputs: Any, expected: int) -> list[Any]:
    if not isinstance(outputs, list) or len(outputs) != expected:
        raise MalformedAnswer(f"the model did not answer with {expected} outputs")
    return outputs


def _inputs(inputs: Sequence[Any], request: InferenceRequest) -> bytes:
    return _dump({"inputs": list(inputs), "parameters": dict(request.parameters)})


def _from_inputs(body: bytes, expected: int) -> Part:
    answer = _document(body)
    # A finished model that was imported may not say which one it is.
    if not isinstance(answer, dict) or not isinstance(answer.get("model", {}), dict):
        raise MalformedAnswer("the model's answer does not follow the contract")
    outputs = _per_input(answer.get("outputs"), expected)
    if not all(isinstance(output, dict) for output in outputs):
        raise MalformedAnswer("the model's answer does not follow the contract")
    return Part(outputs, answer.get("model", {}))


UNSTATED_TOKENS = 512
TEXT_PARAMETERS = {
    "max_tokens": "max_new_tokens",
    "temperature": "temperature",
    "top_p": "top_p",
    "stop_sequences": "stop",
    "top_k": "top_k",
    "seed": "seed",
    "do_sample": "do_sample",
    "typical_p": "typical_p",
    "repetition_penalty": "repetition_penalty",
    "frequency_penalty": "frequency_penalty",
    "return_full_text": "return_full_text",
    "truncate": "truncate",
}
"""Their names by ours, without those that multiply answers (`best_of`) or carry another text (`grammar`)."""
MESSAGE_PARAMETERS = {
    "max_tokens": "max_tokens",
    "temperature": "temperature",
    "top_p": "top_p",
    "stop_sequences": "stop",
    "top_k": "top_k",
    "min_p": "min_p",
    "seed": "seed",
    "repetition_penalty": "repetition_penalty",
    "frequency_penalty": "frequency_penalty",
    "presence_penalty": "presence_penalty",
}


def _named(names: Mapping[str, str], parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Those of the parameters that a format has, under its own names."""
    return {theirs: parameters[ours] for ours, theirs in names.items() if ours in parameters}


def _text(inputs: Sequence[Any], request: InferenceRequest) -> bytes:
    named = _named(TEXT_PARAMETERS, request.parameters)
    prompt = "\n".join(text for _, text in request.turns) if request.turns else inputs[0]
    system = request.parameters.get("system")
    return _dump({"inputs": f"{system}\n{prompt}" if system else prompt, "parameters": {"details": True, **named}})


def _from_text(body: bytes, expected: int) -> Part:
    answer = _document(body)
    answer = answer[0] if isinstance(answer, list) and len(answer) == 1 else answer
    if not isinstance(answer, dict) or not isinstance(answer.get("generated_text"), str):
        raise MalformedAnswer("the model's answer has no generated_text")
    details = answer.get("details")
    stops = (FINISH.get(str(details.get("finish_reason")), "end_turn"),) if isinstance(details, Mapping) else ()
    return Part([{"text": answer["generated_text"]}], stops=stops)


def _classify(inputs: Sequence[Any], request: InferenceRequest) -> bytes:
    return _dump({"inputs": list(inputs), **({"parameters": dict(request.parameters)} if request.parameters else {})})


def _from_classify(body: bytes, expected: int) -> Part:
    outputs = _per_input(_document(body), expected)
    best = [max(o, key=lambda each: each["score"]) if isinstance(o, list) and o else o for o in outputs]
    if not all(isinstance(output, dict) and "label" in output for output in best):
        raise MalformedAnswer("the model's answer has no labels")
    return Part(best)


def _embed(inputs: Sequence[Any], request: InferenceRequest) -> bytes:
    return _dump({"inputs": list(inputs)})


def _from_embed(body: bytes, expected: int) -> Part:
    vectors = _per_input(_document(body), expected)
    return Part([{"embedding": vector(each)} for each in vectors])


def _messages(inputs: Sequence[Any], request: InferenceRequest) -> bytes:
    system = request.parameters.get("system")
    turns = request.turns or (("user", inputs[0]),)
    messages = [{"role": role, "content": text} for role, text in turns]
    messages = [{"role": "system", "content": system}, *messages] if system else messages
    return _dump({"messages": messages, **_named(MESSAGE_PARAMETERS, request.parameters)})


def _from_messages(body: bytes, expected: int) -> Part:
    answer = _document(body)
    choice = answer["choices"][0]
    text, stop = choice["message"]["content"] or "", FINISH.get(str(choice.get("finish_reason")), "end_turn")
    if not isinstance(text, str):
        raise MalformedAnswer("the model's answer holds no text")
    names = {"inputTokens": "prompt_tokens", "outputTokens": "completion_tokens", "totalTokens": "total_tokens"}
    return Part([{"text": text}], usage=model_answers.counts(names, answer.get("usage")), stops=(stop,))


def _csv(inputs: Sequence[Any], request: InferenceRequest) -> bytes:
    return "\n".join(_row(value, _name(value, request)) for value in inputs).encode()


def _name(value: Any, request: InferenceRequest) -> str:
    place = next((place for place, each in enumerate(request.inputs) if each is value), 0)
    return f"inputs[{place}]"


def _row(value: Any, name: str) -> str:
    """Return an input as a row of CSV: a text is the whole row, a list its cells. Columns have no names there."""
    if isinstance(value, dict):
        raise BadRequest(
            f"'{name}' must be a list, or a text with the cells: the model behind this blueprint takes rows of CSV, "
            "whose columns have no names",
            name,
        )
    if not isinstance(value, str):
        return ",".join(_cell(each, name) for each in (value if isinstance(value, list) else [value]))
    if not _is_row(value):
        raise BadRequest(
            f"'{name}' must be one row of CSV: a line end or a quotation mark in a cell takes a quoted cell", name
        )
    return value


def _cell(value: Any, name: str) -> str:
    if isinstance(value, list | dict):
        raise BadRequest(f"'{name}' must be one row of CSV: its cells are texts and numbers", name)
    if value is None:
        return ""
    if not isinstance(value, str):
        return dumps(value)
    quoted = any(each in value for each in ',"\r\n')
    return '"{}"'.format(value.replace('"', '""')) if quoted else value


def _is_row(text: str) -> bool:
    """Whether a container that reads CSV sees one row in it, and so answers once."""
    import csv
    import io

    if not text.strip("\r\n"):
        return False
    if not {'"', "\n", "\r"} & set(text):
        return True
    try:
        return len(list(csv.reader(io.StringIO(text, newline=""), strict=True))) == 1 and text[-1] not in "\r\n"
    except csv.Error:
        return False


def _from_csv(body: bytes, expected: int) -> Part:
    lines = model_answers.text(body).replace("\r\n", "\n").split("\n")
    rows = _per_input([line for line in lines if line.strip(" \t")], expected)
    return Part([{"prediction": [number(cell) for cell in row.split(",")]} for row in rows])


def _document_of(inputs: Sequence[Any], request: InferenceRequest) -> bytes:
    return _dump(inputs[0])


def _from_document(body: bytes, expected: int) -> Part:
    return Part([_object(_document(body))])


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {"output": value}


def _lines(inputs: Sequence[Any], request: InferenceRequest) -> bytes:
    parameters = {name: value for name, value in request.parameters.items() if name != "input"}
    return b"".join(_dump({"input": value, **parameters}) + b"\n" for value in inputs)


def _from_lines(body: bytes, expected: int) -> Part:
    answers = _per_input([_document(line) for line in body.split(b"\n") if line.strip()], expected)
    return Part([_object(answer) for answer in answers])


FORMATS: dict[str, Format] = {
    "inputs": Format(JSON, _inputs, _from_inputs, names=GENERATION, open=True),
    "jsonlines": Format(JSON_LINES, _lines, _from_lines, names=GENERATION, open=True),
    "json": Format(JSON, _document_of, _from_document, together=False),
    "csv": Format(CSV, _csv, _from_csv),
    "classify": Format(JSON, _classify, _from_classify, names=("top_k",), open=True),
    "embed": Format(JSON, _embed, _from_embed, task="embed"),
    "text": Format(
        JSON,
        _text,
        _from_text,
        together=False,
        names=(*TEXT_PARAMETERS, "system"),
        unstated_tokens=UNSTATED_TOKENS,
        texts_only=True,
    ),
    "messages": Format(
        JSON,
        _messages,
        _from_messages,
        together=False,
        names=(*MESSAGE_PARAMETERS, "system"),
        unstated_tokens=UNSTATED_TOKENS,
        texts_only=True,
    ),
}


def in_batches(name: str) -> Format:
    """Return the format of a batch job's lines: containers of this platform read JSON Lines there."""
    return of("jsonlines" if name == "inputs" else name)
