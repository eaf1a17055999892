"""A whole pipeline to run: its scripts, its functions and its state machine."""

from __future__ import annotations

import json
from typing import Any

from tests.support.compute import ROLE, Lambdas, tarred, unique, wait_for
from tests.support.delivery import Queue, told

ETL = """
import sys, csv, io, boto3
a = dict(zip(sys.argv[1::2], sys.argv[2::2]))
table = boto3.client("glue").get_table(DatabaseName=a["--database"], Name="points")["Table"]
bucket, _, prefix = table["StorageDescriptor"]["Location"][5:].partition("/")
s3 = boto3.client("s3")
key = s3.list_objects_v2(Bucket=bucket, Prefix=prefix)["Contents"][0]["Key"]
rows = list(csv.DictReader(io.StringIO(s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode())))
s3.put_object(Bucket=bucket, Key=a["--out"] + "train.csv", Body="\\n".join(r["x"] + "," + r["y"] for r in rows))
"""
TRAIN = """
import argparse, json, os, time
p = argparse.ArgumentParser(); p.add_argument("--factor", type=float); p.add_argument("--sleep", type=float, default=0)
a = p.parse_args()
rows = [l.split(",") for l in open(os.environ["SM_CHANNEL_TRAIN"] + "/train.csv").read().split()]
time.sleep(a.sleep)
slope = a.factor * sum(float(y) for _, y in rows) / sum(float(x) for x, _ in rows)
print(f"slope={slope}")
os.mkdir(os.environ["SM_MODEL_DIR"] + "/code")
json.dump({"slope": slope}, open(os.environ["SM_MODEL_DIR"] + "/m.json", "w"))
open(os.environ["SM_MODEL_DIR"] + "/code/inference.py", "w").write(open("inference.py").read())
"""
SERVE = """
import json
def model_fn(d): return json.load(open(d + "/m.json"))
def input_fn(b, ct): return json.loads(b)
def predict_fn(x, m): return {"outputs": [v * m["slope"] for v in x["inputs"]]}
def output_fn(p, accept): return json.dumps(p), "application/json"
"""
VALIDATE = """
import boto3
def handler(event, context):
    size = boto3.client("s3").head_object(Bucket=event["bucket"], Key=event["key"])["ContentLength"]
    if size < event["least"]: raise ValueError(f"only {size} bytes")
    return {"bytes": size}
"""
EVALUATE = """
import boto3
def handler(event, context):
    job = boto3.client("sagemaker").describe_training_job(TrainingJobName=event["job"])
    slope = {m["MetricName"]: m["Value"] for m in job["FinalMetricDataList"]}["slope"]
    return {"passed": slope >= event["threshold"], "slope": slope}
"""
PROBE = """
import boto3, json
def handler(event, context):
    answer = boto3.client("sagemaker-runtime").invoke_endpoint(
        EndpointName=event["endpoint"], ContentType="application/json", Body=json.dumps({"inputs": [10]}))
    return json.loads(answer["Body"].read())
"""


class Pipeline:
    """One deployed pipeline with its bucket, functions and state machine."""

    def __init__(self, aws: Any, lambdas: Lambdas) -> None:
        self.aws, self.name = aws, unique("pipe")
        self.states, self.s3, self.glue, self.sagemaker = aws("stepfunctions"), aws("s3"), aws("glue"), aws("sagemaker")
        self.database = self.name.replace("-", "_")
        self.s3.create_bucket(Bucket=self.name)
        self.put("raw/points/p.csv", "x,y\n" + "\n".join(f"{n},{2 * n}" for n in range(1, 50)))
        self.put("code/etl.py", ETL)
        self.put("code/source.tar.gz", tarred({"train.py": TRAIN, "inference.py": SERVE}))
        self.glue.create_database(DatabaseInput={"Name": self.database})
        targets = {"S3Targets": [{"Path": f"s3://{self.name}/raw/points/"}]}
        self.glue.create_crawler(Name=self.name, Role=ROLE, DatabaseName=self.database, Targets=targets)
        self.glue.create_job(
            Name=self.name,
            Role=ROLE,
            Command={"Name": "pythonshell", "ScriptLocation": f"s3://{self.name}/code/etl.py", "PythonVersion": "3.9"},
            DefaultArguments={"--database": self.database, "--out": "train/"},
        )
        self.sagemaker.create_model_package_group(ModelPackageGroupName=self.name)
        self.functions = {name: lambdas.arn(lambdas.deploy(source)) for name, source in FUNCTIONS.items()}
        self.topic = aws("sns").create_topic(Name=self.name)["TopicArn"]
        self.queue = self._subscribed_queue()
        self.machine = self.states.create_state_machine(
            name=self.name, definition=json.dumps(definition(self)), roleArn=ROLE
        )["stateMachineArn"]

    def _subscribed_queue(self) -> str:
        queue = Queue(self.aws, "sns")
        self.aws("sns").subscribe(TopicArn=self.topic, Protocol="sqs", Endpoint=queue.arn)
        return str(queue.url)

    def put(self, key: str, body: str | bytes) -> None:
        self.s3.put_object(Bucket=self.name, Key=key, Body=body)

    def start(self, **changes: Any) -> str:
        """A fresh execution; what an earlier one told the topic is gone."""
        self.messages()
        values = {"run": unique("run"), "factor": "1", "sleep": "0", "threshold": 1, "least": 10, **changes}
        return str(self.states.start_execution(stateMachineArn=self.machine, input=json.dumps(values))["executionArn"])

    def ended(self, execution: str) -> dict[str, Any]:
        return dict(
            wait_for(
                lambda: self.states.describe_execution(executionArn=execution),
                until=lambda execution: execution["status"] != "RUNNING",
                seconds=120,
            )
        )

    def entered(self, execution: str) -> list[str]:
        pages = self.states.get_paginator("get_execution_history").paginate(executionArn=execution, maxResults=25)
        events = [event for page in pages for event in page["events"]]
        return [event["stateEnteredEventDetails"]["name"] for event in events if "stateEnteredEventDetails" in event]

    def messages(self, about: str | None = None) -> list[str]:
        """Return the topic's messages since the last call."""
        return told(self.aws("sqs"), self.queue, about)


FUNCTIONS = {"validate": VALIDATE, "evaluate": EVALUATE, "probe": PROBE}


def task(resource: str, parameters: dict[str, Any], following: str, **more: Any) -> dict[str, Any]:
    state = {
        "Type": "Task",
        "Resource": f"arn:aws:states:::{resource}",
        "Parameters": parameters,
        "ResultPath": None,
        "Catch": [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": "Tell"}],
        "Next": following,
    }
    return {**state, **more}


def call(function: str, payload: dict[str, Any], following: str, path: str | None = None) -> dict[str, Any]:
    more = {"ResultSelector": {"value.$": "$.Payload"}, "ResultPath": path} if path else {}
    return task("lambda:invoke", {"FunctionName": function, "Payload": payload}, following, **more)


def definition(pipe: Pipeline) -> dict[str, Any]:
    container = {"Image": "sklearn", "ModelDataUrl.$": "$.model.url"}
    training = {
        "TrainingJobName.$": "$.run",
        "RoleArn": ROLE,
        "AlgorithmSpecification": {
            "TrainingImage": "sklearn",
            "TrainingInputMode": "File",
            "MetricDefinitions": [{"Name": "slope", "Regex": "slope=([0-9.]+)"}],
        },
        "HyperParameters": {
            "sagemaker_program": "train.py",
            "sagemaker_submit_directory": f"s3://{pipe.name}/code/source.tar.gz",
            "factor.$": "$.factor",
            "sleep.$": "$.sleep",
        },
        "InputDataConfig": [
            {
                "ChannelName": "train",
                "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": f"s3://{pipe.name}/train/"}},
            }
        ],
        "OutputDataConfig": {"S3OutputPath": f"s3://{pipe.name}/models"},
        "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 5},
        "StoppingCondition": {"MaxRuntimeInSeconds": 120},
    }
    variant = {
        "VariantName": "primary",
        "ModelName.$": "$.run",
        "InstanceType": "ml.m5.large",
        "InitialInstanceCount": 1,
    }
    metric = {"Namespace": pipe.name, "MetricData": [{"MetricName": "slope", "Value.$": "$.eval.value.slope"}]}
    named = {"EndpointName.$": "$.run"}
    states = {
        "Crawl": task(
            "aws-sdk:glue:startCrawler",
            {"Name": pipe.name},
            "GetCrawler",
            Retry=[{"ErrorEquals": ["Glue.CrawlerRunningException"], "IntervalSeconds": 1, "MaxAttempts": 3}],
        ),
        "GetCrawler": task(
            "aws-sdk:glue:getCrawler",
            {"Name": pipe.name},
            "Crawled?",
            ResultSelector={"state.$": "$.Crawler.State"},
            ResultPath="$.crawler",
        ),
        "Crawled?": {
            "Type": "Choice",
            "Choices": [{"Variable": "$.crawler.state", "StringEquals": "READY", "Next": "Etl"}],
            "Default": "WaitCrawl",
        },
        "WaitCrawl": {"Type": "Wait", "Seconds": 1, "Next": "GetCrawler"},
        "Etl": task("glue:startJobRun.sync", {"JobName": pipe.name}, "Validate"),
        "Validate": call(
            pipe.functions["validate"], {"bucket": pipe.name, "key": "train/train.csv", "least.$": "$.least"}, "Train"
        ),
        "Train": task(
            "sagemaker:createTrainingJob.sync",
            training,
            "Evaluate",
            ResultSelector={"url.$": "$.ModelArtifacts.S3ModelArtifacts", "ended.$": "$.TrainingEndTime"},
            ResultPath="$.model",
        ),
        "Evaluate": call(
            pipe.functions["evaluate"], {"job.$": "$.run", "threshold.$": "$.threshold"}, "Gate", "$.eval"
        ),
        "Gate": {
            "Type": "Choice",
            "Choices": [{"Variable": "$.eval.value.passed", "BooleanEquals": True, "Next": "Register"}],
            "Default": "RejectModel",
        },
        "RejectModel": {"Type": "Fail", "Error": "ModelRejected", "Cause": "too weak"},
        "Register": task(
            "aws-sdk:sagemaker:createModelPackage",
            {
                "ModelPackageGroupName": pipe.name,
                "ModelApprovalStatus": "Approved",
                "InferenceSpecification": {
                    "Containers": [container],
                    "SupportedContentTypes": ["application/json"],
                    "SupportedResponseMIMETypes": ["application/json"],
                },
            },
            "Model",
            ResultPath="$.package",
        ),
        "Model": task(
            "sagemaker:createModel",
            {"ModelName.$": "$.run", "ExecutionRoleArn": ROLE, "PrimaryContainer": container},
            "Config",
        ),
        "Config": task(
            "sagemaker:createEndpointConfig",
            {"EndpointConfigName.$": "$.run", "ProductionVariants": [variant]},
            "Endpoint",
        ),
        "Endpoint": task("sagemaker:createEndpoint", {**named, "EndpointConfigName.$": "$.run"}, "GetEndpoint"),
        "GetEndpoint": task(
            "aws-sdk:sagemaker:describeEndpoint",
            named,
            "Served?",
            ResultSelector={"status.$": "$.EndpointStatus"},
            ResultPath="$.endpoint",
        ),
        "Served?": {
            "Type": "Choice",
            "Choices": [
                {"Variable": "$.endpoint.status", "StringEquals": "InService", "Next": "Probe"},
                {"Variable": "$.endpoint.status", "StringEquals": "Failed", "Next": "Broken"},
            ],
            "Default": "WaitEndpoint",
        },
        "WaitEndpoint": {"Type": "Wait", "Seconds": 1, "Next": "GetEndpoint"},
        "Probe": call(pipe.functions["probe"], {"endpoint.$": "$.run"}, "Live", "$.probe"),
        "Live": task(
            "aws-sdk:ssm:putParameter",
            {
                "Name": f"/{pipe.name}/live",
                "Type": "String",
                "Overwrite": True,
                "Value.$": "States.JsonToString($.probe)",
            },
            "Metric",
        ),
        "Metric": task("aws-sdk:cloudwatch:putMetricData", metric, "Notify"),
        "Notify": task(
            "sns:publish",
            {"TopicArn": pipe.topic, "Message.$": "States.Format('done {}', $.run)"},
            "Done",
        ),
        "Done": {"Type": "Succeed"},
        "Tell": {
            "Type": "Task",
            "Resource": "arn:aws:states:::sns:publish",
            "Parameters": {"TopicArn": pipe.topic, "Message.$": "$.error.Error"},
            "ResultPath": None,
            "Next": "Broken",
        },
        "Broken": {"Type": "Fail", "Error": "PipelineFailed"},
    }
    return {"StartAt": "Crawl", "States": states}
