"""Removes what was found, by the one who knows how each kind is deleted and waited for: the provider."""

from __future__ import annotations

from collections.abc import Collection

from orchestrator.errors import TerraformError
from orchestrator.graph import Stack
from orchestrator.recovery import importing
from orchestrator.recovery.importing import Found
from orchestrator.session import Session
from orchestrator.terraform import import_blocks
from orchestrator.tools.interfaces import Workspace


def from_state(session: Session, stack: Stack, ws: Workspace, found: Collection[Found]) -> None:
    """Remove what has just been imported, with what builds on it.

    Raises:
        TerraformError: the plan would remove something else too.
    """
    (ws.root / import_blocks.FILE).unlink(missing_ok=True)
    addresses = [each.address for each in found]
    terraform, sink = session.tools.terraform, session.journal.sink(stack.name)
    plan = terraform.plan(ws, destroy=True, targets=addresses, on_event=sink, cancel=session.cancel)
    more = sorted({each.address for each in plan.changes} - set(addresses))
    if more:
        raise TerraformError(
            f"`{stack.name}` has {len(more)} resources in its state that build on what was to be removed: "
            f"{', '.join(more[:5])}",
            hint="what was found is imported now; `orchestrator destroy` removes it with them, `deploy` completes it",
        )
    session.journal.stage(stack.name, f"remove {len(addresses)} resources")
    terraform.apply(ws, on_event=sink, cancel=session.cancel)
    importing.refresh(session, stack)
