"""Evaluate one ruleset on one table. argv: a folder with `run.json`, into which `result.json` is written."""

from __future__ import annotations

import gc
import json
import os
import sys
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    # Imported modules stay: searching them for garbage would take a fifth of a run.
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

OWN = Config(user_agent_appid=OWN_APP)  # type: ignore[call-arg]  # unknown to the stubs
"""These requests are those of the AWS service, not of the platform."""


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
    """Return a `RuleResults` list for each ruleset, and the number of evaluated rows."""
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
    results = {
        name: [_result(connection, rule, i) for i, rule in enumerate(parse(text), start=1)]
        for name, text in run["rulesets"].items()
    }
    return {"rows": count[0] if count else 0, "results": results}


def _result(connection: duckdb.DuckDBPyConnection, rule: Any, number: int) -> dict[str, Any]:
    """Return a `DataQualityRuleResult`."""
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
    # Everything is written: tearing down the interpreter object by object would only take time.
    os._exit(code)
