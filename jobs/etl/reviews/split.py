"""Where a review belongs. By hash, so that new reviews never move old ones between splits. Pure."""

from __future__ import annotations

import hashlib
from functools import lru_cache

SPLITS = ("train", "validation", "test")
TRAIN_SHARE, VALIDATION_SHARE = 0.70, 0.15


@lru_cache(maxsize=4096)  # snippets of one review follow each other
def split_of(group_id: str, seed: str) -> str:
    """Return the split of a review. All its snippets share it, so that the test does not leak into training."""
    digest = hashlib.sha256((seed + ":" + group_id).encode()).digest()
    point = int.from_bytes(digest[:8], "big") / 2**64
    if point < TRAIN_SHARE:
        return "train"
    return "validation" if point < TRAIN_SHARE + VALIDATION_SHARE else "test"


@lru_cache(maxsize=4096)
def group_hash(group_id: str) -> str:
    """Return a short name of a review, to check that no review is in two splits."""
    return hashlib.sha256(group_id.encode()).hexdigest()[:16]
