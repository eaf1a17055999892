"""Definitions of state machines that Step Functions rejects: valid ones with one fault each."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from typing import Any

State = dict[str, Any]

GOOD: State = {
    "StartAt": "First",
    "States": {
        "First": {"Type": "Pass", "Parameters": {"kept.$": "$.given"}, "Next": "Choose"},
        "Choose": {
            "Type": "Choice",
            "Choices": [{"Variable": "$.kept", "NumericEquals": 1, "Next": "Both"}],
            "Default": "Both",
        },
        "Both": {
            "Type": "Parallel",
            "Branches": [{"StartAt": "Inner", "States": {"Inner": {"Type": "Pass", "End": True}}}],
            "ResultPath": "$.both",
            "Retry": [{"ErrorEquals": ["States.ALL"], "MaxAttempts": 1}],
            "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Last"}],
            "Next": "Each",
        },
        "Each": {
            "Type": "Map",
            "ItemsPath": "$.both",
            "ItemProcessor": {"StartAt": "One", "States": {"One": {"Type": "Pass", "End": True}}},
            "Next": "Last",
        },
        "Last": {"Type": "Pass", "Parameters": {"text.$": "States.Format('{}', 'x')"}, "End": True},
    },
}
"""Runs to its end with `{"given": 1}`."""

JSONATA: State = {"QueryLanguage": "JSONata"}
IN_STATES: dict[str, Callable[[State], Any]] = {
    "no type": lambda state: state.pop("Type"),
    "unknown type": lambda state: state.update(Type="Dance"),
    "type of another kind": lambda state: state.update(Type=7),
    "unknown field": lambda state: state.update(Colour="red"),
    "field of another state": lambda state: state.update(Branches=5),
    "next is a number": lambda state: state.update(Next=5),
    "next to nowhere": lambda state: (state.pop("End", 0), state.update(Next="Nowhere")),
    "end is a text": lambda state: state.update(End="yes"),
    "comment is a list": lambda state: state.update(Comment=[]),
    "path without end": lambda state: state.update(InputPath="$.a["),
    "path is an object": lambda state: state.update(InputPath={}),
    "result path is a number": lambda state: state.update(ResultPath=5),
    "parameters are a text": lambda state: state.update(Parameters="$.a"),
    "path in parameters is not a path": lambda state: state.update(Parameters={"a.$": 5}),
    "function without end": lambda state: state.update(Parameters={"a.$": "States.Format('x'"}),
    "function that is none": lambda state: state.update(Parameters={"a.$": "States.Sing('x')"}),
    "variable": lambda state: state.update(Parameters={"a.$": "$kept"}),
    "assign": lambda state: state.update(Assign={"kept": 1}),
    "jsonata": lambda state: state.update(JSONATA),
    "jsonata and parameters": lambda state: state.update({**JSONATA, "Parameters": {"a.$": "$.a"}}),
    "jsonata without end": lambda state: state.update({**JSONATA, "Output": "{% $sum( %}"}),
    "unknown language": lambda state: state.update(QueryLanguage="SQL"),
    "retry is an object": lambda state: state.update(Retry={}),
    "retry of nothing": lambda state: state.update(Retry=[{"MaxAttempts": 1}]),
    "catch is a text": lambda state: state.update(Catch="all"),
    "catch without errors": lambda state: state.update(Catch=[{"Next": "Last"}]),
    "timeout is a list": lambda state: state.update(TimeoutSeconds=[]),
}
IN_BLOCKS: dict[str, Callable[[State], Any]] = {
    "no start": lambda block: block.pop("StartAt"),
    "start is nowhere": lambda block: block.update(StartAt="Nowhere"),
    "start is a list": lambda block: block.update(StartAt=[]),
    "no states": lambda block: block.pop("States"),
    "states are a list": lambda block: block.update(States=[]),
    "states are empty": lambda block: block.update(States={}),
    "a state is a text": lambda block: block["States"].update(Odd="Pass"),
    "a state is null": lambda block: block["States"].update(Odd=None),
    "a state is empty": lambda block: block["States"].update(Odd={}),
    "unknown field": lambda block: block.update(Colour="red"),
    "language, then another": lambda block: block.update(
        {**JSONATA, "States": {"Odd": {"Type": "Pass", "QueryLanguage": "JSONPath", "End": True}}, "StartAt": "Odd"}
    ),
    "jsonata and parameters": lambda block: block.update(JSONATA),
    "a choice of nothing": lambda block: block["States"].update(Odd={"Type": "Choice", "Choices": []}),
    "a choice without next": lambda block: block["States"].update(
        Odd={"Type": "Choice", "Choices": [{"Variable": "$.a", "IsNull": True}]}
    ),
    "an unknown comparison": lambda block: block["States"].update(
        Odd={"Type": "Choice", "Choices": [{"Variable": "$.a", "Resembles": 1, "Next": "Odd"}]}
    ),
    "a wait for nothing": lambda block: block["States"].update(Odd={"Type": "Wait", "End": True}),
    "a wait of a text": lambda block: block["States"].update(Odd={"Type": "Wait", "Seconds": "long", "End": True}),
    "a task of nothing": lambda block: block["States"].update(Odd={"Type": "Task", "End": True}),
    "a task of an odd resource": lambda block: block["States"].update(
        Odd={"Type": "Task", "Resource": "not-an-arn", "End": True}
    ),
    "a map of nothing": lambda block: block["States"].update(Odd={"Type": "Map", "End": True}),
    "a parallel of nothing": lambda block: block["States"].update(Odd={"Type": "Parallel", "End": True}),
    "parallel branches are an object": lambda block: block["States"].update(
        Odd={"Type": "Parallel", "Branches": {}, "End": True}
    ),
}
TEXTS: dict[str, Callable[[str, random.Random], str]] = {
    "cut off": lambda text, draw: text[: draw.randrange(len(text))],
    "a bracket too few": lambda text, draw: text[:-1],
    "a bracket too many": lambda text, draw: text + draw.choice("}]{["),
    "a comma too many": lambda text, draw: text.replace("}", ",}", 1),
    "single quotes": lambda text, draw: text.replace('"', "'"),
    "not a number": lambda text, draw: text.replace("1", "NaN", 1),
    "no object": lambda text, draw: draw.choice(["null", "[]", "5", '""', "true", " "]),
    "too deep": lambda text, draw: '{"a":' * 2000 + "1" + "}" * 2000,
    "odd letters": lambda text, draw: "".join(chr(draw.choice((*range(1, 300), 0x1F600))) for _ in range(50)),
}


def made(seed: int, count: int) -> Iterator[tuple[str, str]]:
    """Yield name and text of so many faulty definitions: each fault in turn, at places that the seed draws."""
    draw = random.Random(seed)
    kinds = [("state", name) for name in IN_STATES] + [("block", name) for name in IN_BLOCKS]
    kinds += [("text", name) for name in TEXTS]
    for number in range(count):
        where, name = kinds[number % len(kinds)]
        definition = json.loads(json.dumps(GOOD))
        blocks = list(_blocks(definition))
        if where == "block":
            IN_BLOCKS[name](draw.choice(blocks))
        elif where == "state":
            IN_STATES[name](draw.choice([state for block in blocks for state in block["States"].values()]))
        text = json.dumps(definition)
        yield f"{where}: {name}", TEXTS[name](text, draw) if where == "text" else text


def _blocks(block: State) -> Iterator[State]:
    yield block
    for state in block["States"].values():
        for inner in (*state.get("Branches", []), *([state["ItemProcessor"]] if "ItemProcessor" in state else [])):
            yield from _blocks(inner)
