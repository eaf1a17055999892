"""Command line of the emulator: `python -m emulator serve`."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from emulator.core.errors import EmulatorError


def main(argv: list[str] | None = None) -> int:
    """Parse, serve, and turn expected errors into one line and an exit code."""
    arguments = _parser().parse_args(argv)
    # Logs, jobs' folders and unpacked functions are for the owner of this process alone, children's files included.
    os.umask(0o077)
    # A descriptor inherited from the caller (say, the pipe of `make deploy | tee log`) would keep that pipe
    # open for as long as the emulator lives. This has to happen before anything of ours is opened.
    os.closerange(3, os.sysconf("SC_OPEN_MAX"))
    from emulator.core import botocore_models

    botocore_models.share()
    from emulator.http import server

    try:
        server.serve(
            port=arguments.port,
            data_dir=arguments.data_dir.resolve(),
            jobs_python=arguments.jobs_python,
            lambda_python=arguments.lambda_python,
            enforce_iam=arguments.iam == "enforced",
            time_scale=arguments.time_scale,
        )
    except EmulatorError as error:
        sys.stderr.write(f"emulator: {error}\n")
        return error.exit_code
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m emulator", description="A local AWS on one loopback port.")
    commands = parser.add_subparsers(required=True, metavar="command")
    serve = commands.add_parser("serve", help="serve in the foreground until SIGTERM")
    serve.add_argument("--port", type=int, default=4566, help="0 picks a free one (default: %(default)s)")
    serve.add_argument("--data-dir", type=Path, default=Path(".emulator"), help="default: %(default)s")
    serve.add_argument(
        "--jobs-python", type=_interpreter, default=Path(sys.executable), help="interpreter of jobs and model servers"
    )
    serve.add_argument(
        "--iam",
        choices=("enforced", "off"),
        default="enforced",
        help="off: roles and users may do everything, whatever their policies say (default: %(default)s)",
    )
    serve.add_argument(
        "--lambda-python", type=_interpreter, default=Path(sys.executable), help="interpreter of Lambda functions"
    )
    serve.add_argument(
        "--time-scale", type=float, default=1.0, help="seconds for one second of a retry delay or a rate (%(default)s)"
    )
    return parser


def _interpreter(value: str) -> Path:
    # Not resolved: the interpreter of a virtual environment is a link, and its own name is what selects it.
    path = Path(value).absolute()
    if not os.access(path, os.X_OK):
        raise argparse.ArgumentTypeError(f"{path} is not an executable file")
    return path


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    sys.stderr.flush()
    # The interpreter would spend seconds on freeing all that moto holds.
    os._exit(code)
