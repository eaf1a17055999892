"""The process behind the policy gate: checkov, loaded once, one forked child for each scan.

Runs under `.venv-checkov/bin/python`, because checkov pins an old boto3; therefore it imports nothing
of the project. Started by `worker_start.py`. One JSON object per line comes in on stdin and one goes out on
stdout for each:

    argv: <folder of own rules>
    out:  {"ready": {"loaded": {rule id: name}, "problems": [what checkov said while it loaded the rules]}}
    in:   {"mode": "source", "path": "<folder>", "parts": [folders below it]} | {"mode": "plan", "path": "<plan.json>"}
    out:  {"result": {...}} | {"error": "..."}

Why not the command line: its start takes ten times longer than a scan, and it ends with success when a
rule could not be loaded or crashed. Why a child per scan: checkov keeps parser and graph state in
module globals, and a scan must not see what an earlier one left. Parts of a source are scanned at the
same time, as many as there are cores.
"""

from __future__ import annotations

import concurrent.futures
import copy
import gc
import json
import logging
import os
import re
import select
import sys
import traceback
from collections.abc import Iterable
from concurrent.futures import wait
from typing import Any

import ply.yacc
from bc_jsonpath_ng.ext import parse
from checkov.common.checks.base_check_registry import BaseCheckRegistry
from checkov.common.checks_infra.registry import get_graph_checks_registry
from checkov.common.models.enums import CheckResult
from checkov.common.runners import base_runner
from checkov.runner_filter import RunnerFilter
from checkov.terraform import runner as source_runner
from checkov.terraform.checks.data.registry import data_registry
from checkov.terraform.checks.provider.registry import provider_registry
from checkov.terraform.checks.resource.registry import resource_registry
from checkov.terraform.context_parsers.base_parser import BaseContextParser
from checkov.terraform.graph_builder.variable_rendering import evaluate_terraform
from checkov.terraform.plan_runner import Runner as PlanRunner
from checkov.terraform.runner import Runner as SourceRunner

Json = dict[str, Any]

PLACEHOLDERS_SWITCH = "EVAL_TF_PLAN_AFTER_UNKNOWN"
"""checkov's environment variable: put a placeholder where a plan does not know a value yet."""

JUDGED = {id(resource_registry): "resource", id(data_registry): "data"}
scan_entity = BaseCheckRegistry.scan

ATTRIBUTE_REGISTRIES = (resource_registry, data_registry, provider_registry)


class Problems(logging.Handler):
    """Collects warnings: checkov reports a rule that it cannot load nowhere else."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(record.getMessage())


class BlockRegistry(BaseCheckRegistry):  # type: ignore[misc]
    """Hands blocks that checkov judges by no rule, `variable` and `output`, to the resource rules for that type."""

    def __init__(self, block_type: str) -> None:
        super().__init__("terraform")
        self.block_type = block_type

    def extract_entity_details(self, entity: Json) -> tuple[str, str, Json]:
        name = next(iter(entity))
        # As with resources; checkov's own address of a variable is its bare name.
        entity[name]["__address__"] = f"{self.block_type}.{name}"
        return self.block_type, name, entity[name]

    def get_checks(self, entity: str) -> list[Any]:
        return list(resource_registry.checks.get(self.block_type) or [])


class OutputContextParser(BaseContextParser):  # type: ignore[misc]
    """Where an output stands; checkov's parser keeps no line numbers of outputs, so it is searched for."""

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
    OutputContextParser()
    kinds = {kind: BlockRegistry(kind) for kind in ("variable", "output")}
    source_runner.CHECK_BLOCK_TYPES |= set(kinds)
    SourceRunner.block_type_registries = {**SourceRunner.block_type_registries, **kinds}


class Crashes:
    """Catches what checkov swallows: a rule that raises counts as `unknown` there and is not reported, and a block
    that it loses on the way to its rules is not missed."""

    def __init__(self) -> None:
        self.by_rule: dict[str, str] = {}
        self.graph_rules_ran: set[str] = set()
        self.asked: set[tuple[str, str, str, str]] = set()

    def judged(self, folder: str) -> list[list[str]]:
        """File, kind, type and name of every resource and data source that the rules were asked about."""
        return [[os.path.realpath(f"{folder}/{file}"), *block] for file, *block in sorted(self.asked)]

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
                crashes.asked.add((file, kind, *registry.extract_entity_details(entity)[:2]))
            found: Json = scan_entity(registry, file, entity, *others, **named)
            return found

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
    """`concurrent.futures.wait` for checkov's solvers, which never ask a future for its exception."""
    futures = list(futures)
    result = wait(futures)
    for future in futures:
        future.result()
    return result


def remember_grammar() -> None:
    """Keeps the parser tables of JSONPath: checkov's library makes them anew for each of many expressions.

    A copy is handed out each time, because a parser holds the state of the text it is parsing.
    """
    make = ply.yacc.yacc
    made: dict[tuple[type, str], Any] = {}

    def yacc(*, module: Any, start: str, **options: Any) -> Any:
        key = (type(module), start)
        if key not in made:
            made[key] = make(module=module, start=start, **options)
        return copy.copy(made[key])

    ply.yacc.yacc = yacc
    parse("$.warm")  # here and not in a child, so that every scan finds the tables


def remember_expressions() -> None:
    """Keeps what an expression came to: checkov builds an interpreter for each of thousands, most of them equal.

    Only what cannot be changed by whoever gets it is kept, and only for the life of a scan's process.
    """
    evaluate = evaluate_terraform.evaluate
    values: dict[str, Any] = {}
    refused: dict[str, Exception] = {}

    def remembered(expression: Any) -> Any:
        if not isinstance(expression, str):
            return evaluate(expression)
        if expression in refused:
            raise refused[expression].with_traceback(None)
        if expression in values:
            return values[expression]
        try:
            value = evaluate(expression)
        except Exception as error:
            refused[expression] = error
            raise
        if value is None or isinstance(value, str | int | float):
            values[expression] = value
        return value

    evaluate_terraform.evaluate = remembered


def load_rules(own_rules: str) -> Json:
    """Loads checkov's rules and the project's own, and tells which are there."""
    problems = Problems()
    logging.getLogger().addHandler(problems)
    graph = get_graph_checks_registry("terraform")
    graph.load_checks()
    for registry in (resource_registry, graph):
        registry.load_external_checks(own_rules)
    logging.getLogger().removeHandler(problems)
    return {"loaded": dict(sorted((attribute_rules() | graph_rules()).items())), "problems": problems.messages}


def attribute_rules() -> dict[str, str]:
    """Id to name."""
    return {check.id: check.name for registry in ATTRIBUTE_REGISTRIES for _, check in registry.all_checks()}


def graph_rules() -> dict[str, str]:
    """Id to name."""
    return {check.id: check.name for check in get_graph_checks_registry("terraform").checks}


def scan(request: Json) -> Json:
    if request["mode"] == "source":
        return run(SourceRunner(), root_folder=request["part"])
    os.environ.pop(PLACEHOLDERS_SWITCH, None)
    result = run(PlanRunner(), files=[request["path"]])
    if result["failed"]:
        # What fails only because its value is not known before apply is undecided. The second scan
        # tells: there every unknown value is a placeholder.
        os.environ[PLACEHOLDERS_SWITCH] = "1"
        again = run(PlanRunner(), files=[request["path"]])
        still = {(item["rule"], item["resource"]) for item in again["failed"]}
        crashed = set(again["crashed"])
        for item in result["failed"]:
            item["fails_with_placeholders"] = (item["rule"], item["resource"]) in still or item["rule"] in crashed
    return result


def run(runner: Any, **where: Any) -> Json:
    crashes = Crashes()
    crashes.watch()
    report = runner.run(
        runner_filter=RunnerFilter(show_progress_bar=False, download_external_modules=False),
        collect_skip_comments=False,  # the gate itself looks for them, and in comments alone
        **where,
    )
    return {
        "failed": [as_json(record) for record in report.failed_checks],
        "passed": [[record.check_id, record.resource_address or record.resource] for record in report.passed_checks],
        "ran": sorted((set(attribute_rules()) | crashes.graph_rules_ran) - set(crashes.by_rule)),
        "crashed": crashes.by_rule,
        "judged": crashes.judged(where.get("root_folder", "/")),
        "parsing_errors": sorted(str(path) for path in report.parsing_errors),
    }


def as_json(record: Any) -> Json:
    return {
        "rule": record.check_id,
        "name": record.check_name,
        "resource": record.resource_address or record.resource,
        "file": record.file_path,
        "path": os.path.realpath(record.file_abs_path),
        "line": (record.file_line_range or [0])[0],
        "evaluated_keys": list((record.check_result or {}).get("evaluated_keys") or []),
    }


def answer(request: Json) -> Json:
    """What all parts of a request say together."""
    requests = [{**request, "part": part} for part in request.get("parts") or [request["path"]]]
    waiting = requests[::-1]
    results: list[Json] = []
    running: dict[int, tuple[int, bytearray]] = {}
    while waiting or running:
        while waiting and len(running) < (os.cpu_count() or 1):
            pipe, child = scan_in_child(waiting.pop())
            running[pipe] = (child, bytearray())
        for pipe in select.select(list(running), [], [])[0]:
            child, said = running[pipe]
            if chunk := os.read(pipe, 1 << 20):
                said += chunk
                continue
            os.close(pipe)
            del running[pipe]
            _, status = os.waitpid(child, 0)
            if status:
                results.append({"error": f"the scan process ended with status {os.waitstatus_to_exitcode(status)}"})
            else:
                results.append(json.loads(said))
    failed = [result for result in results if "error" in result]
    return failed[0] if failed else {"result": together([result["result"] for result in results], request["path"])}


def together(results: list[Json], folder: str) -> Json:
    """One result; a module that several parts call is told of once. A rule ran if it ran on every part."""
    merged: Json = {}
    for key in ("failed", "passed", "judged"):
        merged[key] = list(unique(result[key] for result in results))
    if os.path.isdir(folder):  # not a plan
        for item in merged["failed"]:
            item["file"] = "/" + os.path.relpath(item["path"], folder)
    merged["ran"] = sorted(set.intersection(*(set(result["ran"]) for result in results)))
    merged["crashed"] = {rule: what for result in results for rule, what in result["crashed"].items()}
    merged["parsing_errors"] = sorted({error for result in results for error in result["parsing_errors"]})
    return merged


def unique(lists: Iterable[list[Any]]) -> Iterable[Any]:
    return {json.dumps(item, sort_keys=True): item for items in lists for item in items}.values()


def scan_in_child(request: Json) -> tuple[int, int]:
    """Forks a process that scans and writes its answer to a pipe; the pipe's reading end and the process's id.

    The child ends without any clean-up of the parent's.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if child:
        os.close(writing)
        return reading, child
    code = 1
    try:
        try:
            said: Json = {"result": scan(request)}
        except Exception:
            said = {"error": traceback.format_exc(limit=-6)}
        send(writing, said)
        code = 0
    finally:
        os._exit(code)


def send(answers: int, message: Json) -> None:
    data = json.dumps(message).encode() + b"\n"
    while data:
        data = data[os.write(answers, data) :]


def leave_out_examples() -> None:
    """Examples are planned by the modules' tests and deployed by nobody; each would scan its module once more.

    By the list of folders that checkov passes over. Its option for that, `excluded_paths`, makes a pattern of the
    letters of these paths, which then leaves out far more.
    """
    base_runner.ignored_directories.append("examples")


def main() -> None:
    answers = os.dup(1)
    os.dup2(2, 1)  # whatever checkov prints must not get between the answers
    remember_grammar()
    remember_expressions()
    judge_variables_and_outputs()
    leave_out_examples()
    ready = load_rules(sys.argv[1])
    # The children inherit all of this and free none of it; looking through it for garbage, again and again, would
    # take them an eighth of their time. What a scan itself leaves behind goes with its process.
    gc.disable()
    gc.freeze()
    send(answers, {"ready": ready})
    for line in sys.stdin:
        send(answers, answer(json.loads(line)))


if __name__ == "__main__":
    main()
