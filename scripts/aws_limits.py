"""The page `docs/reference/aws-limits.md`: which key becomes which member of AWS's API, and what AWS takes for it."""

from __future__ import annotations

from orchestrator.config.aws_checks import READERS
from orchestrator.config.aws_facts import FACTS, NAMES
from orchestrator.config.aws_members import BLUEPRINT, PLATFORM, WHOLE_SECTIONS, Member
from orchestrator.config.aws_rules import Rule, models, rule_of

INTRODUCTION = """What AWS would refuse in the middle of an apply is refused while the files are read: each key below \
is held to what {source} says about the member that it becomes, or where AWS's models say nothing, its documents. \
`{{key}}` is the name of an entry, `*` the entry, `[]` one of a list. Lists of values grow with botocore: a newer \
instance type needs a newer pin in `requirements/`, and `make docs`. What no page of AWS was found to say is \
*assumed*, with the reason at the end."""
READ = """Values with a grammar of their own are read as AWS reads them: {keys}. EventBridge's schedules are \
`rate(5 minutes)` or `cron(0 2 * * ? *)` in UTC, Glue's are `cron` alone and not faster than every 5 minutes; rules \
of Glue Data Quality stand one to an entry, with parentheses around each that `and` or `or` combines. What is assumed \
about these grammars stands in `orchestrator/config/`: `schedules.py`, `dqdl.py`, `hive_types.py`, `arns.py` and \
`aws_checks.py`."""
NAMED = """Derived names are checked at their longest. Most limits are those of the model; these are not:"""


def page(note: str) -> str:
    """The whole page."""
    keys = ", ".join(f"`{key}`" for key in sorted(READERS))
    parts = ["# Limits of AWS", note, INTRODUCTION.format(source=models().source), READ.format(keys=keys)]
    for title, table in (
        ("platform.yaml", PLATFORM),
        ("blueprints/<name>.yaml", BLUEPRINT),
        ("Entries", WHOLE_SECTIONS),
    ):
        rows = ["| key | member | what AWS takes |", "|---|---|---|"]
        rows += [f"| `{key}` | {_member(each)} | {_words(each)} |" for key in sorted(table) for each in table[key]]
        parts += [f"## {title}", "\n".join(rows)]
    names = sorted((reference, kind) for kind, reference in NAMES.items() if reference in FACTS)
    rows = ["| resource | member | what AWS takes |", "|---|---|---|"]
    rows += [f"| `{kind}` | {_reference(reference)} | {_rule(rule_of(reference))} |" for reference, kind in names]
    parts += ["## Names", NAMED, "\n".join(rows)]
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
