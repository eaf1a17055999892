"""Instances of an endpoint's variants: changes of their number, and listeners. Patches nothing.

No machine is started or stopped. A number above zero means that requests are served.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from moto.core.utils import utcnow
from moto.sagemaker.models import FakeEndpoint

Listener = Callable[[FakeEndpoint, str, int], None]
"""Called with the endpoint, the variant's name and the new number."""

LISTENERS: list[Listener] = []


def of(endpoint: FakeEndpoint, name: str | None = None) -> int:
    """Return the instances of a variant, or of the only one of an asynchronous endpoint."""
    for variant in endpoint.production_variants:
        if name in (None, variant["VariantName"]):
            return int(variant.get("CurrentInstanceCount", 1))
    return 0


def change(endpoint: FakeEndpoint, name: str, count: int) -> bool:
    """Set the number of instances; return whether it changed."""
    variant: dict[str, Any] | None = next(
        (each for each in endpoint.production_variants if each["VariantName"] == name), None
    )
    if variant is None or int(variant.get("CurrentInstanceCount", 1)) == count:
        return False
    variant["CurrentInstanceCount"] = variant["DesiredInstanceCount"] = count
    endpoint.last_modified_time = utcnow()
    for listener in LISTENERS:
        listener(endpoint, name, count)
    return True


def settle(endpoint: FakeEndpoint) -> None:
    """Set the instances of a new fleet to the desired number."""
    for variant in endpoint.production_variants:
        if "DesiredInstanceCount" in variant:
            change(endpoint, variant["VariantName"], int(variant["DesiredInstanceCount"]))
