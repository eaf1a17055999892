"""Terraform finds the registry of every image of the table."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from orchestrator.config.images import Chosen, image_of
from tests.terraform.conftest import LOCK, Terraform
from tests.unit.orchestrator.config.test_images import ROWS

REGION = "eu-west-1"
DATA = "data.aws_sagemaker_prebuilt_ecr_image.all"

pytestmark = pytest.mark.terraform


def test_the_provider_knows_every_repository(terraform: Terraform) -> None:
    choices = [
        *((Chosen(name), serving) for name in ROWS["frameworks"] for serving in (False, True)),
        *((Chosen(algorithm=name), False) for name in ROWS["algorithms"]),
    ]
    chosen = [image_of(choice, REGION, serving=serving) for choice, serving in choices]
    images = {image.repository: image.tag for image in chosen}
    folder = terraform.copy.parent / "images"
    folder.mkdir()
    _write(folder, images)
    shutil.copy(LOCK, folder)
    terraform.init("../images")
    done = terraform("plan", "-input=false", "-no-color", "-out=plan", folder="../images")
    assert done.returncode == 0, done.stderr
    shown = terraform("show", "-json", "plan", folder="../images")
    paths = json.loads(shown.stdout)["planned_values"]["outputs"]["paths"]["value"]
    assert paths.keys() == images.keys()
    for repository, tag in images.items():
        registry, _, rest = paths[repository].partition("/")
        assert rest == f"{repository}:{tag}"
        assert registry.endswith(f".dkr.ecr.{REGION}.amazonaws.com")


def _write(folder: Path, images: dict[str, str]) -> None:
    provider = {
        "region": REGION,
        "skip_credentials_validation": True,
        "skip_requesting_account_id": True,
        "skip_metadata_api_check": True,
    }
    document = {
        "terraform": {"required_providers": {"aws": {"source": "hashicorp/aws"}}},
        "provider": {"aws": provider},
        "data": {
            "aws_sagemaker_prebuilt_ecr_image": {
                "all": {
                    "for_each": images,
                    "repository_name": "${each.key}",
                    "image_tag": "${each.value}",
                }
            }
        },
        "output": {"paths": {"value": f"${{{{ for name, each in {DATA} : name => each.registry_path }}}}"}},
    }
    (folder / "main.tf.json").write_text(json.dumps(document), encoding="utf-8")
