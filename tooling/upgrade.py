"""Plan a deployment that an earlier commit made, with the code of this one.

    python -m tooling.upgrade REVISION

A clone deploys REVISION to a local AWS, checks out the present commit and plans. The plan may move resources and change
them in place. Only what is named after its content may be replaced: packages of functions, and deployments of an API.
Takes some minutes; ends with 1 and the addresses if anything else would be replaced or destroyed.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

REPO = Path(__file__).resolve().parent.parent
SHARED = (".venv", ".venv-checkov", ".venv-jobs", ".tools", ".cache")
"""What set-up makes: the clone borrows it."""
REPLACED = ("aws_s3_object", "aws_api_gateway_deployment")
"""Types that are replaced, created before the old one is destroyed, when their content changes."""
ENVIRONMENT = "local"


def lost(result: dict[str, Any]) -> Iterator[str]:
    """Yield `stack: action address` for everything that a plan would replace or destroy and must not."""
    for stack in result["stacks"]:
        for change in stack.get("changes", ()):
            if change["action"] in ("replace", "delete") and change["type"] not in REPLACED:
                yield f"{stack['name']}: {change['action']} {change['address']}"


def run(clone: Path, *arguments: str) -> None:
    command = [".venv/bin/python", "-m", "orchestrator", *arguments]
    subprocess.run(command, cwd=clone, check=True)


def main(revision: str) -> int:
    with tempfile.TemporaryDirectory(prefix="upgrade-") as folder:
        clone = Path(folder) / "clone"
        subprocess.run(["git", "clone", "-q", str(REPO), str(clone)], check=True)
        present = subprocess.check_output(["git", "rev-parse", "HEAD"], cwd=REPO, text=True).strip()
        for name in SHARED:
            (clone / name).symlink_to(REPO / name)
        subprocess.run(["git", "checkout", "-q", revision], cwd=clone, check=True)
        try:
            run(clone, "deploy", ENVIRONMENT)
            subprocess.run(["git", "checkout", "-q", present], cwd=clone, check=True)
            run(clone, "plan", ENVIRONMENT)
            result = json.loads((clone / ".runs" / ENVIRONMENT / "latest" / "result.json").read_text("utf-8"))
        finally:
            run(clone, "emulator", "down", ENVIRONMENT)
    losses = list(lost(result))
    for line in losses:
        sys.stderr.write(f"{line}\n")
    sys.stderr.write(f"{revision} to {present[:10]}: {len(losses)} resources would be lost\n")
    return 1 if losses else 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit((__doc__ or "").strip())
    sys.exit(main(sys.argv[1]))
