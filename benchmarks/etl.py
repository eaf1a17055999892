"""Throughput of the ETL's transformation, beside plain pandas that does the same.

Each run is a separate process with the jobs' interpreter: it reads synthetic raw files from a folder, judges,
splits and writes Parquet, and reports its seconds and its peak memory. The pandas script holds everything at once.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks import machine
from benchmarks.measure import REPO, Goal, environment, run
from benchmarks.report import Report, finish, note, number, parser, table

PYTHON = REPO / ".venv-jobs" / "bin" / "python"
SIZES = (10_000, 100_000, 1_000_000)
MEMORY_LIMIT = 1024.0
"""MiB that the largest run may take."""
SLOWER_LIMIT = 2.0
BAD_EVERY = 101
"""One row in so many is bad, so that the quarantine is at work."""

_MEASURED = """
import json, resource, sys, time
from pathlib import Path
started = time.perf_counter()
{work}
seconds = time.perf_counter() - started
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({{"seconds": seconds, "peak_mib": peak, "processed": processed, "quarantined": quarantined}}))
"""

OURS = _MEASURED.format(
    work="""
from tabular import plain_runner
from tabular.job import Job, raw_folder
from tabular.spec import parse
from tabular.store import FolderStore
import transform
document = json.loads((Path(transform.__file__).parent / "spec.json").read_text())
spec, store = parse({**document, "split": {**document["split"], "seed": "s"}}), FolderStore(Path(sys.argv[1]))
job = Job(spec, "r1", transform.transform)
counts = plain_runner.run(job, store, raw_folder(spec, store, job.raw))["counts"]
processed, quarantined = counts["processed"], counts["quarantined"]
"""
)

PANDAS = _MEASURED.format(
    work=r"""
import hashlib, unicodedata
import pandas as pd
root = Path(sys.argv[1])
frames = []
for path in sorted((root / "data/raw/reviews").glob("source=*/*.txt")):
    lines = [line.rstrip(b"\r").decode("utf-8-sig") for line in path.read_bytes().split(b"\n") if line.strip()]
    cells = pd.Series(lines).str.split("\t", expand=True).reindex(columns=range(4))
    frames.append(cells.assign(line=lines, source=path.parent.name.partition("=")[2]))
rows = pd.concat(frames, ignore_index=True)
fingerprint = sum(
    int.from_bytes(hashlib.sha256(f"{s}\t{line}".encode()).digest(), "big") for s, line in zip(rows.source, rows.line)
)
rating = pd.to_numeric(rows[1], errors="coerce")
text = rows[2].fillna("").map(lambda value: " ".join(unicodedata.normalize("NFC", value).split()))
good = rows[3].isna() & rows[0].str.fullmatch(r"[0-9]+(_[0-9]+)?").fillna(False) & rating.abs().le(4) & text.ne("")
review_id = rows.source + "-" + rows[0].fillna("")
good &= ~review_id.where(good).duplicated() | ~good
bad = rows[~good]
(root / "quarantine.jsonl").write_text(bad.to_json(orient="records", lines=True))
keep = good & rating.ne(0)
made = pd.DataFrame({
    "review_id": review_id, "group_id": review_id.str.split("_").str[0], "rating": rating,
    "label": rating.gt(0).map({True: "positive", False: "negative"}), "text": text, "source": rows.source,
})[keep]
def split(group):
    point = int.from_bytes(hashlib.sha256(("s:" + group).encode()).digest()[:8], "big") / 2**64
    return "train" if point < 0.7 else "validation" if point < 0.85 else "test"
made["split"] = made.group_id.map({group: split(group) for group in made.group_id.unique()})
for column, layer in (("source", "processed"), ("split", "features")):
    for value, part in made.groupby(column):
        folder = root / "pandas" / layer / f"{column}={value}"
        folder.mkdir(parents=True, exist_ok=True)
        part.drop(columns=["split"]).to_parquet(folder / "part.parquet")
processed, quarantined = int(keep.sum()), len(bad)
"""
)


def write_raw(folder: Path, rows: int) -> None:
    """Write synthetic raw files: two sources, snippets of about 100 characters, some bad rows and some zeros."""
    words = ("solid", "poor", "café", "battery", "plot", "lens", "fine", "slow", "delightful", "noise", "acting")
    for source, share in (("amazon", range(0, rows, 2)), ("movie", range(1, rows, 2))):
        path = folder / "data/raw/reviews" / f"source={source}" / "rows.txt"
        path.parent.mkdir(parents=True)
        with path.open("w", encoding="utf-8", newline="\n") as file:
            for n in share:
                text = " ".join(words[(n * k + k * k) % len(words)] for k in range(1, 17))
                rating = "bad" if n % BAD_EVERY == 7 else f"{(n % 81 - 40) / 10}"
                file.write(f"{n // 10}_{n}\t{rating}\t{text} {n}\n")


def measure(script: str, folder: Path) -> dict[str, Any]:
    """Return seconds, peak memory (MiB) and counts of one process."""
    env = environment(PYTHONPATH=f"{REPO / 'jobs/etl'}:{REPO / 'jobs/datasets/reviews'}", OMP_NUM_THREADS="1")
    measured: dict[str, Any] = json.loads(
        run([str(PYTHON), "-c", script, str(folder)], env=env).stdout.splitlines()[-1]
    )
    return measured


def compare(rows: int, runs: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the faster of `runs` turns of each, after checking that both counted the same."""
    with tempfile.TemporaryDirectory(prefix="etl-benchmark-") as folder:
        write_raw(Path(folder), rows)
        taken = [(measure(OURS, Path(folder)), measure(PANDAS, Path(folder))) for _ in range(runs)]
    for ours, pandas in taken:
        for name in ("processed", "quarantined"):
            if ours[name] != pandas[name]:
                raise SystemExit(f"{name}: {ours[name]} rows here, {pandas[name]} with pandas")
    best = [min(each, key=lambda result: result["seconds"]) for each in zip(*taken, strict=True)]
    return best[0], best[1]


def line(rows: int, ours: dict[str, Any], pandas: dict[str, Any]) -> tuple[str, ...]:
    return (
        f"{rows:,}",
        *(f"{rows / result['seconds']:,.0f}" for result in (ours, pandas)),
        *(number(result["seconds"]) for result in (ours, pandas)),
        *(number(result["peak_mib"]) for result in (ours, pandas)),
    )


def options() -> argparse.Namespace:
    made = parser(__doc__)
    made.add_argument("--runs", type=int, default=3, help="turns of each size (default: %(default)s)")
    made.add_argument("--rows", type=int, nargs="+", default=SIZES, help="sizes (default: 10^4, 10^5 and 10^6)")
    return made.parse_args()


def main() -> int:
    arguments = options()
    report = Report("etl", "Transformation of the ETL", machine.versions("python"))
    lines = []
    for rows in arguments.rows:
        note(f"{rows} rows, {arguments.runs} turns")
        ours, pandas = compare(rows, arguments.runs)
        lines.append(line(rows, ours, pandas))
    report.goals.append(Goal(f"peak memory at {rows:,} rows", ours["peak_mib"], MEMORY_LIMIT, " MiB"))
    report.goals.append(Goal(f"seconds / pandas at {rows:,} rows", ours["seconds"] / pandas["seconds"], SLOWER_LIMIT))
    report.say(table(("rows", "rows/s", "pandas rows/s", "s", "pandas s", "peak MiB", "pandas peak MiB"), lines))
    report.say(
        "The plain runner on the reviews, from files in a folder to Parquet, quarantine, labels and report, imports of "
        f"libraries included, the fastest of {arguments.runs} turns; pandas writes the same rows, but no report. "
        "Memory is the process's own peak."
    )
    return finish(report, arguments)


if __name__ == "__main__":
    os.environ.setdefault("LC_ALL", "C.UTF-8")
    sys.exit(main())
