"""The packages of a model's folder become wheels of its archive, for the image's Python and platform."""

from __future__ import annotations

import hashlib
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from orchestrator.config.images import Chosen, Image, image_of
from orchestrator.errors import ConfigError, SetupError
from orchestrator.packaging import wheelhouse
from orchestrator.packaging.wheelhouse import Wheelhouse
from tests.support.wheels import use_closed_index, use_only, write_wheel

LINUX_310 = "cp310-cp310-manylinux_2_28_x86_64"


@pytest.fixture
def image() -> Image:
    """The image of scikit-learn, with few packages."""
    holds = {"numpy": "2.1.0", "flask": "1.1.1"}
    return replace(image_of(Chosen("sklearn"), "eu-west-1"), holds=holds, server=frozenset({"flask"}))


class Model:
    """A model's folder, the index of its packages, and a checkout's wheels."""

    def __init__(self, folder: Path, image: Image) -> None:
        self.folder, self.index, self.cache, self.image = folder / "model", folder / "index", folder / "cache", image
        for each in (self.folder, self.index):
            each.mkdir()

    def files(
        self, text: str | None, packages: tuple[str, ...] = (), local_python: Path | None = None
    ) -> dict[str, bytes]:
        if text is not None:
            (self.folder / "requirements.txt").write_text(text, encoding="utf-8")
        return Wheelhouse(self.cache, local_python).files(self.folder, self.image, packages)

    def names(self, text: str | None, packages: tuple[str, ...] = ()) -> list[str]:
        return sorted(name.removeprefix("wheels/") for name in self.files(text, packages) if name.endswith(".whl"))

    @property
    def lock(self) -> str:
        return (self.folder / "requirements.lock.txt").read_text(encoding="utf-8")


@pytest.fixture
def model(tmp_path: Path, image: Image, monkeypatch: pytest.MonkeyPatch) -> Model:
    model = Model(tmp_path, image)
    use_only(monkeypatch, model.index)
    return model


def test_a_folder_without_requirements_adds_nothing(model: Model) -> None:
    assert model.files(None) == {}
    assert not (model.folder / "requirements.lock.txt").exists()


def test_wheels_pins_and_lock_are_added(model: Model) -> None:
    wheel = write_wheel(model.index, "booster", "4.7", requires=["frames>=2"])
    frames = write_wheel(model.index, "frames", "2.1", tag=LINUX_310)
    files = model.files("booster\n")
    assert files["wheels/booster-4.7-py3-none-any.whl"] == wheel.read_bytes()
    assert files[f"wheels/frames-2.1-{LINUX_310}.whl"] == frames.read_bytes()
    options, pins = files["requirements.txt"].decode().split("--find-links wheels\n")
    assert options.splitlines()[-1] == "--no-index"
    assert pins.splitlines() == ["booster==4.7", "frames==2.1"]
    digest = hashlib.sha256(frames.read_bytes()).hexdigest()
    assert f"frames==2.1 --hash=sha256:{digest}\n" in files["requirements.lock.txt"].decode()


def test_the_lock_decides_from_then_on(model: Model) -> None:
    write_wheel(model.index, "booster", "4.7")
    first = model.files("booster\n")
    write_wheel(model.index, "booster", "5.0")
    assert model.files(None) == first
    assert "wheels/booster-5.0-py3-none-any.whl" in model.files("booster>=5\n"), "the requirement has changed"


def test_what_is_locked_and_cached_needs_no_index(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    write_wheel(model.index, "booster", "4.7")
    first = model.files("booster\n")
    use_closed_index(monkeypatch)
    assert model.files(None) == first


def test_a_wheel_with_other_bytes_than_the_lock_is_refused(model: Model) -> None:
    write_wheel(model.index, "booster", "4.7")
    model.files("booster\n")
    write_wheel(model.index, "booster", "4.7", code="print('replaced')\n")
    model.cache = model.cache.with_name("other machine")
    with pytest.raises(SetupError, match="HASHES"):
        model.files(None)


def test_packages_of_the_image_are_not_carried(model: Model) -> None:
    write_wheel(model.index, "booster", "4.7", requires=["numpy>=1.20"])
    write_wheel(model.index, "numpy", "2.2.0", tag=LINUX_310)
    assert model.names("booster\nnumpy<3\n") == ["booster-4.7-py3-none-any.whl"]
    assert "# in the image: numpy\n" in model.lock


def test_another_version_than_the_image_s_is_carried_if_it_is_required_by_name(model: Model) -> None:
    write_wheel(model.index, "booster", "4.7", requires=["numpy>=2.2"])
    write_wheel(model.index, "numpy", "2.2.0", tag=LINUX_310)
    with pytest.raises(ConfigError, match=r"exclude each other .* the image holds numpy 2.1.0") as error:
        model.files("booster\n")
    assert error.value.hint == "To replace the version in the image, require one of numpy explicitly."
    assert model.names("booster\nnumpy>=2.2\n") == ["booster-4.7-py3-none-any.whl", f"numpy-2.2.0-{LINUX_310}.whl"]


def test_a_package_of_the_image_s_server_keeps_its_version(model: Model) -> None:
    write_wheel(model.index, "flask", "3.0")
    with pytest.raises(ConfigError) as error:
        model.files("flask>=2\n")
    assert "the image holds flask 1.1.1" in error.value.message
    assert error.value.hint is not None
    assert "server needs its version of flask" in error.value.hint


def test_conditions_are_those_of_the_image_s_python_on_linux(model: Model) -> None:
    """pip itself evaluates them for the Python that it runs in."""
    conditions = {
        "older": 'python_version < "3.11"',
        "newer": 'python_version >= "3.11"',
        "windows": 'sys_platform == "win32"',
        "linux": 'platform_system == "Linux" and platform_machine == "x86_64"',
    }
    for name in conditions:
        write_wheel(model.index, name, "1.0")
    write_wheel(model.index, "booster", "4.7", requires=[f"{name}; {when}" for name, when in conditions.items()])
    assert model.names("booster\n") == [
        f"{name}-py3-none-any.whl" for name in ("booster-4.7", "linux-1.0", "older-1.0")
    ]


def test_wheels_of_other_platforms_are_not_taken(model: Model) -> None:
    for tag in ("cp311-cp311-manylinux_2_28_x86_64", LINUX_310, "cp310-cp310-macosx_11_0_arm64"):
        write_wheel(model.index, "booster", "4.7", tag=tag)
    write_wheel(model.index, "booster", "4.8", tag="cp310-cp310-manylinux_2_99_x86_64")
    assert model.names("booster\n") == [f"booster-4.7-{LINUX_310}.whl"]


def test_a_framework_s_package_is_added_unless_the_folder_requires_one(model: Model) -> None:
    for version in ("4.7", "4.6"):
        write_wheel(model.index, "booster", version)
    assert model.names(None, ("booster==4.7",)) == ["booster-4.7-py3-none-any.whl"]
    assert model.names("booster==4.6\n", ("booster==4.7",)) == ["booster-4.6-py3-none-any.whl"]


def test_an_own_wheel_is_taken_from_the_folder_beside_the_file(model: Model) -> None:
    write_wheel(model.folder / "wheels", "private", "0.1")
    assert model.names("private\n") == ["private-0.1-py3-none-any.whl"]
    write_wheel(model.folder / "wheels", "private", "0.2")
    assert model.names(None) == ["private-0.2-py3-none-any.whl"], "another wheel is another input of the lock"


def test_a_package_without_wheels_is_refused_by_name(model: Model) -> None:
    (model.index / "onlysource-1.0.tar.gz").write_bytes(b"")
    write_wheel(model.index, "booster", "4.7", requires=["onlysource"])
    with pytest.raises(ConfigError) as error:
        model.files("booster\n")
    assert "requirements.txt: onlysource (needed by booster) has no wheels, only source archives" in error.value.message
    assert error.value.hint is not None
    assert "put that into the folder `wheels`" in error.value.hint


def test_a_package_without_a_fitting_wheel_is_refused_with_what_there_is(model: Model) -> None:
    for tag in ("cp312-cp312-manylinux_2_28_x86_64", "cp311-cp311-macosx_11_0_arm64"):
        write_wheel(model.index, "booster", "4.7", tag=tag)
    with pytest.raises(ConfigError) as error:
        model.files("booster\n")
    assert (
        "booster has no wheel for sagemaker-scikit-learn:1.4-2-cpu-py3 (Python 3.10, Linux x86_64, glibc 2.39); "
        "there are wheels for cp311, cp312 on macosx_arm64, manylinux_x86"
    ) in error.value.message


def test_a_version_that_needs_a_newer_python_is_refused_with_it(model: Model) -> None:
    """Also one that the Python of the orchestrator would satisfy."""
    write_wheel(model.index, "booster", "5.0", python=">=3.11")
    with pytest.raises(ConfigError, match=r"booster needs another Python \(>=3.11\) than that of .*1.4-2-cpu-py3"):
        model.files("booster\n")


def test_an_unknown_package_and_an_unknown_version_are_refused(model: Model) -> None:
    with pytest.raises(ConfigError, match="boster: the package index of pip's configuration has no such package"):
        model.files("boster\n")
    write_wheel(model.index, "booster", "4.7")
    with pytest.raises(ConfigError, match=r"booster==9: no such version has a wheel for .*; available: 4.7"):
        model.files("booster==9\n")


def test_an_unreachable_index_is_reported_as_such(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    use_closed_index(monkeypatch)
    with pytest.raises(SetupError, match="the package index of pip's configuration cannot be reached") as error:
        model.files("booster\n")
    assert error.value.hint is not None
    assert "committed requirements.lock.txt" in error.value.hint
    assert "127.0.0.1" not in error.value.message, "no address of an index is shown"


def test_a_refused_package_is_named_with_its_replacement(model: Model) -> None:
    write_wheel(model.index, "xgboost", "3.2.0")
    write_wheel(model.index, "booster", "4.7", requires=["xgboost"])
    with pytest.raises(ConfigError, match="require `xgboost-cpu`"):
        model.files("booster\n")
    assert not (model.folder / "requirements.lock.txt").exists()


def test_too_large_packages_are_refused_with_the_largest(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    write_wheel(model.index, "booster", "4.7", code="#" * 2_000_000)
    write_wheel(model.index, "small", "1.0")
    monkeypatch.setattr(wheelhouse, "LARGEST", 1 << 20)
    with pytest.raises(ConfigError, match=r"wheels have 1 MiB, and an archive may carry 1; the largest: booster-4.7"):
        model.files("booster\nsmall\n")


def test_an_own_image_holds_its_packages_itself(model: Model) -> None:
    model.image = image_of(Chosen(image="123456789012.dkr.ecr.eu-west-1.amazonaws.com/own:1"), "eu-west-1")
    with pytest.raises(ConfigError, match="own:1 is not an image of a framework"):
        model.files("booster\n")
    assert Wheelhouse(model.cache).files(model.folder.parent, model.image, ()) == {}


def test_locally_the_wheels_are_those_of_the_jobs_python(model: Model) -> None:
    """The lock stays that of the image: it is the same on any machine."""
    here = f"cp{sys.version_info.major}{sys.version_info.minor}"
    tag = f"{here}-{here}-{sys.platform}_x86_64" if sys.platform != "linux" else f"{here}-{here}-manylinux_2_17_x86_64"
    for each in (LINUX_310, tag):
        write_wheel(model.index, "booster", "4.7", tag=each, requires=['older; python_version < "3.11"'])
    write_wheel(model.index, "older", "1.0")
    files = model.files("booster\n", local_python=Path(sys.executable))
    assert [name for name in files if name.endswith(".whl")] == [f"wheels/booster-4.7-{tag}.whl"]
    assert files["requirements.txt"].decode().splitlines()[-1] == "booster==4.7"
    assert "older==1.0" in model.lock
    assert sorted(model.files(None)) == sorted(
        [
            "requirements.txt",
            "requirements.lock.txt",
            f"wheels/booster-4.7-{LINUX_310}.whl",
            "wheels/older-1.0-py3-none-any.whl",
        ]
    )


def test_locally_installed_packages_are_not_carried(model: Model) -> None:
    write_wheel(model.index, "booster", "4.7", requires=["pytest"])
    write_wheel(model.index, "pytest", "1.0")
    files = model.files("booster\n", local_python=Path(sys.executable))
    wheels = [name for name in files if name.endswith(".whl")]
    assert "wheels/booster-4.7-py3-none-any.whl" in wheels


def test_locally_a_large_package_of_the_image_has_to_be_installed_beforehand(model: Model) -> None:
    model.image = replace(model.image, holds={"torch": "2.6.0"}, server=frozenset())
    write_wheel(model.index, "torch", "2.6.0")
    assert model.names("torch\n") == []
    with pytest.raises(SetupError, match=f"{sys.executable} has no `torch`, which the image holds") as error:
        model.files(None, local_python=Path(sys.executable))
    assert error.value.hint is not None
    assert "-m pip install torch" in error.value.hint
