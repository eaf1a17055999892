"""Removes what was found, by the one who knows how each kind is deleted and waited for: the provider."""

from __future__ import annotations

import json
import uuid
from collections.abc import Collection, Iterable, Sequence

from orchestrator.aws.client import explained
from orchestrator.errors import TerraformError
from orchestrator.planning.graph import Stack
from orchestrator.planning.values import tfvars
from orchestrator.recovery import importing
from orchestrator.recovery.importing import Found, enter
from orchestrator.recovery.rest import STACK, Rest, state
from orchestrator.session.session import Session
from orchestrator.stacks.workspace import forgetting_plan, render
from orchestrator.terraform import import_blocks
from orchestrator.terraform.attached import HELD_TYPES
from orchestrator.terraform.model import Workspace

_PROVIDER = "registry.terraform.io/hashicorp/aws"


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
            hint=f"what was found is imported now; `orchestrator destroy {session.environment.name}` removes it with "
            "them, `deploy` completes it",
        )
    session.journal.stage(stack.name, f"remove {len(addresses)} resources")
    terraform.apply(ws, on_event=sink, cancel=session.cancel)
    importing.refresh(session, stack)


def rest(session: Session, found: Sequence[Rest]) -> None:
    """Remove what belongs to no address: a state that holds just that is made, and destroyed.

    The state lies beside the others meanwhile: whoever comes after an interrupt finds it there.
    """
    tools, target = session.tools, session.target
    stack = Stack(STACK, STACK, order=0, root=None, needs=(), upstream=(), values=(), gone=True)
    values = tfvars(session.environment, stack, session.facts())
    key = target.store.key(STACK)
    ws = render(
        tools,
        stack,
        values,
        bucket=target.store.bucket,
        state_key=key,
        key_arn=target.store.key_arn,
        env=target.env,
    )
    _remember_types(ws, found)
    before = target.store.read(STACK)  # of a removal that was interrupted
    lineage, serial = (before.lineage, before.serial + 1) if before else (str(uuid.uuid4()), 1)
    s3, terraform, sink = target.cloud.client("s3"), tools.terraform, session.journal.sink(STACK)
    with forgetting_plan(ws):
        terraform.init(ws, on_event=sink, cancel=session.cancel)
        enter(session, ws, state(list(found), lineage, serial, _PROVIDER))
        terraform.plan(ws, destroy=True, on_event=sink, cancel=session.cancel)
        session.journal.stage(STACK, f"remove {len(found)} resources")
        terraform.apply(ws, on_event=sink, cancel=session.cancel)
    with explained(target.cloud, "remove the state of what was removed"):
        s3.delete_object(Bucket=target.store.bucket, Key=key)


def _remember_types(ws: Workspace, found: Iterable[Rest]) -> None:
    """For the warm provider, which loads the types that a stack's code or state ever had: here no code names them."""
    types = sorted({each.kind.type for each in found})
    ws.data_dir.mkdir(parents=True, exist_ok=True)
    (ws.data_dir / HELD_TYPES).write_text(json.dumps(types), encoding="utf-8")
