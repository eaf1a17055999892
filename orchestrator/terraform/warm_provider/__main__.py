"""Run a warm provider server: `python -m orchestrator.terraform.warm_provider FOLDER PROVIDER_BINARY [LIMIT]`.

Started by `client.attach`, never manually.
"""

from __future__ import annotations

import sys
from pathlib import Path

from orchestrator.terraform.warm_provider.server import Server

if __name__ == "__main__":
    folder, binary = Path(sys.argv[1]), Path(sys.argv[2])
    Server(folder, binary, int(sys.argv[3]) if len(sys.argv) > 3 else 4).serve()
