"""How many examples a property is tried with: few in every run, many in a campaign.

CAMPAIGN=10000 .venv/bin/python -m pytest tests/unit/lambda_/inference_common/test_model_answers.py -n 0
"""

from __future__ import annotations

import os


def examples(few: int = 25) -> int:
    return int(os.environ.get("CAMPAIGN", few))
