"""The files of a root and of the modules that it calls."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.terraform import source_files

REPO = Path(__file__).resolve().parents[4]
ROOTS = sorted(path.parent for path in (REPO / "terraform/phases").rglob("versions.tf"))


def write(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        path = folder / name.replace("__", "/").replace("_tf", ".tf")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def names(root: Path, top: Path) -> set[str]:
    return {file.relative_to(top).as_posix() for file in source_files.files(root)}


def test_modules_are_followed_through_modules(tmp_path: Path) -> None:
    write(
        tmp_path,
        root__main_tf='module "a" {\n  count = 1\n  source = "../a"\n}\nterraform {\n  required_providers {\n'
        '    aws = { source = "hashicorp/aws" }\n  }\n}\n',
        a__a_tf='module "b" {\n  source = "../b/inner"\n}\n',
        a__templates__text="x",
        a__tests__ignored="x",
        b__inner__b_tf="",
        c__c_tf="",
    )
    assert names(tmp_path / "root", tmp_path) == {"root/main.tf", "a/a.tf", "a/templates/text", "b/inner/b.tf"}


def test_a_root_below_a_root_is_another_one(tmp_path: Path) -> None:
    write(tmp_path, root__a_tf="", root__inner__b_tf="", root__part__c_tf="")
    (tmp_path / "root/inner/.terraform.lock.hcl").write_text("")
    assert names(tmp_path / "root", tmp_path) == {"root/a.tf", "root/part/c.tf"}


def test_json_of_cdktf_is_followed(tmp_path: Path) -> None:
    write(tmp_path, m__m_tf="")
    providers = '{"required_providers": {"aws": {"source": "hashicorp/aws"}}}'
    text = f'{{"module": {{"x": {{"source": "../m"}}}}, "terraform": {providers}}}'
    (tmp_path / "root").mkdir()
    (tmp_path / "root/cdk.tf.json").write_text(text)
    assert names(tmp_path / "root", tmp_path) == {"root/cdk.tf.json", "m/m.tf"}


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ('module "m" {\n  source = "terraform-aws-modules/vpc/aws"\n}\n', "terraform-aws-modules"),
        ('module "m" {\n  source = "git::https://example.com/m.git"\n}\n', "git::"),
        ('locals {\n  a = file("../x.json")\n}\n', "reads a file outside of its folder"),
        ('locals {\n  a = filesha256("/etc/hosts")\n}\n', "reads a file outside of its folder"),
        ('locals {\n  a = templatefile("${path.module}/../t.tftpl", {})\n}\n', "reads a file outside of its folder"),
        ('locals {\n  a = fileset(path.root, "*")\n}\n', "reads a file outside of its folder"),
    ],
)
def test_a_read_that_cannot_be_followed_is_reported(tmp_path: Path, text: str, word: str) -> None:
    with pytest.raises(source_files.Opaque, match=word):
        source_files.files(write(tmp_path, main_tf=text))


@pytest.mark.parametrize("content", [b"\xe9", b'{"module": ', b'{"module": {"m": {}}}', b"[]"])
def test_a_file_that_cannot_be_parsed_is_reported(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "cdk.tf.json").write_bytes(content)
    with pytest.raises(source_files.Opaque, match=r"cdk\.tf\.json of .* cannot be parsed"):
        source_files.files(tmp_path)


def test_a_missing_module_is_reported(tmp_path: Path) -> None:
    with pytest.raises(source_files.Opaque, match="does not exist"):
        source_files.files(write(tmp_path, main_tf='module "m" {\n  source = "./gone"\n}\n'))


@pytest.mark.parametrize("root", ROOTS, ids=lambda path: path.name)
def test_every_root_of_this_repository_can_be_proven(root: Path) -> None:
    files = source_files.files(root)
    assert root / ".terraform.lock.hcl" in files
    assert any("modules" in file.parts for file in files)
