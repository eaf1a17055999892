"""The process: start, endpoints, refusals, inherited descriptors, stop."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from tests.support import keys
from tests.support.process import ROOT, Emulator, start, stop, wait_ready

pytestmark = pytest.mark.emulator


def fetch(url: str) -> tuple[int, dict[str, str], Any]:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=10) as answer:
            return answer.status, dict(answer.headers), json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, dict(error.headers), json.load(error)


def test_health_reports_the_emulator(emulator: Emulator) -> None:
    status, _, health = fetch(f"{emulator.endpoint}/_emulator/health")
    assert status == 200
    assert health["service"] == "mlops-emulator"
    assert (health["pid"], health["endpoint"]) == (emulator.pid, emulator.endpoint)
    assert (health["account_id"], health["region"]) == ("123456789012", "us-east-1")
    announced = json.loads((emulator.data_dir / "emulator.json").read_text())
    assert (announced["started_at"], announced["version"]) == (health["started_at"], health["version"])


def test_evidence_is_a_list_and_filters(emulator: Emulator) -> None:
    assert keys.page(emulator.endpoint, "evidence", kind="lambda", resource="never") == {"evidence": []}


def test_an_unknown_path_below_its_prefix_is_404(emulator: Emulator) -> None:
    with pytest.raises(urllib.error.HTTPError, match="404"):
        keys.page(emulator.endpoint, "nothing")


def test_the_control_plane_is_declared_as_emulated(aws: Any) -> None:
    headers = aws("sts").get_caller_identity()["ResponseMetadata"]["HTTPHeaders"]
    assert headers["x-emulator-fidelity"] == "emulated"


def test_it_starts_quickly(emulator: Emulator) -> None:
    assert emulator.ready_after < 15, "about two seconds on a quiet machine, the rest is room for a busy one"


def test_a_taken_port_is_reported_in_one_line(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = subprocess.run(
            [sys.executable, "-m", "emulator", "serve", "--port", str(port), "--data-dir", str(tmp_path)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=30,
        )
    assert done.returncode == 3
    assert done.stderr == (
        f"emulator: cannot listen on 127.0.0.1:{port} (Address already in use); "
        "stop what uses the port or pass another --port\n"
    )


def test_a_pipe_of_the_caller_ends_although_the_emulator_lives(tmp_path: Path) -> None:
    """As in `make deploy | tee log`: the reader of the other end must see it close."""
    read_end, write_end = os.pipe()
    os.set_inheritable(write_end, True)
    log = (tmp_path / "log").open("wb")
    process = subprocess.Popen(
        [sys.executable, "-m", "emulator", "serve", "--port", "0", "--data-dir", str(tmp_path)],
        cwd=ROOT,
        stdout=log,
        stderr=log,
        close_fds=False,
    )
    os.close(write_end)
    try:
        wait_ready(process, tmp_path, tmp_path / "log")
        os.set_blocking(read_end, False)
        assert os.read(read_end, 1) == b""
    finally:
        os.close(read_end)
        stop(process)
        log.close()


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="needs Linux to list listening sockets")
def test_sigterm_ends_it_cleanly_and_only_loopback_was_bound(tmp_path: Path) -> None:
    process, log = start(tmp_path)
    document = wait_ready(process, tmp_path, log)
    assert document["endpoint"].startswith("http://127.0.0.1:")
    assert listening_addresses(document["port"]) == {"0100007F"}
    assert stop(process) == 0
    assert not (tmp_path / "emulator.json").exists()
    assert log.read_text().splitlines()[-1] == "emulator: stopped"


def listening_addresses(port: int) -> set[str]:
    """Local addresses (hex, as the kernel lists them) that listen on a port."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return {row[1].split(":")[0] for row in rows if row[3] == "0A" and int(row[1].split(":")[1], 16) == port}
