"""Makes a virtual environment that also has the packages of the interpreter that runs this: `environment.py FOLDER`.

What is installed there comes first on its path. Prints its interpreter.
"""

import sys
import sysconfig
import venv
from pathlib import Path

folder = Path(sys.argv[1])
venv.create(folder, symlinks=True)
version = f"python{sys.version_info.major}.{sys.version_info.minor}"
paths = dict.fromkeys(sysconfig.get_path(name) for name in ("purelib", "platlib"))
(folder / "lib" / version / "site-packages" / "of-the-jobs.pth").write_text("".join(f"{path}\n" for path in paths))
sys.stdout.write(str(folder / "bin" / "python"))
