"""`orchestrator recover`: show a stack's lost resources, and import or remove them as chosen."""

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
_OTHER = "in no state; remove it manually unless it is required"
_UNSEEN = "not checked"
_asking = threading.Lock()
"""Serialises questions."""


def stack(session: Session, step: RecoverStack) -> None:
    """Find the resources of a stack that are not in its state, and import or remove them as chosen."""
    target, journal = step.stack, session.journal
    obstacle = _obstacle(session, target)
    if obstacle:
        journal.stage(step.name, f"{_UNSEEN}: {obstacle}")
        lifecycle.record_end(session, target, "skipped", f"{_UNSEEN}: {obstacle}")
        return
    if step.skip and _proven(session, target):
        journal.stage(step.name, "nothing is missing: proven by its last success")
        lifecycle.record_end(session, target, "unchanged", "nothing is missing: proven by its last success")
        return
    started = time.monotonic()
    with importing.workspace(session, target) as ws:

        def look() -> Search:
            return importing.search(session, target, ws, chosen=step.chosen)

        result = look()
        action = _decide(session, step, result)
        if action:
            result = importing.settle(session, target, ws, result, look)
        if result.refused:
            action = None
        if action == "imported":
            _complete(session, target, ws, result)
        elif action == "removed":
            importing.take(session, target, ws, result.existing)
            removing.from_state(session, target, ws, result.existing)
        session.results.add_recovered(_results(target, result, action))
    count = len(result.existing)
    done: Action = "changed" if action else "unchanged"
    reason = f"{count} resources were missing from its state" if count else "no resource is missing from its state"
    lifecycle.record_end(session, target, done, reason, time.monotonic() - started)


def _without_empty_log_groups(session: Session, result: Search, risks: Sequence[Risk]) -> tuple[Risk, ...]:
    """Drop the risk of a shorter retention for log groups without events.

    Terraform creates a group and sets its retention by a second call. Killed in between, it leaves a group that keeps
    everything for ever, so that its import seems to shorten the retention.
    """
    groups = {each.address: each.import_id for each in result.existing if each.type == "aws_cloudwatch_log_group"}
    cloud = session.target.cloud

    def empty(name: str) -> bool:
        with explained(cloud, f"list the log streams of {name}"):
            return not cloud.client("logs").describe_log_streams(logGroupName=name, limit=1)["logStreams"]

    return tuple(
        each
        for each in risks
        if not (each.kind == "state-loss" and each.resource in groups and empty(groups[each.resource]))
    )


def _require_no_loss(session: Session, target: Stack, risks: Sequence[Risk]) -> None:
    """Refuse to replace or delete resources that hold state, in any environment: this command is to save them.

    Raises:
        RiskNotAccepted: the plan would do so, and the risk was not accepted.
    """
    losses = [each for each in risks if each.kind == "state-loss"]
    if losses and "state-loss" not in session.approval.granted.risks:
        named = "; ".join(f"{each.resource}: {each.reason}" for each in losses[:_SHOWN])
        raise RiskNotAccepted(
            f"importing into `{target.name}` would lose {len(losses)} resources that hold state: {named}",
            hint="nothing was imported; one of their dependencies may not have been found. To lose them anyway: "
            "`--accept-risk state-loss`",
        )


def _obstacle(session: Session, target: Stack) -> str:
    """Describe what a real plan of the stack lacks; empty if nothing."""
    missing = sorted(set(target.upstream) - session.results.outputs.keys())
    if missing:
        return f"its dependencies have no outputs yet ({', '.join(missing)})"
    group = waits_for(session.environment, target, session.facts())
    return f"it waits for a model version of {group}" if group else ""


def _complete(session: Session, target: Stack, ws: Workspace, result: Search) -> None:
    """Apply the stack's whole plan, which imports existing resources and creates the others.

    A targeted plan would give no outputs, and without those the dependent stacks cannot be checked.
    """
    plan = result.plan
    assert plan is not None
    importing.check(session, target, ws, plan)
    changes = [change_list.change_result(change) for change in plan.changes]
    risks = risk.of_plan(plan.document, stack=target.name, account_id=session.target.account_id)
    risks = _without_empty_log_groups(session, result, risks)
    session.results.add_risks(risks)
    _require_no_loss(session, target, risks)
    environment = session.environment
    if environment.asks:
        with _asking:
            session.approval.previewed(target.name, changes, risks)
            session.approval.decide(environment.name, [target.name])
    secrets.ensure_for(session, target)
    importing.apply(session, target, ws, f"import {len(result.existing)} resources, {change_list.counts(changes)}")


def _demand_decision(session: Session) -> None:
    """Fail if resources were found and no decision was made about them.

    Raises:
        ApprovalRequired: resources were only listed.
    """
    name = session.environment.name
    left = [each for each in session.results.recovered if each.action == "left"]
    undecided = [each for each in session.results.recovered if each.action == "found"]
    if left:
        raise ApprovalRequired(
            f"{len(left)} resources of `{name}` cannot be identified for certain, so their stacks were not changed: "
            f"{'; '.join(f'{each.address}: {each.reason}' for each in left[:_SHOWN])}",
            hint=f"choose one of several candidates with `orchestrator recover {name} --import --take ID`; rename or "
            "remove resources of other environments",
        )
    if undecided:
        raise ApprovalRequired(
            f"{len(undecided)} resources of `{name}` exist and are in no state; they were not changed",
            hint=f"`orchestrator recover {name} --import --yes` imports them into their states, `--remove` instead of "
            "`--import` removes them",
        )


def _proven(session: Session, target: Stack) -> bool:
    proof = StackProof(session, target, tfvars(session.environment, target, session.facts()))
    return bool(proof.verdict(session.results.states.get(target.name)).holds)


def _decide(session: Session, step: RecoverStack, result: Search) -> Recovery | None:
    """Return the action that the command line or the user's answer requests."""
    name, count = step.stack.name, len(result.existing)
    if result.refused:
        # Importing only the others would create each of these again, and replace their dependents.
        session.journal.stage(
            step.name, f"{len(result.refused)} resources cannot be identified for certain: {_why(result)}"
        )
        return None
    if not count:
        session.journal.stage(step.name, "no resource is missing from its state")
        return None
    session.journal.stage(step.name, f"{count} existing resources are missing from its state")
    with _asking:
        person = session.approval.person
        person.show(listed(name, result.existing))
        if step.sure and step.wanted:
            return step.wanted
        doing = "Remove" if step.wanted == "removed" else "Import"
        where = "" if step.wanted == "removed" else f" into the state of `{name}`"
        sure = person.ask(f"{doing} these {count}{where}{_with(result)}?")
    return (step.wanted or "imported") if sure else None


def _why(result: Search) -> str:
    return "; ".join(f"{address}: {why}" for address, why in [*result.refused.items()][:_SHOWN])


def _with(result: Search) -> str:
    """Describe the plan's other changes: `, with 4 to add, 7 to change`."""
    changes = [change_list.change_result(change) for change in result.plan.changes] if result.plan else []
    return f", with {change_list.counts(changes)}" if changes else ""


def listed(name: str, found: Sequence[Found]) -> list[str]:
    """List the resources of a stack that are missing from its state, each with its import ID."""
    lines = [f"{name}: {len(found)} existing resources are missing from its state"]
    for each in found:
        after = (
            f"   (is replaced: {', '.join(each.replaced_for)} cannot be changed or read)" if each.replaced_for else ""
        )
        lines.append(f"  {each.address}   {each.import_id}{after}")
    return lines


def _results(target: Stack, result: Search, action: Recovery | None) -> list[RecoveredResult]:
    taken = [
        RecoveredResult(
            stack=target.name, address=each.address, type=each.type, id=each.import_id, action=action or "found"
        )
        for each in result.existing
    ]
    refused = [
        RecoveredResult(stack=target.name, address=address, action="left", reason=why)
        for address, why in result.refused.items()
    ]
    return [*taken, *refused]


def leftovers(session: Session, step: RecoverRest) -> None:
    """List the resources that belong to no address, and remove them if requested.

    Only after every resource with an address is imported, because until then it is unknown which ones are left over.
    """
    name = session.environment.name
    results = [session.results.stacks[each.name] for each in session.graph.stacks]
    unseen = [each.name for each in results if each.reason.startswith(_UNSEEN)]
    undecided = [each for each in session.results.recovered if each.action in ("found", "left")]
    if unseen:
        session.results.warn(
            f"{len(unseen)} stacks were not checked ({', '.join(unseen)}), since their dependencies are not complete: "
            f"run `orchestrator deploy {name}`, and recover again if it stops at one of them"
        )
    if unseen or undecided:
        session.journal.stage(step.name, "not checked before all other resources are decided")
        _demand_decision(session)
        return
    unowned = rest.find(session)
    action: Recovery | None = None
    if unowned and _sure(session, step, unowned):
        removing.rest(session, unowned)
        action = "removed"
    results_of_rest = [
        RecoveredResult(type=each.kind.type, address=each.name, id=each.id, action=action or "left", reason=_NOWHERE)
        for each in unowned
    ]
    session.results.add_recovered([*results_of_rest, *_others(session, unowned)])
    session.journal.stage(step.name, f"{len(unowned)} belong to no stack" + (", removed" if action else ""))
    if unowned and not action:
        session.results.warn(
            f"{len(unowned)} resources belong to no stack; `orchestrator recover {name} --remove` removes them"
        )


def _others(session: Session, unowned: Sequence[Rest]) -> list[RecoveredResult]:
    """List the other resources that the audit finds, of kinds that this command cannot remove."""
    target, environment = session.target, session.environment
    remaining = remains.find(target.cloud, environment, session.neighbours)
    known = {each.id for each in unowned} | {each.name for each in unowned}
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
