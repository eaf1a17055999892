"""Load checkov's rules and run one scan: the part of the worker that calls checkov."""

from __future__ import annotations

import logging
import os
from typing import Any

from checkov.common.checks_infra.registry import get_graph_checks_registry
from checkov.runner_filter import RunnerFilter
from checkov.terraform.checks.data.registry import data_registry
from checkov.terraform.checks.provider.registry import provider_registry
from checkov.terraform.checks.resource.registry import resource_registry
from checkov.terraform.plan_runner import Runner as PlanRunner
from checkov.terraform.runner import Runner as SourceRunner

from orchestrator.policy.checkov_patches import Crashes, Json

PLACEHOLDERS_SWITCH = "EVAL_TF_PLAN_AFTER_UNKNOWN"
"""checkov's environment variable: use placeholders for values that a plan does not know yet."""

ATTRIBUTE_REGISTRIES = (resource_registry, data_registry, provider_registry)


class Problems(logging.Handler):
    """Collect warnings, the only place where checkov reports a rule that it cannot load."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(record.getMessage())


def load_rules(own_rules: str) -> Json:
    """Load checkov's rules and the project's, and return those that loaded, with checkov's warnings."""
    problems = Problems()
    logging.getLogger().addHandler(problems)
    graph = get_graph_checks_registry("terraform")
    graph.load_checks()
    for registry in (resource_registry, graph):
        registry.load_external_checks(own_rules)
    logging.getLogger().removeHandler(problems)
    return {"loaded": dict(sorted((attribute_rules() | graph_rules()).items())), "problems": problems.messages}


def attribute_rules() -> dict[str, str]:
    """Map the ids of rules about single resources to their names."""
    return {check.id: check.name for registry in ATTRIBUTE_REGISTRIES for _, check in registry.all_checks()}


def graph_rules() -> dict[str, str]:
    """Map the ids of rules about connected resources to their names."""
    return {check.id: check.name for check in get_graph_checks_registry("terraform").checks}


def scan(request: Json) -> Json:
    """Scan one part of a source, or a plan."""
    if request["mode"] == "source":
        return run(SourceRunner(), root_folder=request["part"])
    os.environ.pop(PLACEHOLDERS_SWITCH, None)
    result = run(PlanRunner(), files=[request["path"]])
    if result["failed"]:
        # A failure that is only due to a value not known before apply is undecided. The second scan, with
        # placeholders for all unknown values, shows which failures these are.
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
        collect_skip_comments=False,  # the gate reads them itself, from comments only
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
