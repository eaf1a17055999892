from __future__ import annotations

from benchmarks.tests import Suite, broken, read, slowest_table

JUNIT = """<testsuites><testsuite>
  <testcase classname="tests.a" name="test_one" time="1.5" />
  <testcase classname="tests.a" name="test_two" time="0.5" />
  <testcase classname="tests.a" name="test_two" time="0.25"><error /></testcase>
</testsuite></testsuites>"""


def test_times_are_read_from_the_report_and_a_failed_teardown_counts_for_its_test() -> None:
    assert read(JUNIT) == {"tests.a::test_one": 1.5, "tests.a::test_two": 0.75}


def test_what_did_not_pass_is_counted() -> None:
    assert broken(JUNIT) == 1


def test_the_slowest_come_first_with_what_they_took_before() -> None:
    suite = Suite("new", 3.0, {"a": 1.0, "b": 2.0, "c": 0.5})
    before = Suite("old", 9.0, {"a": 4.0})
    assert suite.slowest(2) == [("b", 2.0), ("a", 1.0)]
    assert suite.sum == 3.5
    assert slowest_table(suite, before).splitlines()[2:] == [
        "| `b` | 2.00 | - |",
        "| `a` | 1.00 | 4.00 |",
        "| `c` | 0.500 | - |",
    ]
