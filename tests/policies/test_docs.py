from __future__ import annotations

from scripts.policy_docs import main


def test_the_generated_policy_documents_are_current(monkeypatch, capsys) -> None:
    monkeypatch.setattr("sys.argv", ["policy_docs", "--check"])
    assert main() == 0, capsys.readouterr().err
