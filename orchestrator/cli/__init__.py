"""The command line: one command per file, which parses, calls and returns.

Commands are imported when they are used, so that `--help` stays quick; the table below holds their one-line help.
`main` is the only place where errors become messages and exit codes.
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
    "new": "Write the files of a dataset, training or blueprint.",
    "deploy": "Deploy an environment, then smoke-test it.",
    "phase": "Deploy selected phases, or list all phases.",
    "plan": "Show what a deployment would change, without applying it.",
    "destroy": "Destroy an environment.",
    "resume": "Clean up after an interrupted run and repeat its command.",
    "unlock": "Show state locks and release those whose holder is dead.",
    "recover": "Import or remove resources that are in no Terraform state.",
    "status": "Show what is deployed, state locks and the last run.",
    "outputs": "Show the published outputs of the stacks.",
    "graph": "Show the stack dependency graph.",
    "policy": "Run the policy gate on Terraform source and plans.",
    "pipeline": "Run trainings, and list, show and stop their executions.",
    "model": "Import finished models.",
    "release": "Approve, reject or release a model version.",
    "smoke": "Run the smoke tests of the deployed blueprints.",
    "ask": "Send a request to a deployed blueprint through the API.",
    "keys": "List, show and rotate API keys.",
    "query": "Query the data catalogue through Athena.",
    "render": "Write Terraform files and print the commands to run them by hand.",
    "schema": "Print the JSON Schemas of the environment files and of result.json.",
    "emulator": "Start, stop and inspect the local AWS.",
}


class LazyGroup(click.Group):
    """A group that lists its commands by name and imports a command only when it is called."""

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
    help="Checkout that holds terraform/, lambda/ and policies/.",
)
@click.version_option("0.1.0", prog_name="orchestrator")
@click.pass_context
def cli(ctx: click.Context, repo: Path) -> None:
    """Deploy and operate an MLOps and generative-AI platform on AWS, or on this machine alone (ENV=local)."""
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
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        # The arguments are the context's object until the group replaces it with an `App`.
        code = cli.main(args=words, prog_name="orchestrator", standalone_mode=False, obj=tuple(words))
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
        # The reader of the output has closed it (`| head`): not an error here, but nothing more can be printed.
        sys.stderr.close()
        return 0
    except Exception as error:
        return _refused_by_machine(error) or _unexpected(error)
    return code if isinstance(code, int) else 0


def _refused_by_machine(error: Exception) -> int | None:
    from orchestrator.system import trouble

    known = trouble.from_exception(error)
    if known is None:
        return None
    _error(known.message, known.hint)
    return known.exit_code


def _unexpected(error: Exception) -> int:
    log = _write_crash()
    _error(f"unexpected {type(error).__name__}: {error}", f"the traceback is in {log}")
    return EXIT_UNEXPECTED


def _show(error: click.ClickException) -> None:
    """Print click's message about wrong arguments, shortened: click repeats the arguments in it."""
    import io

    from orchestrator.reporting.console import printable
    from orchestrator.system.text_files import bounded

    message = io.StringIO()
    error.show(message)
    sys.stderr.write(printable(bounded(message.getvalue())))


def _error(message: str, hint: str | None = None) -> None:
    from contextlib import suppress

    from orchestrator.reporting.console import Console

    with suppress(OSError):  # the exit code reports the failure, too
        Console().error(message, hint)


def _write_crash() -> Path:
    """Write the traceback into the run folders, or into the temporary folder where those cannot be written."""
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
