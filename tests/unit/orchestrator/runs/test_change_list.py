from __future__ import annotations

import pytest

from orchestrator.risk import Risk, RiskClass
from orchestrator.runs import change_list
from orchestrator.runs.result import ChangeAction, ChangeResult
from orchestrator.terraform.model import Change


def changed(address: str, action: ChangeAction = "create") -> ChangeResult:
    type_ = next(part for part in address.split(".") if part.startswith("aws_"))
    return ChangeResult(address=address, type=type_, action=action)


@pytest.mark.parametrize(
    ("actions", "word"),
    [
        (("create",), "create"),
        (("update",), "update"),
        (("delete",), "delete"),
        (("delete", "create"), "replace"),
        (("create", "delete"), "replace"),
        (("forget",), "forget"),
    ],
)
def test_terraforms_actions_as_one_word(actions: tuple[str, ...], word: str) -> None:
    assert change_list.change_result(Change("aws_s3_bucket.b", "aws_s3_bucket", actions)).action == word


def test_resources_by_stack_module_and_type() -> None:
    changes = [
        changed('module.vpc.aws_subnet.private["us-east-1a"]'),
        changed("module.vpc.aws_vpc.this[0]"),
        changed('module.vpc.aws_subnet.private["us-east-1b"]'),
        changed('module.lambda["a.b"].aws_lambda_function.this', "update"),
        changed("aws_s3_object.code", "replace"),
        changed("aws_s3_object.old", "delete"),
    ]
    assert change_list.stacks({"foundation": changes, "data": []}) == [
        "foundation: 3 to add, 1 to change, 1 to replace, 1 to delete",
        "  root (2)",
        "    ± aws_s3_object                            code",
        "    - aws_s3_object                            old",
        '  module.lambda["a.b"] (1)',
        "    ~ aws_lambda_function                      this",
        "  module.vpc (3)",
        '    + aws_subnet                               private["us-east-1a", "us-east-1b"]',
        "    + aws_vpc                                  this[0]",
        "",
        "data: no changes",
        "",
        "2 stacks: 3 to add, 1 to change, 1 to replace, 1 to delete",
        "",
    ]


def test_long_entries_are_folded_under_their_first_name() -> None:
    changes = [changed(f'module.iam.aws_iam_role_policy_attachment.persona["engineer/read/{n}"]') for n in range(9)]
    lines = change_list.stacks({"foundation": changes})
    assert max(map(len, lines)) <= 110
    assert lines[3].startswith(" " * 47)
    assert "".join(lines).count("engineer/read/") == 9


def found(kind: RiskClass, number: int, stack: str = "foundation") -> list[Risk]:
    return [Risk(kind, stack, f"module.m.aws_iam_policy.p{n}", "because") for n in range(number)]


def test_risks_are_counted_by_class_and_told_by_stack() -> None:
    risks = [*found("public-exposure", 1, "inference"), *found("iam-growth", 2)]
    assert change_list.risks(risks) == [
        "Risks",
        "  iam-growth         2  (foundation 2)",
        "  public-exposure    1  (inference 1)",
        "",
        "  inference",
        "    public-exposure  module.m.aws_iam_policy.p0",
        "                       because",
        "",
        "  foundation",
        "    iam-growth       module.m.aws_iam_policy.p0",
        "                       because",
        "    iam-growth       module.m.aws_iam_policy.p1",
        "                       because",
        "",
    ]
    assert change_list.risks([]) == []


def test_many_grants_are_summed_up_and_losses_never_are() -> None:
    lines = change_list.risks([*found("iam-growth", 50), *found("state-loss", 12)])
    assert lines[-2] == "    iam-growth       and 43 more: 43 aws_iam_policy"
    assert sum(line.startswith("    state-loss") for line in lines) == 12
    every = change_list.risks(found("iam-growth", 50), every=True)
    assert sum(line.startswith("    iam-growth") for line in every) == 50
