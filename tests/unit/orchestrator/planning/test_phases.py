from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.errors import ConfigError
from orchestrator.planning import phases

TEXT = "name: {name}\norder: {order}\ntitle: T\n"


def test_the_repository_has_five_phases_in_order(repo: Path) -> None:
    names = [phase.name for phase in phases.read(repo)]
    assert names == ["foundation", "data", "models", "inference", "monitoring"]


def test_every_upstream_phase_has_example_outputs(repo: Path) -> None:
    read = phases.read(repo)
    examples = phases.read_examples(repo, read)
    used = {name for phase in read for name in phase.upstream}
    used |= {name for phase in read for stack in phase.stacks for name in stack.upstream}
    assert {"buckets", "foundation"} <= used <= set(examples)
    assert all(name not in examples[name] for name in used), "the object itself, not under its own name"


def test_phases_come_in_the_order_that_they_state() -> None:
    texts = {"a": TEXT.format(name="late", order=2), "b": TEXT.format(name="early", order=1)}
    assert [phase.name for phase in phases.parse(texts)] == ["early", "late"]


@pytest.mark.parametrize(
    ("line", "message", "hint"),
    [
        (
            "needs: [fundation]",
            "p/phase.yaml: needs names `fundation`; known: foundation",
            "did you mean `foundation`?",
        ),
        ("values: [netwrok]", "p/phase.yaml: values names `netwrok`", "did you mean `network`?"),
        ("upstream: [zzz]", "p/phase.yaml: upstream names `zzz`", None),
        ("after: [dance]", "p/phase.yaml:4: after[0]: Input should be 'pipeline' or 'keys' (received 'dance')", None),
        ("nedds: []", "p/phase.yaml:4: nedds: Extra inputs are not permitted", None),
        ("stacks: [{name: x, upstream: [zzz]}]", "p/phase.yaml: stacks.x.upstream names `zzz`", None),
        (
            "stacks: [{name: x, upstream: [data], values: [dta]}]",
            "p/phase.yaml: stacks.x.values names `dta`",
            "did you mean `data`?",
        ),
        ("stacks: [{name: x, upstream: [x]}]", "p/phase.yaml: stacks.x.upstream names `x`", None),
        ("needs: [shed]", "p/phase.yaml: needs names `shed`; known: foundation", None),
        (
            "stacks: [{name: seaside}]\nneeds: [seasid]",
            "p/phase.yaml: needs names `seasid`; known: foundation, seaside",
            "did you mean `seaside`?",
        ),
        ("needs: [", "p/phase.yaml:4: is not valid YAML", None),
    ],
)
def test_a_mistake_is_named_with_its_file(line: str, message: str, hint: str | None) -> None:
    first = TEXT.format(name="foundation", order=1) + "stacks: [{name: shed}]\n"
    texts = {"f": first, "p": TEXT.format(name="data", order=2) + line}
    with pytest.raises(ConfigError) as error:
        phases.parse(texts)
    assert error.value.message.startswith(message)
    assert error.value.hint == hint


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        ("phase.yaml", "title: Größe".encode("latin-1"), "phase.yaml:1: is not UTF-8 (0xf6 at byte 10 of the line"),
        (
            "phase.yaml",
            b"a: &a [*a]",
            "phase.yaml:1: a: `&a` is an anchor, which is not supported: write the value out",
        ),
        ("phase.yaml", b"title: 2027-02-30", "phase.yaml:1: title: is not a valid date"),
        ("phase.yaml", b"", "phase.yaml:1: is empty"),
        ("example.outputs.json", b'{"a": 1,\n "b": }', "example.outputs.json:2: is not valid JSON: Expecting value"),
        ("example.outputs.json", b"[1]", "example.outputs.json:1: must be an object (received [1])"),
        ("example.outputs.json", b"[" * 100_000, "example.outputs.json:1: is not valid JSON: maximum recursion depth"),
        ("example.outputs.json", b"\xff\xfe{", "example.outputs.json:1: is UTF-16: save it as UTF-8"),
    ],
)
def test_a_file_that_cannot_be_read_is_named_with_its_line(
    tmp_path: Path, file: str, content: bytes, message: str
) -> None:
    folder = tmp_path / "terraform/phases/1-x"
    folder.mkdir(parents=True)
    (folder / "phase.yaml").write_text(TEXT.format(name="x", order=1))
    (folder / file).write_bytes(content)
    with pytest.raises(ConfigError) as error:
        phases.read_examples(tmp_path, phases.read(tmp_path))
    assert error.value.message.startswith(f"terraform/phases/1-x/{message}")
