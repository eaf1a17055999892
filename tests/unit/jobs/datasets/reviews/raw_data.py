"""Raw reviews of every kind, the same on every machine, and digests of what a run makes of them."""

from __future__ import annotations

import hashlib
import json
import random
from pathlib import Path
from typing import Any

WORDS = ("solid", "poor", "café", "battery", "plot", "“lens”", "fine", "slow", "delightful", "noise", "e\u0301clair")
BAD = (
    b"9\tvery good\ta", b"9\t1,5\ta", b"9\t4.5\ta", b"9\tNaN\ta", b"9\tinf\ta", b"9\t\ta", b"9\t1e999\ta",
    b"x1\t1.0\ta", b"1_2_3\t1.0\ta", b"1 2\t1.0\ta", b"\t1.0\ta", b"9\t1.0\t", "9\t1.0\t \u2003\u00a0".encode(),
    b"9\t1.0\tbeep\x07", b"9\t1.0\ta\x00b", b"9\t1.0", b"9\t1.0\ta\tb", b"9\t1.0\tcaf\xe9", b'{"id": 9}',
    b"9\t1.0\t" + b"x" * (1 << 20), "\u0661\t1.0\ta".encode(), b"1234567890123456789\t1.0\ta", b"9\t1_0\ta",
)  # fmt: skip
ODD = (
    b"70_1\t-0.0\tzero", b"70_2\t0e5\tzero", b" 70_3 \t 1.5 \t  spaces  around ", b"\xef\xbb\xbf70_4\t-2\tmarked",
    "70_5\t3\tone\u0085two\u2028three\x0bfour".encode(), b"70_6\t+.5\t'quoted\" text", b"70_7\t4.\tcr\r",
    b"70_8\t-4\tx",
)  # fmt: skip


def lines(source: int, first: int, count: int) -> list[bytes]:
    """Rated snippets; one in fifty has a problem, some are zero, and a few come twice."""
    chance = random.Random(source)
    made = []
    for n in range(first, first + count):
        text = " ".join(chance.choice(WORDS) for _ in range(chance.randrange(3, 12)))
        number = f"{(n + 3) // 4}_{n}" if source % 2 else str(n)
        made.append(f"{number}\t{chance.randrange(-40, 41) / 10}\t{text}".encode())
    for _ in range(count // 50):
        made.insert(chance.randrange(len(made)), chance.choice(BAD))
    for _ in range(count // 100):
        # Of rows with a label: one without leaves no id behind.
        again = chance.choice([line for line in made if line.count(b"\t") == 2 and line.split(b"\t")[1] not in ZEROS])
        made.insert(chance.randrange(len(made)), again)
    return made


ZEROS = (b"0.0", b"-0.0", b"0e5")


def files() -> dict[str, bytes]:
    """Raw objects by their keys below the dataset's folder."""
    return {
        "source=amazon/a.txt": b"\n".join(lines(1, 1, 3000)) + b"\n",
        "source=amazon/b.txt": b"\r\n".join(line.replace(b"\r", b"") for line in lines(3, 5000, 300)),
        "source=amazon/odd.txt": b"\n \n" + b"\n".join(ODD),
        "source=movie/m.txt": b"\xef\xbb\xbf" + b"\n".join(lines(2, 1, 2500)) + b"\n\n",
        "source=movie/with-header.txt": b"id\trating\ttext\n" + b"\n".join(lines(4, 3000, 200)),
        "source=movie/utf16.txt": "1\t1.0\ta".encode("utf-16"),
        "source=movie/empty.txt": b"",
    }


def digest(rows: list[Any]) -> str:
    text = "\n".join(sorted(json.dumps(row, ensure_ascii=True, sort_keys=True) for row in rows))
    return hashlib.sha256(text.encode()).hexdigest()


def facts(folder: Path, run_id: str) -> dict[str, Any]:
    """Digests of all that a run left in `folder`, whatever the order and the layout of its files."""
    import pyarrow.parquet as pq

    result: dict[str, Any] = {}
    for layer in ("processed", "features"):
        paths = sorted((folder / f"data/{layer}/reviews").rglob("*.parquet"))
        tables = {path: pq.ParquetFile(path).read() for path in paths}
        result[layer] = digest([(path.parent.name, row) for path, table in tables.items() for row in table.to_pylist()])
        result[f"{layer} files"] = [path.relative_to(folder).as_posix() for path in paths]
        result[f"{layer} columns"] = {
            f"{field.name} {field.type}" for table in tables.values() for field in table.schema
        }
        result[f"{layer} columns"] = sorted(result[f"{layer} columns"])
    result["labels"] = hashlib.sha256((folder / "data/features/labels/reviews/test.jsonl").read_bytes()).hexdigest()
    path = folder / f"data/quarantine/reviews/{run_id}.jsonl"
    entries = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
    result["quarantine"] = digest([(each["key"], each["line"], each["bytes"], each["row"]) for each in entries])
    report = json.loads((folder / f"data/processed/_reports/reviews/{run_id}.json").read_text())
    result |= {name: report[name] for name in ("counts", "sources", "splits", "data_fingerprint", "inputs")}
    groups = folder / f"data/processed/_reports/reviews/{run_id}.groups.json"
    result["groups"] = hashlib.sha256(groups.read_bytes()).hexdigest()
    return result
