"""Commands that only read, and the errors of the command line itself, over fakes."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path

import pytest

from orchestrator.cli import COMMANDS, main
from tests.unit.orchestrator.cli.conftest import Cli


def test_help_lists_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    out = capsys.readouterr().out
    assert all(re.search(rf"^  {name} ", out, re.MULTILINE) for name in COMMANDS)


def test_a_mistyped_command_is_answered_with_the_near_one(cli: Cli) -> None:
    answer = cli("destory", "local")
    assert answer.code == 2
    assert "Did you mean `destroy`?" in answer.err


def test_an_unexpected_error_is_kept_in_a_file(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orchestrator.planning.phases.read", lambda repo: 1 / 0)
    answer = cli("phase", "list")
    assert answer.code == 70
    log = re.search(r"the traceback is in (\S+)", answer.err)
    assert log is not None
    assert "ZeroDivisionError" in Path(log[1]).read_text()
    Path(log[1]).unlink()


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (
            "Größe\n".encode("latin-1"),
            "error: line 1 of the text on stdin: is not UTF-8 (0xf6 at byte 3 of the line",
        ),
        ("x".encode("utf-16"), "error: line 1 of the text on stdin: is UTF-16: save it as UTF-8"),
        (b"x" * (10 * 1024 * 1024 + 1), "error: the text on stdin is larger than 10485760 bytes"),
    ],
)
def test_input_other_than_text_is_rejected(cli: Cli, monkeypatch: pytest.MonkeyPatch, given: bytes, words: str) -> None:
    cli("deploy", "local")
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(given), encoding="utf-8"))
    answer = cli("ask", "local", "reviews", "-")
    assert answer.code == 1
    assert answer.err.startswith(words)


def test_a_value_that_is_not_json_is_rejected(cli: Cli) -> None:
    cli("deploy", "local")
    answer = cli("ask", "local", "reviews", "{age: 59}", "--value")
    assert answer.code == 1
    assert answer.err.startswith("error: TEXT is not JSON: Expecting property name")


def test_outputs(cli: Cli) -> None:
    cli("deploy", "local")
    assert json.loads(cli("outputs", "local", "foundation", "--json").out)["s3"] == {"bucket_name": "data-bucket"}
    assert "s3.bucket_name" in cli("outputs", "local").out
    wrong = cli("outputs", "local", "fundation")
    assert wrong.code == 1
    assert "did you mean `foundation`?" in wrong.err


def test_outputs_of_what_is_not_deployed(cli: Cli) -> None:
    answer = cli("outputs", "local", "foundation")
    assert answer.code == 12
    assert answer.err.startswith("error: the local AWS is not running")


@pytest.mark.parametrize(("shape", "start"), [("mermaid", "flowchart LR\n"), ("dot", "digraph stacks {\n")])
def test_graph_shapes(cli: Cli, shape: str, start: str) -> None:
    assert cli("graph", "local", "--format", shape).out.startswith(start)


def test_graph(cli: Cli) -> None:
    assert cli("graph", "local").out == (
        "1  buckets\n"
        "1  foundation                    needs buckets\n"
        "1  retention                     needs buckets\n"
        "1  notifications                 needs foundation\n"
        "2  data                          needs foundation\n"
        "2  studio                        needs foundation\n"
        "2  features                      needs foundation, data\n"
        "3  models                        needs foundation, data\n"
        "3  releases                      needs foundation, models\n"
        "4  inference                     needs foundation\n"
        "4  blueprint-chat-async          needs foundation, inference\n"
        "4  blueprint-chat-batch          needs foundation, inference\n"
        "4  blueprint-chat-serverless     needs foundation, inference\n"
        "4  blueprint-chat                needs foundation, inference\n"
        "4  blueprint-reviews-async       needs foundation, models, inference\n"
        "4  blueprint-reviews-batch       needs foundation, models, inference\n"
        "4  blueprint-reviews-serverless  needs foundation, models, inference\n"
        "4  blueprint-reviews             needs foundation, models, inference\n"
        "5  monitoring                    needs foundation, data, models, inference\n"
    )
    assert json.loads(cli("graph", "local", "--json").out)[0]["name"] == "buckets"


def test_render_prints_lines_for_every_stack(cli: Cli) -> None:
    cli("deploy", "local")
    out = cli("render", "local").out
    assert out.count("terraform -chdir=") == 3 * 19
    assert "(preview" not in out
    assert "(preview: example values, local state)" in cli("render", "dev", "data").out


@pytest.mark.parametrize("name", ["platform", "blueprint", "result"])
def test_schema(cli: Cli, name: str) -> None:
    assert json.loads(cli("schema", name).out)["type"] == "object"


def test_policy_of_the_source_alone(cli: Cli) -> None:
    answer = cli("policy", "local", "--source-only")
    assert answer.code == 0
    assert "Policy gate: passed, 1 of 1 rules ran in 1 scans" in answer.out
