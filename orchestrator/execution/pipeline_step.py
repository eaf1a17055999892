"""Run the training pipeline where a model version is missing, or report which version waits for approval."""

from __future__ import annotations

from collections.abc import Sequence

from orchestrator.core.types import EventSink
from orchestrator.errors import PipelineFailed, SetupError
from orchestrator.execution import verdicts
from orchestrator.execution.deployed import load_model_versions
from orchestrator.pipeline.model import AWAITING_APPROVAL, PendingVersion
from orchestrator.planning.graph import TRAINING
from orchestrator.planning.steps import RunPipeline
from orchestrator.planning.values import HASH_KEY, dataset_of
from orchestrator.runs.result import pipeline_result
from orchestrator.session.session import Session

DATASET = ".cache/datasets/reviews"


def run(session: Session, step: RunPipeline, sink: EventSink) -> None:
    """Run the pipeline if it is due.

    Raises:
        PipelineFailed: the execution did not succeed.
        SetupError: the sample data is missing on this machine.
    """
    if not step.force and not _is_due(session, step):
        return
    sample = _sample(session, step)
    dataset = session.tools.repo / sample
    if step.has_data and not any(path.is_file() for path in dataset.rglob("*")):
        raise SetupError(f"the sample data is not in {sample}", hint="run `make setup`, which fetches it")
    outputs = session.results.outputs
    result = session.tools.run_pipeline(
        session.target.cloud,
        outputs[f"{TRAINING}{step.training}" if step.training else "models"],
        bucket=outputs["foundation"]["s3"]["bucket_name"],
        dataset=dataset if step.has_data else None,
        on_event=sink,
        own=session.own_executions,
    )
    session.results.add_pipeline(step.training, pipeline_result(result))
    if result.status == AWAITING_APPROVAL:
        _wait(session, step, session.tools.pending_versions(session.target.cloud))
        return
    if result.status != "SUCCEEDED":
        raise PipelineFailed(
            f"{_named(step)} ended as {result.status}: {result.error or 'no reason given'}",
            hint=f"its steps are in the run folder and in the execution {result.execution_arn}",
        )
    load_model_versions(session)


def _sample(session: Session, step: RunPipeline) -> str:
    """Return the folder of the sample data, relative to the repository."""
    if step.training is None:
        return DATASET
    return dataset_of(session.environment, step.training).sample or DATASET


def _named(step: RunPipeline) -> str:
    return f"training `{step.training}`" if step.training else "the training pipeline"


def _is_due(session: Session, step: RunPipeline) -> bool:
    # A version without the hash of its archive keeps serving, but cannot be released elsewhere: it is trained again.
    missing = {group for group in step.groups if HASH_KEY not in session.results.model_versions.get(group, {})}
    pending = session.tools.pending_versions(session.target.cloud)
    if not missing:
        for version in pending:
            session.results.warn(f"{verdicts.waits(version)}; `{version.approve}` makes it live")
        session.journal.stage(step.name, "not needed: a model version is live (`--pipeline` runs it again)")
        return False
    due = [version for version in pending if version.group in missing]
    if {version.group for version in due} >= missing:
        _wait(session, step, due, "not started: ")
        return False
    if not step.has_data:
        session.journal.stage(step.name, "not started: `data.sample` is off (`--pipeline` runs it on your data)")
    return step.has_data


def _wait(session: Session, step: RunPipeline, versions: Sequence[PendingVersion], prefix: str = "") -> None:
    session.results.add_pending(versions)
    session.journal.stage(step.name, "; ".join(f"{prefix}{verdicts.waits(version)}" for version in versions))
