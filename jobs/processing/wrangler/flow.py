"""What a `.flow` file says: its nodes, in an order in which each comes after what it takes. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from wrangler.errors import FlowError

SOURCE, TRANSFORM, DESTINATION = "SOURCE", "TRANSFORM", "DESTINATION"
PICTURES = ("VISUALIZATION", "ANALYSIS")
"""Nodes that show data and do not change it; they are left out."""
VERSION = 1
S3_SOURCE = "sagemaker.s3_source_0.1"
S3_DESTINATION = "sagemaker.spark.s3_destination_0.1"
INFER_AND_CAST = "sagemaker.spark.infer_and_cast_type_0.1"
CAST = "sagemaker.spark.cast_single_data_type_0.1"
MANAGE_COLUMNS = "sagemaker.spark.manage_columns_0.1"
HANDLE_MISSING = "sagemaker.spark.handle_missing_0.1"
HANDLE_OUTLIERS = "sagemaker.spark.handle_outliers_0.1"
KNOWN: dict[str, dict[str, tuple[str, ...]]] = {
    SOURCE: {S3_SOURCE: ()},
    TRANSFORM: {
        INFER_AND_CAST: (),
        CAST: (),
        MANAGE_COLUMNS: ("Drop column", "Rename column", "Duplicate column"),
        HANDLE_MISSING: ("Drop missing", "Fill missing"),
        HANDLE_OUTLIERS: ("Min-max numeric outliers",),
    },
    DESTINATION: {S3_DESTINATION: ()},
}
"""Operators by type of node, and of each the values of its parameter `operator`; none: it has no such parameter."""


@dataclass(frozen=True)
class Node:
    """One step. `inputs` are ids of the nodes whose tables it takes."""

    id: str
    type: str
    operator: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    trained: Mapping[str, Any] = field(default_factory=dict)
    inputs: tuple[str, ...] = ()

    @property
    def choice(self) -> str:
        return str(self.parameters.get("operator", ""))

    def error(self, sentence: str) -> FlowError:
        what = f"{self.operator}, {self.choice}" if self.choice else self.operator
        return FlowError(f"node {self.id} ({what}): {sentence}")

    def parameter(self, *path: str) -> Any:
        """Return a required parameter."""
        value: Any = self.parameters
        for name in path:
            if not isinstance(value, Mapping) or value.get(name) is None:
                raise self.error(f"the parameter {'.'.join(path)} is missing")
            value = value[name]
        return value


def read(text: str) -> list[Node]:
    """Read the nodes of a flow in order. Raises `FlowError` unless the whole flow is understood."""
    try:
        document = json.loads(text)
    except ValueError as error:
        raise FlowError(f"the flow is not JSON: {error}") from error
    if not isinstance(document, dict) or not isinstance(document.get("nodes"), list):
        raise FlowError("the flow has no list of nodes")
    version = document.get("metadata", {}).get("version")
    if version != VERSION:
        raise FlowError(f"the flow has version {version}; this job reads version {VERSION}")
    nodes = [_node(each) for each in document["nodes"]]
    nodes = [node for node in nodes if node.type not in PICTURES]
    for node in nodes:
        _check(node)
    by_id = {node.id: node for node in nodes}
    if len(by_id) < len(nodes):
        raise FlowError("two nodes of the flow have one node_id")
    ordered = _ordered(by_id)
    if not any(node.type == DESTINATION for node in ordered):
        raise FlowError("the flow has no destination: nothing would be written")
    return ordered


def _node(given: Any) -> Node:
    try:
        return Node(
            id=str(given["node_id"]),
            type=str(given["type"]),
            operator=str(given["operator"]),
            parameters=given.get("parameters") or {},
            trained=given.get("trained_parameters") or {},
            inputs=tuple(str(each["node_id"]) for each in given.get("inputs") or ()),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise FlowError(f"a node needs node_id, type and operator, and inputs with node_id: {given!r:.200}") from error


def _check(node: Node) -> None:
    if node.type not in KNOWN:
        raise node.error(f"nodes of type {node.type} are not known; known are {', '.join(KNOWN)}")
    known = KNOWN[node.type]
    if node.operator not in known:
        raise node.error(f"this operator is not known; of type {node.type} known are {', '.join(known)}")
    if known[node.operator] and node.choice not in known[node.operator]:
        raise node.error(f"this choice is not known; known are {', '.join(known[node.operator])}")
    required = 0 if node.type == SOURCE else 1
    if len(node.inputs) != required:
        raise node.error(f"takes {required} input(s), and has {len(node.inputs)}")


def _ordered(nodes: Mapping[str, Node]) -> list[Node]:
    ordered: dict[str, Node] = {}
    for node in nodes.values():
        path: list[Node] = []
        while node.id not in ordered:
            if node in path:
                raise node.error("takes, in the end, its own result")
            path.append(node)
            if not node.inputs:
                break
            if node.inputs[0] not in nodes:
                raise node.error(f"takes the result of {node.inputs[0]}, which is not a node of the flow")
            node = nodes[node.inputs[0]]
        ordered |= {each.id: each for each in reversed(path)}
    return list(ordered.values())
