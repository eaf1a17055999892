"""The benchmark of the reviews model: rows and models come from the platform's programs, and the rules are VADER's."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from benchmarks import sentiment
from benchmarks.resampling import Score
from benchmarks.sentiment import HeldOut, better, compare, goal, held_out, label_of, sign_of

GOOD, BAD = "great phone works well", "poor phone broke down"


def raw_file(raw: Path, source: str, reviews: int) -> None:
    """Write reviews of two snippets each; their numbers keep the texts apart."""
    lines = [f"{n}_{k}\t{1 - n % 2 * 2}\t{(GOOD, BAD)[n % 2]} {source}{n}x{k}" for n in range(reviews) for k in (1, 2)]
    path = raw / f"source={source}" / "rows.txt"
    path.parent.mkdir(parents=True)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def test_models_are_trained_by_the_training_program_on_the_named_sources(tmp_path: Path) -> None:
    raw = tmp_path / "raw"
    for source in sentiment.SOURCES:
        raw_file(raw, source, 60)
    both = sentiment.split(raw, list(sentiment.SOURCES), tmp_path / "both")
    movies = sentiment.split(raw, ["movie"], tmp_path / "movies")
    alone = {row["review_id"] for row in sentiment.rows_of(movies, "train")}
    assert alone == {row["review_id"] for row in sentiment.rows_of(both, "train") if row["source"] == "movie"}
    test = held_out(both, "amazon")
    assert len(test.rows) >= 4
    assert {row["source"] for row in test.rows} == {"amazon"}
    model = sentiment.train(movies, 1, tmp_path / "model")
    assert sentiment.predict(model, [row["text"] for row in test.rows]) == [row["label"] for row in test.rows]


def splits(folder: Path, train: list[dict[str, str]], test: list[dict[str, str]]) -> Path:
    for name, rows in (("train", train), ("test", test)):
        (folder / f"split={name}").mkdir()
        pq.write_table(pa.Table.from_pylist(rows), folder / f"split={name}" / "part-00000.parquet")
    return folder


def row(group: str, text: str, label: str, source: str = "amazon") -> dict[str, str]:
    return {"review_id": f"{group}_1", "group_id": group, "text": text, "label": label, "source": source}


def test_a_text_that_was_trained_on_is_not_judged(tmp_path: Path) -> None:
    train = [row("a", "Wonderful!", "positive"), row("b", "so so", "positive"), row("m", "dull", "negative", "movie")]
    test = [row("c", "wonderful", "positive"), row("d", "wonderfully made", "positive"), row("e", "Dull.", "negative")]
    kept = held_out(splits(tmp_path, train, [*test, row("f", "long", "negative", "movie")]), "amazon")
    assert [each["group_id"] for each in kept.rows] == ["d"]
    assert (kept.left_out, kept.majority) == (2, "positive")


def test_a_review_in_two_splits_is_refused(tmp_path: Path) -> None:
    folder = splits(tmp_path, [row("a", "one", "positive")], [row("a", "two", "positive")])
    with pytest.raises(SystemExit, match="reviews in two splits: a"):
        held_out(folder, "amazon")


@pytest.mark.parametrize(
    ("compound", "label", "by_sign"),
    [
        (0.05, "positive", "positive"),
        (0.0499, "neutral", "positive"),
        (0.0, "neutral", "negative"),
        (-0.0499, "neutral", "negative"),
        (-0.05, "negative", "negative"),
    ],
)
def test_a_compound_score_becomes_a_label(compound: float, label: str, by_sign: str) -> None:
    assert label_of(compound) == label
    assert sign_of(compound, majority="negative") == by_sign
    assert sign_of(0.0, majority="positive") == "positive"


def test_all_classifiers_are_compared_on_the_same_rows() -> None:
    labels = ["positive", "positive", "negative", "negative"] * 10
    rows = [row(str(n), "text", label) for n, label in enumerate(labels)]
    right = {each["review_id"]: each["label"] for each in rows}
    wrong = dict.fromkeys(right, "negative")
    models: dict[str, list[dict[str, str]]] = {"both": [right, right], "movie": [wrong, wrong], "amazon": [{}, {}]}
    compared = compare("amazon", HeldOut(rows, "positive", 0), models, [0.9, 0.0, 0.01, -0.9] * 10)
    assert {name: scores.mean.accuracy for name, scores in compared.scores.items()} == {
        sentiment.IN_DOMAIN: 1.0,
        sentiment.OUT_OF_DOMAIN: 0.5,
        sentiment.BY_SIGN: 0.75,
        sentiment.NEUTRAL_IS_WRONG: 0.5,
        sentiment.MAJORITY: 0.5,
    }
    assert compared.neutral == 0.5
    assert (goal(compared).value, goal(compared).met) == (0.0, True)
    title, _, first, *_ = sentiment.score_table(compared).splitlines()
    assert "Amazon, 40 rows of 40 reviews" in title
    assert first == "| ours, in domain | 1.000 | 1.000 to 1.000 | 1.000 | 1.000 to 1.000 | 1.000 to 1.000 |"
    assert "| Amazon: ours, in domain - VADER, by sign | 0.250 |" in sentiment.difference_table([compared])


@pytest.mark.parametrize(
    ("low", "high", "name"),
    [
        (Score(0.01, 0.02), Score(0.1, 0.1), "ours"),
        (Score(-0.1, -0.1), Score(-0.01, -0.02), "VADER"),
        (Score(-0.1, 0.0), Score(0.1, 0.1), "undecided"),
        (Score(-0.1, -0.1), Score(-0.01, 0.1), "accuracy: VADER, macro-F1: undecided"),
    ],
)
def test_a_side_is_better_where_the_interval_excludes_zero(low: Score, high: Score, name: str) -> None:
    assert better(low, high) == name
