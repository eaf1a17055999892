"""The review data of the reference workload: taken out of a pinned source distribution, never committed."""

from __future__ import annotations

import io
import shutil
import subprocess
import tarfile
import tempfile
import time
from pathlib import Path

from tooling.install.report import SetupProblem, say
from tooling.install.venvs import PIP, clean_environment

REQUIREMENT = "requirements/datasets.txt"
FOLDER = Path(".cache/datasets/reviews")
INNER_ARCHIVE = "additional_resources/hutto_ICWSM_2014.tar.gz"
ROWS = {
    "source=amazon/amazonReviewSnippets_GroundTruth.txt": 3708,
    "source=movie/movieReviewSnippets_GroundTruth.txt": 10605,
}
# pip asks even a package that is only downloaded for its metadata; setuptools is in .venv already.
PINNED = ("--quiet", "--require-hashes", "--no-deps", "--no-build-isolation", "--no-binary", ":all:")
"""Options of pip for the release that `REQUIREMENT` pins."""
NOTICE = """\
Human-rated review snippets (Amazon products, movies) from the source distribution of vaderSentiment 3.3.2,
additional_resources/hutto_ICWSM_2014.tar.gz. MIT licence, Copyright (c) 2016 C.J. Hutto.

Hutto, C.J. & Gilbert, E.E. (2014). VADER: A Parsimonious Rule-based Model for Sentiment Analysis of Social
Media Text. Eighth International Conference on Weblogs and Social Media (ICWSM-14). Ann Arbor, MI, June 2014.
"""


def ensure_dataset(repo: Path) -> None:
    folder = repo / FOLDER
    if all(rows(folder / name) == count for name, count in ROWS.items()):
        say("dataset", f"is current ({sum(ROWS.values())} rows)")
    else:
        started = time.monotonic()
        with tempfile.TemporaryDirectory() as download:
            extract(fetch(repo, Path(download)), folder)
        say("dataset", f"fetched {sum(ROWS.values())} rows", started)
    notice = folder / "NOTICE.txt"
    if not notice.is_file() or notice.read_text(encoding="utf-8") != NOTICE:
        notice.write_text(NOTICE, encoding="utf-8")


def fetch(repo: Path, folder: Path) -> Path:
    """Download the source distribution with pip, which checks it against the committed hash."""
    python = repo / ".venv" / "bin" / "python"
    done = subprocess.run(
        [str(python), *PIP, "download", *PINNED, "--dest", str(folder), "-r", REQUIREMENT],
        cwd=repo,
        env=clean_environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    archives = list(folder.glob("*.tar.gz"))
    if done.returncode or len(archives) != 1:
        errors = [line for line in done.stderr.splitlines() if line.startswith("ERROR")] or ["pip gave no reason"]
        raise SetupProblem(
            f"The review data ({REQUIREMENT}) cannot be fetched: {errors[0]}",
            hint="check the network and pip's settings, then run `make setup` again",
        )
    return archives[0]


def extract(archive: Path, folder: Path) -> None:
    """Extract the two files from the archive inside the archive; check their rows before they are kept."""
    with tarfile.open(archive) as outer:
        member = next(name for name in outer.getnames() if name.endswith(INNER_ARCHIVE))
        inner_file = outer.extractfile(member)
        assert inner_file is not None
        content = io.BytesIO(inner_file.read())
    with tarfile.open(fileobj=content) as inner:
        for name, expected in ROWS.items():
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            source = inner.extractfile(f"hutto_ICWSM_2014/{target.name}")
            assert source is not None
            partial = target.with_suffix(".partial")
            with partial.open("wb") as file:
                shutil.copyfileobj(source, file)
            if rows(partial) != expected:
                raise SetupProblem(
                    f"{target.name} has {rows(partial)} rows, and {expected} are expected.",
                    hint=f"{REQUIREMENT} pins another release than the code knows",
                )
            partial.replace(target)


def rows(file: Path) -> int:
    """Count lines that are not empty; the last one of these files has no line end."""
    if not file.is_file():
        return 0
    return sum(1 for line in file.read_bytes().split(b"\n") if line.strip())
