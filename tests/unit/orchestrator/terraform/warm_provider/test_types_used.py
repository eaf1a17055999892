"""The types in use are read from the code."""

from __future__ import annotations

from pathlib import Path

from orchestrator.terraform.warm_provider import types_used


def test_types_of_hcl_tests_and_json(tmp_path: Path) -> None:
    module = tmp_path / "module"
    (module / "tests").mkdir(parents=True)
    (module / "main.tf").write_text('resource "aws_vpc" "this" {}\n  data "aws_region" "now" {}\n# resource "x"\n')
    (module / "tests/a.tftest.hcl").write_text('mock_provider "aws" {\n  mock_data "aws_partition" {}\n}\n')
    (tmp_path / "cdk.tf.json").write_text('{"resource": {"aws_ssm_parameter": {}}, "module": {"aws_not": {}}}')
    (module / ".terraform").mkdir()
    (module / ".terraform/x.tf").write_text('resource "aws_hidden" "x" {}')
    assert types_used.in_tree(tmp_path) == {"aws_vpc", "aws_region", "aws_partition", "aws_ssm_parameter"}


def test_an_unreadable_file_has_no_types(tmp_path: Path) -> None:
    """Terraform reads it as well, and reports the error."""
    (tmp_path / "cut.tf.json").write_text('{"resource": {"aws_ssm_para')
    (tmp_path / "list.tf.json").write_text("[]")
    (tmp_path / "latin.tf").write_bytes(b'# caf\xe9\nresource "aws_vpc" "this" {}\n')
    assert types_used.in_tree(tmp_path) == {"aws_vpc"}


def test_a_changed_file_is_read_again(tmp_path: Path) -> None:
    file = tmp_path / "main.tf"
    file.write_text('resource "aws_sns_topic" "a" {}\n')
    assert types_used.in_tree(tmp_path) == {"aws_sns_topic"}
    file.write_text('resource "aws_sqs_queue" "ab" {}\n')
    assert types_used.in_tree(tmp_path) == {"aws_sqs_queue"}


def test_blocks_are_found_at_every_depth_and_as_dynamic_ones(tmp_path: Path) -> None:
    text = 'resource "aws_x" "this" {\n  rule {\n    action {\n      block {}\n    dynamic "statement" {\n'
    (tmp_path / "acl.tf").write_text(text, encoding="utf-8")
    assert types_used.blocks_in_tree(tmp_path) >= {"rule", "action", "block", "statement"}


def test_types_of_removed_and_moved_blocks_are_included() -> None:
    text = """
removed {
  from = aws_api_gateway_api_key.this
  lifecycle {
    destroy = false
  }
}

moved {
  from = module.api[0].aws_wafv2_web_acl.this
  to   = module.waf[0].aws_wafv2_web_acl.this
}
"""
    assert types_used.in_hcl(text) == {"aws_api_gateway_api_key", "aws_wafv2_web_acl"}
