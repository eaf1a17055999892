"""Only local environments are attached to a warm provider."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from orchestrator.system.process import StillWorking
from orchestrator.terraform.attached import WarmTerraform
from orchestrator.terraform.model import Workspace
from orchestrator.terraform.warm_provider import client
from tests.fakes.terraform import FakeTerraform

REATTACH = "TF_REATTACH_PROVIDERS"


class Recording(FakeTerraform):
    def __init__(self) -> None:
        super().__init__()
        self.seen: list[Mapping[str, str]] = []

    def init(self, ws: Workspace, **options: Any) -> None:
        self.seen.append(ws.env)

    def push_state(self, ws: Workspace, file: Path, **options: Any) -> None:
        self.seen.append(ws.env)
        raise StillWorking(("terraform",), 1)


@pytest.fixture
def attached(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    calls: list[dict[str, Any]] = []

    def attach(repo: Path, binary: Path, **options: Any) -> str:
        calls.append(options)
        return "{}"

    def release(repo: Path, binary: Path, *, name: str, run: Path | None) -> None:
        calls.append({"released": name})

    monkeypatch.setattr(client, "attach", attach)
    monkeypatch.setattr(client, "release", release)
    return calls


def workspace(folder: Path, env: Mapping[str, str]) -> Workspace:
    root = folder / "terraform" / "here"
    root.mkdir(parents=True, exist_ok=True)
    return Workspace("s", root, folder / "v", None, folder / "data", folder / "p", env)


def init(tmp_path: Path, env: Mapping[str, str]) -> Recording:
    inner = Recording()
    warm = WarmTerraform(inner, tmp_path, Path("provider"), limit=2)
    warm.init(workspace(tmp_path, env), on_event=lambda event: None, cancel=threading.Event())
    return inner


def test_the_local_aws_gets_a_running_provider(tmp_path: Path, attached: list[dict[str, Any]]) -> None:
    (tmp_path / "terraform/here").mkdir(parents=True)
    (tmp_path / "terraform/here/main.tf").write_text('resource "aws_vpc" "this" {}\n')
    (tmp_path / "data").mkdir()
    (tmp_path / "data/provider-types.json").write_text('["aws_dropped_from_code"]')
    inner = init(tmp_path, {"AWS_ENDPOINT_URL": "http://127.0.0.1:4566"})
    assert inner.seen[0][REATTACH] == "{}"
    assert attached[0]["types"] == {"aws_vpc", "aws_dropped_from_code"}
    assert attached[1:] == [{"released": attached[0]["name"]}]
    remembered = json.loads((tmp_path / "data/provider-types.json").read_text())
    assert remembered == ["aws_dropped_from_code", "aws_vpc"]


def test_a_terraform_that_still_works_keeps_its_provider(tmp_path: Path, attached: list[dict[str, Any]]) -> None:
    inner = Recording()
    warm = WarmTerraform(inner, tmp_path, Path("provider"), limit=2)
    ws = replace(workspace(tmp_path, {"AWS_ENDPOINT_URL": "http://127.0.0.1:4566"}), run=tmp_path / "run")
    with pytest.raises(StillWorking):
        warm.push_state(ws, tmp_path, on_event=lambda event: None, cancel=threading.Event())
    assert inner.seen[0][REATTACH] == "{}", "init has installed no provider for it"
    (call,) = attached
    assert call["run"] == tmp_path / "run"


def listing(tmp_path: Path, text: str) -> None:
    """Write the record of `terraform init`."""
    (tmp_path / "data/modules").mkdir(parents=True)
    (tmp_path / "data/modules/modules.json").write_text(text)


MODULE = "terraform/modules/gate"


def test_a_stack_s_own_types_are_those_of_its_root_its_modules_and_its_past(
    tmp_path: Path, attached: list[dict[str, Any]]
) -> None:
    for folder, name in (("terraform/here", "aws_vpc"), (MODULE, "aws_gate"), ("terraform/modules/other", "aws_web")):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "main.tf").write_text(f'resource "{name}" "this" {{}}\n')
    listing(tmp_path, '{"Modules": [{"Key": "", "Dir": "."}, {"Key": "gate", "Dir": "../modules/gate"}]}')
    (tmp_path / "data/provider-types.json").write_text('["aws_dropped_from_code"]')
    init(tmp_path, {"AWS_ENDPOINT_URL": "http://127.0.0.1:4566"})
    own = {"aws_vpc", "aws_gate", "aws_dropped_from_code"}
    assert attached[0]["own"] == own
    assert attached[0]["types"] == own | {"aws_web"}
    assert json.loads((tmp_path / "data/provider-types.json").read_text()) == sorted(own)
    # A module that the code drops may still be in the state.
    (tmp_path / MODULE / "main.tf").write_text("")
    init(tmp_path, {"AWS_ENDPOINT_URL": "http://127.0.0.1:4566"})
    assert attached[2]["own"] == own


@pytest.mark.parametrize(
    "text", [None, "", "[]", "{}", '{"Modules": [{"Key": ""}]}', '{"Modules": [{"Key": "a", "Dir": "../gone"}]}']
)
def test_without_a_valid_list_of_modules_a_stack_may_hold_every_type(
    tmp_path: Path, attached: list[dict[str, Any]], text: str | None
) -> None:
    (tmp_path / MODULE).mkdir(parents=True)
    (tmp_path / MODULE / "main.tf").write_text('resource "aws_gate" "this" {}\n')
    if text is not None:
        listing(tmp_path, text)
    init(tmp_path, {"AWS_ENDPOINT_URL": "http://127.0.0.1:4566"})
    assert attached[0]["own"] is None
    assert attached[0]["types"] == {"aws_gate"}


@pytest.mark.parametrize("env", [{}, {"AWS_PROFILE": "prod"}, {"AWS_ENDPOINT_URL": "https://sts.amazonaws.com"}])
def test_an_environment_on_aws_is_never_attached(
    tmp_path: Path, attached: list[dict[str, Any]], env: dict[str, str]
) -> None:
    inner = init(tmp_path, env)
    assert inner.seen == [env]
    assert attached == []
