"""Entry of the processing job: runs a Data Wrangler flow on what SageMaker brought.

    run_flow.py --flow FILE --source S3PREFIX=FOLDER --target S3PREFIX=FOLDER [--message FILE]

All tables are made before the first is written; a flow that fails writes none.
"""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from wrangler import flow
from wrangler.errors import FlowError

log = logging.getLogger("wrangler")
MESSAGE_LIMIT = 1024
"""Characters of the exit message that SageMaker keeps."""


def place(text: str) -> tuple[str, Path]:
    prefix, _, folder = text.partition("=")
    if not prefix.startswith("s3://") or not folder:
        raise argparse.ArgumentTypeError(f"must be s3://bucket/prefix=folder, not {text!r}")
    return prefix, Path(folder)


def parse_arguments(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="run a Data Wrangler flow", allow_abbrev=False)
    parser.add_argument("--flow", type=Path, required=True)
    parser.add_argument("--source", type=place, action="append", default=[], help="prefix that the flow may read")
    parser.add_argument("--target", type=place, action="append", default=[], help="prefix that the flow may write")
    parser.add_argument("--message", type=Path, help="file for one line about what was done")
    return parser.parse_args(argv)


def run(text: str, sources: Mapping[str, Path], targets: Mapping[str, Path]) -> list[str]:
    """Run the flow. Return a sentence per destination; raises `FlowError`."""
    nodes = flow.read(text)
    from wrangler import steps, tables  # pandas, which a flow that is refused does not need

    made: dict[str, Any] = {}
    results: list[tuple[flow.Node, Any]] = []
    for node in nodes:
        if node.type == flow.SOURCE:
            made[node.id] = tables.read(node, sources)
        elif node.type == flow.TRANSFORM:
            made[node.id] = steps.apply(node, made[node.inputs[0]])
        else:
            tables.check_target(node, targets)
            results.append((node, made[node.inputs[0]]))
        if node.id in made:
            log.info("node=%s operator=%s rows=%d", node.id, node.operator, len(made[node.id]))
    written = [(tables.write(node, table, targets), table) for node, table in results]
    return [f"{file.name}: {len(table)} rows of {', '.join(map(str, table.columns))}" for file, table in written]


def main(argv: list[str]) -> int:
    logging.basicConfig(level=logging.INFO, stream=sys.stdout, format="%(levelname)s %(message)s")
    arguments = parse_arguments(argv)
    try:
        message = "; ".join(
            run(arguments.flow.read_text(encoding="utf-8"), dict(arguments.source), dict(arguments.target))
        )
        code = 0
    except FlowError as error:
        message, code = str(error), 1
    if arguments.message:
        arguments.message.parent.mkdir(parents=True, exist_ok=True)
        arguments.message.write_text(message[:MESSAGE_LIMIT], encoding="utf-8")
    log.log(logging.ERROR if code else logging.INFO, "%s", message)
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
