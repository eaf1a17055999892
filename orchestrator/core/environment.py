"""Build the environment of child processes from an allow-list, never as a copy.

For a local environment nothing of the machine's AWS set-up may come through: a profile, a proxy, a CA bundle or a
stray `AWS_ENDPOINT_URL_S3` would send calls elsewhere, some of them to a real account; a broken `~/.aws/config` would
break them. Only terraform on AWS gets any of it.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from orchestrator.core.local_access import LocalAccess
from orchestrator.errors import ConfigError, SetupError
from orchestrator.system.loopback_guard import NOTHING_OF_THIS_MACHINE, is_loopback

if TYPE_CHECKING:
    from orchestrator.config.model.platform import Environment

LOCAL_REGION = "us-east-1"
"""Region of the local AWS for requests that name none."""
REPO = Path(__file__).resolve().parents[2]

_COMMON = ("PATH", "HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR", "TERM")
_LONGEST_SOCKET = 103 if sys.platform == "darwin" else 107
"""Bytes of the path of a unix socket."""
_SOCKET = "/plugin4294967295"
"""The longest name of a socket of Go's plugins, which are in TMPDIR."""
_FOR_AWS = (
    *(name for proxy in ("http_proxy", "https_proxy", "no_proxy") for name in (proxy, proxy.upper())),
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
)
_NOT_FOR_AWS = ("AWS_ENDPOINT_URL",)
"""Prefixes. On AWS the endpoints are AWS's own: a forgotten emulator address must not catch a deploy."""


def base_env() -> dict[str, str]:
    """Return the complete environment of a child process that does not use the real AWS."""
    return _common() | NOTHING_OF_THIS_MACHINE


def require_socket_room(folder: str) -> None:
    """Raise `SetupError` if a plugin's socket path would be too long; Go reports only "bind: invalid argument"."""
    length = len(os.fsencode(folder))
    if length + len(_SOCKET) > _LONGEST_SOCKET:
        raise SetupError(
            f"the folder for temporary files has too long a path ({length} characters: {folder}): "
            f"paths of sockets in it may have at most {_LONGEST_SOCKET}",
            hint="set TMPDIR to a shorter one, such as /tmp",
        )


def process_env(environment: Environment, local: LocalAccess | None) -> dict[str, str]:
    """Return the complete environment of terraform for one platform environment.

    Args:
        environment: its region and whether it is local.
        local: access to its local AWS; `None` means AWS, which is refused for a local environment.
    """
    env = _common() | _terraform() | {"AWS_REGION": environment.platform.region}
    require_socket_room(env.get("TMPDIR", ""))
    if environment.is_local or local is not None:
        if local is None:
            raise ConfigError(
                f"the environment `{environment.name}` requires the endpoint of its local AWS, but has none",
                hint=f"Run `orchestrator emulator up {environment.name}`.",
            )
        return env | local_variables(local) | NOTHING_OF_THIS_MACHINE
    return env | _aws()


def require_loopback(endpoint: str) -> str:
    """Return the endpoint if it is on this machine. Raises `ConfigError`."""
    if urlsplit(endpoint).scheme != "http" or not is_loopback(endpoint):
        raise ConfigError(
            f"the endpoint of a local environment must be http on a loopback address, got `{endpoint}`",
            hint="Use http://127.0.0.1:<port>.",
        )
    return endpoint


def local_variables(local: LocalAccess) -> dict[str, str]:
    """Return the variables that make any AWS client use the local AWS and nothing else."""
    return {
        "AWS_ENDPOINT_URL": require_loopback(local.endpoint),
        "AWS_ACCESS_KEY_ID": local.access_key_id,
        "AWS_SECRET_ACCESS_KEY": local.secret_access_key,
    }


def shell_variables(local: LocalAccess) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return the variables to export in a user's shell, and those to unset."""
    region = {"AWS_REGION": LOCAL_REGION, "AWS_DEFAULT_REGION": LOCAL_REGION}
    return local_variables(local) | region, ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SESSION_TOKEN")


def _common() -> dict[str, str]:
    common = {name: os.environ[name] for name in _COMMON if name in os.environ}
    if "TMPDIR" in common and not os.path.isdir(common["TMPDIR"]):
        del common["TMPDIR"]  # Python falls back to another folder then, and so should children
    return common


def _aws() -> dict[str, str]:
    passed = {
        name: value
        for name, value in os.environ.items()
        if name.startswith("AWS_") and not name.startswith(_NOT_FOR_AWS) and name != "AWS_REGION"
    }
    return passed | {name: os.environ[name] for name in _FOR_AWS if name in os.environ}


def _terraform() -> dict[str, str]:
    env = {
        "CHECKPOINT_DISABLE": "1",
        "TF_IN_AUTOMATION": "1",
        # The provider's schema keeps Go's collector running: a seventh of the wall time.
        "GOGC": os.environ.get("GOGC", "400"),
    }
    generated = REPO / ".tools" / "terraform.rc"
    configured = os.environ.get("TF_CLI_CONFIG_FILE")
    if generated.is_file():
        env["TF_CLI_CONFIG_FILE"] = str(generated)
    elif configured and Path(configured).is_file():
        env["TF_CLI_CONFIG_FILE"] = configured
    return env
