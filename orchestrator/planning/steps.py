"""What a command is going to do, as a value.

Building a plan touches nothing. `explain` prints it, `execute` walks it: the same list, so what was
shown is what runs. A step names the steps it waits for.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Literal

from orchestrator.planning.graph import Stack

RELEASES = "releases"
"""Name of the stack that holds the release machine."""
PIPELINE = "pipeline"
"""Name of the step that runs it."""
KEYS = "api keys"
"""Name of the step that makes them, or removes them all."""


@dataclass(frozen=True)
class Step:
    """One node of the plan."""

    name: str
    needs: tuple[str, ...]
    cleared_by: tuple[str, ...] = field(default=(), kw_only=True)
    """Steps that must have succeeded before this one changes anything; until then it may look."""

    takes_place: ClassVar[bool] = True
    """Whether it counts among those that may run at the same time."""


@dataclass(frozen=True)
class StartEmulator(Step):
    """Start the local AWS, or find the running one."""


@dataclass(frozen=True)
class CheckAccount(Step):
    """Credentials are there and belong to the account that the environment names."""


@dataclass(frozen=True)
class BuildPackages(Step):
    """Lambda zips and job archives."""


@dataclass(frozen=True)
class ScanSource(Step):
    """Policy gate on the Terraform source."""

    fresh: bool = False
    """Scan even if these very files were found green before."""


@dataclass(frozen=True)
class OpenState(Step):
    """State bucket, outputs of what is deployed already, live model versions."""

    create: bool = True
    one_of: tuple[str, ...] = ()
    """Stacks of which at least one has to be there."""


@dataclass(frozen=True)
class DeployStack(Step):
    stack: Stack
    skip: bool = False
    """Leave it alone if it is proven to be what its files say."""


@dataclass(frozen=True)
class PlanStack(Step):
    """Plan only: real where what it builds on exists, with example values where not."""

    stack: Stack


@dataclass(frozen=True)
class PreviewStack(Step):
    """The plan of a stack that is to be deployed, for whoever approves it."""

    stack: Stack


@dataclass(frozen=True)
class Approve(Step):
    """Accepted risks and one yes for everything that was previewed."""

    stacks: tuple[str, ...]


@dataclass(frozen=True)
class RunPipeline(Step):
    """Training pipeline; without `force` only for groups that have no live version."""

    groups: tuple[str, ...]
    force: bool
    has_data: bool
    """Whether sample data may be uploaded for it."""

    takes_place: ClassVar[bool] = False
    """It is only watched: the work is done elsewhere."""


@dataclass(frozen=True)
class KeepKeys(Step):
    """API keys as Terraform publishes them: it must not make them itself, for its state would hold their values."""

    takes_place: ClassVar[bool] = False
    """It mostly waits for answers."""


@dataclass(frozen=True)
class RemoveKeys(Step):
    """API keys and what the authorizer knows of them."""

    but: tuple[str, ...] = ()
    """Names that stay."""

    takes_place: ClassVar[bool] = False
    """It mostly waits for answers."""


@dataclass(frozen=True)
class Release(Step):
    """A blueprint that exists gets what its file and the live version make; skipped where it runs that already."""

    blueprint: str

    takes_place: ClassVar[bool] = False
    """It is only watched: the work is done elsewhere."""


@dataclass(frozen=True)
class SmokeTest(Step):
    blueprint: str
    skip: bool = False
    """Run no jobs again that an earlier deployment of the same things has proven."""

    takes_place: ClassVar[bool] = False
    """It mostly waits for answers, and stacks that still deploy are not to wait for it."""


@dataclass(frozen=True)
class DestroyStack(Step):
    stack: Stack
    asks: bool = False
    """As a part of a deployment: its risks and changes are to be approved like those of other stacks."""


@dataclass(frozen=True)
class StopPipelines(Step):
    """End what runs of the pipeline, before its state machine goes."""

    stack: str


@dataclass(frozen=True)
class RemoveModels(Step):
    """What the pipeline made and no Terraform state knows."""

    groups: tuple[str, ...]


@dataclass(frozen=True)
class RemoveReleases(Step):
    """What releases of single blueprints made and no Terraform state knows."""

    blueprints: tuple[str, ...]


Recovery = Literal["imported", "removed"]
"""What may be done with something that exists and is in no state."""


@dataclass(frozen=True)
class RecoverStack(Step):
    """What exists of a stack, and is not in its state."""

    stack: Stack
    wanted: Recovery | None
    """`None`: shown, and asked about."""
    sure: bool
    """Whether it is done without a question."""
    skip: bool
    """Leave a stack alone whose last success is proven still to hold."""
    chosen: tuple[str, ...] = ()
    """Ids to take where several things look like the one that is missing."""


@dataclass(frozen=True)
class RecoverRest(Step):
    """What carries the environment's tags or names, and belongs to no address."""

    remove: bool
    sure: bool


@dataclass(frozen=True)
class AuditOrphans(Step):
    """What is there and in no state: after `destroy` anything at all, by tags and names."""

    deployed: bool = False
    """After a deployment: by tags alone, which takes one call; what is found is told, and spoils nothing."""

    takes_place: ClassVar[bool] = False
    """It mostly waits for answers."""


StackStep = DeployStack | PlanStack | DestroyStack | RecoverStack
"""Steps that come to a result of their stack's own."""


@dataclass(frozen=True)
class Plan:
    environment: str
    command: str
    steps: tuple[Step, ...]

    @property
    def stacks(self) -> tuple[Stack, ...]:
        return tuple(step.stack for step in self.steps if isinstance(step, StackStep))
