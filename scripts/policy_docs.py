"""Writes `policies/README.md` and `policies/builtin-rules.txt` from the rules themselves.

    python -m scripts.policy_docs [--check]

`--check` writes nothing and ends with 1 when a file is not what it would write.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

from orchestrator.tools.checkov import Checkov
from orchestrator.tools.checkov_rules import BUILTIN_LIST, Rule, own_rules

REPO = Path(__file__).resolve().parent.parent
README = Path("policies/README.md")
BUILTIN_PREFIXES = ("CKV_AWS_", "CKV2_AWS_")

INTRODUCTION = """\
# Policies

<!-- Written by `make docs` from policies/checks/*.yaml; edit those. -->

Every apply passes two scans: the source of the stack, and its plan. Both run checkov's AWS rules
(the {builtin} ids in [builtin-rules.txt](builtin-rules.txt)) and the {own} rules of this platform below. A
rule that cannot be loaded, crashes or does not run makes the scan red, as does an inline skip that names
no existing rule. What a plan cannot know before apply is reported as *undecided*: not green, not red.

An exception stands at the resource, with its reason:

```hcl
resource "aws_iam_role" "breakglass" {{
  # checkov:skip=MLOPS_IAM_1: <why this one differs>
```

A new rule is a file in `checks/` (id, name, category, severity, risk, repair, definition) and a folder of
the same name in `fixtures/`, whose resources are called `pass_…` and `fail_…`; the test reads their names.
`checks/` holds nothing but rules, because checkov loads everything in it. A value that depends on a
variable is undecided in a scan of the source and decided on the plan.

| Rule | Severity | Scans | What it asks for |
|---|---|---|---|
"""


def readme(rules: Iterable[Rule], builtin_count: int) -> str:
    ordered = sorted(rules, key=lambda rule: rule.id)
    table = "".join(
        f"| [{rule.id}](#{anchor(rule)}) | {rule.severity.lower()} | {', '.join(sorted(rule.scans, reverse=True))} "
        f"| {rule.name} |\n"
        for rule in ordered
    )
    details = "".join(
        f"\n## {rule.id}\n\n{rule.name} ([rule](checks/{rule.file.name}), "
        f"[fixtures](fixtures/{rule.file.stem}/main.tf)).\n\n"
        f"**Risk.** {rule.risk}\n\n**Repair.** `{rule.repair}`\n"
        for rule in ordered
    )
    return INTRODUCTION.format(builtin=builtin_count, own=len(ordered)) + table + details


def anchor(rule: Rule) -> str:
    return rule.id.lower()


def builtin_list(loaded: Iterable[str]) -> str:
    ids = sorted((rule for rule in loaded if rule.startswith(BUILTIN_PREFIXES)), key=_natural)
    return "# checkov's own AWS rules; every scan must run them. Written by `make docs`.\n" + "\n".join(ids) + "\n"


def _natural(rule: str) -> tuple[str, int]:
    prefix, number = rule.rsplit("_", 1)
    return prefix, int(number)


def main() -> int:
    builtin = builtin_list(Checkov(REPO).loaded_rules())
    wanted = {
        BUILTIN_LIST: builtin,
        README: readme(own_rules(REPO).values(), builtin.count("\n") - 1),
    }
    stale = [path for path, text in wanted.items() if not _is(REPO / path, text)]
    if "--check" in sys.argv[1:]:
        for path in stale:
            sys.stderr.write(f"{path} is not current\nhint: run `make docs`\n")
        return 1 if stale else 0
    for path in stale:
        (REPO / path).write_text(wanted[path], encoding="utf-8")
        sys.stderr.write(f"wrote {path}\n")
    return 0


def _is(path: Path, text: str) -> bool:
    return path.is_file() and path.read_text(encoding="utf-8") == text


if __name__ == "__main__":
    sys.exit(main())
