"""The command line: one verb per file, each parses, calls and returns.

Commands are imported when they are used, so that `--help` stays quick; the table below carries their
one-line help. `main` is the one boundary at which errors become words and exit codes.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from orchestrator.errors import PlatformError

EXIT_UNEXPECTED = 70
EXIT_INTERRUPTED = 130

COMMANDS = {
    "deploy": "Bring an environment to what its files say, then smoke-test it.",
    "phase": "Roll out a part of the phases, or list them.",
    "plan": "Show what a deploy would change; works before anything exists.",
    "destroy": "Remove everything of an environment.",
    "resume": "Take up what a killed run left, and repeat its command.",
    "unlock": "Who holds the locks of the states; free those whose holder is dead.",
    "recover": "Import or remove what exists and is in no state, as after a killed run.",
    "status": "What is deployed, who holds a lock, how the last run went.",
    "outputs": "Published outputs of the stacks.",
    "graph": "Stacks and who waits for whom.",
    "policy": "Run the policy gate on source and plans.",
    "release": "Approve a model version; give a running endpoint another version or size.",
    "smoke": "Probe what is deployed.",
    "ask": "Ask a deployed blueprint something, through the API.",
    "keys": "API keys of the callers: list, show, rotate.",
    "query": "Answer SQL over the catalogue, through Athena.",
    "render": "Write the files for terraform by hand, and the lines to type.",
    "schema": "JSON Schemas of the environment files and of result.json.",
    "emulator": "The local AWS: up, down, status, env, logs.",
}


class LazyGroup(click.Group):
    """Knows its commands by name and loads one when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"orchestrator.cli.{cmd_name}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS:
            import difflib

            near = difflib.get_close_matches(args[0], COMMANDS, n=1)
            guess = f" Did you mean `{near[0]}`?" if near else ""
            ctx.fail(f"No such command `{args[0]}`.{guess} Commands: {', '.join(COMMANDS)}.")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option(
    "--repo",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=Path(__file__).resolve().parents[2],
    show_default="this checkout",
    help="Folder that holds terraform/, lambda/ and policies/.",
)
@click.version_option("0.1.0", prog_name="orchestrator")
@click.pass_context
def cli(ctx: click.Context, repo: Path) -> None:
    """MLOps and generative-AI platform on AWS, or on this machine alone (ENV=local)."""
    from orchestrator.cli.app import App
    from orchestrator.system import private

    private.tighten(repo.resolve())
    ctx.obj = App(repo.resolve(), ctx.obj or ())


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    from orchestrator.system.private import only_ours

    with only_ours():
        return _run(arguments)


def _run(arguments: Sequence[str] | None) -> int:
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        # What was typed is the context's object until the group has made its own of it.
        code = cli.main(args=given, prog_name="orchestrator", standalone_mode=False, obj=tuple(given))
    except click.exceptions.Abort:
        _error("interrupted")
        return EXIT_INTERRUPTED
    except click.ClickException as error:
        _show(error)
        return error.exit_code
    except PlatformError as error:
        _error(error.message, error.hint)
        return error.exit_code
    except KeyboardInterrupt:
        _error("interrupted")
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        # The reader of our output has gone (`| head`): not an error of ours, but nothing more can be said.
        sys.stderr.close()
        return 0
    except Exception as error:
        return _refused_by_machine(error) or _unexpected(error)
    return code if isinstance(code, int) else 0


def _refused_by_machine(error: Exception) -> int | None:
    from orchestrator.system import trouble

    known = trouble.told(error)
    if known is None:
        return None
    _error(known.message, known.hint)
    return known.exit_code


def _unexpected(error: Exception) -> int:
    log = _write_crash()
    _error(f"unexpected {type(error).__name__}: {error}", f"the traceback is in {log}")
    return EXIT_UNEXPECTED


def _show(error: click.ClickException) -> None:
    """What click says of wrong arguments, which it repeats."""
    import io

    from orchestrator.reporting.console import printable
    from orchestrator.system.text_files import bounded

    said = io.StringIO()
    error.show(said)
    sys.stderr.write(printable(bounded(said.getvalue())))


def _error(message: str, hint: str | None = None) -> None:
    from contextlib import suppress

    from orchestrator.reporting.console import Console

    with suppress(OSError):  # the exit code says it, too
        Console().error(message, hint)


def _write_crash() -> Path:
    """Keep the traceback: in the run folders, or where nothing can be written, in the temporary folder."""
    import tempfile
    import time
    import traceback

    name = f"crash-{time.strftime('%Y%m%dT%H%M%S')}.log"
    for folder in (Path(__file__).resolve().parents[2] / ".runs", Path(tempfile.gettempdir())):
        try:
            folder.mkdir(exist_ok=True)
            (folder / name).write_text(traceback.format_exc(), encoding="utf-8")
        except OSError:
            continue
        return folder / name
    return Path("(nowhere: no folder could be written)")
