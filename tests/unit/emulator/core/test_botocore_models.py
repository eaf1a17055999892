"""Botocore's models are read once for all sessions of a process."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
from botocore.loaders import JSONFileLoader
from botocore.session import Session

read = []
original = JSONFileLoader._load_file
def counted(self, path, method):
    read.append(path)
    return original(self, path, method)
JSONFileLoader._load_file = counted

from emulator.core import botocore_models
botocore_models.share()
names = [Session().get_service_model("sts").operation_names for _ in range(3)]
assert names[0] == names[1] == names[2] and "AssumeRole" in names[0]
try:
    Session().get_service_model("no-such-service")
except Exception as error:
    print(type(error).__name__)
print(max(read.count(path) for path in read if "sts" in path))
"""


def test_sessions_share_what_was_read() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["UnknownServiceError", "1"]
