"""Asynchronous endpoints: a queue, an object and a notification for each request, no instances when idle."""

from __future__ import annotations

import base64
import json
import os
import signal
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.integration.sagemaker.test_endpoints import SERVE, Endpoints
from tests.support.compute import evidence, unique, wait_for
from tests.support.delivery import Queue, role
from tests.support.faults import fault as armed

pytestmark = pytest.mark.emulator

DIMENSION = "sagemaker:variant:DesiredInstanceCount"


class Async(Endpoints):
    """Endpoints with a queue, whose notifications arrive in two SQS queues."""

    def __init__(self, aws: Any, bucket: str) -> None:
        super().__init__(aws, bucket)
        self.aws = aws
        self.succeeded, self.failed = Queue(aws, "sns"), Queue(aws, "sns")
        self.topics = [self._topic(queue) for queue in (self.succeeded, self.failed)]

    def _topic(self, queue: Queue) -> str:
        sns = self.aws("sns")
        topic = sns.create_topic(Name=unique("async"))["TopicArn"]
        raw = {"RawMessageDelivery": "true"}
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue.arn, Attributes=raw)
        return str(topic)

    def queued_config(self, model: str, *, most: int = 2, include: tuple[str, ...] = (), kms: str | None = None) -> str:
        name = unique("async")
        topics = {"SuccessTopic": self.topics[0], "ErrorTopic": self.topics[1]}
        output = {
            "S3OutputPath": f"s3://{self.bucket}/async/output",
            "S3FailurePath": f"s3://{self.bucket}/async/failures/",
            "NotificationConfig": {**topics, **({"IncludeInferenceResponseIn": list(include)} if include else {})},
            **({"KmsKeyId": kms} if kms else {}),
        }
        self.client.create_endpoint_config(
            EndpointConfigName=name,
            ProductionVariants=[
                {"VariantName": "only", "ModelName": model, "InstanceType": "ml.m5.large", "InitialInstanceCount": 1}
            ],
            AsyncInferenceConfig={
                "OutputConfig": output,
                "ClientConfig": {"MaxConcurrentInvocationsPerInstance": most},
            },
        )
        return name

    def serve_queued(self, model: str, **options: Any) -> str:
        name = self.create(self.queued_config(model, **options))
        assert self.settled(name)["EndpointStatus"] == "InService"
        return name

    def put(self, **document: Any) -> str:
        key = f"async/input/{unique('in')}.json"
        self.s3.put_object(Bucket=self.bucket, Key=key, Body=json.dumps(document))
        return f"s3://{self.bucket}/{key}"

    def send(self, endpoint: str, *inputs: int, **options: Any) -> dict[str, Any]:
        location = options.pop("InputLocation", None) or self.put(inputs=inputs)
        return dict(
            self.runtime.invoke_endpoint_async(
                EndpointName=endpoint, InputLocation=location, ContentType="application/json", **options
            )
        )

    def object(self, location: str) -> dict[str, Any] | None:
        bucket, _, key = location.removeprefix("s3://").partition("/")
        try:
            return dict(self.s3.get_object(Bucket=bucket, Key=key))
        except self.s3.exceptions.NoSuchKey:
            return None

    def result(self, answer: dict[str, Any], where: str = "OutputLocation") -> bytes:
        stored = wait_for(lambda: self.object(answer[where]), until=bool)
        return bytes(stored["Body"].read())


@pytest.fixture
def queued(aws: Any, bucket: str) -> Async:
    return Async(aws, bucket)


@pytest.fixture
def fault(emulator: Any) -> Iterator[Any]:
    with ExitStack() as stack:
        yield lambda kind, **options: stack.enter_context(
            armed(emulator.endpoint, kind, "sagemaker", action="InvokeEndpointAsync", **options)
        )


def test_a_request_ends_as_an_object_and_a_notification(queued: Async) -> None:
    name = queued.serve_queued(queued.model(3), include=("SUCCESS_NOTIFICATION_TOPIC",))
    answer = queued.send(name, 1, 2, InferenceId="mine-1")
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 202
    assert answer["InferenceId"] == "mine-1"
    assert answer["OutputLocation"].startswith(f"s3://{queued.bucket}/async/output/")
    assert answer["OutputLocation"].endswith(".out")
    assert answer["FailureLocation"].endswith("-error.out")
    result = queued.result(answer)
    assert json.loads(result)["outputs"] == [3, 6]
    notice = queued.succeeded.body()
    assert (notice["invocationStatus"], notice["inferenceId"]) == ("Completed", "mine-1")
    assert notice["requestParameters"]["endpointName"] == name
    assert notice["responseParameters"] == {
        "contentType": "application/json",
        "outputLocation": answer["OutputLocation"],
    }
    assert base64.b64decode(notice["responseBody"]["content"]) == result
    assert (notice["eventSource"], notice["eventName"], notice["eventVersion"]) == (
        "aws:sagemaker",
        "InferenceResult",
        "1.0",
    )
    assert queued.object(answer["FailureLocation"]) is None
    [record] = _ended(queued, name)
    assert (record["status"], record["detail"]["location"]) == ("succeeded", answer["OutputLocation"])
    assert record["fidelity"] == "executed"


def test_the_names_of_results_can_be_given(queued: Async) -> None:
    name = queued.serve_queued(queued.model())
    answer = queued.send(name, 1, Filename="r-17.out", S3OutputPathExtension="reviews")
    assert answer["OutputLocation"] == f"s3://{queued.bucket}/async/output/reviews/r-17.out"
    assert answer["FailureLocation"] == f"s3://{queued.bucket}/async/failures/reviews/r-17-error.out"
    assert json.loads(queued.result(answer))["outputs"] == [2]


def test_a_request_that_the_container_rejects_ends_as_a_failure_object(queued: Async) -> None:
    name = queued.serve_queued(queued.model(), include=("ERROR_NOTIFICATION_TOPIC",))
    answer = queued.send(name, InputLocation=queued.put(nothing=1))
    assert queued.result(answer, "FailureLocation") == b"KeyError: 'inputs'"
    notice = queued.failed.body()
    assert notice["invocationStatus"] == "Failed"
    assert notice["failureReason"].startswith("ClientError: Received server error (500) from model.")
    assert base64.b64decode(notice["responseBody"]["content"]) == b"KeyError: 'inputs'"
    assert queued.object(answer["OutputLocation"]) is None


def test_a_missing_input_is_a_failure(queued: Async) -> None:
    name = queued.serve_queued(queued.model())
    answer = queued.send(name, InputLocation=f"s3://{queued.bucket}/async/input/nothing.json")
    assert b"Failed to download the input" in queued.result(answer, "FailureLocation")
    assert "NoSuchKey" in queued.failed.body()["failureReason"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"InputLocation": "https://elsewhere/x"}, "must be a URI of S3"),
        ({"RequestTTLSeconds": 21_601}, "RequestTTLSeconds must be from 60 to 21600"),
        ({"InvocationTimeoutSeconds": 3601}, "InvocationTimeoutSeconds must be from 1 to 3600"),
    ],
)
def test_wrong_requests_are_refused_at_once(queued: Async, options: dict[str, Any], words: str) -> None:
    name = queued.serve_queued(queued.model())
    with pytest.raises(ClientError, match=words) as error:
        queued.send(name, 1, **options)
    assert error.value.response["Error"]["Code"] == "ValidationError"


def test_a_synchronous_request_is_refused(queued: Async) -> None:
    name = queued.serve_queued(queued.model())
    with pytest.raises(ClientError, match="takes InvokeEndpointAsync only") as error:
        queued.ask(name, 1)
    assert error.value.response["Error"]["Code"] == "ValidationError"


def test_it_has_only_the_permissions_of_its_role(queued: Async, aws: Any) -> None:
    """The role reads everything and writes nothing: neither object is written, and the topic gets the reason."""
    model = queued.model()
    reader = role(aws, "sagemaker", "s3:Get*")
    described = queued.client.describe_model(ModelName=model)
    queued.client.delete_model(ModelName=model)
    queued.client.create_model(ModelName=model, ExecutionRoleArn=reader, PrimaryContainer=described["PrimaryContainer"])
    name = queued.serve_queued(model)
    answer = queued.send(name, 1)
    [record] = _ended(queued, name)
    assert "AccessDenied" in record["detail"]["reason"]
    assert record["detail"]["location"] is None
    assert "AccessDenied" in queued.failed.body()["failureReason"]
    assert queued.object(answer["OutputLocation"]) is None


def test_results_are_encrypted_with_the_key_of_the_configuration(queued: Async, aws: Any) -> None:
    key = aws("kms").create_key()["KeyMetadata"]["Arn"]
    answer = queued.send(queued.serve_queued(queued.model(), kms=key), 1)
    queued.result(answer)
    stored = queued.object(answer["OutputLocation"])
    assert stored is not None
    assert stored["SSEKMSKeyId"] == key


def test_a_request_whose_worker_dies_is_delivered_again(queued: Async, fault: Any) -> None:
    name = queued.serve_queued(queued.model(5))
    fault("worker-dies", resource=name, count=2)
    answers = [queued.send(name, number) for number in range(6)]
    results = [json.loads(queued.result(answer))["outputs"] for answer in answers]
    assert results == [[5 * number] for number in range(6)]
    assert sum(record["detail"]["deliveries"] - 1 for record in _ended(queued, name)) == 2
    assert queued.describe(name)["EndpointStatus"] == "InService"


def test_a_server_killed_from_outside_is_replaced(queued: Async, seen: Any) -> None:
    name = queued.serve_queued(queued.model())
    os.kill(seen(kind="endpoint", resource=name)[0]["pid"], signal.SIGKILL)
    assert json.loads(queued.result(queued.send(name, 4)))["outputs"] == [8]


def test_a_fault_of_the_container_is_a_failure(queued: Async, fault: Any) -> None:
    name = queued.serve_queued(queued.model())
    fault("container-error", resource=name, count=1)
    # One after the other: of two concurrent requests, either may meet the fault.
    assert b"fault" in queued.result(queued.send(name, 1), "FailureLocation")
    assert json.loads(queued.result(queued.send(name, 2)))["outputs"] == [4]


def test_a_request_that_always_ends_its_worker_fails_at_last(queued: Async) -> None:
    script = SERVE.replace('if data.get("sleep")', "os._exit(3)\n    if data.get('sleep')")
    name = queued.serve_queued(queued.model(script=script))
    reason = queued.result(queued.send(name, 1), "FailureLocation")
    assert b"exit code 3" in reason


def test_at_zero_instances_requests_wait_and_an_alarm_wakes_the_endpoint(queued: Async, aws: Any, seen: Any) -> None:
    name = queued.serve_queued(queued.model(7))
    scaling, resource = aws("application-autoscaling"), f"endpoint/{name}/variant/only"
    about = {"ServiceNamespace": "sagemaker", "ResourceId": resource, "ScalableDimension": DIMENSION}
    scaling.register_scalable_target(**about, MinCapacity=0, MaxCapacity=2)
    queued.client.update_endpoint_weights_and_capacities(
        EndpointName=name, DesiredWeightsAndCapacities=[{"VariantName": "only", "DesiredInstanceCount": 0}]
    )
    [variant] = queued.describe(name)["ProductionVariants"]
    assert (variant["CurrentInstanceCount"], variant["DesiredInstanceCount"]) == (0, 0)
    wait_for(lambda: seen(kind="endpoint", resource=name)[0]["status"], until=lambda status: status == "succeeded")
    answer = queued.send(name, 1)
    cloudwatch = aws("cloudwatch")
    of_endpoint = {"Namespace": "AWS/SageMaker", "Dimensions": [{"Name": "EndpointName", "Value": name}]}
    measured = wait_for(
        lambda: _metric(cloudwatch, "HasBacklogWithoutCapacity", **of_endpoint), until=lambda result: result == 1.0
    )
    assert measured == 1.0
    assert queued.object(answer["OutputLocation"]) is None
    steps = [{"MetricIntervalLowerBound": 0.0, "ScalingAdjustment": 1}]
    policy = scaling.put_scaling_policy(
        PolicyName="wake",
        PolicyType="StepScaling",
        StepScalingPolicyConfiguration={
            "AdjustmentType": "ChangeInCapacity",
            "Cooldown": 300,
            "StepAdjustments": steps,
            "MetricAggregationType": "Maximum",
        },
        **about,
    )["PolicyARN"]
    cloudwatch.put_metric_alarm(
        AlarmName=unique("wake"),
        MetricName="HasBacklogWithoutCapacity",
        Statistic="Maximum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanOrEqualToThreshold",
        AlarmActions=[policy],
        **of_endpoint,
    )
    assert json.loads(queued.result(answer))["outputs"] == [7]
    assert queued.describe(name)["ProductionVariants"][0]["CurrentInstanceCount"] == 1


@pytest.mark.full
@pytest.mark.parametrize("invoked", [True, False])
def test_an_idle_endpoint_goes_to_zero_where_a_policy_tracks_its_backlog(
    queued: Async, aws: Any, invoked: bool
) -> None:
    name = queued.serve_queued(queued.model())
    about = {
        "ServiceNamespace": "sagemaker",
        "ResourceId": f"endpoint/{name}/variant/only",
        "ScalableDimension": DIMENSION,
    }
    scaling = aws("application-autoscaling")
    scaling.register_scalable_target(**about, MinCapacity=0, MaxCapacity=2)
    metric = {"MetricName": "ApproximateBacklogSizePerInstance", "Namespace": "AWS/SageMaker", "Statistic": "Average"}
    scaling.put_scaling_policy(
        PolicyName="track",
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration={"TargetValue": 5.0, "CustomizedMetricSpecification": metric},
        **about,
    )
    if invoked:
        queued.result(queued.send(name, 1))
    variant = wait_for(
        lambda: queued.describe(name)["ProductionVariants"][0],
        until=lambda result: result["CurrentInstanceCount"] == 0,
        seconds=40,
    )
    assert variant["DesiredInstanceCount"] == 0


def _metric(cloudwatch: Any, name: str, **about: Any) -> float | None:
    now = datetime.now(UTC)
    points = cloudwatch.get_metric_statistics(
        MetricName=name,
        StartTime=now - timedelta(minutes=5),
        EndTime=now + timedelta(minutes=1),
        Period=60,
        Statistics=["Maximum"],
        **about,
    )["Datapoints"]
    return max((point["Maximum"] for point in points), default=None)


def _ended(queued: Async, name: str) -> list[dict[str, Any]]:
    """The records of an endpoint's requests, once all have ended: topics are notified before that is recorded."""
    endpoint = queued.client.meta.endpoint_url
    return list(
        wait_for(
            lambda: evidence(endpoint, kind="async-inference", resource=name),
            until=lambda records: all(record["status"] != "running" for record in records),
            seconds=20,
        )
    )
