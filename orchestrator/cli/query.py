"""`orchestrator query ENV SQL`."""

from __future__ import annotations

import click

from orchestrator.cli import options
from orchestrator.cli.app import App


@click.command("query")
@options.environment
@click.argument("sql")
@click.option("--database", metavar="LAYER", default="processed", show_default=True, help="raw, processed or features.")
@click.option("--limit", type=click.IntRange(min=1), default=1000, show_default=True, help="Maximum number of rows.")
@options.as_json
@click.pass_context
def command(ctx: click.Context, env: str, sql: str, database: str, limit: int, as_json: bool) -> None:
    """Run SQL on the data catalogue of ENV in its Athena workgroup.

    Prefix tables of other layers with their database, which `orchestrator outputs ENV data` shows.
    """
    from orchestrator.aws.query import run_query
    from orchestrator.cli.app import interruptible
    from orchestrator.errors import PlatformError
    from orchestrator.planning.values import published

    app: App = ctx.obj
    environment, graph = app.load(env)
    target = app.target(app.tools(environment))
    state = target.store.read("data")
    outputs = published(graph.stack("data"), state) if state else None
    if outputs is None:
        raise PlatformError(f"`data` is not deployed in `{env}`", hint=f"run `orchestrator deploy {env}` first")
    names: dict[str, str] = outputs["glue"]["database_names"]
    with interruptible(app.console, env) as cancel:
        answer = run_query(
            target.cloud,
            sql,
            database=names.get(database, database),
            workgroup=outputs["athena"]["workgroup_name"],
            limit=limit,
            stopping=cancel.is_set,
        )
    if as_json:
        rows = [dict(zip(answer.columns, row, strict=True)) for row in answer.rows]
        app.console.json({"query_id": answer.query_id, "scanned_bytes": answer.scanned_bytes, "rows": rows})
        return
    shown = [tuple("NULL" if value is None else value for value in row) for row in answer.rows]
    app.console.table("", answer.columns, shown)
    rows_read = f"{len(shown)} row{'' if len(shown) == 1 else 's'}"
    app.console.say(f"{rows_read}, {answer.scanned_bytes} bytes scanned, {answer.seconds:.1f} s: {answer.output}")
