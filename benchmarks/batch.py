"""Records per second of a batch on SageMaker's way: prepared, classified, joined, beside scikit-learn alone.

The submitter's own code prepares and joins against a bucket in memory; the model's own container code classifies the
parts line by line, as Batch Transform would send them. The baseline is the same model asked once for all texts, in a
process that does nothing else: what is above it is the price of order, errors per record and restarts.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks import machine
from benchmarks.measure import REPO, Goal, environment, run
from benchmarks.report import Report, finish, note, number, parser, table

PYTHON = REPO / ".venv-jobs" / "bin" / "python"
RATED = REPO / ".cache" / "datasets" / "reviews" / "source=movie" / "movieReviewSnippets_GroundTruth.txt"
RECORDS = 106_050
"""Every rated movie review, ten times."""
RECORDS_PER_FILE = 10_000
SLOWER_LIMIT = 3.0
ENVIRON = {
    "BUCKET": "data",
    "NAME_PREFIX": "mlops-bench",
    "ROUTES_PREFIX": "/r",
    "TOPIC_ARN": "t",
    "DATA_KEY_ARN": "d",
    "VOLUME_KEY_ARN": "v",
    "AWS_DEFAULT_REGION": "us-east-1",
}
MODEL = {"model_name": "m", "instance_type": "local", "instance_count": 1, "strategy": "MultiRecord"}
SIZES = {"max_payload_mb": 6, "max_concurrent_transforms": 1, "minimum_records": 1, "maximum_records": 10**7}

_FIT = r"""
import json, sys, time
from pathlib import Path
import joblib
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
folder = Path(sys.argv[1])
rows = [line.split("\t", 2) for line in Path(sys.argv[2]).read_text(encoding="utf-8").split("\n") if line.strip()]
labels = ["positive" if float(rating) > 0 else "negative" for _, rating, _ in rows]
model = make_pipeline(TfidfVectorizer(ngram_range=(1, 2)), LogisticRegression(max_iter=200))
joblib.dump(model.fit([text for _, _, text in rows], labels), folder / "model.joblib")
(folder / "metadata.json").write_text(json.dumps({"training_job": "b", "data_fingerprint": "b", "seed": "1"}))
"""
_BASELINE = r"""
import json, sys, time
from pathlib import Path
import joblib
model = joblib.load(Path(sys.argv[1]) / "model.joblib")
texts = [json.loads(line)["input"] for line in Path(sys.argv[2]).open(encoding="utf-8")]
started = time.perf_counter()
scores = model.predict_proba(texts)
print(json.dumps({"seconds": time.perf_counter() - started, "records": len(scores)}))
"""
_CONTAINER = r"""
import json, sys, time
from pathlib import Path
import inference
model = inference.model_fn(sys.argv[1])
started = time.perf_counter()
records = 0
for path in sorted(Path(sys.argv[2]).glob("*.jsonl")):
    with path.with_name(path.name + ".out").open("w", encoding="utf-8") as out:
        lines = path.read_bytes().splitlines(keepends=True)
        for first in range(0, len(lines), 5000):
            texts = inference.input_fn(b"".join(lines[first:first + 5000]), "application/jsonlines")
            text, _ = inference.output_fn(inference.predict_fn(texts, model), "application/jsonlines")
            records += out.write(text) and len(texts.texts) + len(texts.errors)
print(json.dumps({"seconds": time.perf_counter() - started, "records": records}))
"""


def process(script: str, *arguments: Path) -> dict[str, Any]:
    env = environment(PYTHONPATH=str(REPO / "jobs" / "models" / "reviews"), OMP_NUM_THREADS="1")
    lines = run([str(PYTHON), "-c", script, *map(str, arguments)], env=env).stdout.splitlines()
    return dict(json.loads(lines[-1])) if lines else {}


def texts(records: int) -> list[str]:
    rated = [line.split("\t", 2)[2].strip() for line in RATED.read_text(encoding="utf-8").split("\n") if line.strip()]
    return [rated[n % len(rated)] for n in range(records)]


def pipeline(folder: Path, model: Path, body: bytes) -> dict[str, float]:
    """Measure the seconds of each stage, for one input."""
    # On the path since `main`.
    from batch_submitter.blueprint import Blueprint
    from batch_submitter.completion import Completion, Sinks
    from batch_submitter.object_keys import RequestPaths
    from batch_submitter.services import Transform
    from batch_submitter.store import Store
    from batch_submitter.submission import Work
    from inference_common import token_limits
    from tests.unit.lambda_.support.batch_services import Bucket, SageMaker

    bucket = Bucket()
    sagemaker = SageMaker(bucket, lambda line: line)
    store = Store(bucket, "data")
    batch = {**MODEL, **SIZES, "format": "auto", "records_per_file": RECORDS_PER_FILE}
    paths = RequestPaths("reviews-batch", "bench")
    blueprint = Blueprint("reviews-batch", "sagemaker", {}, batch, token_limits.read({}, "batch"))
    work = Work(store, Transform(sagemaker, store, "d", "v"), blueprint, paths, "mlops-bench", {})
    key = "inference/batch/input/reviews-batch/requests/in.jsonl"
    bucket.put(key, body)

    started = time.perf_counter()
    work.start(work.register(key, "", "benchmark", paths.request_id))
    prepared = time.perf_counter() - started

    parts = folder / "parts"
    parts.mkdir()
    for name in bucket.below(paths.parts(1)):
        (parts / name.rsplit("/", 1)[-1]).write_bytes(bucket.objects[name])
    classified = process(_CONTAINER, model, parts)
    for path in parts.glob("*.out"):
        bucket.put(f"{paths.raw(1)}{path.name}", path.read_bytes())
    (name,) = sagemaker.jobs
    now = datetime.now(UTC)
    ended = {"TransformJobStatus": "Completed", "TransformStartTime": now, "TransformEndTime": now}
    sagemaker.jobs[name] |= ended

    started = time.perf_counter()
    Completion(work, Sinks(lambda _: None, lambda *_: None, "bench", lambda _: None)).job_ended(name)
    joined = time.perf_counter() - started
    lines = bucket.lines(paths.results)
    if [line["record"] for line in lines] != list(range(len(lines))) or any("error" in line for line in lines):
        raise SystemExit("the joined result lacks records, or has them in another order")
    return {"prepare": prepared, "classify": classified["seconds"], "join": joined, "records": len(lines)}


def main() -> int:
    made = parser(__doc__)
    made.add_argument("--runs", type=int, default=3, help="turns (default: %(default)s)")
    made.add_argument("--records", type=int, default=RECORDS, help="of the input (default: %(default)s)")
    arguments = made.parse_args()
    if not RATED.is_file():
        raise SystemExit("the rated reviews are missing: run `make setup`")
    os.environ.update(ENVIRON)
    sys.path.insert(0, str(REPO / "lambda"))
    report = Report("batch", "A batch of reviews", machine.versions("python", "boto3"))
    body = b"".join(json.dumps({"input": text}).encode() + b"\n" for text in texts(arguments.records))
    stages: list[dict[str, float]] = []
    alone: list[float] = []
    with tempfile.TemporaryDirectory(prefix="batch-benchmark-") as name:
        model = Path(name) / "model"
        model.mkdir()
        process(_FIT, model, RATED)
        (Path(name) / "in.jsonl").write_bytes(body)
        for turn in range(arguments.runs):
            note(f"turn {turn + 1} of {arguments.runs}")
            folder = Path(name) / f"turn-{turn}"
            folder.mkdir()
            stages.append(pipeline(folder, model, body))
            alone.append(process(_BASELINE, model, Path(name) / "in.jsonl")["seconds"])
    best = min(stages, key=lambda each: each["prepare"] + each["classify"] + each["join"])
    seconds = {stage: best[stage] for stage in ("prepare", "classify", "join")}
    whole, baseline, records = sum(seconds.values()), min(alone), int(best["records"])
    rows = [(stage, f"{records / took:,.0f}", number(took), f"{took / whole:.0%}") for stage, took in seconds.items()]
    rows += [
        ("all three", f"{records / whole:,.0f}", number(whole), "100%"),
        ("scikit-learn alone", f"{records / baseline:,.0f}", number(baseline), ""),
    ]
    report.goals.append(Goal(f"seconds / scikit-learn alone at {records:,} records", whole / baseline, SLOWER_LIMIT))
    report.say(table(("stage", "records/s", "s", "share"), rows))
    slowest = max(seconds, key=lambda stage: seconds[stage])
    report.say(
        f"The fastest of {arguments.runs} turns; the whole is bound by `{slowest}`. One process each, without S3's and "
        "without the instances' own times: those are AWS's."
    )
    return finish(report, arguments)


if __name__ == "__main__":
    sys.exit(main())
