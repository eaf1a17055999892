"""Only the bucket's owner grants permissions on it: no other module writes one of its ARNs with a wildcard."""

from __future__ import annotations

import re

import pytest

from tests.terraform import hcl

OWNERS = ("modules/s3", "modules/s3_access", "modules/s3_buckets")
COMMENT = re.compile(r"(?m)^\s*(?:#|//).*$|\s# .*$")
STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
OF_A_BUCKET = re.compile(r":s3:::|bucket(?:_arn|_arns|\.arn|\.name|_name)?\b.*\}/|bucket\w*\.\w+\.arn\}/")
OF_AWS = re.compile(r":s3:::(?:aws-glue-|jumpstart-cache-prod-)")
"""Buckets of AWS's own, from which services fetch programs under the role that they run."""
RIGHTS = re.compile(r'"s3:[A-Z]\w+"')
OTHER_BUCKETS = {
    "modules/vpc/endpoint_policies.tf": "the endpoint's policy: buckets of this account, and two of AWS's own",
    "modules/data_sources/access.tf": "buckets of other owners, read only; this one has a contract",
    "modules/iam/boundary.tf": "the ceiling: it takes the bucket's ARNs from the owner",
}
"""Files with permissions on S3, but not on objects of the data bucket, with the reason."""

FILES = sorted(
    file
    for file in hcl.TERRAFORM.rglob("*.tf")
    if ".terraform" not in file.parts
    and "examples" not in file.parts
    and not file.relative_to(hcl.TERRAFORM).as_posix().startswith(tuple(f"{owner}/" for owner in OWNERS))
)


def wildcards(text: str) -> list[str]:
    """String literals that are ARNs of a bucket's objects by pattern."""
    code = COMMENT.sub("", text)
    literals = [literal for literal in STRING.findall(code) if "*" in literal and OF_A_BUCKET.search(literal)]
    return [literal for literal in literals if not OF_AWS.search(literal)]


def rights(text: str) -> list[str]:
    """Rights on S3, unless all that the text names are buckets of AWS's own."""
    code = COMMENT.sub("", text)
    named = [literal for literal in STRING.findall(code) if ":s3:::" in literal]
    return [] if named and all(OF_AWS.search(literal) for literal in named) else RIGHTS.findall(code)


def test_there_are_files_to_check() -> None:
    assert len(FILES) > 100


def test_only_the_owner_writes_rights_on_objects() -> None:
    offenders = {}
    for file in FILES:
        name, text = file.relative_to(hcl.TERRAFORM).as_posix(), file.read_text(encoding="utf-8")
        written = wildcards(text) + rights(text)
        if written and name not in OTHER_BUCKETS:
            offenders[name] = written
    assert not offenders, "rights on the bucket come from module s3_access"


def test_every_exception_is_still_needed() -> None:
    for name in OTHER_BUCKETS:
        text = (hcl.TERRAFORM / name).read_text(encoding="utf-8")
        assert wildcards(text) or RIGHTS.findall(text) or '"s3:' in text, f"{name} is not an exception any more"


@pytest.mark.parametrize(
    "text",
    [
        'Resource = "${var.bucket_arn}/*"',
        'resources = ["${var.bucket.arn}/data/raw/*"]',
        'Resource = "arn:aws:s3:::${var.bucket_name}/artifacts/*"',
        'Resource = [for p in ["a"] : "${local.bucket_arn}/${p}/*"]',
        'Resource = "${aws_s3_bucket.data.arn}/*"',
    ],
)
def test_a_wildcard_is_seen(text: str) -> None:
    assert wildcards(text)


def test_what_is_not_a_wildcard_is_ignored() -> None:
    assert not wildcards('path = "s3://${var.bucket_name}/data/raw/reviews" # "${var.bucket_arn}/*"')
    assert not wildcards('Resource = "arn:aws:sagemaker:*:endpoint/*"')
    of_aws = 'Action = "s3:GetObject"\nResource = "arn:aws:s3:::aws-glue-ml-data-quality-assets-us-east-1/*"'
    assert not wildcards(of_aws)
    assert not rights(of_aws)
    assert rights(of_aws + '\nOther = "arn:aws:s3:::mlops-dev-data/x"')
    assert rights('Action = "s3:GetObject"\nResource = var.arn')


def test_python_writes_no_rights() -> None:
    for file in sorted((hcl.REPO / "orchestrator" / "blueprints").glob("*.py")):
        assert not re.search(r":s3:::|\"s3:[A-Z]", file.read_text(encoding="utf-8")), file.name
