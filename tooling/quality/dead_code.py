"""Report functions, methods, classes and imports that nothing uses.

    python -m tooling.quality.dead_code

Exits with 1 if there is one. Variables are left out: fields of models and settings of modules are read by name.
"""

from __future__ import annotations

import sys
from fnmatch import fnmatch
from pathlib import Path

from vulture import Vulture
from vulture.core import Item

REPO = Path(__file__).resolve().parents[2]
PATHS = ("orchestrator", "emulator", "lambda", "tooling", "benchmarks")
KINDS = {"class", "function", "import", "method", "property", "unreachable_code"}
NOT_REPORTED = (
    "*/moto_*.py",  # replace methods of moto by name
    "*/sagemaker/studio.py",  # its methods are called by the name of the operation
)
DECORATORS = ["@*.command*", "@*.group*", "@model_validator", "@field_validator"]
ALLOWED = {
    # The standard library, werkzeug, moto, click, PyYAML and checkov call these by name.
    "run_wsgi",
    "log_error",
    "log_request",
    "connection_dropped",
    "call_action",
    "get_application",
    "seekable",
    "readinto",
    "ignore_aliases",
    "format_commands",
    "get_checks",
    "get_entity_context_path",
    "enrich_definition_block",
    "read_state_file",
    # Only tests call these: they inspect what a process or a wire message is, or what an environment would need.
    "worker_pid",
    "schema_types",
    "of_environment",
    "beyond_defaults",
}


def unused() -> list[Item]:
    """Return what nothing uses and nothing excuses."""
    scan = Vulture(ignore_names=sorted(ALLOWED), ignore_decorators=DECORATORS)
    scan.scavenge([str(REPO / path) for path in PATHS])
    return [
        item
        for item in scan.get_unused_code(min_confidence=60)
        if item.typ in KINDS and not any(fnmatch(str(item.filename), pattern) for pattern in NOT_REPORTED)
    ]


def main() -> int:
    items = unused()
    for item in items:
        place = Path(item.filename).relative_to(REPO)
        sys.stderr.write(f"{place}:{item.first_lineno}: unused {item.typ} `{item.name}`: delete it\n")
    return 1 if items else 0


if __name__ == "__main__":
    sys.exit(main())
