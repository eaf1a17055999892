"""Rules for the permissions of every workflow, job and step.

Code of a pull request is not trusted before review. It may run with a token that reads this repository; write access
is confined to jobs that run none of it, and AWS credentials to environments with reviewers.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

FOLDER = Path(__file__).resolve().parents[2] / ".github" / "workflows"
FILES = sorted(FOLDER.glob("*.y*ml"))
DOCUMENTS: dict[str, dict[Any, Any]] = {file.name: yaml.safe_load(file.read_text(encoding="utf-8")) for file in FILES}
PINNED = re.compile(r"^[\w.-]+/[\w./-]+@[0-9a-f]{40}$")
USES = re.compile(r"^\s*(?:- )?uses:\s*(?P<action>\S+)(?P<comment>.*)$", re.MULTILINE)
VERSION = re.compile(r"^ # v\d+\.\d+\.\d+$")
FORK = "github.event.pull_request.head.repo.full_name == github.repository"
HARMLESS = {"contents": "read", "actions": "read"}
JOBS = [(file, name, job) for file, document in DOCUMENTS.items() for name, job in document["jobs"].items()]
STEPS = [
    pytest.param(file, job, step, id=f"{file}-{name}-{number}")
    for file, name, job in JOBS
    for number, step in enumerate(job["steps"])
]
every_job = pytest.mark.parametrize(
    ("file", "name", "job"), [pytest.param(*each, id=f"{each[0]}-{each[1]}") for each in JOBS]
)
every_step = pytest.mark.parametrize(("file", "job", "step"), STEPS)


def triggers(file: str) -> dict[str, Any]:
    """Return a workflow's triggers. YAML 1.1 reads the key `on` as true."""
    events: dict[str, Any] = DOCUMENTS[file][True]
    return events


def on_pull_requests(file: str, job: dict[str, Any]) -> bool:
    return "pull_request" in triggers(file) and "github.event_name != 'pull_request'" not in str(job.get("if", ""))


def runs_for_forks(file: str, job: dict[str, Any]) -> bool:
    """Tell whether a pull request from a fork runs this job, given its conditions and those of the jobs it needs."""
    if not on_pull_requests(file, job) or FORK in str(job.get("if", "")):
        return False
    needs = job.get("needs", [])
    required = [needs] if isinstance(needs, str) else needs
    return all(runs_for_forks(file, DOCUMENTS[file]["jobs"][name]) for name in required)


def runs_code_of_the_repository(job: dict[str, Any]) -> bool:
    return any(str(step.get("uses", "")).startswith("actions/checkout@") for step in job["steps"])


def writes(job: dict[str, Any]) -> set[str]:
    return {scope for scope, level in job["permissions"].items() if level == "write"}


def test_all_workflows_are_checked() -> None:
    assert {"ci.yml", "deploy.yml", "release.yml"} <= set(DOCUMENTS)
    assert len(STEPS) > 20


# ---- workflows ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("file", DOCUMENTS)
def test_a_workflow_grants_no_permissions_to_all_its_jobs(file: str) -> None:
    assert DOCUMENTS[file]["permissions"] == {}


@pytest.mark.parametrize("file", DOCUMENTS)
def test_no_trigger_runs_with_the_permissions_of_the_base_branch(file: str) -> None:
    assert not {"pull_request_target", "workflow_run", "issue_comment"} & set(triggers(file))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_no_workflow_needs_a_stored_secret(file: Path) -> None:
    assert not re.search(r"\bsecrets\s*[.\[]|secrets: inherit", file.read_text(encoding="utf-8"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_actions_are_pinned_by_commit_with_their_version_in_a_comment(file: Path) -> None:
    uses = list(USES.finditer(file.read_text(encoding="utf-8")))
    assert len(uses) == sum("uses" in step for each, _, job in JOBS for step in job["steps"] if each == file.name)
    for use in uses:
        assert PINNED.match(use["action"]), use["action"]
        assert VERSION.match(use["comment"]), f"{use['action']}{use['comment']}"


def test_an_action_has_one_version_everywhere() -> None:
    pins = {use["action"] + use["comment"] for file in FILES for use in USES.finditer(file.read_text(encoding="utf-8"))}
    names = [each.partition("@")[0] for each in pins]
    assert len(names) == len(set(names)), sorted(pins)


# ---- jobs ---------------------------------------------------------------------------------------------------------


@every_job
def test_a_job_declares_its_permissions(file: str, name: str, job: dict[str, Any]) -> None:
    assert isinstance(job.get("permissions"), dict)
    assert set(job["permissions"].values()) <= {"read", "write"}
    assert "uses" not in job, "reusable workflows are not checked here"


@every_job
def test_a_job_has_a_timeout_and_a_fresh_runner(file: str, name: str, job: dict[str, Any]) -> None:
    assert 0 < job["timeout-minutes"] <= 180
    assert job["runs-on"] == "ubuntu-24.04", "a GitHub-hosted runner, new for each job"


@every_job
def test_forks_get_read_access_only(file: str, name: str, job: dict[str, Any]) -> None:
    if runs_for_forks(file, job):
        assert job["permissions"].items() <= HARMLESS.items()
        assert "environment" not in job


@every_job
def test_code_of_a_pull_request_never_runs_with_write_access(file: str, name: str, job: dict[str, Any]) -> None:
    if on_pull_requests(file, job) and runs_code_of_the_repository(job):
        assert writes(job) <= {"id-token"}


@every_job
def test_credentials_are_for_reviewed_environments(file: str, name: str, job: dict[str, Any]) -> None:
    uses = [step for step in job["steps"] if "configure-aws-credentials" in str(step.get("uses", ""))]
    assert bool(uses) == ("id-token" in job["permissions"]), "each is useless without the other"
    if not uses:
        return
    assert job["environment"], "the role trusts the environment and its reviewers"
    if on_pull_requests(file, job):
        assert str(job["environment"]).endswith("-plan"), "pull requests only plan, with a read-only role"
        assert "protected" in job["needs"]
        assert job["strategy"]["matrix"]["environment"] == "${{ fromJSON(needs.protected.outputs.environments) }}"
        rules = str(DOCUMENTS[file]["jobs"]["protected"]["steps"])
        assert "required_reviewers" in rules
    else:
        assert "github.ref == 'refs/heads/main'" in job["if"], "only merged code, also by hand"
    assert writes(job) == {"id-token"}


@every_job
def test_a_job_with_credentials_uses_no_cache(file: str, name: str, job: dict[str, Any]) -> None:
    if "id-token" in job["permissions"]:
        assert not [
            step for step in job["steps"] if "cache" in step.get("with", {}) or "/cache" in step.get("uses", "")
        ]


@every_job
def test_tooling_is_set_up_before_there_are_credentials(file: str, name: str, job: dict[str, Any]) -> None:
    steps = [f"{step.get('uses', '')}{step.get('run', '')}" for step in job["steps"]]
    start = next((at for at, step in enumerate(steps) if "configure-aws-credentials" in step), len(steps))
    assert not [step for step in steps[start:] if "setup" in step]


# ---- steps --------------------------------------------------------------------------------------------------------


@every_step
def test_scripts_contain_no_expressions(file: str, job: dict[str, Any], step: dict[str, Any]) -> None:
    """Values of events, inputs and matrices are passed as environment variables, never as part of the script."""
    assert "${{" not in step.get("run", "")
    assert not re.search(r"\beval\b|bash -c|sh -c", step.get("run", ""))


@every_step
def test_checkouts_do_not_persist_credentials(file: str, job: dict[str, Any], step: dict[str, Any]) -> None:
    if str(step.get("uses", "")).startswith("actions/checkout@"):
        assert step["with"] == {"persist-credentials": False}


@every_step
def test_tokens_are_passed_only_to_steps_without_code_of_the_repository(
    file: str, job: dict[str, Any], step: dict[str, Any]
) -> None:
    assert "env" not in job
    assert "env" not in DOCUMENTS[file]
    if "github.token" in str(step):
        assert not runs_code_of_the_repository(job)
        assert set(step["env"]) >= {"GH_TOKEN"}


# ---- releases -----------------------------------------------------------------------------------------------------


RELEASE = DOCUMENTS["release.yml"]["jobs"]


def commands(job: str) -> str:
    return "\n".join(step.get("run", "") for step in RELEASE[job]["steps"])


def test_only_version_tags_start_a_release() -> None:
    assert triggers("release.yml") == {"push": {"tags": ["v*"]}}


def test_a_release_needs_the_gate_and_its_notes() -> None:
    assert set(RELEASE["release"]["needs"]) == {"gate", "notes"}
    assert {"make lint", "make test-full"} <= set(commands("gate").splitlines())
    assert 'tooling.release_notes "$TAG" "$URL" > release-notes.md' in commands("notes")
    assert "--notes-file release-notes.md" in commands("release")
    assert "--verify-tag" in commands("release")


def test_only_the_job_that_creates_the_release_writes_and_it_runs_no_code_of_the_repository() -> None:
    rights = {name: writes(job) for name, job in RELEASE.items()}
    assert rights == {"notes": set(), "gate": set(), "release": {"contents"}}
    assert not runs_code_of_the_repository(RELEASE["release"])


def test_a_release_is_built_without_a_cache() -> None:
    """Caches are shared with jobs that run the code of pull requests."""
    assert not [step for job in RELEASE.values() for step in job["steps"] if "cache" in step.get("with", {})]
