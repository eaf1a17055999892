"""The terraform adapter against the real binary; `terraform_data` is built in and needs no provider."""

from __future__ import annotations

import json
import os
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from orchestrator.core.types import EventSink, Json
from orchestrator.errors import SetupError, StateLocked, TerraformError
from orchestrator.terraform.model import ApplySummary, PlanSummary, Workspace
from orchestrator.terraform.terraform import Terraform

ROOT_TF = """
terraform {
  backend "local" {}
}
variable "names" { type = list(string) }
variable "sleep" {
  type    = number
  default = 0
}
module "thing" {
  source   = "../../modules/thing"
  for_each = toset(var.names)
  name     = each.key
  sleep    = var.sleep
}
output "published" { value = { for name, thing in module.thing : name => thing.name } }
"""
MODULE_TF = """
variable "name" {
  type = string
  validation {
    condition     = var.name != "bad"
    error_message = "name must not be bad, got ${var.name}."
  }
}
variable "sleep" { type = number }
resource "terraform_data" "this" {
  input = var.name
  provisioner "local-exec" {
    command = "sleep ${var.sleep}"
  }
}
output "name" { value = terraform_data.this.output }
"""

pytestmark = [
    pytest.mark.terraform,
    pytest.mark.skipif(shutil.which("terraform") is None, reason="terraform is not installed"),
]


@pytest.fixture
def ws(tmp_path: Path) -> Iterator[Workspace]:
    root = tmp_path / "terraform" / "phases" / "1-demo"
    module = tmp_path / "terraform" / "modules" / "thing"
    root.mkdir(parents=True)
    module.mkdir(parents=True)
    (root / "main.tf").write_text(ROOT_TF)
    (root / ".terraform.lock.hcl").write_text("")
    (module / "main.tf").write_text(MODULE_TF)
    build = tmp_path / "build" / "local" / "demo"
    build.mkdir(parents=True)
    backend = build / "backend.hcl"
    backend.write_text(f'path = "{build}/state.tfstate"\n')
    workspace = Workspace(
        stack="demo",
        root=root,
        values_file=build / "values.tfvars.json",
        backend_file=backend,
        data_dir=build / "data",
        plan_file=build / "plan.bin",
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)},
        environment="local",
    )
    values(workspace, names=["a", 'quo"te'])
    yield workspace
    assert not (root / ".terraform").exists(), "the shared root must stay clean"


def values(ws: Workspace, **given: object) -> None:
    ws.values_file.write_text(json.dumps(given))


class Run:
    """One terraform with its events collected."""

    def __init__(self) -> None:
        self.tool = Terraform()
        self.events: list[Json] = []
        self.cancel = threading.Event()

    def init(self, ws: Workspace) -> None:
        self.tool.init(ws, on_event=self.events.append, cancel=self.cancel)

    def plan(self, ws: Workspace, **options: Any) -> PlanSummary:
        return self.tool.plan(ws, on_event=self.events.append, cancel=self.cancel, **options)

    def apply(self, ws: Workspace) -> ApplySummary:
        return self.tool.apply(ws, on_event=self.events.append, cancel=self.cancel)


def at_the_start(event: threading.Event) -> EventSink:
    """Return a listener that sets an event once an apply starts."""

    def listen(message: Json) -> None:
        if message["type"] == "apply_start":
            event.set()

    return listen


def test_plan_apply_replan_and_destroy(ws: Workspace) -> None:
    run = Run()
    run.init(ws)
    first = run.plan(ws)
    assert sorted(change.address for change in first.changes) == [
        'module.thing["a"].terraform_data.this',
        'module.thing["quo\\"te"].terraform_data.this',
    ]
    assert first.count("create") == 2
    assert first.resources_total == 2
    assert first.outputs_changed == ("published",)
    assert first.document["format_version"].startswith("1.")

    done = run.apply(ws)
    assert (done.added, done.changed, done.destroyed) == (2, 0, 0)
    assert not ws.plan_file.exists(), "it holds what the state held, values that have left it included"
    assert {"planned_change", "apply_start", "apply_complete", "change_summary"} <= {
        event["type"] for event in run.events
    }

    again = run.plan(ws)
    assert again.is_empty
    assert again.resources_total == 2

    gone = run.plan(ws, destroy=True)
    assert gone.count("delete") == 2
    assert run.apply(ws).destroyed == 2


def test_events_arrive_while_terraform_works(ws: Workspace) -> None:
    values(ws, names=["slow"], sleep=2)
    run = Run()
    run.init(ws)
    run.plan(ws)
    seen = threading.Event()
    finished = threading.Event()

    def apply() -> None:
        run.tool.apply(ws, on_event=at_the_start(seen), cancel=run.cancel)
        finished.set()

    worker = threading.Thread(target=apply)
    worker.start()
    assert seen.wait(20)
    assert not finished.is_set()
    worker.join(30)
    assert finished.is_set()


def test_a_diagnostic_names_file_line_and_rule(ws: Workspace) -> None:
    values(ws, names=["bad"])
    run = Run()
    run.init(ws)
    with pytest.raises(TerraformError) as caught:
        run.plan(ws)
    assert "terraform plan of `demo` failed" in caught.value.message
    assert "name must not be bad, got bad." in caught.value.message
    assert "main.tf:" in caught.value.message


def test_a_held_lock_is_reported_with_its_owner_and_time(ws: Workspace) -> None:
    values(ws, names=["slow"], sleep=20)
    first, second = Run(), Run()
    first.init(ws)
    first.plan(ws)
    started = threading.Event()

    def apply_slowly() -> None:
        with pytest.raises(TerraformError, match="interrupted"):
            first.tool.apply(ws, on_event=at_the_start(started), cancel=first.cancel)

    holder = threading.Thread(target=apply_slowly)
    holder.start()
    assert started.wait(20)
    try:
        with pytest.raises(StateLocked) as caught:
            second.plan(ws)
    finally:
        first.cancel.set()
        holder.join(60)
    assert "the state of `demo` is locked by " in caught.value.message
    assert " since 20" in caught.value.message
    assert "OperationTypeApply" in caught.value.message
    assert "`orchestrator unlock local`" in (caught.value.hint or "")


def test_an_interrupt_releases_the_lock_and_keeps_the_state(ws: Workspace) -> None:
    values(ws, names=["slow"], sleep=20)
    run = Run()
    run.init(ws)
    run.plan(ws)
    with pytest.raises(TerraformError, match=r"apply of `demo` was interrupted"):
        run.tool.apply(ws, on_event=at_the_start(run.cancel), cancel=run.cancel)
    values(ws, names=["slow"])
    after = Run()
    assert after.plan(ws).count("create") == 1
    assert after.apply(ws).added == 1


DETAIL = 'the state has been written to the file "errored.tfstate" in the current working directory.'
FAILED = {"severity": "error", "summary": "Failed to persist state to backend", "detail": DETAIL}
REPORT = json.dumps({"type": "diagnostic", "diagnostic": FAILED})


def refusing(ws: Workspace, tmp_path: Path, *, push: int) -> str | None:
    """Return the hint of an apply that cannot store its state and retries at once."""
    binary = tmp_path / "refuses"
    binary.write_text(
        f"""#!/bin/sh
if [ "$1" = state ]; then for file; do :; done; cp "$file" {tmp_path}/pushed; exit {push}; fi
echo '{{"version": 4}}' > errored.tfstate
cat <<'END'
{REPORT}
END
exit 1
"""
    )
    binary.chmod(0o755)
    with pytest.raises(TerraformError, match="Failed to persist") as caught:
        Terraform(binary).apply(ws, on_event=lambda event: None, cancel=threading.Event())
    assert not (ws.root / "errored.tfstate").exists()
    assert json.loads((tmp_path / "pushed").read_text()) == {"version": 4}
    return caught.value.hint


def test_a_state_that_could_not_be_stored_is_kept_and_reported(ws: Workspace, tmp_path: Path) -> None:
    hint = refusing(ws, tmp_path, push=1)
    kept = ws.data_dir.parent / "errored.tfstate"
    assert json.loads(kept.read_text()) == {"version": 4}
    assert str(kept) in str(hint)
    assert "`orchestrator resume local`" in str(hint)


def test_a_state_that_could_not_be_stored_at_first_is_stored_at_once(ws: Workspace, tmp_path: Path) -> None:
    assert "The completed changes are in the state" in str(refusing(ws, tmp_path, push=0))
    assert not (ws.data_dir.parent / "errored.tfstate").exists()


def test_another_environment_s_unsaved_state_is_not_touched(ws: Workspace, tmp_path: Path) -> None:
    """It is in the same folder, but this terraform does not report it."""
    (ws.root / "errored.tfstate").write_text("another's")
    binary = tmp_path / "fails"
    binary.write_text("#!/bin/sh\necho no >&2\nexit 1\n")
    binary.chmod(0o755)
    with pytest.raises(TerraformError, match="no"):
        Terraform(binary).apply(ws, on_event=lambda event: None, cancel=threading.Event())
    assert (ws.root / "errored.tfstate").read_text() == "another's"


def test_a_state_is_pushed_over_an_older_one_only(ws: Workspace, tmp_path: Path) -> None:
    run = Run()
    run.init(ws)
    run.plan(ws)
    run.apply(ws)
    stored = ws.data_dir.parent / "state.tfstate"
    state = json.loads(stored.read_text())
    file = tmp_path / "errored.tfstate"
    file.write_text(json.dumps(state | {"serial": state["serial"] + 3}))
    run.tool.push_state(ws, file, on_event=run.events.append, cancel=run.cancel)
    assert json.loads(stored.read_text())["serial"] >= state["serial"] + 3
    for other in ({"serial": state["serial"]}, {"lineage": "another", "serial": 99}):
        file.write_text(json.dumps(state | other))
        with pytest.raises(TerraformError, match=r"cannot import state with (serial|lineage)"):
            run.tool.push_state(ws, file, on_event=run.events.append, cancel=run.cancel)


def test_a_preview_uses_a_local_state_and_the_same_modules(ws: Workspace) -> None:
    (ws.root / "main.tf").write_text(ROOT_TF.replace('backend "local" {}', 'backend "s3" {}'))
    (ws.root / "tests").mkdir()
    # `init` reads test files too, and would miss the folder that this one names from where it lies.
    (ws.root / "tests" / "demo.tftest.hcl").write_text('mock_provider "aws" {\n  source = "../elsewhere"\n}\n')
    preview = Workspace(**{**vars(ws), "backend_file": None})
    run = Run()
    run.init(preview)
    assert run.plan(preview).count("create") == 2
    assert sorted(path.name for path in ws.root.iterdir()) == [".terraform.lock.hcl", "main.tf", "tests"]
    with pytest.raises(TerraformError, match="preview"):
        run.apply(preview)


def test_version_and_missing_binary(tmp_path: Path) -> None:
    assert Terraform().version().startswith("1.")
    with pytest.raises(SetupError, match="is missing"):
        Terraform(tmp_path / "terraform").version()


@pytest.mark.parametrize("version", ["1.5.7", "2.0.0"])
def test_an_unsuitable_version_is_refused(tmp_path: Path, version: str) -> None:
    binary = tmp_path / "terraform"
    binary.write_text(f'#!/bin/sh\necho \'{{"terraform_version": "{version}"}}\'\n')
    binary.chmod(0o755)
    with pytest.raises(SetupError, match=f"terraform {version} .* is not supported"):
        Terraform(binary).version()


def test_a_misspelt_command_is_not_run() -> None:
    from orchestrator.terraform.terraform import _CommandLine

    with pytest.raises(AttributeError):
        _CommandLine("terraform", Path("/")).aply("x")
