"""Find `protection-loss`: removed protections against deletion or misuse.

An environment that is no longer `protected: true` shows up here: its repositories, workgroup and tables lose their
deletion protection, the only trace of it in a plan. Nothing is lost yet, so this is not `state-loss`.
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
"""Attributes of any type, with the value that switches the protection off."""
WINDOWS = ("deletion_window_in_days", "recovery_window_in_days")
"""Days in which a deletion can be undone."""
SETTINGS = (
    ("aws_dynamodb_table", ("point_in_time_recovery",), "enabled", True, "its continuous backups end"),
    ("aws_sagemaker_domain", ("retention_policy",), "home_efs_file_system", "Retain",
     "home folders are deleted with the domain"),
    ("aws_efs_backup_policy", ("backup_policy",), "status", "ENABLED", "its backups end"),
)  # fmt: skip
"""Type, nested block, attribute, the value that protects, and the effect of any other value."""
GUARDS = {
    "aws_bedrock_guardrail": "its model's requests and answers are no longer filtered",
    "aws_efs_backup_policy": "its backups end",
    "aws_flow_log": "the network's traffic is no longer recorded",
    "aws_wafv2_web_acl": "requests are no longer filtered",
    "aws_wafv2_web_acl_association": "requests are no longer filtered",
}
"""Types that protect another resource, and the effect of their removal."""


def find(change: ResourceChange, account_id: str) -> list[str]:
    """Describe the protections that a change removes."""
    if change.removes and not change.replaces:
        return [f"deleted: {GUARDS[change.type]}"] if change.type in GUARDS else []
    if not change.before:
        return []
    return [*_switches(change), *_windows(change), *_settings(change)]


def _switches(change: ResourceChange) -> Iterator[str]:
    for name, unprotected in SWITCHES.items():
        if change.before.get(name) is (not unprotected) and _becomes(change, name, unprotected):
            yield f"`{name}` becomes {str(unprotected).lower()}: a destroy deletes it with its contents"


def _becomes(change: ResourceChange, name: str, value: bool) -> bool:
    """Whether an attribute may get the value: an unknown one counts, and an omitted switch is off in AWS."""
    after = change.after.get(name)
    return after is value or change.is_left_open(name) or (after is None and not value and name in change.before)


def _windows(change: ResourceChange) -> Iterator[str]:
    for name in WINDOWS:
        before, after = change.before.get(name), change.after.get(name)
        if isinstance(before, int) and isinstance(after, int) and after < before:
            yield f"a deletion can be undone for {after} days (before: {before})"


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
