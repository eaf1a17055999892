"""Count words that do not belong in code or documents; their number may only fall.

    python -m tooling.quality.words [--check | --write | --list FOLDER]

The words are in `tooling/quality/words.yaml`, names that have to stay in `tooling/quality/allowed_words.yaml`, the
committed counts by folder in `tooling/quality/word_counts.yaml`.

--check  Exit with 1 if a count has risen, or has fallen without the counts being renewed.
--write  Renew the counts. Refused if a word's total has risen; moving files between folders is fine.
--list   Print each occurrence below a folder, with what to write instead.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

import yaml

REPO = Path(__file__).resolve().parents[2]
WORDS = Path("tooling/quality/words.yaml")
ALLOWED = Path("tooling/quality/allowed_words.yaml")
COUNTS = Path("tooling/quality/word_counts.yaml")
SUFFIXES = (".py", ".md", ".tf", ".hcl", ".yaml")
_DEPTH = 2
_HEADER = "# Written by `python -m tooling.quality.words --write`: folder, word, count. Counts may only fall.\n"

# By folder, then by word.
Counts = dict[str, dict[str, int]]


@dataclass(frozen=True)
class Word:
    id: str
    use: str
    expression: re.Pattern[str]
    files: tuple[str, ...] = SUFFIXES


def word(entry: Mapping[str, str]) -> Word:
    """Compile an entry of the list; `words.yaml` describes its keys."""
    if "name" in entry:
        assigned = re.compile(rf"(?<![\w.])(?:{entry['name']})(?=\s*(?::[^=\n]+)?=(?!=))")
        return Word(f"name {entry['name']}", entry["use"], assigned, (".py",))
    spaced = entry["pattern"].replace(" ", r"[\s_#]+")
    return Word(entry["pattern"], entry["use"], re.compile(rf"(?:{spaced})(?![a-z])", re.DOTALL))


@dataclass(frozen=True)
class Allowed:
    """A text that has to stay in some files, for a reason that the list gives."""

    text: str
    files: str
    reason: str

    def spans(self, file: str, lowered: str) -> Iterator[range]:
        """Yield where the text occurs in a file; `lowered` is the file's content in lower case."""
        if fnmatchcase(file, self.files):
            for match in re.finditer(re.escape(self.text.lower()), lowered):
                yield range(match.start(), match.end())


@dataclass(frozen=True)
class Match:
    file: str
    line: int
    text: str
    word: Word


def load_words(repo: Path = REPO) -> list[Word]:
    """Read the word list."""
    entries = yaml.safe_load((repo / WORDS).read_text(encoding="utf-8"))
    return [word(each) for each in entries]


def load_allowed(repo: Path = REPO) -> list[Allowed]:
    """Read the texts that have to stay."""
    entries = yaml.safe_load((repo / ALLOWED).read_text(encoding="utf-8"))
    return [Allowed(**each) for each in entries]


def tracked(repo: Path = REPO) -> list[str]:
    """List the tracked files to count in."""
    patterns = [f"*{suffix}" for suffix in SUFFIXES]
    command = ["git", "ls-files", "-z", "--", *patterns]
    listed = subprocess.run(command, cwd=repo, capture_output=True, text=True, check=True).stdout
    own = {WORDS.as_posix(), ALLOWED.as_posix(), COUNTS.as_posix(), "tests/unit/tooling/quality/test_words.py"}
    return [name for name in listed.split("\0") if name and name not in own and (repo / name).is_file()]


def matches(file: str, text: str, words: list[Word], allowed: Sequence[Allowed] = ()) -> Iterator[Match]:
    """Yield every occurrence of a word in a file, except within allowed texts."""
    lowered = text.lower()
    exempt = [span for each in allowed for span in each.spans(file, lowered)]
    for each in words:
        if Path(file).suffix not in each.files:
            continue
        # Whether a word begins here is checked afterwards: a lookbehind in front makes the search six times as slow.
        for match in each.expression.finditer(lowered):
            if any(match.start() in span and match.end() - 1 in span for span in exempt):
                continue
            if not lowered[match.start() - 1 : match.start()].isalpha():
                line = lowered.count("\n", 0, match.start()) + 1
                yield Match(file, line, " ".join(match[0].split()), each)


def all_matches(repo: Path = REPO) -> Iterator[Match]:
    """Yield every occurrence in the tracked files."""
    words, allowed = load_words(repo), load_allowed(repo)
    for file in tracked(repo):
        yield from matches(file, (repo / file).read_text(encoding="utf-8"), words, allowed)


def unused(repo: Path = REPO) -> list[str]:
    """Describe each allowed text that no longer occurs."""
    files = [(file, (repo / file).read_text(encoding="utf-8").lower()) for file in tracked(repo)]
    return [
        f"{ALLOWED}: `{each.text}` does not occur in {each.files}"
        for each in load_allowed(repo)
        if not any(next(each.spans(*file), None) for file in files)
    ]


def count(repo: Path = REPO) -> Counts:
    """Count occurrences by folder and word; a word without any has a zero in the root, so that it cannot return."""
    counter = Counter((folder(match.file), match.word.id) for match in all_matches(repo))
    present = {each for _, each in counter}
    counter.update({(".", each.id): 0 for each in load_words(repo) if each.id not in present})
    counts: Counts = {}
    for (name, each), number in sorted(counter.items()):
        counts.setdefault(name, {})[each] = number
    return counts


def folder(file: str) -> str:
    """Return the folder that a file is counted in: at most two levels, `.` for the root."""
    return Path(*Path(file).parent.parts[:_DEPTH]).as_posix()


def load_counts(repo: Path = REPO) -> Counts:
    """Read the committed counts."""
    counts: Counts = yaml.safe_load((repo / COUNTS).read_text(encoding="utf-8")) or {}
    return counts


def differences(committed: Counts, actual: Counts) -> list[str]:
    """Describe each count that differs from the committed one."""
    lines = []
    for name in sorted({*committed, *actual}):
        before, now = committed.get(name, {}), actual.get(name, {})
        for each in sorted({*before, *now}):
            if before.get(each) != now.get(each):
                lines.append(f"{name}: `{each}` {before.get(each, 'none')} -> {now.get(each, 'none')}")
    return lines


def risen(committed: Counts, actual: Counts) -> list[str]:
    """Describe each word whose total over all folders has risen. Words that are new to the list are ignored."""
    before, now = _totals(committed), _totals(actual)
    return [f"`{each}`: {before[each]} -> {now[each]}" for each in sorted(before) if now[each] > before[each]]


def _totals(counts: Mapping[str, Mapping[str, int]]) -> Counter[str]:
    totals: Counter[str] = Counter()
    for each in counts.values():
        totals.update(each)
    return totals


def check(repo: Path = REPO) -> list[str]:
    """Return the problems that make `--check` fail."""
    lines = differences(load_counts(repo), count(repo))
    if not lines:
        return unused(repo)
    return [
        *lines,
        "hint: `python -m tooling.quality.words --list FOLDER` shows each place and what to write instead;"
        " if words were removed or files moved, run `python -m tooling.quality.words --write`",
    ]


def write(repo: Path = REPO) -> list[str]:
    """Renew the committed counts; return the words whose total has risen, which prevents it."""
    actual = count(repo)
    if (repo / COUNTS).is_file() and (higher := risen(load_counts(repo), actual)):
        return higher
    (repo / COUNTS).write_text(_HEADER + yaml.safe_dump(actual, sort_keys=True, width=1000), encoding="utf-8")
    return []


def main() -> int:
    match sys.argv[1:]:
        case [] | ["--check"]:
            problems = check()
        case ["--write"]:
            problems = write()
        case ["--list", below]:
            for match in all_matches():
                if match.file.startswith(below):
                    print(f"{match.file}:{match.line}: {match.text!r}; instead: {match.word.use}")  # noqa: T201
            return 0
        case _:
            print(__doc__, file=sys.stderr)  # noqa: T201
            return 2
    if problems:
        print("\n".join(problems), file=sys.stderr)  # noqa: T201
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
