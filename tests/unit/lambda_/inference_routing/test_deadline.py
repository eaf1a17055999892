"""Track the time left."""

from __future__ import annotations

import pytest

from inference_common import errors
from inference_routing.deadline import Deadline


def test_the_deadline_counts_down() -> None:
    now = [100.0]
    deadline = Deadline.after(28, lambda: now[0])
    assert deadline.call_timeout() == 28
    assert deadline.sooner(5).remaining() == 5
    assert deadline.sooner(50).remaining() == deadline.sooner(None).remaining() == 28
    assert deadline.before(2).remaining() == 26
    now[0] = 127.0
    assert (deadline.leaves(0.5), deadline.leaves(0.6)) == (True, False)
    now[0] = 127.6
    with pytest.raises(errors.DeadlineExceeded, match="no time is left"):
        deadline.call_timeout()
