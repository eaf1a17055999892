"""Let one model answer: `python -m evaluation.predict MODEL INPUTS OUTPUTS`, both files in JSON Lines.

Each model has its own process, because two of them may need different versions of the same modules. Its functions are
called as the framework containers call them.
"""

from __future__ import annotations

import importlib
import inspect
import json
import sys
from pathlib import Path
from typing import Any

JSON = "application/json"
INPUTS_OF_A_REQUEST = 100
NEEDED = ("input_fn", "predict_fn", "output_fn")


def main(model: Path, source: Path, target: Path) -> None:
    inputs = [json.loads(line) for line in source.read_text(encoding="utf-8").split("\n") if line]
    answer = handler(model)
    with target.open("w", encoding="utf-8") as sink:
        for start in range(0, len(inputs), INPUTS_OF_A_REQUEST):
            batch = inputs[start : start + INPUTS_OF_A_REQUEST]
            for output in answered(answer(json.dumps({"inputs": batch})), len(batch)):
                sink.write(json.dumps(output) + "\n")


def handler(model: Path) -> Any:
    """Load a model; return the function from a request's body to the answer's."""
    sys.path.insert(0, str(model / "code"))
    module = importlib.import_module("inference")
    if not hasattr(module, "model_fn"):
        raise NotImplementedError("inference.py has no model_fn, which loads the model")
    loaded = call(module.model_fn, str(model))
    if hasattr(module, "transform_fn"):
        return lambda body: first(call(module.transform_fn, loaded, body, JSON, JSON))
    missing = [name for name in NEEDED if not hasattr(module, name)]
    if missing:
        raise NotImplementedError(f"inference.py has no {', '.join(missing)}, without which it answers no JSON")

    def answer(body: str) -> Any:
        prediction = call(module.predict_fn, call(module.input_fn, body, JSON), loaded)
        return first(call(module.output_fn, prediction, JSON))

    return answer


def call(function: Any, *arguments: Any) -> Any:
    """Call a handler function; newer ones take a context as their last argument, which is `None` here."""
    count = len(inspect.signature(function).parameters)
    return function(*arguments, None) if count == len(arguments) + 1 else function(*arguments)


def first(result: Any) -> Any:
    """Return the body of an answer that may come with its content type."""
    return result[0] if isinstance(result, tuple) else result


def answered(body: Any, expected: int) -> list[Any]:
    """Return the outputs of an answer. Raises `ValueError` if it does not have one for each input."""
    answer = json.loads(body)
    outputs = answer.get("outputs") if isinstance(answer, dict) else None
    if not isinstance(outputs, list) or len(outputs) != expected:
        number = len(outputs) if isinstance(outputs, list) else "none"
        raise ValueError(f"an answer must have one of 'outputs' for each of 'inputs': {number} for {expected}")
    return outputs


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
