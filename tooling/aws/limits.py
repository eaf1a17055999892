"""Render `docs/reference/aws-limits.md`: the API member of each key and the values that AWS accepts for it."""

from __future__ import annotations

from orchestrator.config.rules.aws import READERS
from orchestrator.config.rules.aws_facts import FACTS, NAMES
from orchestrator.config.rules.aws_members import BLUEPRINT, PLATFORM, WHOLE_SECTIONS, Member
from orchestrator.config.rules.aws_rules import Rule, models, rule_of
from tooling.docs.pages import table

INTRODUCTION = """Values that AWS would reject during an apply are rejected when the files are read: each key below is \
validated against the API member it becomes in {source}, or against AWS's documentation where the models have no rule. \
`{{key}}` is the name of an entry, `*` the entry, `[]` an item of a list. Lists of values grow with botocore: a newer \
instance type needs a newer pin in `requirements/`, and `make docs`. Limits without a source in AWS's documentation \
are *assumed*, with the reason at the end."""
READ = """Values with their own grammar are parsed as AWS does: {keys}. EventBridge's schedules are \
`rate(5 minutes)` or `cron(0 2 * * ? *)` in UTC, Glue's are `cron` only and at most every 5 minutes; each entry is one \
rule of Glue Data Quality, with parentheses around each rule that `and` or `or` combines. Assumptions \
about these grammars are in `orchestrator/config/`: `schedules.py`, `dqdl.py`, `hive_types.py`, `arns.py` and \
`aws_checks.py`."""
NAMED = """Derived names are checked at their longest. Most limits come from the models; these do not:"""


def page(note: str) -> str:
    """Render the page."""
    keys = ", ".join(f"`{key}`" for key in sorted(READERS))
    parts = ["# Limits of AWS", note, INTRODUCTION.format(source=models().source), READ.format(keys=keys)]
    for title, members in (
        ("platform.yaml", PLATFORM),
        ("blueprints/<name>.yaml", BLUEPRINT),
        ("Entries", WHOLE_SECTIONS),
    ):
        keyed = ((f"`{key}`", _member(each), _words(each)) for key in sorted(members) for each in members[key])
        parts += [f"## {title}", table(("key", "member", "accepted values"), keyed).rstrip()]
    names = sorted((reference, kind) for kind, reference in NAMES.items() if reference in FACTS)
    named = ((f"`{kind}`", _reference(reference), _rule(rule_of(reference))) for reference, kind in names)
    parts += ["## Names", NAMED, table(("resource", "member", "accepted values"), named).rstrip()]
    assumed = [f"- `{name}`: {fact['assumed']}" for name, fact in sorted(FACTS.items()) if "assumed" in fact]
    parts += ["## Assumed", "\n".join(assumed)]
    return "\n\n".join(parts) + "\n"


def _reference(reference: str) -> str:
    fact = FACTS.get(reference)
    if fact is None:
        return f"`{reference}`"
    return f"`{reference}` ([page]({fact['source']}){', *assumed*' if 'assumed' in fact else ''})"


def _member(member: Member) -> str:
    only = [*member.kinds, *([member.source] if member.source else [])]
    return _reference(member.reference) + (f", of {', '.join(only)}" if only else "")


def _words(member: Member) -> str:
    rule = rule_of(member.reference)
    units = f", {member.times} to one of ours" if member.times != 1 else ""
    return _rule(rule) + units


def _rule(rule: Rule) -> str:
    if rule.enum:
        return ", ".join(rule.enum) if len(rule.enum) <= 12 else f"{len(rule.enum)} values"
    sizes = [
        f"{word} {number:,}".replace(",", " ")
        for word, number in (("≥", rule.min), ("≤", rule.max))
        if number is not None
    ]
    if rule.pattern and len(rule.pattern) <= 60 and rule.pattern != ".*" and "](" not in rule.pattern:
        sizes.append(f"`{rule.pattern}`".replace("|", "\\|"))
    kind = {"string": "characters", "list": "entries", "map": "entries"}.get(rule.type, rule.type)
    return f"{kind} {', '.join(sizes)}".strip()
