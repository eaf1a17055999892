"""The composition root: the only module that creates the real tools.

Each tool is imported and created on first use, so that `orchestrator graph` needs no boto3, and a missing tool is
reported by the step that needs it and not by `--help`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator.config.model.platform import Blueprint, Described, Environment
from orchestrator.planning.values import approval_tokens, live_parameter, training_machine
from orchestrator.session.target import state_tags

if TYPE_CHECKING:
    from orchestrator.aws.model import Cloud, StateStore
    from orchestrator.blueprints.inputs import SynthInputs
    from orchestrator.core.local_access import LocalAccess
    from orchestrator.core.package import Packager
    from orchestrator.core.types import EventSink, Json
    from orchestrator.local_aws.model import EmulatorInfo, EmulatorProcess
    from orchestrator.pipeline.model import Decision, PendingVersion, PipelineResult, Verb
    from orchestrator.policy.model import PolicyGate
    from orchestrator.registry.model import Container, Group, Registered, Target
    from orchestrator.release.model import EndpointState, ReleaseResult
    from orchestrator.smoke.model import ProbeResult, Proven
    from orchestrator.terraform.model import TerraformTool

REPO = Path(__file__).resolve().parents[2]


class RealTools:
    """`Tools` of one environment on this machine."""

    def __init__(self, repo: Path, environment: Environment, *, plain_provider: bool = False) -> None:
        self.repo = repo
        self.environment = environment
        self._plain_provider = plain_provider
        self._synth_prepared = False
        self._clouds: dict[LocalAccess | None, Cloud] = {}

    @cached_property
    def parallelism(self) -> int:
        from orchestrator.system.machine import parallelism

        return parallelism(self.environment.platform.limits.parallelism)

    @cached_property
    def terraform(self) -> TerraformTool:
        from orchestrator.terraform.terraform import Terraform

        plain = Terraform()
        binary = None if self._plain_provider else self._warm_provider()
        if binary is None:
            return plain
        from orchestrator.terraform.attached import WarmTerraform

        return WarmTerraform(plain, self.repo, binary, limit=2 * self.parallelism)

    def _warm_provider(self) -> Path | None:
        from orchestrator.terraform.warm_provider.locate import provider_binary

        return provider_binary(self.repo)

    @cached_property
    def gate(self) -> PolicyGate:
        from orchestrator.policy.cache import CachedGate
        from orchestrator.policy.gate import Checkov

        return CachedGate(Checkov(self.repo), self.repo / ".cache" / "policy")

    @cached_property
    def packager(self) -> Packager:
        from orchestrator.packaging import SourcePackager

        # Locally, jobs run in an environment of this machine instead of the images.
        python = self.repo / ".venv-jobs" / "bin" / "python" if self.environment.is_local else None
        return SourcePackager(self.repo, self.environment.platform.region, python, self.environment.files)

    @cached_property
    def emulator(self) -> EmulatorProcess:
        return local_emulator(self.repo, self.environment.name, self.environment.platform.local.port)

    def throwaway_emulator(self) -> AbstractContextManager[EmulatorInfo]:
        from orchestrator.local_aws.process import LocalEmulator

        return LocalEmulator(self.repo, self.environment.name).throwaway()

    def cloud(self, local: LocalAccess | None) -> Cloud:
        from orchestrator.aws.client import Aws

        # Shared, because creating the clients of some services takes longer than most calls.
        if local not in self._clouds:
            self._clouds[local] = Aws(self.environment.platform.region, local)
        return self._clouds[local]

    def states(self, cloud: Cloud, bucket: str) -> StateStore:
        from orchestrator.aws.state import S3StateStore

        return S3StateStore(cloud, bucket, state_tags(self.environment))

    def process_env(self, local: LocalAccess | None) -> dict[str, str]:
        from orchestrator.core.environment import process_env

        return process_env(self.environment, local)

    def synth(self, file: Described, out: Path) -> None:
        from orchestrator.blueprints import synth

        synth(self.environment, file, out, self.repo)

    def prepare_synth(self) -> None:
        from orchestrator.blueprints import prepare

        if not self._synth_prepared:
            self._synth_prepared = True
            prepare(self.repo)

    def synth_inputs(self, file: Described) -> SynthInputs:
        from orchestrator.blueprints import synth_inputs

        return synth_inputs(self.environment, file, self.repo)

    def live_version(self, cloud: Cloud, parameter: str) -> Json | None:
        from orchestrator.pipeline import live_version

        return live_version(cloud, parameter)

    def run_pipeline(
        self,
        cloud: Cloud,
        models_outputs: Json,
        *,
        bucket: str,
        dataset: Path | None,
        on_event: EventSink,
        own: Sequence[str] = (),
    ) -> PipelineResult:
        from orchestrator.pipeline import run

        # Only the local AWS has to prove what really ran; on AWS everything did.
        evidence = self.emulator.evidence if cloud.endpoint else None
        return run(
            cloud,
            models_outputs,
            bucket=bucket,
            dataset=dataset,
            emulator_evidence=evidence,
            on_event=on_event,
            own=own,
        )

    def pending_versions(self, cloud: Cloud) -> tuple[PendingVersion, ...]:
        from orchestrator.pipeline import pending

        return pending(cloud, [self._group(name) for name in self.environment.model_groups])

    def approved_version(self, cloud: Cloud, group: str, version: str) -> str:
        from orchestrator.pipeline import approved

        return approved(cloud, self._group(group), version)

    def decide(
        self, cloud: Cloud, group: str, number: int | None, verb: Verb, *, comment: str, on_event: EventSink
    ) -> Decision:
        from orchestrator.pipeline import decide

        return decide(cloud, self._group(group), number, verb, comment=comment, on_event=on_event)

    def stop_pipelines(self, cloud: Cloud, machine: str) -> int:
        from orchestrator.pipeline import stop_all

        return stop_all(cloud, machine)

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
        from orchestrator.registry.importing import bring

        return bring(cloud, self._group(group), artefact, container, target, on_event, prove=prove)

    def _group(self, name: str) -> Group:
        from orchestrator.registry.model import Group

        environment = self.environment
        return Group(
            env=environment.name,
            name=name,
            full_name=f"{environment.name_prefix}-{name}",
            live_parameter=live_parameter(environment, name),
            tokens=approval_tokens(environment, name),
            machine=training_machine(environment, name),
        )

    def endpoints(self, cloud: Cloud, parameters: Mapping[str, str]) -> dict[str, EndpointState]:
        from orchestrator.release import endpoints

        return endpoints(cloud, parameters)

    def release(
        self, cloud: Cloud, machine: str, versions: Mapping[str, str | None], *, on_event: EventSink
    ) -> tuple[ReleaseResult, ...]:
        from orchestrator.release import run

        return run(cloud, machine, versions, on_event)

    def smoke(
        self,
        cloud: Cloud,
        blueprint: Blueprint,
        outputs: Mapping[str, Json],
        *,
        on_event: EventSink,
        proven: Mapping[str, Proven],
    ) -> tuple[ProbeResult, ...]:
        from orchestrator.smoke import run

        return run(cloud, blueprint, outputs, repo=self.repo, on_event=on_event, proven=proven)


def local_emulator(repo: Path, environment: str, port: int | None = None) -> EmulatorProcess:
    """Return the local AWS of one environment; `port` is the one in its file."""
    from orchestrator.local_aws.process import LocalEmulator

    return LocalEmulator(repo, environment, configured=port)


def earlier_emulator(repo: Path) -> EmulatorProcess:
    """Return the single local AWS that a checkout had in earlier versions."""
    from orchestrator.local_aws.process import earlier

    return earlier(repo)


def with_emulator(repo: Path) -> list[str]:
    """Return the environments that have left a local AWS behind, even if their files are gone."""
    from orchestrator.local_aws.process import ROOT

    return sorted(file.parent.name for file in (repo / ROOT).glob("*/emulator.json"))
