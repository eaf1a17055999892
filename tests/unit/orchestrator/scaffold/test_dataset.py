"""The file of a dataset: valid as it stands, and honest about what was guessed."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tabular import plain_runner
from tabular.job import Job, raw_folder
from tabular.spec import parse
from tabular.store import FolderStore

from orchestrator.config import load
from orchestrator.config.model.dataset import Dataset
from orchestrator.errors import ConfigError
from orchestrator.scaffold import dataset as scaffold

File = Callable[[str, str | bytes], Path]


def written(repo: Path, name: str, source: Path, env: str = "local") -> Dataset:
    """Write a dataset's files and read them as a deployment does."""
    scaffold.compose(repo, env, name, source).draft.write(repo)
    [found] = load(repo, env).datasets
    return found


@pytest.mark.parametrize(
    ("name", "source", "columns", "label", "method", "task"),
    [
        ("diabetes", "diabetes.csv", 11, "progression", "group", "regression"),
        ("iris", "iris.csv", 5, "species", "stratified", "classification"),
        ("wine", "wine.csv", 14, "target", "stratified", "classification"),
        ("cancer", "cancer.jsonl", 31, "target", "stratified", "classification"),
        ("digits", "digits.parquet", 65, "target", "stratified", "classification"),
    ],
)
def test_real_data_becomes_a_valid_dataset(
    repo: Path, real: Path, name: str, source: str, columns: int, label: str, method: str, task: str
) -> None:
    made = scaffold.compose(repo, "local", name, real / source)
    assert (made.task, made.upload) == (task, ())
    dataset = written(repo, name, real / source)
    assert (len(dataset.columns), dataset.roles.label, dataset.split.method) == (columns, label, method)
    assert all(column.required and column.minimum is None for column in dataset.columns)
    assert dataset.sample == f"jobs/datasets/{name}/sample"
    assert (repo / dataset.sample / source).read_bytes() == (real / source).read_bytes()


def test_what_was_seen_is_a_comment_and_no_rule(repo: Path, real: Path) -> None:
    made = scaffold.compose(repo, "local", "iris", real / "iris.csv")
    [text] = made.draft.texts.values()
    assert '  - {name: petal_length_cm, type: double} # 1 to 6.9; "petal length (cm)" in the file\n' in text
    assert "  - {name: species, type: string} # 3 values: setosa, versicolor, virginica\n" in text
    assert "  label: species # what models predict. A guess\n" in text


def test_missing_values_and_markers_are_declared(repo: Path, file: File) -> None:
    rows = "".join(f"{'NA' if n % 9 == 0 else n};{'' if n % 5 == 0 else 'x'};{'ab'[n % 2]}\n" for n in range(60))
    dataset = written(repo, "mine", file("a.csv", "n;word;label\n" + rows))
    assert (dataset.format.delimiter, dataset.format.nulls) == (";", ("", "NA"))
    assert [(column.name, column.type, column.required) for column in dataset.columns] == [
        ("n", "bigint", False),
        ("word", "string", False),
        ("label", "string", True),
    ]


def test_names_that_mean_something_in_yaml_stay_names(repo: Path, file: File) -> None:
    rows = "".join(f"{n},{n * 2},{n * 3},{n * 4},{n * 5 / 2}\n" for n in range(60))
    dataset = written(repo, "mine", file('it\'s a "file": x.csv', "y,No,null,on,2nd\n" + rows))
    assert [column.name for column in dataset.columns] == ["y", "no", "null", "on", "_2nd"]
    assert dataset.description == 'Rows of it\'s a "file": x.csv'
    assert dataset.sample is not None
    assert [path.name for path in (repo / dataset.sample).iterdir()] == ['it\'s_a_"file":_x.csv']


def test_each_column_is_described(repo: Path, file: File) -> None:
    rows = "".join(f"u{n},{n if n else 'x'},,{'ab'[n % 2]}\n" for n in range(200))
    made = scaffold.compose(repo, "local", "mine", file("a.csv", "User ID,n,Empty,label\n" + rows))
    unique = "id (guess: unique, and called so)"
    assert scaffold.described(made.table, made.guess) == [
        ("user_id", "string", "required", "200 values, such as u0", f'{unique}; "User ID" in the file'),
        ("n", "bigint", "required", "1 to 199", "1 values do not have this type, such as 'x'"),
        ("empty", "string", "200 missing", "no value", '"Empty" in the file'),
        ("label", "string", "required", "2 values: a, b", "label (guess: called so)"),
    ]


def test_what_is_odd_about_a_file_is_noted(repo: Path, file: File) -> None:
    made = scaffold.compose(repo, "local", "mine", file("a.csv", ",n,label\n0,1,a\n1,2,b\n3\n"))
    assert made.notes == (
        "1 rows have another number of cells than the columns; they go into quarantine",
        "column 1 has no usable name and is left out; name it in the file to keep it",
        "2 rows are few: a split may be too small to measure anything",
    )


def test_a_large_file_is_not_copied(repo: Path, real: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scaffold, "LARGEST_SAMPLE", 100)
    made = scaffold.compose(repo, "local", "iris", real / "iris.csv")
    assert made.draft.copies == {}
    account = "$(aws sts get-caller-identity --query Account --output text)"
    assert made.upload == (
        'eval "$(orchestrator emulator env local)"',
        f'aws s3 cp "{real / "iris.csv"}" s3://mlops-local-data-{account}-us-east-1/data/raw/iris/',
    )
    made.draft.write(repo)
    assert load(repo, "local").datasets[0].sample is None
    [command] = scaffold.compose(repo, "dev", "iris", real / "iris.csv").upload
    assert command.startswith("aws s3 cp")


def test_a_dataset_without_roles_is_valid(repo: Path, file: File) -> None:
    rows = "".join(f"a text of several words number {n}\n" for n in range(60))
    made = scaffold.compose(repo, "local", "mine", file("a.csv", "remark\n" + rows))
    assert made.task is None
    made.draft.write(repo)
    [dataset] = load(repo, "local").datasets
    assert (dataset.roles.label, dataset.features) == (None, ("remark",))


def test_nothing_is_composed_in_an_environment_that_is_not_valid(repo: Path, real: Path) -> None:
    platform = repo / "terraform/envs/local/platform.yaml"
    platform.write_text(platform.read_text(encoding="utf-8").replace("target: local", "target: moon"), encoding="utf-8")
    with pytest.raises(ConfigError, match="must be one of 'local' or 'aws'"):
        scaffold.compose(repo, "local", "iris", real / "iris.csv")
    with pytest.raises(ConfigError, match="there is no environment `locl`"):
        scaffold.compose(repo, "locl", "iris", real / "iris.csv")


def etl(dataset: Dataset, folder: Path, bucket: Path) -> dict[str, Any]:
    """Run the ETL on a dataset's sample, and return its report."""
    raw = bucket / "data/raw" / dataset.name
    shutil.copytree(folder, raw)
    spec, store = parse(dataset.model_dump(mode="json")), FolderStore(bucket)
    job = Job(spec, "r1", None)
    plain_runner.run(job, store, raw_folder(spec, store, job.raw))
    report: dict[str, Any] = json.loads((bucket / job.report).read_text(encoding="utf-8"))
    return report


ODD = "".join(f"{n:05};{'?' if n % 9 == 0 else n};{'x' if n == 7 else n / 2};{'ab'[n % 2]}\n" for n in range(120))


@pytest.mark.parametrize(
    ("name", "content", "rows", "refused"),
    [
        ("diabetes.csv", None, 442, 0),
        ("wine.csv", None, 178, 0),
        ("cancer.jsonl", None, 569, 0),
        ("digits.parquet", None, 1797, 0),
        ("odd.csv", "2nd Code;Größe (m²);n;Class\n" + ODD, 120, 1),
        ("odd.csv", ODD, 120, 1),
    ],
)
def test_the_etl_takes_what_was_inferred(
    repo: Path, real: Path, file: File, tmp_path: Path, name: str, content: str | None, rows: int, refused: int
) -> None:
    source = real / name if content is None else file(name, content)
    dataset = written(repo, "mine", source)
    assert dataset.sample is not None
    report = etl(dataset, repo / dataset.sample, tmp_path / "bucket")
    counts = report["counts"]
    assert (counts["in"], counts["quarantined"], counts["processed"]) == (rows, refused, rows - refused)
    assert all(report["splits"][split]["rows"] for split in ("train", "validation", "test"))
