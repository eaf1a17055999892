from __future__ import annotations

import pytest

from tooling.docs.policies import main


def test_the_generated_policy_documents_are_current(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["policy_docs", "--check"])
    assert main() == 0, capsys.readouterr().err
