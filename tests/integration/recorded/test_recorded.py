"""Recorded operations: stored values are returned, marked as recorded; the catalogue matches AWS's models."""

from __future__ import annotations

import uuid
from typing import Any

import botocore.session
import pytest
from botocore.exceptions import ClientError
from botocore.model import StructureShape

from emulator import recorded
from emulator.recorded.catalogue import Noun, Service
from emulator.recorded.template import MISSING, render

CATALOGUE = recorded.load()
NOUNS = [
    pytest.param(service, noun, id=f"{service.name}.{noun.name}")
    for service in CATALOGUE.services
    for noun in service.nouns
]


def unique(prefix: str) -> str:
    return f"{prefix}-{uuid.uuid4().hex[:8]}"


@pytest.mark.parametrize(("service", "noun"), NOUNS)
def test_every_operation_and_member_exists_in_aws_s_model(service: Service, noun: Noun) -> None:
    model = botocore.session.get_session().get_service_model(service.name)
    members: set[str] = set()
    for operation in noun.operations():
        shape = model.operation_model(operation).input_shape
        members |= set(shape.members) if shape else set()
        for nested in (noun.input, noun.update_input):
            if shape and nested in shape.members:
                fields = shape.members[nested]
                assert isinstance(fields, StructureShape)
                members |= set(fields.members)
    assert set(noun.found_by) <= members
    assert noun.names is None or noun.names in members
    if service.tagging:
        for operation in (service.tagging.add, service.tagging.remove, service.tagging.list):
            shape = model.operation_model(operation).input_shape
            assert shape is not None
            assert service.tagging.arn in shape.members


def test_a_whole_reference_keeps_its_type_and_a_missing_one_leaves_nothing() -> None:
    record = {"a": {"b": [1, 2]}, "n": "x"}
    assert render("{a.b}", record) == [1, 2]
    assert render("name-{n}", record) == "name-x"
    assert render({"kept": "{n}", "gone": "{a.z}"}, record) == {"kept": "x"}
    assert render({"only": "{z}"}, record) is MISSING
    assert render([], record) == []


@pytest.mark.emulator
def test_an_inference_profile(aws: Any) -> None:
    bedrock = aws("bedrock")
    name, model = unique("profile"), "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0"
    created = bedrock.create_inference_profile(
        inferenceProfileName=name, modelSource={"copyFrom": model}, tags=[{"key": "a", "value": "1"}]
    )
    assert created["ResponseMetadata"]["HTTPHeaders"]["x-emulator-fidelity"] == "recorded"
    arn = created["inferenceProfileArn"]
    profile = bedrock.get_inference_profile(inferenceProfileIdentifier=arn)
    assert (profile["inferenceProfileName"], profile["models"], profile["status"]) == (
        name,
        [{"modelArn": model}],
        "ACTIVE",
    )
    assert profile["createdAt"].tzinfo is not None
    bedrock.tag_resource(resourceARN=arn, tags=[{"key": "b", "value": "2"}])
    bedrock.untag_resource(resourceARN=arn, tagKeys=["a"])
    assert bedrock.list_tags_for_resource(resourceARN=arn)["tags"] == [{"key": "b", "value": "2"}]
    with pytest.raises(ClientError, match="ConflictException"):
        bedrock.create_inference_profile(inferenceProfileName=name, modelSource={"copyFrom": model})
    assert name in {p["inferenceProfileName"] for p in bedrock.list_inference_profiles()["inferenceProfileSummaries"]}
    bedrock.delete_inference_profile(inferenceProfileIdentifier=arn)
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        bedrock.get_inference_profile(inferenceProfileIdentifier=arn)


@pytest.mark.emulator
def test_a_guardrail_is_replaced_as_a_whole(aws: Any) -> None:
    bedrock = aws("bedrock")
    words = {"wordsConfig": [{"text": "secret"}]}
    messages = {"blockedInputMessaging": "no", "blockedOutputsMessaging": "no"}
    identity = bedrock.create_guardrail(name=unique("guard"), wordPolicyConfig=words, **messages)["guardrailId"]
    guardrail = bedrock.get_guardrail(guardrailIdentifier=identity)
    assert guardrail["wordPolicy"]["words"] == [{"text": "secret"}]
    bedrock.update_guardrail(guardrailIdentifier=identity, name=guardrail["name"], description="new", **messages)
    changed = bedrock.get_guardrail(guardrailIdentifier=identity)
    assert changed["description"] == "new"
    assert "wordPolicy" not in changed


@pytest.mark.emulator
def test_x_ray_groups_and_sampling_rules(aws: Any) -> None:
    xray = aws("xray")
    group, rule = unique("group"), unique("rule")
    arn = xray.create_group(GroupName=group, FilterExpression="error")["Group"]["GroupARN"]
    xray.update_group(GroupARN=arn, FilterExpression="fault")
    assert xray.get_group(GroupName=group)["Group"]["FilterExpression"] == "fault"
    xray.create_sampling_rule(
        SamplingRule={
            "RuleName": rule,
            "ResourceARN": "*",
            "Priority": 9,
            "FixedRate": 0.1,
            "ReservoirSize": 1,
            "ServiceName": "*",
            "ServiceType": "*",
            "Host": "*",
            "HTTPMethod": "*",
            "URLPath": "*",
            "Version": 1,
        }
    )
    xray.update_sampling_rule(SamplingRuleUpdate={"RuleName": rule, "FixedRate": 0.5})
    rules = {r["SamplingRule"]["RuleName"]: r["SamplingRule"] for r in xray.get_sampling_rules()["SamplingRuleRecords"]}
    assert (rules[rule]["FixedRate"], rules[rule]["Priority"]) == (0.5, 9)
    xray.delete_sampling_rule(RuleName=rule)
    xray.delete_group(GroupName=group)
    with pytest.raises(ClientError, match="Group not found"):
        xray.get_group(GroupName=group)


@pytest.mark.emulator
def test_query_definitions_are_put_twice_and_deleted(aws: Any) -> None:
    logs = aws("logs")
    name = unique("query")
    identity = logs.put_query_definition(name=name, queryString="fields @message")["queryDefinitionId"]
    assert str(uuid.UUID(identity)) == identity, "an import accepts no other"
    logs.put_query_definition(queryDefinitionId=identity, name=name, queryString="limit 1")
    queries = logs.describe_query_definitions(queryDefinitionNamePrefix=name)["queryDefinitions"]
    assert [(query["name"], query["queryString"]) for query in queries] == [(name, "limit 1")]
    assert logs.delete_query_definition(queryDefinitionId=identity)["success"] is True
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        logs.delete_query_definition(queryDefinitionId=identity)


@pytest.mark.emulator
def test_a_group_s_resource_policy(aws: Any) -> None:
    sagemaker = aws("sagemaker")
    group = unique("group")
    sagemaker.put_model_package_group_policy(ModelPackageGroupName=group, ResourcePolicy="{}")
    assert sagemaker.get_model_package_group_policy(ModelPackageGroupName=group)["ResourcePolicy"] == "{}"
    sagemaker.delete_model_package_group_policy(ModelPackageGroupName=group)
    with pytest.raises(ClientError, match="Cannot find Model Package Group Policy"):
        sagemaker.get_model_package_group_policy(ModelPackageGroupName=group)
