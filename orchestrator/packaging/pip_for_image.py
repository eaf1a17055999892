"""Runs pip as if for another Python on Linux: `pip_for_image.py PYTHON-VERSION PIP-ARGUMENTS…`.

pip chooses files for `--python-version` and `--platform`, but evaluates the conditions of dependencies
(`; python_version < "3.11"`) for the Python that it runs in: it would leave out what the image needs, and add what it
does not. Runs isolated, from any Python, so it imports nothing but pip.
"""

import sys

from pip._internal.cli.main import main
from pip._vendor.packaging import markers

VERSION = sys.argv[1]
IMAGE = {
    "implementation_name": "cpython",
    "implementation_version": f"{VERSION}.99",  # the images have late releases
    "os_name": "posix",
    "platform_machine": "x86_64",
    "platform_python_implementation": "CPython",
    "platform_release": "",
    "platform_system": "Linux",
    "platform_version": "",
    "python_full_version": f"{VERSION}.99",
    "python_version": VERSION,
    "sys_platform": "linux",
}

markers.default_environment = lambda: dict(IMAGE)
if not markers.Marker(f'python_full_version == "{VERSION}.99"').evaluate():
    sys.exit("ERROR: this version of pip evaluates markers elsewhere")
sys.exit(main(sys.argv[2:]))
