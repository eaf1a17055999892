"""Packages that are named but never built."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from orchestrator.core.package import Package

NAMES = (
    "data_validation",
    "model_artifacts",
    "endpoint_probe",
    "model_router",
    "token_authorizer",
    "job_api",
    "async_worker",
    "async_callback",
    "training_source",
    "etl_script",
    "etl_library",
    "dataset_reviews",
    "reviews_spec",
    "processing_flow",
    "evaluation",
    "feature_ingestion",
)


@dataclass
class FakePackager:
    """Satisfies `Packager`; another `version` means other contents."""

    version: str = "1"

    def build(self, out: Path) -> dict[str, Package]:
        return {name: Package(name, out / f"{name}-{self.version}", f"sha-{name}-{self.version}") for name in NAMES}
