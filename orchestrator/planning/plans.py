"""Builds the plan of each command.

Building a plan touches nothing: `explain` prints it and the executor walks the same list.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Sequence

from orchestrator.config.model.platform import Environment
from orchestrator.config.rules.platform import MODEL_GROUPS
from orchestrator.planning import steps
from orchestrator.planning.api_keys import key_names
from orchestrator.planning.graph import BLUEPRINT, TRAINING, Graph, Stack
from orchestrator.planning.steps import KEYS, PIPELINE, RELEASES, Plan, Step
from orchestrator.planning.values import blueprint_of, dataset_of, is_released


def _opening(environment: Environment, *, refresh: bool) -> list[Step]:
    """Return the steps that precede the first stack of a deployment."""
    planned: list[Step] = []
    if environment.is_local:
        planned.append(steps.StartEmulator("emulator", ()))
    planned.append(steps.CheckAccount("account", ("emulator",) if environment.is_local else ()))
    # On AWS nothing starts before the account is known to be the right one; packages and policies
    # do not need the local AWS, and so do not wait for it.
    first = () if environment.is_local else ("account",)
    planned.append(steps.BuildPackages("packages", first))
    planned.append(steps.ScanSource("policy", first, refresh))
    planned.append(steps.OpenState("state", ("account",), create=True))
    return planned


def _opening_of_existing(*, create: bool) -> list[Step]:
    """Return the first steps of commands that work on what is deployed."""
    return [
        steps.CheckAccount("account", ()),
        steps.BuildPackages("packages", ("account",)),
        steps.OpenState("state", ("account",), create=create),
    ]


def deploy(
    environment: Environment,
    graph: Graph,
    *,
    stacks: Sequence[Stack] | None = None,
    force_pipeline: bool = False,
    refresh: bool = False,
    done: Collection[str] = (),
    leftovers: Sequence[Stack] = (),
    command: str = "deploy",
) -> Plan:
    """Plan a deployment of everything, or of the given part of the graph.

    Args:
        environment: what is deployed.
        graph: all its stacks.
        stacks: those to deploy; all by default.
        force_pipeline: run the training pipeline although a model version is live.
        refresh: ignore proofs and caches.
        done: steps that succeeded in an unfinished run that this one continues: their stacks are skipped where the
            proof still holds, and a training pipeline that ran is not forced again.
        leftovers: stacks whose files are gone; destroyed once everything that may have used them is up to date.
        command: the name of the command in the plan.
    """
    skip = environment.skips_by_proof and not refresh
    force_pipeline = force_pipeline and PIPELINE not in done
    chosen = tuple(stacks if stacks is not None else graph.stacks)
    names = {stack.name for stack in chosen}
    planned = _opening(environment, refresh=refresh)
    gates = tuple(step.name for step in planned if step.name in ("packages", "state"))
    if environment.asks:
        planned += _approval((*chosen, *leftovers))
        gates = (*gates, planned[-1].name)
    pipeline_host = next((stack for stack in chosen if "pipeline" in stack.after), None)
    keys_host = next((stack for stack in chosen if "keys" in stack.after), None)
    for stack in chosen:
        needs = (*gates, *(name for name in stack.needs if name in names))
        if stack is keys_host:
            # *assumed*: a usage plan that still has keys cannot be deleted.
            planned.append(steps.RemoveKeys("former keys", ("policy", *gates), key_names(environment)))
            needs = (*needs, "former keys")
        if stack.blueprint:
            needs = (*needs, *_trained_by(environment, stack, names, pipeline_host))
        skipped = skip or stack.name in done
        planned.append(steps.DeployStack(stack.name, needs, stack, skipped, cleared_by=("policy",)))
        if stack is pipeline_host:
            has_data = environment.has_sample_data
            planned.append(steps.RunPipeline(PIPELINE, ("policy", stack.name), MODEL_GROUPS, force_pipeline, has_data))
        if stack.training:
            planned.append(_training(environment, stack, force=force_pipeline))
        if stack is keys_host:
            planned.append(steps.KeepKeys(KEYS, ("policy", stack.name)))
    shared = tuple(name for name, there in ((RELEASES, RELEASES in names), (KEYS, keys_host is not None)) if there)
    for stack in chosen:
        if stack.blueprint:
            planned += _verification(environment, stack, shared, skip=skip)
    planned += _removal(leftovers, (*gates, "policy", *(stack.name for stack in chosen)), asks=environment.asks)
    changed = tuple(step.name for step in planned if isinstance(step, (steps.DeployStack, steps.DestroyStack)))
    planned.append(steps.AuditOrphans("audit", changed, deployed=True))
    return Plan(environment.name, command, tuple(planned))


def leftover_warnings(environment: Environment, leftovers: Sequence[Stack]) -> list[str]:
    """Return the warning of a partial deployment about stacks whose files are gone."""
    if not leftovers:
        return []
    names = ", ".join(f"`{stack.name}`" for stack in leftovers)
    files, it = ("its file is", "it") if len(leftovers) == 1 else ("their files are", "them")
    return [f"{names} stays deployed though {files} gone: `orchestrator deploy {environment.name}` destroys {it}"]


def _removal(leftovers: Sequence[Stack], needs: tuple[str, ...], *, asks: bool = False) -> list[Step]:
    """Destroy stacks whose files are gone: blueprints first, since they use what other stacks make."""
    planned: list[Step] = []
    blueprints = tuple(stack.name for stack in leftovers if stack.former_blueprint)
    for stack in leftovers:
        waits = () if stack.former_blueprint else blueprints
        planned.append(steps.DestroyStack(stack.name, (*needs, *waits), stack, asks))
    # No file says whether releases ever reached them; if not, there is nothing to remove.
    return planned + _release_removal([stack.former_blueprint for stack in leftovers if stack.former_blueprint])


def _release_removal(blueprints: Sequence[str]) -> list[Step]:
    """Remove what releases of these blueprints made, once their stacks are destroyed."""
    if not blueprints:
        return []
    destroyed = tuple(f"{BLUEPRINT}{name}" for name in blueprints)
    return [steps.RemoveReleases(f"remains of {', '.join(blueprints)}", destroyed, tuple(blueprints))]


def _approval(chosen: Sequence[Stack]) -> list[Step]:
    """Preview all stacks in parallel, then require approval."""
    previews = [steps.PreviewStack(f"preview {stack.name}", ("packages", "state"), stack) for stack in chosen]
    shown = tuple(step.name for step in previews)
    return [*previews, steps.Approve("approval", ("policy", *shown), tuple(stack.name for stack in chosen))]


def _verification(environment: Environment, stack: Stack, shared: Collection[str], *, skip: bool) -> list[Step]:
    """Release a blueprint once its stack is deployed, then probe it.

    `shared` are steps of this plan that blueprints wait for: the stack of the release machine, and the API keys that
    probes call with.
    """
    name = str(stack.blueprint)
    keys = (KEYS,) if KEYS in shared else ()
    if not is_released(blueprint_of(environment, name)):
        return [steps.SmokeTest(f"smoke {name}", ("policy", stack.name, *keys), name, skip)]
    waits = (stack.name, *((RELEASES,) if RELEASES in shared else ()))
    release = steps.Release(f"release {name}", ("policy", *waits), name)
    return [release, steps.SmokeTest(f"smoke {name}", ("policy", release.name, *keys), name, skip)]


def _training(environment: Environment, stack: Stack, *, force: bool) -> steps.RunPipeline:
    """Run a training once its stack is deployed, if its model has no live version."""
    name = str(stack.training)
    dataset = dataset_of(environment, name)
    has_data = environment.has_sample_data and dataset.sample is not None
    return steps.RunPipeline(steps.training_step(name), ("policy", stack.name), (name,), force, has_data, name)


def _trained_by(
    environment: Environment, stack: Stack, names: Collection[str], pipeline_host: Stack | None
) -> tuple[str, ...]:
    """Return the step of this plan that trains the model of a blueprint, if there is one."""
    model = blueprint_of(environment, str(stack.blueprint)).model
    if model.source != "sagemaker":
        return ()
    if f"{TRAINING}{model.group}" in names:
        return (steps.training_step(model.group),)
    return (PIPELINE,) if pipeline_host else ()


def preview(environment: Environment, stacks: Sequence[Stack]) -> Plan:
    """Plan stacks without applying them, so that no stack waits for another or for the policy gate."""
    opening = (steps.BuildPackages("packages", ()), steps.ScanSource("policy", ()))
    planned = tuple(steps.PlanStack(stack.name, ("packages",), stack) for stack in stacks)
    return Plan(environment.name, "plan", (*opening, *planned))


def smoke(environment: Environment, graph: Graph) -> Plan:
    """Probe what is deployed."""
    tested = [stack.blueprint for stack in graph.stacks if stack.blueprint]
    planned = (
        steps.CheckAccount("account", ()),
        # Without any probe, the run would pass.
        steps.OpenState("state", ("account",), create=False, one_of=tuple(f"blueprint-{name}" for name in tested)),
        *(steps.SmokeTest(f"smoke {name}", ("state",), name) for name in tested),
    )
    return Plan(environment.name, "smoke", planned)


def train(environment: Environment, graph: Graph, name: str) -> Plan:
    """Run a training, whether or not its model has a live version."""
    stack = graph.stack(f"{TRAINING}{name}")
    opening = (
        steps.CheckAccount("account", ()),
        steps.OpenState("state", ("account",), create=False, one_of=(stack.name,)),
    )
    run = dataclasses.replace(_training(environment, stack, force=True), needs=("state",))
    return Plan(environment.name, "pipeline run", (*opening, run))


def destroy_blueprints(
    environment: Environment, graph: Graph, names: Sequence[str], leftovers: Sequence[Stack] = ()
) -> Plan:
    """Destroy single blueprints: each has its own state and no dependents, so nothing else is touched.

    Blueprints whose file is gone are among the `leftovers`.
    """
    gone = [stack for stack in leftovers if stack.former_blueprint in names]
    names = [name for name in names if name not in {stack.former_blueprint for stack in gone}]
    chosen = [stack for stack in graph.select(blueprints=names) if stack.blueprint] if names else []
    planned = _opening_of_existing(create=False)
    ready = tuple(step.name for step in planned)
    planned += [steps.DestroyStack(stack.name, ready, stack) for stack in chosen]
    planned += _release_removal([name for name in names if is_released(blueprint_of(environment, name))])
    planned += _removal(gone, ready)
    return Plan(environment.name, "destroy", tuple(planned))


def destroy(environment: Environment, graph: Graph, leftovers: Sequence[Stack] = ()) -> Plan:
    """Destroy all stacks in reverse order. Model versions are removed after their endpoints and before their group.

    `leftovers`, whose files are gone, are destroyed with the blueprints, before everything that they may have used.
    """
    planned = _opening_of_existing(create=False)
    ready = tuple(step.name for step in planned)
    consumers: dict[str, list[str]] = {name: [] for name in graph.names}
    for stack in graph.stacks:
        for needed in stack.needs:
            consumers[needed].append(stack.name)
    removal = "model versions"
    users = tuple(
        stack.name for stack in graph.stacks if stack.blueprint or "pipeline" in stack.after or stack.name == RELEASES
    )
    former = tuple(stack.name for stack in leftovers)
    planned += _removal(leftovers, ready)
    for stack in reversed(graph.stacks):
        needs = (*ready, *consumers[stack.name], *(() if stack.blueprint else former))
        if stack.training:
            planned += _end_of_training(stack, ready, consumers[stack.name])
            needs = (*needs, planned[-1].name)
        if stack.order == 1 and stack.name == stack.phase:
            needs = (*needs, removal)
        if "keys" in stack.after:
            planned.append(steps.RemoveKeys(KEYS, needs))
            needs = (*needs, KEYS)
        if "pipeline" in stack.after:
            planned.append(steps.StopPipelines(PIPELINE, ready, stack.name))
            needs = (*needs, PIPELINE)
        planned.append(steps.DestroyStack(stack.name, needs, stack))
    groups = tuple(environment.platform.registry.groups)
    planned.append(steps.RemoveModels(removal, (*(users or ready), *former), groups))
    planned.append(steps.AuditOrphans("audit", (*graph.names, *former)))
    return Plan(environment.name, "destroy", tuple(planned))


def _end_of_training(stack: Stack, ready: tuple[str, ...], consumers: Sequence[str]) -> list[Step]:
    """Stop the executions of a training, then remove the versions of its model: a group with versions stays."""
    name = str(stack.training)
    stop = steps.StopPipelines(f"stop {name}", ready, stack.name)
    versions = steps.RemoveModels(f"model versions of {name}", (stop.name, *consumers), (name,))
    return [stop, versions]


def recover(
    environment: Environment,
    graph: Graph,
    *,
    action: steps.Recovery | None,
    remove_rest: bool,
    sure: bool,
    chosen: tuple[str, ...] = (),
) -> Plan:
    """Recover what exists and is in no state, in the order of the stacks: each needs the outputs of those before it."""
    planned = _opening_of_existing(create=True)
    ready = tuple(step.name for step in planned)
    skip = environment.skips_by_proof
    for stack in graph.stacks:
        needs = (*ready, *stack.needs)
        planned.append(steps.RecoverStack(stack.name, needs, stack, action, sure, skip, chosen))
    planned.append(steps.RecoverRest("rest", (*ready, *graph.names), remove_rest, sure))
    return Plan(environment.name, "recover", tuple(planned))
