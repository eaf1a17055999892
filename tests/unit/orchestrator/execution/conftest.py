"""The plan of a whole deployment."""

from __future__ import annotations

import pytest

from orchestrator.config import Environment
from orchestrator.planning import plans
from orchestrator.planning.graph import Graph
from orchestrator.planning.steps import Plan


@pytest.fixture
def deploy_plan(environment: Environment, graph: Graph) -> Plan:
    return plans.deploy(environment, graph)
