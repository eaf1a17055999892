"""AWS through boto3, or the emulator through the very same calls.

With the way into a local one, this object is hermetic: its key, its endpoint and nothing that the
machine's AWS set-up says. boto3 is imported on first use, since commands such as `graph` need none of it.
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

_SIGN_IN = "Sign in (for example `aws sso login`, or set AWS_PROFILE) and try again; for no account at all: ENV=local."

_ATTEMPTS = 6
"""At each call; the local AWS throttles too, when it is told to."""
_GONE = ("ResourceNotFound", "ResourceNotFoundException", "ParameterNotFound", "NotFoundException")

_NEXT = {"NextToken": "NextToken", "nextToken": "nextToken", "NextMarker": "NextMarker"}
"""Where an answer says that there is more: and how to ask for it."""


class Aws:
    """One region of one account.

    Args:
        region: e.g. `us-east-1`.
        local: the way into the emulator, loopback only; `None` means AWS.
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
        """The account that the credentials belong to; looked up once. Raises `CredentialsError`."""
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
        except exceptions.BotoCoreError as error:  # nobody answers, or something that is not AWS
            raise self._unreachable(error) from error

    def client(self, service: str) -> Any:
        """A boto3 client; made once, usable from any thread. Raises `CredentialsError` on a wrong profile.

        That of S3 uses buckets of the credentials' own account only.
        """
        with self._lock:
            if service not in self._clients:
                made = self._new_client(service)
                if service == "s3":
                    expect_owner(made, self.account_id)
                self._clients[service] = made
            return self._clients[service]

    def api_url(self, rest_api_id: str, stage: str) -> str:
        """Base address of a REST API's stage, without a slash at its end."""
        if self.endpoint is not None:
            return f"{self.endpoint}/restapis/{rest_api_id}/{stage}/_user_request_"
        suffix = "amazonaws.com.cn" if self.region.startswith("cn-") else "amazonaws.com"
        return f"https://{rest_api_id}.execute-api.{self.region}.{suffix}/{stage}"

    def http(
        self, method: str, url: str, *, headers: Mapping[str, str], body: bytes, timeout: float
    ) -> tuple[int, dict[str, str], bytes]:
        """One plain HTTP request; any status is an answer, no answer is a `PlatformError`."""
        if self.endpoint is not None:
            try:
                return loopback.request(method, url, headers=headers, body=body, timeout=timeout)
            except loopback.NoAnswer as error:
                process = self._local.process if self._local is not None else None
                if process is not None and life(process) == "dead":
                    raise aws_local.gone(process) from error
                raise _no_answer(method, url, error) from error
        import httpx  # and with it TLS, which takes as long as the rest of a probe

        try:
            with httpx.Client(timeout=timeout, follow_redirects=False) as client:
                answer = client.request(method, url, headers=dict(headers), content=body)
        except httpx.HTTPError as error:
            raise _no_answer(method, url, error) from error
        return answer.status_code, {name.lower(): value for name, value in answer.headers.items()}, answer.content

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
    """Turn what boto3 raises inside into an `error` that says what was being done ("start the pipeline")."""
    from botocore import exceptions

    try:
        yield
    except exceptions.ClientError as caught:
        found = caught.response.get("Error", {})
        said = f"{found.get('Code', 'unknown error')}: {found.get('Message', '')}".rstrip(": ")
        raise error(f"cannot {action}: {said}") from caught
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
    """AWS's code of what `explained` translated, e.g. `ParameterNotFound`; empty for anything else."""
    response = getattr(error, "response", None)
    return str(response.get("Error", {}).get("Code", "")) if isinstance(response, dict) else ""


def pages(client: Any, operation: str, key: str, **arguments: Any) -> list[dict[str, Any]]:
    """All items of a paged answer at once: deleting while paging skips some."""
    paginator = client.get_paginator(operation_name=operation)
    return [item for page in paginator.paginate(**arguments) for item in page.get(key, [])]


def every(client: Any, operation: str, key: str, **arguments: Any) -> list[Any]:
    """All items of a list, whether or not boto3 knows how it is paged."""
    if client.can_paginate(operation):
        return pages(client, operation, key, **arguments)
    found: list[Any] = []
    more: dict[str, Any] = {}
    while True:
        page = getattr(client, operation)(**arguments, **more)
        items = page.get(key, [])
        found += items
        more = {name: page[answer] for answer, name in _NEXT.items() if page.get(answer)}
        if page.get("HasMoreDeliveryStreams") and items:
            more = {"ExclusiveStartDeliveryStreamName": items[-1]}
        if not more:
            return found


def unless_gone(call: Callable[..., Any], **arguments: Any) -> None:
    """Delete something that may be gone already."""
    from botocore.exceptions import ClientError

    try:
        call(**arguments)
    except ClientError as error:
        code = error.response["Error"]["Code"]
        message = error.response["Error"].get("Message", "")
        # SageMaker says "ValidationException: Could not find …" instead of a code of its own.
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
        # Said in code, it goes before an AWS_BEARER_TOKEN_BEDROCK of the environment.
        auth_scheme_preference="sigv4",
        s3={"addressing_style": "path"},
    )


def _config(**settings: Any) -> Any:
    from botocore.config import Config

    retries = {"mode": "standard", "total_max_attempts": _ATTEMPTS}
    # An AWS_ENDPOINT_URL_<SERVICE> that somebody left in the environment bends no call of ours.
    make: Any = Config
    return make(ignore_configured_endpoint_urls=True, retries=retries, **settings)
