"""Files of a whole deployment, of its pipeline and of its local AWS."""

from __future__ import annotations

import stat

import pytest

from tests.support.shared_platform import Deployed

pytestmark = [pytest.mark.emulator, pytest.mark.terraform]

FOLDERS = ("build", ".runs", ".emulator")


@pytest.mark.parametrize("folder", FOLDERS)
def test_no_other_user_can_read_what_a_deployment_leaves(deployed: Deployed, folder: str) -> None:
    top = deployed.root / folder
    paths = [top, *(path for path in top.rglob("*") if not path.is_symlink())]
    assert len(paths) > 5
    wide = [str(path.relative_to(top)) for path in paths if stat.S_IMODE(path.lstat().st_mode) & 0o077]
    assert wide == []


def test_no_plan_is_left(deployed: Deployed) -> None:
    assert list((deployed.root / "build").rglob("*.tfplan")) == []
