"""Entry of the processing job that measures a candidate and the live version on the same rows, and applies the gate.

Arguments say what the deployment fixes, variables what differs between runs.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from evaluation.errors import EvaluationError
from evaluation.job import evaluate

log = logging.getLogger("evaluation")
MESSAGE_LIMIT = 1024
"""Characters of the exit message that SageMaker keeps."""
VARIABLES = (
    *("TRAINING_JOB", "DATA_FINGERPRINT", "LABELS_SHA256"),
    # Of the live version; empty if there is none.
    *("CHAMPION_VERSION", "CHAMPION_SHA256", "CHAMPION_DATA_FINGERPRINT"),
)


def parse_arguments(argv: Sequence[str], environ: Mapping[str, str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="measure a candidate and the live version", allow_abbrev=False)
    parser.add_argument("--spec", type=Path, required=True, help="specification of the dataset")
    parser.add_argument("--rows", type=Path, required=True, help="folder of the test split")
    parser.add_argument("--labels", type=Path, required=True, help="file of its labels, as they were validated")
    parser.add_argument("--candidate", type=Path, required=True, help="archive of the candidate")
    parser.add_argument("--champion", type=Path, required=True, help="archive of the live version, if there is one")
    parser.add_argument("--code", type=Path, required=True, help="archive of the training's code")
    parser.add_argument("--task", choices=("classification", "regression", "custom"), required=True)
    parser.add_argument("--positive", help="label that precision, recall and f1 are about")
    parser.add_argument("--slice", action="append", default=[], help="column by whose values metrics are repeated")
    parser.add_argument("--gate", type=json.loads, required=True, help="conditions, as JSON")
    parser.add_argument("--group", required=True, help="model package group, the dimension of metrics")
    parser.add_argument("--output", type=Path, required=True, help="folder for report, verdict and pictures")
    parser.add_argument("--message", type=Path, required=True, help="file for one line about what was found")
    parser.set_defaults(**{name.lower(): environ.get(name, "") for name in VARIABLES})
    return parser.parse_args(argv)


def main(argv: Sequence[str]) -> int:
    logging.basicConfig(level=logging.INFO, stream=sys.stdout, format="%(levelname)s %(message)s")
    arguments = parse_arguments(argv, os.environ)
    try:
        with tempfile.TemporaryDirectory() as scratch:
            message, code = evaluate(arguments, Path(scratch)), 0
    except EvaluationError as error:
        message, code = str(error), 1
    arguments.message.parent.mkdir(parents=True, exist_ok=True)
    arguments.message.write_text(message[:MESSAGE_LIMIT], encoding="utf-8")
    log.log(logging.ERROR if code else logging.INFO, "%s", message)
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
