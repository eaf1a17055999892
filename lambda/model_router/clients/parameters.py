"""Route records in SSM Parameter Store."""

from __future__ import annotations

from botocore.exceptions import BotoCoreError, ClientError

from clients import client
from clients.failures import translate


class ParameterStore:
    """Reads `<prefix>/<blueprint>`."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix

    def read(self, name: str, timeout_seconds: int) -> str | None:
        path = f"{self._prefix}/{name}"
        try:
            response = client("ssm", timeout_seconds).get_parameter(Name=path)
        except ClientError as error:
            if error.response["Error"]["Code"] == "ParameterNotFound":
                return None
            raise translate(error, path) from error
        except BotoCoreError as error:
            raise translate(error, path) from error
        value: str = response["Parameter"]["Value"]
        return value
