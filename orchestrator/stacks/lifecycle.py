"""Deploy one stack (render, init, plan, policy gate, apply the saved plan, verify), preview it or destroy it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from orchestrator import risk
from orchestrator.core.state import State
from orchestrator.errors import PolicyGateBroken, PolicyViolation, TerraformError
from orchestrator.planning.graph import Stack
from orchestrator.planning.values import Facts, blueprint_of, example_model_version, published, tfvars, waits_for
from orchestrator.risk import Risk
from orchestrator.runs import change_list
from orchestrator.runs.result import Action, ChangeResult, StackResult
from orchestrator.session.session import Session
from orchestrator.stacks import probe_proofs, secrets
from orchestrator.stacks.proof import StackProof
from orchestrator.stacks.workspace import forgetting_plan, render
from orchestrator.terraform import errored
from orchestrator.terraform.errored import Errored
from orchestrator.terraform.model import ApplySummary, PlanSummary, Workspace

if TYPE_CHECKING:
    from orchestrator.policy.model import PolicyReport

GONE = "its file is gone"
_SHOWN_FINDINGS = 5


def deploy(session: Session, stack: Stack, clear: Callable[[], None], *, skip: bool = False) -> None:
    """Bring one stack up to date. Terraform applies only if the plan has changes.

    With `skip`, terraform is not even started for a stack that is proven to be up to date. `clear` is called before
    anything is applied or proven; it returns when that is allowed.
    """
    started = time.monotonic()
    facts = session.facts()
    group = waits_for(session.environment, stack, facts)
    if group:
        session.results.wait_for_model(group)
        reason = f"waiting for an approved model version of `{group}`"
        session.results.add_stack(StackResult(name=stack.name, phase=stack.phase, action="skipped", reason=reason))
        session.journal.stage(stack.name, reason)
        return
    store = session.target.store
    states = session.results.states
    before = states[stack.name] if stack.name in states else store.read(stack.name)
    proof = StackProof(session, stack, tfvars(session.environment, stack, facts))
    verdict = proof.verdict(before)
    session.results.explain(stack.name, verdict.why)
    if skip and verdict.holds and before and _publish(session, stack, before):
        reason = "skipped by proof: nothing it is made from has changed"
        nothing = ApplySummary(0, 0, 0)
        session.results.add_stack(_result(stack, "unchanged", nothing, len(before.resources), started, reason=reason))
        return
    ws = _workspace(session, stack, facts, bucket=store.bucket)
    store_unsaved(session, stack, ws)
    with forgetting_plan(ws):
        plan = _plan(session, stack, ws)
        changes, risks = _assess(session, stack, plan)
        if session.environment.asks:
            session.approval.before_apply(session.environment.name, stack.name, changes, risks)
        clear()
        secrets.ensure_for(session, stack)
        applied = ApplySummary(0, 0, 0)
        if not plan.is_empty:
            proof.drop()
            session.journal.stage(stack.name, f"apply ({len(plan.changes)} changes)")
            if any(each.blueprint and each.name not in session.results.outputs for each in session.graph.stacks):
                session.tools.prepare_synth()
            sink = session.journal.sink(stack.name)
            applied = session.tools.terraform.apply(ws, on_event=sink, cancel=session.cancel)
    after = _verified(session, stack)
    proof.store(after)
    action: Action = "unchanged" if plan.is_empty else ("changed" if before and before.resources else "created")
    session.results.add_stack(_result(stack, action, applied, len(after.resources), started, changes=changes))


def is_real(session: Session, stack: Stack) -> bool:
    """Whether all dependencies of a stack exist, so that its plan needs no example values."""
    if stack.gone:
        return not session.target.throwaway  # its state exists
    known = set(session.results.outputs)
    has_model = waits_for(session.environment, stack, session.facts()) is None
    return bool(known) and set(stack.upstream) <= known and has_model and not session.target.throwaway


def workspace(session: Session, stack: Stack, *, real: bool, step: str = "") -> Workspace:
    """Write a stack's files for a plan only: example values and a local state unless everything is `real`."""
    facts = session.facts(with_examples=not real)
    facts = facts if real else _with_example_models(session, stack, facts)
    return _workspace(session, stack, facts, bucket=session.target.store.bucket if real else None, step=step)


def show_for_approval(session: Session, stack: Stack, step: str) -> None:
    """Plan one stack that is to be deployed, so that its changes and risks can be approved beforehand.

    Events carry the name of the `step`; those of the deployment itself carry the name of the stack.
    """
    ws = workspace(session, stack, real=is_real(session, stack), step=step)
    with forgetting_plan(ws):
        plan = _plan_removal(session, stack, ws, step=step) if stack.gone else _plan(session, stack, ws, step=step)
    session.approval.previewed(stack.name, *_assess(session, stack, plan, step=step))


def preview(session: Session, stack: Stack) -> None:
    """Plan one stack and apply nothing."""
    started = time.monotonic()
    real = is_real(session, stack)
    ws = workspace(session, stack, real=real)
    with forgetting_plan(ws):
        plan = _plan_removal(session, stack, ws) if stack.gone else _plan(session, stack, ws)
    changes, _ = _assess(session, stack, plan)
    if not real:
        session.results.previewed = True
    counts = ApplySummary(plan.count("create"), plan.count("update"), plan.count("delete"))
    before = session.target.store.read(stack.name) if real else None
    planned: Action = "unchanged" if plan.is_empty else ("changed" if before and before.resources else "created")
    if stack.gone:
        result = _result(stack, "destroyed", counts, 0, started, reason=f"planned only: {GONE}", changes=changes)
        session.results.add_stack(result)
        return
    reason = "planned only" if real else "preview: with example values for what does not exist yet"
    session.results.add_stack(
        _result(stack, planned, counts, plan.resources_total, started, reason=reason, changes=changes)
    )


def destroy(session: Session, stack: Stack, *, asks: bool = False) -> None:
    """Destroy everything in one stack's state. Safe to repeat after any failure.

    With `asks`, as part of a deployment, the plan requires approval first.
    """
    started = time.monotonic()
    store = session.target.store
    before = store.read(stack.name)
    if (before is None or before.is_empty) and not _unsaved(session, stack):
        _forget_proofs(session, stack)
        secrets.remove_for(session, stack)
        session.results.add_stack(
            _result(stack, "unchanged", ApplySummary(0, 0, 0), 0, started, reason="nothing is deployed")
        )
        return
    ws = workspace_to_destroy(session, stack)
    terraform, sink = session.tools.terraform, session.journal.sink(stack.name)
    store_unsaved(session, stack, ws)
    with forgetting_plan(ws):
        plan = _plan_removal(session, stack, ws)
        changes = [change_list.change_result(change) for change in plan.changes]
        if asks:
            changes, risks = _assess(session, stack, plan)
            session.approval.before_apply(session.environment.name, stack.name, changes, risks)
        _forget_proofs(session, stack)
        session.journal.stage(stack.name, f"destroy ({plan.count('delete')} resources)")
        applied = terraform.apply(ws, on_event=sink, cancel=session.cancel)
    after = store.read(stack.name)
    if after and not after.is_empty:
        left = ", ".join(after.resources[:_SHOWN_FINDINGS])
        raise TerraformError(
            f"`{stack.name}` still has {len(after.resources)} resources after its destroy: {left}",
            hint="repeat the command to continue",
        )
    secrets.remove_for(session, stack)
    reason = GONE if stack.gone else ""
    session.results.add_stack(_result(stack, "destroyed", applied, 0, started, reason=reason, changes=changes))


def _plan_removal(session: Session, stack: Stack, ws: Workspace, *, step: str = "") -> PlanSummary:
    """Run init and plan the destruction of everything; policies do not apply to it."""
    step = step or stack.name
    terraform, sink = session.tools.terraform, session.journal.sink(step)
    session.journal.stage(step, "init")
    terraform.init(ws, on_event=sink, cancel=session.cancel)
    session.journal.stage(step, "plan")
    return terraform.plan(ws, destroy=True, on_event=sink, cancel=session.cancel)


def _forget_proofs(session: Session, stack: Stack) -> None:
    """Remove the proof of the stack and that of its blueprint's probes."""
    session.target.store.remove_proof(stack.name)
    if blueprint := stack.blueprint or stack.former_blueprint:
        session.target.store.remove_proof(probe_proofs.document(blueprint))


def workspace_to_destroy(session: Session, stack: Stack) -> Workspace:
    """Write a stack's files with its real state.

    After an interrupted destroy, outputs of dependencies may be gone. Example values are enough then: terraform needs
    valid values to read the configuration, and deletes what is in the state.
    """
    facts = _with_example_models(session, stack, session.facts(with_examples=True))
    return _workspace(session, stack, facts, bucket=session.target.store.bucket)


def record_end(session: Session, stack: Stack, action: Action, reason: str, seconds: float = 0.0) -> None:
    """Record the end of a stack that has no result yet."""
    if stack.name not in session.results.stacks:
        session.results.add_stack(
            StackResult(name=stack.name, phase=stack.phase, action=action, reason=reason, seconds=round(seconds, 2))
        )


def _workspace(session: Session, stack: Stack, facts: Facts, *, bucket: str | None, step: str = "") -> Workspace:
    session.journal.stage(step or stack.name, "render")
    values = tfvars(session.environment, stack, facts)
    store = session.target.store
    key_arn = store.key_arn if bucket is not None else None
    return render(
        session.tools,
        stack,
        values,
        bucket=bucket,
        state_key=store.key(stack.name),
        key_arn=key_arn,
        env=session.target.env,
        run=session.journal.folder.path,
    )


def _unsaved(session: Session, stack: Stack) -> list[Errored]:
    """Return states that earlier commands could not store, except those of a local AWS that is gone."""
    unsaved = [each for each in errored.find(session.tools.repo, session.environment.name) if each.stack == stack.name]
    running = session.tools.emulator.status() if unsaved and session.environment.is_local else None
    for each in list(unsaved):
        if running is not None and each.before(running.started_at):
            each.file.unlink()
            unsaved.remove(each)
    return unsaved


def store_unsaved(session: Session, stack: Stack, ws: Workspace) -> None:
    """Store states that earlier commands could not, before anything is planned on an outdated state."""
    for left in _unsaved(session, stack):
        terraform, sink = session.tools.terraform, session.journal.sink(stack.name)
        session.journal.stage(stack.name, "store what an earlier run could not")
        terraform.init(ws, on_event=sink, cancel=session.cancel)
        errored.push(terraform, ws, left, session.target.store.read(stack.name), sink)


def _plan(session: Session, stack: Stack, ws: Workspace, *, step: str = "") -> PlanSummary:
    """Run init, plan, and the policy gate on exactly what would be applied."""
    step = step or stack.name
    terraform, sink = session.tools.terraform, session.journal.sink(step)
    session.tools.gate.prepare()
    session.journal.stage(step, "init")
    terraform.init(ws, on_event=sink, cancel=session.cancel)
    session.journal.stage(step, "plan")
    plan = terraform.plan(ws, on_event=sink, cancel=session.cancel)
    session.journal.stage(step, "policy")
    report = session.tools.gate.scan_plan(plan.document, root=ws.root)
    session.results.add_policy(report)
    require_green(report, f"the plan of `{stack.name}`")
    return plan


def _assess(
    session: Session, stack: Stack, plan: PlanSummary, *, step: str = ""
) -> tuple[list[ChangeResult], tuple[Risk, ...]]:
    """Return the changes and the risks of a plan, and add the risks to the results."""
    risks = risk.of_plan(plan.document, stack=stack.name, account_id=session.target.account_id)
    session.results.add_risks(risks)
    if risks:
        counts = ", ".join(f"{sum(each.kind == kind for each in risks)} {kind}" for kind in risk.classes_of(risks))
        session.journal.stage(step or stack.name, f"risks: {counts}")
    return [change_list.change_result(change) for change in plan.changes], risks


def require_green(report: PolicyReport, what: str) -> None:
    """Raise unless every rule ran and none has a finding."""
    missing = sorted(report.rules_expected - report.rules_ran)
    if missing:
        raise PolicyGateBroken(
            f"{what} was not checked by {len(missing)} of {len(report.rules_expected)} rules: "
            f"{', '.join(missing[:_SHOWN_FINDINGS])}{' …' if len(missing) > _SHOWN_FINDINGS else ''}",
            hint="a rule that did not run fails the gate; check policies/checks for import errors",
        )
    if not report.passed:
        shown = [f"{each.rule} {each.resource} ({each.file}): {each.message}" for each in report.findings]
        more = len(shown) - _SHOWN_FINDINGS
        lines = "\n".join(f"  {line}" for line in shown[:_SHOWN_FINDINGS]) + (
            f"\n  and {more} more" if more > 0 else ""
        )
        hints = [f"{each.rule}: {each.hint}" for each in report.findings if each.hint]
        raise PolicyViolation(
            f"{what} breaks {len(shown)} {'policy' if len(shown) == 1 else 'policies'}:\n{lines}",
            hint=hints[0] if hints else "repair it, or skip it at the resource with `checkov:skip=ID:reason`",
        )


def _verified(session: Session, stack: Stack) -> State:
    """Return the state after the apply; check that it has the outputs that other stacks need."""
    session.journal.stage(stack.name, "verify")
    state = session.target.store.read(stack.name)
    if state is None or not _publish(session, stack, state):
        raise TerraformError(
            f"`{stack.name}` was applied, but its state has no output object named `{stack.output}`",
            hint="every root publishes one object of that name in outputs.tf",
        )
    return state


def _publish(session: Session, stack: Stack, state: State) -> bool:
    """Make the state's outputs available to dependents; return False if there are none."""
    outputs = published(stack, state)
    if outputs is not None:
        session.results.publish(stack.name, outputs)
    return outputs is not None


def _with_example_models(session: Session, stack: Stack, facts: Facts) -> Facts:
    if not stack.blueprint:
        return facts
    model = blueprint_of(session.environment, stack.blueprint).model
    if model.source != "sagemaker" or model.group in facts.model_versions:
        return facts
    example = example_model_version(session.environment, model.group, facts.account_id)
    versions = {**facts.model_versions, model.group: example}
    return Facts(facts.account_id, facts.emulated, facts.packages, facts.outputs, versions)


def _result(
    stack: Stack,
    action: Action,
    counts: ApplySummary,
    total: int,
    started: float,
    *,
    reason: str = "",
    changes: Sequence[ChangeResult] = (),
) -> StackResult:
    return StackResult(
        name=stack.name,
        phase=stack.phase,
        action=action,
        reason=reason,
        added=counts.added,
        changed=counts.changed,
        destroyed=counts.destroyed,
        total=total,
        changes=list(changes),
        seconds=round(time.monotonic() - started, 2),
    )
