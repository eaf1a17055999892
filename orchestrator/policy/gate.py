"""The policy gate: checkov with the project's rules, failing closed.

`Checkov` sends scans to a long-lived worker process (`worker.py`) in checkov's virtual environment. It raises
`PolicyGateBroken` when the worker is missing, dies or does not respond, when a rule was not loaded or crashed, when
Terraform would load a file that was not scanned, and when an inline skip names no rule or gives no reason: in all these
cases checkov alone exits with success.
"""

from __future__ import annotations

import atexit
import contextlib
import hashlib
import json
import os
import select
import subprocess
import tempfile
import threading
import time
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import IO, Any

from orchestrator.core.environment import base_env
from orchestrator.core.types import Json
from orchestrator.errors import PolicyGateBroken
from orchestrator.policy import files as checkov_files
from orchestrator.policy import skips
from orchestrator.policy.model import Finding, PolicyReport
from orchestrator.policy.plan_source import PlanSource, as_yaml, inside
from orchestrator.policy.roots import parts as parts_of
from orchestrator.policy.rules import BUILTIN_LIST, CHECKS_DIR, Rule, builtin_rules, own_rules, rule_files
from orchestrator.system import scratch

START_SECONDS = 120
SCAN_SECONDS = 300


class Checkov:
    """Implement `PolicyGate` with checkov.

    Args:
        repo: root of the repository (holds `policies/` and `.venv-checkov/`).
        python: interpreter that has checkov.
    """

    def __init__(self, repo: Path, *, python: Path | None = None) -> None:
        self._repo = repo
        self._python = python or repo / ".venv-checkov" / "bin" / "python"
        self._worker: _Worker | None = None
        self._lock = threading.Lock()
        self._preparing = False

    @cached_property
    def _own_folder(self) -> Path:
        """The folder for plans; the next run deletes what a killed run leaves there."""
        return scratch.folder((self._repo / scratch.FOLDER).resolve())

    def scan_source(self, folder: Path, *, fresh: bool = False) -> PolicyReport:
        """Scan all code under a folder, and the local modules that it calls."""
        if not folder.is_dir():
            raise PolicyGateBroken(f"nothing to scan: {folder} is not a folder")
        started = time.monotonic()
        # The worker has another working directory: a relative path would name a folder without code, which passes.
        folder = folder.resolve()
        skips.forget()
        code = checkov_files.code(folder)
        rules, result = self._scan("source", folder, parts=parts_of(folder), skips_in=code)
        if lost := checkov_files.unjudged(code, result["judged"]):
            raise PolicyGateBroken(
                f"checkov checked {len(lost)} block(s) by no rule: {', '.join(lost[:5])}",
                hint="checkov ignores some folders (hidden ones, `node_modules`): move the code, or rewrite it",
            )
        plan_only = {rule.id for rule in rules.values() if "source" not in rule.scans}
        findings, skipped = [], []
        for item in result["failed"]:
            reason = skips.skip_reason(Path(item["path"]).parent, inside(item["resource"])[1], item["rule"])
            if reason is not None:
                skipped.append(_finding(item, rules, message=reason))
            elif item["rule"] not in plan_only:
                findings.append(_finding(item, rules))
        return self._report(
            "source",
            rules,
            result,
            findings=findings,
            skipped=skipped,
            undecided=[],
            seconds=time.monotonic() - started,
        )

    def scan_plan(self, plan_document: Json, *, root: Path) -> PolicyReport:
        """Scan a plan (`terraform show -json`) that was made from the folder `root`."""
        started = time.monotonic()
        skips.forget()
        with tempfile.TemporaryDirectory(prefix="policy-", dir=self._own_folder) as folder:
            file = Path(folder) / "plan.json"
            # The plan can hold confidential values; the folder is private already.
            file.write_text(as_yaml(plan_document), encoding="utf-8")
            rules, result = self._scan("plan", file)
        source = PlanSource(plan_document, root)
        findings, skipped, undecided = [], [], []
        source_only = {rule.id for rule in rules.values() if "plan" not in rule.scans}
        for item in result["failed"]:
            if item["rule"] in source_only:
                continue
            reason = source.skip_reason(item["resource"], item["rule"])
            if reason is not None:
                skipped.append(_finding(item, rules, message=reason))
            elif not item["fails_with_placeholders"] or source.is_unknown(item["resource"], item["evaluated_keys"]):
                undecided.append(_finding(item, rules))
            else:
                findings.append(_finding(item, rules))
        return self._report(
            "plan",
            rules,
            result,
            findings=findings,
            skipped=skipped,
            undecided=undecided,
            seconds=time.monotonic() - started,
        )

    def fingerprint(self) -> str:
        """Hash the rules, the list of rules that must run, checkov's version and the gate's own code."""
        files = rule_files(self._repo)
        own = sorted(Path(__file__).parent.glob("*.py"))
        # Copies of a checkout share one environment through links. Only the folder is resolved: the interpreter in it
        # is itself a link, to the system's Python.
        environment = self._python.parent.resolve()
        hashed = hashlib.sha256(f"{environment}\n{' '.join(self._versions())}\n".encode())
        for path in (*files, self._repo / BUILTIN_LIST, *own):
            hashed.update(f"{path.name} {hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
        return hashed.hexdigest()

    def _versions(self) -> list[str]:
        installed = self._python.parent.parent.glob("lib/python*/site-packages/checkov-*.dist-info")
        versions = sorted(path.name for path in installed)
        if not versions:
            raise PolicyGateBroken(
                f"checkov is missing beside {self._python}", hint="run `make setup`; without checkov nothing is applied"
            )
        return versions

    def prepare(self) -> None:
        """Start the worker in the background; if that fails, the next scan reports why."""
        if self._worker is None and not self._preparing:
            self._preparing = True
            threading.Thread(target=self._prepare, name="policy-worker", daemon=True).start()

    def _prepare(self) -> None:
        with contextlib.suppress(PolicyGateBroken), self._lock:
            self._running_worker(own_rules(self._repo))

    def verdicts(self, folder: Path) -> dict[tuple[str, str], bool]:
        """Map (rule, resource) to whether the resource of a folder passed the rule, for tests of rules."""
        _, result = self._scan("source", folder.resolve())
        passed = {(rule, resource): True for rule, resource in result["passed"]}
        return passed | {(item["rule"], item["resource"]): False for item in result["failed"]}

    def loaded_rules(self) -> dict[str, str]:
        """Map the ids of all rules that checkov loads, its own and the project's, to their names."""
        with self._lock:
            if self._worker:
                return self._worker.names
        worker = _Worker(self._python, self._repo / CHECKS_DIR)
        try:
            return worker.names
        finally:
            worker.close()

    @property
    def worker_pid(self) -> int | None:
        """Process id of the worker; `None` before the first scan."""
        return self._worker.pid if self._worker else None

    def close(self) -> None:
        """Stop the worker; the next scan starts another one."""
        with self._lock:
            if self._worker:
                self._worker.close()
                self._worker = None

    def _scan(
        self, mode: str, path: Path, *, parts: Sequence[Path] = (), skips_in: checkov_files.Code | None = None
    ) -> tuple[dict[str, Rule], Json]:
        rules = own_rules(self._repo)
        with self._lock:
            worker = self._running_worker(rules)
            skips.check(skips_in or {}, worker.loaded)
            try:
                result = worker.request({"mode": mode, "path": str(path), "parts": [str(part) for part in parts]})
            except PolicyGateBroken:
                worker.close()
                self._worker = None
                raise
        if result["crashed"]:
            rule, what = next(iter(result["crashed"].items()))
            raise PolicyGateBroken(
                f"the rule {rule} crashed on {what}", hint="repair the rule; a rule that crashed fails the gate"
            )
        if result["parsing_errors"]:
            raise PolicyGateBroken(
                f"checkov cannot parse {', '.join(result['parsing_errors'])}", hint="run `terraform validate` there"
            )
        return rules, result

    def _running_worker(self, rules: dict[str, Rule]) -> _Worker:
        if self._worker is None:
            self._worker = _Worker(self._python, self._repo / CHECKS_DIR)
            atexit.register(self.close)
        missing = (set(rules) | builtin_rules(self._repo)) - self._worker.loaded
        if missing:
            problems = "; ".join(self._worker.problems)
            self._worker.close()
            self._worker = None
            raise PolicyGateBroken(
                f"checkov did not load {len(missing)} rule(s): {', '.join(sorted(missing)[:5])}"
                + (f" ({problems})" if problems else ""),
                hint="repair the rule's file in policies/checks, or renew policies/builtin-rules.txt with `make docs`",
            )
        return self._worker

    def _report(
        self,
        mode: str,
        rules: dict[str, Rule],
        result: Json,
        *,
        findings: list[Finding],
        skipped: list[Finding],
        undecided: list[Finding],
        seconds: float,
    ) -> PolicyReport:
        expected = {rule.id for rule in rules.values() if mode in rule.scans} | builtin_rules(self._repo)
        ran = frozenset(result["ran"])
        if missing := expected - ran:
            raise PolicyGateBroken(
                f"{len(missing)} rule(s) did not run: {', '.join(sorted(missing)[:5])}",
                hint="repair the rule; checkov drops a rule that crashes without reporting it",
            )
        return PolicyReport(
            rules_expected=frozenset(expected),
            rules_ran=ran,
            findings=tuple(findings),
            skipped=tuple(skipped),
            undecided=tuple(undecided),
            seconds=round(seconds, 3),
        )


def _finding(item: Json, rules: dict[str, Rule], *, message: str | None = None) -> Finding:
    rule = rules.get(item["rule"])
    return Finding(
        rule=item["rule"],
        resource=item["resource"],
        file=f"{item['file']}:{item['line']}",
        # checkov's own rules have a severity only for paying customers.
        severity=rule.severity if rule else "UNRATED",
        message=item["name"] if message is None else message,
        hint=rule.repair if rule else None,
    )


class _Worker:
    """A worker process and its two pipes."""

    def __init__(self, python: Path, checks: Path) -> None:
        if not python.exists():
            raise PolicyGateBroken(
                f"checkov is missing: there is no {python}", hint="run `make setup`; without checkov nothing is applied"
            )
        self._errors: IO[bytes] = tempfile.TemporaryFile(prefix="policy-worker-")  # noqa: SIM115 - lives as long as the process
        self._process = subprocess.Popen(
            [str(python), "-I", "-B", str(Path(__file__).with_name("worker_start.py")), str(checks)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            cwd=checks.parent,
            env=base_env() | {"LOG_LEVEL": "WARNING"},  # no tokens: with one, checkov would call its vendor's service
            start_new_session=True,  # Ctrl-C must only reach the orchestrator, which then closes the pipe
        )
        self._buffer = b""
        try:
            ready = self._read("start", START_SECONDS)["ready"]
        except BaseException:
            self.close()
            raise
        self.names: dict[str, str] = ready["loaded"]
        self.loaded = frozenset(self.names)
        self.problems: list[str] = ready["problems"]

    @property
    def pid(self) -> int:
        return self._process.pid

    def request(self, message: Json) -> Json:
        """Send a message and return the result."""
        assert self._process.stdin
        try:
            self._process.stdin.write(json.dumps(message).encode() + b"\n")
            self._process.stdin.flush()
        except OSError as error:
            raise self._broken("has died") from error
        response = self._read("respond", SCAN_SECONDS)
        if "error" in response:
            raise PolicyGateBroken(f"the policy scan failed: {response['error'].strip()}")
        result: Json = response["result"]
        return result

    def close(self) -> None:
        assert self._process.stdin
        assert self._process.stdout
        with contextlib.suppress(OSError):
            self._process.stdin.close()
        try:
            self._process.wait(timeout=2)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()
        self._errors.close()

    def _read(self, what: str, seconds: float) -> Any:
        assert self._process.stdout
        deadline = time.monotonic() + seconds
        while b"\n" not in self._buffer:
            ready, _, _ = select.select([self._process.stdout], [], [], max(0.0, deadline - time.monotonic()))
            if not ready:
                self._process.kill()
                raise self._broken(f"did not {what} within {seconds:.0f} seconds")
            chunk = os.read(self._process.stdout.fileno(), 65536)
            if not chunk:
                raise self._broken("has died")
            self._buffer += chunk
        line, self._buffer = self._buffer.split(b"\n", 1)
        return json.loads(line)

    def _broken(self, what: str) -> PolicyGateBroken:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=2)
        self._errors.seek(0)
        last = self._errors.read().decode(errors="replace").strip().splitlines()[-3:]
        return PolicyGateBroken(
            f"the policy worker {what} (exit code {self._process.poll()}): {' | '.join(last) or 'no output'}",
            hint="run `make setup`; if that does not help, delete .venv-checkov and run it again",
        )
