"""Import the resources that a stack's killed terraform commands created and no state has, before the stack's step."""

from __future__ import annotations

from orchestrator.planning.graph import Stack
from orchestrator.planning.values import waits_for
from orchestrator.recovery import importing
from orchestrator.recovery.creations import uncertain, unrecorded
from orchestrator.session.session import Session
from orchestrator.stacks import lifecycle


def take_in(session: Session, stack: Stack, *, destroying: bool = False) -> None:
    """Import the resources that killed applies of a stack created, according to their output."""
    store = session.target.store
    killed = [
        each
        for each in session.killed.get(stack.name, ())
        if (command := each.command) is not None and command.bucket == store.bucket
    ]
    if not killed or stack.gone:
        return  # without files there is no address to import to; the audit reports what is left
    if destroying:
        ws = lifecycle.workspace_to_destroy(session, stack)
    elif waits_for(session.environment, stack, session.facts()) is None:
        ws = lifecycle.workspace(session, stack, real=True)
    else:
        return  # its model is missing: nothing can be planned before there is one
    lifecycle.store_unsaved(session, stack, ws)
    state = store.read(stack.name)
    created: dict[str, str] = {}
    maybe: dict[str, None] = {}
    for each in killed:
        created |= unrecorded(each, state)
        maybe |= dict.fromkeys(uncertain(each, state))
    if not created and not maybe:
        return
    begun = [each for each in maybe if each not in created]
    message = f"a killed terraform created {len(created)} resources that the state lacks, and began {len(begun)} more"
    session.journal.stage(stack.name, message)
    result = importing.adopt(session, stack, created, begun, ws=ws)
    session.journal.stage(stack.name, f"{len(result.existing)} of them exist, and are in the state now")
    for address, why in result.refused.items():
        session.results.warn(f"`{stack.name}`: {address} was created by a killed terraform and is in no state: {why}")
