"""Import resources that exist and are in no state into their stack's state.

A copy of the stack's root gets `import` blocks for the resources that the stack's plan would create and that may exist
already. Terraform reports which of them exist; missing ones are dropped, foreign ones are skipped. Ids that AWS chose
come from a dead terraform's output, or are looked up. Plans are repeated until nothing new is found; the last one is
applied, through the same gates as any other plan.

Terraform has no plan that only imports: `-refresh-only` ignores import blocks (Terraform 1.11).
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
from orchestrator.terraform.import_ids import IDS, Place, Recreated, chosen_by_aws, import_id
from orchestrator.terraform.model import PlanSummary, Workspace
from orchestrator.terraform.preview import twin

_ROUNDS = 12
"""The limit for plans until nothing new is found; a resource that depends on another is found one round later."""
_FOLDER = "import"


@dataclass(frozen=True)
class Found:
    """A resource that exists and is in no state."""

    stack: str
    address: str
    type: str
    import_id: str
    replaced_for: tuple[str, ...] = ()
    """Attributes for which it is replaced."""
    entry: Json | None = None
    """The entry to write into the state, if an import would replace the resource for attributes that cannot be read."""


@dataclass
class Search:
    """The result of the search for one stack's resources."""

    existing: tuple[Found, ...] = ()
    refused: dict[str, str] = field(default_factory=dict)
    """Address to the reason why an existing resource is not imported."""
    absent: set[str] = field(default_factory=set)
    """Addresses that would be created and whose resources do not exist."""
    plan: PlanSummary | None = None
    """The stack's plan with all these imports; it is the saved plan until another is made."""


def adopt(
    session: Session,
    stack: Stack,
    made: Mapping[str, str],
    maybe: Collection[str] = (),
    *,
    ws: Workspace | None = None,
) -> Search:
    """Import the resources that a dead terraform created; without confirmation, since its output proves that.

    Args:
        session: the run's session.
        stack: the stack of the terraform command.
        made: address to the reported id (`creations.unrecorded`); empty ids are looked up.
        maybe: addresses that were begun (`creations.uncertain`): imported if they exist.
        ws: the stack's files, if the outputs for creating them are no longer available.
    """
    with workspace(session, stack, ws) as twin_ws:

        def look() -> Search:
            return search(session, stack, twin_ws, made=made, among={*made, *maybe})

        result = settle(session, stack, twin_ws, look(), look)
        result.refused |= _without_id(result, made)
        take(session, stack, twin_ws, result.existing)
    return result


@contextmanager
def workspace(session: Session, stack: Stack, ws: Workspace | None = None) -> Iterator[Workspace]:
    """Create a copy of the stack's root, with the same state, for import blocks."""
    ws = ws or lifecycle.workspace(session, stack, real=True)
    # First of all, because a state that an earlier import could not store is in the copy, which is recreated.
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
    """Find the existing resources among those that the stack's plan would create.

    Args:
        session: the run's session.
        stack: the stack.
        ws: the copy of its root.
        made: address to id, if terraform reported it.
        among: if given, only these addresses are searched.
        chosen: the ids to import where several resources match.
    """
    result, tried = Search(), dict[str, str]()
    for number in range(1, _ROUNDS + 1):
        session.journal.stage(stack.name, f"find existing resources (round {number}, {len(tried)} found)")
        plan, errors = _plan(session, stack, ws, tried)
        for address, why in errors.items():
            _drop(result, tried, address, why)
        if plan is None:
            continue
        foreign = _foreign(session, plan)
        for address, why in foreign.items():
            _drop(result, tried, address, why)
        missing = [each for each in import_blocks.missing(plan.document) if among is None or each.address in among]
        fresh = _candidates(session, missing, made or {}, result, chosen)
        if not fresh and not foreign:
            result.plan = plan
            result.existing = tuple(
                Found(stack.name, each.address, each.type, tried[each.address], each.replaced_for, each.entry)
                for each in import_blocks.imported(plan.document)
            )
            return result
        tried |= fresh
    raise TerraformError(
        f"the search for existing resources of `{stack.name}` found new ones after {_ROUNDS} rounds",
        hint="another process is changing them; repeat the command when that has ended",
    )


def take(session: Session, stack: Stack, ws: Workspace, found: Collection[Found]) -> None:
    """Import these resources with their dependencies, and update attributes that differ."""
    imports = {each.address: each.import_id for each in found if each.entry is None}
    if not imports:
        return
    _write(ws, imports)
    terraform, sink = session.tools.terraform, session.journal.sink(stack.name)
    # The gate checks the whole plan: a targeted one would lack related resources (a network's flow log).
    check(session, stack, ws, terraform.plan(ws, on_event=sink, cancel=session.cancel))
    terraform.plan(ws, targets=list(imports), on_event=sink, cancel=session.cancel)
    apply(session, stack, ws, f"import {len(found)} resources")


def settle(session: Session, stack: Stack, ws: Workspace, result: Search, look: Callable[[], Search]) -> Search:
    """Write resources into the state that an import would replace for unreadable attributes only, and search again.

    Parts of such a resource could not be found before, because its id was to change.
    """
    entered = tuple(each for each in result.existing if each.entry is not None)
    if not entered:
        return result
    _enter(session, stack, ws, [each.entry for each in entered if each.entry is not None])
    again = look()
    again.existing, again.refused = (*entered, *again.existing), {**result.refused, **again.refused}
    return again


def _enter(session: Session, stack: Stack, ws: Workspace, entries: Sequence[Json]) -> None:
    """Write these entries into the state; the next plan reads the other attributes itself."""
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
    """Store a state with terraform, which takes the lock, and refuses if the state has changed meanwhile."""
    file = ws.data_dir / "entered.tfstate"
    file.write_text(json.dumps(document), encoding="utf-8")
    try:
        session.tools.terraform.push_state(ws, file, on_event=session.journal.sink(ws.stack), cancel=session.cancel)
    finally:
        file.unlink()


def _is_same(one: Json, other: Json) -> bool:
    return all(one.get(part) == other.get(part) for part in ("module", "mode", "type", "name"))


def check(session: Session, stack: Stack, ws: Workspace, plan: PlanSummary) -> None:
    """Run the policy gate on the plan that would be applied."""
    session.journal.stage(stack.name, "policy")
    report = session.tools.gate.scan_plan(plan.document, root=ws.root)
    session.results.add_policy(report)
    lifecycle.require_green(report, f"the plan that imports into `{stack.name}`")


def apply(session: Session, stack: Stack, ws: Workspace, doing: str) -> None:
    """Apply the saved plan."""
    session.journal.stage(stack.name, doing)
    sink = session.journal.sink(stack.name)
    session.tools.terraform.apply(ws, on_event=sink, cancel=session.cancel)
    refresh(session, stack)


def refresh(session: Session, stack: Stack) -> None:
    """Update the session with the current state."""
    state = session.target.store.read(stack.name)
    session.results.add_state(stack.name, state)
    outputs = published(stack, state) if state and state.resources else None
    if outputs is not None:
        session.results.publish(stack.name, outputs)


def _plan(
    session: Session, stack: Stack, ws: Workspace, imports: Mapping[str, str]
) -> tuple[PlanSummary | None, dict[str, str]]:
    """Return the plan with these imports, or the errors of imports that terraform could not read."""
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


def _without_id(result: Search, made: Mapping[str, str]) -> dict[str, str]:
    """Map resources that terraform created, but whose import IDs are unknown, to that reason."""
    assert result.plan is not None
    left = [each for each in import_blocks.missing(result.plan.document) if each.address in made]
    return {
        each.address: "a part of its import ID is unknown"
        for each in left
        if each.address not in {*result.absent, *result.refused} and not isinstance(IDS.get(each.type), Recreated)
    }


def _drop(result: Search, tried: dict[str, str], address: str, why: str) -> None:
    tried.pop(address, None)
    if why:
        result.refused[address] = why
    else:
        result.absent.add(address)


def _foreign(session: Session, plan: PlanSummary) -> dict[str, str]:
    """Map resources with our names but without our tags, such as other teams', to that reason."""
    own = identity(session)
    return {
        each.address: f"it exists, but lacks the tags {', '.join(f'{name} = {value}' for name, value in own.items())}"
        for each in import_blocks.imported(plan.document)
        if each.tags is not None and not own.items() <= each.tags.items()
    }


def identity(session: Session) -> dict[str, str]:
    """Return the tags that identify an environment's resources."""
    return {"project": session.environment.platform.project, "environment": session.environment.name}


def _candidates(
    session: Session, missing: Iterable[Missing], made: Mapping[str, str], result: Search, chosen: Collection[str]
) -> dict[str, str]:
    """Map the addresses that the plan would create to their import IDs, as far as these are known."""
    place, candidates = _place(session), dict[str, str]()
    for each in missing:
        if each.address in result.absent or each.address in result.refused or isinstance(IDS.get(each.type), Recreated):
            continue
        known = made.get(each.address)
        if not known and chosen_by_aws(each.type):
            known = _look_up(session, each, result, chosen)
        complete = import_id(each.type, each.planned, place, known)
        if complete is not None:
            candidates[each.address] = complete
    return candidates


def _look_up(session: Session, missing: Missing, result: Search, chosen: Collection[str]) -> str | None:
    """Return the id of the only matching resource; of several, only one that was chosen."""
    cloud = session.target.cloud
    try:
        with explained(cloud, f"find {missing.address}"):
            ids = list(LOOKUPS[missing.type](cloud, missing.planned))
    except (KeyError, IndexError):
        return None  # until the plan knows more attributes
    except PlatformError as error:
        # For a parent that does not exist (a topic, a file system) AWS cannot list children.
        if not _is_gone(error):
            result.refused[missing.address] = error.message
        return None
    if len(ids) > 1:
        ids = [each for each in ids if each in chosen] or ids
    if len(ids) > 1:
        result.refused[missing.address] = f"{len(ids)} resources match, choose one with `--take ID`: {', '.join(ids)}"
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
