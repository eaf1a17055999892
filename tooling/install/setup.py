"""Makes this checkout ready: `python3 tooling/install/setup.py` (which is `make setup`).

Installs what is missing and nothing else; when all is there it ends at once and needs no network. Needs
Python and its standard library only.
"""

import os
import sys

REPO = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

if sys.version_info < (3, 11):  # noqa: UP036 - an older Python must get as far as this sentence
    sys.stderr.write(
        "error: Python 3.11 to 3.13 is needed, and this is %d.%d.\n"  # noqa: UP031
        "hint: install python3.13 and run `make setup PYTHON=python3.13`\n" % sys.version_info[:2]
    )
    sys.exit(4)

sys.path.insert(0, REPO)

from tooling.install.main import run  # noqa: E402 - only now is it known that this Python can read it

if __name__ == "__main__":
    sys.exit(run(REPO))
