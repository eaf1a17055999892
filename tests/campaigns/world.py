"""What exists in an account, in words that are the same after each deployment of the same files.

Each service is queried with boto3, not by Terraform: this finds what no state contains, too. An item is known by name;
ids and hashes that are new each time are replaced. Beside its settings it says whether the states hold its id: an
orphan differs from what was deployed by that alone.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from tests.campaigns.kinds import KINDS, Kind

Item = tuple[str, str, str]
"""Kind, name, and the rest as JSON."""
World = Counter[Item]
Client = Callable[[str], Any]

_CHANGING = (
    (re.compile(r"\br\d{8}-\d{6}-[0-9a-f]{4}\b"), "<run>"),
    (re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b"), "<uuid>"),
    (
        re.compile(r"\b(vpc|subnet|rtb|igw|nat|eipalloc|sg|vpce|fl|acl|eni|eipassoc|rtbassoc)-[0-9a-f]{8,17}\b"),
        r"\1-<id>",
    ),
    (re.compile(r"(?<=-)[0-9a-f]{8}(?=-v\d|$)"), "<hash>"),
    (re.compile(r"(?<=API-Gateway-Execution-Logs_)[a-z0-9]{10}\b"), "<api>"),
    (re.compile(r"\b(127\.0\.0\.1|localhost):\d+"), "<aws>"),
)
_READERS = 8


@dataclass(frozen=True)
class Difference:
    """What distinguishes two worlds."""

    missing: tuple[Item, ...]
    extra: tuple[Item, ...]

    def __bool__(self) -> bool:
        return bool(self.missing or self.extra)

    @property
    def lost(self) -> list[str]:
        """What is in no state, or was made twice.

        A thing that was there before and after, but whose id the states had before only, counts; so does one more than
        there should be. One that is there with other settings does not: it is wrong, not lost.
        """
        missing, extra = Counter(name for name in map(_name, self.missing)), Counter(map(_name, self.extra))
        more = extra - missing
        forgotten = {
            _name(item)
            for item in self.extra
            if not _in_state(item) and any(_name(each) == _name(item) and _in_state(each) for each in self.missing)
        }
        return sorted({*(f"{kind} {name}" for kind, name in more), *(f"{kind} {name}" for kind, name in forgotten)})

    def lines(self) -> list[str]:
        return [f"- {' '.join(item)}" for item in self.missing] + [f"+ {' '.join(item)}" for item in self.extra]


def compare(expected: World, actual: World) -> Difference:
    """Return what is missing of `expected`, and what is there besides; repetitions count."""
    return Difference(tuple(sorted((expected - actual).elements())), tuple(sorted((actual - expected).elements())))


def see(client: Client, bucket: str, *, known: Mapping[str, str] | None = None) -> World:
    """Ask every service for everything it has, and read the states.

    Args:
        known: values that may differ from run to run, by the word that stands for each.
    """
    states = list(_states(client("s3"), bucket))
    held = {text for _, document in states for text in _texts(document)}
    with ThreadPoolExecutor(_READERS) as pool:
        items = [item for items in pool.map(lambda kind: list(_items(client, kind, held)), KINDS) for item in items]
    items += [("state", stack, _addresses(document)) for stack, document in states if document.get("resources")]
    for word, value in (known or {}).items():
        items = [(kind, name, settings.replace(json.dumps(value), json.dumps(word))) for kind, name, settings in items]
    return Counter(items)


def locks(client: Client, bucket: str) -> list[str]:
    """List the locks of states that still seem to be held."""
    return [key for key in _keys(client("s3"), bucket) if key.endswith(".tflock")]


def steady(text: str) -> str:
    """The same text for the same thing, whenever it was made."""
    for pattern, word in _CHANGING:
        text = pattern.sub(word, text)
    return text


def _items(client: Client, kind: Kind, held: set[str]) -> Iterator[Item]:
    for each in kind.listed(client):
        known = any(value in held for value in each.ids)
        settings = json.dumps({"in_state": known, **each.settings}, sort_keys=True, default=str)
        yield kind.name, steady(each.name), steady(settings)


def _name(item: Item) -> tuple[str, str]:
    return item[:2]


def _in_state(item: Item) -> bool:
    return '"in_state": true' in item[2]


def _states(s3: Any, bucket: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for key in _keys(s3, bucket):
        if key.endswith(".tfstate"):
            yield key.removesuffix(".tfstate"), json.loads(s3.get_object(Bucket=bucket, Key=key)["Body"].read())


def _keys(s3: Any, bucket: str) -> list[str]:
    try:
        return [item["Key"] for item in s3.list_objects_v2(Bucket=bucket).get("Contents", [])]
    except s3.exceptions.NoSuchBucket:
        return []


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)


def _addresses(document: dict[str, Any]) -> str:
    """How many instances the state has of what."""
    counted = Counter(
        f"{each.get('module', '')}.{each['type']}.{each['name']}"
        for each in document["resources"]
        for _ in each["instances"]
        if each["mode"] == "managed"
    )
    return json.dumps(counted, sort_keys=True)
