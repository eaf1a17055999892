"""A feature group: records are read back as written from both stores, with the required permissions."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support.compute import ROLE, unique, wait_for

pytestmark = pytest.mark.emulator

FEATURES = {"id": "String", "at": "String", "stars": "Fractional", "words": "Integral"}
T1, T2 = "2026-01-01T10:00:00Z", "2026-01-01T11:30:00Z"


class Group:
    """A feature group with a database for its table."""

    def __init__(self, aws: Any, bucket: str, role: str = ROLE, **options: Any) -> None:
        self.aws, self.sagemaker, self.runtime = aws, aws("sagemaker"), aws("sagemaker-featurestore-runtime")
        self.name, self.bucket = unique("group"), bucket
        self.database = self.name.replace("-", "_")
        aws("glue").create_database(DatabaseInput={"Name": self.database})
        self.sagemaker.create_feature_group(
            FeatureGroupName=self.name,
            RecordIdentifierFeatureName="id",
            EventTimeFeatureName="at",
            FeatureDefinitions=[{"FeatureName": k, "FeatureType": v} for k, v in FEATURES.items()],
            OnlineStoreConfig={"EnableOnlineStore": True, **options},
            OfflineStoreConfig={
                "S3StorageConfig": {"S3Uri": f"s3://{bucket}/{self.name}/"},
                "DataCatalogConfig": {"Catalog": "AwsDataCatalog", "Database": self.database, "TableName": "f"},
            },
            RoleArn=role,
            Tags=[{"Key": "owner", "Value": "tests"}],
        )
        wait_for(self.describe, until=lambda result: result["FeatureGroupStatus"] != "Creating")

    def describe(self) -> dict[str, Any]:
        described: dict[str, Any] = self.sagemaker.describe_feature_group(FeatureGroupName=self.name)
        return described

    def put(self, key: str, at: str, stars: str, words: str) -> None:
        values = {"id": key, "at": at, "stars": stars, "words": words}
        self.runtime.put_record(
            FeatureGroupName=self.name, Record=[{"FeatureName": k, "ValueAsString": v} for k, v in values.items()]
        )

    def get(self, key: str) -> dict[str, str] | None:
        answer = self.runtime.get_record(FeatureGroupName=self.name, RecordIdentifierValueAsString=key)
        record = answer.get("Record")
        return {each["FeatureName"]: each["ValueAsString"] for each in record} if record else None

    def query(self, sql: str) -> list[list[str | None]]:
        athena = self.aws("athena")
        query = athena.start_query_execution(
            QueryString=sql,
            QueryExecutionContext={"Database": self.database},
            ResultConfiguration={"OutputLocation": f"s3://{self.bucket}/results/{self.name}/"},
        )["QueryExecutionId"]
        wait_for(
            lambda: athena.get_query_execution(QueryExecutionId=query)["QueryExecution"]["Status"],
            until=lambda status: status["State"] == "SUCCEEDED",
        )
        rows = athena.get_query_results(QueryExecutionId=query)["ResultSet"]["Rows"][1:]
        return [[cell.get("VarCharValue") for cell in row["Data"]] for row in rows]

    def objects(self) -> list[str]:
        contents = self.aws("s3").list_objects_v2(Bucket=self.bucket, Prefix=f"{self.name}/").get("Contents", [])
        return [each["Key"] for each in contents]


@pytest.mark.full
def test_an_online_read_returns_what_offline_holds(aws: Any, bucket: str) -> None:
    group = Group(aws, bucket)
    assert group.describe()["FeatureGroupStatus"] == "Created"
    group.put("a", T2, "4.5", "12")
    group.put("a", T1, "1.0", "3")  # older: offline only
    group.put("b", T1, "2.0", "5")
    group.put("c", T1, "3.0", "7")
    group.runtime.delete_record(FeatureGroupName=group.name, RecordIdentifierValueAsString="c", EventTime=T2)
    wait_for(group.objects, until=lambda keys: len(keys) == 2)
    uri = group.describe()["OfflineStoreConfig"]["S3StorageConfig"]["ResolvedOutputS3Uri"]
    prefix = uri.split(f"{bucket}/", 1)[1]
    assert prefix.startswith(f"{group.name}/123456789012/sagemaker/us-east-1/offline-store/{group.name}-")
    assert {key.rsplit("/", 1)[0] for key in group.objects()} == {
        f"{prefix}/year=2026/month=01/day=01/hour={hour}" for hour in ("10", "11")
    }
    newest = group.query(
        "SELECT id, at, stars, words FROM (SELECT *, row_number() OVER (PARTITION BY id ORDER BY at DESC, write_time "
        "DESC) AS place FROM f) WHERE place = 1 AND NOT is_deleted "
        "AND api_invocation_time <= write_time ORDER BY id"
    )
    online = {key: group.get(key) for key in ("a", "b", "c")}
    assert online == {
        "a": {"id": "a", "at": T2, "stars": "4.5", "words": "12"},
        "b": {"id": "b", "at": T1, "stars": "2.0", "words": "5"},
        "c": None,
    }
    assert newest == [list(record.values()) for record in online.values() if record]


def test_features_are_added_and_tags_are_kept(aws: Any, bucket: str) -> None:
    group = Group(aws, bucket)
    added = [{"FeatureName": "label", "FeatureType": "String"}]
    group.sagemaker.update_feature_group(FeatureGroupName=group.name, FeatureAdditions=added)
    described = group.describe()
    assert (described["FeatureDefinitions"][-1:], described["LastUpdateStatus"]) == (added, {"Status": "Successful"})
    columns = aws("glue").get_table(DatabaseName=group.database, Name="f")["Table"]["StorageDescriptor"]["Columns"]
    assert {"Name": "label", "Type": "string"} in columns
    arn = described["FeatureGroupArn"]
    assert group.sagemaker.list_tags(ResourceArn=arn)["Tags"] == [{"Key": "owner", "Value": "tests"}]
    group.sagemaker.delete_feature_group(FeatureGroupName=group.name)
    with pytest.raises(ClientError, match="ResourceNotFound"):
        group.describe()


def test_a_group_whose_role_cannot_access_the_bucket_is_not_created(aws: Any, bucket: str) -> None:
    iam, name = aws("iam"), unique("reader")
    trust = {"Effect": "Allow", "Principal": {"Service": "sagemaker.amazonaws.com"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=document)["Role"]["Arn"]
    described = Group(aws, bucket, role).describe()
    assert described["FeatureGroupStatus"] == "CreateFailed"
    assert "GetBucketAcl" in described["FailureReason"]


def test_a_batch_is_read_with_the_error_of_each_record(aws: Any, bucket: str) -> None:
    group = Group(aws, bucket, TtlDuration={"Unit": "Weeks", "Value": 1000})
    group.put("a", T1, "1.0", "1")
    identifiers = [
        {"FeatureGroupName": group.name, "RecordIdentifiersValueAsString": ["a", "z"], "FeatureNames": ["words"]},
        {"FeatureGroupName": "missing", "RecordIdentifiersValueAsString": ["a"]},
    ]
    response = group.runtime.batch_get_record(Identifiers=identifiers, ExpirationTimeResponse="Enabled")
    assert [
        (each["RecordIdentifierValueAsString"], each["Record"], each["ExpiresAt"]) for each in response["Records"]
    ] == [("a", [{"FeatureName": "words", "ValueAsString": "1"}], "2045-03-02T10:00:00Z")]
    assert [(each["FeatureGroupName"], each["ErrorCode"]) for each in response["Errors"]] == [
        ("missing", "ResourceNotFound")
    ]
    with pytest.raises(ClientError, match="does not match its type Integral"):
        group.put("a", T2, "1.0", "one")


def test_a_batch_is_written_entry_by_entry(aws: Any, bucket: str) -> None:
    """An error of an entry is reported with it, and does not affect the others."""
    group = Group(aws, bucket)
    rows = {"a": "4.5", "b": "many", "c": "3.0"}
    answer = group.runtime.batch_write_record(
        Entries=[
            {
                "FeatureGroupName": group.name,
                "Record": [
                    {"FeatureName": k, "ValueAsString": v} for k, v in {"id": key, "at": T1, "stars": n}.items()
                ],
            }
            for key, n in rows.items()
        ]
    )
    [error] = answer["Errors"]
    assert error["Entry"]["Record"][0]["ValueAsString"] == "b"
    assert "'many' of stars does not match its type Fractional" in error["ErrorMessage"]
    assert {key: group.get(key) for key in rows} == {
        "a": {"id": "a", "at": T1, "stars": "4.5"},
        "b": None,
        "c": {"id": "c", "at": T1, "stars": "3.0"},
    }
    wait_for(group.objects, until=lambda keys: len(keys) == 1)
    assert group.query("SELECT id FROM f ORDER BY id") == [["a"], ["c"]]
