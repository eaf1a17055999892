"""A queue under many threads: each message is received once, and none is lost or returns."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from moto.sqs import models

from emulator.moto import patching
from emulator.services.messaging import moto_sqs

SENDERS, READERS, EACH = 4, 4, 150


@pytest.fixture
def backend(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Moto's backend with the patch; threads switch as often as possible."""
    for owner, methods in {
        models.Queue: ("__init__", "add_message", "delete_message"),
        models.SQSBackend: ("receive_message", "change_message_visibility", "purge_queue"),
    }.items():
        for method in methods:
            monkeypatch.setattr(owner, method, getattr(owner, method))
    moto_sqs._one_at_a_time()
    patching.install()
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    made = models.SQSBackend("us-east-1", "123456789012")
    made.create_queue("work", {"VisibilityTimeout": "600"})
    yield made
    sys.setswitchinterval(usual)


def test_each_message_comes_once_and_none_is_lost(backend: Any) -> None:
    seen: Counter[str] = Counter()

    def send(sender: int) -> None:
        for number in range(EACH):
            backend.send_message("work", f"{sender}-{number}")

    def read(_: int) -> list[str]:
        received: list[str] = []
        while True:
            messages = backend.receive_message("work", 10, 1, 600)
            if not messages:
                return received
            for message in messages:
                received.append(message.body)
                backend.delete_message("work", message.receipt_handle)

    with ThreadPoolExecutor(SENDERS + READERS) as pool:
        readers = [pool.submit(read, number) for number in range(READERS)]
        list(pool.map(send, range(SENDERS)))
        for reader in readers:
            seen.update(reader.result())
    assert seen == Counter(f"{sender}-{number}" for sender in range(SENDERS) for number in range(EACH))
    assert backend.get_queue("work")._messages == []
