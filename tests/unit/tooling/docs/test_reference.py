"""What is written from the code is what the code says."""

from __future__ import annotations

import pytest

from tooling.docs import reference


def test_the_reference_is_current(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("sys.argv", ["reference_docs", "--check"])
    assert reference.main() == 0, capsys.readouterr().err


def test_every_command_and_every_key_is_there() -> None:
    commands = reference.cli_page()
    for name in ("deploy", "phase rollout", "phase list", "emulator logs", "schema"):
        assert f"## `orchestrator {name}`" in commands
    keys = reference.configuration_page()
    for key in ("network.cidr", "training.gate.threshold", "model (bedrock).model_id", "smoke.golden"):
        assert f"`{key}`" in keys
