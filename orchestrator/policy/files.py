"""Read every file that Terraform would load from a tree, so that none of them escapes the scan.

checkov ignores what it cannot read: code in JSON, remote modules, folders with certain names. It does not apply
override files, and reads files of values that Terraform does not. A file that checkov would not scan as Terraform runs
it is refused here, with its path; the remaining blocks are compared after the scan with those that its rules received.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NoReturn

from orchestrator.errors import PolicyGateBroken
from orchestrator.policy import hcl
from orchestrator.policy.roots import LEFT_OUT

_IGNORED = re.compile(r"^\.|~$|^#.*#$")
"""Names of editors' temporary files, which Terraform ignores whatever their suffix."""
_CODE = (".tf", ".tf.json")
_OVERRIDE = re.compile(r"(?:^|_)override\.tf(?:\.json)?$")
_VALUES = re.compile(r"(?:^terraform|\.auto)\.tfvars(?:\.json)?$")
_LOCAL = re.compile(r"\.\.?(?:/[\w.-]+)*/?")
Code = dict[Path, hcl.File]


def code(folder: Path) -> Code:
    """Read the files of a tree and of the modules that they call, wherever these are.

    Raises `PolicyGateBroken` with the path of the first file that a scan of the source cannot cover.
    """
    files: Code = {}
    waiting = [path for parent, names in _walk(folder) for path in _loaded(parent, names)]
    while waiting:
        path = waiting.pop()
        if path in files:
            continue
        files[path] = read(path)
        for module in _called(path, files[path]):
            waiting += _loaded(module, sorted(os.listdir(module)))
    return dict(sorted(files.items()))


def reaches_outside(folder: Path) -> bool:
    """Return whether the code calls modules that are not below the folder."""
    folder = folder.resolve()
    called = {module for path, file in code(folder).items() for module in _called(path, file)}
    return any(folder not in (module, *module.parents) for module in called)


def read(path: Path) -> hcl.File:
    """Parse one file, which must be UTF-8 without control characters that HCL parsers treat differently."""
    try:
        text = path.read_bytes().decode()
    except UnicodeDecodeError as error:
        _refuse(path, f"it is not UTF-8 (byte {error.start})", "save the file as UTF-8")
    except OSError as error:
        _refuse(path, f"it cannot be read: {error.strerror}", "correct the file's permissions, or delete it")
    if odd := re.search(r"\ufeff|\0|\r(?!\n)", text):
        line = text.count("\n", 0, odd.start()) + 1
        _refuse(path, f"line {line} contains {odd[0]!r}, which parsers treat differently", "remove the character")
    try:
        return hcl.read(text)
    except hcl.Unreadable as error:
        _refuse(path, f"line {error.line}: {error}", "run `terraform validate` there")


def unjudged(code: Code, judged: Iterable[Iterable[str]]) -> list[str]:
    """List the resources and data sources (`file: address`) of the code that no rule received."""
    seen = {(path, kind, type_, name.split("[", 1)[0]) for path, kind, type_, name in judged}
    return [
        f"{path}: {block.address}"
        for path, file in code.items()
        for block in file.blocks
        if block.kind in ("resource", "data") and (os.path.realpath(path), block.kind, *block.labels) not in seen
    ]


def _walk(folder: Path) -> Iterator[tuple[Path, list[str]]]:
    def stop(error: OSError) -> NoReturn:
        _refuse(Path(error.filename), f"it cannot be read: {error.strerror}", "correct the folder's permissions")

    for name, folders, files in os.walk(folder, onerror=stop):
        folders[:] = sorted(set(folders) - LEFT_OUT)
        for each in folders:
            _no_link(Path(name, each))
        yield Path(name), sorted(files)


def _loaded(folder: Path, names: list[str]) -> Iterator[Path]:
    """Yield the files of a folder that Terraform would load."""
    for name in names:
        path = folder / name
        if _IGNORED.search(name):
            continue
        # A folder without code is not a root: in `tests/` only `terraform test` reads such a file.
        if _VALUES.search(name) and any(each.endswith(_CODE) for each in names):
            _refuse(path, "Terraform loads its values automatically", "set the values in the environment's own file")
        if not name.endswith(_CODE) or path.is_dir():
            continue
        _no_link(path)
        if _OVERRIDE.search(name):
            _refuse(path, "it overrides blocks after they were scanned", "change the block itself")
        if name.endswith(".json"):
            _refuse(path, "the source scan does not read JSON", "write it as HCL, in a *.tf file")
        if not path.is_file():
            _refuse(path, "it is not a regular file", "delete it")
        yield path


def _called(path: Path, file: hcl.File) -> Iterator[Path]:
    for block in file.blocks:
        if block.kind != "module":
            continue
        source = block.strings.get("source", "")
        if not _LOCAL.fullmatch(source):
            _refuse(
                path,
                f"line {block.line} calls a module that is not local ({source or 'its source is an expression'})",
                "keep a copy of the module in the repository, and call it by its path",
            )
        folder = (path.parent / source).resolve()
        if not folder.is_dir() or LEFT_OUT & set(folder.parts[len(_common(folder, path)) :]):
            _refuse(
                path, f"line {block.line} calls {source}, which is not scanned", "move the module, or correct the path"
            )
        yield folder


def _common(one: Path, other: Path) -> tuple[str, ...]:
    return Path(os.path.commonpath([one, other])).parts


def _no_link(path: Path) -> None:
    if path.is_symlink():
        _refuse(path, "it is a link, and its target may change unnoticed", "replace it with a copy")


def _refuse(path: Path, what: str, hint: str) -> NoReturn:
    raise PolicyGateBroken(f"{path}: not scanned: {what}", hint=hint)
