"""Every file that Terraform would load from a tree, so that none of them goes unjudged.

checkov passes over what it does not read: code in JSON, a module from elsewhere, a folder with the wrong name. It lays
no override file over what that overrides, and believes a file of values where Terraform does not. Whatever it would not
judge as Terraform runs it is refused here, by name; the rest is compared afterwards with what its rules were asked.
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
"""Names that Terraform takes for an editor's, whatever they end with."""
_CODE = (".tf", ".tf.json")
_OVERRIDE = re.compile(r"(?:^|_)override\.tf(?:\.json)?$")
_VALUES = re.compile(r"(?:^terraform|\.auto)\.tfvars(?:\.json)?$")
_LOCAL = re.compile(r"\.\.?(?:/[\w.-]+)*/?")
Code = dict[Path, hcl.File]


def code(folder: Path) -> Code:
    """What a tree's files hold, and those of the modules that they call, wherever these are.

    Raises `PolicyGateBroken` with the name of the first file that no scan of the source can judge.
    """
    found: Code = {}
    waiting = [path for parent, names in _walk(folder) for path in _loaded(parent, names)]
    while waiting:
        path = waiting.pop()
        if path in found:
            continue
        found[path] = read(path)
        for module in _called(path, found[path]):
            waiting += _loaded(module, sorted(os.listdir(module)))
    return dict(sorted(found.items()))


def reaches_outside(folder: Path) -> bool:
    """Whether the code calls modules that are not below the folder."""
    folder = folder.resolve()
    called = {module for path, file in code(folder).items() for module in _called(path, file)}
    return any(folder not in (module, *module.parents) for module in called)


def read(path: Path) -> hcl.File:
    """The blocks of one file, which has to be plain UTF-8."""
    try:
        text = path.read_bytes().decode()
    except UnicodeDecodeError as error:
        _refuse(path, f"it is no UTF-8 (byte {error.start})", "save the file as UTF-8")
    except OSError as error:
        _refuse(path, f"it cannot be read: {error.strerror}", "correct the file's rights, or delete it")
    if odd := re.search(r"\ufeff|\0|\r(?!\n)", text):
        line = text.count("\n", 0, odd.start()) + 1
        _refuse(path, f"line {line} holds {odd[0]!r}, which its readers take differently", "remove the character")
    try:
        return hcl.read(text)
    except hcl.Unreadable as error:
        _refuse(path, f"line {error.line}: {error}", "run `terraform validate` there")


def unjudged(found: Code, judged: Iterable[Iterable[str]]) -> list[str]:
    """Resources and data sources (`file: address`) that are in the code and that no rule was asked about."""
    seen = {(path, kind, type_, name.split("[", 1)[0]) for path, kind, type_, name in judged}
    return [
        f"{path}: {block.address}"
        for path, file in found.items()
        for block in file.blocks
        if block.kind in ("resource", "data") and (os.path.realpath(path), block.kind, *block.labels) not in seen
    ]


def _walk(folder: Path) -> Iterator[tuple[Path, list[str]]]:
    def stop(error: OSError) -> NoReturn:
        _refuse(Path(error.filename), f"it cannot be looked into: {error.strerror}", "correct the folder's rights")

    for name, folders, files in os.walk(folder, onerror=stop):
        folders[:] = sorted(set(folders) - LEFT_OUT)
        for each in folders:
            _no_link(Path(name, each))
        yield Path(name), sorted(files)


def _loaded(folder: Path, names: list[str]) -> Iterator[Path]:
    """The code among a folder's files, as Terraform chooses it."""
    for name in names:
        path = folder / name
        if _IGNORED.search(name):
            continue
        # A folder without code is no root: in `tests/` only `terraform test` reads such a file.
        if _VALUES.search(name) and any(each.endswith(_CODE) for each in names):
            _refuse(path, "Terraform takes values from it unasked", "values come from the environment's own file")
        if not name.endswith(_CODE) or path.is_dir():
            continue
        _no_link(path)
        if _OVERRIDE.search(name):
            _refuse(path, "it changes other blocks after they were judged", "change the block itself")
        if name.endswith(".json"):
            _refuse(path, "the scan of the source does not read JSON", "write it as HCL, in a file *.tf")
        if not path.is_file():
            _refuse(path, "it is no plain file", "delete it")
        yield path


def _called(path: Path, file: hcl.File) -> Iterator[Path]:
    for block in file.blocks:
        if block.kind != "module":
            continue
        source = block.strings.get("source", "")
        if not _LOCAL.fullmatch(source):
            _refuse(
                path,
                f"line {block.line} calls a module from elsewhere ({source or 'its source is no plain text'})",
                "keep a copy of the module in the repository, and call it by its path",
            )
        folder = (path.parent / source).resolve()
        if not folder.is_dir() or LEFT_OUT & set(folder.parts[len(_common(folder, path)) :]):
            _refuse(
                path, f"line {block.line} calls {source}, where no scan looks", "move the module, or correct the path"
            )
        yield folder


def _common(one: Path, other: Path) -> tuple[str, ...]:
    return Path(os.path.commonpath([one, other])).parts


def _no_link(path: Path) -> None:
    if path.is_symlink():
        _refuse(path, "it is a link, and what it leads to may change unseen", "put a copy in its place")


def _refuse(path: Path, what: str, hint: str) -> NoReturn:
    raise PolicyGateBroken(f"{path}: not judged: {what}", hint=hint)
