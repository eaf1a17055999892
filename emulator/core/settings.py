"""Settings of one emulator process, created at its start."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

ACCOUNT_ID = "123456789012"
"""The only account. Its number is moto's default, so that unsigned requests use it too."""

OWN_APP = "local-aws"
"""`app/…` in the user agent of calls that the emulator makes to itself, as AWS's services would."""

REGION = "us-east-1"
"""Region of requests and resources that do not name one."""


@dataclass(frozen=True)
class Settings:
    """The emulator's own configuration; paths are absolute."""

    host: str
    port: int
    endpoint: str
    """`http://<host>:<port>`, as children and clients on this machine reach it."""
    data_dir: Path
    """Everything the emulator writes: work folders of jobs, unpacked functions, `emulator.json`."""
    account_id: str = ACCOUNT_ID
    region: str = REGION
    jobs_python: Path = Path(sys.executable)
    """Interpreter of Glue jobs, training and hosting (it has scikit-learn and pyarrow)."""
    enforce_iam: bool = True
    """Enforce the policies of roles and users; without it all calls are permitted."""
    lambda_python: Path = Path(sys.executable)
    """Interpreter of Lambda functions (it has boto3)."""
    time_scale: float = 1.0
    """Seconds of this machine for one second of a retry delay or of a `rate(…)`; tests shorten them."""
