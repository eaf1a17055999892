"""`orchestrator new`: what is printed where, and what is refused."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.unit.orchestrator.cli.conftest import REPO, Cli

ROWS = "age,city,price\n" + "".join(f"{n % 50 + 18},{'Bonn' if n % 2 else 'Ulm'},{n * 10.5}\n" for n in range(80))
YAML = "terraform/envs/local"


@pytest.fixture
def data(cli: Cli, tmp_path: Path) -> Path:
    """A file of data, and a checkout that may be written into."""
    (tmp_path / "terraform").unlink()
    target = tmp_path / YAML
    target.mkdir(parents=True)
    (tmp_path / "terraform/phases").symlink_to(REPO / "terraform/phases")
    shutil.copy(REPO / YAML / "platform.yaml", target)
    shutil.copytree(REPO / YAML / "blueprints", target / "blueprints")
    path = tmp_path / "houses.csv"
    path.write_text(ROWS, encoding="utf-8")
    return path


def test_a_chain_of_commands_names_the_next_one(cli: Cli, data: Path) -> None:
    answer = cli("new", "dataset", "house-prices", "--from", str(data))
    assert answer.code == 0
    assert answer.out == (
        f"{YAML}/datasets/house-prices.yaml\n"
        "jobs/datasets/house-prices/sample/houses.csv\n"
        "Next: `orchestrator new training house-prices --dataset house-prices --task regression --env local`\n"
    )
    assert answer.err == (
        f"{data}: 80 rows, 3 columns\n"
        "  age    bigint  required  18 to 67\n"
        "  city   string  required  2 values: Bonn, Ulm\n"
        "  price  double  required  0 to 829.5           label (guess: called so)\n"
    )
    answer = cli("new", "training", "house-prices", "--dataset", "house-prices", "--task", "regression")
    assert (answer.code, answer.err) == (0, "  age   number\n  city  category\n")
    code = "jobs/models/house-prices"
    assert answer.out == (
        f"{YAML}/trainings/house-prices.yaml\n"
        f"{code}/train.py\n{code}/inference.py\n{code}/tests/test_inference.py\n{code}/tests/rows.jsonl\n"
        f"Test: `.venv-jobs/bin/python -m unittest discover -s {code}/tests`\n"
        "Next: `orchestrator new realtime house-prices --training house-prices --env local`\n"
    )
    answer = cli("new", "realtime", "house-prices", "--training", "house-prices")
    assert (answer.code, answer.err) == (0, "")
    assert answer.out == (
        f"{YAML}/blueprints/house-prices.yaml\n"
        "Next: `make deploy ENV=local`\n"
        'Then: `orchestrator ask local house-prices --value \'{"age": 18, "city": "Ulm"}\'`\n'
    )
    # All of it is a plan that the orchestrator accepts.
    assert "training-house-prices" in cli("graph", "local").out


def test_an_existing_file_is_never_overwritten(cli: Cli, data: Path) -> None:
    assert cli("new", "dataset", "mine", "--from", str(data)).code == 0
    file = cli.repo / YAML / "datasets/mine.yaml"
    file.write_text(file.read_text(encoding="utf-8") + "# edited\n", encoding="utf-8")
    answer = cli("new", "dataset", "mine", "--from", str(data))
    assert (answer.code, answer.out) == (3, "")
    assert f"error: {YAML}/datasets/mine.yaml exists already, and is not overwritten\n" in answer.err
    assert file.read_text(encoding="utf-8").endswith("# edited\n")


def test_other_code_is_used_as_it_is(cli: Cli, data: Path) -> None:
    cli("new", "dataset", "mine", "--from", str(data))
    folder = cli.repo / "jobs/models/mine"
    folder.mkdir(parents=True)
    for name in ("train.py", "inference.py"):
        (folder / name).write_text("mine", encoding="utf-8")
    answer = cli("new", "training", "mine", "--dataset", "mine")
    assert answer.code == 0
    assert "note: jobs/models/mine exists, and is used as it is\n" in answer.err
    assert "Test:" not in answer.out
    assert (folder / "train.py").read_text(encoding="utf-8") == "mine"


def test_a_large_file_is_uploaded_by_the_user(cli: Cli, data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orchestrator.scaffold.dataset.LARGEST_SAMPLE", 10)
    answer = cli("new", "dataset", "mine", "--from", str(data))
    assert answer.code == 0
    assert not (cli.repo / "jobs").exists()
    assert "The file is too large for the repository. Upload it after `orchestrator deploy local`:\n" in answer.out
    assert f'  aws s3 cp "{data}" s3://mlops-local-data-' in answer.out


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("datset", "x"), 2, "No such kind `datset`. Did you mean `dataset`? Kinds: dataset, training, realtime"),
        (("notebook", "x"), 2, "No such kind `notebook`. Kinds: dataset"),
        (("dataset", "mine"), 2, "Missing option '--from'"),
        (("dataset", "Mine", "--from", "{data}"), 3, "`Mine` is not a valid name for a dataset: it must be 2 to 32"),
        (("dataset", "mine", "--from", "nothing.csv"), 1, "there is no file nothing.csv"),
        (("dataset", "mine", "--from", "{data}", "--label", "prize"), 1, "no column `prize`; did you mean `price`?"),
        (("dataset", "mine", "--from", "{data}", "--env", "locale"), 3, "there is no environment `locale`"),
        (("training", "mine", "--dataset", "other"), 3, "`local` has no dataset `other`; available: none"),
        (("training", "mine", "--dataset", "other", "--task", "magic"), 2, "'magic' is not one of"),
        (("realtime", "mine"), 2, "One of `--training`, `--model-id` and `--group` is required, and only one."),
        (("batch", "mine", "--training", "a", "--model-id", "b"), 2, "and only one."),
        (("async", "mine", "--group", "reviews"), 2, "`--group` and `--input` belong together"),
        (("serverless", "mine", "--training", "other"), 3, "`local` has no training `other`; available: none"),
    ],
)
def test_what_cannot_be_written_is_refused(
    cli: Cli, data: Path, arguments: tuple[str, ...], code: int, words: str
) -> None:
    answer = cli("new", *(each.format(data=data) for each in arguments))
    assert (answer.code, answer.out) == (code, "")
    assert words in answer.err
    assert not (cli.repo / "jobs").exists()
