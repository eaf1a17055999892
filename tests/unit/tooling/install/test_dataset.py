from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest

from tooling.install import dataset
from tooling.install.report import SetupProblem

REPO = Path(__file__).resolve().parents[4]
AMAZON, MOVIE = dataset.ROWS


def distribution(folder: Path, *, amazon: bytes, movie: bytes) -> Path:
    """A source distribution like the real one: an archive inside an archive."""
    inner = io.BytesIO()
    with tarfile.open(fileobj=inner, mode="w:gz") as archive:
        for name, content in ((AMAZON, amazon), (MOVIE, movie)):
            add(archive, f"hutto_ICWSM_2014/{Path(name).name}", content)
    outer = folder / "vaderSentiment-3.3.2.tar.gz"
    with tarfile.open(outer, "w:gz") as archive:
        add(archive, f"vaderSentiment-3.3.2/{dataset.INNER_ARCHIVE}", inner.getvalue())
    return outer


def add(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(content)
    archive.addfile(member, io.BytesIO(content))


def test_the_two_files_are_taken_out_and_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dataset, "ROWS", {AMAZON: 2, MOVIE: 1})
    archive = distribution(tmp_path, amazon=b"1_1\t0.5\ta\n1_2\t-1\tb", movie=b"1\t2\tc\n")
    dataset.extract(archive, tmp_path / "out")
    files = sorted(str(path.relative_to(tmp_path / "out")) for path in (tmp_path / "out").rglob("*.*"))
    assert files == sorted([AMAZON, MOVIE])
    assert (tmp_path / "out" / AMAZON).read_bytes() == b"1_1\t0.5\ta\n1_2\t-1\tb"


def test_another_number_of_rows_is_refused_and_leaves_no_file(tmp_path: Path) -> None:
    archive = distribution(tmp_path, amazon=b"1\t1\ta\n", movie=b"1\t1\tb\n")
    with pytest.raises(SetupProblem, match="has 1 rows, and 3708 are expected"):
        dataset.extract(archive, tmp_path / "out")
    assert not (tmp_path / "out" / AMAZON).exists()


def test_the_last_row_needs_no_line_end(tmp_path: Path) -> None:
    file = tmp_path / "f"
    file.write_bytes(b"a\nb")
    assert dataset.rows(file) == 2
    assert dataset.rows(tmp_path / "nothing") == 0


def test_set_up_has_fetched_the_data_with_its_notice() -> None:
    folder = REPO / dataset.FOLDER
    assert {name: dataset.rows(folder / name) for name in dataset.ROWS} == {AMAZON: 3708, MOVIE: 10605}
    assert "Hutto, C.J. & Gilbert, E.E. (2014)" in (folder / "NOTICE.txt").read_text(encoding="utf-8")
