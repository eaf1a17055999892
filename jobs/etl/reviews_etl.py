"""ETL of rated review snippets: raw text files in, Parquet for analysts and for training out.

Runs as an AWS Glue Python shell job (Python 3.9, library set `analytics`) and unchanged as a plain script.
One file, because Glue takes one script. Everything above `Store` is pure and works on values.

    data/raw/<dataset>/source=<s>/*            id <tab> mean rating <tab> text, no header
    data/processed/<dataset>/source=<s>/       every labelled row
    data/features/<dataset>/split=<split>/     the same rows, split by review
    data/features/labels/<dataset>/test.jsonl  what the evaluator compares predictions with
    data/quarantine/<dataset>/<run>.jsonl      rows that break a rule, with the rule's name
    data/processed/_reports/<dataset>/<run>.json and <run>.groups.json   what happened, and who is where
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import logging
import math
import re
import sys
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

log = logging.getLogger("etl")

SPLITS = ("train", "validation", "test")
TRAIN_SHARE, VALIDATION_SHARE = 0.70, 0.15
RATING_LIMIT = 4.0  # raters chose from -4 to +4
SOURCE_KEY = re.compile(r"/source=([a-z0-9-]+)/[^/]+$")
ROW_ID = re.compile(r"^[0-9]+(_[0-9]+)?$")
COLUMNS = ("review_id", "group_id", "rating", "label", "text")


class EtlError(Exception):
    """The input as a whole cannot be used; the job fails with this sentence."""


class BadRow(Exception):
    """One row breaks a rule; `str(error)` is the rule's name in quarantine and report."""


@dataclass(frozen=True)
class RawFile:
    source: str
    key: str
    body: bytes


@dataclass(frozen=True)
class Review:
    """One labelled snippet. `group_id` names the review that it was cut from."""

    source: str
    review_id: str
    group_id: str
    rating: float
    label: str
    text: str


@dataclass(frozen=True)
class Rejected:
    source: str
    key: str
    line: int
    reason: str
    row: str


@dataclass(frozen=True)
class Parsed:
    """Every row of the input, in exactly one of three places."""

    reviews: list[Review]
    left_out: Counter[str]
    rejected: list[Rejected]
    rows_in: Counter[str]


@dataclass(frozen=True)
class Output:
    """One object to write, with what the report says of it."""

    key: str
    body: bytes
    rows: int

    def facts(self) -> dict[str, Any]:
        digest = hashlib.sha256(self.body).hexdigest()
        return {"key": self.key, "bytes": len(self.body), "rows": self.rows, "sha256": digest}


# ---- reading rows ---------------------------------------------------------------------------------------


def raw_lines(body: bytes) -> Iterable[tuple[int, bytes]]:
    """Numbered non-empty lines. Split on bytes: str.splitlines would also cut at U+0085 or U+2028."""
    for number, line in enumerate(body.split(b"\n"), start=1):
        stripped = line.rstrip(b"\r")
        if stripped.strip():
            yield number, stripped


def clean_text(text: str) -> str:
    """One Unicode form and single blanks, so that equal sentences are equal strings."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def parse_row(source: str, line: bytes) -> tuple[Review | None, str]:
    """The review in a raw line and its id; no review when the rating is exactly 0 (neither label fits)."""
    try:
        cells = line.decode("utf-8-sig").split("\t")
    except UnicodeDecodeError:
        raise BadRow("not_utf8") from None
    if len(cells) != 3:
        raise BadRow("wrong_column_count")
    row_id, rating_text, text = cells[0].strip(), cells[1], clean_text(cells[2])
    if not ROW_ID.match(row_id):
        raise BadRow("bad_id")
    try:
        rating = float(rating_text)
    except ValueError:
        raise BadRow("rating_not_a_number") from None
    if not math.isfinite(rating) or abs(rating) > RATING_LIMIT:
        raise BadRow("rating_out_of_range")
    if not text:
        raise BadRow("empty_text")
    review_id = source + "-" + row_id
    if rating == 0:
        return None, review_id
    # Amazon ids are `<review>_<snippet>`; a movie snippet is a review of its own.
    group_id = source + "-" + row_id.split("_")[0]
    label = "positive" if rating > 0 else "negative"
    return Review(source, review_id, group_id, rating, label, text), review_id


def parse_files(files: Iterable[RawFile]) -> Parsed:
    """Sort every row into labelled, left out, or rejected."""
    parsed = Parsed([], Counter(), [], Counter())
    seen = set()
    for file in files:
        for number, line in raw_lines(file.body):
            parsed.rows_in[file.source] += 1
            try:
                review, review_id = parse_row(file.source, line)
                if review_id in seen:
                    raise BadRow("duplicate_id")
            except BadRow as bad:
                row = line.decode("utf-8", "backslashreplace")
                parsed.rejected.append(Rejected(file.source, file.key, number, str(bad), row))
                continue
            seen.add(review_id)
            if review is None:
                parsed.left_out[file.source] += 1
            else:
                parsed.reviews.append(review)
    return parsed


def fingerprint(files: Iterable[RawFile]) -> str:
    """SHA-256 over the sorted input rows: the same data in another order or other files is the same data."""
    rows = sorted(file.source.encode() + b"\t" + line for file in files for _, line in raw_lines(file.body))
    digest = hashlib.sha256()
    for row in rows:
        digest.update(row + b"\n")
    return "sha256:" + digest.hexdigest()


# ---- splitting ------------------------------------------------------------------------------------------


def split_of(group_id: str, seed: str) -> str:
    """Where a review belongs. By hash, so that new reviews never move old ones between splits."""
    digest = hashlib.sha256((seed + ":" + group_id).encode()).digest()
    point = int.from_bytes(digest[:8], "big") / 2**64
    if point < TRAIN_SHARE:
        return "train"
    return "validation" if point < TRAIN_SHARE + VALIDATION_SHARE else "test"


def split_reviews(reviews: Iterable[Review], seed: str) -> dict[str, list[Review]]:
    splits: dict[str, list[Review]] = {name: [] for name in SPLITS}
    for review in reviews:
        splits[split_of(review.group_id, seed)].append(review)
    return splits


# ---- writing --------------------------------------------------------------------------------------------


def to_parquet(reviews: list[Review], with_source: bool) -> bytes:
    """Rows as Parquet. `source` is left out where it is a partition key: Glue refuses a name used twice."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    names = COLUMNS + (("source",) if with_source else ())
    types = [pa.float64() if name == "rating" else pa.string() for name in names]
    columns = [pa.array([getattr(r, name) for r in reviews], kind) for name, kind in zip(names, types)]
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_arrays(columns, names=list(names)), sink, compression="snappy")
    return sink.getvalue()


def to_json_lines(rows: Iterable[dict[str, Any]]) -> bytes:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()


def render_outputs(
    dataset: str, run_id: str, parsed: Parsed, splits: dict[str, list[Review]]
) -> dict[str, list[Output]]:
    """All objects of a run but its report, by kind."""
    by_source: dict[str, list[Review]] = defaultdict(list)
    for review in parsed.reviews:
        by_source[review.source].append(review)
    processed = [
        Output(f"data/processed/{dataset}/source={s}/part-00000.parquet", to_parquet(rows, False), len(rows))
        for s, rows in sorted(by_source.items())
    ]
    features = [
        Output(f"data/features/{dataset}/split={s}/part-00000.parquet", to_parquet(rows, True), len(rows))
        for s, rows in splits.items()
        if rows
    ]
    test = splits["test"]
    labels = to_json_lines({"id": r.review_id, "label": r.label} for r in test)
    outputs = {
        "processed": processed,
        "features": features,
        "labels": [Output(f"data/features/labels/{dataset}/test.jsonl", labels, len(test))],
        "groups": [render_groups(dataset, run_id, splits)],
        "quarantine": [],
    }
    if parsed.rejected:
        body = to_json_lines(vars(r) for r in parsed.rejected)
        outputs["quarantine"] = [Output(f"data/quarantine/{dataset}/{run_id}.jsonl", body, len(parsed.rejected))]
    return outputs


def render_groups(dataset: str, run_id: str, splits: dict[str, list[Review]]) -> Output:
    """Which reviews are in which split, as short hashes, for whoever checks that no review is in two."""
    groups = {
        name: sorted({hashlib.sha256(r.group_id.encode()).hexdigest()[:16] for r in rows})
        for name, rows in splits.items()
    }
    key = f"data/processed/_reports/{dataset}/{run_id}.groups.json"
    return Output(key, json.dumps(groups).encode(), sum(map(len, groups.values())))


def describe_split(rows: list[Review]) -> dict[str, Any]:
    labels = Counter(r.label for r in rows)
    return {
        "rows": len(rows),
        "groups": len({r.group_id for r in rows}),
        "labels": {name: labels.get(name, 0) for name in ("negative", "positive")},
    }


def build_report(parsed: Parsed, splits: dict[str, list[Review]], outputs: dict[str, list[Output]]) -> dict[str, Any]:
    """Counts that must add up: in = processed + left_out + quarantined, in total and per source."""
    rejected = Counter(r.source for r in parsed.rejected)
    processed = Counter(r.source for r in parsed.reviews)
    groups: dict[str, set[str]] = defaultdict(set)
    for review in parsed.reviews:
        groups[review.source].add(review.group_id)
    sources = {
        s: {
            "in": parsed.rows_in[s],
            "processed": processed[s],
            "left_out": parsed.left_out[s],
            "quarantined": rejected[s],
            "groups": len(groups[s]),
        }
        for s in sorted(parsed.rows_in)
    }
    names = ("in", "processed", "left_out", "quarantined")
    return {
        "counts": {name: sum(facts[name] for facts in sources.values()) for name in names},
        "sources": sources,
        "quarantine_reasons": dict(sorted(Counter(r.reason for r in parsed.rejected).items())),
        "splits": {name: describe_split(rows) for name, rows in splits.items()},
        "outputs": {kind: [output.facts() for output in items] for kind, items in outputs.items()},
    }


def transform(files: list[RawFile], dataset: str, run_id: str, split_seed: str) -> tuple[list[Output], dict[str, Any]]:
    """The whole job without S3: objects to write, and the report."""
    parsed = parse_files(files)
    if not parsed.reviews:
        raise EtlError(
            f"no usable row in {len(files)} file(s) of dataset '{dataset}': "
            f"{sum(parsed.rows_in.values())} read, {len(parsed.rejected)} rejected"
        )
    splits = split_reviews(parsed.reviews, split_seed)
    outputs = render_outputs(dataset, run_id, parsed, splits)
    report = {
        "schema": 1,
        "dataset": dataset,
        "run_id": run_id,
        "split_seed": split_seed,
        "data_fingerprint": fingerprint(files),
        "inputs": sorted(file.key for file in files),
        **build_report(parsed, splits, outputs),
    }
    return [output for items in outputs.values() for output in items], report


# ---- the outside world ----------------------------------------------------------------------------------


class Store:
    """The data bucket. No encryption arguments: naming `aws:kms` without a key would override the bucket's."""

    def __init__(self, client: Any, bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def raw_files(self, dataset: str) -> list[RawFile]:
        prefix = f"data/raw/{dataset}/"
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=prefix)
        keys = sorted(item["Key"] for page in pages for item in page.get("Contents", []) if item["Size"])
        files = []
        for key in keys:
            match = SOURCE_KEY.search(key)
            if not match:
                raise EtlError(f"raw object '{key}' is not under '{prefix}source=<name>/'")
            body = self._client.get_object(Bucket=self._bucket, Key=key)["Body"].read()
            files.append(RawFile(match.group(1), key, body))
        if not files:
            raise EtlError(f"no raw data under s3://{self._bucket}/{prefix}")
        return files

    def put(self, key: str, body: bytes) -> None:
        self._client.put_object(Bucket=self._bucket, Key=key, Body=body)


def parse_arguments(argv: list[str]) -> argparse.Namespace:
    """Glue adds options of its own (--scriptLocation, --library-set, …), so unknown ones are let through.

    `awsglue.utils.getResolvedOptions` is argparse underneath but has no optional arguments, and the module
    exists only inside Glue; plain argparse reads the same command line in both places.
    """
    parser = argparse.ArgumentParser(description="review ETL", allow_abbrev=False)
    parser.add_argument("--bucket", required=True)
    parser.add_argument("--run_id", required=True, help="names the report; the pipeline passes its own")
    parser.add_argument("--dataset", default="reviews")
    parser.add_argument("--split_seed", default="reviews-v1")
    return parser.parse_known_args(argv)[0]


def main(argv: list[str]) -> None:
    logging.basicConfig(level=logging.INFO, stream=sys.stdout, format="%(levelname)s %(message)s")
    arguments = parse_arguments(argv)
    import boto3

    store = Store(boto3.client("s3"), arguments.bucket)
    files = store.raw_files(arguments.dataset)
    outputs, report = transform(files, arguments.dataset, arguments.run_id, arguments.split_seed)
    for output in outputs:
        store.put(output.key, output.body)
    # Last, so that a report means that everything it lists is there.
    key = f"data/processed/_reports/{arguments.dataset}/{arguments.run_id}.json"
    store.put(key, json.dumps(report, indent=2).encode())
    log.info("report s3://%s/%s counts=%s", arguments.bucket, key, json.dumps(report["counts"]))


if __name__ == "__main__":
    main(sys.argv[1:])
