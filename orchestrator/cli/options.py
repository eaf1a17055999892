"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click
from click.shell_completion import CompletionItem

if TYPE_CHECKING:
    from orchestrator.risk import RiskClass

Decorated = Callable[..., Any]


def complete_environment(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    from orchestrator.config import environment_names
    from orchestrator.execution.wiring import REPO

    return [CompletionItem(name) for name in environment_names(REPO) if name.startswith(incomplete)]


def environment(function: Decorated) -> Decorated:
    """Add ENV, a folder in terraform/envs."""
    return click.argument("env", metavar="ENV", shell_complete=complete_environment)(function)


def _complete_local(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    from orchestrator.config.neighbours import local_environments
    from orchestrator.execution.wiring import REPO

    return [CompletionItem(name) for name in local_environments(REPO) if name.startswith(incomplete)]


def local_environment(function: Decorated) -> Decorated:
    """Add ENV, an environment with `target: local`; optional where there is only one."""
    return click.argument("env", metavar="[ENV]", required=False, shell_complete=_complete_local)(function)


def as_json(function: Decorated) -> Decorated:
    return click.option("--json", "as_json", is_flag=True, help="Print JSON to stdout.")(function)


def blueprints(function: Decorated) -> Decorated:
    """Add `--blueprint`, which selects single blueprints."""
    text = "Select this blueprint only; can be repeated."
    return click.option("--blueprint", "blueprints", multiple=True, metavar="NAME", help=text)(function)


def yes(function: Decorated) -> Decorated:
    return click.option("--yes", is_flag=True, help="Skip the confirmation.")(function)


def plain_provider(function: Decorated) -> Decorated:
    """Add `--plain-provider`; the value is stored in the `App`, since commands only pass it on."""

    def remember(ctx: click.Context, param: click.Parameter, value: bool) -> None:
        ctx.obj.plain_provider = ctx.obj.plain_provider or value

    text = "Let terraform start the AWS provider instead of attaching to a running one (local only)."
    return click.option(
        "--plain-provider",
        is_flag=True,
        expose_value=False,
        callback=remember,
        envvar="PLATFORM_PLAIN_PROVIDER",
        help=text,
    )(function)


def proof(function: Decorated) -> Decorated:
    """Add `--refresh` and `--why`, which control and explain skipping by proof."""
    refresh = click.option(
        "--refresh", is_flag=True, help="Ignore caches and proofs; scan, plan and check every stack."
    )
    why = click.option("--why", is_flag=True, help="Explain for each stack what changed since its last success.")
    return refresh(why(function))


def approval(function: Decorated) -> Decorated:
    """Add `--accept-risk` and `--yes`; the values are stored in the `App`, since commands only pass them on."""
    from orchestrator.risk import CLASSES

    def accept(ctx: click.Context, param: click.Parameter, value: tuple[RiskClass, ...]) -> None:
        ctx.obj.granted = replace(ctx.obj.granted, risks=frozenset(value))

    def approve(ctx: click.Context, param: click.Parameter, value: bool) -> None:
        ctx.obj.granted = replace(ctx.obj.granted, yes=value)

    risks = click.option(
        "--accept-risk",
        type=click.Choice(CLASSES),
        multiple=True,
        expose_value=False,
        callback=accept,
        help="Accept a class of risk that the plans contain; can be repeated.",
    )
    yes = click.option(
        "--yes",
        "--approve",
        is_flag=True,
        expose_value=False,
        callback=approve,
        help="Approve the preview without a prompt, as in CI.",
    )
    return risks(yes(function))


def pipeline(function: Decorated) -> Decorated:
    text = "Run the training pipeline even if a model version is live."
    return click.option("--pipeline", "force_pipeline", is_flag=True, help=text)(function)
