"""Call AWS through boto3, or the emulator through the same calls.

With access to a local AWS, the client is hermetic: it uses the local key and endpoint and nothing of the machine's AWS
configuration. boto3 is imported on first use, since commands such as `graph` do not need it.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from orchestrator.aws import local as aws_local
from orchestrator.aws import loopback
from orchestrator.aws.bucket_owner import expect_owner
from orchestrator.aws.model import Cloud
from orchestrator.core.environment import require_loopback
from orchestrator.core.local_access import LocalAccess
from orchestrator.errors import CredentialsError, EmulatorError, PlatformError
from orchestrator.system.identity import life

_SIGN_IN = "Sign in (for example `aws sso login`, or set AWS_PROFILE) and try again; without an account: ENV=local."

_ATTEMPTS = 6
"""Per call; the local AWS throttles too, if configured to."""
_GONE = ("ResourceNotFound", "ResourceNotFoundException", "ParameterNotFound", "NotFoundException")

_NEXT = {"NextToken": "NextToken", "nextToken": "nextToken", "NextMarker": "NextMarker"}
"""Maps the field of a response that announces another page to the argument that requests it."""


class Aws:
    """A region of an account.

    Args:
        region: e.g. `us-east-1`.
        local: access to the emulator, loopback only; `None` means AWS.
    """

    def __init__(self, region: str, local: LocalAccess | None) -> None:
        self.region = region
        self.endpoint = require_loopback(local.endpoint).rstrip("/") if local is not None else None
        self._local = local
        self._lock = threading.Lock()
        self._session: Any = None
        self._clients: dict[str, Any] = {}
        self._account_id = ""

    def account_id(self) -> str:
        """Return the account of the credentials, which is looked up once. Raises `CredentialsError`."""
        if not self._account_id:
            self._account_id = self._caller_account()
        return self._account_id

    def _caller_account(self) -> str:
        from botocore import exceptions

        try:
            return str(self.client("sts").get_caller_identity()["Account"])
        except (
            exceptions.NoCredentialsError,
            exceptions.PartialCredentialsError,
            exceptions.CredentialRetrievalError,
            exceptions.SSOError,
            exceptions.UnauthorizedSSOTokenError,
            exceptions.ClientError,
        ) as error:
            raise CredentialsError(f"no usable AWS credentials: {error}", hint=_SIGN_IN) from error
        except exceptions.BotoCoreError as error:  # no server, or one that is not AWS
            raise self._unreachable(error) from error

    def client(self, service: str) -> Any:
        """Return a boto3 client; created once, usable from any thread. Raises `CredentialsError` on a wrong profile.

        The S3 client only uses buckets of the credentials' account.
        """
        with self._lock:
            if service not in self._clients:
                client = self._new_client(service)
                if service == "s3":
                    expect_owner(client, self.account_id)
                self._clients[service] = client
            return self._clients[service]

    def api_url(self, rest_api_id: str, stage: str) -> str:
        """Return the base URL of a REST API's stage, without a trailing slash."""
        if self.endpoint is not None:
            return f"{self.endpoint}/restapis/{rest_api_id}/{stage}/_user_request_"
        suffix = "amazonaws.com.cn" if self.region.startswith("cn-") else "amazonaws.com"
        return f"https://{rest_api_id}.execute-api.{self.region}.{suffix}/{stage}"

    def http(
        self, method: str, url: str, *, headers: Mapping[str, str], body: bytes, timeout: float
    ) -> tuple[int, dict[str, str], bytes]:
        """Send a plain HTTP request and return status, headers and body. Raises `PlatformError` without a response."""
        if self.endpoint is not None:
            try:
                return loopback.request(method, url, headers=headers, body=body, timeout=timeout)
            except loopback.NoAnswer as error:
                process = self._local.process if self._local is not None else None
                if process is not None and life(process) == "dead":
                    raise aws_local.gone(process) from error
                raise _no_answer(method, url, error) from error
        import httpx  # here, since it imports TLS, which takes as long as the rest of a probe

        try:
            with httpx.Client(timeout=timeout, follow_redirects=False) as client:
                response = client.request(method, url, headers=dict(headers), content=body)
        except httpx.HTTPError as error:
            raise _no_answer(method, url, error) from error
        return response.status_code, {name.lower(): value for name, value in response.headers.items()}, response.content

    def _new_client(self, service: str) -> Any:
        from botocore import exceptions

        try:
            if self._session is None:
                self._session = self._new_session()
            if self._local is None:
                config = _config(connect_timeout=10, read_timeout=90)
                return self._session.client(service, config=config)
            return self._session.client(
                service,
                endpoint_url=self.endpoint,
                aws_access_key_id=self._local.access_key_id,
                aws_secret_access_key=self._local.secret_access_key,
                config=_local_config(),
            )
        except (exceptions.ProfileNotFound, exceptions.ConfigParseError, exceptions.PartialCredentialsError) as error:
            raise CredentialsError(f"no usable AWS credentials: {error}", hint=_SIGN_IN) from error

    def _new_session(self) -> Any:
        import boto3

        if self._local is not None:
            return aws_local.session(self.region, self._local.process)
        return boto3.session.Session(region_name=self.region)

    def _unreachable(self, error: Exception) -> PlatformError:
        if self.endpoint is not None:
            return EmulatorError(
                f"nothing answers at {self.endpoint}: {error}",
                hint="See `orchestrator emulator status` and `orchestrator emulator logs`.",
            )
        return CredentialsError(f"AWS cannot be reached: {error}", hint="Check the network and the proxy settings.")


@contextlib.contextmanager
def explained(cloud: Cloud, action: str, error: type[PlatformError] = PlatformError) -> Iterator[None]:
    """Turn boto3's exceptions in the block into an `error` that names the action ("start the pipeline")."""
    from botocore import exceptions

    try:
        yield
    except exceptions.ClientError as caught:
        details = caught.response.get("Error", {})
        reason = f"{details.get('Code', 'unknown error')}: {details.get('Message', '')}".rstrip(": ")
        raise error(f"cannot {action}: {reason}") from caught
    except (exceptions.HTTPClientError, exceptions.ConnectionError) as caught:
        if cloud.endpoint is None:
            raise error(f"cannot {action}: {caught}") from caught
        raise EmulatorError(
            f"cannot {action}: the emulator at {cloud.endpoint} does not answer ({type(caught).__name__})",
            hint="See `orchestrator emulator status` and `orchestrator emulator logs`.",
        ) from caught
    except exceptions.BotoCoreError as caught:
        raise error(f"cannot {action}: {caught}") from caught


def error_code(error: BaseException | None) -> str:
    """Return AWS's code of an error that `explained` translated, e.g. `ParameterNotFound`; empty for others."""
    response = getattr(error, "response", None)
    return str(response.get("Error", {}).get("Code", "")) if isinstance(response, dict) else ""


def pages(client: Any, operation: str, key: str, **arguments: Any) -> list[dict[str, Any]]:
    """Return all items of a paged response at once, because deleting while paging skips some."""
    paginator = client.get_paginator(operation_name=operation)
    return [item for page in paginator.paginate(**arguments) for item in page.get(key, [])]


def every(client: Any, operation: str, key: str, **arguments: Any) -> list[Any]:
    """Return all items of a list, also of operations without a paginator in boto3."""
    if client.can_paginate(operation):
        return pages(client, operation, key, **arguments)
    every_item: list[Any] = []
    more: dict[str, Any] = {}
    while True:
        page = getattr(client, operation)(**arguments, **more)
        items = page.get(key, [])
        every_item += items
        more = {argument: page[field] for field, argument in _NEXT.items() if page.get(field)}
        if page.get("HasMoreDeliveryStreams") and items:
            more = {"ExclusiveStartDeliveryStreamName": items[-1]}
        if not more:
            return every_item


def unless_gone(call: Callable[..., Any], **arguments: Any) -> None:
    """Delete a resource that may not exist any more."""
    from botocore.exceptions import ClientError

    try:
        call(**arguments)
    except ClientError as error:
        code = error.response["Error"]["Code"]
        message = error.response["Error"].get("Message", "")
        # SageMaker returns "ValidationException: Could not find …" instead of a separate code.
        if code not in _GONE and not (code == "ValidationException" and "ould not find" in message):
            raise


def _no_answer(method: str, url: str, error: Exception) -> PlatformError:
    return PlatformError(f"{method} {url} got no answer: {type(error).__name__} {error}".rstrip())


def _local_config() -> Any:
    return _config(
        connect_timeout=5,
        read_timeout=300,
        proxies={},
        inject_host_prefix=False,
        # Set in code, it takes precedence over an AWS_BEARER_TOKEN_BEDROCK of the environment.
        auth_scheme_preference="sigv4",
        s3={"addressing_style": "path"},
    )


def _config(**settings: Any) -> Any:
    from botocore.config import Config

    retries = {"mode": "standard", "total_max_attempts": _ATTEMPTS}
    # An AWS_ENDPOINT_URL_<SERVICE> that is set in the environment must not redirect these calls.
    make: Any = Config
    return make(ignore_configured_endpoint_urls=True, retries=retries, **settings)
