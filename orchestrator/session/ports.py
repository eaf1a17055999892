"""The tools of a run: everything through which it reaches AWS, files and processes.

`execution/wiring.py` builds the real ones, `tests/fakes` others. Tools that depend on the endpoint are created on
demand, because the local AWS has no endpoint before it was started.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from orchestrator.config.model.platform import Blueprint, Described, Environment
from orchestrator.core.local_access import LocalAccess
from orchestrator.core.package import Packager
from orchestrator.core.types import EventSink, Json
from orchestrator.terraform.model import TerraformTool

if TYPE_CHECKING:
    from orchestrator.aws.model import Cloud, StateStore
    from orchestrator.blueprints.inputs import SynthInputs
    from orchestrator.local_aws.model import EmulatorInfo, EmulatorProcess
    from orchestrator.pipeline.model import Decision, PendingVersion, PipelineResult, Verb
    from orchestrator.policy.model import PolicyGate
    from orchestrator.registry.model import Container, Registered, Target
    from orchestrator.release.model import EndpointState, ReleaseResult
    from orchestrator.smoke.model import ProbeResult, Proven


class Tools(Protocol):
    """The tools of one run."""

    repo: Path
    environment: Environment

    @property
    def parallelism(self) -> int:
        """How many stacks this machine deploys in parallel."""
        ...

    @property
    def terraform(self) -> TerraformTool: ...
    @property
    def gate(self) -> PolicyGate: ...
    @property
    def packager(self) -> Packager: ...
    @property
    def emulator(self) -> EmulatorProcess: ...

    def throwaway_emulator(self) -> AbstractContextManager[EmulatorInfo]:
        """Start a local AWS with a separate port and separate data, deleted afterwards (previews)."""
        ...

    def cloud(self, local: LocalAccess | None) -> Cloud: ...
    def states(self, cloud: Cloud, bucket: str) -> StateStore: ...
    def process_env(self, local: LocalAccess | None) -> dict[str, str]: ...
    def synth(self, file: Described, out: Path) -> None: ...
    def prepare_synth(self) -> None:
        """Prepare in the background to synthesise blueprints later on."""
        ...

    def synth_inputs(self, file: Described) -> SynthInputs: ...
    def live_version(self, cloud: Cloud, parameter: str) -> Json | None: ...
    def run_pipeline(
        self,
        cloud: Cloud,
        models_outputs: Json,
        *,
        bucket: str,
        dataset: Path | None,
        on_event: EventSink,
        own: Sequence[str] = (),
    ) -> PipelineResult: ...
    def pending_versions(self, cloud: Cloud) -> tuple[PendingVersion, ...]:
        """Return the model versions of the environment that wait for approval."""
        ...

    def approved_version(self, cloud: Cloud, group: str, version: str) -> str:
        """Return the ARN of an approved version, given by number or ARN. Raises `PlatformError`."""
        ...

    def decide(
        self, cloud: Cloud, group: str, number: int | None, verb: Verb, *, comment: str, on_event: EventSink
    ) -> Decision:
        """Approve or reject a version (`None`: the one that waits), and wait for the result."""
        ...

    def import_model(
        self,
        cloud: Cloud,
        group: str,
        artefact: str,
        container: Container,
        target: Target,
        *,
        prove: Callable[[Path], None] | None,
        on_event: EventSink,
    ) -> Registered:
        """Register a finished archive as a version of a group, which then waits for approval."""
        ...

    def stop_pipelines(self, cloud: Cloud, machine: str) -> int:
        """Stop the running executions of the training pipeline and return their number."""
        ...

    def endpoints(self, cloud: Cloud, parameters: Mapping[str, str]) -> dict[str, EndpointState]:
        """Return by blueprint what the endpoints with specifications in these parameters run and should run."""
        ...

    def release(
        self, cloud: Cloud, machine: str, versions: Mapping[str, str | None], *, on_event: EventSink
    ) -> tuple[ReleaseResult, ...]:
        """Release blueprints in parallel, each with the given version or, for `None`, the one that it should run."""
        ...

    def smoke(
        self,
        cloud: Cloud,
        blueprint: Blueprint,
        outputs: Mapping[str, Json],
        *,
        on_event: EventSink,
        proven: Mapping[str, Proven],
    ) -> tuple[ProbeResult, ...]:
        """Probe a blueprint; `proven` holds, by probe, results that need not be repeated."""
        ...
