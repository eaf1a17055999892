"""Sessions of a role get names that STS accepts, whatever the name of the resource they are for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from emulator.core.aws import Aws
from emulator.core.settings import Settings

ROLE = "arn:aws:iam::123456789012:role/function"


@pytest.mark.parametrize(
    ("name", "session"), [("f", "f_"), ("fn", "fn"), ("x" * 64, "x" * 64), ("x" * 65, "x" * 64), ("", "__")]
)
def test_the_session_name_has_2_to_64_characters(
    name: str, session: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    # A client checks lengths before it sends a request, as those of the emulator do.
    sts = boto3.client("sts", region_name="us-east-1", aws_access_key_id="a" * 16, aws_secret_access_key="b")
    aws = Aws(Settings("127.0.0.1", 1, "http://127.0.0.1:1", tmp_path))
    monkeypatch.setattr(aws, "client", lambda service: sts)
    keys: dict[str, Any] = {"AccessKeyId": "A" * 16, "SecretAccessKey": "s", "SessionToken": "t", "Expiration": 0}
    with Stubber(sts) as stub:
        stub.add_response("assume_role", {"Credentials": keys}, {"RoleArn": ROLE, "RoleSessionName": session})
        assert aws.assume(ROLE, name, service="lambda.amazonaws.com").access_key_id == "A" * 16
        stub.assert_no_pending_responses()
