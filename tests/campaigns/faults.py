"""Deploy the small environment while some of all calls fail, and compare with an undisturbed run.

    python -m tests.campaigns.faults [--seed 1] [--rates 0.01,0.05] [--write]

Each rate gets a separate, empty local AWS. Calls are throttled or answered 500, whichever service they
are for. `--write` renews docs/reference/reliability.md.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.campaigns import kill, recovery, report, world
from tests.campaigns.small import Lane
from tests.campaigns.world import World
from tests.support import keys
from tests.support.checkout import REPO

FLAKY = "flaky"
"""Kind of fault that throttles some calls and answers others with 500, by chance and by seed."""
SECONDS = 1800


def arm(lane: Lane, rate: float, seed: int) -> None:
    """Let this share of all calls fail."""
    lane.arm(kind=FLAKY, service="*", rate=rate, seed=seed, seconds=SECONDS)


def deploy(lane: Lane, rate: float, seed: int, expected: World) -> dict[str, Any]:
    """Deploy once to an empty AWS with faults."""
    arm(lane, rate, seed)
    began = time.monotonic()
    ran = recovery.commands_of(lane)(recovery.DEPLOY)
    seconds = round(time.monotonic() - began, 1)
    armed = keys.page(lane.home.endpoint, "faults")["faults"]
    lane.disarm()
    difference = world.compare(expected, lane.world())
    remains = recovery.remains(lane)
    return {
        "seed": seed,
        "commit": kill.commit(),
        "rate": rate,
        "kind": ", ".join(dict.fromkeys(fault["kind"] for fault in armed)),
        "seen": sum(fault["seen"] for fault in armed),
        "hit": sum(fault["fired"] for fault in armed),
        "exit_code": ran.exit_code,
        "said": "" if ran.exit_code == 0 else ran.said,
        "green": ran.exit_code == 0 and not difference and not remains,
        "lost": difference.lost,
        "difference": [*difference.lines(), *(f"left: {each}" for each in remains)],
        "seconds": seconds,
    }


def campaign(lane: Lane, rates: Sequence[float], seed: int) -> list[dict[str, Any]]:
    references = kill.References(kept=kill.kept())
    lane.start()
    if "deployed" not in references:
        seconds = kill.undisturbed(lane, recovery.DEPLOY)
        references.put("deployed", lane.world(), seconds)
    expected = references.of("deployed")
    lines = []
    for rate in rates:
        lane.renew()
        lines.append(deploy(lane, rate, seed, expected))
        line = lines[-1]
        kill.note(f"{rate:.0%}: {line['hit']} of {line['seen']} calls hit, exit code {line['exit_code']}{line['said']}")
    return lines


def main(words: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rates", default="0.01,0.05", type=lambda text: [float(each) for each in text.split(",")])
    parser.add_argument("--write", action="store_true", help=f"renew {report.DOCUMENT.relative_to(REPO)}")
    options = parser.parse_args(words)
    folder = Path(tempfile.mkdtemp(prefix="faults-"))
    lane = Lane(folder / "l0")
    try:
        lines = campaign(lane, options.rates, options.seed)
    finally:
        lane.stop()
        shutil.rmtree(folder, ignore_errors=True)
    section = report.faults(lines)
    sys.stdout.write(section)
    if options.write:
        report.write("faults", section)
    return 0 if all(line["green"] for line in lines) else 1


if __name__ == "__main__":
    sys.exit(main())
