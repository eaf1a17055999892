"""Inputs that modules of several kinds take under the same name, each always the same value of the variables."""

from __future__ import annotations

from typing import Any

from orchestrator.core.terraform_json import code

DATA_KEY = code("var.foundation.kms.data_key_arn")
LOGS_KEY = code("var.foundation.kms.logs_key_arn")
_INPUTS: dict[str, Any] = {
    "context": code("var.context"),
    "model_version": code("var.model_version"),
    "network": {
        "subnet_ids": code("var.foundation.vpc.private_subnet_ids"),
        "security_group_ids": [code("var.foundation.vpc.security_group_ids.endpoints")],
    },
    "kms_key_arns": {"data": DATA_KEY, "models": code("var.foundation.kms.models_key_arn"), "logs": LOGS_KEY},
    "bucket_name": code("var.foundation.s3.bucket_name"),
    "boundary_arn": code("var.foundation.iam.boundary_arn"),
    "topic_arn": code("var.foundation.events.topic_arn"),
    "routes_prefix": code("var.inference.routes_prefix"),
}


def inputs(*names: str) -> dict[str, Any]:
    """Return the named inputs."""
    return {name: _INPUTS[name] for name in names}
