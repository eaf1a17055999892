from __future__ import annotations

import json
from dataclasses import replace

from orchestrator.planning.graph import Graph
from orchestrator.stacks.workspace import manual_lines, render
from tests.fakes.tools import FakeTools

KEY = "arn:aws:kms:us-east-1:123456789012:key/1"
ENV = {"PATH": "/bin", "AWS_ENDPOINT_URL": "http://127.0.0.1:1", "AWS_SECRET_ACCESS_KEY": "s3cr3t"}


def test_a_stack_is_a_folder_with_values_and_backend(tools: FakeTools, graph: Graph) -> None:
    ws = render(tools, graph.stack("data"), {"a": 1}, bucket="b", state_key="data.tfstate", key_arn=KEY, env=ENV)
    assert ws.root == tools.repo / "terraform/phases/2-data"
    assert json.loads(ws.values_file.read_text()) == {"a": 1}
    assert ws.backend_file is not None
    assert ws.backend_file.read_text() == (
        'bucket         = "b"\n'
        'key            = "data.tfstate"\n'
        'region         = "us-east-1"\n'
        "encrypt        = true\n"
        "use_lockfile   = true\n"
        f'kms_key_id     = "{KEY}"\n'
        "use_path_style = true\n"
    )


def test_names_in_the_backends_settings_are_quoted(tools: FakeTools, graph: Graph) -> None:
    ws = render(tools, graph.stack("data"), {}, bucket='b"\n', state_key="${k}", key_arn=None, env=ENV)
    assert ws.backend_file is not None
    assert 'bucket         = "b\\"\\u000a"\nkey            = "$${k}"\n' in ws.backend_file.read_text()


def test_a_bucket_without_a_dedicated_key_names_none(tools: FakeTools, graph: Graph) -> None:
    ws = render(tools, graph.stack("data"), {}, bucket="b", state_key="k", key_arn=None, env=ENV)
    assert ws.backend_file is not None
    assert "kms" not in ws.backend_file.read_text()


def test_previews_use_other_files_and_no_backend(tools: FakeTools, graph: Graph) -> None:
    real = render(tools, graph.stack("data"), {}, bucket="b", state_key="k", key_arn=KEY, env=ENV)
    preview = render(tools, graph.stack("data"), {}, bucket=None, state_key="k", key_arn=KEY, env=ENV)
    assert preview.backend_file is None
    assert preview.data_dir != real.data_dir
    assert preview.plan_file != real.plan_file


def test_a_blueprint_is_synthesised_with_the_canonical_lock_file(tools: FakeTools, graph: Graph) -> None:
    (tools.repo / "terraform").mkdir()
    (tools.repo / "terraform/.terraform.lock.hcl").write_text("locked", encoding="utf-8")
    ws = render(tools, graph.stack("blueprint-chat"), {}, bucket="b", state_key="k", key_arn=KEY, env=ENV)
    assert (ws.root / "cdk.tf.json").is_file()
    assert (ws.root / ".terraform.lock.hcl").read_text() == "locked"


def test_unchanged_values_are_not_written_again(tools: FakeTools, graph: Graph) -> None:
    first = render(tools, graph.stack("data"), {"a": 1}, bucket="b", state_key="k", key_arn=KEY, env=ENV)
    written = first.values_file.stat().st_mtime_ns
    render(tools, graph.stack("data"), {"a": 1}, bucket="b", state_key="k", key_arn=KEY, env=ENV)
    assert first.values_file.stat().st_mtime_ns == written


def test_values_that_are_written_in_part_are_replaced(tools: FakeTools, graph: Graph) -> None:
    file = tools.repo / "build/local/data/values.tfvars.json"
    file.parent.mkdir(parents=True)
    file.write_bytes(b'{"a": "\xc3')
    render(tools, graph.stack("data"), {"a": 1}, bucket="b", state_key="k", key_arn=KEY, env=ENV)
    assert json.loads(file.read_text()) == {"a": 1}


def test_the_manual_commands_of_a_stack(tools: FakeTools, graph: Graph) -> None:
    ws = render(tools, graph.stack("data"), {}, bucket="b", state_key="k", key_arn=KEY, env=ENV)
    folder = tools.repo / "build/local/data"
    assert manual_lines(tools.repo, "local", ws) == [
        'eval "$(.venv/bin/orchestrator emulator env local)"',
        f"export TF_DATA_DIR={folder}/terraform",
        f"terraform -chdir=terraform/phases/2-data init -reconfigure -backend-config={folder}/backend.hcl",
        "terraform -chdir=terraform/phases/2-data plan "
        f"-var-file={folder}/values.tfvars.json -out={folder}/plan.tfplan",
        f"terraform -chdir=terraform/phases/2-data apply {folder}/plan.tfplan",
        f"rm {folder}/plan.tfplan",
    ]


def test_real_secrets_are_never_shown(tools: FakeTools, graph: Graph) -> None:
    env = {"AWS_SECRET_ACCESS_KEY": "s3cr3t", "AWS_SESSION_TOKEN": "s3cr3t", "AWS_PROFILE": "dev"}
    ws = render(tools, graph.stack("data"), {}, bucket="b", state_key="k", key_arn=KEY, env=env)
    text = "\n".join(manual_lines(tools.repo, "local", ws))
    assert "s3cr3t" not in text
    assert "export AWS_PROFILE=dev" in text


def test_a_restored_blueprint_starts_without_files_of_its_removal(tools: FakeTools, graph: Graph) -> None:
    stack = graph.stack("blueprint-chat")
    removed = render(
        tools, replace(stack, blueprint=None, gone=True), {}, bucket="b", state_key="k", key_arn=KEY, env=ENV
    )
    back = render(tools, stack, {}, bucket="b", state_key="k", key_arn=KEY, env=ENV)
    assert {each.name for each in removed.root.iterdir()} == {"main.tf.json"}
    assert {each.name for each in back.root.iterdir()} == {"cdk.tf.json"}
