"""Instances of an endpoint's variants: who changes their number, and who is told. A window: it patches nothing.

No machine is started or stopped. What a number above zero means is that requests are served.
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
    """Instances of the variant, or of the only one that an asynchronous endpoint has."""
    for variant in endpoint.production_variants:
        if name in (None, variant["VariantName"]):
            return int(variant.get("CurrentInstanceCount", 1))
    return 0


def change(endpoint: FakeEndpoint, name: str, count: int) -> bool:
    """Whether it was another number before."""
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
    """A new fleet serves: it has as many instances as are desired."""
    for variant in endpoint.production_variants:
        if "DesiredInstanceCount" in variant:
            change(endpoint, variant["VariantName"], int(variant["DesiredInstanceCount"]))
