"""Write the files that terraform reads to `build/<env>/<stack>/`.

Afterwards terraform can be run by hand, with the commands that `manual_lines` returns. Phase roots are
shared by all environments, so everything that belongs to one environment is here: values, backend
settings, the data directory and the saved plan.
"""

from __future__ import annotations

import json
import shlex
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from orchestrator.config.model.platform import Environment
from orchestrator.core.terraform_json import quoted
from orchestrator.core.types import Json
from orchestrator.planning.graph import Stack
from orchestrator.planning.values import file_of
from orchestrator.session.ports import Tools
from orchestrator.stacks import leftovers
from orchestrator.system import own_files, scratch
from orchestrator.terraform.model import Workspace

BUILD = Path("build")
LOCK_FILE = ".terraform.lock.hcl"
PLAN = "plan.tfplan"
LOCAL_VARIABLES = 'eval "$(.venv/bin/orchestrator emulator env {})"'
"""Sets address, key and region of the local AWS in a shell."""


def stack_folder(repo: Path, environment: Environment, stack: str, *, preview: bool = False) -> Path:
    """Return the folder of a stack. Previews use separate folders, so that no later apply finds their files."""
    folder = repo / BUILD / environment.name
    return (folder / "preview" / stack) if preview else (folder / stack)


def render(
    tools: Tools,
    stack: Stack,
    values: Json,
    *,
    bucket: str | None,
    state_key: str,
    key_arn: str | None,
    env: Mapping[str, str],
    run: Path | None = None,
) -> Workspace:
    """Write one stack's files. Without a `bucket` it is a preview with a local state; `key_arn` is the bucket's key."""
    preview = bucket is None
    folder = stack_folder(tools.repo, tools.environment, stack.name, preview=preview)
    folder.mkdir(parents=True, exist_ok=True)
    values_file = folder / "values.tfvars.json"
    own_files.write_changed(values_file, json.dumps(values, indent=2, sort_keys=True) + "\n")
    backend_file = None
    if bucket is not None:
        backend_file = folder / "backend.hcl"
        own_files.write_changed(backend_file, backend(tools.environment, bucket, state_key, key_arn))
    return Workspace(
        stack=stack.name,
        root=_root(tools, stack, folder),
        values_file=values_file,
        backend_file=backend_file,
        data_dir=folder / "terraform",
        plan_file=folder / PLAN,
        env=env,
        environment=tools.environment.name,
        bucket=bucket,
        state_key=state_key if bucket is not None else None,
        run=run,
    )


def _root(tools: Tools, stack: Stack, folder: Path) -> Path:
    if stack.root is not None:
        return tools.repo / stack.root
    # Separate folders: the file of a stack may be restored.
    root = folder / ("emptied" if stack.gone else "root")
    root.mkdir(exist_ok=True)
    canonical = tools.repo / "terraform" / LOCK_FILE
    if stack.gone:
        leftovers.write_root(root, canonical)
        return root
    tools.synth(file_of(tools.environment, stack), root)
    if canonical.is_file():
        shutil.copyfile(canonical, root / LOCK_FILE)
    return root


def backend(environment: Environment, bucket: str, key: str, key_arn: str | None) -> str:
    """Return the settings of the S3 backend; the lock is an object beside the state, so no table is needed."""
    lines = {
        "bucket": quoted(bucket),
        "key": quoted(key),
        "region": quoted(environment.platform.region),
        "encrypt": "true",
        "use_lockfile": "true",
    }
    if key_arn is not None:
        lines["kms_key_id"] = quoted(key_arn)
    if environment.is_local:
        lines["use_path_style"] = "true"
    return "".join(f"{name:<14} = {value}\n" for name, value in lines.items())


@contextmanager
def forgetting_plan(ws: Workspace) -> Iterator[None]:
    """Remove the saved plan in any case: it contains every value, and is used by one apply only."""
    try:
        yield
    finally:
        ws.plan_file.unlink(missing_ok=True)


def forget_plans(repo: Path, environment: str) -> None:
    """Remove plans that a killed run has left, including those for the policy gate."""
    for place in ("*", "preview/*"):
        for found in (repo / BUILD / environment).glob(f"{place}/{PLAN}"):
            found.unlink(missing_ok=True)
    scratch.sweep(repo / scratch.FOLDER)


def manual_lines(repo: Path, environment: str, ws: Workspace) -> list[str]:
    """Return the shell commands for this stack, to be run at the root of the repository."""
    exported = {name: value for name, value in ws.env.items() if _worth_showing(name, ws.env)}
    exported["TF_DATA_DIR"] = str(ws.data_dir)
    lines = [LOCAL_VARIABLES.format(environment)] if "AWS_ENDPOINT_URL" in ws.env else []
    lines += [f"export {name}={shlex.quote(value)}" for name, value in sorted(exported.items())]
    chdir = f"terraform -chdir={shlex.quote(_short(repo, ws.root))}"
    if ws.backend_file is not None:
        lines.append(f"{chdir} init -reconfigure -backend-config={shlex.quote(str(ws.backend_file))}")
    plan = shlex.quote(str(ws.plan_file))
    lines.append(f"{chdir} plan -var-file={shlex.quote(str(ws.values_file))} -out={plan}")
    if ws.backend_file is not None:
        lines.append(f"{chdir} apply {plan}")
    lines.append(f"rm {plan}")
    return lines


def _worth_showing(name: str, env: Mapping[str, str]) -> bool:
    """Whether a variable is printed. Keys are not: a command sets those of the local AWS, the profile those of AWS."""
    if name.startswith("AWS_"):
        return "AWS_ENDPOINT_URL" not in env and name in ("AWS_PROFILE", "AWS_REGION")
    return name == "TF_CLI_CONFIG_FILE"


def _short(repo: Path, path: Path) -> str:
    return str(path.relative_to(repo)) if path.is_relative_to(repo) else str(path)
