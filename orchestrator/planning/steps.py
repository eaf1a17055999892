"""The steps of plans. A plan is a value: what is printed is what runs. Each step names the steps that it waits for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Literal

from orchestrator.planning.graph import Stack

RELEASES = "releases"
"""Name of the stack that holds the release machine."""
PIPELINE = "pipeline"
"""Name of the step that runs the training pipeline."""
KEYS = "api keys"
"""Name of the step that creates all API keys, or removes them."""


@dataclass(frozen=True)
class Step:
    """One node of the plan."""

    name: str
    needs: tuple[str, ...]
    cleared_by: tuple[str, ...] = field(default=(), kw_only=True)
    """Steps that must have succeeded before this one changes anything; until then it may only read."""

    takes_place: ClassVar[bool] = True
    """Whether the step counts towards the limit of parallel steps."""


@dataclass(frozen=True)
class StartEmulator(Step):
    """Start the local AWS unless it is running."""


@dataclass(frozen=True)
class CheckAccount(Step):
    """Check that the credentials belong to the account that the environment names."""


@dataclass(frozen=True)
class BuildPackages(Step):
    """Build the archives of functions and jobs."""


@dataclass(frozen=True)
class ScanSource(Step):
    """Run the policy gate on the Terraform source."""

    fresh: bool = False
    """Scan even if these files have passed before."""


@dataclass(frozen=True)
class OpenState(Step):
    """Open the state bucket; read the outputs of what is deployed and the live model versions."""

    create: bool = True
    one_of: tuple[str, ...] = ()
    """Stacks of which at least one must be deployed."""


@dataclass(frozen=True)
class DeployStack(Step):
    stack: Stack
    skip: bool = False
    """Skip the stack if it is proven to be up to date."""


@dataclass(frozen=True)
class PlanStack(Step):
    """Plan only, with example values for dependencies that do not exist."""

    stack: Stack


@dataclass(frozen=True)
class PreviewStack(Step):
    """Plan a stack that is to be deployed, for approval."""

    stack: Stack


@dataclass(frozen=True)
class Approve(Step):
    """Require accepted risks and one confirmation for everything that was previewed."""

    stacks: tuple[str, ...]


@dataclass(frozen=True)
class RunPipeline(Step):
    """Run the training pipeline; without `force` only for groups that have no live version."""

    groups: tuple[str, ...]
    force: bool
    has_data: bool
    """Whether sample data may be uploaded for the pipeline."""
    training: str | None = None
    """Name of the training's file; `None`: the pipeline of the platform's own."""

    takes_place: ClassVar[bool] = False
    """The step only watches: AWS does the work."""


@dataclass(frozen=True)
class KeepKeys(Step):
    """Create the API keys that Terraform describes: if it made them itself, its state would hold their values."""

    takes_place: ClassVar[bool] = False
    """The step mostly waits for responses."""


@dataclass(frozen=True)
class RemoveKeys(Step):
    """Remove API keys and their records for the authorizer."""

    but: tuple[str, ...] = ()
    """Names that stay."""

    takes_place: ClassVar[bool] = False
    """The step mostly waits for responses."""


@dataclass(frozen=True)
class Release(Step):
    """Release what a blueprint's file and the live model version call for; skipped if the endpoint runs it already."""

    blueprint: str

    takes_place: ClassVar[bool] = False
    """The step only watches: AWS does the work."""


@dataclass(frozen=True)
class SmokeTest(Step):
    blueprint: str
    skip: bool = False
    """Do not repeat jobs that an earlier deployment of the same inputs has proven."""

    takes_place: ClassVar[bool] = False
    """The step mostly waits for responses, and must not hold up stacks that still deploy."""


@dataclass(frozen=True)
class DestroyStack(Step):
    stack: Stack
    asks: bool = False
    """Whether approval is required: the stack is destroyed as part of a deployment."""


@dataclass(frozen=True)
class StopPipelines(Step):
    """Stop executions of the pipeline before its state machine is destroyed."""

    stack: str


@dataclass(frozen=True)
class RemoveModels(Step):
    """Remove what the pipeline made and no Terraform state holds."""

    groups: tuple[str, ...]


@dataclass(frozen=True)
class RemoveReleases(Step):
    """Remove what releases of single blueprints made and no Terraform state holds."""

    blueprints: tuple[str, ...]


Recovery = Literal["imported", "removed"]
"""What may be done with a resource that exists and is in no state."""


@dataclass(frozen=True)
class RecoverStack(Step):
    """Recover the resources of a stack that are not in its state."""

    stack: Stack
    wanted: Recovery | None
    """`None`: list the resources and ask."""
    sure: bool
    """Whether it is done without confirmation."""
    skip: bool
    """Skip the stack if it is proven to be up to date."""
    chosen: tuple[str, ...] = ()
    """Ids to use where several resources match the missing one."""


@dataclass(frozen=True)
class RecoverRest(Step):
    """Recover what carries the environment's tags or names and belongs to no stack."""

    remove: bool
    sure: bool


@dataclass(frozen=True)
class AuditOrphans(Step):
    """List resources that no state holds; after `destroy` all of them, by tags and names."""

    deployed: bool = False
    """After a deployment: by tags alone, which takes one call; matches are a warning and no failure."""

    takes_place: ClassVar[bool] = False
    """The step mostly waits for responses."""


StackStep = DeployStack | PlanStack | DestroyStack | RecoverStack
"""Steps that record a result of their stack."""


def training_step(name: str) -> str:
    """Return the name of the step that runs a training."""
    return f"train {name}"


@dataclass(frozen=True)
class Plan:
    environment: str
    command: str
    steps: tuple[Step, ...]

    @property
    def stacks(self) -> tuple[Stack, ...]:
        return tuple(step.stack for step in self.steps if isinstance(step, StackStep))
