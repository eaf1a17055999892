"""A copy of `terraform/` to run in: nothing of a test run lands in the working tree.

Every module of the copy gets the canonical lock file, so that a provider which is not the locked one is
refused here too.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import pytest

from orchestrator.terraform.warm_provider import client, locate, types_used
from tests.terraform.hcl import REPO, TERRAFORM
from tooling.install import provider

LOCK = TERRAFORM / ".terraform.lock.hcl"
ENVIRONMENT = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "SSL_CERT_FILE", "HTTPS_PROXY", "https_proxy")
SECONDS = 300
PLAIN_VARIABLE = "PLATFORM_PLAIN_PROVIDER"
MOCKS = Path("tests/terraform/mocks")


@dataclass(frozen=True)
class Terraform:
    """The binary, run inside the copy."""

    binary: str
    env: dict[str, str]
    copy: Path

    def __call__(self, *arguments: str, folder: str = ".") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.binary, *arguments],
            cwd=self.copy / folder,
            env=self.env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )

    def init(self, folder: str) -> None:
        done = self("init", "-backend=false", "-input=false", "-no-color", "-lockfile=readonly", folder=folder)
        assert done.returncode == 0, f"terraform init of {folder}:\n{done.stdout}\n{done.stderr}"


@pytest.fixture(scope="session")
def terraform(tmp_path_factory: pytest.TempPathFactory) -> Terraform:
    own = REPO / ".tools/bin/terraform"
    binary = str(own) if own.exists() else shutil.which("terraform")
    assert binary, "terraform is neither in .tools/bin nor on PATH: run `make setup`"
    root = tmp_path_factory.mktemp("repository")
    shutil.copytree(TERRAFORM, root / "terraform", ignore=shutil.ignore_patterns(".terraform", "*.tfstate*"))
    shutil.copytree(REPO / MOCKS, root / MOCKS)
    for module in (root / "terraform/modules").iterdir():
        shutil.copy(LOCK, module)
    env = {name: os.environ[name] for name in ENVIRONMENT if name in os.environ}
    # Invalid credentials: a mocked provider needs none, and a test must never reach an account.
    env |= {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_EC2_METADATA_DISABLED": "true"}
    env |= {"TF_CLI_CONFIG_FILE": str(cli_configuration(root)), "TF_IN_AUTOMATION": "1", "CHECKPOINT_DISABLE": "1"}
    # A third of the CPU time goes into collecting the garbage of processes that end in seconds.
    env |= {"GOGC": "800"}
    return Terraform(binary, env, root / "terraform")


class Attach(Protocol):
    """Terraform attached to a running provider, by the name of who uses it."""

    def __call__(self, name: str, blocks: Iterable[str] | None = None) -> Terraform: ...


@pytest.fixture(scope="session")
def attach(terraform: Terraform) -> Iterator[Attach]:
    """`PLATFORM_PLAIN_PROVIDER=1` starts the provider again for each command, as terraform does by itself; so does a
    machine whose provider came straight from the registry.
    """
    binary = locate.provider_binary(REPO)
    if binary is None or os.environ.get(PLAIN_VARIABLE):
        yield lambda name, blocks=None: terraform
        return
    repo = terraform.copy.parent
    (repo / "orchestrator").symlink_to(REPO / "orchestrator")
    types = set(types_used.in_tree(terraform.copy))
    for file in (repo / MOCKS).iterdir():
        types |= types_used.in_hcl(file.read_text(encoding="utf-8"))
    env = {
        name: value
        for name, value in terraform.env.items()
        if not name.startswith("AWS_ACCESS") and "SECRET" not in name
    }

    def attached(name: str, blocks: Iterable[str] | None = None) -> Terraform:
        value = client.attach(repo, binary, name=name, types=types, environment=env, mocked_blocks=blocks)
        return replace(terraform, env=env | {"TF_REATTACH_PROVIDERS": value})

    try:
        yield attached
    finally:
        client.stop(repo, binary)


@pytest.fixture(scope="session")
def mocked_terraform(terraform: Terraform, attach: Attach) -> Terraform:
    """A `run` block takes a tenth of a second instead of two: the provider only lends its schema to the mock."""
    return attach("mocked", types_used.blocks_in_tree(terraform.copy))


@pytest.fixture(scope="session")
def validating_terraform(attach: Attach) -> Terraform:
    """The provider validates every resource, as it always does, but does not receive its own block."""
    return attach("validating")


def cli_configuration(folder: Path) -> Path:
    """A configuration that takes the provider from an offline mirror if there is one, else from the registry."""
    file = folder / "terraform.rc"
    mirror = provider.find_mirror(REPO, provider.locked_version(REPO), os.environ, provider.usual_places())
    if mirror is None:
        file.write_text("disable_checkpoint = true\n", encoding="utf-8")
    else:
        provider.write_configuration(file, mirror)
    return file
