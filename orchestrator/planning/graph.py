"""Stacks and their dependencies.

A stack is one Terraform root with one state: each phase is one, and each dataset, training and blueprint. The graph is
a value that refers to stacks by name; building it reads nothing.
"""

from __future__ import annotations

import graphlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from orchestrator.config.model.platform import Blueprint, Environment
from orchestrator.config.problems import nearest
from orchestrator.errors import ConfigError, PlatformError
from orchestrator.planning.phases import Phase

BLUEPRINT_PHASE = "inference"
BLUEPRINT_UPSTREAM = ("foundation", "inference")
TRAINED_BY = "models"
"""Phase whose pipeline trains the models of blueprints on SageMaker: they are deployed after it, destroyed before."""
BLUEPRINT_VALUES = ("context", "provider_options")
BLUEPRINT, DATASET, TRAINING = "blueprint-", "dataset-", "training-"
"""Prefixes of the names of the stacks that an environment may have any number of."""
PREFIXES = (BLUEPRINT, TRAINING, DATASET)
"""In the order in which they are destroyed: each uses what the next ones make."""
DATASET_PHASE = "data"
FILE_VALUES = (*BLUEPRINT_VALUES, "packages")
QUEUED = ("batch", "async")
"""Kinds of blueprints that have their own functions."""


@dataclass(frozen=True)
class Stack:
    name: str
    phase: str
    order: int
    root: str | None
    """Folder of the Terraform root, relative to the repository; `None`: synthesised from a file of the environment."""
    needs: tuple[str, ...]
    upstream: tuple[str, ...]
    values: tuple[str, ...]
    after: tuple[str, ...] = ()
    blueprint: str | None = None
    dataset: str | None = None
    training: str | None = None
    gone: bool = False
    """Whether the stack has a state but no files any more, so that it can only be destroyed."""

    @property
    def former_blueprint(self) -> str | None:
        """Name of the blueprint whose file is gone."""
        return self.name.removeprefix(BLUEPRINT) if self.gone and self.name.startswith(BLUEPRINT) else None

    @property
    def output(self) -> str:
        """Name of the object that the stack publishes."""
        prefix = next((each for each in PREFIXES if self.name.startswith(each)), None)
        return prefix.removesuffix("-") if prefix and self.root is None else self.name


def order(needs: Mapping[str, Iterable[str]], prefer: Callable[[str], Any] | None = None) -> list[str]:
    """Sort names topologically, dependencies first; among those that are ready, the preferred first.

    Raises:
        ConfigError: with the path of the cycle.
    """
    sorter = graphlib.TopologicalSorter({name: list(each) for name, each in needs.items()})
    try:
        sorter.prepare()
    except graphlib.CycleError as error:
        # graphlib lists each node before the one that needs it; read the other way it says "needs".
        path = " → ".join(reversed(error.args[1]))
        raise ConfigError(f"the dependency graph has a cycle: {path}", hint="each arrow reads `needs`") from error
    ordered: list[str] = []
    ready: list[str] = []
    while sorter.is_active():
        ready = sorted([*ready, *sorter.get_ready()], key=prefer)
        ordered.append(ready.pop(0))
        sorter.done(ordered[-1])
    return ordered


@dataclass(frozen=True)
class Graph:
    """Stacks in deployment order."""

    stacks: tuple[Stack, ...]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(stack.name for stack in self.stacks)

    def stack(self, name: str) -> Stack:
        """Return a stack by name. The error for an unknown name lists the valid ones."""
        for stack in self.stacks:
            if stack.name == name:
                return stack
        raise unknown("stack", name, self.names)

    def select(
        self,
        *,
        phases: Sequence[str] | None = None,
        first: int | None = None,
        last: int | None = None,
        blueprints: Sequence[str] = (),
    ) -> tuple[Stack, ...]:
        """Return a part of the graph, in order.

        `phases` are names or numbers. `blueprints` select single blueprint stacks, together with the
        stack that monitors them.
        """
        chosen: set[str] = set()
        for phase in phases or ():
            matching = {stack.name for stack in self.stacks if phase in (stack.phase, str(stack.order))}
            if not matching:
                raise unknown("phase", phase, list(dict.fromkeys(stack.phase for stack in self.stacks)))
            chosen |= matching
        if first is not None or last is not None:
            low, high = first or 1, last or max(stack.order for stack in self.stacks)
            if low > high:
                raise PlatformError(f"--from {low} is after --to {high}", hint="the range goes upwards")
            chosen |= {stack.name for stack in self.stacks if low <= stack.order <= high}
        for name in blueprints:
            known = [stack.blueprint for stack in self.stacks if stack.blueprint]
            if name not in known:
                raise unknown("blueprint", name, known)
            chosen.add(f"{BLUEPRINT}{name}")
            chosen |= {stack.name for stack in self.stacks if "blueprints" in stack.values}
        if not phases and first is None and last is None and not blueprints:
            return self.stacks
        return tuple(stack for stack in self.stacks if stack.name in chosen)


def unknown(kind: str, name: str, known: Sequence[str]) -> PlatformError:
    """Return the error for an unknown name; it lists the valid ones."""
    guess = nearest(name, known)
    return PlatformError(
        f"there is no {kind} `{name}`; available: {', '.join(known) or 'none'}",
        hint=f"did you mean `{guess}`?" if guess else None,
    )


def build(phases: Sequence[Phase], environment: Environment) -> Graph:
    """Build the stacks of one environment: those of the phases, and one for each dataset, training and blueprint."""
    stacks: dict[str, Stack] = {}
    for phase in phases:
        needs = tuple(dict.fromkeys((*phase.needs, *phase.upstream)))
        stacks[phase.name] = Stack(
            phase.name, phase.name, phase.order, phase.folder, needs, phase.upstream, phase.values, phase.after
        )
        for side in phase.stacks:
            folder = f"{phase.folder}/{side.name}"
            stacks[side.name] = Stack(
                side.name, phase.name, phase.order, folder, side.upstream, side.upstream, side.values
            )
    for dataset in environment.datasets:
        host = _host(stacks, "dataset", dataset.name, DATASET_PHASE)
        name, below = f"{DATASET}{dataset.name}", ("foundation", DATASET_PHASE)
        stacks[name] = Stack(name, host.phase, host.order, None, below, below, FILE_VALUES, dataset=dataset.name)
    for training in environment.trainings:
        host = _host(stacks, "training", training.name, TRAINED_BY)
        name = f"{TRAINING}{training.name}"
        uses = ("foundation", DATASET_PHASE, TRAINED_BY, f"{DATASET}{training.dataset}")
        stacks[name] = Stack(name, host.phase, host.order, None, uses, uses, FILE_VALUES, training=training.name)
    for blueprint in environment.blueprints:
        name = f"{BLUEPRINT}{blueprint.name}"
        host = _host(stacks, "blueprint", blueprint.name, BLUEPRINT_PHASE)
        upstream = tuple(each for each in BLUEPRINT_UPSTREAM if each in stacks)
        values = (*BLUEPRINT_VALUES, "packages") if blueprint.kind in QUEUED else BLUEPRINT_VALUES
        needs = tuple(each for each in stacks if each in {*upstream, *_trained_by(blueprint, stacks)})
        stacks[name] = Stack(name, host.phase, host.order, None, needs, upstream, values, blueprint=blueprint.name)
    position = {name: (stack.order, place) for place, (name, stack) in enumerate(stacks.items())}
    names = order({stack.name: stack.needs for stack in stacks.values()}, prefer=position.__getitem__)
    return Graph(tuple(stacks[name] for name in names))


def _host(stacks: Mapping[str, Stack], kind: str, name: str, phase: str) -> Stack:
    """Return the stack of the phase that a file belongs to."""
    if phase not in stacks:
        raise ConfigError(f"{kind} `{name}` needs a phase named `{phase}`")
    return stacks[phase]


def _trained_by(blueprint: Blueprint, stacks: Mapping[str, Stack]) -> set[str]:
    """Return the stack whose pipeline trains the blueprint's model: the training's own, or the phase's."""
    if blueprint.model.source != "sagemaker":
        return set()
    own = f"{TRAINING}{blueprint.model.group}"
    return {own if own in stacks else TRAINED_BY}
