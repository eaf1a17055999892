"""The warm provider refuses environments of real accounts."""

from __future__ import annotations

import pytest

from orchestrator.system.loopback_guard import NOTHING_OF_THIS_MACHINE
from orchestrator.terraform.warm_provider.guard import check_environment, provider_environment

LOCAL = {
    **NOTHING_OF_THIS_MACHINE,
    "PATH": "/bin",
    "AWS_ENDPOINT_URL": "http://127.0.0.1:4566",
    "AWS_ACCESS_KEY_ID": "LOCALAAAAAAAAAAAAAAA",
    "AWS_SECRET_ACCESS_KEY": "secret",
}


def test_the_local_environment_is_taken() -> None:
    check_environment(LOCAL)


def test_mocked_tests_need_no_aws_variable_at_all() -> None:
    check_environment({"PATH": "/bin", **NOTHING_OF_THIS_MACHINE})


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"AWS_ENDPOINT_URL": "https://sts.amazonaws.com"}, "AWS_ENDPOINT_URL"),
        ({"AWS_ENDPOINT_URL": "http://127.0.0.1.example.com:4566"}, "AWS_ENDPOINT_URL"),
        ({"AWS_ENDPOINT_URL": ""}, "AWS_ENDPOINT_URL"),
        ({"AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE"}, "AWS_ACCESS_KEY_ID"),
        ({"AWS_ACCESS_KEY_ID": "test"}, "AWS_ACCESS_KEY_ID"),
        ({"AWS_ACCESS_KEY_ID": ""}, "AWS_ACCESS_KEY_ID"),
        ({"AWS_PROFILE": "prod"}, "AWS_PROFILE"),
        ({"AWS_CONFIG_FILE": "/home/user/.aws/config"}, "AWS_CONFIG_FILE must be /dev/null"),
        ({"AWS_SHARED_CREDENTIALS_FILE": ""}, "AWS_SHARED_CREDENTIALS_FILE must be /dev/null"),
        ({"AWS_ENDPOINT_URL_S3": "http://127.0.0.1:9000"}, "AWS_ENDPOINT_URL_S3"),
    ],
)
def test_anything_that_could_reach_a_real_account_is_refused(changed: dict[str, str], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        check_environment(LOCAL | changed)


def test_a_refusal_never_shows_a_key() -> None:
    with pytest.raises(ValueError, match="real key") as refusal:
        check_environment(LOCAL | {"AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE"})
    assert "AKIA" not in str(refusal.value)


def test_the_provider_sees_nothing_but_its_own_variables() -> None:
    stray = {"AWS_PROFILE": "prod", "HTTPS_PROXY": "x", "AWS_SESSION_TOKEN": "y", "AWS_CONFIG_FILE": "/etc/aws"}
    assert provider_environment(LOCAL | stray) == LOCAL
    assert provider_environment({"PATH": "/bin"}) == {"PATH": "/bin", **NOTHING_OF_THIS_MACHINE}, "whatever is missing"
