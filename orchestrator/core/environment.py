"""The environment that every child process gets: an allow-list, never a copy.

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
"""Where the local AWS puts what names no region."""
REPO = Path(__file__).resolve().parents[2]

_COMMON = ("PATH", "HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR", "TERM")
_LONGEST_SOCKET = 103 if sys.platform == "darwin" else 107
"""Bytes of the path of a unix socket."""
_SOCKET = "/plugin4294967295"
"""The longest name that Go's plugins give to theirs; they put them into TMPDIR."""
_FOR_AWS = (
    *(name for proxy in ("http_proxy", "https_proxy", "no_proxy") for name in (proxy, proxy.upper())),
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
)
_NOT_FOR_AWS = ("AWS_ENDPOINT_URL",)
"""Prefixes. On AWS the endpoints are AWS's own: a forgotten emulator address must not catch a deploy."""


def base_env() -> dict[str, str]:
    """The complete environment of any child that has no business with the real AWS."""
    return _common() | NOTHING_OF_THIS_MACHINE


def require_socket_room(folder: str) -> None:
    """Raise `SetupError` where a plugin's socket would get too long a path: it says "bind: invalid argument"."""
    length = len(os.fsencode(folder))
    if length + len(_SOCKET) > _LONGEST_SOCKET:
        raise SetupError(
            f"the folder for temporary files has too long a path ({length} characters: {folder}): "
            f"sockets lie in it, and theirs may have {_LONGEST_SOCKET}",
            hint="set TMPDIR to a shorter one, such as /tmp",
        )


def process_env(environment: Environment, local: LocalAccess | None) -> dict[str, str]:
    """The complete environment for terraform in one platform environment.

    Args:
        environment: its region and whether it is local.
        local: the way into its local AWS; `None` means AWS, and is refused for a local environment.
    """
    env = _common() | _terraform() | {"AWS_REGION": environment.platform.region}
    require_socket_room(env.get("TMPDIR", ""))
    if environment.is_local or local is not None:
        if local is None:
            raise ConfigError(
                f"the environment `{environment.name}` needs the endpoint of its local AWS, and got none",
                hint=f"Run `orchestrator emulator up {environment.name}`.",
            )
        return env | local_variables(local) | NOTHING_OF_THIS_MACHINE
    return env | _aws()


def require_loopback(endpoint: str) -> str:
    """The endpoint itself, if it cannot be anything but this machine."""
    if urlsplit(endpoint).scheme != "http" or not is_loopback(endpoint):
        raise ConfigError(
            f"the endpoint of a local environment must be http on a loopback address, got `{endpoint}`",
            hint="Use http://127.0.0.1:<port>.",
        )
    return endpoint


def local_variables(local: LocalAccess) -> dict[str, str]:
    """What makes any AWS client talk to the local AWS, and to nothing else."""
    return {
        "AWS_ENDPOINT_URL": require_loopback(local.endpoint),
        "AWS_ACCESS_KEY_ID": local.access_key_id,
        "AWS_SECRET_ACCESS_KEY": local.secret_access_key,
    }


def shell_variables(local: LocalAccess) -> tuple[dict[str, str], tuple[str, ...]]:
    """For a person's shell: what to export, and what of the person's own set-up to unset."""
    region = {"AWS_REGION": LOCAL_REGION, "AWS_DEFAULT_REGION": LOCAL_REGION}
    return local_variables(local) | region, ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SESSION_TOKEN")


def _common() -> dict[str, str]:
    found = {name: os.environ[name] for name in _COMMON if name in os.environ}
    if "TMPDIR" in found and not os.path.isdir(found["TMPDIR"]):
        del found["TMPDIR"]  # Python looks for another one then, and so are children to
    return found


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
        # The provider's schema makes Go's collector run all the time: a seventh of the wall time.
        "GOGC": os.environ.get("GOGC", "400"),
    }
    generated = REPO / ".tools" / "terraform.rc"
    configured = os.environ.get("TF_CLI_CONFIG_FILE")
    if generated.is_file():
        env["TF_CLI_CONFIG_FILE"] = str(generated)
    elif configured and Path(configured).is_file():
        env["TF_CLI_CONFIG_FILE"] = configured
    return env
