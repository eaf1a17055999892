"""Terraform itself reads what is written for it: a text arrives as that text, whatever it looks like."""

from __future__ import annotations

import json
import tempfile
import unicodedata
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from orchestrator.blueprints import MATRIX
from orchestrator.config.model.platform import Blueprint, Platform
from orchestrator.core.terraform_json import code, quoted, rendered
from tests.terraform import hcl
from tests.terraform.conftest import Terraform
from tests.unit.orchestrator.blueprints.stacks import written
from tests.unit.orchestrator.blueprints.templates import read, strings
from tests.unit.orchestrator.config.texts import HOSTILE, Filler

PIECES = ["$", "%", "{", "}", "${", "%{", "$${", "%%{", "~}", "if", '"', "\\", "\n", "\t", "\x1b", "é", "\u2028", "😀"]
TEXTS = st.lists(st.sampled_from(PIECES), max_size=10).map("".join)


def evaluated(terraform: Terraform, outputs: dict[str, Any], values: Any, settings: str = "") -> dict[str, Any]:
    """What a root publishes that is written as JSON, as a blueprint's is, and given values as every stack is."""
    with tempfile.TemporaryDirectory(dir=terraform.copy) as made:
        folder = Path(made)
        variables = {name: {"type": "any", "default": None} for name in ("given", "settings")}
        root = {"variable": variables, "output": {name: {"value": value} for name, value in outputs.items()}}
        (folder / "root.tf.json").write_text(json.dumps(root))
        (folder / "values.tfvars.json").write_text(json.dumps({"given": values}))
        (folder / "settings.tfvars").write_text(settings)
        files = ("-var-file=values.tfvars.json", "-var-file=settings.tfvars")
        done = terraform("apply", "-auto-approve", "-no-color", "-input=false", *files, folder=folder.name)
        assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
        published = json.loads(terraform("output", "-json", "-no-color", folder=folder.name).stdout)
    return {name: each["value"] for name, each in published.items()}


def composed(value: Any) -> Any:
    """Terraform composes characters (Unicode's NFC) in every text that it reads."""
    return json.loads(unicodedata.normalize("NFC", json.dumps(value, ensure_ascii=False)))


@pytest.mark.terraform
@settings(max_examples=3, phases=[Phase.generate], suppress_health_check=list(HealthCheck), deadline=None)
@given(st.lists(TEXTS, min_size=40, max_size=60, unique=True))
def test_any_text_arrives_as_value_as_key_in_an_expression_and_in_a_file(
    terraform: Terraform, texts: list[str]
) -> None:
    texts = [HOSTILE, *texts]
    expression = code(f"[{', '.join('{}' for _ in texts)}]", *texts)
    seen = evaluated(
        terraform,
        {
            "texts": rendered(texts),
            "keys": rendered({f"{text}.": text for text in texts}),
            "expression": rendered(expression),
            "given": "${var.given}",
            "settings": "${var.settings}",
        },
        values={"keys": {f"{text}.": text for text in texts}, "texts": texts},
        settings=f"settings = [{', '.join(quoted(text) for text in texts)}]\n",
    )
    assert seen["texts"] == seen["expression"] == seen["settings"] == texts
    assert seen["keys"] == {f"{text}.": text for text in texts}
    assert seen["given"] == {"keys": seen["keys"], "texts": texts}


@pytest.mark.terraform
def test_environment_files_full_of_code_arrive_as_they_were_written(terraform: Terraform, tmp_path: Path) -> None:
    platform = Platform.model_validate(Filler(Platform).document).model_dump(mode="json")
    expected: dict[str, list[str]] = {}
    for kind, source in sorted(MATRIX):
        filler = Filler(Blueprint, {".kind": kind, ".model.source": source, ".name": "full"})
        document = written(tmp_path / kind / source, Blueprint.model_validate(filler.document))
        expected[f"{kind}-{source}"] = sorted(set(strings(document["module"])))
    seen = evaluated(terraform, {"given": "${var.given}", **expected}, values=platform)
    assert seen.pop("given") == composed(platform)
    assert seen == {name: [composed(read(text)) for text in texts] for name, texts in expected.items()}
    assert any(HOSTILE in text for text in seen["async-bedrock"])


def test_no_parameter_holds_two_opening_braces() -> None:
    """SSM takes them for a reference to another parameter and refuses the value."""
    folders = [*(hcl.TERRAFORM / "modules").iterdir(), *hcl.ROOTS]
    blocks = [(folder.name, block) for folder in folders for block in hcl.read(folder)]
    parameters = {
        f"{folder}: {block.name}": block.body for folder, block in blocks if block.labels[:1] == ("aws_ssm_parameter",)
    }
    assert len(parameters) >= 10
    bare = [
        name
        for name, body in parameters.items()
        if "  value = replace(jsonencode(" not in body or '), "{{", "{\\\\u007b")' not in body
    ]
    assert not bare
