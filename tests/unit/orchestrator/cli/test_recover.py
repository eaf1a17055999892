"""`orchestrator recover`."""

from __future__ import annotations

import json

from tests.unit.orchestrator.cli.conftest import Cli


def test_yes_has_to_be_to_something(cli: Cli) -> None:
    answer = cli("recover", "local", "--yes")
    assert answer.code == 2
    assert "`--yes` requires `--import` or `--remove`" in answer.err


def test_nothing_is_removed_from_a_protected_environment_by_accident(cli: Cli) -> None:
    answer = cli("recover", "prod", "--remove", "--yes")
    assert answer.code == 14
    assert "`--import` loses nothing" in answer.err


def test_it_starts_no_local_aws(cli: Cli) -> None:
    answer = cli("recover", "local", "--json")
    assert answer.code == 12
    assert json.loads(answer.out)["recovered"] == []
