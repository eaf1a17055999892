"""Sample data is uploaded if it has changed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from orchestrator.core.types import Json
from orchestrator.errors import PlatformError
from orchestrator.pipeline.upload import upload
from tests.fakes.aws import FakeCloud


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    for source in ("amazon", "movie"):
        (tmp_path / f"source={source}").mkdir()
        (tmp_path / f"source={source}" / "reviews.txt").write_text(f"1\t2.0\t{source}")
    (tmp_path / ".complete").write_text("not data")
    (tmp_path / "NOTICE.txt").write_text("not data")
    (tmp_path / "other.txt").write_text("outside of the partitions")
    return tmp_path


def sent(cloud: FakeCloud, folder: Path) -> int:
    return upload(cloud, "data", folder, "reviews", lambda event: None)


def refusal(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "no"}}, "Operation")


def test_only_changed_data_is_uploaded(dataset: Path) -> None:
    store: dict[str, dict[str, str]] = {}

    def head(**request: Any) -> Json:
        if request["Key"] not in store:
            raise refusal("404")
        return {"Metadata": store[request["Key"]]}

    cloud = FakeCloud()
    cloud.services["s3"] = {
        "head_object": head,
        "put_object": lambda **put: store.__setitem__(put["Key"], put["Metadata"]),
    }
    assert sent(cloud, dataset) == 2
    assert sorted(store) == [
        "data/raw/reviews/source=amazon/reviews.txt",
        "data/raw/reviews/source=movie/reviews.txt",
    ]
    assert sent(cloud, dataset) == 0
    (dataset / "source=movie" / "reviews.txt").write_text("1\t-2.0\tbad")
    assert sent(cloud, dataset) == 1
    assert [put["Key"] for put in cloud.called("s3.put_object")][2:] == ["data/raw/reviews/source=movie/reviews.txt"]


def test_a_folder_of_any_files_is_uploaded_with_their_types(tmp_path: Path) -> None:
    files = ["a.csv", "2026/b.jsonl", "2026/c.json.gz", "d.PARQUET", "e.tsv", "f.json", "g.txt", "h", "i=1"]
    for name in [*files, "README.md", "LICENSE", "Notice.txt", ".hidden", ".git/x"]:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    cloud = FakeCloud()
    cloud.services["s3"] = {"head_object": refusal("404"), "put_object": {}}
    assert upload(cloud, "data", tmp_path, "things", lambda event: None) == len(files)
    types = {put["Key"].removeprefix("data/raw/things/"): put["ContentType"] for put in cloud.called("s3.put_object")}
    assert types == {
        "a.csv": "text/csv; charset=utf-8",
        "2026/b.jsonl": "application/jsonlines",
        "2026/c.json.gz": "application/gzip",
        "d.PARQUET": "application/vnd.apache.parquet",
        "e.tsv": "text/tab-separated-values; charset=utf-8",
        "f.json": "application/json",
        "g.txt": "text/plain; charset=utf-8",
        "h": "application/octet-stream",
        "i=1": "application/octet-stream",
    }


def test_a_refused_upload_names_the_object(dataset: Path) -> None:
    cloud = FakeCloud()
    cloud.services["s3"] = {"head_object": refusal("403"), "put_object": refusal("AccessDenied")}
    with pytest.raises(PlatformError, match=r"source=amazon/reviews\.txt: 403"):
        sent(cloud, dataset)


def test_an_empty_dataset_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(PlatformError, match="there is no data in"):
        sent(FakeCloud(), tmp_path)
