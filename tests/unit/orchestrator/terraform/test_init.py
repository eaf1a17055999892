"""When `terraform init` has to run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from orchestrator.terraform import init
from orchestrator.terraform.model import Workspace


@pytest.fixture
def ws(tmp_path: Path) -> Workspace:
    root, module, data = tmp_path / "root", tmp_path / "module", tmp_path / "data"
    for folder in (root, module, data / "modules", data / "providers"):
        folder.mkdir(parents=True)
    (root / "versions.tf").write_text('terraform {\n  backend "s3" {}\n}\n')
    (root / "main.tf").write_text('module "a" {\n  source = "../module"\n  size = 1\n}\n')
    (root / ".terraform.lock.hcl").write_text("lock")
    (module / "main.tf").write_text("")
    (module / "versions.tf").write_text('terraform {\n  required_version = ">= 1.11"\n}\n')
    (tmp_path / "backend.hcl").write_text("bucket")
    (data / "terraform.tfstate").write_text("{}")
    (data / "modules/modules.json").write_text("{}")
    return Workspace("data", root, tmp_path / "v", tmp_path / "backend.hcl", data, tmp_path / "p", {})


@pytest.fixture
def binary(tmp_path: Path) -> str:
    (tmp_path / "terraform").write_text("1")
    return str(tmp_path / "terraform")


def test_nothing_is_current_before_the_first(ws: Workspace, binary: str) -> None:
    assert not init.is_current(ws, binary)


def test_unchanged_inputs_are_current(ws: Workspace, binary: str) -> None:
    init.record(ws, binary)
    assert init.is_current(ws, binary)
    (ws.root / "main.tf").write_text('module "a" {\n  source = "../module"\n  size = 2\n}\n')
    (ws.root.parent / "module/main.tf").write_text('resource "x" "y" {}\n')
    assert init.is_current(ws, binary), "arguments and resources are nothing that init reads"


CHANGES: dict[str, Callable[[Workspace], object]] = {
    "a call": lambda ws: (ws.root / "main.tf").write_text('module "b" {\n  source = "../module"\n}\n'),
    "a source": lambda ws: (ws.root / "main.tf").write_text('module "a" {\n  source = "./../module"\n}\n'),
    "a version": lambda ws: (ws.root / "versions.tf").write_text('terraform {\n  backend "local" {}\n}\n'),
    "a module's version": lambda ws: (ws.root.parent / "module/versions.tf").write_text("terraform {\n  x\n}\n"),
    "a module's call": lambda ws: (ws.root.parent / "module/main.tf").write_text(
        'module "c" {\n  source = "../c"\n}\n'
    ),
    "the lock file": lambda ws: (ws.root / ".terraform.lock.hcl").write_text("other"),
    "the backend": lambda ws: ws.backend_file and ws.backend_file.write_text("other"),
    "the program": lambda ws: (ws.root.parent / "terraform").write_text("12"),
    "the modules' list": lambda ws: (ws.data_dir / "modules/modules.json").unlink(),
    "the backend's record": lambda ws: (ws.data_dir / "terraform.tfstate").unlink(),
    "the providers": lambda ws: (ws.data_dir / "providers").rmdir(),
    "a failure": init.forget,
    "a damaged record": lambda ws: (ws.data_dir / "initialised.json").write_text("{"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_of_inputs_or_results_requires_init(ws: Workspace, binary: str, change: str) -> None:
    init.record(ws, binary)
    CHANGES[change](ws)
    assert not init.is_current(ws, binary)


def test_an_attached_provider_is_not_an_installed_one(ws: Workspace, binary: str) -> None:
    attached = replace(ws, env={"TF_REATTACH_PROVIDERS": "{}"})
    init.record(attached, binary)
    assert init.is_current(replace(ws, env={"TF_REATTACH_PROVIDERS": '{"pid": 2}'}), binary)
    assert not init.is_current(ws, binary)


def test_previews_are_always_initialised(ws: Workspace, binary: str) -> None:
    preview = replace(ws, backend_file=None)
    init.record(preview, binary)
    assert not init.is_current(preview, binary)
