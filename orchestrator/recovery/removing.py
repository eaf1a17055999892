"""Remove the found resources with Terraform's provider, which knows how to delete each kind and wait for that."""

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
    """Remove the resources that were just imported.

    Raises:
        TerraformError: the plan would also remove other resources.
    """
    (ws.root / import_blocks.FILE).unlink(missing_ok=True)
    addresses = [each.address for each in found]
    terraform, sink = session.tools.terraform, session.journal.sink(stack.name)
    plan = terraform.plan(ws, destroy=True, targets=addresses, on_event=sink, cancel=session.cancel)
    more = sorted({each.address for each in plan.changes} - set(addresses))
    if more:
        raise TerraformError(
            f"`{stack.name}` has {len(more)} resources in its state that depend on those to remove: "
            f"{', '.join(more[:5])}",
            hint=f"the resources to remove are imported now; `orchestrator destroy {session.environment.name}` removes "
            "them with their dependents, `deploy` completes the stack",
        )
    session.journal.stage(stack.name, f"remove {len(addresses)} resources")
    terraform.apply(ws, on_event=sink, cancel=session.cancel)
    importing.refresh(session, stack)


def rest(session: Session, found: Sequence[Rest]) -> None:
    """Remove resources that belong to no address, by creating a state with them and destroying it.

    The state is stored beside the others, so that a command after an interrupt finds it.
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
    """Record the types for the warm provider, which otherwise loads only the types in a stack's code."""
    types = sorted({each.kind.type for each in found})
    ws.data_dir.mkdir(parents=True, exist_ok=True)
    (ws.data_dir / HELD_TYPES).write_text(json.dumps(types), encoding="utf-8")
