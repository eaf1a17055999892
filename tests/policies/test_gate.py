"""The gate fails closed: whatever keeps a rule from judging makes the scan red."""

from __future__ import annotations

import copy
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from orchestrator.errors import PolicyGateBroken
from orchestrator.policy.gate import Checkov
from tests.policies.conftest import PYTHON, REPO, copy_of_policies

CLEAN = 'resource "aws_sns_topic" "this" {\n  name              = "t"\n  kms_master_key_id = "alias/own"\n}\n'
BAD = 'resource "aws_iam_role" "this" {\n  name               = "r"\n  assume_role_policy = "{}"\n}\n'
PYTHON_RULE = '''\
"""
metadata: {id: MLOPS_BROKEN_2, name: broken, category: IAM, severity: LOW, risk: none at all, repair: none}
"""
%s
'''
RAISES = """
from rulekit import PlatformRule
class Broken(PlatformRule):
    def judge(self, kind, block):
        raise ValueError(kind)
check = Broken(__doc__, ["aws_iam_role"])
"""
CRASHING_RULE = """\
metadata: {id: MLOPS_BROKEN_1, name: crashes, category: IAM, severity: LOW, risk: none at all, repair: none}
definition: {cond_type: attribute, resource_types: [aws_sns_topic], attribute: name, operator: within, value: 5}
"""
PLAN: dict[str, Any] = {
    "format_version": "1.2",
    "terraform_version": "1.11.4",
    "planned_values": {
        "root_module": {
            "resources": [
                {
                    "address": "aws_iam_role.this",
                    "mode": "managed",
                    "type": "aws_iam_role",
                    "name": "this",
                    "provider_name": "registry.terraform.io/hashicorp/aws",
                    "schema_version": 0,
                    "values": {"name": "r", "assume_role_policy": "{}", "permissions_boundary": None},
                }
            ]
        }
    },
    "resource_changes": [
        {
            "address": "aws_iam_role.this",
            "mode": "managed",
            "type": "aws_iam_role",
            "name": "this",
            "change": {"actions": ["create"], "before": None, "after": {"name": "r"}, "after_unknown": {"arn": True}},
        }
    ],
    "configuration": {"root_module": {"resources": []}},
}


def source(folder: Path, text: str) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "main.tf").write_text(text, encoding="utf-8")
    return folder


def rules_of(findings: Any) -> set[str]:
    return {finding.rule for finding in findings}


def test_a_clean_source_passes_and_every_expected_rule_ran(gate: Checkov, tmp_path: Path) -> None:
    report = gate.scan_source(source(tmp_path / "src", CLEAN))
    assert report.passed
    assert report.findings == ()
    assert "MLOPS_IAM_1" in report.rules_expected
    assert "CKV_AWS_26" in report.rules_expected
    assert report.rules_expected <= report.rules_ran


def test_examples_are_left_out_and_nothing_else_is(gate: Checkov, tmp_path: Path) -> None:
    for folder in ("modules/role/examples/basic", "modules/examples_of_roles", "phases/1-foundation"):
        (tmp_path / "src" / folder).mkdir(parents=True)
        source(tmp_path / "src" / folder, BAD)
    report = gate.scan_source(tmp_path / "src")
    files = {finding.file for finding in report.findings if finding.rule == "MLOPS_IAM_1"}
    assert files == {"/modules/examples_of_roles/main.tf:1", "/phases/1-foundation/main.tf:1"}


def test_a_module_that_two_roots_call_is_reported_once(gate: Checkov, tmp_path: Path) -> None:
    call = 'module "role" {\n  source = "../../modules/role"\n}\n'
    for folder, text in (("modules/role", BAD), ("phases/1", call), ("phases/2", call)):
        (tmp_path / "src" / folder).mkdir(parents=True)
        source(tmp_path / "src" / folder, text)
    findings = [item for item in gate.scan_source(tmp_path / "src").findings if item.rule == "MLOPS_IAM_1"]
    assert [(item.resource, item.file) for item in findings] == [
        ("module.role.aws_iam_role.this", "/modules/role/main.tf:1")
    ]


def test_a_violation_is_reported_with_place_severity_and_repair(gate: Checkov, tmp_path: Path) -> None:
    report = gate.scan_source(source(tmp_path / "src", BAD))
    finding = next(finding for finding in report.findings if finding.rule == "MLOPS_IAM_1")
    assert not report.passed
    assert finding.resource == "aws_iam_role.this"
    assert finding.file == "/main.tf:1"
    assert finding.severity == "HIGH"
    assert finding.hint is not None
    assert "permissions_boundary" in finding.hint


def test_an_inline_skip_counts_and_keeps_its_reason(gate: Checkov, tmp_path: Path) -> None:
    skipped = BAD.replace("{\n", "{\n  # checkov:skip=MLOPS_IAM_1: the boundary itself is made with it\n", 1)
    report = gate.scan_source(source(tmp_path / "src", skipped))
    assert "MLOPS_IAM_1" not in rules_of(report.findings)
    assert [(item.rule, item.message) for item in report.skipped] == [
        ("MLOPS_IAM_1", "the boundary itself is made with it")
    ]


def test_what_a_text_says_excuses_nothing_in_source_or_plan(gate: Checkov, tmp_path: Path) -> None:
    """A description that talks of a skip, and a brace in a string that hides where the resource ends."""
    quoted = BAD.replace("{\n", '{\n  description        = "checkov:skip=MLOPS_IAM_1: said in a string"\n', 1)
    folder = source(tmp_path / "src", quoted)
    report = gate.scan_source(folder)
    assert "MLOPS_IAM_1" in rules_of(report.findings)
    assert report.skipped == ()
    assert "MLOPS_IAM_1" in rules_of(gate.scan_plan(PLAN, root=folder).findings)

    beside = CLEAN.replace("this", "other").replace("{\n", "{\n  # checkov:skip=MLOPS_IAM_1: meant for this one\n", 1)
    source(folder, BAD.replace('"r"', '"{"') + beside)
    assert "MLOPS_IAM_1" in rules_of(gate.scan_source(folder).findings)


@pytest.mark.parametrize("name", ["open.tf.json", "main_override.tf", "terraform.tfvars"])
def test_a_file_that_would_go_unjudged_is_red(gate: Checkov, tmp_path: Path, name: str) -> None:
    folder = source(tmp_path / "src", CLEAN)
    (folder / name).write_text("{}")
    with pytest.raises(PolicyGateBroken, match=rf"src/{name}: not scanned"):
        gate.scan_source(folder)


@pytest.mark.parametrize("name", [".hidden", "node_modules"])
def test_code_that_checkov_passes_over_is_red(gate: Checkov, tmp_path: Path, name: str) -> None:
    folder = source(tmp_path / "src", CLEAN)
    source(folder / name, BAD)
    with pytest.raises(PolicyGateBroken, match=rf"by no rule: .*src/{name}/main\.tf: aws_iam_role\.this"):
        gate.scan_source(folder)


def test_a_scan_sees_nothing_of_the_scan_before_it(gate: Checkov, tmp_path: Path) -> None:
    folder = source(tmp_path / "src", BAD)
    assert not gate.scan_source(folder).passed
    source(folder, CLEAN)
    assert gate.scan_source(folder).passed


def test_a_skip_of_an_unknown_rule_is_red(gate: Checkov, tmp_path: Path) -> None:
    folder = source(tmp_path / "src", CLEAN.replace("{\n", "{\n  # checkov:skip=MLOPS_IAM_99: typed wrong\n"))
    with pytest.raises(PolicyGateBroken, match=r"main\.tf:2: checkov:skip names MLOPS_IAM_99"):
        gate.scan_source(folder)


def test_a_file_that_cannot_be_parsed_is_red(gate: Checkov, tmp_path: Path) -> None:
    with pytest.raises(PolicyGateBroken, match=r"src/main\.tf: not scanned: line 1: this block is not closed"):
        gate.scan_source(source(tmp_path / "src", 'resource "aws_sns_topic" {{{\n'))


def test_a_missing_folder_is_red(gate: Checkov, tmp_path: Path) -> None:
    with pytest.raises(PolicyGateBroken, match="is not a folder"):
        gate.scan_source(tmp_path / "nothing")


def test_a_planned_violation_is_a_finding(gate: Checkov, tmp_path: Path) -> None:
    report = gate.scan_plan(PLAN, root=source(tmp_path / "root", BAD))
    assert "MLOPS_IAM_1" in rules_of(report.findings)
    assert not report.passed


def test_a_value_known_only_after_apply_is_undecided(gate: Checkov, tmp_path: Path) -> None:
    plan = copy.deepcopy(PLAN)
    del plan["planned_values"]["root_module"]["resources"][0]["values"]["permissions_boundary"]
    plan["resource_changes"][0]["change"]["after_unknown"]["permissions_boundary"] = True
    report = gate.scan_plan(plan, root=source(tmp_path / "root", BAD))
    assert "MLOPS_IAM_1" not in rules_of(report.findings)
    assert "MLOPS_IAM_1" in rules_of(report.undecided)


def test_a_skip_in_the_source_counts_for_the_plan(gate: Checkov, tmp_path: Path) -> None:
    skipped = BAD.replace("{\n", "{\n  # checkov:skip=MLOPS_IAM_1: for this test\n", 1)
    report = gate.scan_plan(PLAN, root=source(tmp_path / "root", skipped))
    assert "MLOPS_IAM_1" not in rules_of(report.findings)
    assert ("MLOPS_IAM_1", "for this test") in {(item.rule, item.message) for item in report.skipped}


def test_rules_about_source_alone_are_not_expected_of_a_plan(gate: Checkov, tmp_path: Path) -> None:
    report = gate.scan_plan(PLAN, root=source(tmp_path / "root", BAD))
    assert "MLOPS_SAGEMAKER_2" not in report.rules_expected
    assert report.rules_expected <= report.rules_ran


def test_without_checkov_nothing_is_green(policies_copy: Path) -> None:
    with pytest.raises(PolicyGateBroken, match="checkov is missing") as failure:
        Checkov(policies_copy).scan_source(policies_copy)
    assert failure.value.hint == "run `make setup`; without checkov nothing is applied"
    assert failure.value.exit_code == 7


def test_rules_that_checkov_does_not_load_are_red(policies_copy: Path) -> None:
    """One in YAML that it cannot read, one in Python that cannot be imported, and one of the platform that is gone."""
    file = policies_copy / "policies" / "checks" / "iam_boundary.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("definition:", "definitions:"), encoding="utf-8")
    rule = PYTHON_RULE % "import no_such_module"
    (policies_copy / "policies" / "checks" / "broken.py").write_text(rule, encoding="utf-8")
    with (policies_copy / "policies" / "builtin-rules.txt").open("a", encoding="utf-8") as builtin:
        builtin.write("CKV_AWS_999999\n")
    message = r"did not load 3 rule\(s\): CKV_AWS_999999, MLOPS_BROKEN_2, MLOPS_IAM_1 \("
    with pytest.raises(PolicyGateBroken, match=message):
        Checkov(policies_copy, python=PYTHON).scan_source(policies_copy)


def test_python_rules_outside_a_package_are_red(policies_copy: Path) -> None:
    (policies_copy / "policies" / "checks" / "__init__.py").unlink()
    with pytest.raises(PolicyGateBroken, match=r"did not load \d+ rule\(s\)"):
        Checkov(policies_copy, python=PYTHON).scan_source(policies_copy)


@pytest.fixture(scope="module")
def crashing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Checkov]:
    """A gate with two rules that crash: one in Python on roles, one in YAML on topics."""
    repo = copy_of_policies(tmp_path_factory.mktemp("crashing"))
    (repo / "policies" / "checks" / "broken.py").write_text(PYTHON_RULE % RAISES, encoding="utf-8")
    (repo / "policies" / "checks" / "broken.yaml").write_text(CRASHING_RULE, encoding="utf-8")
    checkov = Checkov(repo, python=PYTHON)
    yield checkov
    checkov.close()


def test_a_python_rule_that_crashes_is_red(crashing: Checkov, tmp_path: Path) -> None:
    with pytest.raises(PolicyGateBroken, match=r"the rule MLOPS_BROKEN_2 crashed on aws_iam_role\.this"):
        crashing.scan_source(source(tmp_path / "src", BAD))


def test_a_rule_that_crashes_is_red(crashing: Checkov, tmp_path: Path) -> None:
    with pytest.raises(PolicyGateBroken, match="the rule MLOPS_BROKEN_1 crashed"):
        crashing.scan_source(source(tmp_path / "src", CLEAN))


def test_variables_and_outputs_are_judged_where_they_stand(gate: Checkov, tmp_path: Path) -> None:
    secret = 'variable "count" {}\n\noutput "db_password" {\n  value = "x"\n}\n'
    findings = gate.scan_source(source(tmp_path / "src", secret)).findings
    assert [(each.rule, each.resource, each.file) for each in findings] == [
        ("MLOPS_SECRETS_1", "output.db_password", "/main.tf:3")
    ]


def test_a_rule_about_plans_alone_is_not_expected_of_a_source(gate: Checkov, tmp_path: Path) -> None:
    tagged = CLEAN.replace("}\n", '  tags_all = { environment = "dev" }\n}\n')
    report = gate.scan_source(source(tmp_path / "src", tagged))
    assert "MLOPS_TAGS_3" not in report.rules_expected | rules_of(report.findings)


def test_a_relative_path_is_the_callers_and_not_the_workers(gate: Checkov, tmp_path: Path, monkeypatch: Any) -> None:
    source(tmp_path / "src", BAD)
    monkeypatch.chdir(tmp_path)
    assert not gate.scan_source(Path("src")).passed


def test_a_linked_environment_is_the_same_one(policies_copy: Path) -> None:
    (policies_copy / ".venv-checkov").symlink_to(PYTHON.parents[1])
    assert Checkov(policies_copy).fingerprint() == Checkov(policies_copy, python=PYTHON).fingerprint()


def test_a_dead_worker_is_red_and_the_next_scan_starts_another(policies_copy: Path, tmp_path: Path) -> None:
    checkov = Checkov(policies_copy, python=PYTHON)
    folder = source(tmp_path / "src", CLEAN)
    assert checkov.scan_source(folder).passed
    worker = checkov.worker_pid
    assert worker is not None
    os.kill(worker, signal.SIGKILL)
    with pytest.raises(PolicyGateBroken, match="the policy worker has died"):
        checkov.scan_source(folder)
    assert checkov.scan_source(folder).passed
    assert checkov.worker_pid not in {worker, None}
    checkov.close()


def test_the_path_of_a_plan_is_not_a_value_of_its_blocks() -> None:
    """A checkout at a path of a certain length had no secret in it, but a path that looked like one."""
    path = "/tmp/trial/build/scratch/1of58j7v/policy-slw89syv/plan.json"
    code = f"""
from checkov.cloudformation.parser.cfn_yaml import MarkedLoader
from checkov.common.util.secrets import AWS, GENERAL, string_has_secrets
from orchestrator.policy import checkov_patches
def names():
    document = MarkedLoader('{{"a": {{"b": 1}}}}', {path!r}).get_single_data()
    return document["__file__"], document["a"]["__file__"]
assert all(string_has_secrets(name, AWS, GENERAL) for name in names()), "checkov no longer takes it for a secret"
checkov_patches.shorten_file_names()
assert names() == ("plan.json", "plan.json"), names()
"""
    subprocess.run([str(PYTHON), "-c", code], cwd=REPO, check=True)
