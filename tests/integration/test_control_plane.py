"""Lambda, Step Functions, SageMaker and API Gateway: configuration is returned and updated as on AWS."""

from __future__ import annotations

import io
import json
import uuid
import zipfile
from typing import Any

import pytest
from botocore.exceptions import ClientError

pytestmark = pytest.mark.emulator
ROLE = "arn:aws:iam::123456789012:role/any"


def unique(prefix: str) -> str:
    return f"{prefix}-{uuid.uuid4().hex[:8]}"


def package(source: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("handler.py", source)
    return content.getvalue()


@pytest.fixture
def role(aws: Any) -> str:
    document = {"Version": "2012-10-17", "Statement": []}
    arn: str = aws("iam").create_role(RoleName=unique("role"), AssumeRolePolicyDocument=json.dumps(document))["Role"][
        "Arn"
    ]
    return arn


def test_lambda_returns_and_changes_what_moto_drops(aws: Any, role: str) -> None:
    functions, ec2 = aws("lambda"), aws("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.8.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.8.0.0/24")["Subnet"]["SubnetId"]
    group = ec2.create_security_group(GroupName="f", Description="f", VpcId=vpc)["GroupId"]
    name = unique("function")
    created = functions.create_function(
        FunctionName=name,
        Role=role,
        Runtime="python3.12",
        Handler="handler.handler",
        Code={"ZipFile": package("def handler(event, context): return event")},
        DeadLetterConfig={"TargetArn": "arn:aws:sns:us-east-1:123456789012:dead"},
        VpcConfig={"SubnetIds": [subnet], "SecurityGroupIds": [group]},
    )
    assert created["DeadLetterConfig"] == {"TargetArn": "arn:aws:sns:us-east-1:123456789012:dead"}
    assert created["LoggingConfig"] == {"LogFormat": "Text", "LogGroup": f"/aws/lambda/{name}"}
    assert created["VpcConfig"]["VpcId"] == vpc
    functions.update_function_configuration(
        FunctionName=name,
        DeadLetterConfig={"TargetArn": ""},
        LoggingConfig={"LogFormat": "JSON"},
        TracingConfig={"Mode": "Active"},
        EphemeralStorage={"Size": 1024},
    )
    configuration = functions.get_function_configuration(FunctionName=name)
    assert "DeadLetterConfig" not in configuration
    assert configuration["LoggingConfig"]["LogFormat"] == "JSON"
    assert configuration["TracingConfig"] == {"Mode": "Active"}
    assert configuration["EphemeralStorage"] == {"Size": 1024}


def machine(**states: Any) -> str:
    return json.dumps({"StartAt": "First", "States": states})


@pytest.mark.parametrize(
    ("definition", "code"),
    [
        ("{", "INVALID_JSON_DESCRIPTION"),
        (machine(First={"Type": "Pass", "Next": "Nowhere"}), "MISSING_TRANSITION_TARGET"),
        (machine(Other={"Type": "Pass", "End": True}), "MISSING_TRANSITION_TARGET"),
        (json.dumps({"StartAt": "First", "States": {"First": {"Type": "Nonsense"}}}), "SCHEMA_VALIDATION_FAILED"),
    ],
)
def test_step_functions_refuses_a_definition_that_cannot_run(aws: Any, definition: str, code: str) -> None:
    answer = aws("stepfunctions").validate_state_machine_definition(definition=definition)
    assert answer["result"] == "FAIL"
    assert [each["code"] for each in answer["diagnostics"]] == [code]


def test_step_functions_accepts_a_definition_that_can_run(aws: Any) -> None:
    definition = machine(
        First={
            "Type": "Choice",
            "Choices": [{"Variable": "$.x", "IsPresent": True, "Next": "Last"}],
            "Default": "Last",
        },
        Last={"Type": "Succeed"},
    )
    answer = aws("stepfunctions").validate_state_machine_definition(definition=definition)
    assert (answer["result"], answer["diagnostics"]) == ("OK", [])


def test_step_functions_lists_and_deletes_versions(aws: Any, role: str) -> None:
    states = aws("stepfunctions")
    arn = states.create_state_machine(
        name=unique("m"), roleArn=role, definition=machine(First={"Type": "Pass", "End": True}), publish=True
    )["stateMachineArn"]
    versions = states.list_state_machine_versions(stateMachineArn=arn)["stateMachineVersions"]
    assert [each["stateMachineVersionArn"] for each in versions] == [f"{arn}:1"]
    states.delete_state_machine_version(stateMachineVersionArn=f"{arn}:1")
    assert states.list_state_machine_versions(stateMachineArn=arn)["stateMachineVersions"] == []


def test_sagemaker_returns_the_model_and_configuration_of_the_request(aws: Any) -> None:
    sagemaker = aws("sagemaker")
    model, config = unique("model"), unique("config")
    container = {"Image": "i", "ModelDataUrl": "s3://b/m.tar.gz"}
    sagemaker.create_model(
        ModelName=model, ExecutionRoleArn=ROLE, PrimaryContainer=container, EnableNetworkIsolation=True
    )
    described = sagemaker.describe_model(ModelName=model)
    assert (described["PrimaryContainer"], described["EnableNetworkIsolation"]) == (container, True)
    assert "Containers" not in described
    assert "VpcConfig" not in described
    variant = {
        "VariantName": "primary",
        "ModelName": model,
        "InstanceType": "ml.m5.large",
        "InitialInstanceCount": 1,
        "InitialVariantWeight": 1.0,
    }
    shadow = variant | {"VariantName": "shadow"}
    sagemaker.create_endpoint_config(
        EndpointConfigName=config, ProductionVariants=[variant], ShadowProductionVariants=[shadow]
    )
    described = sagemaker.describe_endpoint_config(EndpointConfigName=config)
    assert described["ProductionVariants"] == [variant]
    assert described["ShadowProductionVariants"] == [shadow]
    assert "DataCaptureConfig" not in described


def test_sagemaker_refuses_to_update_a_missing_endpoint(aws: Any) -> None:
    with pytest.raises(ClientError, match="Could not find endpoint"):
        aws("sagemaker").update_endpoint(EndpointName="missing", EndpointConfigName="missing")


def test_sagemaker_tags_are_a_map_and_a_missing_resource_is_a_validation_error(aws: Any) -> None:
    sagemaker = aws("sagemaker")
    arn = sagemaker.create_model(ModelName=unique("model"), ExecutionRoleArn=ROLE, PrimaryContainer={"Image": "i"})[
        "ModelArn"
    ]
    sagemaker.add_tags(ResourceArn=arn, Tags=[{"Key": "a", "Value": "1"}])
    sagemaker.add_tags(ResourceArn=arn, Tags=[{"Key": "a", "Value": "2"}])
    assert sagemaker.list_tags(ResourceArn=arn)["Tags"] == [{"Key": "a", "Value": "2"}]
    with pytest.raises(ClientError, match="Could not find model with name"):
        sagemaker.list_tags(ResourceArn=arn + "-missing")


def test_sagemaker_package_numbers_only_grow_and_empty_groups_are_deleted(aws: Any) -> None:
    sagemaker = aws("sagemaker")
    group = unique("group")
    sagemaker.create_model_package_group(ModelPackageGroupName=group)
    first, second = (sagemaker.create_model_package(ModelPackageGroupName=group)["ModelPackageArn"] for _ in range(2))
    assert (first.rsplit("/")[-1], second.rsplit("/")[-1]) == ("1", "2")
    sagemaker.add_tags(ResourceArn=second, Tags=[{"Key": "a", "Value": "1"}])
    assert sagemaker.list_tags(ResourceArn=second)["Tags"] == [{"Key": "a", "Value": "1"}]
    sagemaker.delete_model_package(ModelPackageName=second)
    third = sagemaker.create_model_package(ModelPackageGroupName=group)["ModelPackageArn"]
    assert third.rsplit("/")[-1] == "3"
    assert sagemaker.describe_model_package(ModelPackageName=third)["ModelPackageVersion"] == 3
    with pytest.raises(ClientError, match="still has versions"):
        sagemaker.delete_model_package_group(ModelPackageGroupName=group)
    for arn in (first, third):
        sagemaker.delete_model_package(ModelPackageName=arn)
    sagemaker.delete_model_package_group(ModelPackageGroupName=group)
    with pytest.raises(ClientError, match="does not exist"):
        sagemaker.describe_model_package_group(ModelPackageGroupName=group)


def test_api_gateway_integrations_and_methods_change_in_place(aws: Any) -> None:
    gateway = aws("apigateway")
    api = gateway.create_rest_api(name=unique("api"))["id"]
    root = gateway.get_resources(restApiId=api)["items"][0]["id"]
    at = {"restApiId": api, "resourceId": root, "httpMethod": "GET"}
    gateway.put_method(**at, authorizationType="NONE")
    gateway.put_integration(**at, type="MOCK")
    gateway.update_integration(
        **at,
        patchOperations=[
            {"op": "replace", "path": "/timeoutInMillis", "value": "5000"},
            {"op": "add", "path": "/requestTemplates/application~1json", "value": "{}"},
        ],
    )
    gateway.update_method(**at, patchOperations=[{"op": "replace", "path": "/apiKeyRequired", "value": "true"}])
    integration = gateway.get_integration(**at)
    assert (integration["timeoutInMillis"], integration["requestTemplates"]) == (5000, {"application/json": "{}"})
    assert gateway.get_method(**at)["apiKeyRequired"] is True
    with pytest.raises(ClientError) as refused:
        gateway.update_method(**at, patchOperations=[{"op": "replace", "path": "/unheard", "value": "x"}])
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


def test_api_gateway_tags_by_arn(aws: Any) -> None:
    gateway = aws("apigateway")
    api = gateway.create_rest_api(name=unique("api"), tags={"a": "1"})["id"]
    key = gateway.create_api_key(name=unique("key"))["id"]
    for arn in (f"arn:aws:apigateway:us-east-1::/restapis/{api}", f"arn:aws:apigateway:us-east-1::/apikeys/{key}"):
        gateway.tag_resource(resourceArn=arn, tags={"b": "2"})
        gateway.untag_resource(resourceArn=arn, tagKeys=["a"])
        assert gateway.get_tags(resourceArn=arn)["tags"] == {"b": "2"}


def test_a_sagemaker_pipeline_is_stored_and_not_run(aws: Any) -> None:
    sagemaker, name = aws("sagemaker"), unique("pipeline")
    step = {"Name": "Never", "Type": "Fail", "Arguments": {"ErrorMessage": "never"}}
    definition = json.dumps({"Version": "2020-12-01", "Steps": [step]})
    sagemaker.create_pipeline(
        PipelineName=name, PipelineDefinition=definition, ClientRequestToken="x" * 32, RoleArn=ROLE
    )
    with pytest.raises(ClientError, match=r"does not implement .*StartPipelineExecution \(not emulated"):
        sagemaker.start_pipeline_execution(PipelineName=name, ClientRequestToken="x" * 32)
    assert sagemaker.list_pipeline_executions(PipelineName=name)["PipelineExecutionSummaries"] == []
    assert sagemaker.describe_pipeline(PipelineName=name)["PipelineDefinition"] == definition
