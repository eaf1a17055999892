"""One model in one server process, which loads `model.tar.gz`."""

from __future__ import annotations

import hashlib
import shutil
import tarfile
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from emulator.core import opt_ml, processes
from emulator.core.archives import unpack
from emulator.core.aws import Aws, LogStream, download_file, unique
from emulator.core.channel import Channel, ChannelClosed
from emulator.core.evidence import STORE, current_cause, describe_exit
from emulator.core.folders import inside, of_name
from emulator.core.jobs import Exit, Job
from emulator.services.sagemaker import libraries

PROGRAM = Path(__file__).parents[2] / "runtime" / "model_server.py"
START_SECONDS = 180.0
INVOKE_SECONDS = 60.0
"""A container has a minute to answer, as on AWS."""
MODEL_DIR = "/opt/ml/model"


class HostingFailed(Exception):
    """A failure with the message for the endpoint's FailureReason."""


@dataclass(frozen=True)
class Model:
    """The definition of a server."""

    name: str
    region: str
    role_arn: str
    image: str
    data_url: str | None
    variables: dict[str, str]
    hostname: str = ""
    """Hostname of its container, if there are several."""


@dataclass(frozen=True)
class Request:
    """One InvokeEndpoint: the body, and the targets in its headers."""

    body: bytes
    content_type: str
    accept: str
    variant: str | None = None
    model: str | None = None
    """Archive below a multi-model container's prefix (TargetModel)."""
    container: str | None = None
    """Hostname of one container of several (TargetContainerHostname)."""
    inference_id: str | None = None
    timeout_seconds: float | None = None
    """Timeout of the container, if it is not the minute of InvokeEndpoint."""
    dies: bool = False
    """Injected fault: the server's process is killed while it handles this request."""


@dataclass(frozen=True)
class Answer:
    """A model server's answer; a `status` other than 200 is the container's error."""

    status: int
    body: bytes
    content_type: str
    variant: str
    evidence_id: str
    cold_start_ms: float = 0.0
    """Duration of the server start that this request waited for."""
    lost: bool = False
    """The server ended, or could not be started, before it answered: the request may be retried on another."""


OnDeath = Callable[[str], None]
"""Called with the reason when a server ends without having been stopped."""


class ModelServer:
    """The process behind one variant of one endpoint."""

    def __init__(
        self,
        aws: Aws,
        endpoint: str,
        variant: str,
        model: Model,
        on_death: OnDeath,
        cause: str | None,
        *,
        kind: str = "endpoint",
        log_stream: tuple[str, str] | None = None,
        **detail: Any,
    ) -> None:
        """`kind` is that of its evidence; `log_stream` a group and a stream, unless they are the endpoint's."""
        self._aws, self._endpoint, self._variant, self._model, self._on_death = aws, endpoint, variant, model, on_death
        self._channel = Channel()
        self._lock = threading.Lock()
        self._folder = of_name(aws.settings.data_dir / "endpoints", unique(f"{endpoint}-{variant}-"))
        self._credentials: processes.Credentials | None = None
        self._job: Job | None = None
        self._ended = threading.Event()
        self._exit: Exit | None = None
        self._invocations = 0
        detail = {"variant": variant, "model": model.name, "needs_process": True, **detail}
        self.record = STORE.begin(kind, endpoint, parent=cause, detail=detail)
        self._log_stream = log_stream or (f"/aws/sagemaker/Endpoints/{endpoint}", f"{variant}/{unique('i-')}")

    def start(self) -> None:
        """Return when the model is loaded; raise `HostingFailed` if it cannot be."""
        try:
            self._launch()
            hello, _ = self._channel.receive(timeout=START_SECONDS)
        except TimeoutError as error:
            self._abandon(f"The model server did not load the model within {START_SECONDS:.0f} seconds", error)
        except ChannelClosed as error:
            self._ended.wait(10)
            how = describe_exit(self._exit.code) if self._exit else "no exit code"
            last = self._exit.last_line if self._exit else ""
            self._abandon(f"The model server ended while loading the model ({how}): {last}", error)
        except (ClientError, BotoCoreError, OSError, tarfile.TarError) as error:
            self._abandon(f"Failed to download model data for container: {error}", error)
        except HostingFailed as error:
            self._abandon(str(error), error)
        except libraries.InstallationFailed as error:
            self._abandon(f"The packages of requirements.txt cannot be installed: {error}", error)
        else:
            if not hello["ready"]:
                note = opt_ml.note(self._folder, self._folder / "model" / "code")
                self._abandon(f"The model could not be loaded: {hello['error']}" + (f" ({note})" if note else ""), None)

    def note(self, **detail: Any) -> None:
        """Add details to the evidence."""
        STORE.update(self.record.id, detail=detail)

    def invoke(self, request: Request) -> Answer:
        STORE.link(current_cause(), self.record.id)
        how_asked = {"content_type": request.content_type, "accept": request.accept}
        seconds = request.timeout_seconds or INVOKE_SECONDS
        with self._lock:
            try:
                self._channel.send(how_asked, request.body, timeout=seconds)
                header, payload = self._channel.receive(timeout=seconds)
            except ChannelClosed:
                self._ended.wait(5)
                how = describe_exit(self._exit.code) if self._exit else "gone"
                return replace(self._error(f"The model server is not running ({how})"), lost=True)
            except TimeoutError:
                # Its late answer would be taken for that of the next request: this server is unusable.
                self.stop(f"gave no answer within {seconds:.0f} seconds", failed=True)
                return self._error(f"The model server did not answer within {seconds:.0f} seconds")
            self._invocations += 1
        STORE.update(self.record.id, detail={"invocations": self._invocations})
        return Answer(header["status"], payload, header["content_type"], self._variant, self.record.id)

    def stop(self, reason: str = "endpoint deleted", *, failed: bool = False) -> None:
        code = None
        if self._job:
            self._job.stop_at_once()
            self._ended.wait(10)
            code = self._exit.code if self._exit else None
        if failed:
            STORE.fail(self.record.id, reason, exit_code=code)
            self._on_death(reason)
        elif self.record.status == "running":
            STORE.succeed(self.record.id, exit_code=code, detail={"reason": reason})
        if self._credentials:
            STORE.lend_credentials(self._credentials.access_key_id, None)
        shutil.rmtree(self._folder, ignore_errors=True)

    def kill(self) -> None:
        """Kill the process at any point of its work, as a failing machine does."""
        if self._job:
            processes.kill_group(self._job.process)

    def _launch(self) -> None:
        model = self._model
        self._credentials = credentials = self._aws.assume(
            model.role_arn, "SageMaker", service="sagemaker.amazonaws.com"
        )
        STORE.lend_credentials(credentials.access_key_id, self.record.id)
        module, digest = self._fetch(credentials)
        code = self._folder / "model" / "code"
        python = libraries.of(self._aws.settings).python(code)
        env = processes.environment(
            endpoint=self._aws.settings.endpoint,
            region=model.region,
            home=self._folder,
            credentials=credentials,
            extra={**model.variables, "SM_MODEL_DIR": str(self._folder / "model")},
        )
        log = LogStream(self._aws, *self._log_stream, model.region, credentials)
        program: list[str | Path] = [python, PROGRAM, str(self._channel.child_fd), self._folder / "model", module]
        self._job = Job(
            opt_ml.command(self._folder, program),
            env=env,
            cwd=self._folder,
            log=log,
            pass_fds=[self._channel.child_fd],
        )
        self._channel.started()
        STORE.update(self.record.id, pid=self._job.process.pid, artifact_sha256=digest)
        threading.Thread(target=self._watch, args=(self._job,), name=f"watch-{self._endpoint}", daemon=True).start()

    def _fetch(self, credentials: processes.Credentials) -> tuple[str, str]:
        """Download model and code. Return the module to import and the hash of the model's archive."""
        model = self._model
        if not model.data_url:
            raise HostingFailed(f"Model {model.name} has no ModelDataUrl; only models in S3 are served locally")
        s3 = self._aws.client("s3", credentials, model.region)
        target = self._folder / "model"
        archive = download_file(s3, model.data_url, self._folder / "model.tar.gz")
        digest = hashlib.sha256(archive.read_bytes()).hexdigest()
        _extract(archive, target)
        source = model.variables.get("SAGEMAKER_SUBMIT_DIRECTORY", f"{MODEL_DIR}/code")
        if source.startswith("s3://"):
            _extract(download_file(s3, source, self._folder / "sourcedir.tar.gz"), target / "code")
        elif not source.startswith(MODEL_DIR):
            raise HostingFailed(f"SAGEMAKER_SUBMIT_DIRECTORY {source} is neither in S3 nor below {MODEL_DIR}")
        program = model.variables.get("SAGEMAKER_PROGRAM", "inference.py")
        if not inside(target / "code", program).is_file():
            raise HostingFailed(f"{program} is not in the code folder of {model.data_url}")
        return program.removesuffix(".py").replace("/", "."), digest

    def _watch(self, job: Job) -> None:
        self._exit = job.run(None)
        self._ended.set()
        if not self._exit.stopped:
            reason = f"The model server ended: {describe_exit(self._exit.code)} {self._exit.last_line}".strip()
            STORE.fail(self.record.id, reason, exit_code=self._exit.code)
            self._on_death(reason)

    def _abandon(self, reason: str, error: Exception | None) -> None:
        if self._job:
            self._job.stop_at_once()
        fields: dict[str, Any] = {"exit_code": self._exit.code} if self._exit else {}
        STORE.fail(self.record.id, reason, **fields)
        raise HostingFailed(reason) from error

    def _error(self, message: str) -> Answer:
        return Answer(502, message.encode(), "text/plain", self._variant, self.record.id)


def _extract(archive: Path, target: Path) -> None:
    target.mkdir(parents=True, exist_ok=True)
    unpack(archive, target)
