from __future__ import annotations

from tooling.docs.policies import main


def test_the_generated_policy_documents_are_current(monkeypatch, capsys) -> None:
    monkeypatch.setattr("sys.argv", ["policy_docs", "--check"])
    assert main() == 0, capsys.readouterr().err
