"""Read route records from SSM Parameter Store."""

from __future__ import annotations

from collections.abc import Sequence

from botocore.exceptions import ClientError

from inference_routing.clients import client
from inference_routing.clients.failures import FAILURES, translate
from inference_routing.route_table import Record
from inference_routing.timeouts import within


class ParameterStore:
    """Reads `<prefix>/<blueprint>` and lists the records under the prefix."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix

    def read(self, name: str, timeout_seconds: float) -> str | None:
        path = f"{self._prefix}/{name}"
        try:
            response = within(timeout_seconds, lambda: client("ssm").get_parameter(Name=path))
        except FAILURES as error:
            if isinstance(error, ClientError) and error.response["Error"]["Code"] == "ParameterNotFound":
                return None
            raise translate(error, path) from error
        value: str = response["Parameter"]["Value"]
        return value

    def list(self, timeout_seconds: float) -> Sequence[Record]:
        try:
            return within(timeout_seconds, self._list)
        except FAILURES as error:
            raise translate(error, self._prefix) from error

    def _list(self) -> Sequence[Record]:
        # SSM returns at most ten parameters per page.
        pages = client("ssm").get_paginator("get_parameters_by_path").paginate(Path=self._prefix, Recursive=False)
        return [
            Record(
                parameter["Name"].removeprefix(f"{self._prefix}/"),
                int(parameter["LastModifiedDate"].timestamp()),
                parameter["Value"],
            )
            for page in pages
            for parameter in page["Parameters"]
        ]
