"""What runs leave that were killed: folders under `.runs`, as their processes wrote them."""

from __future__ import annotations

import datetime as dt
import getpass
import json
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path

from orchestrator.core.types import Json
from orchestrator.system import identity
from orchestrator.system.identity import Identity, Machine
from orchestrator.terraform.record import Command, Ended, Record

ALIVE = identity.own()
DEAD = replace(ALIVE, pid=2**22 + 1)
ELSEWHERE = replace(DEAD, machine=Machine("elsewhere", "boot", "ns"))
ME = f"{getpass.getuser()}@{identity.machine().host}"
BUCKET = "mlops-local-tfstate-123456789012-us-east-1"


def now(seconds: float = 0) -> str:
    return (dt.datetime.now(dt.UTC) + dt.timedelta(seconds=seconds)).isoformat().replace("+00:00", "Z")


def lock_info(who: str = ME) -> Json:
    return {"ID": "1", "Who": who, "Created": now(), "Operation": "OperationTypeApply"}


class Killed:
    """One run."""

    def __init__(
        self,
        repo: Path,
        command: str = "deploy",
        *arguments: str,
        process: Identity = DEAD,
        hours_ago: float = 0,
        environment: str = "local",
    ) -> None:
        begun = dt.datetime.now(dt.UTC) - dt.timedelta(hours=hours_ago, seconds=5)
        number = len(list((repo / ".runs" / environment).glob("2*")))
        self.run_id = f"{begun:%Y%m%dT%H%M%SZ}-{number:06}"
        self.folder = repo / ".runs" / environment / self.run_id
        (self.folder / "logs").mkdir(parents=True)
        document = {
            "run_id": self.run_id,
            "environment": environment,
            "command": command,
            "arguments": list(arguments or (*command.split(), environment)),
            "process": asdict(process),
        }
        (self.folder / "run.json").write_text(json.dumps(document), encoding="utf-8")

    def told(self, *events: Json) -> None:
        lines = "".join(json.dumps({"at": now(), **event}) + "\n" for event in events)
        # As it was killed: in the middle of a line.
        (self.folder / "events.jsonl").write_text(lines + '{"at": "20', encoding="utf-8")

    def planned(self, *stacks: str, kind: str = "DeployStack") -> None:
        steps = [{"kind": kind, "name": name, "stack": {"name": name, "phase": name}} for name in stacks]
        (self.folder / "plan.json").write_text(json.dumps({"steps": steps}), encoding="utf-8")

    def terraform(
        self,
        stack: str,
        process: Identity | None = DEAD,
        *,
        command: str = "apply",
        exit_code: int | None = None,
        says: Sequence[Json] = (),
    ) -> Record:
        tools = self.folder / "tools"
        number = 1 + len(list(tools.glob("*")))
        record = Record(tools / f"{number:04}-{stack}-{command}")
        record.begin(Command(stack, command, (), "root", "data", BUCKET, f"{stack}.tfstate", now(-1)))
        record.stdout.write_text("".join(json.dumps(event) + "\n" for event in says), encoding="utf-8")
        if process is not None:
            record.started(process)
        if exit_code is not None:
            record.end(Ended(exit_code, now()))
        return record

    @property
    def result(self) -> Json | None:
        file = self.folder / "result.json"
        return json.loads(file.read_text(encoding="utf-8")) if file.exists() else None


def made(address: str, number: str = "id-1") -> Json:
    """What terraform says when it has made something."""
    hook = {"resource": {"addr": address}, "action": "create", "id_key": "id", "id_value": number}
    return {"type": "apply_complete", "@message": f"{address}: Creation complete", "hook": hook}


@contextmanager
def running(seconds: float) -> Iterator[Identity]:
    """A process that ends by itself then, or when it is interrupted."""
    child = subprocess.Popen([str(shutil.which("sleep")), str(seconds)])
    try:
        process = identity.of(child.pid)
        assert process is not None
        yield process
    finally:
        child.kill()
        child.wait()
