"""Everything that execution may reach the world with, as one value.

`context.py` builds the real one, `tests/fakes` another. Tools that depend on the endpoint are made on
demand, because the local AWS has none before it was started.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from orchestrator.config.model.platform import Blueprint, Environment
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
    from orchestrator.release.model import EndpointState, ReleaseResult
    from orchestrator.smoke.model import ProbeResult, Proven


class Tools(Protocol):
    """The doors of one run."""

    repo: Path
    environment: Environment

    @property
    def parallelism(self) -> int:
        """How many stacks this machine deploys at the same time."""
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
        """A local AWS of its own port and data, gone afterwards (previews)."""
        ...

    def cloud(self, local: LocalAccess | None) -> Cloud: ...
    def states(self, cloud: Cloud, bucket: str) -> StateStore: ...
    def process_env(self, local: LocalAccess | None) -> dict[str, str]: ...
    def synth(self, blueprint: Blueprint, out: Path) -> None: ...
    def prepare_synth(self) -> None:
        """Blueprints will be synthesised later on: get ready for it meanwhile."""
        ...

    def synth_inputs(self, blueprint: Blueprint) -> SynthInputs: ...
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
        """Model versions of the environment that wait for a person."""
        ...

    def approved_version(self, cloud: Cloud, group: str, wanted: str) -> str:
        """ARN of the approved version that a number, or that ARN itself, means. Raises `PlatformError`."""
        ...

    def decide(
        self, cloud: Cloud, group: str, number: int | None, verb: Verb, *, comment: str, on_event: EventSink
    ) -> Decision:
        """Approve or reject a version (`None`: the one that waits), and follow what comes of it."""
        ...

    def stop_pipelines(self, cloud: Cloud, machine: str) -> int:
        """Stop what runs of the training pipeline; how many those were."""
        ...

    def endpoints(self, cloud: Cloud, parameters: Mapping[str, str]) -> dict[str, EndpointState]:
        """Of the endpoints whose specifications these parameters hold, by blueprint, what they run and should run."""
        ...

    def release(
        self, cloud: Cloud, machine: str, versions: Mapping[str, str | None], *, on_event: EventSink
    ) -> tuple[ReleaseResult, ...]:
        """Release blueprints side by side, each with the version named or with the one that it should have."""
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
        """Probe a blueprint; `proven`: by probe, what need not be asked again."""
        ...
