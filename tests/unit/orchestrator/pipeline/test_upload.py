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


def test_a_refused_upload_names_the_object(dataset: Path) -> None:
    cloud = FakeCloud()
    cloud.services["s3"] = {"head_object": refusal("403"), "put_object": refusal("AccessDenied")}
    with pytest.raises(PlatformError, match=r"source=amazon/reviews\.txt: 403"):
        sent(cloud, dataset)


def test_an_empty_dataset_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(PlatformError, match="there is no data in"):
        sent(FakeCloud(), tmp_path)
