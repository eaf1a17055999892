"""What one emulator process was started with. Made once by `emulator.__main__`, read by everybody."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

ACCOUNT_ID = "123456789012"
"""The only account there is. Its number is moto's own default, so that unsigned requests land in it too."""

OWN_APP = "local-aws"
"""`app/…` in the user agent of what the emulator asks itself, as AWS's services would."""

REGION = "us-east-1"
"""Region of everything that does not name one itself."""


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
    """Hold roles and users to their policies; without it everybody may do everything."""
    lambda_python: Path = Path(sys.executable)
    """Interpreter of Lambda functions (it has boto3)."""
    time_scale: float = 1.0
    """Seconds of this machine for one second of a retry delay or of a `rate(…)`; tests shorten them."""
