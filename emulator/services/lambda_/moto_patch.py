"""Lambda's control plane: configuration that moto drops, at creation or on update."""

from __future__ import annotations

from typing import Any

from moto.awslambda.models import LambdaFunction
from moto.ec2.models import ec2_backends

from emulator.core.settings import Settings
from emulator.moto.patching import wrap

DROPPED = ("DeadLetterConfig", "LoggingConfig")
"""Members of a function's configuration for which moto has no attribute."""


def apply(settings: Settings) -> None:
    _keep_dropped_members()
    _update_every_member()
    _find_vpc()


def _keep_dropped_members() -> None:
    @wrap(LambdaFunction, "__init__")
    def init(original: Any, self: Any, account_id: str, spec: dict[str, Any], *args: Any, **kwargs: Any) -> None:
        original(self, account_id, spec, *args, **kwargs)
        self.emulator_extra = {name: spec[name] for name in DROPPED if spec.get(name)}

    @wrap(LambdaFunction, "get_configuration")
    def get_configuration(original: Any, self: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        configuration: dict[str, Any] = original(self, *args, **kwargs)
        group = {"LogFormat": "Text", "LogGroup": self.logs_group_name}
        extra = getattr(self, "emulator_extra", {})
        configuration["LoggingConfig"] = group | extra.get("LoggingConfig", {})
        if extra.get("DeadLetterConfig", {}).get("TargetArn"):
            configuration["DeadLetterConfig"] = extra["DeadLetterConfig"]
        return configuration


def _update_every_member() -> None:
    @wrap(LambdaFunction, "update_configuration")
    def update_configuration(original: Any, self: Any, updates: dict[str, Any]) -> Any:
        """Update the members that moto ignores; Terraform would plan their change every time."""
        self.emulator_extra = getattr(self, "emulator_extra", {}) | {
            name: updates[name] for name in DROPPED if name in updates
        }
        if "TracingConfig" in updates:
            self.tracing_config = updates["TracingConfig"]
        if "KMSKeyArn" in updates:
            self.kms_key_arn = updates["KMSKeyArn"] or None
        if "EphemeralStorage" in updates:
            self.ephemeral_storage = updates["EphemeralStorage"]["Size"]
        return original(self, updates)


def _find_vpc() -> None:
    @wrap(LambdaFunction, "vpc_config")
    def vpc_config(original: Any, self: Any) -> dict[str, Any] | None:
        """Return the function's VPC; moto returns the same invented one for every function."""
        configuration: dict[str, Any] | None = original(self)
        subnets = (configuration or {}).get("SubnetIds")
        if not configuration or not subnets:
            return configuration
        known = ec2_backends[self.account_id][self.region].subnets
        subnet = next((zone[subnets[0]] for zone in known.values() if subnets[0] in zone), None)
        return configuration | ({"VpcId": subnet.vpc_id} if subnet else {})
