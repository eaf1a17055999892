"""The module graph, derived from the HCL of all phases, against the architecture notes.

Every dependency of the notes must exist in the code, and none may run the other way round, not even
through other modules.
"""

from __future__ import annotations

import graphlib
from pathlib import Path

import pytest

from tests.terraform import hcl

NOTES = [
    ("vpc", "sagemaker"),
    ("vpc", "lambda"),
    ("iam", "sagemaker"),
    ("iam", "lambda"),
    ("iam", "stepfunctions"),
    ("iam", "glue"),
    ("s3", "glue"),
    ("sagemaker", "monitoring"),
]
EACH_ROOT = pytest.mark.parametrize("root", hcl.ROOTS, ids=hcl.root_id)

Edges = set[tuple[str, str]]


def modules(phase: Path) -> set[str]:
    return {block.labels[0] for block in hcl.read(phase) if block.kind == "module"}


def edges_of(phase: Path) -> Edges:
    return hcl.module_edges(hcl.read(phase), hcl.description(phase)["upstream"])


def reaches(edges: Edges, start: str, end: str) -> bool:
    seen, waiting = set(), [start]
    while waiting:
        node = waiting.pop()
        if node == end:
            return True
        seen.add(node)
        waiting += [consumer for producer, consumer in edges if producer == node and consumer not in seen]
    return False


@pytest.fixture(scope="module")
def edges() -> Edges:
    return set().union(*(edges_of(phase) for phase in hcl.ROOTS))


def test_there_are_five_phases() -> None:
    assert [phase.name for phase in hcl.PHASES] == ["1-foundation", "2-data", "3-models", "4-inference", "5-monitoring"]


@pytest.mark.parametrize(("producer", "consumer"), NOTES)
def test_every_edge_of_the_notes_exists_and_is_not_reversed(edges: Edges, producer: str, consumer: str) -> None:
    assert (producer, consumer) in edges, f"nothing of {producer} reaches {consumer}: {sorted(edges)}"
    assert not reaches(edges, consumer, producer), f"{producer} depends on {consumer}, against the notes"


def test_modules_depend_on_each_other_in_one_direction_only(edges: Edges) -> None:
    sorter = graphlib.TopologicalSorter[str]()
    for producer, consumer in edges:
        sorter.add(consumer, producer)
    sorter.prepare()  # raises CycleError with the cycle


@EACH_ROOT
def test_a_phase_publishes_under_the_names_of_its_modules(root: Path) -> None:
    output = next(block for block in hcl.read(root) if block.kind == "output")
    name = hcl.description(root)["name"]
    assert output.labels == (name,)
    value = dict(hcl.entries(output.body))["value"]
    inner = "\n".join(line.removeprefix("  ") for line in value.splitlines()[1:-1])
    published = [key for key, _ in hcl.entries(inner)]
    assert published
    unknown = [key for key in published if key not in modules(root) and key != "routes_prefix"]
    assert not unknown, f"{root.name} publishes {unknown}, which are not modules of it"


@EACH_ROOT
def test_what_arrives_comes_from_a_phase_that_is_needed(root: Path) -> None:
    described = hcl.description(root)
    assert set(described["upstream"]) <= set(described["needs"])
    declared = {block.labels[0] for block in hcl.parse((root / "upstream.tf").read_text(encoding="utf-8"))}
    assert declared == set(described["upstream"])


REVERSED = """
locals {
  networks = {
    ids = var.foundation.vpc.private_subnet_ids
  }
}

# module "ghost" { x = module.none }
module "sagemaker" {
  source  = "../../modules/sagemaker"
  network = local.networks
  alarms  = module.monitoring.alarm_names
}

module "monitoring" {
  source = "../../modules/monitoring"
}
"""


def test_the_derivation_sees_through_locals_and_notices_a_reversed_edge() -> None:
    edges = hcl.module_edges(hcl.parse(REVERSED), ["foundation"])
    assert edges == {("vpc", "sagemaker"), ("monitoring", "sagemaker")}
    assert reaches(edges, "monitoring", "sagemaker")
    assert not reaches(edges, "sagemaker", "monitoring")
