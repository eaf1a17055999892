from __future__ import annotations

from pathlib import Path

import pytest

from tooling.install.provider import ADDRESS, ensure_provider, find_mirror, locked_version, usual_places
from tooling.install.report import SetupProblem
from tooling.install.terraform import os_arch

LOCK = f'provider "{ADDRESS}" {{\n  version     = "5.100.0"\n  constraints = "~> 5.100"\n}}\n'
FETCHING = f"""#!/bin/sh
for argument in "$@"; do case "$argument" in -chdir=*) folder="${{argument#-chdir=}}";; esac; done
grep -q 'constraints = "5.100.0"' "$folder/.terraform.lock.hcl" || exit 3
target="$folder/.terraform/providers/{ADDRESS}/5.100.0/{os_arch()}"
mkdir -p "$target" && touch "$target/terraform-provider-aws_v5.100.0_x5"
"""
FAILING = "#!/bin/sh\necho '╷' >&2\necho '│ Error: could not connect to the registry' >&2\nexit 1\n"


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    folder = tmp_path / "repo"
    (folder / "terraform").mkdir(parents=True)
    (folder / ".tools").mkdir()
    (folder / "terraform" / ".terraform.lock.hcl").write_text(LOCK, encoding="utf-8")
    return folder


def mirror(folder: Path, version: str = "5.100.0") -> Path:
    unpacked = folder / ADDRESS / version / os_arch()
    unpacked.mkdir(parents=True)
    (unpacked / f"terraform-provider-aws_v{version}_x5").touch()
    return folder


def program(folder: Path, text: str) -> Path:
    file = folder / "terraform"
    file.write_text(text, encoding="utf-8")
    file.chmod(0o755)
    return file


def test_the_version_comes_from_the_lock_file(repo: Path) -> None:
    assert locked_version(repo) == "5.100.0"


def test_a_mirror_in_a_usual_place_is_found_and_written_down(repo: Path, tmp_path: Path) -> None:
    places = [tmp_path / "nothing", mirror(tmp_path / "plugins")]
    assert ensure_provider(repo, Path("unused"), environ={}, places=places) == tmp_path / "plugins"
    assert (repo / ".tools" / "terraform.rc").read_text(encoding="utf-8") == (
        "# Written by set-up.\n"
        "disable_checkpoint = true\n"
        "provider_installation {\n"
        "  filesystem_mirror {\n"
        f'    path    = "{tmp_path}/plugins"\n'
        '    include = ["registry.terraform.io/hashicorp/aws"]\n'
        "  }\n"
        "  direct {\n"
        '    exclude = ["registry.terraform.io/hashicorp/aws"]\n'
        "  }\n"
        "}\n"
    )


def test_a_packed_mirror_counts(repo: Path, tmp_path: Path) -> None:
    packed = tmp_path / "packed" / ADDRESS / f"terraform-provider-aws_5.100.0_{os_arch()}.zip"
    packed.parent.mkdir(parents=True)
    packed.touch()
    assert find_mirror(repo, "5.100.0", {}, [tmp_path / "packed"]) == tmp_path / "packed"


def test_a_mirror_of_another_version_does_not_count(repo: Path, tmp_path: Path) -> None:
    assert find_mirror(repo, "5.100.0", {}, [mirror(tmp_path / "plugins", "6.0.0")]) is None


def test_the_named_mirror_goes_before_the_usual_places(repo: Path, tmp_path: Path) -> None:
    named, usual = mirror(tmp_path / "named"), mirror(tmp_path / "usual")
    assert find_mirror(repo, "5.100.0", {"PLATFORM_PROVIDER_MIRROR": str(named)}, [usual]) == named


def test_a_named_mirror_without_the_provider_is_refused(repo: Path, tmp_path: Path) -> None:
    with pytest.raises(SetupProblem, match=r"hashicorp/aws 5\.100\.0 for .* is not there"):
        find_mirror(repo, "5.100.0", {"PLATFORM_PROVIDER_MIRROR": str(tmp_path)}, [mirror(tmp_path / "usual")])


def test_the_usual_places_are_terraforms_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/alice")
    assert Path("/home/alice/.terraform.d/plugins") in usual_places()
    assert Path("/usr/local/share/terraform/plugins") in usual_places()


def test_without_a_mirror_terraform_fetches_the_provider_once(repo: Path, tmp_path: Path) -> None:
    terraform = program(tmp_path, FETCHING)
    own = repo / ".tools" / "providers"
    assert ensure_provider(repo, terraform, environ={}, places=[]) == own
    assert ensure_provider(repo, Path("unused"), environ={}, places=[]) == own
    assert sorted(path.name for path in (repo / ".tools").iterdir()) == ["providers", "terraform.rc"]


def test_a_registry_that_cannot_be_reached_is_reported(repo: Path, tmp_path: Path) -> None:
    with pytest.raises(SetupProblem, match="could not connect to the registry") as problem:
        ensure_provider(repo, program(tmp_path, FAILING), environ={}, places=[])
    assert "PLATFORM_PROVIDER_MIRROR" in problem.value.hint
