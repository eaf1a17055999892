"""What an environment that has expired still lets one do."""

from __future__ import annotations

import shutil

import pytest

from tests.unit.orchestrator.cli.conftest import REPO, Cli


@pytest.fixture
def expired(cli: Cli) -> Cli:
    (cli.repo / "terraform").unlink()
    (cli.repo / "terraform").mkdir()
    (cli.repo / "terraform/phases").symlink_to(REPO / "terraform/phases")
    shutil.copytree(REPO / "terraform/envs/local", cli.repo / "terraform/envs/local")
    with (cli.repo / "terraform/envs/local/platform.yaml").open("a", encoding="utf-8") as file:
        file.write("\nexpires_at: 2026-01-31\n")
    return cli


@pytest.mark.parametrize("command", [("deploy", "local"), ("plan", "local"), ("phase", "rollout", "local")])
def test_nothing_more_is_built(expired: Cli, command: tuple[str, ...]) -> None:
    answer = expired(*command)
    assert answer.code == 3
    assert "environment `local` expired on 2026-01-31" in answer.err
    assert "`orchestrator destroy local`" in answer.err


def test_it_can_be_removed(expired: Cli) -> None:
    assert "expired" not in expired("destroy", "local", "--yes").err
