"""What a rule adds to all others, shown on its own fixtures.

A `fail_…` block is a `pass_…` block of the same type, weakened. A rule earns its place where it is the only one
of all policies, checkov's and ours, that tells them apart.
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

from orchestrator.policy.gate import Checkov
from orchestrator.policy.rules import Rule


def proofs(gate: Checkov, rule: Rule, fixtures: Path) -> tuple[str, ...]:
    """Return the `fail_…` blocks that no other policy distinguishes from every `pass_…` block of their type."""
    failing: dict[str, set[str]] = defaultdict(set)
    for (rule_id, address), passed in gate.verdicts(fixtures / rule.file.stem).items():
        failing[address] |= set() if passed else {rule_id}
    return tuple(
        sorted(
            address
            for address, rules in failing.items()
            if _label(address).startswith("fail_") and rules - _by_passing_blocks(failing, address) == {rule.id}
        )
    )


def _by_passing_blocks(failing: dict[str, set[str]], address: str) -> set[str]:
    """Return other policies' findings in correct blocks of this type: fixtures are short, not complete."""
    kind = address.rsplit(".", 1)[0]
    return {
        rule
        for other, rules in failing.items()
        if other.rsplit(".", 1)[0] == kind and _label(other).startswith("pass_")
        for rule in rules
    }


def _label(address: str) -> str:
    return address.rsplit(".", 1)[-1]
