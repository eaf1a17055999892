"""Register a finished archive as a version of a model package group."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from orchestrator.aws.client import explained
from orchestrator.aws.model import Cloud
from orchestrator.core.types import EventSink, Json
from orchestrator.errors import PlatformError
from orchestrator.registry import archive, functions, versions
from orchestrator.registry.model import IMPORTED, Container, Group, Registered, Target

FOLDER = "artifacts/training-outputs/imported/"
"""Where the function reads the archive, which is deleted afterwards: the copy that counts is the function's."""
WHEELS = "code/wheels/"
_JSON = ["application/json", "application/jsonlines"]
_LONGEST = 256
"""Characters of a value in the metadata of a version."""


def bring(
    cloud: Cloud,
    group: Group,
    artefact: str,
    container: Container,
    target: Target,
    on_event: EventSink,
    *,
    prove: Callable[[Path], None] | None = None,
) -> Registered:
    """Register an archive, unless the group has a version of the same bytes and image.

    Args:
        artefact: a file of this machine, or `s3://bucket/key`.
        on_event: called for each step.
        prove: called with the archive before it is uploaded; raises if it must not be.

    Raises:
        PlatformError: it is not an archive that the container could serve.
    """
    with tempfile.TemporaryDirectory() as scratch:
        path = _fetched(cloud, artefact, Path(scratch)) if artefact.startswith("s3://") else Path(artefact)
        _check(path, container)
        sha256 = archive.sha256_of(path)
        known = _known(cloud, group, sha256, container.image)
        if known is not None:
            return Registered(group.name, versions.number_of(known), known, sha256, repeated=True)
        if prove is not None:
            prove(path)
        stored = _stored(cloud, group, path, sha256, target.bucket, on_event)
    arn = _registered(cloud, group, container, stored, artefact, target.key_arn)
    on_event(_event(f"registered version {versions.number_of(arn)} of {group.name}, sha256 {sha256}"))
    return Registered(group.name, versions.number_of(arn), arn, sha256, repeated=False)


def _fetched(cloud: Cloud, url: str, folder: Path) -> Path:
    parts = urlsplit(url)
    bucket, key = parts.netloc, parts.path.removeprefix("/")
    if not bucket or not key:
        raise PlatformError(f"`{url[:200]}` names no object", hint="use s3://BUCKET/KEY, or a file of this machine")
    target = folder / "model.tar.gz"
    with explained(cloud, f"download {url}"):
        cloud.client("s3").download_file(Bucket=bucket, Key=key, Filename=str(target))
    return target


def _check(path: Path, container: Container) -> None:
    names = archive.check(path, container.needed)
    if container.carries and not any(name.startswith(WHEELS) for name in names):
        raise PlatformError(
            f"{path.name} carries no packages ({WHEELS}), and the image has no {container.carries}",
            hint="endpoints have no network: pack the wheels and a code/requirements.txt, as the archive of a training "
            "has them (docs/reference/containers.md)",
        )


def _registered(
    cloud: Cloud, group: Group, container: Container, stored: Json, source: str, key_arn: str | None
) -> str:
    served = {
        "Image": container.image,
        "ModelDataUrl": stored["model_data_url"],
        "Environment": container.environment,
    }
    properties = {
        IMPORTED: _plain(source),
        "model_sha256": stored["sha256"],
        "model_files_sha256": stored["files_sha256"],
    }
    with explained(cloud, f"register a version of {group.full_name}"):
        created = cloud.client("sagemaker").create_model_package(
            ModelPackageGroupName=group.full_name,
            ModelPackageDescription=f"Imported from {_plain(source)}",
            ModelApprovalStatus="PendingManualApproval",
            ModelLifeCycle={"Stage": "Staging", "StageStatus": "PendingApproval"},
            InferenceSpecification={
                "Containers": [served],
                "SupportedContentTypes": _JSON,
                "SupportedResponseMIMETypes": _JSON,
            },
            CustomerMetadataProperties=properties,
            **({"SecurityConfig": {"KmsKeyId": key_arn}} if key_arn else {}),
        )
    return str(created["ModelPackageArn"])


def _known(cloud: Cloud, group: Group, sha256: str, image: str) -> str | None:
    """Return the newest version with this archive and image."""
    arns = sorted((str(each["ModelPackageArn"]) for each in versions.listed(cloud, group)), key=versions.number_of)
    for arn in reversed(arns):
        version = versions.described(cloud, arn)
        [container, *_] = version.get("InferenceSpecification", {}).get("Containers", [{}])
        same = version.get("CustomerMetadataProperties", {}).get("model_sha256") == sha256
        if same and container.get("Image") == image:
            return arn
    return None


def _stored(cloud: Cloud, group: Group, path: Path, sha256: str, bucket: str, on_event: EventSink) -> Json:
    from boto3.exceptions import S3UploadFailedError

    key = f"{FOLDER}{sha256}/model.tar.gz"
    s3 = cloud.client("s3")
    try:
        with explained(cloud, f"upload {path.name} to s3://{bucket}/{key}"):
            s3.upload_file(Filename=str(path), Bucket=bucket, Key=key)
    except S3UploadFailedError as error:
        raise PlatformError(f"cannot upload {path.name}: {error}", hint="deployers may write there") from error
    on_event(_event(f"uploaded {path.name} ({path.stat().st_size:,} bytes)"))
    try:
        return functions.call(cloud, group, action="register", model_data_url=f"s3://{bucket}/{key}", sha256=sha256)
    finally:
        with explained(cloud, f"delete s3://{bucket}/{key}"):
            s3.delete_object(Bucket=bucket, Key=key)


def _plain(text: str) -> str:
    """Replace characters that the registry does not accept in metadata."""
    return re.sub(r"[^\w .:/=+@-]", "_", text)[-_LONGEST:]


def _event(message: str) -> Json:
    return {"type": "release", "@message": message}
