"""Entry of a training job: runs `train.py`, then puts the code of its archive beside the model.

The archive of a model carries its code and its wheels, because an isolated endpoint can fetch neither.
"""

from __future__ import annotations

import os
import runpy
import shutil
from pathlib import Path

HERE = Path(__file__).resolve().parent
PROGRAM = "train.py"


def main() -> None:
    # What train.py writes into its working folder is not code.
    code = [path.relative_to(HERE) for path in sorted(HERE.rglob("*")) if path.is_file()]
    try:
        runpy.run_path(str(HERE / PROGRAM), run_name="__main__")
    except SystemExit as end:
        if end.code not in (None, 0):
            raise
    target = Path(os.environ["SM_MODEL_DIR"], "code")
    for path in code:
        if "__pycache__" in path.parts or (target / path).exists():
            continue
        (target / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(HERE / path, target / path)


if __name__ == "__main__":
    main()
