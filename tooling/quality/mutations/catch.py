"""Who notices a mutant: the policies, Terraform itself, the tests of the module, or those of its callers."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from orchestrator.core.types import Json
from orchestrator.errors import PolicyGateBroken
from orchestrator.policy.gate import Checkov
from orchestrator.policy.model import Finding, PolicyReport
from orchestrator.terraform.warm_provider import locate
from tooling.docs import permissions
from tooling.quality.mutations import plans
from tooling.quality.mutations.kept import OWN_CODE, Reach, callers
from tooling.quality.mutations.mutant import Mutant
from tooling.quality.mutations.table import INPUT_GUARDS

REPO = Path(__file__).resolve().parents[3]
CHECKOV = (REPO / ".venv-checkov").resolve() / "bin/python"
SECONDS = 300
OWN = "MLOPS_"
BY_TERRAFORM = "terraform"
"""Prefix of what Terraform says by itself: a reference to what is gone, a provider's or a variable's validation."""

NO_PROVIDER = "Failed to load plugin schemas"
"""Says nothing about a mutant: the machine is too busy for the provider to answer in time."""
ATTEMPTS = 4
PAUSE_SECONDS = 1.0
BY_PERMISSIONS = "permissions page"
"""`docs/reference/permissions.md` changes, so its test fails until the page is renewed and the difference reviewed."""

Findings = frozenset[tuple[str, str]]


@dataclass(frozen=True)
class Baseline:
    """Findings about unchanged code."""

    source: Findings
    statements: list[permissions.Statement]


@dataclass(frozen=True)
class Verdict:
    """The checks that caught a mutant, by kind; all empty for a survivor.

    Attributes:
        policies: ids of the rules that newly fail.
        tests: `terraform: …` or `test of <folder>: <run>`.
        reach: the last check that ran.
    """

    mutant: Mutant
    policies: tuple[str, ...]
    tests: tuple[str, ...]
    reach: Reach = Reach.SOURCE

    @property
    def caught(self) -> bool:
        return bool(self.policies or self.tests)


class BaselineRed(Exception):
    """The unchanged code is refused already, so nothing can be learned from its mutants."""


class ProviderGone(Exception):
    """Terraform gets no answer from the provider: nothing can be learned from any mutant."""


class Bench:
    """A copy of the repository's Terraform in which one mutant after another is tried.

    Args:
        copy: folder that holds `terraform/`, `tests/terraform/mocks` and `policies/`.
        env: environment of terraform, attached to a running provider where there is one.
        binary: the terraform program.
    """

    def __init__(self, copy: Path, env: Mapping[str, str], binary: str) -> None:
        self.terraform, self._pristine = copy / "terraform", copy / "pristine" / "terraform"
        self._env, self._binary = env, binary
        self._gate = Checkov(copy, python=CHECKOV)
        self._baselines: dict[Path, Baseline] = {}
        self._plans: dict[Path, Findings] = {}
        self._ready: set[Path] = set()

    def judge(self, mutant: Mutant) -> Verdict:
        """Try one mutant; the copy is as before afterwards. Raises `BaselineRed` and `ProviderGone`."""
        folder = self.terraform / mutant.folder
        if mutant.category != INPUT_GUARDS:
            self._before(folder)  # while the code is unchanged
        file = folder / mutant.file
        original = file.read_text(encoding="utf-8")
        file.write_text(mutant.applied(original), encoding="utf-8")
        try:
            policies, tests, reach = self._noticed(mutant, folder)
            return Verdict(mutant, tuple(sorted(policies)), tuple(tests), reach)
        finally:
            file.write_text(original, encoding="utf-8")

    def _noticed(self, mutant: Mutant, folder: Path) -> tuple[Iterable[str], Iterable[str], Reach]:
        """Run the policies and the permissions page always, slower checks while the mutant is not caught."""
        if mutant.category == INPUT_GUARDS:  # policies do not cover them
            refusal, _ = self._test(folder, only=_tests_of_refusals(folder, mutant))
            return (), (refusal,) if refusal else (), Reach.TESTS
        before = self._before(folder)
        policies = _new(self._scanned(folder), before.source)
        changed = permissions.statements(folder) != before.statements
        if policies or changed:
            return policies, (BY_PERMISSIONS,) if changed else (), Reach.SOURCE
        if mutant.category == "IAM":
            raise AssertionError(f"{mutant.name} changes no statement")  # a mistake of the generator
        plan_before = self._plan_before(folder)
        refusal, plan = self._test(folder)
        if plan:
            policies = _new(self._gate.scan_plan(plan, root=folder), plan_before)
        if refusal or policies:
            return policies, (refusal,) if refusal else (), Reach.TESTS
        return self._by_callers(folder)

    def _before(self, folder: Path) -> Baseline:
        if folder not in self._baselines:
            self._baselines[folder] = Baseline(_failing(self._gate.scan_source(folder)), permissions.statements(folder))
        return self._baselines[folder]

    def _plan_before(self, folder: Path) -> Findings:
        """Return the findings in a plan of the unchanged code, which is beside the mutant meanwhile."""
        if folder not in self._plans:
            pristine = self._pristine / folder.relative_to(self.terraform)
            refusal, plan = self._test(pristine)
            if refusal:
                raise BaselineRed(f"{folder.relative_to(self.terraform)}: {refusal}")
            self._plans[folder] = _failing(self._gate.scan_plan(plan, root=folder)) if plan else frozenset()
        return self._plans[folder]

    def _scanned(self, folder: Path) -> PolicyReport:
        try:
            return self._gate.scan_source(folder)
        except PolicyGateBroken as broken:  # code that checkov cannot parse: Terraform cannot either
            return PolicyReport(
                rules_expected=frozenset(),
                rules_ran=frozenset(),
                findings=(Finding("unreadable", broken.message, "", "HIGH", broken.message, None),),
                skipped=(),
                seconds=0.0,
            )

    def _by_callers(self, folder: Path) -> tuple[Iterable[str], Iterable[str], Reach]:
        """Run the tests of the roots that call the module, and scan all the source, as the gate does."""
        for root in callers(self.terraform).get(folder, ()):
            if refusal := self._test(root)[0]:
                return (), (refusal,), Reach.CALLERS
        return _new(self._gate.scan_source(self.terraform), self._policies_of_everything), (), Reach.EVERYTHING

    @cached_property
    def _policies_of_everything(self) -> Findings:
        failing = _failing(self._gate.scan_source(self.terraform))
        if failing:
            raise BaselineRed(f"the gate is red before any change: {sorted(failing)[:3]}")
        return failing

    def _test(self, folder: Path, *, only: Sequence[str] = ()) -> tuple[str | None, Json | None]:
        """Run the folder's tests; return the failed one (`None` if they pass), and the fullest of their plans."""
        name = folder.relative_to(
            self._pristine if folder.is_relative_to(self._pristine) else self.terraform
        ).as_posix()
        if folder not in self._ready:
            done = self._run(folder, "init", "-backend=false", "-input=false", "-lockfile=readonly")
            if done.returncode:
                return f"{BY_TERRAFORM}: init of {name}: {_last_line(done.stderr or done.stdout)}", None
            self._ready.add(folder)
        # Terraform's own provider would print its whole schema, 13 MB, with every plan.
        verbose = ["-verbose"] if "TF_REATTACH_PROVIDERS" in self._env and not only else []
        for attempt in range(ATTEMPTS):
            done = self._run(folder, "test", "-json", *verbose, *(f"-filter=tests/{file}" for file in only))
            messages = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
            if done.returncode == 0 or _first_error(messages) != NO_PROVIDER:
                break
            if not _listening(self._env):
                raise ProviderGone("its process has ended")
            time.sleep(attempt * PAUSE_SECONDS)
        else:
            raise ProviderGone(f"it did not answer {ATTEMPTS} times, when {name} was tested")
        plan = plans.fullest(messages) if verbose else None
        if done.returncode == 0:
            return None, plan
        refusal = _failed_run(name, messages) or f"{BY_TERRAFORM}: {_first_error(messages) or _last_line(done.stderr)}"
        return refusal, plan

    def _run(self, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self._binary, *arguments],
            cwd=folder,
            env=self._env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )

    def close(self) -> None:
        self._gate.close()


def _listening(env: Mapping[str, str]) -> bool:
    """Tell whether a provider listens at the address to which terraform attaches; otherwise it starts its own."""
    for provider in json.loads(env.get("TF_REATTACH_PROVIDERS", "{}")).values():
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            if connection.connect_ex(provider["Addr"]["String"]):
                return False
    return True


def folders(terraform: Path) -> list[Path]:
    """List every module and root; the examples, which have no file of this name, are documentation."""
    return sorted(file.parent for file in terraform.rglob("versions.tf") if ".terraform" not in file.parts)


def copy_of_repository(target: Path) -> Path:
    """Copy what the bench works on: the working tree never changes."""
    ignored = shutil.ignore_patterns(".terraform", "*.tfstate*", "__pycache__")
    for part in ("terraform", "policies", "tests/terraform/mocks"):
        shutil.copytree(REPO / part, target / part, ignore=ignored)
    (target / "orchestrator").symlink_to(REPO / "orchestrator")
    for folder in folders(target / "terraform"):
        shutil.copy(REPO / "terraform/.terraform.lock.hcl", folder)
    for part in ("terraform", "tests"):
        shutil.copytree(target / part, target / "pristine" / part)
    return target


def _tests_of_refusals(folder: Path, mutant: Mutant) -> list[str]:
    """List the test files that expect a refusal of the variable (or any, for guards of resources)."""
    refusals = re.compile(r"expect_failures\s*=\s*\[[^\]]*" + re.escape(".".join(mutant.address.split(".")[:2])))
    if mutant.address.startswith("variable."):
        refusals = re.compile(r"expect_failures\s*=\s*\[[^\]]*var\." + mutant.address.split(".")[1] + r"\b")
    files = sorted((folder / "tests").glob("*.tftest.hcl"))
    return [file.name for file in files if refusals.search(file.read_text(encoding="utf-8"))]


def _new(report: PolicyReport, before: Findings) -> set[str]:
    return {rule for rule, _ in _failing(report) - before}


def _failing(report: PolicyReport) -> Findings:
    return frozenset((finding.rule, finding.resource) for finding in report.findings)


def _failed_run(folder: str, messages: list[Json]) -> str | None:
    """Return the first run whose assertion failed; `None` if Terraform refused before any could."""
    for message in messages:
        run = message.get("test_run")
        # A guard that let something pass counts as an error of the run, not as its failure.
        failures = ("fail", "error") if _first_error(messages) == "Missing expected failure" else ("fail",)
        if isinstance(run, dict) and run.get("status") in failures:
            return f"test of {folder}: {run['run']}"
    return None


def _first_error(messages: list[Json]) -> str:
    for message in messages:
        diagnostic = message.get("diagnostic")
        if isinstance(diagnostic, dict) and diagnostic.get("severity") == "error":
            return str(diagnostic["summary"])
    return ""


def _last_line(text: str) -> str:
    lines = [line for line in text.strip().splitlines() if line.strip()]
    return lines[-1] if lines else "no output"


def tools(snapshot: Path, terraform: str) -> str:
    """Return what every verdict depends on besides the code: rules, programs with versions, and how they are run."""
    gate = Checkov(snapshot, python=CHECKOV)
    version = subprocess.run([terraform, "version"], env=environment(), capture_output=True, text=True, check=True)
    provider = locate.provider_binary(REPO)
    parts = [gate.fingerprint(), version.stdout.splitlines()[0], provider.name if provider else "no running provider"]
    files = [REPO / "terraform/.terraform.lock.hcl", *(REPO / file for file in OWN_CODE)]
    parts += [hashlib.sha256(file.read_bytes()).hexdigest() for file in files]
    return "\n".join(parts)


def environment() -> dict[str, str]:
    """Return terraform's environment: without credentials, since everything is mocked."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
    configuration = REPO / ".tools/terraform.rc"
    return kept | {
        "AWS_EC2_METADATA_DISABLED": "true",
        "CHECKPOINT_DISABLE": "1",
        "TF_IN_AUTOMATION": "1",
        **({"TF_CLI_CONFIG_FILE": str(configuration)} if configuration.exists() else {}),
    }
