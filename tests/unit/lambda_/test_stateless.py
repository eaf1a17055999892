"""What is kept from test to test holds nothing that a test could have changed."""

from __future__ import annotations

import ast
from typing import Any

import pytest

from tests.unit.lambda_ import stateless


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("LIMIT = 5\nNAMES = frozenset({'a'})\nBY = {'a': 1}\n", True),
        ("@dataclass(frozen=True)\nclass A:\n    x: list[int] = field(default_factory=list)\nONE = A()\n", True),
        ("Clock = Callable[[], float]\ndef f(then: Callable[[], None]) -> None:\n    g(os.environ, [])\n", True),
        ("@dataclass\nclass A:\n    x: int = 1\nONE = A()\n", False),
        ("_SEEN = {}\n", False),
        ("_SEEN: list[str] = []\n", False),
        ("SETTINGS = read()\n", False),
        ("REGION = os.environ['REGION']\n", False),
        ("@lru_cache\ndef f() -> int:\n    return 1\n", False),
        ("N = 0\ndef f() -> None:\n    global N\n    N += 1\n", False),
        ("def f(seen=make()) -> None: ...\n", False),
    ],
)
def test_a_module_that_could_change_is_made_anew(text: str, kept: bool) -> None:
    assert stateless._stateless(ast.parse(text)) is kept


def test_what_a_test_puts_into_a_module_is_gone_in_the_next(load_function: Any) -> None:
    first = load_function("model_router", ROUTES_PREFIX="/r")
    choose = first.routing.choose
    first.routing.choose, first.routing.more = None, 1
    second = load_function("model_router", ROUTES_PREFIX="/r")
    assert second.routing is first.routing
    assert second.routing.choose is choose
    assert not hasattr(second.routing, "more")
    assert second.handler is not first.handler
    assert second.clients is not first.clients
