"""Brings what exists, and is in no state, into the state where it belongs.

In a twin of the stack's root, beside its files, stand `import` blocks for what the stack's plan would create and
what may exist already. Terraform itself says which of them do; what does not exist is dropped, what is not ours is
left alone. Ids that only AWS knows come from a dead terraform's own output, or are looked up. Until nothing new is
found only plans are made, and the last of them is what is applied, through the same gates as any other plan.

Terraform has no plan that only imports: `-refresh-only` passes import blocks over (Terraform 1.11).
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from orchestrator.aws.client import explained
from orchestrator.core.types import Json
from orchestrator.errors import PlatformError, TerraformError
from orchestrator.planning.graph import Stack
from orchestrator.planning.values import partition, published
from orchestrator.recovery.lookups import LOOKUPS
from orchestrator.session.session import Session
from orchestrator.stacks import lifecycle
from orchestrator.stacks.workspace import forgetting_plan
from orchestrator.terraform import import_blocks
from orchestrator.terraform.import_blocks import Missing
from orchestrator.terraform.import_ids import IDS, Anew, Place, chosen_by_aws, import_id
from orchestrator.terraform.model import PlanSummary, Workspace
from orchestrator.terraform.preview import twin

_ROUNDS = 12
"""Plans until nothing new turns up; what stands in another's values is found one round after it."""
_FOLDER = "import"


@dataclass(frozen=True)
class Found:
    """Something that exists, and is in no state."""

    stack: str
    address: str
    type: str
    import_id: str
    replaced_for: tuple[str, ...] = ()
    """Attributes for which another one is made in its place."""
    entry: Json | None = None
    """To be written into the state as it is, since an import would replace it for what cannot be read."""


@dataclass
class Search:
    """What came of looking for one stack's things."""

    found: tuple[Found, ...] = ()
    refused: dict[str, str] = field(default_factory=dict)
    """Address to why it was not taken, where something is there."""
    absent: set[str] = field(default_factory=set)
    """Addresses that would be created, and of which nothing exists."""
    plan: PlanSummary | None = None
    """The stack's plan with all these imports; as saved, until another is made."""


def adopt(
    session: Session,
    stack: Stack,
    made: Mapping[str, str],
    maybe: Collection[str] = (),
    *,
    ws: Workspace | None = None,
) -> Search:
    """Import what a dead terraform made, by its own words: no question is asked, since it is ours for certain.

    Args:
        session: of the run.
        stack: whose terraform it was.
        made: address to the id that terraform told (`made.unrecorded`); empty ids are looked up.
        maybe: addresses that were begun (`made.uncertain`): taken if they exist.
        ws: the stack's files, where its upstream's outputs are no longer there to make them of.
    """
    with workspace(session, stack, ws) as twin_ws:

        def look() -> Search:
            return search(session, stack, twin_ws, made=made, among={*made, *maybe})

        result = settle(session, stack, twin_ws, look(), look)
        result.refused |= _untold(result, made)
        take(session, stack, twin_ws, result.found)
    return result


@contextmanager
def workspace(session: Session, stack: Stack, ws: Workspace | None = None) -> Iterator[Workspace]:
    """A twin of the stack's root, with the same state, to write import blocks into."""
    ws = ws or lifecycle.workspace(session, stack, real=True)
    # First of all: a state that an earlier import could not store lies in the twin, which is made anew.
    lifecycle.store_unsaved(session, stack, ws)
    data_dir = ws.data_dir.parent / _FOLDER
    data_dir.mkdir(parents=True, exist_ok=True)
    twin_ws = replace(ws, root=twin(ws.root, data_dir / "root"), data_dir=data_dir)
    with forgetting_plan(twin_ws):
        session.journal.stage(stack.name, "init")
        sink = session.journal.sink(stack.name)
        session.tools.terraform.init(twin_ws, on_event=sink, cancel=session.cancel)
        yield twin_ws


def search(
    session: Session,
    stack: Stack,
    ws: Workspace,
    *,
    made: Mapping[str, str] | None = None,
    among: Collection[str] | None = None,
    chosen: Collection[str] = (),
) -> Search:
    """Find what exists of that which the stack's plan would create.

    Args:
        session: of the run.
        stack: to look for.
        ws: twin of its root.
        made: address to id, where terraform told it.
        among: these addresses only.
        chosen: ids to take where several things look alike.
    """
    result, tried = Search(), dict[str, str]()
    for number in range(1, _ROUNDS + 1):
        session.journal.stage(stack.name, f"look for what exists (round {number}, {len(tried)} found)")
        plan, errors = _plan(session, stack, ws, tried)
        for address, why in errors.items():
            _drop(result, tried, address, why)
        if plan is None:
            continue
        foreign = _foreign(session, plan)
        for address, why in foreign.items():
            _drop(result, tried, address, why)
        if among is None:
            wanted = list(import_blocks.missing(plan.document))
        else:
            wanted = [each for each in import_blocks.missing(plan.document) if each.address in among]
        fresh = _candidates(session, wanted, made or {}, result, chosen)
        if not fresh and not foreign:
            result.plan = plan
            result.found = tuple(
                Found(stack.name, each.address, each.type, tried[each.address], each.replaced_for, each.entry)
                for each in import_blocks.imported(plan.document)
            )
            return result
        tried |= fresh
    raise TerraformError(
        f"`{stack.name}` had something new after {_ROUNDS} rounds of looking for what exists",
        hint="something else is changing it; repeat the command when that has ended",
    )


def take(session: Session, stack: Stack, ws: Workspace, found: Collection[Found]) -> None:
    """Import these, with what they build on; what they should be otherwise is changed on the way."""
    imports = {each.address: each.import_id for each in found if each.entry is None}
    if not imports:
        return
    _write(ws, imports)
    terraform, sink = session.tools.terraform, session.journal.sink(stack.name)
    # The gate judges the whole: of a part, what belongs to it (a network's flow log) would be missing.
    check(session, stack, ws, terraform.plan(ws, on_event=sink, cancel=session.cancel))
    terraform.plan(ws, targets=list(imports), on_event=sink, cancel=session.cancel)
    apply(session, stack, ws, f"import {len(found)} resources")


def settle(session: Session, stack: Stack, ws: Workspace, result: Search, look: Callable[[], Search]) -> Search:
    """Write into the state what an import would replace for nothing but what AWS does not tell, and look again.

    What is part of such a thing could not be found before: its id was to change.
    """
    entered = tuple(each for each in result.found if each.entry is not None)
    if not entered:
        return result
    _enter(session, stack, ws, [each.entry for each in entered if each.entry is not None])
    again = look()
    again.found, again.refused = (*entered, *again.found), {**result.refused, **again.refused}
    return again


def _enter(session: Session, stack: Stack, ws: Workspace, entries: Sequence[Json]) -> None:
    """Write these into the state; the next plan reads all the rest of them itself."""
    target, key = session.target, session.target.store.key(stack.name)
    if target.store.read(stack.name) is None:
        document: Json = {"version": 4, "serial": 0, "lineage": str(uuid.uuid4()), "outputs": {}, "resources": []}
    else:
        with explained(target.cloud, f"read the state of `{stack.name}`"):
            stored = target.cloud.client("s3").get_object(Bucket=target.store.bucket, Key=key)["Body"].read()
        document = json.loads(stored)
    document["serial"] += 1
    for entry in entries:
        same = [each for each in document["resources"] if _is_same(each, entry)]
        if same:
            same[0]["instances"] += entry["instances"]
        else:
            document["resources"].append(entry)
    enter(session, ws, document)


def enter(session: Session, ws: Workspace, document: Json) -> None:
    """Store a state by terraform itself, which takes the lock, and refuses if somebody else was quicker."""
    file = ws.data_dir / "entered.tfstate"
    file.write_text(json.dumps(document), encoding="utf-8")
    try:
        session.tools.terraform.push_state(ws, file, on_event=session.journal.sink(ws.stack), cancel=session.cancel)
    finally:
        file.unlink()


def _is_same(one: Json, other: Json) -> bool:
    return all(one.get(part) == other.get(part) for part in ("module", "mode", "type", "name"))


def check(session: Session, stack: Stack, ws: Workspace, plan: PlanSummary) -> None:
    """The policy gate, on what would be applied."""
    session.journal.stage(stack.name, "policy")
    report = session.tools.gate.scan_plan(plan.document, root=ws.root)
    session.results.add_policy(report)
    lifecycle.require_green(report, f"the plan that imports into `{stack.name}`")


def apply(session: Session, stack: Stack, ws: Workspace, doing: str) -> None:
    """Apply the plan as it is saved."""
    session.journal.stage(stack.name, doing)
    sink = session.journal.sink(stack.name)
    session.tools.terraform.apply(ws, on_event=sink, cancel=session.cancel)
    refresh(session, stack)


def refresh(session: Session, stack: Stack) -> None:
    """Let the run know the state as it is now."""
    state = session.target.store.read(stack.name)
    session.results.add_state(stack.name, state)
    outputs = published(stack, state) if state and state.resources else None
    if outputs is not None:
        session.results.publish(stack.name, outputs)


def _plan(
    session: Session, stack: Stack, ws: Workspace, imports: Mapping[str, str]
) -> tuple[PlanSummary | None, dict[str, str]]:
    """The plan with these imports; without a plan, which of them terraform could not read."""
    _write(ws, imports)
    events: list[Json] = []
    sink = session.journal.sink(stack.name)

    def listen(event: Json) -> None:
        events.append(event)
        sink(event)

    try:
        return session.tools.terraform.plan(ws, on_event=listen, cancel=session.cancel), {}
    except TerraformError:
        errors = import_blocks.failed(events, imports)
        if session.cancel.is_set() or not errors:
            raise
        return None, errors


def _untold(result: Search, made: Mapping[str, str]) -> dict[str, str]:
    """What terraform made for certain, and the plan does not say enough of to import it."""
    assert result.plan is not None
    left = [each for each in import_blocks.missing(result.plan.document) if each.address in made]
    return {
        each.address: "what its import ID is made of is not known"
        for each in left
        if each.address not in {*result.absent, *result.refused} and not isinstance(IDS.get(each.type), Anew)
    }


def _drop(result: Search, tried: dict[str, str], address: str, why: str) -> None:
    tried.pop(address, None)
    if why:
        result.refused[address] = why
    else:
        result.absent.add(address)


def _foreign(session: Session, plan: PlanSummary) -> dict[str, str]:
    """What exists under our names without our tags: somebody else's, or made by hand."""
    own = identity(session)
    return {
        each.address: f"it is there, but its tags do not say {_told(own)}"
        for each in import_blocks.imported(plan.document)
        if each.tags is not None and not own.items() <= each.tags.items()
    }


def identity(session: Session) -> dict[str, str]:
    """The tags by which an environment's things are known."""
    return {"project": session.environment.platform.project, "environment": session.environment.name}


def _told(tags: Mapping[str, str]) -> str:
    return ", ".join(f"{name} = {value}" for name, value in tags.items())


def _candidates(
    session: Session, missing: Iterable[Missing], made: Mapping[str, str], result: Search, chosen: Collection[str]
) -> dict[str, str]:
    """Import IDs of what the plan would create, as far as they can be told now."""
    place, candidates = _place(session), dict[str, str]()
    for each in missing:
        if each.address in result.absent or each.address in result.refused or isinstance(IDS.get(each.type), Anew):
            continue
        known = made.get(each.address)
        if not known and chosen_by_aws(each.type):
            known = _look_up(session, each, result, chosen)
        complete = import_id(each.type, each.planned, place, known)
        if complete is not None:
            candidates[each.address] = complete
    return candidates


def _look_up(session: Session, missing: Missing, result: Search, chosen: Collection[str]) -> str | None:
    """The one thing that looks like it. Of several none is taken, unless somebody chose it."""
    cloud = session.target.cloud
    try:
        with explained(cloud, f"look for {missing.address}"):
            ids = list(LOOKUPS[missing.type](cloud, missing.planned))
    except (KeyError, IndexError):
        return None  # not before the plan knows more
    except PlatformError as error:
        # Of a parent that does not exist (a topic, a file system) AWS has no children to list.
        if not _is_gone(error):
            result.refused[missing.address] = error.message
        return None
    if len(ids) > 1:
        ids = [each for each in ids if each in chosen] or ids
    if len(ids) > 1:
        result.refused[missing.address] = f"{len(ids)} look like it, `--take ID` says which: {', '.join(ids)}"
    return ids[0] if len(ids) == 1 else None


def _is_gone(error: PlatformError) -> bool:
    cause = getattr(error.__cause__, "response", {})
    code = str(cause.get("Error", {}).get("Code", ""))
    return "NotFound" in code or "NonExistent" in code


def _place(session: Session) -> Place:
    region = session.environment.platform.region
    return Place(partition(region), region, session.target.account_id)


def _write(ws: Workspace, imports: Mapping[str, str]) -> None:
    (ws.root / import_blocks.FILE).write_text(import_blocks.text(imports), encoding="utf-8")
