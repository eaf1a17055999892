"""Read what is deployed already: outputs of stacks and live model versions."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from orchestrator.planning.values import live_parameter, published
from orchestrator.session.session import Session

_READERS = 8
"""States read at the same time."""


def load_outputs(session: Session) -> None:
    """Read the outputs of every stack that has a state, and the live model versions."""
    stacks = session.graph.stacks
    with ThreadPoolExecutor(max_workers=_READERS, thread_name_prefix="state") as pool:
        states = list(pool.map(session.target.store.read, [stack.name for stack in stacks]))
    for stack, state in zip(stacks, states, strict=True):
        session.results.add_state(stack.name, state)
        outputs = published(stack, state) if state and state.resources else None
        if outputs is not None:
            session.results.publish(stack.name, outputs)
    load_model_versions(session)


def load_model_versions(session: Session) -> None:
    for group in session.environment.model_groups:
        version = session.tools.live_version(session.target.cloud, live_parameter(session.environment, group))
        if version is not None:
            session.results.add_model_version(group, version)
