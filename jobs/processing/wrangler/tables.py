"""Read tables from the folders that SageMaker filled, and write them to those that it uploads.

A flow names S3; the job's arguments say which folder represents which prefix, and it reads nothing else.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from pathlib import Path

import pandas as pd

from wrangler.flow import Node

Folders = Mapping[str, Path]
"""S3 prefix to the folder that stands for it."""


def read(node: Node, folders: Folders) -> pd.DataFrame:
    """Read the table of a source. Columns of a file without header are `_c0`, `_c1`, …, as in Spark."""
    context = node.parameter("dataset_definition", "s3ExecutionContext")
    uri = node.parameter("dataset_definition", "s3ExecutionContext", "s3Uri")
    kind = str(context.get("s3ContentType", "csv")).lower()
    files = _files(node, uri, folders, nested=bool(context.get("s3DirIncludesNested", False)))
    if kind == "parquet":
        return pd.concat([pd.read_parquet(file) for file in files], ignore_index=True)
    if kind != "csv":
        raise node.error(f"content of type {kind} is not known; known are csv and parquet")
    if context.get("s3MultiLine") or context.get("s3SkipLines"):
        raise node.error("s3MultiLine and s3SkipLines are not known")
    delimiter = context.get("s3FieldDelimiter") or ","
    return pd.concat(
        [_text(node, file, delimiter, bool(context.get("s3HasHeader"))) for file in files], ignore_index=True
    )


def _text(node: Node, file: Path, delimiter: str, has_header: bool) -> pd.DataFrame:
    """Read every cell as text, an empty one as missing. A record is a line: quotes do not span lines."""
    rows = list(_cells(node, file, delimiter))
    if not rows:
        return pd.DataFrame(dtype="string")
    header = rows.pop(0) if has_header else [f"_c{number}" for number in range(max(map(len, rows)))]
    width = len(header)
    # As Spark: what a record lacks is missing, what it has too much is dropped.
    full = [(row + [""] * width)[:width] for row in rows]
    table = pd.DataFrame(full, columns=header, dtype="string")
    return table.mask(table == "")


def _cells(node: Node, file: Path, delimiter: str) -> Iterator[list[str]]:
    try:
        with file.open(encoding="utf-8-sig", newline="\n") as lines:
            for line in lines:
                text = line.rstrip("\r\n")
                if text:
                    yield next(csv.reader([text], delimiter=delimiter))
    except (UnicodeDecodeError, csv.Error) as error:
        raise node.error(f"{file.name} cannot be read: {error}") from error


def _files(node: Node, uri: str, folders: Folders, *, nested: bool) -> list[Path]:
    path = local(node, uri, folders)
    if path.is_file():
        return [path]
    files = sorted(each for each in (path.rglob("*") if nested else path.glob("*")) if each.is_file())
    files = [each for each in files if not each.name.startswith(("_", "."))]
    if not files:
        raise node.error(f"there is no object under {uri}")
    return files


def local(node: Node, uri: str, folders: Folders) -> Path:
    """Return the file or folder that represents an S3 URI."""
    for prefix, folder in folders.items():
        if uri == prefix.rstrip("/") or uri.startswith(prefix.rstrip("/") + "/"):
            rest = uri[len(prefix.rstrip("/")) :].strip("/")
            if ".." in rest.split("/"):
                break
            return folder / rest if rest else folder
    raise node.error(f"names {uri}, which is not below any of {', '.join(folders) or 'nothing'}")


def check_target(node: Node, folders: Folders) -> tuple[str, Path]:
    """Check content type and folder of a destination."""
    config = node.parameter("output_config")
    kind = str(config.get("output_content_type", "CSV")).upper()
    if kind not in ("CSV", "PARQUET"):
        raise node.error(f"content of type {kind} is not known; known are CSV and PARQUET")
    return kind, local(node, node.parameter("output_config", "output_path"), folders)


def write(node: Node, table: pd.DataFrame, folders: Folders) -> Path:
    """Write one file of a destination's table."""
    kind, folder = check_target(node, folders)
    config = node.parameter("output_config")
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"part-00000.{kind.lower()}"
    if kind == "PARQUET":
        table.to_parquet(file, index=False)
    else:
        table.to_csv(file, index=False, sep=config.get("delimiter") or ",", lineterminator="\n")
    return file
