from __future__ import annotations

from typing import Any

from benchmarks.floor import Chain, created_in, longest, of_stacks, of_state, unlisted


def resource(module: str, kind: str, *dependencies: str, mode: str = "managed") -> dict[str, Any]:
    instances = [{"dependencies": list(dependencies)}]
    return {"mode": mode, "module": module, "type": kind, "name": "this", "instances": instances}


def test_the_longest_chain_is_by_seconds_and_not_by_links() -> None:
    needs = {"a": [], "b": ["a"], "c": ["b"], "slow": [], "end": ["c", "slow"]}
    assert longest(needs, {"a": 1, "b": 1, "c": 1, "slow": 10, "end": 2}) == Chain(12, ("slow", "end"))


def test_what_does_not_wait_passes_a_chain_on() -> None:
    assert longest({"key": [], "bucket": ["key"], "rule": ["bucket"]}, {"key": 12, "rule": 55}).seconds == 67


def test_names_outside_the_graph_are_ignored() -> None:
    assert longest({"a": ["elsewhere"]}, {"a": 5}) == Chain(5, ("a",))
    assert longest({}, {}) == Chain()


def test_a_state_is_read_along_its_dependencies() -> None:
    state = {
        "resources": [
            resource('module.kms["data"]', "aws_kms_key"),
            resource("module.s3", "aws_s3_bucket", "module.kms.aws_kms_key.this"),
            resource("module.s3", "aws_s3_bucket_lifecycle_configuration", "module.s3.aws_s3_bucket.this"),
            resource("module.events", "aws_sqs_queue", "module.kms.aws_kms_key.this"),
            resource("module.s3", "aws_vpc", mode="data"),
        ]
    }
    assert of_state(state) == Chain(
        12 + 55, ("module.kms.aws_kms_key.this", "module.s3.aws_s3_bucket_lifecycle_configuration.this")
    )


def test_one_stack_after_the_other_adds_up_and_side_by_side_does_not() -> None:
    chains = {"base": Chain(55, ("x",)), "data": Chain(), "models": Chain(5, ("y",)), "other": Chain(25, ("z",))}
    needs = {"base": [], "data": ["base"], "models": ["data"], "other": []}
    assert of_stacks(chains, needs) == Chain(60, ("base", "models"))


def test_creations_are_read_from_what_terraform_says() -> None:
    log = (
        'module.kms.aws_kms_key.this["data"]: Creation complete after 13s [id=1]\n'
        'module.lambda["a.b"].aws_lambda_function.this: Creation complete after 1m5s [id=2]\n'
        "aws_vpc.this: Creation complete after 10s [id=3]\n"
        "module.kms.aws_kms_key.this: Destruction complete after 9s\n"
        "aws_vpc.this: Still creating... [10s elapsed]\n"
    )
    assert created_in(log) == {"aws_kms_key": [13], "aws_lambda_function": [65], "aws_vpc": [10]}


def test_slow_creations_outside_the_table_are_named_only_if_all_were_slow() -> None:
    created = {"aws_vpc": [10.0], "aws_iam_role": [0.0, 9.0], "aws_kinesis_stream": [31.0, 30.0]}
    assert unlisted(created) == {"aws_kinesis_stream": 30.0}
