"""Roots and files: formatted, valid, locked alike, and fed with what the environment files know."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from orchestrator.config.model import platform as models
from tests.fakes import platforms
from tests.terraform import hcl
from tests.terraform.conftest import LOCK, Terraform

ROOTS = pytest.mark.parametrize("root", hcl.ROOTS, ids=hcl.root_id)
BUILT_ON = pytest.mark.parametrize("root", [*hcl.PHASES, hcl.PHASES[0] / "buckets"], ids=hcl.root_id)
PLAIN = hcl.PHASES[0] / "buckets"
ALWAYS = {"context", "provider_options"}
OPTIONAL = re.compile(r"^\s+(\w+)\s*=\s*optional\((\w+)(?:, (.+))?\)$", re.MULTILINE)


@pytest.mark.terraform
def test_everything_is_formatted(terraform: Terraform) -> None:
    done = terraform("fmt", "-check", "-recursive", "-diff")
    assert done.returncode == 0, f"run `terraform fmt -recursive terraform`:\n{done.stdout}{done.stderr}"


@pytest.mark.terraform
@ROOTS
def test_a_root_is_valid(terraform: Terraform, validating_terraform: Terraform, root: Path) -> None:
    # A running provider does not receive its block, which is the same everywhere: one root is validated without it.
    run = terraform if root == PLAIN else validating_terraform
    folder = f"phases/{hcl.root_id(root)}"
    run.init(folder)
    done = run("validate", "-no-color", folder=folder)
    assert done.returncode == 0, f"{done.stdout}{done.stderr}"
    assert "Warning" not in done.stdout, done.stdout


@ROOTS
def test_a_root_configures_the_provider_as_all_others_do(root: Path) -> None:
    assert (root / "providers.tf").read_bytes() == (PLAIN / "providers.tf").read_bytes()
    assert [block.labels for block in hcl.read(root) if block.kind == "provider"] == [("aws",)]


@pytest.mark.terraform
def test_what_only_the_provider_knows_is_validated_too(validating_terraform: Terraform) -> None:
    folder = validating_terraform.copy / "mistaken"
    folder.mkdir()
    (folder / "keys.tf").write_text('resource "aws_kms_key" "this" {\n  rotation_period_in_days = 5\n}\n')
    (folder / LOCK.name).write_bytes(LOCK.read_bytes())
    validating_terraform.init(folder.name)
    done = validating_terraform("validate", "-no-color", folder=folder.name)
    assert done.returncode == 1
    assert "`enable_key_rotation,rotation_period_in_days` must be specified" in done.stderr


@ROOTS
def test_a_root_has_the_canonical_lock_file(root: Path) -> None:
    assert (root / LOCK.name).read_bytes() == LOCK.read_bytes(), f"cp {LOCK} {root}"


def test_the_lock_file_serves_more_than_one_platform() -> None:
    hashes = re.findall(r'"((?:h1|zh):[^"]+)"', LOCK.read_text(encoding="utf-8"))
    assert len([h for h in hashes if h.startswith("h1:")]) >= 2, "one h1 only: written by a single machine"
    assert len([h for h in hashes if h.startswith("zh:")]) >= 10, "release hashes are missing"


@ROOTS
def test_a_root_declares_the_variables_of_its_description(root: Path) -> None:
    described = hcl.description(root)
    declared = {block.labels[0] for block in hcl.read(root) if block.kind == "variable"}
    assert declared == ALWAYS | set(described["values"]) | set(described["upstream"])


@BUILT_ON
def test_an_example_is_of_the_stack_alone(root: Path) -> None:
    example = json.loads((root / "example.outputs.json").read_text(encoding="utf-8"))
    assert list(example) == [hcl.description(root)["name"]]
    assert all(next(iter(example.values())).values()), "an example without values is useless"


def test_a_stack_beside_its_phase_is_listed_and_the_other_way_round() -> None:
    listed = {phase / each["name"] for phase in hcl.PHASES for each in hcl.description(phase).get("stacks", ())}
    assert listed == set(hcl.ROOTS) - set(hcl.PHASES)


def test_folders_called_examples_belong_to_modules() -> None:
    """The policy gate passes over folders of this name, so nothing that is deployed may be in one."""
    examples = [path for path in hcl.TERRAFORM.rglob("examples") if ".terraform" not in path.parts]
    assert examples
    assert all(path.parent.parent == hcl.TERRAFORM / "modules" for path in examples)


def test_every_bucket_has_a_lifecycle_in_the_stack_for_it() -> None:
    """The buckets skip checkov's rule (CKV2_AWS_61), which cannot see across stacks; so this looks instead."""
    buckets, skipped = set(), 0
    for folder in (hcl.TERRAFORM / "modules").iterdir():
        for file in folder.glob("*.tf"):
            text = file.read_text(encoding="utf-8")
            buckets |= {labels[1] for labels in map(_labels, hcl.parse(text)) if labels[:1] == ("aws_s3_bucket",)}
            skipped += text.count("checkov:skip=CKV2_AWS_61:")
    module = hcl.read(hcl.TERRAFORM / "modules/s3_lifecycle")
    ruled = {labels[1] for labels in map(_labels, module) if labels[:1] == ("aws_s3_bucket_lifecycle_configuration",)}
    assert buckets == ruled == {"data", "logs"}
    assert skipped == len(buckets)
    calls = [block.body for block in hcl.read(hcl.PHASES[0] / "retention") if block.name == "module.s3_lifecycle"]
    assert len(calls) == 1
    assert re.search(r"data_bucket_name = var.buckets.s3_buckets.data.name\n", calls[0])
    assert re.search(r"log_bucket_name  = var.buckets.s3_buckets.logs.name\n", calls[0])


ELSEWHERE = {
    # The rule: what has to be set on the data bucket, and on the log bucket unless that skips it for good.
    "CKV_AWS_18": ("aws_s3_bucket_logging", {"data"}),
    "CKV_AWS_145": ("aws_s3_bucket_server_side_encryption_configuration", {"data", "logs"}),
    "CKV2_AWS_62": ("aws_s3_bucket_notification", {"data"}),
}


@pytest.mark.parametrize("rule", ELSEWHERE)
def test_what_a_bucket_skips_is_set_in_the_stack_that_has_the_keys(rule: str) -> None:
    """Same reason: bucket and setting are in two stacks. The skip must be there, and so must the setting."""
    kind, buckets = ELSEWHERE[rule]
    bucket = (hcl.TERRAFORM / "modules/s3_buckets/data_bucket.tf").read_text(encoding="utf-8")
    assert bucket.count(f"checkov:skip={rule}:") == 1
    settings = [block for block in hcl.read(hcl.TERRAFORM / "modules/s3") if _labels(block)[:1] == (kind,)]
    assert {block.labels[1] for block in settings} == buckets
    for block in settings:
        assert re.search(rf"^  bucket +=\s*var\.buckets\.{block.labels[1]}\.name$", block.body, re.MULTILINE), (
            block.name
        )
        assert not re.search(r"^  (count|for_each)\s*=", block.body, re.MULTILINE), f"{block.name} may be missing"
    [call] = [block.body for block in hcl.read(hcl.PHASES[0]) if block.name == "module.s3"]
    assert re.search(r"^  buckets +=\s*var\.buckets\.s3_buckets$", call, re.MULTILINE)


def _labels(block: hcl.Block) -> tuple[str, ...]:
    return block.labels if block.kind == "resource" else ()


@ROOTS
def test_defaults_are_those_of_the_environment_files(root: Path) -> None:
    """A section's fields exist in the model, and the few that both give a default give the same one."""
    platform = platforms.platform()
    compared = 0
    for block in hcl.read(root):
        section = getattr(platform, block.labels[0], None) if block.kind == "variable" else None
        if not isinstance(section, models.Section) or block.labels[0] not in hcl.description(root)["values"]:
            continue
        known = json.loads(section.model_dump_json())
        below = _fields_below(type(section))
        for name, _type, default in OPTIONAL.findall(block.body):
            if name not in known:
                assert name in below, f"{root.name}: {block.labels[0]}.{name} is in no environment file"
                continue
            if default and default[0] not in "[{":
                assert json.loads(default) == known[name], f"{root.name}: {block.labels[0]}.{name}"
                compared += 1
    assert compared or not {"network", "storage", "data", "training", "inference"} & set(
        hcl.description(root)["values"]
    )


def _fields_below(section: type[models.Section]) -> set[str]:
    """Fields of the sections inside a section, present or not (an optional one, a map of them)."""
    inner = section.model_json_schema().get("$defs", {})
    return {name for each in inner.values() for name in each.get("properties", {})}
