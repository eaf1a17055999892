"""The lock file depends on what it was resolved from, and names no index."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from orchestrator.config.images import Chosen, image_of
from orchestrator.packaging import lock
from orchestrator.packaging.lock import Package
from orchestrator.packaging.requirements import Requirement

IMAGE = image_of(Chosen("sklearn"), "eu-west-1")
REQUIRED = [Requirement("b", "b>=1"), Requirement("a", "a")]
PACKAGES = (Package("b", "1.5", "b" * 64), Package("a", "2.0.post1", "a" * 64))


def test_what_is_written_is_read_again_in_one_order(tmp_path: Path) -> None:
    inputs = lock.inputs_of(REQUIRED, IMAGE, {})
    lock.write(tmp_path, inputs, IMAGE, PACKAGES, ["numpy"])
    assert lock.read(tmp_path, inputs) == tuple(sorted(PACKAGES))
    assert (tmp_path / lock.FILE).read_text() == (
        "# Packages for sagemaker-scikit-learn:1.4-2-cpu-py3 (Python 3.10), written by the orchestrator: "
        "commit this file.\n"
        f"# inputs: {inputs}\n"
        f"a==2.0.post1 --hash=sha256:{'a' * 64}\n"
        f"b==1.5 --hash=sha256:{'b' * 64}\n"
        "# in the image: numpy\n"
    )


def test_a_lock_of_other_inputs_counts_as_none(tmp_path: Path) -> None:
    inputs = lock.inputs_of(REQUIRED, IMAGE, {})
    assert lock.read(tmp_path, inputs) is None
    lock.write(tmp_path, inputs, IMAGE, PACKAGES, [])
    assert lock.read(tmp_path, inputs) is not None
    others = [
        lock.inputs_of(REQUIRED[:1], IMAGE, {}),
        lock.inputs_of(REQUIRED, replace(IMAGE, tag="1.5-2-cpu-py3"), {}),
        lock.inputs_of(REQUIRED, replace(IMAGE, python="3.12"), {}),
        lock.inputs_of(REQUIRED, replace(IMAGE, holds={**IMAGE.holds, "numpy": "2.2.0"}), {}),
        lock.inputs_of(REQUIRED, IMAGE, {"c-1.0-py3-none-any.whl": "c" * 64}),
    ]
    assert len({inputs, *others}) == 6
    assert [lock.read(tmp_path, each) for each in others] == [None] * 5


def test_the_order_of_requirements_does_not_matter() -> None:
    assert lock.inputs_of(REQUIRED, IMAGE, {}) == lock.inputs_of(REQUIRED[::-1], IMAGE, {})
