"""Write `policies/README.md`, `policies/builtin-rules.txt` and `docs/reference/policies.md` from rules and code.

    python -m tooling.docs.policies [--check]

`--check` writes nothing and exits with 1 if a file is out of date.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from orchestrator.policy.gate import Checkov
from orchestrator.policy.rules import BUILTIN_LIST, Rule, own_rules
from orchestrator.policy.skips import skips_by_block
from tooling.docs.pages import cell, publish, table

REPO = Path(__file__).resolve().parents[2]
README = Path("policies/README.md")
SKIPS = Path("docs/reference/policies.md")
BUILTIN_PREFIXES = ("CKV_AWS_", "CKV2_AWS_")

INTRODUCTION = """\
# Policies

<!-- Written by `make docs` from policies/checks; edit the rules there. -->

Before every apply two scans have to pass: of the stack's source, and of its plan. Both run checkov's AWS rules
(the {builtin} ids in [builtin-rules.txt](builtin-rules.txt)) and the {own} rules of this platform below. A
rule that cannot be loaded, crashes or does not run fails the scan (exit code 7). A rule that depends on a value unknown
before apply is reported as *undecided*: neither a pass nor a failure.

Everything that Terraform would load from the source is scanned, or rejected by name (exit code 7): files that are not
UTF-8 or not HCL (`*.tf.json`), override files, `terraform.tfvars` and `*.auto.tfvars` beside code, links, and external
modules. Roots that a program writes in JSON, such as those of blueprints in `build/`, are scanned as plans.

An exception is a comment at the resource, with its reason; the same words in a string have no effect. A skip that
names an unknown rule, gives no reason or is not at a scanned resource fails the scan (exit code 7):

```hcl
resource "aws_iam_role" "breakglass" {{
  # checkov:skip=MLOPS_IAM_1: <why this one differs>
```

All exceptions are listed in [docs/reference/policies.md](../docs/reference/policies.md).
[docs/reference/mutations.md](../docs/reference/mutations.md) shows what the rules catch.

To add a rule, add a file to `checks/` (id, name, category, severity, risk, repair, definition) and a folder of
the same name to `fixtures/`, whose blocks are called `pass_…` and `fail_…`; the test reads their names. Rules are
YAML where YAML can express them, otherwise Python modules with the same description as their docstring. Shared code:
[rulekit.py](checks/rulekit.py), [addresses.py](checks/addresses.py) (what is open to the internet),
[iamstatements.py](checks/iamstatements.py) (reading policies), [iamplaces.py](checks/iamplaces.py) (where policies can
occur). `checks/` contains only rules and their shared code, because checkov loads everything in it. If a mistake
can be written in several ways, `tests/policies` has a row for each, tested in source and plan. A value that
depends on a variable is undecided in a scan of the source and decided on the plan.

"""


def readme(rules: Iterable[Rule], builtin_count: int) -> str:
    ordered = sorted(rules, key=lambda rule: rule.id)
    rows = (
        (f"[{rule.id}](#{anchor(rule)})", rule.severity.lower(), ", ".join(sorted(rule.scans, reverse=True)), rule.name)
        for rule in ordered
    )
    summary = table(("Rule", "Severity", "Scans", "Requirement"), rows)
    details = "".join(
        f"\n## {rule.id}\n\n{rule.name} ([rule](checks/{rule.file.name}), "
        f"[fixtures](fixtures/{rule.file.stem}/main.tf)).\n\n"
        f"**Risk.** {rule.risk}\n\n**Repair.** `{rule.repair}`\n"
        for rule in ordered
    )
    return INTRODUCTION.format(builtin=builtin_count, own=len(ordered)) + summary + details


SKIPS_INTRODUCTION = """\
# Exceptions to policies

<!-- Written by `make docs` from the `checkov:skip` comments in terraform/. -->

Rules are skipped only at single resources, with a reason: {count} times, {rules} of {loaded} rules.
No rule is skipped globally. The rules of this platform are described in
[policies/README.md](../../policies/README.md).

"""


def skips_page(terraform: Path, names: Mapping[str, str]) -> str:
    """Render every inline skip with its reason, by rule."""
    rows = sorted(_skips(terraform), key=lambda row: (_natural(row[0]), row[1:]))
    introduction = SKIPS_INTRODUCTION.format(
        count=len(rows), rules=len({rule for rule, *_ in rows}), loaded=sum(map(_must_run, names))
    )
    cells = (
        (rule, cell(names.get(rule, "")), f"`{block}` in [{place}](../../terraform/{place})", cell(reason))
        for rule, place, block, reason in rows
    )
    return introduction + table(("Rule", "Requirement", "Resource", "Reason"), cells)


def _skips(terraform: Path) -> Iterator[tuple[str, str, str, str]]:
    """Yield (rule, folder, block, reason) of each skip."""
    for folder in sorted({file.parent for file in terraform.rglob("*.tf") if ".terraform" not in file.parts}):
        for block, skips in skips_by_block(folder).items():
            for rule, reason in skips.items():
                yield rule, folder.relative_to(terraform).as_posix(), block, reason


def _must_run(rule: str) -> bool:
    return rule.startswith((*BUILTIN_PREFIXES, "MLOPS_"))


def anchor(rule: Rule) -> str:
    return rule.id.lower()


def builtin_list(loaded: Iterable[str]) -> str:
    ids = sorted((rule for rule in loaded if rule.startswith(BUILTIN_PREFIXES)), key=_natural)
    return "# checkov's own AWS rules; every scan must run them. Written by `make docs`.\n" + "\n".join(ids) + "\n"


def _natural(rule: str) -> tuple[str, int]:
    prefix, number = rule.rsplit("_", 1)
    return prefix, int(number)


def main() -> int:
    loaded = Checkov(REPO).loaded_rules()
    builtin = builtin_list(loaded)
    pages = {
        BUILTIN_LIST: builtin,
        README: readme(own_rules(REPO).values(), builtin.count("\n") - 1),
        SKIPS: skips_page(REPO / "terraform", loaded),
    }
    return publish(REPO, pages, "is out of date\nhint: run `make docs`")


if __name__ == "__main__":
    sys.exit(main())
