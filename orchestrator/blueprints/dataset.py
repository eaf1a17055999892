"""A dataset: crawlers, ETL job, quality rules and the role of all of them."""

from __future__ import annotations

import json
from typing import Any

from orchestrator.blueprints.dataset_rules import rules
from orchestrator.blueprints.matrix import transform_package
from orchestrator.blueprints.stack import FileStack
from orchestrator.blueprints.upstream import DATA_KEY, inputs
from orchestrator.config.model.dataset import Dataset, S3Source
from orchestrator.core.terraform_json import code


class DatasetStack(FileStack):
    """Turns raw files into checked rows, split for training."""

    family = "dataset"
    upstream = ("foundation", "data")

    @property
    def dataset(self) -> Dataset:
        assert isinstance(self.request.file, Dataset)
        return self.request.file

    def compose(self) -> dict[str, Any]:
        dataset, name = self.dataset, self.dataset.name
        packages = {"script": self.package_path("etl_script"), "library": self.package_path("etl_library")}
        if dataset.transform is not None:
            packages["transform"] = self.package_path(transform_package(name))
        external = dataset.source.external if isinstance(dataset.source, S3Source) else None
        etl = dataset.etl.model_dump(include={"worker_type", "workers", "timeout_minutes", "bookmarks"})
        module = self.module(
            "etl",
            {
                **inputs("context", "bucket_name", "boundary_arn"),
                "kms_key_arn": DATA_KEY,
                "security_configuration_name": code("var.data.glue.security_configuration_name"),
                "database_names": code("var.data.glue.database_names"),
                "policy_documents": self._policies(),
                "dataset": {
                    "name": name,
                    "spec": json.dumps(dataset.model_dump(mode="json"), sort_keys=True),
                    "quality_rules": [*rules(dataset), *dataset.quality],
                    "schedule": dataset.schedule,
                    **({"raw": code("var.data.data_sources.buckets[{}]", external)} if external else {}),
                    "etl": etl,
                },
                "packages": packages,
            },
        )
        outputs = ("job_name", "role_arn", "crawler_names", "table_name", "quality_ruleset_name", "spec_key")
        return {
            **{output: module.get(output) for output in outputs},
            "database_names": code("var.data.glue.database_names"),
            "raw_elsewhere": dataset.reads_elsewhere,
        }

    def _policies(self) -> dict[str, Any]:
        """Return the documents of the dataset's role: its own folders of the bucket, and its external source."""
        name = self.dataset.name
        own = self.bucket_access(
            "s3_access",
            read=[
                f"data_raw/{name}",
                f"data_processed/{name}",
                f"data_features/{name}",
                f"artifacts_code/datasets/{name}",
            ],
            write=[
                *(f"{folder}/{name}" for folder in ("data_processed", "data_features", "data_quarantine")),
                *(f"{folder}/{name}" for folder in ("data_processed/_reports", "data_features/labels")),
            ],
            # A run removes the files of earlier runs that it does not overwrite; reports and labels stay.
            delete=[f"data_processed/{name}", f"data_features/{name}"],
        )
        documents = {"bucket": own.get("policy_document")}
        if self.dataset.reads_elsewhere:
            documents["sources"] = code("var.data.data_sources.policy_documents.sources")
        return documents
