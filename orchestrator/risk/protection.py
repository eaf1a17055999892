"""`protection-loss`: what kept something from being deleted, or misused, is taken away.

An environment whose file no longer says `protected: true` shows here: its repositories, workgroup and tables give up
their deletion protection, which is all that a plan has of it. Nothing is lost yet, so none of this is `state-loss`.
"""

from __future__ import annotations

from collections.abc import Iterator

from orchestrator.core.types import Json
from orchestrator.risk.changes import ResourceChange, blocks

SWITCHES = {
    "force_delete": True,
    "force_destroy": True,
    "skip_final_snapshot": True,
    "deletion_protection": False,
    "deletion_protection_enabled": False,
    "enable_deletion_protection": False,
    "disable_api_termination": False,
    "termination_protection": False,
    "skip_destroy": False,
}
"""Attributes of any type, with the value that protects nothing."""
WINDOWS = ("deletion_window_in_days", "recovery_window_in_days")
"""Days in which a deletion can be taken back."""
SETTINGS = (
    ("aws_dynamodb_table", ("point_in_time_recovery",), "enabled", True, "its backups of every second end"),
    ("aws_sagemaker_domain", ("retention_policy",), "home_efs_file_system", "Retain",
     "home folders are deleted with the domain"),
    ("aws_efs_backup_policy", ("backup_policy",), "status", "ENABLED", "its backups end"),
)  # fmt: skip
"""Type, nested block, attribute, the value that protects, and what follows from another one."""
GUARDS = {
    "aws_bedrock_guardrail": "nothing is kept out of its model's requests and answers any more",
    "aws_efs_backup_policy": "its backups end",
    "aws_flow_log": "the network's traffic is no longer recorded",
    "aws_wafv2_web_acl": "requests are no longer filtered",
    "aws_wafv2_web_acl_association": "requests are no longer filtered",
}
"""Types that guard something else, and what follows when they go."""


def find(change: ResourceChange, account_id: str) -> list[str]:
    """Which protection this change takes away; nothing if it takes none."""
    if change.removes and not change.replaces:
        return [f"deleted: {GUARDS[change.type]}"] if change.type in GUARDS else []
    if not change.before:
        return []
    return [*_switches(change), *_windows(change), *_settings(change)]


def _switches(change: ResourceChange) -> Iterator[str]:
    for name, unprotected in SWITCHES.items():
        if change.before.get(name) is (not unprotected) and _becomes(change, name, unprotected):
            yield f"`{name}` becomes {str(unprotected).lower()}: a destroy deletes it with what it holds"


def _becomes(change: ResourceChange, name: str, value: bool) -> bool:
    """A value that nobody knows yet may be the wrong one; an attribute that is left out is what AWS takes for off."""
    after = change.after.get(name)
    return after is value or change.is_left_open(name) or (after is None and not value and name in change.before)


def _windows(change: ResourceChange) -> Iterator[str]:
    for name in WINDOWS:
        before, after = change.before.get(name), change.after.get(name)
        if isinstance(before, int) and isinstance(after, int) and after < before:
            yield f"a deletion can be taken back for {after} days, before for {before}"


def _settings(change: ResourceChange) -> Iterator[str]:
    for type_, path, name, protects, follows in SETTINGS:
        if (
            change.type == type_
            and _is(change.before, path, name, protects)
            and not _is(change.after, path, name, protects)
        ):
            yield follows


def _is(values: Json, path: tuple[str, ...], name: str, value: object) -> bool:
    return any(block.get(name) == value for block in blocks(values, *path))
