"""`orchestrator resume ENV`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from orchestrator.cli import options
from orchestrator.cli.app import App, Resuming

if TYPE_CHECKING:
    from orchestrator.recovery.unfinished import Unfinished


@click.command("resume")
@options.environment
@click.option("--stop", is_flag=True, help="Interrupt a terraform process that still runs instead of waiting for it.")
@click.option(
    "--force", is_flag=True, help="Treat a run on another machine as dead, which cannot be verified from here."
)
@options.yes
@click.pass_context
def command(ctx: click.Context, env: str, stop: bool, force: bool, yes: bool) -> None:
    """Clean up after a killed run of ENV, then repeat its command with the same arguments.

    Waits for a terraform process that outlived the run, releases locks of dead processes, imports resources that were
    created but are in no state, and follows a training pipeline that still runs. Completed steps are skipped.
    """
    from orchestrator.errors import StateLocked
    from orchestrator.recovery import takeover, unfinished
    from orchestrator.runs import run_folder

    app: App = ctx.obj
    environment, _ = app.load(env)
    app.resuming = Resuming(stop=stop, force=force)
    left = takeover.look(app.repo, env)
    repeated = [run for run in left.runs if run.command in unfinished.CHANGING]
    if repeated:
        _repeat(ctx, repeated[-1], yes=yes)
        return
    working = [run for run in unfinished.find(app.repo, env) if run.life == "alive"]
    if working and left.is_empty:
        raise StateLocked(
            f"`{working[-1].command}` of `{env}` has been running since {working[-1].since}: nothing to resume",
            hint=f"wait until it has ended; `orchestrator status {env}` shows its progress",
        )
    with run_folder.alone(app.repo, env), app.taking_up(environment, app.tools(environment), "deploy"):
        app.console.say("nothing else to repeat" if left.runs else f"`{env}` has no unfinished run")
        last = run_folder.latest(app.repo, env)
        if last is not None and last.status in ("failed", "cancelled") and last.command in unfinished.CHANGING:
            app.console.say(f"its last run was {last.status}: `orchestrator {last.command} {env}` continues from there")


def _repeat(ctx: click.Context, run: Unfinished, *, yes: bool) -> None:
    """Run its command with the same arguments; that command decides what it resumes and what it skips."""
    from orchestrator.cli import cli
    from orchestrator.errors import PlatformError

    app: App = ctx.obj
    words = without_repo(run.arguments)
    known = cli.get_command(ctx, words[0]) if words else None
    if known is None or words[0] == ctx.command.name:
        raise PlatformError(
            f"run {run.run_id} has no command that can be repeated (received {' '.join(run.arguments)!r})",
            hint=f"`orchestrator deploy {run.environment}` also cleans up after it",
        )
    if yes and "--yes" not in words:
        words.append("--yes")
    app.arguments = tuple(words)
    app.console.say(f"resuming: orchestrator {' '.join(words)}")
    with known.make_context(words[0], words[1:], parent=ctx.parent) as repeated:
        known.invoke(repeated)


def without_repo(arguments: tuple[str, ...]) -> list[str]:
    """Drop `--repo` from a command: the run's folder is in that checkout already."""
    words = list(arguments)
    while words and words[0].startswith("--repo"):
        words = words[2:] if words[0] == "--repo" else words[1:]
    return words
