"""Read the rules that a scan must run from the repository.

The gate compares this list with the rules that the worker reports, so it must not come from the worker.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import yaml

from orchestrator.errors import PolicyGateBroken

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml's loader is seven times as fast
CHECKS_DIR = Path("policies/checks")
BUILTIN_LIST = Path("policies/builtin-rules.txt")
SUPPORT = frozenset(
    {"__init__.py", "addresses.py", "endpoints.py", "iampatterns.py", "iamplaces.py", "iamstatements.py", "rulekit.py"}
)
"""Python files among the rules that are not rules: checkov imports rules from a package only."""


@dataclass(frozen=True)
class Rule:
    """One of the project's own rules, as its file describes it."""

    id: str
    name: str
    file: Path
    severity: str
    risk: str
    repair: str
    scans: frozenset[str]
    """`source`, `plan` or both: a plan lacks lifecycle and provider blocks, and source lacks the final tags."""


def rule_files(repo: Path) -> list[Path]:
    """List every file among the rules except compiled Python, sorted."""
    files = (path for path in (repo / CHECKS_DIR).rglob("*") if path.is_file())
    return sorted(path for path in files if path.parent.name != "__pycache__")


def own_rules(repo: Path) -> dict[str, Rule]:
    """Read every rule in `policies/checks`, by id. Raises `PolicyGateBroken` for a file that is not a complete rule."""
    rules: dict[str, Rule] = {}
    for file in rule_files(repo):
        if file.name in SUPPORT:
            continue
        if file.suffix not in (".yaml", ".py"):
            # checkov would ignore it, and its author would believe that it is enforced.
            raise PolicyGateBroken(
                f"{file}: not a rule: only *.yaml and *.py files are loaded",
                hint="write the rule as YAML or Python, or move the file out of policies/checks",
            )
        status = file.stat()
        rule = _read(file, status.st_mtime_ns, status.st_size)
        if rule.id in rules:
            # checkov silently keeps the first of two rules with one id.
            raise PolicyGateBroken(
                f"{file.name}: the rule id {rule.id} is already used by {rules[rule.id].file.name}",
                hint="give each rule its own id",
            )
        rules[rule.id] = rule
    if not rules:
        raise PolicyGateBroken(f"no rules in {repo / CHECKS_DIR}", hint="restore the folder from version control")
    return rules


@lru_cache(maxsize=1024)
def _read(file: Path, modified_ns: int, size: int) -> Rule:
    """Read a rule; cached until its file changes, because every scan reads all rules and parsing YAML is slow."""
    try:
        document = yaml.load(_description(file), _LOADER)
        metadata = document["metadata"]
        return Rule(
            id=metadata["id"],
            name=metadata["name"],
            file=file,
            severity=metadata["severity"],
            risk=metadata["risk"].strip(),
            repair=metadata["repair"].strip(),
            scans=frozenset(metadata.get("scans", ["source", "plan"])),
        )
    except SyntaxError as error:
        raise PolicyGateBroken(f"{file}: not a rule: invalid Python: {error}") from error
    except yaml.YAMLError as error:
        raise PolicyGateBroken(f"{file}: not a rule: invalid YAML: {' '.join(str(error).split())}") from error
    except (KeyError, TypeError, AttributeError) as error:
        raise PolicyGateBroken(
            f"{file}: not a rule: {error!r}",
            hint="write `metadata` (id, name, category, severity, risk, repair) and `definition`, or a Python "
            "module with the same `metadata` as its docstring",
        ) from error


def _description(file: Path) -> str:
    """Return the YAML that describes a rule: the file itself, or a Python module's docstring, without running it."""
    text = file.read_text(encoding="utf-8")
    return text if file.suffix == ".yaml" else ast.get_docstring(ast.parse(text), clean=False) or ""


def builtin_rules(repo: Path) -> frozenset[str]:
    """Read the committed ids of checkov's AWS rules that must run."""
    file = repo / BUILTIN_LIST
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise PolicyGateBroken(f"{file} cannot be read: {error}", hint="restore it from version control") from error
    ids = frozenset(line for line in lines if line and not line.startswith("#"))
    if not ids:
        raise PolicyGateBroken(f"{file} lists no rule", hint="restore it from version control")
    return ids
