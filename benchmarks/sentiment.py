"""Quality of the default reviews model beside VADER, the lexicon whose authors published the sample data.

Rows, split and models are made by the platform's own programs: the ETL splits by a hash of the review, `train.py` runs
with the default hyperparameters once per seed and set of training rows. VADER gets the same held-out texts.
"""

from __future__ import annotations

import json
import re
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from benchmarks import machine
from benchmarks.measure import REPO, Goal, environment, run
from benchmarks.report import Report, finish, note, parser, table
from benchmarks.resampling import LABELS, Rows, Score, Scores, bootstrap
from orchestrator.config.model.data import Data
from orchestrator.config.model.platform import Training
from tooling.install.dataset import FOLDER, PINNED, REQUIREMENT
from tooling.install.venvs import PIP, clean_environment

MODEL = REPO / "jobs" / "models" / "reviews"
JOBS_PYTHON = REPO / ".venv-jobs" / "bin" / "python"
SOURCES = {"amazon": "Amazon", "movie": "movies"}
SEEDS = (1, 2, 3, 4, 5)
RESAMPLES = 2000
THRESHOLD = 0.05
"""VADER's README: positive from 0.05, negative from -0.05, neutral between them."""
IN_DOMAIN, OUT_OF_DOMAIN = "ours, in domain", "ours, out of domain"
BY_SIGN, NEUTRAL_IS_WRONG, MAJORITY = "VADER, by sign", "VADER, neutral is wrong", "always the majority"

_ETL = """
import json, sys
from pathlib import Path
from tabular import plain_runner
from tabular.job import Job, raw_folder
from tabular.spec import parse
from tabular.store import FolderStore
import transform
document = json.loads((Path(transform.__file__).parent / "spec.json").read_text())
spec = parse({**document, "split": {**document["split"], "seed": sys.argv[2]}})
store, job = FolderStore(Path(sys.argv[1])), Job(spec, "benchmark", transform.transform)
plain_runner.run(job, store, raw_folder(spec, store, job.raw))
"""
_VADER = """
import json, sys
from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer
analyzer = SentimentIntensityAnalyzer()
texts = json.load(open(sys.argv[1], encoding="utf-8"))
print(json.dumps([analyzer.polarity_scores(text)["compound"] for text in texts]))
"""


# ---- rows -----------------------------------------------------------------------------------------------


def split(raw: Path, sources: Sequence[str], folder: Path) -> Path:
    """Run the ETL on these sources alone; return the folder with a folder for each split."""
    for source in sources:
        name = f"source={source}"
        shutil.copytree(raw / name, folder / "data" / "raw" / "reviews" / name)
    env = environment(PYTHONPATH=f"{REPO / 'jobs/etl'}:{REPO / 'jobs/datasets/reviews'}")
    run([str(JOBS_PYTHON), "-c", _ETL, str(folder), Data().split_seed], env=env)
    return folder / "data" / "features" / "reviews"


def rows_of(splits: Path, name: str) -> list[dict[str, Any]]:
    files = sorted((splits / f"split={name}").glob("*.parquet"))
    return [row for file in files for row in pq.ParquetFile(file).read().to_pylist()]


@dataclass(frozen=True)
class HeldOut:
    """The test rows of one source."""

    rows: list[dict[str, Any]]
    majority: str
    """The more frequent label of the source's training rows."""
    left_out: int
    """Test rows whose text is also in a training row."""


def held_out(splits: Path, source: str) -> HeldOut:
    """Return a source's test rows. Raises `SystemExit` if a review has rows on both sides."""
    train, test = rows_of(splits, "train"), [row for row in rows_of(splits, "test") if row["source"] == source]
    shared = {row["group_id"] for row in train} & {row["group_id"] for row in test}
    if shared:
        raise SystemExit(f"reviews in two splits: {', '.join(sorted(shared))}")
    known = {bare(row["text"]) for row in train}
    kept = [row for row in test if bare(row["text"]) not in known]
    [(majority, _)] = Counter(row["label"] for row in train if row["source"] == source).most_common(1)
    return HeldOut(kept, majority, len(test) - len(kept))


def bare(text: str) -> str:
    """Reduce a text to its words, so that case and punctuation do not hide that two are the same."""
    return " ".join(re.findall(r"\w+", text.casefold()))


# ---- classifiers ----------------------------------------------------------------------------------------


def train(splits: Path, seed: int, folder: Path) -> Path:
    """Train as the training job does; return the folder of the model, with the code that serves it."""
    hyperparameters = Training().hyperparameters | {"seed": str(seed)}
    options = [part for name, value in hyperparameters.items() for part in (f"--{name}", value)]
    folders = {"train": splits / "split=train", "validation": splits / "split=validation", "model-dir": folder}
    options += [part for name, path in folders.items() for part in (f"--{name}", str(path))]
    run([str(JOBS_PYTHON), str(MODEL / "train.py"), *options], env=environment(OMP_NUM_THREADS="1"))
    (folder / "code").mkdir()
    shutil.copy(MODEL / "inference.py", folder / "code")
    return folder


def predict(model: Path, texts: Sequence[str]) -> list[str]:
    """Return the labels that the model answers, through the program that evaluates models before a release."""
    inputs, outputs = model / "inputs.jsonl", model / "outputs.jsonl"
    inputs.write_text("".join(json.dumps(text) + "\n" for text in texts), encoding="utf-8")
    env = environment(PYTHONPATH=str(REPO / "jobs" / "evaluation"), OMP_NUM_THREADS="1")
    run([str(JOBS_PYTHON), "-m", "evaluation.predict", str(model), str(inputs), str(outputs)], env=env)
    return [json.loads(line)["label"] for line in outputs.read_text(encoding="utf-8").splitlines()]


def install(folder: Path) -> Path:
    """Install VADER, from the source distribution that the data is taken from, into a separate folder."""
    pip = [*PIP, "install", *PINNED, "--target", str(folder), "-r", REQUIREMENT]
    run([sys.executable, *pip], env=clean_environment())
    return folder


def compounds(library: Path, texts: Sequence[str], folder: Path) -> list[float]:
    """Return VADER's compound score of each text, from -1 to 1."""
    file = folder / "texts.json"
    file.write_text(json.dumps(texts), encoding="utf-8")
    done = run([sys.executable, "-c", _VADER, str(file)], env=environment(PYTHONPATH=str(library)))
    return [float(score) for score in json.loads(done.stdout)]


def label_of(compound: float) -> str:
    """Apply VADER's documented thresholds."""
    if compound >= THRESHOLD:
        return "positive"
    return "negative" if compound <= -THRESHOLD else "neutral"


def sign_of(compound: float, majority: str) -> str:
    """Decide by the sign alone; a text without one gets the majority's label."""
    return LABELS[compound > 0] if compound else majority


# ---- comparison -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Compared:
    """One source's rows and every classifier's scores on them."""

    source: str
    test: HeldOut
    scores: dict[str, Scores]
    neutral: float
    """Share of the rows that VADER calls neutral."""

    @property
    def reviews(self) -> int:
        return len({row["group_id"] for row in self.test.rows})


def compare(source: str, test: HeldOut, models: dict[str, list[dict[str, str]]], scores: Sequence[float]) -> Compared:
    """Score all classifiers of one source.

    Args:
        source: whose rows these are.
        test: its held-out rows.
        models: for each set of training rows the predictions by id, one for each seed.
        scores: VADER's, in the order of the rows.
    """
    ids = [row["review_id"] for row in test.rows]
    [other] = set(SOURCES) - {source}
    classifiers = {
        IN_DOMAIN: [[run[i] for i in ids] for run in models["both"]],
        OUT_OF_DOMAIN: [[run[i] for i in ids] for run in models[other]],
        BY_SIGN: [[sign_of(score, test.majority) for score in scores]],
        NEUTRAL_IS_WRONG: [[label_of(score) for score in scores]],
        MAJORITY: [[test.majority] * len(ids)],
    }
    rows = Rows([row["group_id"] for row in test.rows], [row["label"] for row in test.rows])
    neutral = classifiers[NEUTRAL_IS_WRONG][0].count("neutral") / len(ids)
    return Compared(source, test, bootstrap(rows, classifiers, RESAMPLES, seed=1), neutral)


def measure(raw: Path, scratch: Path) -> list[Compared]:
    note("split")
    splits = {"both": split(raw, list(SOURCES), scratch / "both")}
    splits |= {source: split(raw, [source], scratch / source) for source in SOURCES}
    library = install(scratch / "library")
    test = rows_of(splits["both"], "test")
    models: dict[str, list[dict[str, str]]] = {name: [] for name in splits}
    for name, folder in splits.items():
        for seed in SEEDS:
            note(f"training on {name}, seed {seed}")
            labels = predict(train(folder, seed, scratch / f"{name}-{seed}"), [row["text"] for row in test])
            models[name].append({row["review_id"]: label for row, label in zip(test, labels, strict=True)})
    compared = []
    for source in SOURCES:
        note(f"comparison on {source}")
        judged = held_out(splits["both"], source)
        scores = compounds(library, [row["text"] for row in judged.rows], scratch)
        compared.append(compare(source, judged, models, scores))
    return compared


# ---- report ---------------------------------------------------------------------------------------------


def score_table(compared: Compared) -> str:
    lines = []
    for name, scores in compared.scores.items():
        low, high = scores.interval()
        seeds = [run.macro_f1 for run in scores.runs]
        range_of_seeds = f"{min(seeds):.3f} to {max(seeds):.3f}" if len(seeds) > 1 else "-"
        lines.append((name, *_with_limits(scores.mean, low, high), range_of_seeds))
    title = f"{SOURCES[compared.source]}, {len(compared.test.rows)} rows of {compared.reviews} reviews"
    return table((title, "accuracy", "95 %", "macro-F1", "95 %", "macro-F1 of the seeds"), lines)


def difference_table(all_compared: Sequence[Compared]) -> str:
    lines = []
    for compared in all_compared:
        for ours in (IN_DOMAIN, OUT_OF_DOMAIN):
            for theirs in (BY_SIGN, NEUTRAL_IS_WRONG):
                difference, (low, high) = compared.scores[ours].ahead_of(compared.scores[theirs])
                name = f"{SOURCES[compared.source]}: {ours} - {theirs}"
                lines.append((name, *_with_limits(difference, low, high), better(low, high)))
    return table(("difference", "accuracy", "95 %", "macro-F1", "95 %", "better"), lines)


def better(low: Score, high: Score) -> str:
    """Name the side that an interval is on; both measures apart where they disagree."""
    sides = [
        "ours" if least > 0 else "VADER" if most < 0 else "undecided" for least, most in zip(low, high, strict=True)
    ]
    return sides[0] if sides[0] == sides[1] else f"accuracy: {sides[0]}, macro-F1: {sides[1]}"


def _with_limits(value: Score, low: Score, high: Score) -> list[str]:
    cells = []
    for middle, least, most in zip(value, low, high, strict=True):
        cells += [f"{middle:z.3f}", f"{least:z.3f} to {most:z.3f}"]
    return cells


def goal(compared: Compared) -> Goal:
    wrong = {name: 1 - compared.scores[name].mean.accuracy for name in (IN_DOMAIN, BY_SIGN)}
    what = f"wrong answers in domain / VADER's by sign, {SOURCES[compared.source]}"
    return Goal(what, wrong[IN_DOMAIN] / wrong[BY_SIGN], 1)


def release() -> str:
    """Return name and version of the release that data and lexicon are taken from."""
    return (REPO / REQUIREMENT).read_text(encoding="utf-8").split()[0].replace("==", " ")


def main() -> int:
    arguments = parser(__doc__).parse_args()
    report = Report("sentiment", "The reviews model beside VADER", f"{machine.versions('python')}, {release()}")
    if machine.changed():
        report.commit += " with uncommitted changes"
    with tempfile.TemporaryDirectory(prefix="sentiment-benchmark-") as scratch:
        compared = measure(REPO / FOLDER, Path(scratch))
    report.goals = [goal(each) for each in compared]
    for each in compared:
        report.say(score_table(each))
    report.say(difference_table(compared))
    explain(report, compared)
    return finish(report, arguments)


def explain(report: Report, compared: Sequence[Compared]) -> None:
    majority = " and ".join(f"{each.test.majority} for {SOURCES[each.source]}" for each in compared)
    neutral = " and ".join(f"{each.neutral:.0%} of {SOURCES[each.source]}" for each in compared)
    left_out = " and ".join(f"{each.test.left_out} of {SOURCES[each.source]}" for each in compared)
    report.say(
        "*In domain* is the default: trained on the training rows of both sources. *Out of domain* is trained without "
        "any row of the source that is judged: Amazon's rows by a model of movies alone, movie rows by a model of "
        f"Amazon alone. Hyperparameters are the platform's defaults, seeds {SEEDS[0]} to {SEEDS[-1]}; a score is the "
        f"mean of the seeds. The split is the platform's (`data.split_seed: {Data().split_seed}`, by a hash of the "
        "review), and only its test rows are judged. Test rows whose words are also those of a training row are left "
        f"out ({left_out}), as the ETL leaves out rows that are rated 0. Intervals are percentiles of {RESAMPLES} "
        "bootstrap resamples of whole reviews, and of the seeds; a difference takes both sides from the same resample, "
        "and a side is better where the interval excludes 0. Goals compare the means alone: one can be met where the "
        "difference is undecided."
    )
    report.say(
        "VADER answers by its compound score, with the [thresholds of its README]"
        "(https://github.com/cjhutto/vaderSentiment#about-the-scoring): positive from 0.05, negative from -0.05, "
        f"neutral between ({neutral}). *Neutral is wrong* counts neutral as a wrong answer, since every row has one of "
        "two labels; macro-F1 is over these two. *By sign* takes the sign alone, and gives a text without one the more "
        f"frequent label of the source's training rows ({majority}), which VADER by itself would not know."
    )
    report.say(
        "Is it fair? The ratings are the ground truth that VADER's authors published: means of at least 20 people for "
        "each row. By the same [README](https://github.com/cjhutto/vaderSentiment#resources-and-dataset-descriptions) "
        "the lexicon was built separately: its words come from older word lists and microblogs, and ten people rated "
        "each word. The rules come from tweets, by the paper in the same archive as the rows (3.2 and 3.3). Neither "
        "says that rows of Amazon or movies were used for lexicon or rules; the authors evaluated both on them. Words "
        "and rows were rated on the same scale from -4 to 4, by raters who were screened and trained in the same way "
        "(3.1 and 3.4), which favours VADER. What favours ours in domain: its training rows were rated in the same "
        "study as the test rows, and Amazon's reviews are about five products, which the split does not keep apart. "
        "The movie file names no review, so each snippet counts as one, although the snippets were cut from 2000 "
        "reviews: sentences of one review may be in two splits. A rating close to 0 is a label here, while VADER's "
        "authors classify into three, so these scores cannot be compared with those of their paper."
    )


if __name__ == "__main__":
    sys.exit(main())
