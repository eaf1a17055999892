"""SQS, EC2, KMS, Athena, Glue, CloudWatch Logs and Application Auto Scaling: one fact of AWS each."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest
from botocore.exceptions import ClientError

pytestmark = pytest.mark.emulator


def unique(prefix: str) -> str:
    return f"{prefix}-{uuid.uuid4().hex[:8]}"


def test_sqs_redrive_policy_comes_back_without_blanks(aws: Any) -> None:
    sqs = aws("sqs")
    dead = sqs.create_queue(QueueName=unique("dead"))["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    policy = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 3}, separators=(",", ":"))
    url = sqs.create_queue(QueueName=unique("live"), Attributes={"RedrivePolicy": policy})["QueueUrl"]
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["RedrivePolicy"])["Attributes"]
    assert attributes["RedrivePolicy"] == policy


def test_sqs_keeps_the_redrive_allow_policy(aws: Any) -> None:
    sqs = aws("sqs")
    url = sqs.create_queue(QueueName=unique("queue"))["QueueUrl"]
    assert "RedriveAllowPolicy" not in sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    policy = '{"redrivePermission":"denyAll"}'
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"RedriveAllowPolicy": policy})
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert attributes["RedriveAllowPolicy"] == policy


def test_sqs_keeps_the_policy_when_something_else_changes(aws: Any) -> None:
    sqs = aws("sqs")
    url = sqs.create_queue(QueueName=unique("queue"))["QueueUrl"]
    statement = {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "60"})
    assert sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]["Policy"] == policy
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": ""})
    assert "Policy" not in sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"]).get("Attributes", {})


def test_ec2_gateway_endpoints_route_the_tables_that_join_later(aws: Any) -> None:
    ec2 = aws("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    first, second = (ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"] for _ in range(2))

    def targets(table: str) -> set[str | None]:
        [route_table] = ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"]
        return {route.get("GatewayId") for route in route_table["Routes"] if "DestinationPrefixListId" in route}

    endpoint = ec2.create_vpc_endpoint(
        VpcId=vpc, VpcEndpointType="Gateway", ServiceName="com.amazonaws.us-east-1.s3", RouteTableIds=[first]
    )
    id_ = endpoint["VpcEndpoint"]["VpcEndpointId"]
    ec2.modify_vpc_endpoint(VpcEndpointId=id_, AddRouteTableIds=[second], RemoveRouteTableIds=[first])
    assert (targets(first), targets(second)) == (set(), {id_})
    ec2.delete_vpc_endpoints(VpcEndpointIds=[id_])
    assert targets(second) == set()


def test_ec2_rules_with_a_group_or_a_prefix_list_as_source_keep_their_description(aws: Any) -> None:
    ec2 = aws("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    group = ec2.create_security_group(GroupName=unique("g"), Description="g", VpcId=vpc)["GroupId"]
    source = ec2.create_security_group(GroupName=unique("s"), Description="s", VpcId=vpc)["GroupId"]
    prefix_list = ec2.create_managed_prefix_list(PrefixListName="p", MaxEntries=1, AddressFamily="IPv4")["PrefixList"]
    https = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443}
    ec2.authorize_security_group_ingress(
        GroupId=group, IpPermissions=[https | {"UserIdGroupPairs": [{"GroupId": source, "Description": "by group"}]}]
    )
    ec2.authorize_security_group_ingress(
        GroupId=group,
        IpPermissions=[
            https | {"PrefixListIds": [{"PrefixListId": prefix_list["PrefixListId"], "Description": "by list"}]}
        ],
    )
    rules = ec2.describe_security_group_rules(Filters=[{"Name": "group-id", "Values": [group]}])["SecurityGroupRules"]
    assert {rule.get("Description") for rule in rules if not rule["IsEgress"]} == {"by group", "by list"}


def test_kms_keeps_the_rotation_period(aws: Any) -> None:
    kms = aws("kms")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    assert "RotationPeriodInDays" not in kms.get_key_rotation_status(KeyId=key)
    kms.enable_key_rotation(KeyId=key, RotationPeriodInDays=90)
    assert kms.get_key_rotation_status(KeyId=key)["RotationPeriodInDays"] == 90


def test_athena_work_groups_change(aws: Any) -> None:
    athena = aws("athena")
    name = unique("group")
    results = {"OutputLocation": "s3://a/", "ExpectedBucketOwner": "123456789012"}
    athena.create_work_group(Name=name, Configuration={"ResultConfiguration": results})
    athena.update_work_group(
        WorkGroup=name,
        Description="new",
        ConfigurationUpdates={
            "BytesScannedCutoffPerQuery": 10_000_000,
            "ResultConfigurationUpdates": {"OutputLocation": "s3://b/", "RemoveExpectedBucketOwner": True},
        },
    )
    group = athena.get_work_group(WorkGroup=name)["WorkGroup"]
    assert group["Description"] == "new"
    assert group["Configuration"]["BytesScannedCutoffPerQuery"] == 10_000_000
    assert group["Configuration"]["ResultConfiguration"] == {"OutputLocation": "s3://b/"}


def test_athena_deletes_named_queries(aws: Any) -> None:
    athena = aws("athena")
    query = athena.create_named_query(Name="q", Database="d", QueryString="select 1")["NamedQueryId"]
    athena.delete_named_query(NamedQueryId=query)
    assert query not in athena.list_named_queries()["NamedQueryIds"]


def test_glue_jobs_have_an_execution_class_only_if_requested_and_change(aws: Any) -> None:
    glue = aws("glue")
    name = unique("job")
    glue.create_job(Name=name, Role="r", Command={"Name": "glueetl", "ScriptLocation": "s3://a/b.py"})
    assert "ExecutionClass" not in glue.get_job(JobName=name)["Job"]
    glue.update_job(
        JobName=name,
        JobUpdate={"Role": "r2", "Command": {"Name": "glueetl", "ScriptLocation": "s3://a/c.py"}, "Timeout": 7},
    )
    job = glue.get_job(JobName=name)["Job"]
    assert (job["Role"], job["Command"]["ScriptLocation"], job["Timeout"]) == ("r2", "s3://a/c.py", 7)


def test_glue_crawlers_change(aws: Any) -> None:
    glue = aws("glue")
    name = unique("crawler")
    glue.create_crawler(Name=name, Role="r", DatabaseName="d", Targets={"S3Targets": [{"Path": "s3://a/"}]})
    glue.update_crawler(Name=name, TablePrefix="p_", Targets={"S3Targets": [{"Path": "s3://b/"}]})
    crawler = glue.get_crawler(Name=name)["Crawler"]
    assert (crawler["TablePrefix"], crawler["Targets"]["S3Targets"][0]["Path"]) == ("p_", "s3://b/")
    assert crawler["Version"] == 2


def test_glue_registry_has_the_tags_of_its_creation(aws: Any) -> None:
    glue = aws("glue")
    arn = glue.create_registry(RegistryName=unique("registry"), Tags={"a": "b"})["RegistryArn"]
    assert glue.get_tags(ResourceArn=arn)["Tags"] == {"a": "b"}


def test_logs_metric_filter_is_replaced_by_its_name(aws: Any) -> None:
    logs = aws("logs")
    group = unique("/group")
    logs.create_log_group(logGroupName=group)
    for value in ("1", "2"):
        logs.put_metric_filter(
            logGroupName=group,
            filterName="errors",
            filterPattern="ERROR",
            metricTransformations=[{"metricName": "Errors", "metricNamespace": "N", "metricValue": value}],
        )
    filters = logs.describe_metric_filters(logGroupName=group)["metricFilters"]
    assert [each["metricTransformations"][0]["metricValue"] for each in filters] == ["2"]


def test_scalable_targets_have_tags(aws: Any) -> None:
    scaling = aws("application-autoscaling")
    target = {
        "ServiceNamespace": "sagemaker",
        "ResourceId": f"endpoint/{unique('e')}/variant/primary",
        "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
    }
    arn = scaling.register_scalable_target(**target, MinCapacity=1, MaxCapacity=2, Tags={"a": "1"})["ScalableTargetARN"]
    scaling.tag_resource(ResourceARN=arn, Tags={"b": "2"})
    scaling.untag_resource(ResourceARN=arn, TagKeys=["a"])
    assert scaling.list_tags_for_resource(ResourceARN=arn)["Tags"] == {"b": "2"}
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        scaling.list_tags_for_resource(ResourceARN=arn + "x")
