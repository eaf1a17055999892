"""Write `docs/reference/local-aws.md`: what the local AWS implements, by service.

    python -m tooling.docs.local_aws (--write | --check)

--write  Write the page.
--check  Exit with 1 if the page is out of date.

The patches are installed in this process, and the classes of moto are compared before and after. A changed or added
method counts if an operation of the service has its name.
"""

from __future__ import annotations

import ast
import importlib
import importlib.util
import inspect
import re
import sys
import tempfile
import textwrap
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from botocore import xform_name
from botocore.session import Session

from tooling.docs.pages import publish

REPO = Path(__file__).resolve().parents[2]
PAGE = Path("docs/reference/local-aws.md")
SERVICES = Path("emulator/services")

# Names that differ from botocore's: of IAM, of Terraform's resource types, of moto's packages, of the emulator's.
ALIASES = {
    "api": "apigateway",
    "appautoscaling": "application-autoscaling",
    "awslambda": "lambda",
    "elasticfilesystem": "efs",
    "lambda_": "lambda",
    "sfn": "stepfunctions",
    "states": "stepfunctions",
}
_IAM_ACTION = re.compile(r'"([a-z0-9-]+):[A-Z][A-Za-z*]+"')
_RESOURCE_TYPE = re.compile(r'^(?:resource|data) "aws_([a-z0-9]+)', re.MULTILINE)

INTRODUCTION = """\
# Coverage of the local AWS

<!-- Written by `make docs` from the code of emulator/ and the installed version of moto. -->

What answers a request, by service; [Fidelity](../concepts/local-aws.md#fidelity) defines the values of
`x-emulator-fidelity`. Services are those that `terraform/` names or that the emulator changes. An operation in no row
is rejected with `NotImplemented`. Patches of moto's internals that no operation is named after, such as those of the
state machine interpreter, are not listed.

| Row | Meaning | Fidelity |
|---|---|---|
| executed | kinds of evidence with process id and artifact hash | `executed` once it ran |
| stand-in | kinds of evidence whose work a substitute may do | `stand-in` where it did, else `emulated` |
| added | operations of the emulator that moto lacks | `emulated`, or that of the work they report |
| corrected | operations of moto that the emulator replaces or changes | `emulated`, or that of the work they report |
| recorded | operations that are stored and returned, without any effect | `recorded` |
| rejected | operations of which every call is rejected, as nothing would run | `not-run` |
| moto | operations that moto has a method for (corrected ones included), of those that AWS has | `emulated` |
"""


@dataclass
class Coverage:
    """What answers the requests of one service; operations by their AWS names."""

    executed: set[str] = field(default_factory=set)
    stand_in: set[str] = field(default_factory=set)
    added: set[str] = field(default_factory=set)
    corrected: set[str] = field(default_factory=set)
    recorded: set[str] = field(default_factory=set)
    rejected: set[str] = field(default_factory=set)
    moto: int = 0


@cache
def operations(service: str) -> dict[str, str]:
    """Map the method name of each operation of a service to its AWS name."""
    return {xform_name(name): name for name in _session().get_service_model(service).operation_names}


@cache
def _session() -> Session:
    return Session()


@cache
def service_named(name: str) -> str | None:
    """Return botocore's name of a service; `None` if no service has that name."""
    known = {each.replace("-", ""): each for each in _session().get_available_services()}
    return known.get(ALIASES.get(name, name).replace("-", ""))


def services_of_terraform() -> set[str]:
    """Return the services that IAM actions and resource types of `terraform/` name."""
    texts = [file.read_text(encoding="utf-8") for file in sorted((REPO / "terraform").rglob("*.tf"))]
    names = {name for text in texts for pattern in (_IAM_ACTION, _RESOURCE_TYPE) for name in pattern.findall(text)}
    return {service for name in names if (service := service_named(name))}


def collect() -> dict[str, Coverage]:
    """Return what answers, by service. Patches the moto of this process."""
    coverages: dict[str, Coverage] = defaultdict(Coverage)
    for name in services_of_terraform():
        coverages[name].moto = len(_handlers(name))
    _add_patches(coverages)
    _add_recorded(coverages)
    _add_feature_records(coverages)
    for folder in sorted((REPO / SERVICES).iterdir()):
        service = service_named(folder.name)
        if service and folder.is_dir():
            evidence = evidence_kinds(folder)
            if evidence.executes:
                coverages[service].executed |= evidence.kinds
            elif evidence.substitutes:
                coverages[service].stand_in |= evidence.kinds
    return {name: coverages[name] for name in sorted(coverages)}


def _handlers(service: str) -> set[str]:
    """Return the operations that moto has a method for, in responses or backend; call it before patches are installed.

    Both are needed: the responses of S3 name some handlers differently, those of others do without a backend's method.
    """
    package = "moto." + {"lambda": "awslambda"}.get(service, service.replace("-", ""))
    if not importlib.util.find_spec(package):
        return set()
    methods: set[str] = set()
    for name, parent in (("responses", "core.responses.BaseResponse"), ("models", "core.base_backend.BaseBackend")):
        base = _attribute(f"moto.{parent}")
        classes = [
            each for each in vars(importlib.import_module(f"{package}.{name}")).values() if inspect.isclass(each)
        ]
        methods |= {method for each in classes if issubclass(each, base) for method in set(dir(each)) - set(dir(base))}
    return methods & set(operations(service))


def _attribute(path: str) -> Any:
    module, _, name = path.rpartition(".")
    return getattr(importlib.import_module(module), name)


def _add_patches(coverages: dict[str, Coverage]) -> None:
    patches = importlib.import_module("emulator.moto")
    patches.modules()  # imports moto, so that its classes can be compared
    with tempfile.TemporaryDirectory() as folder:
        settings = importlib.import_module("emulator.core.settings").Settings(
            host="127.0.0.1", port=1, endpoint="http://127.0.0.1:1", data_dir=Path(folder)
        )
        before = _methods()
        own = {service: _handlers(service) for service in {service for service, _ in before}}
        patches.apply(settings)
    for service, names in _changed(before).items():
        coverages[service].moto = len(own[service])
        for name, method in names.items():
            coverage = coverages[service]
            group = coverage.corrected if name in own[service] else coverage.added
            (coverage.rejected if _only_raises(method) else group).add(operations(service)[name])


def _only_raises(method: Any) -> bool:
    """Tell whether a patch rejects every call: its function does nothing but raise."""
    variables = inspect.getclosurevars(method).nonlocals
    function = variables.get("replacement", method)
    definitions = [node for node in _nodes_of(function) if isinstance(node, ast.FunctionDef)]
    return bool(definitions) and all(isinstance(statement, ast.Raise) for statement in definitions[0].body)


Methods = dict[tuple[str, type], dict[str, Any]]


def _methods() -> Methods:
    """Return the methods of each of moto's classes, by service and class."""
    methods: Methods = {}
    for name, module in list(sys.modules.items()):
        parts = name.split(".")
        service = service_named(parts[1]) if parts[0] == "moto" and len(parts) > 2 else None
        for each in list(vars(module).values()) if service else ():
            if isinstance(each, type) and each.__module__.startswith(f"moto.{parts[1]}."):
                methods[str(service), each] = dict(vars(each))
    return methods


def _changed(before: Methods) -> dict[str, dict[str, Any]]:
    """Return the methods that are named as operations and are no longer the same, by service."""
    changed: dict[str, dict[str, Any]] = defaultdict(dict)
    for (service, owner), methods in before.items():
        for name, method in vars(owner).items():
            if methods.get(name) is not method and name in operations(service):
                changed[service][name] = method
    return changed


def _add_recorded(coverages: dict[str, Coverage]) -> None:
    for service in importlib.import_module("emulator.recorded").load().services:
        names = {name for noun in service.nouns for name in noun.operations()}
        if service.tagging:
            names |= {service.tagging.add, service.tagging.remove, service.tagging.list}
        coverages[service.name].recorded |= names
        coverages[service.name].moto = coverages[service.name].moto or len(_handlers(service.name))


def _add_feature_records(coverages: dict[str, Coverage]) -> None:
    """Add the operations of Feature Store's runtime, which are not patches of moto."""
    runtime = importlib.import_module("emulator.services.sagemaker.feature_store.runtime")
    constants = {node.value for node in _nodes_of(runtime.Runtime.handle) if isinstance(node, ast.Constant)}
    coverages[runtime.MODEL].added |= set(operations(runtime.MODEL).values()) & constants


@dataclass(frozen=True)
class Kinds:
    """Kinds of evidence of one service of the emulator."""

    kinds: set[str]
    executes: bool
    substitutes: bool


def evidence_kinds(folder: Path) -> Kinds:
    """Read from the code which kinds of evidence a service begins, and what it notes in them."""
    evidence = importlib.import_module("emulator.core.evidence")
    values: list[ast.expr | None] = []
    keywords, imports = set(), set()
    for node in _nodes(folder):
        if isinstance(node, ast.arguments):
            named = zip(node.kwonlyargs, node.kw_defaults, strict=True)
            values += [default for argument, default in named if argument.arg == "kind"]
        if isinstance(node, ast.ImportFrom):
            imports.add(node.module)
        if isinstance(node, ast.Call):
            keywords |= {keyword.arg for keyword in node.keywords}
            begins = isinstance(node.func, ast.Attribute) and node.func.attr == "begin"
            values += node.args[:1] if begins else []
            values += [each.value for each in node.keywords if each.arg == "kind"]
    literals = {each.value for each in values if isinstance(each, ast.Constant)}
    kinds = {kind for kind in evidence.KINDS if kind in literals and kind not in evidence.NO_WORK}
    executes = {"pid", "artifact_sha256"} <= keywords or "emulator.core.workers" in imports
    return Kinds(kinds, executes, "stand_in" in keywords)


def _nodes_of(function: Any) -> list[ast.AST]:
    return list(ast.walk(ast.parse(textwrap.dedent(inspect.getsource(function)))))


def _nodes(folder: Path) -> Iterator[ast.AST]:
    for file in sorted(folder.rglob("*.py")):
        yield from ast.walk(ast.parse(file.read_text(encoding="utf-8")))


def page(services: dict[str, Coverage]) -> str:
    """Render the page."""
    rows = ["| Service | | Operations |", "|---|---|---|"]
    for name, coverage in services.items():
        cells = [f"**`{name}`**"]
        for row, content in _rows(name, coverage):
            rows.append(f"| {' '.join(cells)} | {row} | {content} |")
            cells = []
    return f"{INTRODUCTION}\n" + "\n".join(rows) + "\n"


def _rows(service: str, coverage: Coverage) -> Iterator[tuple[str, str]]:
    kinds = {"executed": coverage.executed, "stand-in": coverage.stand_in}
    names = {"added": coverage.added, "corrected": coverage.corrected, "recorded": coverage.recorded}
    names["rejected"] = coverage.rejected
    for row, values in kinds.items():
        if values:
            yield row, ", ".join(f"`{kind}`" for kind in sorted(values))
    for row, values in names.items():
        if values:
            yield row, f"{len(values)}: {', '.join(sorted(values))}"
    yield "moto", f"{coverage.moto} of {len(operations(service))}"


def main() -> int:
    """Write the page, or report that it is out of date."""
    if sys.argv[1:] not in (["--write"], ["--check"]):
        sys.stderr.write("usage: python -m tooling.docs.local_aws (--write | --check)\n")
        return 2
    return publish(REPO, {PAGE: page(collect())})


if __name__ == "__main__":
    sys.exit(main())
