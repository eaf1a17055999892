"""CloudWatch Logs: a metric filter replaces the one with the same name."""

from __future__ import annotations

from typing import Any

from moto.logs.metric_filters import MetricFilters

from emulator.core.settings import Settings
from emulator.moto.patching import wrap


def apply(settings: Settings) -> None:
    @wrap(MetricFilters, "add_filter")
    def add_filter(
        original: Any, self: Any, filter_name: str, filter_pattern: str, log_group_name: str, *rest: Any
    ) -> Any:
        """Remove the old filter; moto keeps both, and Terraform reads the old one."""
        self.metric_filters = [
            old
            for old in self.metric_filters
            if (old["logGroupName"], old["filterName"]) != (log_group_name, filter_name)
        ]
        return original(self, filter_name, filter_pattern, log_group_name, *rest)
