"""The gate on data quality, closed: the real state machine from its quality run on, with the phase's real ruleset.

Both are rendered by their Terraform, so an extra rule of the environment files is handled as on AWS.
The outputs of the ETL and the validating function are given: they have separate tests.
"""

from __future__ import annotations

import copy
import io
import json
import re
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.support.compute import ROLE, Lambdas, unique, wait_for
from tests.support.delivery import Queue, told
from tests.terraform import hcl
from tests.terraform.conftest import Terraform

pytestmark = [pytest.mark.emulator, pytest.mark.terraform]

DATA, PIPELINE = "phases/2-data", "modules/stepfunctions"
FIRST, DECISION = "StartQualityRun", "QualityHolds"
NEVER = "RowCount > 1000000000"
VALIDATED = """
def handler(event, context):
    return {"data_fingerprint": "0" * 64, "counts": {"in": 4}, "labels_key": "labels", "labels_sha256": "0" * 64}
"""
COLUMNS = {"review_id": "string", "group_id": "string", "rating": "double", "label": "string", "text": "string"}
ROWS = {
    "review_id": ["1", "2", "3", "4"],
    "group_id": ["a", "a", "b", "c"],
    "rating": [1.0, -1.0, 2.5, -3.5],
    "label": ["positive", "negative", "positive", "negative"],
    "text": ["good", "bad", "better", "worse"],
}


def planned(terraform: Terraform, folder: str, test: str, kind: str, variables: dict[str, Any]) -> dict[str, Any]:
    """Return the one planned resource of this kind, with the values of the folder's own tests and these."""
    given = (hcl.TERRAFORM / folder / "tests" / test).read_text(encoding="utf-8").split("\nrun ")[0]
    values = "\n".join(f"    {name} = {json.dumps(value)}" for name, value in variables.items())
    file = terraform.copy / folder / "tests/gate.tftest.hcl"
    file.write_text(f'{given}\nrun "gate" {{\n  command = plan\n  variables {{\n{values}\n  }}\n}}\n', encoding="utf-8")
    terraform.init(folder)
    done = terraform("test", "-json", "-verbose", f"-filter=tests/{file.name}", folder=folder)
    file.unlink()
    assert done.returncode == 0, done.stdout[-4000:]
    [plan] = [each["test_plan"] for each in map(json.loads, done.stdout.splitlines()) if each["type"] == "test_plan"]
    [planned_values] = [each["change"]["after"] for each in plan["resource_changes"] if each["type"] == kind]
    return dict(planned_values)


class Gate:
    """The pipeline from its quality run on, over a table of four good rows."""

    def __init__(self, aws: Any, bucket: str, terraform: Terraform) -> None:
        self.aws, self.bucket, self.terraform, self.name = aws, bucket, terraform, unique("gate")
        self.database = self.name.replace("-", "_")
        self._table()
        aws("sagemaker").create_model_package_group(ModelPackageGroupName=self.name)
        lambdas = Lambdas(aws("lambda"))
        self.function = lambdas.arn(lambdas.deploy(VALIDATED))
        self.topic = aws("sns").create_topic(Name=self.name)["TopicArn"]
        queue = Queue(aws, "sns")
        aws("sns").subscribe(TopicArn=self.topic, Protocol="sqs", Endpoint=queue.arn)
        self.queue = str(queue.url)
        aws("glue").create_data_quality_ruleset(Name=self.name, Ruleset="Rules = [ RowCount > 0 ]")
        self.definition = self._definition()
        self.after: str = self.definition["States"][DECISION]["Default"]

    def _table(self) -> None:
        sink = io.BytesIO()
        pq.write_table(pa.table(ROWS), sink)
        self.aws("s3").put_object(Bucket=self.bucket, Key=f"{self.database}/reviews/a.parquet", Body=sink.getvalue())
        storage = {
            "Location": f"s3://{self.bucket}/{self.database}/reviews/",
            "Columns": [{"Name": name, "Type": kind} for name, kind in COLUMNS.items()],
            "SerdeInfo": {"SerializationLibrary": "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"},
        }
        glue = self.aws("glue")
        glue.create_database(DatabaseInput={"Name": self.database})
        glue.create_table(
            DatabaseName=self.database,
            TableInput={"Name": "reviews", "StorageDescriptor": storage, "PartitionKeys": []},
        )

    def _definition(self) -> dict[str, Any]:
        """The module's own, entered later."""
        variables = {
            "bucket_name": self.bucket,
            "topic_arn": self.topic,
            "poll_seconds": 1,
            "glue": {
                "crawler_names": {layer: "none" for layer in ("raw", "processed", "features")},
                "job_name": "none",
                "role_arn": ROLE,
                "quality": {"ruleset_name": self.name, "database_name": self.database, "table_name": "reviews"},
            },
            "function_arns": {
                "data_validation": self.function,
                "endpoint_probe": "none",
                "model_artifacts": "none",
            },
            "registry": {"group_name": self.name, "live_parameter_name": f"/{self.name}/live"},
        }
        machine = planned(self.terraform, PIPELINE, "training.tftest.hcl", "aws_sfn_state_machine", variables)
        return {**json.loads(machine["definition"]), "StartAt": FIRST}

    def _set_rules(self, *extra: str) -> None:
        variables = {"data": {"extra_quality_rules": list(extra)}}
        rendered = planned(self.terraform, DATA, "data.tftest.hcl", "aws_glue_data_quality_ruleset", variables)
        self.aws("glue").update_data_quality_ruleset(Name=self.name, Ruleset=rendered["ruleset"])

    def run(self, extra_rule: str, *, beyond: bool) -> tuple[dict[str, Any], list[str], str]:
        """Return how a run ends, the states that it entered, and its name. Unless `beyond`, it ends past the gate."""
        self.told()
        self._set_rules(extra_rule)
        definition = copy.deepcopy(self.definition)
        if not beyond:
            definition["States"][self.after] = {"Type": "Succeed"}
        states, run_id = self.aws("stepfunctions"), unique("run")
        machine = states.create_state_machine(name=run_id, definition=json.dumps(definition), roleArn=ROLE)
        left = {
            "run_id": run_id,
            "dataset": "reviews",
            "hyperparameters": {},
            "approval": "auto",
            "training_job": f"{self.name}-{run_id}",
            "candidate": f"candidate-{run_id}",
            "polls": {"count": 0},
            "quality_polls": {"count": 0},
        }
        execution = states.start_execution(stateMachineArn=machine["stateMachineArn"], input=json.dumps(left))
        arn = execution["executionArn"]
        ended = wait_for(
            lambda: states.describe_execution(executionArn=arn), until=lambda result: result["status"] != "RUNNING"
        )
        pages = states.get_paginator("get_execution_history").paginate(executionArn=arn)
        events = [event for page in pages for event in page["events"]]
        entered = [item["stateEnteredEventDetails"]["name"] for item in events if "stateEnteredEventDetails" in item]
        return ended, entered, run_id

    def told(self, about: str | None = None) -> list[str]:
        """Return the messages of the topic since the last call."""
        return told(self.aws("sqs"), self.queue, about)


@pytest.fixture(scope="module")
def gate(aws: Any, bucket: str, mocked_terraform: Terraform) -> Gate:
    return Gate(aws, bucket, mocked_terraform)


@pytest.mark.parametrize(
    ("rule", "named"),
    [(NEVER, NEVER), ('MysteryRule "label"', 'MysteryRule "label"')],
    ids=["does_not_hold", "cannot_be_evaluated"],
)
def test_a_rule_that_does_not_pass_ends_the_run_by_its_name(
    gate: Gate, seen: Callable[..., list[dict[str, Any]]], rule: str, named: str
) -> None:
    ended, entered, run_id = gate.run(rule, beyond=True)
    assert (ended["status"], ended["error"]) == ("FAILED", "DataQualityFailed")
    # That rule, and none of the others, which hold.
    assert json.loads(re.search(r"\[.*\]", ended["cause"])[0]) == [named]  # type: ignore[index]
    assert gate.told(ended["executionArn"]) == [
        f"{ended['executionArn']} failed with DataQualityFailed: {ended['cause']}"
    ]
    assert gate.after not in entered
    assert entered[-5:] == [DECISION, "DataQualityFailed", "NotifyFailure", "ErrorNameReserved", "Failed"]
    [evaluation] = seen(execution=ended["executionArn"], kind="data-quality")
    assert (evaluation["fidelity"], evaluation["exit_code"]) == ("executed", 0)
    sagemaker = gate.aws("sagemaker")
    assert sagemaker.list_training_jobs(NameContains=run_id)["TrainingJobSummaries"] == []
    assert sagemaker.list_model_packages(ModelPackageGroupName=gate.name)["ModelPackageSummaryList"] == []


def test_rules_that_hold_let_the_run_go_on(gate: Gate) -> None:
    ended, entered, _ = gate.run("RowCount = 4", beyond=False)
    assert ended["status"] == "SUCCEEDED", ended
    assert entered[-2:] == [DECISION, gate.after]
    assert gate.told() == []
