"""Run one query. argv: a folder with `query.json`, into which `outcome.json` and `rows.jsonl` are written.

The exit status is 0 for every query that ends as Athena ends queries; the outcome says whether it succeeded. Any other
error is this program's own: it ends with a traceback and status 1.
"""

from __future__ import annotations

import gc
import json
import os
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    # Imported modules stay: searching them for garbage would take a fifth of a run.
    gc.set_threshold(200_000)

import botocore.session
import duckdb
from botocore.config import Config
from botocore.exceptions import ClientError

from emulator.core.settings import OWN_APP
from emulator.services.athena import results, statements, tables
from emulator.services.athena.catalogue import Catalogue
from emulator.services.athena.contract import Outcome, Request
from emulator.services.athena.errors import QueryCancelled, QueryFailed
from emulator.services.athena.statements import Statement

FETCHED = 10_000
OWN = Config(user_agent_appid=OWN_APP)  # type: ignore[call-arg]  # unknown to the stubs
"""These requests are those of the AWS service, not of the platform."""


class Run:
    def __init__(self, request: Request, folder: Path) -> None:
        self.request, self.folder = request, folder
        # Not boto3: its file transfers are not needed, and importing them takes a tenth of the start.
        session = botocore.session.get_session()
        self.s3: Any = session.create_client("s3", config=OWN)
        self.catalogue = Catalogue(session.create_client("glue", config=OWN), self.s3)
        self.outcome = Outcome(output=f"{request.output}{request.query_id}.csv")

    def execute(self) -> Outcome:
        began = time.monotonic()
        try:
            statement = statements.parse(self.request.sql, self.request.database, self.request.parameters)
            self.outcome.type = statement.type
            if statement.query is None:
                self._keep_lines(self._run_on_catalogue(statement))
            else:
                self._query(statement)
        except QueryFailed as error:
            self.outcome.state, self.outcome.reason = "FAILED", str(error)
        except ClientError as error:
            # The caller may not read the catalogue or the objects.
            self.outcome.state, self.outcome.reason = (
                "FAILED",
                f"Insufficient permissions to execute the query. {error}",
            )
        except QueryCancelled as error:
            self.outcome.state, self.outcome.reason = "CANCELLED", str(error)
        self.outcome.seconds = time.monotonic() - began
        return self.outcome

    def _query(self, statement: Statement) -> None:
        assert statement.query is not None
        connection = duckdb.connect(config={"threads": 2, "autoinstall_known_extensions": False})
        connection.execute("SET TimeZone = 'UTC'")
        self._provide(connection, statement)
        # The query itself runs from here on: it may read the tables, but no other file of this machine.
        connection.execute(f"SET allowed_directories = [{tables.text(str(self.folder))}]")
        connection.execute("SET enable_external_access = false")
        connection.execute("SET lock_configuration = true")
        sql = statement.query.sql("duckdb")
        try:
            if statement.kind == "explain":
                self._explain(connection, sql)
            elif statement.kind in ("ctas", "unload"):
                self._write(connection, sql, statement)
            else:
                self._select(connection, sql)
        except duckdb.Error as error:
            raise QueryFailed(_failure(error)) from error

    def _provide(self, connection: duckdb.DuckDBPyConnection, statement: Statement) -> None:
        """Create a view of every table that the query names, from the catalogue and the bucket."""
        assert statement.query is not None
        scans = []
        for table in statements.qualify(statement.query, self.request.database):
            definition = self.catalogue.table(table.database, table.name)
            allowed = statements.partition_filter(statement.query, table, list(definition.keys))
            scans.append((definition, self.catalogue.objects(definition, allowed)))
        if statement.kind != "explain":
            self.outcome.scanned_bytes = sum(item.size for _, objects in scans for item in objects)
        limit = self.request.limit_bytes
        if limit is not None and self.outcome.scanned_bytes > limit:
            raise QueryCancelled(
                f"Query cancelled! : Bytes scanned limit was exceeded ({self.outcome.scanned_bytes} of {limit})"
            )
        for definition, objects in scans:
            files = self.catalogue.download(objects, definition.format, self.folder / "data")
            tables.create(connection, definition, files)

    def _select(self, connection: duckdb.DuckDBPyConnection, sql: str) -> None:
        answer = connection.execute(sql)
        columns = _columns(answer)
        self._keep(columns, _rows(answer))

    def _explain(self, connection: duckdb.DuckDBPyConnection, sql: str) -> None:
        plan = connection.execute(f"EXPLAIN {sql}").fetchall()
        lines = [line for _, text in plan for line in str(text).splitlines()]
        self._keep([results.Column("Query Plan", "varchar")], ([line] for line in lines))

    def _write(self, connection: duckdb.DuckDBPyConnection, sql: str, statement: Statement) -> None:
        """Run CREATE TABLE AS or UNLOAD: write Parquet objects instead of rows, and a manifest that lists them."""
        properties, target = statement.properties, statement.target
        form = properties.get("format", "PARQUET").upper()
        if form != "PARQUET":
            raise QueryFailed(f"NOT_SUPPORTED: the local Athena writes PARQUET, not {form}")
        location = self._location(statement)
        if target is not None and self.catalogue.exists(target.database, target.name):
            raise QueryFailed(f"Table '{target.database}.{target.name}' already exists")
        keys = [key for key in properties.get("partitioned_by", "").split(",") if key]
        folder = self.folder / "written"
        folder.mkdir()
        options = "FORMAT parquet, COMPRESSION snappy"
        if keys:
            destination, options = folder, f"{options}, PARTITION_BY ({', '.join(map(tables.quoted, keys))})"
        else:
            destination = folder / "part-00000.parquet"
        columns = _columns(connection.execute(f"SELECT * FROM ({sql}) LIMIT 0"))
        connection.execute(f"COPY ({sql}) TO {tables.text(str(destination))} ({options})")
        written = self._upload_folder(folder, location)
        if target is not None:
            self.catalogue.add(target.database, target.name, columns, keys, location, written)
        self.outcome.manifest = f"{self.request.output}{self.request.query_id}-manifest.csv"
        self._put(self.outcome.manifest, "".join(f"{uri}\n" for uri in written).encode())
        self.outcome.output = location if target is not None else self.outcome.output
        self.outcome.columns, self.outcome.has_header = [], False
        (self.folder / "rows.jsonl").touch()

    def _location(self, statement: Statement) -> str:
        if statement.kind == "unload":
            location = statement.properties["location"]
        else:
            given = statement.properties.get("external_location")
            if given and self.request.enforced:
                raise QueryFailed(
                    "The Create Table As Select query failed because it was submitted with an 'external_location' "
                    "property to an Athena Workgroup that enforces a centralized output location for all queries. "
                    "Please remove the 'external_location' property and resubmit the query."
                )
            location = given or f"{self.request.output}tables/{self.request.query_id}/"
        location = location if location.endswith("/") else location + "/"
        if self.catalogue.keys_under(location):
            raise QueryFailed(f"HIVE_PATH_ALREADY_EXISTS: Target directory for table already exists: {location}")
        return location

    def _upload_folder(self, folder: Path, location: str) -> list[str]:
        written = []
        for file in sorted(path for path in folder.rglob("*") if path.is_file()):
            uri = f"{location}{file.relative_to(folder).as_posix()}"
            self._put(uri, file.read_bytes())
            written.append(uri)
        return written

    def _run_on_catalogue(self, statement: Statement) -> list[str]:
        """Execute a statement about the catalogue and return its output lines."""
        target = statement.target
        if statement.kind == "show-databases":
            return self.catalogue.databases()
        assert target is not None
        if statement.kind == "show-tables":
            return self.catalogue.tables(target.database)
        if statement.kind == "drop":
            self.catalogue.drop(target.database, target.name, missing_ok=statement.if_exists)
            return []
        definition = self.catalogue.table(target.database, target.name)
        if statement.kind == "show-partitions":
            return self.catalogue.partition_names(definition)
        if statement.kind == "repair":
            return [f"Repair: Added partition to metastore {name}" for name in self.catalogue.repair(definition)]
        return [f"{name}\t{kind}\t" for name, kind in (*definition.columns.items(), *definition.keys.items())]

    def _keep_lines(self, lines: list[str]) -> None:
        self.outcome.has_header = False
        self.outcome.output = self.outcome.output.removesuffix(".csv") + ".txt"
        self.outcome.columns = [results.Column("result", "string").info()]
        (self.folder / "rows.jsonl").write_text("".join(results.dump([line]) for line in lines), encoding="utf-8")
        self._put(self.outcome.output, "".join(f"{line}\n" for line in lines).encode())

    def _keep(self, columns: list[results.Column], rows: Iterable[list[str | None]]) -> None:
        """Write rows to the CSV object and to the file that GetQueryResults reads."""
        self.outcome.columns = [column.info() for column in columns]
        answer, pages = self.folder / "result.csv", self.folder / "rows.jsonl"
        with answer.open("w", encoding="utf-8", newline="") as csv, pages.open("w", encoding="utf-8") as kept:
            csv.write(results.csv_line(column.name for column in columns))
            for row in rows:
                csv.write(results.csv_line(row))
                kept.write(results.dump(row))
        self._put(self.outcome.output, answer.read_bytes())

    def _put(self, uri: str, body: bytes) -> None:
        bucket, _, key = uri[len("s3://") :].partition("/")
        try:
            self.s3.put_object(Bucket=bucket, Key=key, Body=body, **self.request.encryption)
        except self.s3.exceptions.ClientError as error:
            raise QueryFailed(f"Unable to write {uri}: {error}") from error


def _columns(answer: duckdb.DuckDBPyConnection) -> list[results.Column]:
    description = answer.description or []
    return [results.Column(item[0], results.athena_type(str(item[1]))) for item in description]


def _rows(answer: duckdb.DuckDBPyConnection) -> Iterator[list[str | None]]:
    while rows := answer.fetchmany(FETCHED):
        for row in rows:
            yield [results.cell(value) for value in row]


def _failure(error: duckdb.Error) -> str:
    """Return DuckDB's message under Athena's name of the error."""
    sentence = str(error).split("\n\n")[0].strip().replace("\n", " ")
    if isinstance(error, duckdb.BinderException | duckdb.CatalogException):
        return f"COLUMN_NOT_FOUND: {sentence}" if "column" in sentence.lower() else f"SYNTAX_ERROR: {sentence}"
    if isinstance(error, duckdb.ParserException):
        return f"SYNTAX_ERROR: {sentence}"
    if isinstance(error, duckdb.ConversionException | duckdb.InvalidInputException):
        return f"INVALID_CAST_ARGUMENT: {sentence}"
    return f"GENERIC_USER_ERROR: {sentence}"


def main(folder: Path) -> int:
    request = Request(**json.loads((folder / "query.json").read_text(encoding="utf-8")))
    outcome = Run(request, folder).execute()
    part = folder / "outcome.part"
    part.write_text(json.dumps(asdict(outcome)), encoding="utf-8")
    part.replace(folder / "outcome.json")
    return 0


if __name__ == "__main__":
    code = main(Path(sys.argv[1]))
    sys.stdout.flush()
    # Everything is written: tearing down the interpreter object by object would only take time.
    os._exit(code)
