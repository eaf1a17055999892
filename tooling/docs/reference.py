"""Write `docs/reference/{aws-limits,cli,configuration,exit-codes,inference-matrix}.md` from the code.

    python -m tooling.docs.reference [--check]

`--check` writes nothing and exits with 1 if a file is out of date.
"""

from __future__ import annotations

import inspect
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click

from orchestrator import cli, errors
from orchestrator.config.schema import schemas
from tooling.aws import limits
from tooling.docs import inference_matrix
from tooling.docs.pages import publish, table

REPO = Path(__file__).resolve().parents[2]
FOLDER = Path("docs/reference")
NOTE = "<!-- Written by `make docs` from the code. -->"
WIDTH = 100


def cli_page() -> str:
    """Render the help texts of all commands, as `--help` prints them."""
    parts = ["# Command line", NOTE, "`orchestrator COMMAND --help` prints the same."]
    for path, command in _commands(cli.cli, ("orchestrator",)):
        # As on the command line: sub-commands inherit the help options, and click caches them.
        settings = {"help_option_names": cli.cli.context_settings["help_option_names"]}
        context = click.Context(
            command, info_name=" ".join(path), max_content_width=WIDTH, terminal_width=WIDTH, **settings
        )
        parts += [f"## `{' '.join(path)}`", "```text\n" + command.get_help(context).rstrip() + "\n```"]
    return "\n\n".join(parts) + "\n"


def _commands(command: click.Command, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command, info_name=path[-1])
        for name in command.list_commands(context):
            child = command.get_command(context, name)
            if child is not None:
                yield from _commands(child, (*path, name))


def configuration_page() -> str:
    """Render every key of the environment files with its type, default and rule."""
    schema = "`orchestrator schema platform|blueprint` prints the JSON Schemas."
    aws = "[Limits of AWS](aws-limits.md) lists the values that AWS accepts; they are validated as well."
    parts = ["# Environment files", NOTE, f"{schema} {aws}"]
    for document in schemas().values():
        parts += [f"## `{document['title']}`", _table(document, document.get("$defs", {}))]
    return "\n\n".join(parts) + "\n"


def _table(document: dict[str, Any], definitions: dict[str, Any]) -> str:
    return table(("key", "type", "default", "rule", "meaning"), _rows(document, definitions, "")).rstrip()


def _rows(document: dict[str, Any], definitions: dict[str, Any], prefix: str) -> Iterator[tuple[str, ...]]:
    required = document.get("required", [])
    for name, field in document.get("properties", {}).items():
        options = [_resolve(option, definitions) for option in field.get("anyOf", field.get("oneOf", [field]))]
        nested = [option for option in options if "properties" in option]
        if not nested:
            default = "required" if name in required else f"`{json.dumps(field.get('default'))}`"
            types = " or ".join(sorted({_type(option) for option in options}))
            rule = "; ".join(filter(None, map(_rule, options)))
            yield f"`{prefix}{name}`", types, default, rule, field.get("description", "").replace("\n", " ")
        if nested and name in required:
            yield f"`{prefix}{name}`", "section", "required", "", field.get("description", "")
        for option in nested:
            source = option["properties"].get("source", {}).get("const")
            label = f"{prefix}{name}" + (f" ({source})" if source else "")
            yield from _rows(option, definitions, f"{label}.")


def _resolve(option: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    reference = option.get("$ref") or (option.get("allOf") or [{}])[0].get("$ref")
    return definitions[reference.rsplit("/", 1)[-1]] if reference else option


def _type(option: dict[str, Any]) -> str:
    if "enum" in option or "const" in option:
        return "one of"
    if option.get("type") == "array":
        return "list"
    if option.get("type") == "object":
        return "map"
    return str(option.get("format") or option.get("type") or "any")


def _rule(option: dict[str, Any]) -> str:
    if "const" in option:
        return f"`{option['const']}`"
    if "enum" in option:
        return ", ".join(f"`{value}`" for value in option["enum"])
    words = {"minimum": "≥ {}", "maximum": "≤ {}", "exclusiveMinimum": "> {}", "minItems": "at least {} items"}
    rules = [words[key].format(option[key]) for key in words if key in option]
    if "pattern" in option:
        rules.append(f"`{option['pattern']}`".replace("|", "\\|"))
    return ", ".join(rules)


def exit_codes_page() -> str:
    """Render the exit codes from the tree of errors."""
    story = inspect.getdoc(errors) or ""
    return "\n\n".join(["# Exit codes", NOTE, "```text\n" + story + "\n```"]) + "\n"


PAGES: dict[str, Callable[[], str]] = {
    "aws-limits.md": lambda: limits.page(NOTE),
    "cli.md": cli_page,
    "configuration.md": configuration_page,
    "exit-codes.md": exit_codes_page,
    "inference-matrix.md": lambda: inference_matrix.page(NOTE),
}


def main() -> int:
    """Write the pages, or with `--check` report those that are out of date."""
    return publish(REPO, {FOLDER / name: page() for name, page in PAGES.items()})


if __name__ == "__main__":
    sys.exit(main())
