"""The READMEs of the modules are what the code says, and lead with an example that the module's tests plan."""

from __future__ import annotations

from pathlib import Path

import pytest

from tooling.docs import modules

MODULES = pytest.mark.parametrize("module", modules.modules(), ids=lambda path: path.name)


def test_the_generated_parts_are_current(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("sys.argv", ["module_docs", "--check"])
    assert modules.main() == 0, capsys.readouterr().err


@MODULES
def test_a_readme_says_what_it_is_before_the_example_and_lists_at_the_end(module: Path) -> None:
    text = (module / "README.md").read_text(encoding="utf-8")
    head = text.partition(modules.EXAMPLE_START)[0]
    title, *lines = [line for line in head.splitlines() if line and not line.startswith("## ")]
    assert title.startswith("# ")
    assert sum(map(len, lines)) > 60, "nothing says what the module is"
    assert text.index(modules.EXAMPLE_END) < text.index(modules.TABLES_START)


@MODULES
def test_the_example_is_planned_by_the_tests_of_the_module(module: Path) -> None:
    planned = (module / "tests/example.tftest.hcl").read_text(encoding="utf-8")
    assert 'source = "./examples/basic"' in planned
    assert "command = plan" in planned
    example = (module / modules.EXAMPLE).read_text(encoding="utf-8")
    assert 'source = "../.."' in example
    # The versions are those of the module that it calls.
    assert [file.name for file in (module / modules.EXAMPLE.parent).glob("*.tf")] == [modules.EXAMPLE.name]
    assert "required_" not in example


@pytest.fixture
def module(tmp_path: Path) -> Path:
    folder = tmp_path / "queue"
    (folder / "examples/basic").mkdir(parents=True)
    (folder / "examples/basic/main.tf").write_text('module "queue" {\n  source = "../.."\n}\n')
    (folder / "variables.tf").write_text(
        'variable "queue" {\n  description = "One queue | or two."\n  type = object({\n    name = string\n'
        "    days = optional(number, 4)\n  })\n\n  validation {\n    condition     = var.queue.days > 0\n"
        '    error_message = "queue.days must be positive, got ${var.queue.days}."\n  }\n}\n'
    )
    (folder / "outputs.tf").write_text('output "arn" {\n  description = "Its ARN."\n  value       = "x"\n}\n')
    (folder / "queue.tf").write_text('resource "aws_sqs_queue" "this" {\n  name = var.queue.name\n}\n')
    return folder


def test_tables_tell_inputs_rules_outputs_and_resources(module: Path) -> None:
    text = modules.tables(module)
    for line in (
        "| `queue` | object | required | One queue \\| or two. |",
        "| `queue.name` | string | required |  |",
        "| `queue.days` | number | `4` |  |",
        "- queue.days must be positive",
        "| `arn` | Its ARN. |",
        "| `aws_sqs_queue.this` | [queue.tf](queue.tf) |",
    ):
        assert line in text.splitlines()


def test_what_is_written_by_hand_stays(module: Path) -> None:
    written = f"# Queue\n\n{modules.EXAMPLE_START}old{modules.EXAMPLE_END}\nWhy.\n\n{modules.TABLES_START}old"
    text = modules.readme(module, written)
    assert text.startswith("# Queue\n")
    assert "\nWhy.\n" in text
    assert "old" not in text
    assert 'source = "../../modules/queue"' in text
    assert modules.readme(module, text) == text


def test_a_lost_marker_is_an_error(module: Path) -> None:
    with pytest.raises(ValueError, match=r"queue/README\.md must have this line once"):
        modules.readme(module, "# Queue\n")


def test_a_rule_that_cannot_be_read_is_an_error(module: Path) -> None:
    variables = module / "variables.tf"
    variables.write_text(variables.read_text().replace("error_message", "message"))
    with pytest.raises(ValueError, match=r"validation of var\.queue has no error_message"):
        modules.tables(module)
