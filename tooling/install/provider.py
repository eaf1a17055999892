"""The AWS provider: from an offline mirror where there is one, else fetched once from the registry.

The result is `.tools/terraform.rc`, which the orchestrator hands to every terraform as
`TF_CLI_CONFIG_FILE`. Because the provider lies unpacked in one place, terraform links to it; fetched by
each root for itself it would take 700 MB every time.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

from tooling.install.report import SetupProblem, say
from tooling.install.terraform import os_arch

ADDRESS = "registry.terraform.io/hashicorp/aws"
MIRROR_VARIABLE = "PLATFORM_PROVIDER_MIRROR"
LOCK_FILE = Path("terraform/.terraform.lock.hcl")
OWN_MIRROR = Path(".tools/providers")
CONFIGURATION = Path(".tools/terraform.rc")
FETCH_SECONDS = 900


def ensure_provider(
    repo: Path, terraform: Path, *, environ: Mapping[str, str] = os.environ, places: Iterable[Path] | None = None
) -> Path:
    """Write `.tools/terraform.rc` for a mirror that holds the locked provider, and return the mirror."""
    version = locked_version(repo)
    started = time.monotonic()
    mirror = find_mirror(repo, version, environ, usual_places() if places is None else places)
    if mirror is None:
        mirror = fetch(repo, terraform, version)
        say("provider", f"fetched hashicorp/aws {version}", started)
    else:
        say("provider", f"hashicorp/aws {version} from {mirror}")
    write_configuration(repo / CONFIGURATION, mirror)
    return mirror


def locked_version(repo: Path) -> str:
    text = (repo / LOCK_FILE).read_text(encoding="utf-8")
    match = re.search(rf'provider "{re.escape(ADDRESS)}" \{{\s*version\s*=\s*"([^"]+)"', text)
    if match is None:
        raise SetupProblem(f"{LOCK_FILE} does not lock hashicorp/aws.", hint="restore it from version control")
    return match[1]


def usual_places() -> list[Path]:
    """List where Terraform itself looks for mirrors, and one level under the folder for optional software."""
    fixed = ["~/.terraform.d/plugins", "/usr/local/share/terraform/plugins", "/usr/share/terraform/plugins"]
    return [Path(place).expanduser() for place in fixed] + sorted(Path("/opt").glob("*/"))


def find_mirror(repo: Path, version: str, environ: Mapping[str, str], places: Iterable[Path]) -> Path | None:
    named = environ.get(MIRROR_VARIABLE)
    if named:
        folder = Path(named).expanduser().resolve()
        if not holds_provider(folder, version):
            raise SetupProblem(
                f"{MIRROR_VARIABLE} names {folder}, and hashicorp/aws {version} for {os_arch()} is not there.",
                hint=f"the folder must hold {ADDRESS}/{version}/{os_arch()}/terraform-provider-aws…",
            )
        return folder
    candidates = [repo / OWN_MIRROR, *places]
    return next((place.resolve() for place in candidates if holds_provider(place, version)), None)


def holds_provider(folder: Path, version: str) -> bool:
    unpacked = folder / ADDRESS / version / os_arch()
    packed = folder / ADDRESS / f"terraform-provider-aws_{version}_{os_arch()}.zip"
    return any(unpacked.glob("terraform-provider-aws*")) or packed.is_file()


def fetch(repo: Path, terraform: Path, version: str) -> Path:
    """Let terraform fetch the provider and check it against the committed lock file, then keep it."""
    tools = repo / ".tools"
    with tempfile.TemporaryDirectory(dir=tools) as name:
        folder = Path(name)
        (folder / "main.tf").write_text(
            f'terraform {{\n  required_providers {{\n    aws = {{\n      source  = "hashicorp/aws"\n'
            f'      version = "{version}"\n    }}\n  }}\n}}\n',
            encoding="utf-8",
        )
        lock = (repo / LOCK_FILE).read_text(encoding="utf-8")
        # The lock must name the constraint of this folder, or terraform requires `init -upgrade`.
        (folder / ".terraform.lock.hcl").write_text(
            re.sub(r'constraints\s*=\s*"[^"]*"', f'constraints = "{version}"', lock), encoding="utf-8"
        )
        (folder / "rc").write_text("disable_checkpoint = true\n", encoding="utf-8")
        env = {key: value for key, value in os.environ.items() if not key.startswith("TF_")}
        done = subprocess.run(
            [str(terraform), f"-chdir={folder}", "init", "-input=false", "-no-color", "-lockfile=readonly"],
            env=env | {"TF_CLI_CONFIG_FILE": str(folder / "rc")},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=FETCH_SECONDS,
            check=False,
        )
        fetched = folder / ".terraform" / "providers"
        if done.returncode or not holds_provider(fetched, version):
            lines = [line.strip(" │╷╵") for line in done.stderr.splitlines() if line.strip(" │╷╵")]
            raise SetupProblem(
                f"The provider hashicorp/aws {version} cannot be fetched: {' '.join(lines)[:300] or 'no reason given'}",
                hint=f"check the network, or name a folder that holds it with {MIRROR_VARIABLE}",
            )
        own = repo / OWN_MIRROR
        shutil.rmtree(own, ignore_errors=True)
        fetched.replace(own)
    return own.resolve()


def write_configuration(file: Path, mirror: Path) -> None:
    """Write a CLI configuration with the mirror. `direct` excludes the mirrored provider to avoid network access."""
    text = (
        "# Written by set-up.\n"
        "disable_checkpoint = true\n"
        "provider_installation {\n"
        "  filesystem_mirror {\n"
        f"    path    = {json.dumps(str(mirror))}\n"
        f"    include = [{json.dumps(ADDRESS)}]\n"
        "  }\n"
        "  direct {\n"
        f"    exclude = [{json.dumps(ADDRESS)}]\n"
        "  }\n"
        "}\n"
    )
    if not file.is_file() or file.read_text(encoding="utf-8") != text:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
