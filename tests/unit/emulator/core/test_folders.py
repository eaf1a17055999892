"""Whatever the name of a key, channel or job, its files are written below the folder meant for it."""

from __future__ import annotations

import io
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.core import aws
from emulator.core.folders import OutsideFolder, inside, of_name
from emulator.services.glue import glue
from emulator.services.sagemaker import script_mode

PARTS = st.sampled_from(["..", ".", "", "a", "b c", "...", "..a", "~", "\0", "\\..", "é", "/"])
NAMES = st.lists(PARTS, min_size=1, max_size=6).map("/".join)
FOLDER = Path("/nowhere/of/this/machine")


@given(NAMES)
def test_a_path_is_inside_or_refused(name: str) -> None:
    try:
        path = inside(FOLDER, name)
    except OutsideFolder:
        return
    assert FOLDER in path.resolve().parents


@given(NAMES)
def test_the_folder_of_a_name_is_a_direct_child(name: str) -> None:
    assert of_name(FOLDER, name).resolve().parent == FOLDER
    assert of_name(FOLDER, "job-1") == FOLDER / "job-1"


def test_a_link_out_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "link").symlink_to(tmp_path)
    with pytest.raises(OutsideFolder):
        inside(tmp_path / "in", "link/secret")


class _Bucket:
    """S3 with these keys, all with the same content."""

    def __init__(self, *keys: str) -> None:
        self.keys = keys

    def get_paginator(self, _: str) -> Any:
        return self

    def paginate(self, **_: Any) -> list[dict[str, Any]]:
        return [{"Contents": [{"Key": key} for key in self.keys]}]

    def get_object(self, **_: Any) -> dict[str, Any]:
        return {"Body": self}

    def iter_chunks(self, _: int) -> io.BytesIO:
        return io.BytesIO(b"written\n")


@given(st.lists(NAMES, min_size=1, max_size=3))
def test_no_object_of_a_channel_is_written_elsewhere(
    tmp_path_factory: pytest.TempPathFactory, names: list[str]
) -> None:
    root = tmp_path_factory.mktemp("root")
    target = root / "a" / "b" / "c"
    # OSError: a file where another key needs a folder, as on any disk.
    with suppress(OutsideFolder, aws.ObjectsMissing, OSError):
        aws.download_prefix(_Bucket(*(f"prefix/{name}" for name in names)), "s3://bucket/prefix/", target)
    written = [path for path in root.rglob("*") if path.is_file()]
    assert all(path.is_relative_to(target) for path in written)


@pytest.mark.parametrize("key", ["code/..", "code/", ".."])
@pytest.mark.parametrize("argument", ["--extra-py-files", "--extra-files"])
def test_no_file_of_a_glue_job_is_written_elsewhere(tmp_path: Path, argument: str, key: str) -> None:
    with pytest.raises(OutsideFolder):
        glue._extra_files(_Bucket(), {argument: f"s3://bucket/{key}"}, tmp_path / "run")
    assert not list(tmp_path.rglob("*"))


@pytest.mark.parametrize("name", ["..", "../../x", "/etc", ""])
def test_no_channel_is_a_folder_elsewhere(tmp_path: Path, name: str) -> None:
    with pytest.raises(OutsideFolder):
        script_mode.Folders(tmp_path).channel(name)
