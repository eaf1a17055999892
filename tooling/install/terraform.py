"""Terraform itself: the one on PATH if it will do, else a pinned release checked by its hash.

Either way it is found at `.tools/bin/terraform` afterwards.
"""

from __future__ import annotations

import hashlib
import http.client
import json
import os
import platform
import shutil
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
import zipfile
from collections.abc import Mapping
from pathlib import Path

from tooling.install.report import SetupProblem, say

VERSION = "1.11.4"
OLDEST, BELOW = (1, 11), (2, 0)
SHA256 = {
    "linux_amd64": "1ce994251c00281d6845f0f268637ba50c0005657eb3cf096b92f753b42ef4dc",
    "linux_arm64": "a43d1d0da9b9bab214a8305a39db0e40869572594ccf50c416a7756499143633",
    "darwin_amd64": "a56d5002b9f7647291faccc3dd1a70350e60fb61e4c45037629508b8fdc2575b",
    "darwin_arm64": "867e0808fa971217043e25b7a792b10720c79b1546f8a68479b74f138be73e18",
}
RELEASES_VARIABLE = "PLATFORM_TERRAFORM_RELEASES"
RELEASES = "https://releases.hashicorp.com/terraform"
BINARY = Path(".tools/bin/terraform")
TIMEOUT_SECONDS = 60


def ensure_terraform(
    repo: Path, *, environ: Mapping[str, str] = os.environ, checksums: Mapping[str, str] = SHA256
) -> Path:
    """Put a suitable terraform at `.tools/bin/terraform`, and return that path."""
    binary = repo / BINARY
    if binary.exists() and _suits(known_version(repo, binary)):
        say("terraform", f"is current ({'.'.join(map(str, known_version(repo, binary) or ()))})")
        return binary
    binary.parent.mkdir(parents=True, exist_ok=True)
    binary.unlink(missing_ok=True)
    installed = shutil.which("terraform", path=environ.get("PATH"))
    version = read_version(Path(installed)) if installed else None
    if installed and _suits(version):
        binary.symlink_to(Path(installed).resolve())
        say("terraform", f"{'.'.join(map(str, version or ()))} from {installed}")
    else:
        started = time.monotonic()
        download(binary, environ.get(RELEASES_VARIABLE) or RELEASES, checksums)
        why = f"; {installed} is {'.'.join(map(str, version))}" if installed and version else ""
        say("terraform", f"downloaded {VERSION}{why}", started)
    if not _suits(known_version(repo, binary)):
        raise SetupProblem(f"{binary} does not run on this machine.", hint=f"put terraform {VERSION} on PATH")
    return binary


def download(binary: Path, releases: str, checksums: Mapping[str, str]) -> None:
    system = os_arch()
    expected = checksums.get(system)
    if expected is None:
        raise SetupProblem(
            f"There is no pinned Terraform for {system}.", hint=f"put terraform {VERSION} on PATH and run `make setup`"
        )
    url = f"{releases.rstrip('/')}/{VERSION}/terraform_{VERSION}_{system}.zip"
    with tempfile.TemporaryDirectory(dir=binary.parent) as folder:
        archive = Path(folder) / "terraform.zip"
        _fetch(url, archive)
        actual = hashlib.sha256(archive.read_bytes()).hexdigest()
        if actual != expected:
            raise SetupProblem(
                f"{url} has the SHA-256 {actual}, and {expected} is pinned: it is not what was released.",
                hint="do not use it; ask who runs the proxy or mirror, or put terraform on PATH yourself",
            )
        with zipfile.ZipFile(archive) as content:
            unpacked = Path(content.extract("terraform", folder))
        unpacked.chmod(0o755)
        unpacked.replace(binary)


def _fetch(url: str, target: Path) -> None:
    hint = f"check the network, name a mirror with {RELEASES_VARIABLE}, or put terraform {VERSION} on PATH"
    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT_SECONDS) as answer, target.open("wb") as file:
            shutil.copyfileobj(answer, file)
            announced = answer.headers.get("Content-Length")
    except urllib.error.HTTPError as error:
        raise SetupProblem(f"{url} answers {error.code} {error.reason}.", hint=hint) from error
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise SetupProblem(f"{url} cannot be downloaded: {error}.", hint=hint) from error
    # http.client ends a body early without an error when the connection is cut.
    if announced and target.stat().st_size != int(announced):
        raise SetupProblem(
            f"{url} was cut off after {target.stat().st_size} of {announced} bytes.", hint="run `make setup` again"
        )


def known_version(repo: Path, binary: Path) -> tuple[int, ...] | None:
    """Return the binary's version, cached by its size and time: running it takes a good part of a second."""
    memory = repo / ".tools" / "terraform.version.json"
    status = binary.stat()
    identity = [str(binary.resolve()), status.st_size, status.st_mtime_ns]
    try:
        remembered = json.loads(memory.read_text(encoding="utf-8"))
        if remembered["identity"] == identity:
            return tuple(remembered["version"])
    except (OSError, ValueError, KeyError, TypeError):
        memory.unlink(missing_ok=True)
    version = read_version(binary)
    if version is not None:
        memory.write_text(json.dumps({"identity": identity, "version": version}), encoding="utf-8")
    return version


def read_version(binary: Path) -> tuple[int, ...] | None:
    """Return the version that `terraform version` prints; `None` if it does not run or is not terraform."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("TF_")}
    try:
        done = subprocess.run(
            [str(binary), "version", "-json"],
            env=env | {"CHECKPOINT_DISABLE": "1"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_SECONDS,
            check=False,
        )
        number = json.loads(done.stdout)["terraform_version"].split("-")[0]
        return tuple(int(part) for part in number.split("."))
    except (OSError, subprocess.TimeoutExpired, ValueError, KeyError, TypeError, AttributeError):
        return None


def _suits(version: tuple[int, ...] | None) -> bool:
    return version is not None and OLDEST <= version[:2] < BELOW


def os_arch() -> str:
    machine = platform.machine().lower()
    arch = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}.get(machine, machine)
    return f"{platform.system().lower()}_{arch}"
