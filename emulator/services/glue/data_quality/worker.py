"""Evaluates one ruleset on one table. argv: a folder that holds `run.json`; `result.json` appears beside it."""

from __future__ import annotations

import gc
import json
import os
import sys
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    # What is imported stays: to look through it for garbage costs a fifth of a run.
    gc.set_threshold(200_000)

import botocore.session
import duckdb
from botocore.config import Config

from emulator.core.settings import OWN_APP
from emulator.services.athena import tables
from emulator.services.athena.catalogue import Catalogue
from emulator.services.athena.errors import QueryFailed
from emulator.services.glue.data_quality import rules
from emulator.services.glue.data_quality.dqdl import DqdlError, parse

OWN = Config(user_agent_appid=OWN_APP)
"""These are requests of AWS's own, not of the platform."""


def main(folder: Path) -> int:
    run = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    try:
        document = judge(run, folder)
    except (QueryFailed, DqdlError) as error:
        document = {"error": str(error)}
    part = folder / "result.part"
    part.write_text(json.dumps(document), encoding="utf-8")
    part.replace(folder / "result.json")
    return 0


def judge(run: dict[str, Any], folder: Path) -> dict[str, Any]:
    """A `RuleResults` list for each ruleset, and how many rows were looked at."""
    session = botocore.session.get_session()
    catalogue = Catalogue(session.create_client("glue", config=OWN), session.create_client("s3", config=OWN))
    definition = catalogue.table(run["database"], run["table"])
    files = catalogue.download(catalogue.objects(definition, None), definition.format, folder / "data")
    connection = duckdb.connect(config={"threads": 2, "autoinstall_known_extensions": False})
    tables.create(connection, definition, files)
    connection.execute(f"CREATE VIEW {rules.PRIMARY} AS SELECT * FROM {definition.reference}")
    connection.execute(f"SET allowed_directories = [{tables.text(str(folder))}]")
    connection.execute("SET enable_external_access = false")
    count = connection.execute(f"SELECT count(*) FROM {rules.PRIMARY}").fetchone()
    found = {
        name: [_result(connection, rule, i) for i, rule in enumerate(parse(text), start=1)]
        for name, text in run["rulesets"].items()
    }
    return {"rows": count[0] if count else 0, "results": found}


def _result(connection: duckdb.DuckDBPyConnection, rule: Any, number: int) -> dict[str, Any]:
    """A `DataQualityRuleResult`."""
    verdict = rules.evaluate(connection, rule)
    document = {
        "Name": f"Rule_{number}",
        "Description": rule.text,
        "Result": verdict.result,
        "EvaluatedMetrics": verdict.metrics,
        "EvaluatedRule": rule.text,
    }
    return {**document, "EvaluationMessage": verdict.message} if verdict.message else document


if __name__ == "__main__":
    code = main(Path(sys.argv[1]))
    sys.stdout.flush()
    # All is written: to take the interpreter apart, object by object, would be of no use to anybody.
    os._exit(code)
