"""Environments beside one another."""

from __future__ import annotations

from itertools import permutations
from pathlib import Path

import pytest

from orchestrator.cli.app import App
from orchestrator.config import environment_names, load
from orchestrator.config.neighbours import local_environments, overlap, prefixes, refuse_overlap
from orchestrator.errors import ConfigError
from tests.fakes.platforms import platform_file
from tests.unit.orchestrator.blueprints.stacks import REPO


def checkout(folder: Path, **platforms: str) -> Path:
    for name, text in platforms.items():
        file = folder / "terraform/envs" / name.replace("_", "-") / "platform.yaml"
        file.parent.mkdir(parents=True)
        file.write_text(platform_file(text)[1], encoding="utf-8")
    return folder


REFUSED = [
    {"dev": "project: mlops\n", "dev_eu": "project: mlops\n"},
    {"dev": "project: mlops\n", "dev_eu": ""},
    {"dev_eu": "project: mlops\n", "eu": '"project": mlops-dev # whole names are the same\n'},
    {"dev": "project: ab\n", "eu_west": "project: ab-dev\n"},
]


@pytest.mark.parametrize("platforms", REFUSED, ids=lambda each: " and ".join(each))
def test_names_that_look_like_anothers_are_refused_in_both(tmp_path: Path, platforms: dict[str, str]) -> None:
    repo = checkout(tmp_path, **platforms)
    files = {f"terraform/envs/{name.replace('_', '-')}/platform.yaml" for name in platforms}
    for own, _ in permutations(platforms):
        environment = load(repo, own.replace("_", "-"))
        with pytest.raises(ConfigError) as caught:
            refuse_overlap(repo, environment)
        assert all(file in caught.value.message for file in files)
        assert f"`{environment.name_prefix}-`" in caught.value.message
        assert "`project`" in str(caught.value.hint)


@pytest.mark.parametrize(
    "platforms",
    [
        {"dev": "", "eu_dev": "", "dev2": "", "de": ""},
        {"dev": "project: ab\n", "dev_eu": "project: bc\n"},
        {"dev": "", "dev_eu": "project: [\n"},
        {"dev": "", "dev_eu": "- project\n"},
        {"dev": "", "dev_eu": "project: 7\n"},
    ],
    ids=["other names", "other projects", "no YAML", "no mapping", "no name"],
)
def test_others_may_stand_beside(tmp_path: Path, platforms: dict[str, str]) -> None:
    repo = checkout(tmp_path, **platforms)
    refuse_overlap(repo, load(repo, "dev"))


LOCAL = "target: local\n"


@pytest.mark.parametrize("platforms", [{"dev": LOCAL, "dev_eu": LOCAL}, {"dev": LOCAL, "dev_eu": ""}])
def test_a_local_environment_is_alone_in_its_aws(tmp_path: Path, platforms: dict[str, str]) -> None:
    repo = checkout(tmp_path, **platforms)
    for name in ("dev", "dev-eu"):
        refuse_overlap(repo, load(repo, name))


def test_local_environments_are_those_whose_files_say_so(tmp_path: Path) -> None:
    """A file that is wrong elsewhere counts: its local AWS may run."""
    broken = {"wrong": LOCAL + "owner: [x]\n", "torn": "target: [\n", "list": "- target: local\n"}
    repo = checkout(tmp_path, local="", sandbox=LOCAL, **broken)
    assert local_environments(repo) == ["sandbox", "wrong"]


@pytest.mark.parametrize("name", environment_names(REPO))
def test_the_environments_of_this_repository_may(name: str) -> None:
    refuse_overlap(REPO, load(REPO, name))


def test_the_check_is_symmetric() -> None:
    prefixes = ["a-b", "a-b-c", "a-bc", "a", "ab", "a-b-cd"]
    assert {pair for pair in permutations(prefixes, 2) if overlap(*pair)} == {
        (one, other)
        for one, other in permutations(prefixes, 2)
        if f"{one}-".startswith(f"{other}-") or f"{other}-".startswith(f"{one}-")
    }


def test_building_is_refused_and_taking_down_is_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = App(checkout(tmp_path, **REFUSED[0]))
    monkeypatch.setattr(App, "phases", ())
    app.load("dev")
    with pytest.raises(ConfigError, match="dev-eu"):
        app.load("dev", building=True)


def test_others_in_the_same_aws_are_those_that_are_not_local(tmp_path: Path) -> None:
    repo = checkout(tmp_path, dev="", eu_dev="project: other\n", here="target: local\n")
    assert set(prefixes(repo, load(repo, "dev"))) == {"other-eu-dev"}
    assert prefixes(repo, load(repo, "here")) == {}
