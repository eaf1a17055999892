from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.campaigns import report
from tests.campaigns.rows import COLUMNS, rows

ROWS = rows(seed=1)


def line(number: int, column: str = COLUMNS[0], **more: Any) -> dict[str, Any]:
    outcome = {"green": True, "reached": True, "lost": [], "difference": [], "remains": [], "recovery": []}
    return {"seed": 1, "commit": "0123abcd", "row": ROWS[number].to_json(), "column": column, **outcome, **more}


def test_both_columns_are_counted_by_kill_and_phase() -> None:
    lines = [line(0), line(1, green=False, lost=["ec2 Vpcs main", "kms Keys data"]), line(0, COLUMNS[1])]
    text = report.kills(lines, ROWS)
    assert "*machine lives*: 2 of 50 rows, 1 green, lost = 2; *machine gone*: 1 of 46 rows, 1 green, lost = 0." in text
    assert "| kill -9 of the orchestrator | apply | 2 | 1 | 2 | 1 | 1 | 0 |" in text
    assert "seed 1, commit 0123abcd" in text


def test_a_red_row_tells_what_happened() -> None:
    recovery = [{"command": "deploy local", "exit_code": 8}]
    red = line(0, green=False, lost=["ec2 Vpcs main"], recovery=recovery, remains=["lock data.tfstate.tflock"])
    text = report.kills([red], ROWS)
    assert "- row 0, machine lives: kill -9 of the orchestrator during apply of" in text
    assert "`deploy local` ended with 8" in text
    assert "lost: ec2 Vpcs main" in text
    assert "left: lock data.tfstate.tflock" in text
    assert "### Rows" not in report.kills([line(0)], ROWS)


def test_a_row_whose_moment_never_came_is_not_green() -> None:
    text = report.kills([line(0, green=False, reached=False)], ROWS)
    assert "0 of 50 rows, 0 green" in text
    assert "(its moment never came)" in text


def test_sections_are_renewed_one_by_one(tmp_path: Path) -> None:
    document = tmp_path / "reliability.md"
    report.write("faults", "## Calls that fail\n", document)
    report.write("kills", "## Kills\n\nold\n", document)
    report.write("kills", "## Kills\n\nnew\n", document)
    text = document.read_text()
    assert "old" not in text
    assert text.index("new") < text.index("## Calls that fail")
    assert text.startswith("# Reliability\n")


def test_a_deploy_with_faults_is_reported_with_its_rate() -> None:
    text = report.faults(
        [
            {
                **{"seed": 1, "commit": "0123abcd", "rate": 0.05, "kind": "flaky", "seen": 2000, "hit": 98},
                **{"exit_code": 8, "green": False, "lost": ["ec2 Vpcs main"], "seconds": 100.0},
                **{"said": "deploy local: failed\nerror: terraform init failed\n"},
                "difference": ["+ ec2 Vpcs main {}"] * 9,
            }
        ]
    )
    assert "| 5% | flaky | 2000 | 98 | 8 | NO | 1 | 100 |" in text
    assert "- 5%: `error: terraform init failed`\n- 5%: lost: ec2 Vpcs main\n- 5%: `+ ec2 Vpcs main {}`" in text
    assert text.count("+ ec2 Vpcs") == 5
    assert "- 5%: and 4 differences more" in text
