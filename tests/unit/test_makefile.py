from __future__ import annotations

import re
import subprocess
from pathlib import Path

REPO = Path(__file__).resolve().parents[2]
MAKEFILE = (REPO / "Makefile").read_text(encoding="utf-8")
SETUP_FREE = {"help", "setup", "clean", "env-given"}


def make(*arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C"}
    return subprocess.run(
        ["make", "--no-print-directory", *arguments],
        cwd=REPO,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def targets() -> dict[str, str]:
    """Map each target to its prerequisites and help text."""
    return dict(re.findall(r"^([a-z][a-z-]*):(.*)$", MAKEFILE, re.MULTILINE))


def test_make_alone_shows_every_target_in_groups() -> None:
    done = make()
    assert done.returncode == 0
    for group in re.findall(r"^##@ (.+)$", MAKEFILE, re.MULTILINE):
        assert f"\n{group}\n" in done.stdout
    for target in set(targets()) - {"env-given"}:
        assert re.search(rf"^  {target} +\S", done.stdout, re.MULTILINE), target


def test_every_target_depends_on_set_up() -> None:
    for target, rest in targets().items():
        assert target in SETUP_FREE or "$(SETUP)" in rest.split("##")[0].split(), target


def test_a_missing_environment_is_explained_before_anything_starts() -> None:
    done = make("deploy")
    assert done.returncode == 2
    assert done.stderr.startswith(
        "error: ENV is not set: name an environment of terraform/envs\nhint: for example `make deploy ENV=local`\n"
    )
    assert done.stdout == ""


def test_a_missing_python_is_explained() -> None:
    done = make("setup", "PYTHON=")
    assert done.returncode == 2
    assert "error: no Python 3.11 to 3.13 is on PATH\nhint: install python3.13" in done.stderr


def test_deploy_calls_the_orchestrator_with_the_environment() -> None:
    done = make("--dry-run", "deploy", "ENV=local", "ARGS=--json")
    assert done.stdout.splitlines()[-1] == ".venv/bin/python -m orchestrator deploy local --json"


def test_an_installed_checkout_can_skip_set_up() -> None:
    assert "setup.py" in make("--dry-run", "deploy", "ENV=local").stdout
    assert "setup.py" not in make("--dry-run", "deploy", "ENV=local", "SETUP=").stdout
