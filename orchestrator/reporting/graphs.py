"""Render the stack graph as text, Mermaid, DOT or data. Pure."""

from __future__ import annotations

from typing import Any

from orchestrator.planning.graph import Graph


def text(graph: Graph) -> str:
    """Render one line per stack, in deployment order."""
    width = max((len(name) for name in graph.names), default=0)
    lines = []
    for stack in graph.stacks:
        needs = f"  needs {', '.join(stack.needs)}" if stack.needs else ""
        lines.append(f"{stack.order}  {stack.name:<{width}}{needs}".rstrip())
    return "\n".join(lines) + "\n"


def mermaid(graph: Graph) -> str:
    lines = ["flowchart LR"]
    lines += [f'  {_identifier(stack.name)}["{stack.order} {stack.name}"]' for stack in graph.stacks]
    lines += [f"  {_identifier(need)} --> {_identifier(stack.name)}" for stack in graph.stacks for need in stack.needs]
    return "\n".join(lines) + "\n"


def dot(graph: Graph) -> str:
    lines = ["digraph stacks {", "  rankdir=LR;", "  node [shape=box];"]
    lines += [f'  "{stack.name}";' for stack in graph.stacks]
    lines += [f'  "{need}" -> "{stack.name}";' for stack in graph.stacks for need in stack.needs]
    return "\n".join([*lines, "}"]) + "\n"


def as_data(graph: Graph) -> list[dict[str, Any]]:
    return [
        {
            "name": stack.name,
            "phase": stack.phase,
            "order": stack.order,
            "needs": list(stack.needs),
            "upstream": list(stack.upstream),
            "root": stack.root,
            "blueprint": stack.blueprint,
        }
        for stack in graph.stacks
    ]


def _identifier(name: str) -> str:
    """Mermaid reads `-` in a name as part of an arrow."""
    return name.replace("-", "_")
