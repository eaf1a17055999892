"""boto3 for a local AWS: independent of this machine's AWS configuration, and without retries once it has died."""

from __future__ import annotations

import os
from typing import Any

from orchestrator.errors import EmulatorError
from orchestrator.system.identity import Identity, life


def session(region: str, process: Identity | None) -> Any:
    """Create a session that reads no environment variables and no files in the home folder.

    Explicit keys are not enough: a profile that does not exist, a CA bundle or FIPS in the environment would still
    break or redirect local calls.

    Args:
        region: the default region of clients.
        process: the local AWS's process; calls are not retried once it has ended.
    """
    import boto3
    import botocore.session
    from botocore.loaders import Loader

    base = botocore.session.Session(session_vars=_no_environment())
    # By default the models of services in `~/.aws/models` take precedence over botocore's.
    models = Loader(extra_search_paths=[Loader.BUILTIN_DATA_PATH], include_default_search_paths=False)
    base.register_component("data_loader", models)
    if process is not None:
        base.get_component("event_emitter").register_first("needs-retry", _while_it_lives(process))
    return boto3.session.Session(region_name=region, botocore_session=base)


def gone(process: Identity) -> EmulatorError:
    return EmulatorError(
        f"the local AWS (pid {process.pid}) died; everything in it is lost",
        hint="`orchestrator emulator logs` shows the end of its output; deploy again to start afresh",
    )


def _while_it_lives(process: Identity) -> Any:
    def check(caught_exception: Exception | None = None, **_: Any) -> None:
        if caught_exception is not None and life(process) == "dead":
            raise gone(process) from caught_exception

    return check


def _no_environment() -> dict[str, tuple[None, None, Any, Any]]:
    """Return botocore's table of settings without environment variables and configuration files."""
    from botocore.configprovider import BOTOCORE_DEFAUT_SESSION_VARIABLES

    defaults = {name: (None, None, entry[2], entry[3]) for name, entry in BOTOCORE_DEFAUT_SESSION_VARIABLES.items()}
    for name in ("config_file", "credentials_file"):
        defaults[name] = (None, None, os.devnull, None)
    return defaults
