"""The floor under a fresh deployment: fixed waits inside the AWS provider, along what depends on what.

The provider sleeps for fixed times after some calls, on AWS as against any other endpoint. No orchestrator
can shorten them; it can only run them side by side. The floor is the longest chain of them: inside a stack
along the dependencies that terraform wrote into its state, and across stacks along the stack graph.
"""

from __future__ import annotations

import graphlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

WAITS: dict[str, tuple[float, str]] = {
    "aws_s3_bucket_lifecycle_configuration": (55, "a delay of 10 s, then ten equal reads 5 s apart"),
    "aws_sqs_queue": (25, "six equal reads of the attributes, 5 s apart"),
    "aws_kms_key": (12, "five equal reads 1 s apart, each for rotation, policy and tags"),
    "aws_vpc": (10, "a delay before the DNS attributes are read back"),
    "aws_vpc_endpoint": (5, "a delay before its state is read"),
    "aws_lambda_function": (5, "a delay before its state is read; one after the other when packages are files"),
}
"""By resource type: seconds of waiting when it is created, and what for (hashicorp/aws 5.100)."""

NOTABLE_SECONDS = 4
"""A creation that takes longer and is not in the table may be a wait that the table lacks."""
_CREATED = re.compile(r"^(?P<address>\S.*): Creation complete after (?:(?P<m>\d+)m)?(?P<s>\d+)s", re.MULTILINE)


@dataclass(frozen=True)
class Chain:
    """Things that wait one after the other."""

    seconds: float = 0.0
    links: tuple[str, ...] = ()

    def then(self, link: str, seconds: float) -> Chain:
        return Chain(self.seconds + seconds, (*self.links, link)) if seconds else self


def longest(needs: Mapping[str, Iterable[str]], seconds: Mapping[str, float]) -> Chain:
    """Find the longest chain in a graph whose nodes take `seconds`; other names are ignored."""
    chains: dict[str, Chain] = {}
    for name in graphlib.TopologicalSorter({name: list(each) for name, each in needs.items()}).static_order():
        before = [chains[need] for need in needs.get(name, ())]
        chains[name] = max(before, key=lambda chain: chain.seconds, default=Chain()).then(name, seconds.get(name, 0.0))
    return max(chains.values(), key=lambda chain: chain.seconds, default=Chain())


def of_state(state: Mapping[str, Any]) -> Chain:
    """Find the longest chain of waits in one stack, from its state (version 4)."""
    needs: dict[str, set[str]] = {}
    seconds: dict[str, float] = {}
    for resource in state.get("resources", ()):
        if resource["mode"] != "managed":
            continue
        address = ".".join(filter(None, [resource.get("module"), resource["type"], resource["name"]]))
        address = _without_keys(address)
        instances = resource["instances"]
        dependencies = {_without_keys(each) for instance in instances for each in instance.get("dependencies", ())}
        needs.setdefault(address, set()).update(dependencies - {address})
        if resource["type"] in WAITS:
            seconds[address] = WAITS[resource["type"]][0]
    return longest(needs, seconds)


def _without_keys(address: str) -> str:
    """Strip the keys of `for_each`, which Terraform's dependencies do not have."""
    return re.sub(r"\[[^\]]*\]", "", address)


def of_stacks(chains: Mapping[str, Chain], needs: Mapping[str, Iterable[str]]) -> Chain:
    """Find the longest chain over the stack graph; a stack counts with its own longest chain."""
    return longest(needs, {name: chain.seconds for name, chain in chains.items()})


def created_in(log: str) -> dict[str, list[float]]:
    """Return the seconds of each creation by resource type, from the output of `terraform apply`."""
    seconds: dict[str, list[float]] = {}
    for match in _CREATED.finditer(log):
        kind = _without_keys(match["address"]).split(".")[-2]
        seconds.setdefault(kind, []).append(60 * int(match["m"] or 0) + int(match["s"]))
    return seconds


def unlisted(created: Mapping[str, Iterable[float]]) -> dict[str, float]:
    """List types outside the table whose fastest creation took long: perhaps a wait that it lacks."""
    fastest = {kind: min(seconds) for kind, seconds in created.items() if kind not in WAITS}
    return {kind: seconds for kind, seconds in fastest.items() if seconds > NOTABLE_SECONDS}
