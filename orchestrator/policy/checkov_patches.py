"""Changes to checkov inside the worker: blocks it has no rules for, errors it swallows, work it repeats."""

from __future__ import annotations

import concurrent.futures
import copy
import os
import re
from concurrent.futures import wait
from typing import Any

import ply.yacc
from bc_jsonpath_ng.ext import parse
from checkov.cloudformation.parser.cfn_yaml import MarkedLoader
from checkov.common.checks.base_check_registry import BaseCheckRegistry
from checkov.common.checks_infra.registry import get_graph_checks_registry
from checkov.common.models.enums import CheckResult
from checkov.common.runners import base_runner
from checkov.terraform import runner as source_runner
from checkov.terraform.checks.data.registry import data_registry
from checkov.terraform.checks.resource.registry import resource_registry
from checkov.terraform.context_parsers.base_parser import BaseContextParser
from checkov.terraform.graph_builder.variable_rendering import evaluate_terraform
from checkov.terraform.runner import Runner as SourceRunner

Json = dict[str, Any]

JUDGED = {id(resource_registry): "resource", id(data_registry): "data"}
scan_entity = BaseCheckRegistry.scan


def install() -> None:
    """Apply the changes that hold for the life of the worker."""
    remember_grammar()
    remember_expressions()
    judge_variables_and_outputs()
    leave_out_examples()
    shorten_file_names()


class BlockRegistry(BaseCheckRegistry):  # type: ignore[misc]
    """Apply resource rules to `variable` and `output` blocks, which checkov checks with no rule."""

    def __init__(self, block_type: str) -> None:
        super().__init__("terraform")
        self.block_type = block_type

    def extract_entity_details(self, entity: Json) -> tuple[str, str, Json]:
        name = next(iter(entity))
        # In the form of a resource's address; checkov's address of a variable is its bare name.
        entity[name]["__address__"] = f"{self.block_type}.{name}"
        return self.block_type, name, entity[name]

    def get_checks(self, entity: str) -> list[Any]:
        return list(resource_registry.checks.get(self.block_type) or [])


class OutputContextParser(BaseContextParser):  # type: ignore[misc]
    """Find the lines of outputs by searching the file: checkov's parser does not keep them."""

    def __init__(self) -> None:
        super().__init__("output")

    def get_entity_context_path(self, entity_block: Json) -> list[str]:
        return [next(iter(entity_block))]

    def enrich_definition_block(self, definition_blocks: list[Json]) -> Json:
        for block in definition_blocks:
            name = next(iter(block))
            opening = re.compile(rf'output\s+"{re.escape(name)}"')
            line = next((number for number, text in self.file_lines if opening.match(text)), 1)
            self.context[name] = {"start_line": line, "end_line": line, "code_lines": []}
        context: Json = self.context
        return context


def judge_variables_and_outputs() -> None:
    """Register the rules for `variable` and `output` blocks."""
    OutputContextParser()
    kinds = {kind: BlockRegistry(kind) for kind in ("variable", "output")}
    source_runner.CHECK_BLOCK_TYPES |= set(kinds)
    SourceRunner.block_type_registries = {**SourceRunner.block_type_registries, **kinds}


class Crashes:
    """Record the errors that checkov swallows.

    checkov counts a rule that raises as `unknown` and does not report it, nor a block that never reaches its rules.
    """

    def __init__(self) -> None:
        self.by_rule: dict[str, str] = {}
        self.graph_rules_ran: set[str] = set()
        self.scanned: set[tuple[str, str, str, str]] = set()

    def judged(self, folder: str) -> list[list[str]]:
        """List file, kind, type and name of every resource and data source that reached the rules."""
        return [[os.path.realpath(f"{folder}/{file}"), *block] for file, *block in sorted(self.scanned)]

    def watch(self) -> None:
        crashes = self

        def run_check(
            registry: BaseCheckRegistry,
            check: Any,
            entity_configuration: Any,
            entity_name: str,
            entity_type: str,
            scanned_file: str,
            skip_info: Any,
        ) -> Json:
            check.graph = registry.graph
            try:
                result: Json = check.run(
                    scanned_file=scanned_file,
                    entity_configuration=entity_configuration,
                    entity_name=entity_name,
                    entity_type=entity_type,
                    skip_info=skip_info,
                )
            except Exception as error:
                crashes.by_rule[check.id] = f"{entity_type}.{entity_name}: {error!r}"
                return {
                    "result": CheckResult.UNKNOWN,
                    "suppress_comment": "",
                    "evaluated_keys": [],
                    "results_configuration": entity_configuration,
                    "check": check,
                    "entity": entity_configuration,
                }
            return result

        BaseCheckRegistry.run_check = run_check

        def scan(registry: BaseCheckRegistry, file: str, entity: Json, *others: Any, **named: Any) -> Json:
            if kind := JUDGED.get(id(registry)):
                crashes.scanned.add((file, kind, *registry.extract_entity_details(entity)[:2]))
            results: Json = scan_entity(registry, file, entity, *others, **named)
            return results

        BaseCheckRegistry.scan = scan

        graph = get_graph_checks_registry("terraform")
        run_rule = graph.run_check_parallel

        def run_check_parallel(check: Any, results: Json, graph_connector: Any) -> None:
            try:
                run_rule(check, results, graph_connector)
            except Exception as error:
                crashes.by_rule[check.id] = repr(error)
            else:
                crashes.graph_rules_ran.add(check.id)

        graph.run_check_parallel = run_check_parallel
        concurrent.futures.wait = wait_and_raise  # type: ignore[assignment]


def wait_and_raise(futures: Any) -> Any:
    """Wait as `concurrent.futures.wait` and raise, because checkov's solvers never read a future's exception."""
    futures = list(futures)
    result = wait(futures)
    for future in futures:
        future.result()
    return result


def remember_grammar() -> None:
    """Cache the parser tables of JSONPath, which checkov's library builds again for each of many expressions.

    Each call returns a copy, because a parser holds the state of the text it is parsing.
    """
    make = ply.yacc.yacc
    made: dict[tuple[type, str], Any] = {}

    def yacc(*, module: Any, start: str, **options: Any) -> Any:
        key = (type(module), start)
        if key not in made:
            made[key] = make(module=module, start=start, **options)
        return copy.copy(made[key])

    ply.yacc.yacc = yacc
    parse("$.warm")  # in the parent, so that every child inherits the tables


def remember_expressions() -> None:
    """Cache the values of expressions: checkov builds an interpreter for each of thousands, most of them equal.

    Only immutable values are cached, and only for the life of a scan's process.
    """
    evaluate = evaluate_terraform.evaluate
    values: dict[str, Any] = {}
    errors: dict[str, Exception] = {}

    def remembered(expression: Any) -> Any:
        if not isinstance(expression, str):
            return evaluate(expression)
        if expression in errors:
            raise errors[expression].with_traceback(None)
        if expression in values:
            return values[expression]
        try:
            value = evaluate(expression)
        except Exception as error:
            errors[expression] = error
            raise
        if value is None or isinstance(value, str | int | float):
            values[expression] = value
        return value

    evaluate_terraform.evaluate = remembered


def leave_out_examples() -> None:
    """Skip the examples: the modules' tests plan them, no environment deploys them, and each would rescan its module.

    This extends checkov's list of ignored folders. Its option, `excluded_paths`, turns the paths into patterns that
    match far more than these folders.
    """
    base_runner.ignored_directories.append("examples")


def shorten_file_names() -> None:
    """Mark the parts of a plan with the bare name of its file.

    checkov adds the file's path to every block of a plan, where rules about secrets take it for one of the block's
    values: a path with exactly 40 letters, digits and slashes in a row looks like a secret key of AWS.
    """
    construct = MarkedLoader.construct_mapping

    def construct_mapping(loader: Any, node: Any, deep: bool = False) -> Any:
        mapping = construct(loader, node, deep)
        mapping["__file__"] = os.path.basename(str(mapping["__file__"]))
        return mapping

    MarkedLoader.construct_mapping = construct_mapping
