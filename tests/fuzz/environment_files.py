"""Mutate thousands of environment files, and check that each is refused with a message, soon, and with a place.

    python -m tests.fuzz.environment_files [--refused 5000] [--odd 900] [--commands 50] [--first 0] [--seconds 900]

Cases have numbers: a fault names its own (`--first N --refused 1`), and what time did not allow continues at the
number that is printed last. A fault is: any other exception than `ConfigError`; more than two seconds; a message
without its file or line, or too long to be read; a file that had to be refused and was not; one that another reader of
YAML takes for something else; one that AWS would refuse (`tests/fuzz/aws_models.py`, where that is there).
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from orchestrator.config import Environment, load
from orchestrator.config.folder import ENVS
from orchestrator.errors import ConfigError
from orchestrator.system.text_files import printable
from tests.fuzz import mutated, odd

REPO = Path(__file__).resolve().parents[2]
SLOWEST = 2.0
"""Seconds of the processor for one case."""
HANGS = 20
"""Seconds on the clock; other work may hold the machine."""
LONGEST_LINE = 1000
PLACE = re.compile(r"terraform/envs/\S.*?:\d+: |terraform/envs(/[a-z0-9-]+)?: ")
"""A file and its line, or a folder, which has none."""
ODD_SEEDS = 10_000_000
"""Odd cases are numbered from here on."""


@dataclass
class Findings:
    """What came of the cases."""

    refused: int = 0
    accepted: int = 0
    hands: Counter[str] = field(default_factory=Counter)
    slowest: float = 0.0
    faults: list[str] = field(default_factory=list)
    next: int = 0
    """Number of the case after the last one."""

    def fault(self, number: int, how: str, what: str) -> None:
        self.faults.append(printable(f"--first {number}: {how}: {what}"))


class Checkout:
    """A checkout that has nothing but environments, and is put in order again after each case."""

    def __init__(self, repo: Path) -> None:
        self.repo = repo
        shutil.copytree(REPO / ENVS, repo / ENVS)
        self.files = sorted((REPO / ENVS).rglob("*.yaml"))

    @contextmanager
    def holding(self, file: Path, content: bytes) -> Iterator[Path]:
        """With one file's content in the place of what it says."""
        place = self.repo / file.relative_to(REPO)
        before = place.read_bytes()
        place.write_bytes(content)
        try:
            yield place
        finally:
            place.write_bytes(before)

    def renew(self, name: str) -> Path:
        folder = self.repo / ENVS / name
        odd.remove(folder)
        shutil.copytree(REPO / ENVS / name, folder)
        return folder


def aws_checker() -> Callable[[Environment], list[str]]:
    """AWS's own models as the judge of what was accepted, where that checker is there."""
    if importlib.util.find_spec("tests.fuzz.aws_models") is None:
        return lambda environment: []
    checker: Callable[[Environment], list[str]] = importlib.import_module("tests.fuzz.aws_models").refused_by_aws
    return checker


@contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Ends what waits for something that never comes."""

    def late(number: int, frame: FrameType | None) -> None:
        raise TimeoutError(f"did not end within {seconds:.0f} s")

    before = signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def judged(findings: Findings, number: int, how: str, work: Callable[[], Environment]) -> Environment | None:
    """One case: the environment if it was accepted; whatever else happens is counted, or a fault."""
    findings.hands[re.split(" at | ['\"]", how)[0]] += 1
    started = time.process_time()
    try:
        with limited(HANGS):
            environment = work()
    except ConfigError as error:
        findings.refused += 1
        for fault in unreadable(error):
            findings.fault(number, how, fault)
    except Exception as error:
        findings.fault(number, how, f"{type(error).__name__}: {str(error)[:300]}")
    else:
        findings.accepted += 1
        return environment
    finally:
        seconds = time.process_time() - started
        findings.slowest = max(findings.slowest, seconds)
        if seconds > SLOWEST:
            findings.fault(number, how, f"took {seconds:.1f} s")
    return None


def unreadable(error: ConfigError) -> Iterator[str]:
    """What is wrong with a refusal itself."""
    lines = error.message.splitlines()
    if not lines or not error.hint:
        yield f"says too little: {error.message[:200]!r}, hint {error.hint!r}"
    if len(lines) > 60 or any(len(line) > LONGEST_LINE for line in lines):
        yield f"says too much: {len(lines)} lines, the longest of {max(map(len, lines))} characters"
    if not all(line.isprintable() for line in lines):
        yield f"steers the terminal: {error.message[:200]!r}"
    places = [line for line in lines if not re.match(r"\d+ problems in the environment files:|  and \d+ more", line)]
    if any(line.strip().startswith(f"{ENVS}/") and not PLACE.match(line.strip()) for line in places):
        yield f"names no line: {error.message[:200]!r}"


def mutated_case(findings: Findings, checkout: Checkout, number: int, refused_by_aws: Callable[..., list[str]]) -> None:
    """Mutate one file of one environment and load it."""
    chance = random.Random(number)
    file = chance.choice(checkout.files)
    name = file.relative_to(REPO / ENVS).parts[0]
    case = mutated.mutate(file.read_text(encoding="utf-8"), chance)
    how = f"{case.how} at {file.relative_to(REPO / ENVS)}"
    with checkout.holding(file, case.content) as place:
        environment = judged(findings, number, how, lambda: load(checkout.repo, name))
        if environment is None:
            return
        if case.must_be_refused:
            findings.fault(number, how, "was accepted")
        for refusal in refused_by_aws(environment):
            findings.fault(number, how, f"was accepted, and AWS refuses it: {refusal}")
        if not same_elsewhere(place):
            findings.fault(number, how, "was accepted, and means something else to another reader of YAML")


def same_elsewhere(file: Path) -> bool:
    """Whether ruamel.yaml, which shares no code with the reader, reads the same data."""
    from orchestrator.config.yaml_source import Document, parse
    from orchestrator.system import text_files

    document = parse("f", text_files.read(file))
    if not isinstance(document, Document):
        return False
    # A tab may stand before a value, in YAML 1.2; ruamel.yaml takes it at no place where a word could begin.
    for content in (file.read_bytes(), file.read_bytes().replace(b"\t", b" ")):
        try:
            return bool(YAML(typ="safe", pure=True).load(content) == document.data)
        except (YAMLError, ValueError):
            continue
    return False


def odd_case(findings: Findings, checkout: Checkout, number: int) -> None:
    """Put something odd where files are expected, or load an environment by an odd name."""
    chance = random.Random(ODD_SEEDS + number)
    if chance.random() < 0.3:
        name = odd.name(chance)
        if judged(findings, ODD_SEEDS + number, f"name {name[:60]!r}", lambda: load(checkout.repo, name)):
            findings.fault(ODD_SEEDS + number, f"name {name[:60]!r}", "was accepted")
        return
    try:
        how = odd.place(checkout.repo / ENVS / odd.ENVIRONMENT, chance)
        environment = judged(
            findings, ODD_SEEDS + number, how.lstrip("-"), lambda: load(checkout.repo, odd.ENVIRONMENT)
        )
        if environment and not how.startswith("-"):
            findings.fault(ODD_SEEDS + number, how, "was accepted")
    finally:
        checkout.renew(odd.ENVIRONMENT)


def command_case(findings: Findings, checkout: Checkout, number: int) -> None:
    """The same by the command line: exit code 3, two parts on stderr, nothing on stdout."""
    chance = random.Random(number)
    file = chance.choice(checkout.files)
    name = file.relative_to(REPO / ENVS).parts[0]
    case = mutated.mutate(file.read_text(encoding="utf-8"), chance)
    if not case.must_be_refused:
        return
    with checkout.holding(file, case.content):
        command = [sys.executable, "-m", "orchestrator", "--repo", str(checkout.repo), "graph", name]
        ended = subprocess.run(
            command, cwd=REPO, capture_output=True, text=True, timeout=120, check=False, stdin=subprocess.DEVNULL
        )
    findings.hands["by command"] += 1
    if ended.returncode != 3 or ended.stdout or not ended.stderr.startswith("error: "):
        findings.fault(number, f"{case.how} by command", f"exit code {ended.returncode}: {ended.stderr[:200]}")


def campaign(refused: int, odd_cases: int, commands: int, *, first: int = 0, seconds: float = 900) -> Findings:
    """Cases from `first` on until so many files were refused; then the odd ones, then some by the command line."""
    findings, ends, checker = Findings(), time.monotonic() + seconds, aws_checker()
    with tempfile.TemporaryDirectory() as folder:
        checkout = Checkout(Path(folder))
        number = first
        while findings.refused < refused and time.monotonic() < ends:
            mutated_case(findings, checkout, number, checker)
            number += 1
        for odd_number in range(odd_cases):
            if time.monotonic() < ends:
                odd_case(findings, checkout, odd_number)
        (checkout.repo / "terraform/phases").symlink_to(REPO / "terraform/phases")
        while findings.hands["by command"] < commands and time.monotonic() < ends:
            command_case(findings, checkout, number)
            number += 1
    findings.next = number
    return findings


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--refused", type=int, default=5000, metavar="N", help="go on until N files were refused")
    parser.add_argument("--odd", type=int, default=900, metavar="N", help="odd files, folders and names")
    parser.add_argument("--commands", type=int, default=50, metavar="N", help="of them by a separate process")
    parser.add_argument("--first", type=int, default=0, metavar="N", help="number of the first case")
    parser.add_argument("--seconds", type=float, default=900, metavar="S", help="then it ends, wherever it is")
    arguments = parser.parse_args()
    findings = campaign(
        arguments.refused, arguments.odd, arguments.commands, first=arguments.first, seconds=arguments.seconds
    )
    lines = [f"{count:6} {how}" for how, count in findings.hands.most_common()]
    lines += ["", *findings.faults[:100], ""]
    lines.append(
        f"{findings.refused} refused, {findings.accepted} accepted, {len(findings.faults)} faults; "
        f"the slowest took {findings.slowest:.2f} s; next: --first {findings.next}"
    )
    sys.stdout.write("\n".join(lines) + "\n")
    return 1 if findings.faults else 0


if __name__ == "__main__":
    sys.exit(main())
