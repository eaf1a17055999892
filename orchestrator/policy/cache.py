"""Cache the policy gate's reports: source that passed is not scanned again until it changes.

The key is a hash of everything that a scan reads: all files below the scanned folder, the rules, the list
of checkov's own rules that must run, and checkov's version. The whole report is cached. An entry that cannot be read,
does not match or did not pass is ignored. Code that calls modules outside the folder is not cached, because the key
does not cover them. Plans are always scanned.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from orchestrator.core.types import Json
from orchestrator.errors import PolicyGateBroken
from orchestrator.policy import files
from orchestrator.policy.model import Finding, PolicyGate, PolicyReport

_SCHEMA = 1
_NOT_SCANNED = ".terraform"
_VALUES, _VALUE_FILES = "envs", (".yaml", ".yml")
"""The environments' values, which a scan of Terraform code does not read; it does read code beside them."""
_KEPT = 20


class CachedGate:
    """Implement `PolicyGate` around another one.

    Args:
        inner: the gate that scans.
        folder: the folder of the cached reports.
    """

    def __init__(self, inner: PolicyGate, folder: Path) -> None:
        self._inner, self._folder = inner, folder

    def scan_source(self, folder: Path, *, fresh: bool = False) -> PolicyReport:
        """Return the cached report of a scan of the same files by the same rules, or scan."""
        started = time.monotonic()
        key = self._key(folder)
        known = None if fresh else self._load(key)
        if known is not None:
            return dataclasses.replace(known, seconds=round(time.monotonic() - started, 3))
        report = self._inner.scan_source(folder, fresh=fresh)
        if report.passed and key == self._key(folder) and not files.reaches_outside(folder):
            self._save(key, report)
        return report

    def scan_plan(self, plan_document: Json, *, root: Path) -> PolicyReport:
        return self._inner.scan_plan(plan_document, root=root)

    def fingerprint(self) -> str:
        return self._inner.fingerprint()

    def prepare(self) -> None:
        self._inner.prepare()

    def _key(self, folder: Path) -> str:
        hashed = hashlib.sha256(f"{_SCHEMA} {self._inner.fingerprint()}\n".encode())
        for path in _files(folder):
            try:
                content = hashlib.sha256(path.read_bytes()).hexdigest()
            except OSError as error:
                raise PolicyGateBroken(
                    f"{path}: not scanned: it cannot be read: {error.strerror}", hint="correct the file, or delete it"
                ) from error
            hashed.update(f"{json.dumps(path.relative_to(folder).as_posix())} {content}\n".encode())
        return hashed.hexdigest()

    def _file(self, key: str) -> Path:
        return self._folder / f"source-{key}.json"

    def _load(self, key: str) -> PolicyReport | None:
        try:
            document = json.loads(self._file(key).read_text(encoding="utf-8"))
            body = document["report"]
            if document["key"] != key or document["sha256"] != _hash(body):
                return None
            report = PolicyReport(
                rules_expected=frozenset(body["rules_expected"]),
                rules_ran=frozenset(body["rules_ran"]),
                findings=(),
                skipped=tuple(Finding(**each) for each in body["skipped"]),
                seconds=0.0,
            )
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return report if report.passed and report.rules_expected else None

    def _save(self, key: str, report: PolicyReport) -> None:
        body = {
            "rules_expected": sorted(report.rules_expected),
            "rules_ran": sorted(report.rules_ran),
            "skipped": [dataclasses.asdict(each) for each in report.skipped],
        }
        document = {"key": key, "sha256": _hash(body), "report": body}
        # If the folder cannot be written, the only cost is that the next run scans again.
        with contextlib.suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile("w", dir=self._folder, suffix=".part", delete=False) as file:
                json.dump(document, file)
            os.replace(file.name, self._file(key))
            kept = sorted(self._folder.glob("source-*.json"), key=lambda path: path.stat().st_mtime, reverse=True)
            for old in kept[_KEPT:]:
                old.unlink(missing_ok=True)


def _hash(body: Any) -> str:
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()


def _files(folder: Path) -> Iterator[Path]:
    for parent, folders, names in os.walk(folder):
        folders[:] = sorted(set(folders) - {_NOT_SCANNED})
        values = _VALUES in Path(parent).relative_to(folder).parts[:1]
        yield from (Path(parent) / name for name in sorted(names) if not (values and name.endswith(_VALUE_FILES)))
