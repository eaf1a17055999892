"""`orchestrator recover`: one stack's lost things, shown, and then imported or removed, as somebody chose."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Sequence

from orchestrator import risk
from orchestrator.aws.client import explained
from orchestrator.errors import ApprovalRequired, RiskNotAccepted
from orchestrator.planning.graph import Stack
from orchestrator.planning.steps import RecoverRest, RecoverStack, Recovery
from orchestrator.planning.values import tfvars, waits_for
from orchestrator.recovery import importing, remains, removing, rest
from orchestrator.recovery.importing import Found, Search
from orchestrator.recovery.rest import Rest
from orchestrator.risk import Risk
from orchestrator.runs import change_list
from orchestrator.runs.result import Action, RecoveredResult
from orchestrator.session.session import Session
from orchestrator.stacks import lifecycle, secrets
from orchestrator.stacks.proof import StackProof
from orchestrator.terraform.model import Workspace

_NOWHERE = "its address is taken or gone"
_SHOWN = 5
_OTHER = "in no state; to be removed by hand, unless it is wanted"
_UNSEEN = "not looked at"
_asking = threading.Lock()
"""One question at a time."""


def stack(session: Session, step: RecoverStack) -> None:
    """Look for what exists of one stack and is not in its state, and do with it what is wanted."""
    wanted, journal = step.stack, session.journal
    what = _lacking(session, wanted)
    if what:
        journal.stage(step.name, f"not looked at: {what}")
        lifecycle.record_end(session, wanted, "skipped", f"{_UNSEEN}: {what}")
        return
    if step.skip and _proven(session, wanted):
        journal.stage(step.name, "nothing is missing: proven by its last success")
        lifecycle.record_end(session, wanted, "unchanged", "nothing is missing: proven by its last success")
        return
    started = time.monotonic()
    with importing.workspace(session, wanted) as ws:

        def look() -> Search:
            return importing.search(session, wanted, ws, chosen=step.chosen)

        result = look()
        action = _decide(session, step, result)
        if action:
            result = importing.settle(session, wanted, ws, result, look)
        if result.refused:
            action = None
        if action == "imported":
            _complete(session, wanted, ws, result)
        elif action == "removed":
            importing.take(session, wanted, ws, result.found)
            removing.from_state(session, wanted, ws, result.found)
        session.results.add_recovered(_results(wanted, result, action))
    count = len(result.found)
    done: Action = "changed" if action else "unchanged"
    said = f"{count} existed that its state did not hold" if count else "nothing exists that its state does not hold"
    lifecycle.record_end(session, wanted, done, said, time.monotonic() - started)


def _without_empty_log_groups(session: Session, result: Search, risks: Sequence[Risk]) -> tuple[Risk, ...]:
    """Drop the risk that a log group keeps its events for a shorter time where it has none yet.

    Terraform creates a group first and sets its retention by a second call. Killed in between, it leaves a group that
    keeps everything for ever, and that looks as if its import were to shorten this.
    """
    groups = {each.address: each.import_id for each in result.found if each.type == "aws_cloudwatch_log_group"}
    cloud = session.target.cloud

    def empty(name: str) -> bool:
        with explained(cloud, f"look for log streams of {name}"):
            return not cloud.client("logs").describe_log_streams(logGroupName=name, limit=1)["logStreams"]

    return tuple(
        each
        for each in risks
        if not (each.kind == "state-loss" and each.resource in groups and empty(groups[each.resource]))
    )


def _require_no_loss(session: Session, wanted: Stack, risks: Sequence[Risk]) -> None:
    """Stop before what holds state is replaced or deleted, wherever that is: this command is to save things.

    Raises:
        RiskNotAccepted: the plan would, and nobody accepted that.
    """
    losses = [each for each in risks if each.kind == "state-loss"]
    if losses and "state-loss" not in session.approval.granted.risks:
        named = "; ".join(f"{each.resource}: {each.reason}" for each in losses[:_SHOWN])
        raise RiskNotAccepted(
            f"importing into `{wanted.name}` would lose {len(losses)} things that hold state: {named}",
            hint="nothing was imported; something that they build on may not have been found. To lose them all the "
            "same: `--accept-risk state-loss`",
        )


def _lacking(session: Session, wanted: Stack) -> str:
    """What a real plan of it would need and does not have; empty if nothing."""
    missing = sorted(set(wanted.upstream) - session.results.outputs.keys())
    if missing:
        return f"what it builds on has no outputs yet ({', '.join(missing)})"
    group = waits_for(session.environment, wanted, session.facts())
    return f"it waits for a model version of {group}" if group else ""


def _complete(session: Session, wanted: Stack, ws: Workspace, result: Search) -> None:
    """Apply the stack's own plan, in which what exists is imported and the rest made.

    A part of it alone would give no outputs, and without those the next stacks cannot be looked at.
    """
    plan = result.plan
    assert plan is not None
    importing.check(session, wanted, ws, plan)
    changes = [change_list.change_result(change) for change in plan.changes]
    risks = risk.of_plan(plan.document, stack=wanted.name, account_id=session.target.account_id)
    risks = _without_empty_log_groups(session, result, risks)
    session.results.add_risks(risks)
    _require_no_loss(session, wanted, risks)
    environment = session.environment
    if environment.asks:
        with _asking:
            session.approval.previewed(wanted.name, changes, risks)
            session.approval.decide(environment.name, [wanted.name])
    secrets.ensure_for(session, wanted)
    importing.apply(session, wanted, ws, f"import {len(result.found)} resources, {change_list.counts(changes)}")


def _demand_decision(session: Session) -> None:
    """What was found and not decided about is no success.

    Raises:
        ApprovalRequired: something was only listed.
    """
    name = session.environment.name
    left = [each for each in session.results.recovered if each.action == "left"]
    found = [each for each in session.results.recovered if each.action == "found"]
    if left:
        raise ApprovalRequired(
            f"{len(left)} resources of `{name}` cannot be told for certain, so nothing was done about their stacks: "
            f"{'; '.join(f'{each.address}: {each.reason}' for each in left[:_SHOWN])}",
            hint=f"of several that look alike `orchestrator recover {name} --import --take ID` takes one; what is not "
            "of this environment has to get another name, or go",
        )
    if found:
        raise ApprovalRequired(
            f"{len(found)} resources of `{name}` exist and are in no state; nothing was done about them",
            hint=f"`orchestrator recover {name} --import --yes` takes them into the states they belong to, "
            "`--remove` in its place removes them",
        )


def _proven(session: Session, wanted: Stack) -> bool:
    proof = StackProof(session, wanted, tfvars(session.environment, wanted, session.facts()))
    return bool(proof.verdict(session.results.states.get(wanted.name)).holds)


def _decide(session: Session, step: RecoverStack, result: Search) -> Recovery | None:
    """What is to be done: as the command line says, else as somebody answers."""
    name, count = step.stack.name, len(result.found)
    if result.refused:
        # To import the rest would make another of each of these, and replace what builds on them.
        session.journal.stage(step.name, f"{len(result.refused)} resources cannot be told for certain: {_why(result)}")
        return None
    if not count:
        session.journal.stage(step.name, "nothing exists that its state does not hold")
        return None
    session.journal.stage(step.name, f"{count} resources exist that its state does not hold")
    with _asking:
        person = session.approval.person
        person.show(listed(name, result.found))
        if step.sure and step.wanted:
            return step.wanted
        doing = "Remove" if step.wanted == "removed" else "Import"
        where = "" if step.wanted == "removed" else f" into the state of `{name}`"
        sure = person.ask(f"{doing} these {count}{where}{_with(result)}?")
    return (step.wanted or "imported") if sure else None


def _why(result: Search) -> str:
    return "; ".join(f"{address}: {why}" for address, why in [*result.refused.items()][:_SHOWN])


def _with(result: Search) -> str:
    """`, with 4 to add, 7 to change`: what the same plan does beside."""
    changes = [change_list.change_result(change) for change in result.plan.changes] if result.plan else []
    return f", with {change_list.counts(changes)}" if changes else ""


def listed(name: str, found: Sequence[Found]) -> list[str]:
    """`data: 2 exist that its state does not hold`, then each with the ID that it is imported by."""
    lines = [f"{name}: {len(found)} exist that its state does not hold"]
    for each in found:
        after = (
            f"   (is replaced: {', '.join(each.replaced_for)} cannot be changed or read)" if each.replaced_for else ""
        )
        lines.append(f"  {each.address}   {each.import_id}{after}")
    return lines


def _results(wanted: Stack, result: Search, action: Recovery | None) -> list[RecoveredResult]:
    taken = [
        RecoveredResult(
            stack=wanted.name, address=each.address, type=each.type, id=each.import_id, action=action or "found"
        )
        for each in result.found
    ]
    refused = [
        RecoveredResult(stack=wanted.name, address=address, action="left", reason=why)
        for address, why in result.refused.items()
    ]
    return [*taken, *refused]


def leftovers(session: Session, step: RecoverRest) -> None:
    """What belongs to no address: listed, and removed where that is wanted.

    Told only when all that has an address has it: until then nobody knows what is left over.
    """
    name = session.environment.name
    results = [session.results.stacks[each.name] for each in session.graph.stacks]
    unseen = [each.name for each in results if each.reason.startswith(_UNSEEN)]
    undecided = [each for each in session.results.recovered if each.action in ("found", "left")]
    if unseen:
        session.results.warn(
            f"{len(unseen)} stacks were not looked at ({', '.join(unseen)}), since what they build on is not complete: "
            f"`orchestrator deploy {name}`, and recover again if that stops at one of them"
        )
    if unseen or undecided:
        session.journal.stage(step.name, "not looked at before everything else is decided")
        _demand_decision(session)
        return
    found = rest.find(session)
    action: Recovery | None = None
    if found and _sure(session, step, found):
        removing.rest(session, found)
        action = "removed"
    told = [
        RecoveredResult(type=each.kind.type, address=each.name, id=each.id, action=action or "left", reason=_NOWHERE)
        for each in found
    ]
    session.results.add_recovered([*told, *_by_hand(session, found)])
    session.journal.stage(step.name, f"{len(found)} belong to no stack" + (", removed" if action else ""))
    if found and not action:
        session.results.warn(
            f"{len(found)} resources belong to no stack; `orchestrator recover {name} --remove` removes them"
        )


def _by_hand(session: Session, found: Sequence[Rest]) -> list[RecoveredResult]:
    """What the audit knows beside, of kinds that cannot be removed from here."""
    target, environment = session.target, session.environment
    remaining = remains.find(target.cloud, environment, session.neighbours)
    known = {each.id for each in found} | {each.name for each in found}
    return [
        RecoveredResult(
            type=f"{each.service} {each.kind}", address=each.name, id=each.arn, action="left", reason=_OTHER
        )
        for each in remains.astray(target.store, environment, remaining)
        if each.arn not in known and re.split("[:/]", each.arn)[-1] not in known
    ]


def _sure(session: Session, step: RecoverRest, found: Sequence[Rest]) -> bool:
    with _asking:
        lines = [f"{len(found)} belong to no stack"]
        session.approval.person.show([*lines, *(f"  {each.kind.type} {each.id}   {each.name}" for each in found)])
        if step.sure:
            return step.remove
        return bool(session.approval.person.ask(f"Remove these {len(found)}?"))
