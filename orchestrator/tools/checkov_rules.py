"""The rules that a scan has to run, read from the repository and not from checkov.

The gate compares this list with what the worker says it ran, so it must not come from the worker.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import yaml

from orchestrator.errors import PolicyGateBroken

CHECKS_DIR = Path("policies/checks")
BUILTIN_LIST = Path("policies/builtin-rules.txt")


@dataclass(frozen=True)
class Rule:
    """One of the project's own rules, as its YAML file describes it."""

    id: str
    name: str
    file: Path
    severity: str
    risk: str
    repair: str
    scans: frozenset[str]
    """`source`, `plan` or both: Terraform's plan does not hold lifecycle or provider blocks."""


def own_rules(repo: Path) -> dict[str, Rule]:
    """Every rule in `policies/checks`, by id. Raises `PolicyGateBroken` for a file that is not a whole rule."""
    rules: dict[str, Rule] = {}
    for file in sorted(path for path in (repo / CHECKS_DIR).rglob("*") if path.is_file()):
        if file.suffix != ".yaml":
            # It would be passed over, and whoever put it there would believe that it judges.
            raise PolicyGateBroken(
                f"{file}: not a rule: only *.yaml files are loaded",
                hint="write the rule as YAML, or move the file out of policies/checks",
            )
        rule = _read(file)
        if rule.id in rules:
            # checkov keeps the first of two rules with one id and says nothing.
            raise PolicyGateBroken(
                f"{file.name}: the rule id {rule.id} is already used by {rules[rule.id].file.name}",
                hint="give each rule an id of its own",
            )
        rules[rule.id] = rule
    if not rules:
        raise PolicyGateBroken(f"no rules in {repo / CHECKS_DIR}", hint="restore the folder from version control")
    return rules


def _read(file: Path) -> Rule:
    try:
        document = yaml.safe_load(file.read_text(encoding="utf-8"))
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
    except yaml.YAMLError as error:
        raise PolicyGateBroken(f"{file}: not a rule, not even YAML: {' '.join(str(error).split())}") from error
    except (KeyError, TypeError, AttributeError) as error:
        raise PolicyGateBroken(
            f"{file}: not a rule: {error!r}",
            hint="a rule is `metadata` (id, name, category, severity, risk, repair) and `definition`",
        ) from error


def builtin_rules(repo: Path) -> frozenset[str]:
    """The ids of checkov's own AWS rules that must run, as committed."""
    file = repo / BUILTIN_LIST
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise PolicyGateBroken(f"{file} cannot be read: {error}", hint="restore it from version control") from error
    ids = frozenset(line for line in lines if line and not line.startswith("#"))
    if not ids:
        raise PolicyGateBroken(f"{file} lists no rule", hint="restore it from version control")
    return ids
