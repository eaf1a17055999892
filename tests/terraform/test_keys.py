"""Who may use a KMS key, by the source: through one service, or for one thing; of roles that are not deployed, too."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tests.access.proofs import UNTIED_KEYS
from tests.terraform.hcl import REPO, TERRAFORM

GRANTS_NOTHING = {"modules/kms": "policies of the keys themselves", "modules/iam/boundary.tf": "a ceiling"}
USE = re.compile(r'"kms:(?:Decrypt|Encrypt|GenerateDataKey|CreateGrant|ReEncrypt)[A-Za-z*]*"')
TIED = re.compile(r"kms:ViaService|kms:EncryptionContext:")
NAMED = re.compile(r'\b(?:Sid|sid)\s*=\s*"(\w+)"')
UNTIED = {
    "modules/bedrock_knowledge_base/access.tf": {"UseKey"},
    "modules/dataset/access.tf": {"EncryptBookmarks"},
    "modules/glue/access.tf": {"EncryptBookmarks"},
    "modules/iam/execution.tf": {"GrantVolumeKey", "UseVolumeKey"},
}


def statements(text: str) -> Iterator[tuple[str, str]]:
    """Name and text of each statement that permits the use of a key."""
    seen = set()
    for use in USE.finditer(text):
        start = use.start()
        while True:
            start = opening(text, start)
            end = closing(text, start)
            name = NAMED.search(text, start, end)
            if name:
                break
        if start not in seen:
            seen.add(start)
            yield name[1], text[start:end]


def opening(text: str, position: int) -> int:
    """Where the block begins that encloses a position."""
    depth = 0
    for index in range(position - 1, -1, -1):
        depth += {"}": 1, "{": -1}.get(text[index], 0)
        if depth < 0:
            return index
    raise AssertionError(f"no named statement around: {text[position : position + 60]}")


def closing(text: str, start: int) -> int:
    depth = 0
    for index in range(start, len(text)):
        depth += {"{": 1, "}": -1}.get(text[index], 0)
        if depth == 0:
            return index + 1
    raise AssertionError("a block does not end")


def is_tied(statement: str, file: str) -> bool:
    """Tell whether a statement is limited by its own condition, or by a local value of the same file."""
    if TIED.search(statement):
        return True
    named = re.search(r"Condition\s*=\s*local\.(\w+)", statement)
    return bool(named and TIED.search(re.search(rf"^\s*{named[1]}\s*=\s*(.*)$", file, re.MULTILINE)[1]))  # type: ignore[index]


def test_a_key_is_used_through_one_service_or_for_one_thing() -> None:
    count = 0
    untied: dict[str, set[str]] = {}
    for path in sorted(TERRAFORM.rglob("*.tf")):
        name = path.relative_to(TERRAFORM).as_posix()
        if {"tests", "examples", ".terraform"} & set(path.parts) or name.startswith(tuple(GRANTS_NOTHING)):
            continue
        text = re.sub(r"^\s*#.*$", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
        for sid, statement in statements(text):
            count += 1
            if not is_tied(statement, text):
                untied.setdefault(name, set()).add(sid)
    assert count >= 20, f"statements on keys were not found below {REPO}"
    assert untied == UNTIED
    assert {sid for sids in UNTIED.values() for sid in sids} == set(UNTIED_KEYS), "each has its reason"
