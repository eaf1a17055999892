"""Crawlers read objects and write tables; jobs run their script."""

from __future__ import annotations

import os
import signal
from typing import Any

import pytest

from tests.support.compute import ROLE, unique, wait_for

pytestmark = pytest.mark.emulator

ENDED = ("SUCCEEDED", "FAILED", "STOPPED", "TIMEOUT", "ERROR")


class Glue:
    def __init__(self, aws: Any) -> None:
        self.client = aws("glue")
        self.database = unique("db").replace("-", "_")
        self.client.create_database(DatabaseInput={"Name": self.database})

    def crawl(self, path: str, **options: Any) -> dict[str, Any]:
        """Run a crawler and return its description."""
        name = unique("crawler")
        options = {"DatabaseName": self.database, **options}
        self.client.create_crawler(Name=name, Role=ROLE, Targets={"S3Targets": [{"Path": path}]}, **options)
        self.client.start_crawler(Name=name)
        assert self.describe(name)["State"] == "RUNNING"
        return dict(wait_for(lambda: self.describe(name), until=lambda crawler: crawler["State"] == "READY"))

    def describe(self, name: str) -> dict[str, Any]:
        return dict(self.client.get_crawler(Name=name)["Crawler"])

    def table(self, name: str) -> dict[str, Any]:
        return dict(self.client.get_table(DatabaseName=self.database, Name=name)["Table"])

    def columns(self, name: str) -> dict[str, str]:
        return {column["Name"]: column["Type"] for column in self.table(name)["StorageDescriptor"]["Columns"]}

    def job(self, script_uri: str, **options: Any) -> str:
        name = unique("job")
        command = {"Name": "pythonshell", "ScriptLocation": script_uri, "PythonVersion": "3.9"}
        self.client.create_job(Name=name, Role=ROLE, Command=command, **options)
        return name

    def run(self, name: str, **arguments: str) -> str:
        return str(
            self.client.start_job_run(JobName=name, Arguments={f"--{k}": v for k, v in arguments.items()})["JobRunId"]
        )

    def ended(self, name: str, run_id: str) -> dict[str, Any]:
        return dict(wait_for(lambda: self.state(name, run_id), until=lambda run: run["JobRunState"] in ENDED))

    def state(self, name: str, run_id: str) -> dict[str, Any]:
        return dict(self.client.get_job_run(JobName=name, RunId=run_id)["JobRun"])


@pytest.fixture
def glue(aws: Any) -> Glue:
    return Glue(aws)


def put(aws: Any, bucket: str, key: str, body: str | bytes) -> str:
    aws("s3").put_object(Bucket=bucket, Key=key, Body=body)
    return f"s3://{bucket}/{key}"


def test_tab_separated_reviews_with_hive_partitions(aws: Any, bucket: str, glue: Glue, seen: Any) -> None:
    put(aws, bucket, "crawl/reviews/source=amazon/a.txt", '1_1\t2.5\tGood, really "good"\n1_2\t-0.5\tBad\n')
    put(aws, bucket, "crawl/reviews/source=movie/b.txt", "7_1\t1\tFine; fine\n")
    crawler = glue.crawl(f"s3://{bucket}/crawl/reviews/")
    assert crawler["LastCrawl"]["Status"] == "SUCCEEDED"
    table = glue.table("reviews")
    assert glue.columns("reviews") == {"col0": "string", "col1": "double", "col2": "string"}
    assert table["PartitionKeys"] == [{"Name": "source", "Type": "string"}]
    assert table["Parameters"]["classification"] == "csv"
    assert table["Parameters"]["delimiter"] == "\t"
    partitions = glue.client.get_partitions(DatabaseName=glue.database, TableName="reviews")["Partitions"]
    assert {(item["Values"][0], item["StorageDescriptor"]["Location"]) for item in partitions} == {
        ("amazon", f"s3://{bucket}/crawl/reviews/source=amazon/"),
        ("movie", f"s3://{bucket}/crawl/reviews/source=movie/"),
    }
    [record] = seen(kind="glue-crawler", resource=crawler["Name"])
    assert (record["status"], record["fidelity"], record["exit_code"]) == ("succeeded", "executed", 0)


def test_csv_with_a_header_and_json_lines_become_two_tables(aws: Any, bucket: str, glue: Glue) -> None:
    put(aws, bucket, "mixed/points/p.csv", "X1,Label\n1.5,2\n2.5,3\n")
    put(aws, bucket, "mixed/events/e.jsonl", '{"id": 1, "tags": ["a"], "at": {"x": 1.5}}\n{"id": 2}\n')
    put(aws, bucket, "mixed/_reports/r.json", '{"hidden": true}')
    glue.crawl(f"s3://{bucket}/mixed/", TablePrefix="t_")
    names = {table["Name"] for table in glue.client.get_tables(DatabaseName=glue.database)["TableList"]}
    assert names == {"t_points", "t_events"}
    assert glue.columns("t_points") == {"x1": "double", "label": "bigint"}
    assert glue.columns("t_events") == {"id": "int", "tags": "array<string>", "at": "struct<x:double>"}


def test_a_job_with_a_share_of_a_machine_has_a_lower_priority(aws: Any, bucket: str, glue: Glue) -> None:
    usual = os.nice(0)  # of this process, and so of its local AWS
    script = f"import os, sys; print(f'nice {{os.nice(0)}}'); sys.exit(os.nice(0) != {usual})"
    uri = put(aws, bucket, "nice/print.py", script)
    codes = {}
    for name, options in {"sixteenth": {"MaxCapacity": 0.0625}, "whole": {"MaxCapacity": 1.0}}.items():
        job = glue.job(uri, **options)
        codes[name] = glue.ended(job, glue.run(job))
    assert (codes["sixteenth"]["JobRunState"], codes["whole"]["JobRunState"]) == ("FAILED", "SUCCEEDED")
    assert f"nice {usual + 10}" in codes["sixteenth"]["ErrorMessage"]


WRITE_PARQUET = """
import io, sys, boto3, pandas
arguments = dict(zip(sys.argv[1::2], sys.argv[2::2]))
content = io.BytesIO()
pandas.DataFrame({"n": [1], "x": [1.5], "s": ["a"], "ok": [True]}).to_parquet(content)
boto3.client("s3").put_object(Bucket=arguments["--bucket"], Key=arguments["--key"], Body=content.getvalue())
"""


def test_parquet_types_and_a_second_crawl_that_finds_more(aws: Any, bucket: str, glue: Glue) -> None:
    name = glue.job(put(aws, bucket, "pq/write.py", WRITE_PARQUET))
    glue.ended(name, glue.run(name, bucket=bucket, key="pq/t/split=train/p.parquet"))
    glue.crawl(f"s3://{bucket}/pq/t/")
    assert glue.columns("t") == {"n": "bigint", "x": "double", "s": "string", "ok": "boolean"}
    glue.ended(name, glue.run(name, bucket=bucket, key="pq/t/split=test/p.parquet"))
    glue.crawl(f"s3://{bucket}/pq/t/")
    assert len(glue.client.get_partitions(DatabaseName=glue.database, TableName="t")["Partitions"]) == 2


def test_a_missing_bucket_or_database_fails_the_crawl(bucket: str, glue: Glue, aws: Any, seen: Any) -> None:
    crawler = glue.crawl("s3://no-such-bucket-here/data/")
    assert crawler["LastCrawl"]["Status"] == "FAILED"
    assert crawler["LastCrawl"]["ErrorMessage"] == "The specified bucket does not exist: no-such-bucket-here"
    assert seen(kind="glue-crawler", resource=crawler["Name"])[0]["status"] == "failed"
    put(aws, bucket, "nodb/x.csv", "a,b\n1,2\n")
    crawler = glue.crawl(f"s3://{bucket}/nodb/", DatabaseName="no_such_database")
    assert crawler["LastCrawl"]["ErrorMessage"] == "Database no_such_database not found"


def test_a_job_runs_with_merged_arguments_and_extra_modules(aws: Any, bucket: str, glue: Glue, seen: Any) -> None:
    script = """
import json, sys, boto3, helper
arguments = dict(zip(sys.argv[1::2], sys.argv[2::2]))
print("account", boto3.client("sts").get_caller_identity()["Arn"])
boto3.client("s3").put_object(Bucket=arguments["--bucket"], Key="job/out.json", Body=json.dumps([arguments, helper.X]))
"""
    uri = put(aws, bucket, "job/etl.py", script)
    helper = put(aws, bucket, "job/helper.py", "X = 5")
    defaults = {"--bucket": bucket, "--mode": "default", "--extra-py-files": helper}
    name = glue.job(uri, DefaultArguments=defaults)
    run_id = glue.run(name, mode="given")
    assert glue.state(name, run_id)["JobRunState"] in ("STARTING", "RUNNING", "SUCCEEDED")
    assert glue.ended(name, run_id)["JobRunState"] == "SUCCEEDED"
    import json

    arguments, extra = json.loads(aws("s3").get_object(Bucket=bucket, Key="job/out.json")["Body"].read())
    assert (arguments["--mode"], arguments["--JOB_RUN_ID"], extra) == ("given", run_id, 5)
    events = aws("logs").get_log_events(logGroupName="/aws-glue/python-jobs/output", logStreamName=run_id)["events"]
    assert ":assumed-role/compute-tests/" in events[0]["message"]
    [record] = seen(kind="glue-job", resource=name)
    assert (record["status"], record["fidelity"]) == ("succeeded", "executed")
    assert record["artifact_sha256"]


def test_a_failing_script_and_a_missing_one(aws: Any, bucket: str, glue: Glue, seen: Any) -> None:
    uri = put(aws, bucket, "job/bad.py", "raise ValueError('rows are missing')")
    name = glue.job(uri)
    run = glue.ended(name, glue.run(name))
    assert (run["JobRunState"], run["ErrorMessage"]) == (
        "FAILED",
        "Command failed with exit code 1: ValueError: rows are missing",
    )
    name = glue.job(f"s3://{bucket}/job/not-there.py")
    run = glue.ended(name, glue.run(name))
    assert run["JobRunState"] == "FAILED"
    assert "NoSuchKey" in run["ErrorMessage"]
    [record] = seen(kind="glue-job", resource=name)
    assert (record["status"], record["fidelity"]) == ("failed", "not-run")


def test_stopping_and_killing_a_run(aws: Any, bucket: str, glue: Glue, seen: Any) -> None:
    uri = put(aws, bucket, "job/slow.py", "import time\nprint('go', flush=True)\ntime.sleep(60)")
    name = glue.job(uri)
    run_id = glue.run(name)
    wait_for(lambda: glue.state(name, run_id), until=lambda run: run["JobRunState"] == "RUNNING")
    answer = glue.client.batch_stop_job_run(JobName=name, JobRunIds=[run_id])
    assert answer["SuccessfulSubmissions"] == [{"JobName": name, "JobRunId": run_id}]
    assert glue.ended(name, run_id)["JobRunState"] == "STOPPED"

    run_id = glue.run(name)
    wait_for(lambda: glue.state(name, run_id), until=lambda run: run["JobRunState"] == "RUNNING")
    os.kill(seen(kind="glue-job", resource=name)[-1]["pid"], signal.SIGKILL)
    run = glue.ended(name, run_id)
    assert (run["JobRunState"], "killed by signal 9" in run["ErrorMessage"]) == ("FAILED", True)


def test_only_as_many_runs_as_allowed(aws: Any, bucket: str, glue: Glue) -> None:
    uri = put(aws, bucket, "job/wait.py", "import time\ntime.sleep(30)")
    name = glue.job(uri)
    run_id = glue.run(name)
    with pytest.raises(glue.client.exceptions.ConcurrentRunsExceededException):
        glue.run(name)
    wait_for(lambda: glue.state(name, run_id), until=lambda run: run["JobRunState"] == "RUNNING")
    glue.client.batch_stop_job_run(JobName=name, JobRunIds=[run_id])
    glue.ended(name, run_id)
