"""Packages depend on their sources and on nothing else."""

from __future__ import annotations

import ast
import base64
import hashlib
import os
import shutil
import tarfile
import zipfile
from pathlib import Path

import pytest

from orchestrator.errors import SetupError
from orchestrator.packaging import FUNCTIONS, SourcePackager

REPO = Path(__file__).resolve().parents[4]
SOURCES = {
    **{f"lambda/{name}/handler.py": f"# {name}\n" for name in FUNCTIONS},
    "lambda/model_router/openai_api/__init__.py": "",
    "lambda/inference_routing/clients/sagemaker.py": "import boto3\n",
    "lambda/model_router/tests/test_handler.py": "assert False\n",
    "lambda/model_router/__pycache__/handler.cpython-311.pyc": "x",
    "lambda/model_router/.DS_Store": "x",
    "lambda/inference_common/errors.py": "class E(Exception): ...\n",
    "jobs/models/reviews/train.py": "print('train')\n",
    "jobs/models/reviews/words.txt": "good\n",
    "jobs/models/reviews/inference.py": "print('inference')\n",
    "jobs/models/reviews/tests/test_train.py": "assert False\n",
    "jobs/training/run_training.py": "print('run')\n",
    "jobs/training/pyproject.toml": "[build-system]\n",
    "jobs/evaluation/run_evaluation.py": "print('evaluation')\n",
    "jobs/evaluation/evaluation/gate.py": "LIMIT = 4\n",
    "jobs/etl/main.py": "print('etl')\n",
    "jobs/etl/tabular/__init__.py": "",
    "jobs/etl/tabular/split.py": "LIMIT = 4\n",
    "jobs/datasets/reviews/spec.json": "{}",
    "jobs/datasets/reviews/transform.py": "LIMIT = 5\n",
    "jobs/datasets/reviews/words.py": "LIMIT = 6\n",
    "jobs/features/ingest.py": "print('ingest')\n",
    "jobs/processing/run_flow.py": "print('flow')\n",
    "jobs/processing/wrangler/steps.py": "LIMIT = 4\n",
}


def checkout(folder: Path, *, time: int, mode: int = 0o644) -> Path:
    for name, text in SOURCES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(mode)
        os.utime(path, (time, time))
    return folder


def test_two_checkouts_give_the_same_bytes(tmp_path: Path) -> None:
    here = SourcePackager(checkout(tmp_path / "here", time=1_000_000_000)).build(tmp_path / "a")
    there = SourcePackager(checkout(tmp_path / "somewhere" / "else", time=1_700_000_000, mode=0o755)).build(
        tmp_path / "b"
    )
    assert sorted(here) == sorted(
        [
            *FUNCTIONS,
            "training_source",
            "evaluation",
            *("etl_script", "etl_library", "dataset_reviews", "reviews_spec"),
            "feature_ingestion",
            "processing_flow",
        ]
    )
    for name, package in here.items():
        assert package.path.name == there[name].path.name
        assert package.path.read_bytes() == there[name].path.read_bytes()
        assert package.sha256_base64 == there[name].sha256_base64


@pytest.mark.parametrize("umask", [0o077, 0o000])
def test_the_umask_does_not_change_a_package(tmp_path: Path, umask: int) -> None:
    usual = SourcePackager(checkout(tmp_path / "one", time=1)).build(tmp_path / "usual")
    before = os.umask(umask)
    try:
        other = SourcePackager(checkout(tmp_path / "two", time=1)).build(tmp_path / "other")
    finally:
        os.umask(before)
    assert {name: each.sha256_base64 for name, each in other.items()} == {
        name: each.sha256_base64 for name, each in usual.items()
    }
    for package in other.values():
        if package.path.suffix == ".zip":
            modes = {entry.external_attr >> 16 & 0o777 for entry in zipfile.ZipFile(package.path).infolist()}
            assert modes == {0o644}, package.name
    with tarfile.open(other["training_source"].path) as archive:
        assert {entry.mode for entry in archive} == {0o644}


def test_the_hash_is_the_file_s_and_part_of_its_name(tmp_path: Path) -> None:
    for package in SourcePackager(checkout(tmp_path, time=0)).build(tmp_path / "out").values():
        digest = hashlib.sha256(package.path.read_bytes())
        assert base64.b64decode(package.sha256_base64) == digest.digest()
        assert digest.hexdigest()[:16] in package.path.name


def test_a_function_holds_its_own_package_and_its_shared_ones_only(tmp_path: Path) -> None:
    package = SourcePackager(checkout(tmp_path, time=0)).build(tmp_path / "out")["model_router"]
    with zipfile.ZipFile(package.path) as archive:
        assert archive.namelist() == [
            "inference_common/errors.py",
            "inference_routing/clients/sagemaker.py",
            "model_router/handler.py",
            "model_router/openai_api/__init__.py",
        ]
        assert {entry.compress_type for entry in archive.infolist()} == {zipfile.ZIP_STORED}
        assert {entry.external_attr >> 16 & 0o777 for entry in archive.infolist()} == {0o644}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_imports_what_is_in_its_zip_and_no_other_function(tmp_path: Path, name: str) -> None:
    """A package that is missing from the zip fails at the first request on AWS; one that is not used is dead weight."""
    packages = {path.name for path in (REPO / "lambda").iterdir() if path.is_dir()}
    with zipfile.ZipFile(SourcePackager(REPO).build(tmp_path)[name].path) as archive:
        sources = {each: archive.read(each).decode() for each in archive.namelist() if each.endswith(".py")}
    imported: set[str] = set()
    for node in (node for text in sources.values() for node in ast.walk(ast.parse(text))):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            imported.add(str(node.module).partition(".")[0])
        elif isinstance(node, ast.Import):
            imported |= {alias.name.partition(".")[0] for alias in node.names}
    assert {path.partition("/")[0] for path in sources} == {name, *FUNCTIONS[name]}
    assert imported & packages == {name, *FUNCTIONS[name]}


def test_every_function_has_a_package_and_every_package_belongs_to_one() -> None:
    packages = {path.parent.name for path in (REPO / "lambda").glob("*/__init__.py")}
    assert packages == {*FUNCTIONS, *(shared for each in FUNCTIONS.values() for shared in each)}


def test_the_training_source_is_the_model_s_folder_without_its_tests(tmp_path: Path) -> None:
    package = SourcePackager(checkout(tmp_path, time=0)).build(tmp_path / "out")["training_source"]
    assert package.path.name.endswith(".tar.gz")
    with tarfile.open(package.path, "r:gz") as archive:
        assert archive.getnames() == ["inference.py", "pyproject.toml", "run_training.py", "train.py", "words.txt"]
        content = archive.extractfile("train.py")
        assert content is not None
        assert content.read() == b"print('train')\n"


def test_the_etl_s_library_is_a_package_that_can_be_imported_from_its_zip(tmp_path: Path) -> None:
    package = SourcePackager(checkout(tmp_path, time=0)).build(tmp_path / "out")["etl_library"]
    with zipfile.ZipFile(package.path) as archive:
        assert archive.namelist() == ["tabular/__init__.py", "tabular/split.py"]


def test_a_dataset_s_code_is_at_the_top_of_its_zip(tmp_path: Path) -> None:
    package = SourcePackager(checkout(tmp_path, time=0)).build(tmp_path / "out")["dataset_reviews"]
    with zipfile.ZipFile(package.path) as archive:
        assert archive.namelist() == ["transform.py", "words.py"]


@pytest.mark.parametrize(
    ("name", "module"), [("processing_flow", "wrangler/steps.py"), ("evaluation", "evaluation/gate.py")]
)
def test_a_processing_job_is_a_zip_that_python_starts(tmp_path: Path, name: str, module: str) -> None:
    package = SourcePackager(checkout(tmp_path, time=0)).build(tmp_path / "out")[name]
    with zipfile.ZipFile(package.path) as archive:
        assert archive.namelist() == ["__main__.py", module]


def test_a_changed_source_changes_its_packages_only(tmp_path: Path) -> None:
    repo = checkout(tmp_path, time=0)
    before = SourcePackager(repo).build(tmp_path / "out")
    (repo / "lambda/inference_common/errors.py").write_text("class Other(Exception): ...\n")
    after = SourcePackager(repo).build(tmp_path / "out")
    changed = {name for name in before if before[name].sha256_base64 != after[name].sha256_base64}
    assert changed == set(FUNCTIONS)


def test_the_routing_library_changes_the_functions_that_use_it_only(tmp_path: Path) -> None:
    repo = checkout(tmp_path, time=0)
    before = SourcePackager(repo).build(tmp_path / "out")
    (repo / "lambda/inference_routing/clients/sagemaker.py").write_text("import botocore\n")
    after = SourcePackager(repo).build(tmp_path / "out")
    changed = {name for name in before if before[name].sha256_base64 != after[name].sha256_base64}
    assert changed == {"model_router", "job_api", "async_worker"}


@pytest.mark.parametrize(
    ("missing", "message"),
    [
        ("lambda/model_router/handler.py", "model_router has no handler.py"),
        ("jobs/models/reviews/train.py", "jobs/models/reviews has no train.py"),
        ("jobs/models/reviews/inference.py", "jobs/models/reviews has no inference.py"),
        ("jobs/evaluation/run_evaluation.py", "run_evaluation.py is missing"),
        ("jobs/etl/main.py", "main.py is missing"),
        ("jobs/etl/tabular", "jobs/etl/tabular is missing"),
        ("jobs/datasets/reviews/transform.py", "jobs/datasets/reviews has no transform.py"),
        ("jobs/features/ingest.py", "ingest.py is missing"),
        ("jobs/processing/run_flow.py", "run_flow.py is missing"),
        ("jobs/processing/wrangler", "jobs/processing/wrangler is missing"),
    ],
)
def test_a_missing_source_is_named(tmp_path: Path, missing: str, message: str) -> None:
    repo = checkout(tmp_path, time=0)
    path = repo / missing
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    with pytest.raises(SetupError, match=message):
        SourcePackager(repo).build(tmp_path / "out")


def test_a_package_that_is_being_read_is_not_changed(tmp_path: Path) -> None:
    """All environments of a checkout share the folder."""
    packager = SourcePackager(checkout(tmp_path / "here", time=1_000_000_000))
    path = packager.build(tmp_path / "out")["model_router"].path
    whole = path.read_bytes()
    path.write_bytes(b"torn")
    with path.open("rb") as reader:
        packager.build(tmp_path / "out")
        assert reader.read() == b"torn", "it was replaced, not written over"
    assert path.read_bytes() == whole
    assert not list((tmp_path / "out").glob(".*")), "no draft is left"
