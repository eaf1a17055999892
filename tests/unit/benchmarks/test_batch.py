from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks import batch


def test_every_record_passes_through_all_three_stages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def classify(_: str, __: Path, parts: Path) -> dict[str, Any]:
        for part in list(parts.iterdir()):
            answers = [{"label": "positive", "score": 1.0} for _ in part.read_bytes().splitlines()]
            out = part.with_name(part.name + ".out")
            out.write_text("".join(json.dumps(answer) + "\n" for answer in answers), encoding="utf-8")
        return {"seconds": 1.5}

    monkeypatch.setattr(batch, "process", classify)
    monkeypatch.setattr(batch, "RECORDS_PER_FILE", 2)
    body = b"".join(json.dumps({"input": f"review {n}"}).encode() + b"\n" for n in range(5))
    stages = batch.pipeline(tmp_path, tmp_path / "model", body)
    assert (stages["records"], stages["classify"]) == (5, 1.5)
    assert min(stages["prepare"], stages["join"]) > 0
