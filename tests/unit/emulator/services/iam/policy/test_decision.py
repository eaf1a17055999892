"""Decisions: the cases of AWS's "Policy evaluation logic"."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.services.iam.policy import (
    Applicable,
    Context,
    Effect,
    MalformedPolicy,
    Policy,
    Principal,
    Request,
    decide,
)

ACCOUNT = "123456789012"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/mlops-local-etl"
SESSION = Principal.session(ROLE, "run")
USER = Principal.user(f"arn:aws:iam::{ACCOUNT}:user/ada")
OBJECT = "arn:aws:s3:::bucket/data/raw/a.txt"
ROOT = f"arn:aws:iam::{ACCOUNT}:root"


def policy(*statements: dict[str, Any], name: str = "p") -> Policy:
    return Policy.parse({"Version": "2012-10-17", "Statement": list(statements)}, name)


def allow(action: str | list[str] = "s3:GetObject", resource: str | list[str] = OBJECT, **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def deny(action: str | list[str] = "s3:GetObject", resource: str | list[str] = OBJECT, **more: Any) -> dict[str, Any]:
    return {**allow(action, resource, **more), "Effect": "Deny"}


def resource_policy(effect: str, principal: Any, **more: Any) -> Policy:
    return policy({**allow(**more), "Effect": effect, "Principal": principal}, name="bucket")


READ = Request(SESSION, "s3:GetObject", OBJECT)
ALLOWS = policy(allow())
NOTHING = policy(allow("s3:PutObject"))


@pytest.mark.parametrize(
    ("policies", "allowed", "because"),
    [
        (Applicable(), False, "no identity-based policy allows the s3:GetObject action"),
        (Applicable(identity=(ALLOWS,)), True, "allowed by p/0"),
        (Applicable(identity=(NOTHING, ALLOWS)), True, "allowed by p/0"),
        (
            Applicable(identity=(policy(allow(), deny(Sid="Never")),)),
            False,
            "explicit deny in an identity-based policy",
        ),
        (Applicable(identity=(ALLOWS,), boundary=NOTHING), False, "no permissions boundary allows"),
        (Applicable(identity=(ALLOWS,), boundary=ALLOWS), True, "allowed by"),
        (Applicable(boundary=ALLOWS), False, "no identity-based policy"),
        (Applicable(identity=(ALLOWS,), session=NOTHING), False, "no session policy allows"),
        (Applicable(identity=(ALLOWS,), session=policy(deny())), False, "explicit deny in a session policy"),
        (Applicable(identity=(ALLOWS,), boundary=policy(deny())), False, "explicit deny in a permissions boundary"),
        (Applicable(identity=(ALLOWS,), organization=(NOTHING,)), False, "no service control policy allows"),
        (
            Applicable(identity=(ALLOWS,), resource=resource_policy("Deny", "*")),
            False,
            "explicit deny in a resource-based policy",
        ),
        (Applicable(identity=(ALLOWS,), resource=resource_policy("Deny", {"AWS": ROOT})), False, "explicit deny"),
        (Applicable(resource=resource_policy("Allow", {"AWS": ROLE})), True, "allowed by bucket/0"),
        (Applicable(resource=resource_policy("Allow", "*")), True, "allowed by bucket/0"),
        (Applicable(resource=resource_policy("Allow", {"AWS": ROOT})), False, "no identity-based policy"),
        (Applicable(resource=resource_policy("Allow", {"AWS": ACCOUNT})), False, "no identity-based policy"),
        # Named by its role, a session stays within the boundary; named itself, it does not have to.
        (
            Applicable(resource=resource_policy("Allow", {"AWS": ROLE}), boundary=NOTHING),
            False,
            "no permissions boundary",
        ),
        (Applicable(resource=resource_policy("Allow", {"AWS": SESSION.arn}), boundary=NOTHING), True, "bucket/0"),
        (
            Applicable(resource=resource_policy("Allow", {"AWS": SESSION.arn}), boundary=policy(deny())),
            False,
            "explicit deny in a permissions boundary",
        ),
        (Applicable(resource=resource_policy("Allow", {"AWS": f"{ROLE}-other"})), False, "no identity-based policy"),
        (Applicable(resource=resource_policy("Allow", {"Service": "s3.amazonaws.com"})), False, "no identity-based"),
        # Keys and roles: their own policy must consent.
        (Applicable(identity=(ALLOWS,), resource_must_allow=True), False, "no resource-based policy allows"),
        (
            Applicable(identity=(ALLOWS,), resource=resource_policy("Allow", {"AWS": ROOT}), resource_must_allow=True),
            True,
            "allowed by p/0",
        ),
        (
            Applicable(resource=resource_policy("Allow", {"AWS": ROOT}), resource_must_allow=True),
            False,
            "no identity-based policy",
        ),
    ],
)
def test_a_role_is_judged_by_the_evaluation_logic(policies: Applicable, allowed: bool, because: str) -> None:
    decision = decide(READ, policies)
    assert decision.allowed is allowed
    assert because in decision.because


def test_a_user_named_by_a_resource_is_not_limited_by_an_implicit_deny_of_the_boundary() -> None:
    request = replace(READ, principal=USER)
    assert decide(request, Applicable(resource=resource_policy("Allow", {"AWS": USER.arn}), boundary=NOTHING)).allowed


@pytest.mark.parametrize(
    ("policies", "allowed"),
    [
        (Applicable(identity=(ALLOWS,)), False),
        (Applicable(resource=resource_policy("Allow", {"AWS": ROOT})), False),
        (Applicable(identity=(ALLOWS,), resource=resource_policy("Allow", {"AWS": ROOT})), True),
        (Applicable(identity=(ALLOWS,), resource=resource_policy("Allow", "*"), boundary=NOTHING), False),
        (Applicable(resource=resource_policy("Allow", {"AWS": SESSION.arn})), False),
    ],
)
def test_across_accounts_both_sides_must_allow(policies: Applicable, allowed: bool) -> None:
    assert decide(replace(READ, resource_account="999999999999"), policies).allowed is allowed


def test_a_service_is_admitted_by_the_resource_alone() -> None:
    request = replace(READ, principal=Principal.service("events.amazonaws.com"))
    assert not decide(request, Applicable(identity=(ALLOWS,))).allowed
    assert not decide(request, Applicable(resource=resource_policy("Allow", {"Service": "sns.amazonaws.com"}))).allowed
    assert not decide(request, Applicable(resource=resource_policy("Allow", {"AWS": "*"}))).allowed
    assert decide(request, Applicable(resource=resource_policy("Allow", {"Service": "events.amazonaws.com"}))).allowed


def test_an_anonymous_caller_gets_only_what_is_public() -> None:
    request = replace(READ, principal=Principal.anonymous())
    assert not decide(request, Applicable(resource=resource_policy("Allow", {"AWS": ROOT}))).allowed
    assert decide(request, Applicable(resource=resource_policy("Allow", "*"))).allowed


def test_not_principal_denies_all_others() -> None:
    keep_out = policy({**deny(), "NotPrincipal": {"AWS": [ROLE, ROOT]}}, name="bucket")
    assert decide(READ, Applicable(identity=(ALLOWS,), resource=keep_out)).allowed
    other = replace(READ, principal=Principal.session("arn:aws:iam::999999999999:role/x"))
    assert decide(other, Applicable(identity=(ALLOWS,), resource=keep_out)).effect is Effect.EXPLICIT_DENY


@pytest.mark.parametrize(
    ("statement", "action", "resource", "allowed"),
    [
        (allow("s3:Get*", "*"), "s3:GetObject", OBJECT, True),
        (allow("S3:getobject", "*"), "s3:GetObject", OBJECT, True),
        (allow("s3:GetObjec?", "*"), "s3:GetObject", OBJECT, True),
        (allow("s3:Get", "*"), "s3:GetObject", OBJECT, False),
        (allow("*", "*"), "s3:GetObject", OBJECT, True),
        (allow(["a:B", "s3:GetObject"], "*"), "s3:GetObject", OBJECT, True),
        (allow("s3:GetObject", "arn:aws:s3:::bucket/data/*"), "s3:GetObject", OBJECT, True),
        (allow("s3:GetObject", "arn:aws:s3:::bucket/Data/*"), "s3:GetObject", OBJECT, False),
        (allow("s3:GetObject", "arn:aws:s3:::bucket"), "s3:GetObject", OBJECT, False),
        (allow("s3:GetObject", "arn:aws:s3:::bucket/${*}"), "s3:GetObject", OBJECT, False),
        (allow("s3:GetObject", "arn:aws:s3:::bucket/${*}"), "s3:GetObject", "arn:aws:s3:::bucket/*", True),
        ({"Effect": "Allow", "NotAction": "s3:Put*", "Resource": "*"}, "s3:GetObject", OBJECT, True),
        ({"Effect": "Allow", "NotAction": "s3:Get*", "Resource": "*"}, "s3:GetObject", OBJECT, False),
        ({"Effect": "Allow", "Action": "s3:*", "NotResource": "arn:aws:s3:::bucket/*"}, "s3:GetObject", OBJECT, False),
        ({"Effect": "Allow", "Action": "s3:*", "NotResource": "arn:aws:s3:::b/*"}, "s3:GetObject", OBJECT, True),
        (allow("s3:GetObject", "arn:aws:s3:::bucket/data/raw/${aws:PrincipalTag/file}"), "s3:GetObject", OBJECT, True),
        (allow("s3:GetObject", "arn:aws:s3:::bucket/${aws:PrincipalTag/none}"), "s3:GetObject", OBJECT, False),
        (allow("s3:GetObject", "arn:aws:s3:::bucket/data/raw/${aws:x, 'a.txt'}"), "s3:GetObject", OBJECT, True),
    ],
)
def test_a_statement_covers_actions_and_resources(
    statement: dict[str, Any], action: str, resource: str, allowed: bool
) -> None:
    context = Context.complete({"aws:PrincipalTag/file": "a.txt"})
    assert (
        decide(Request(SESSION, action, resource, context), Applicable(identity=(policy(statement),))).allowed
        is allowed
    )


def test_a_value_in_a_variable_is_not_a_pattern() -> None:
    home = policy(allow("s3:GetObject", "arn:aws:s3:::bucket/${aws:PrincipalTag/home}/*"))
    context = Context.complete({"aws:PrincipalTag/home": "*"})
    assert not decide(replace(READ, context=context), Applicable(identity=(home,))).allowed


def test_variables_are_plain_text_in_documents_of_the_first_version() -> None:
    old = Policy.parse({"Statement": [allow("s3:GetObject", "arn:aws:s3:::bucket/${aws:username}")]})
    context = Context.complete({"aws:username": "x"})
    assert not decide(Request(SESSION, "s3:GetObject", "arn:aws:s3:::bucket/x", context), Applicable((old,))).allowed
    assert decide(Request(SESSION, "s3:GetObject", "arn:aws:s3:::bucket/${aws:username}"), Applicable((old,))).allowed


def test_an_unknown_resource_is_allowed_only_by_a_wildcard_and_denied_by_any_deny() -> None:
    unknown = Request(SESSION, "s3:GetObject", None)
    assert not decide(unknown, Applicable((ALLOWS,))).allowed
    assert not decide(unknown, Applicable((policy(allow(resource="arn:aws:s3:::*")),))).allowed
    assert decide(unknown, Applicable((policy(allow(resource="*")),))).allowed
    assert decide(unknown, Applicable((policy(allow(resource="*"), deny()),))).effect is Effect.EXPLICIT_DENY


def test_an_unknown_key_neither_allows_nor_skips_a_deny() -> None:
    condition = {"StringEquals": {"aws:SourceVpc": "vpc-1"}}
    unknown = replace(READ, context=Context({}))
    allowed = decide(unknown, Applicable((policy(allow(Condition=condition)),)))
    denied = decide(unknown, Applicable((policy(allow(), deny(Condition=condition)),)))
    assert (allowed.effect, allowed.undecided) == (Effect.IMPLICIT_DENY, frozenset({"aws:sourcevpc"}))
    assert (denied.effect, denied.undecided) == (Effect.EXPLICIT_DENY, frozenset({"aws:sourcevpc"}))


@pytest.mark.parametrize(
    "document",
    [
        "{",
        {"Version": "2012-10-17"},
        {"Statement": [{"Effect": "Maybe", "Action": "*", "Resource": "*"}]},
        {"Statement": [{"Effect": "Allow", "Resource": "*"}]},
        {"Statement": [{"Effect": "Allow", "Action": "*", "NotAction": "*"}]},
        {"Statement": [{"Effect": "Allow", "Action": "*", "Ressource": "*"}]},
        {"Statement": [{"Effect": "Allow", "Action": "*", "Condition": {"StringIs": {"a": "b"}}}]},
        {"Statement": [{"Effect": "Allow", "Action": "*", "Condition": {"ForSome:StringLike": {"a": "b"}}}]},
        {"Statement": [{"Effect": "Allow", "Action": "*", "Principal": ["x"]}]},
    ],
)
def test_documents_that_iam_rejects_are_rejected(document: Any) -> None:
    with pytest.raises(MalformedPolicy, match="mine"):
        Policy.parse(document, "mine")


# ---- what holds for all policies -------------------------------------------------------------------------------

CONDITIONS = st.sampled_from(
    [
        {},
        {"StringEquals": {"aws:k": "1"}},
        {"StringNotEquals": {"aws:k": "1"}},
        {"StringLikeIfExists": {"aws:k": "*"}},
        {"Null": {"aws:k": "true"}},
        {"ForAllValues:StringEquals": {"aws:k": ["1", "2"]}},
        {"ForAnyValue:StringNotEquals": {"aws:k": "1"}},
        {"NumericLessThan": {"aws:k": "2"}},
    ]
)
STATEMENTS = st.builds(
    lambda effect, action, resource, condition: {
        "Effect": effect,
        "Action": action,
        "Resource": resource,
        "Condition": condition,
    },
    st.sampled_from(["Allow", "Deny"]),
    st.sampled_from(["s3:*", "s3:GetObject", "s3:PutObject"]),
    st.sampled_from(["*", OBJECT, "arn:aws:s3:::bucket/${aws:k}*", "arn:aws:s3:::bucket/data/*"]),
    CONDITIONS,
)
POLICIES = st.lists(STATEMENTS, max_size=4).map(lambda statements: policy(*statements))
VALUES = st.one_of(
    st.none(), st.sampled_from(["1", "2", "data"]), st.lists(st.sampled_from(["1", "2", "3"]), max_size=3)
)


@given(POLICIES, STATEMENTS, VALUES)
def test_a_deny_takes_away_and_an_allow_does_not(base: Policy, extra: dict[str, Any], value: Any) -> None:
    request = replace(READ, context=Context.complete({"aws:k": value}))
    before = decide(request, Applicable((base,))).allowed
    after = decide(request, Applicable((base, policy(extra)))).allowed
    assert (not after or before) if extra["Effect"] == "Deny" else (after or not before)


@given(POLICIES, POLICIES, VALUES)
def test_a_boundary_grants_nothing(base: Policy, limit: Policy, value: Any) -> None:
    request = replace(READ, context=Context.complete({"aws:k": value}))
    within = decide(request, Applicable((base,), boundary=limit)).allowed
    assert within is (decide(request, Applicable((base,))).allowed and decide(request, Applicable((limit,))).allowed)


@given(POLICIES, VALUES)
def test_what_is_allowed_without_knowing_a_key_is_allowed_whatever_its_value_is(base: Policy, value: Any) -> None:
    blind = decide(replace(READ, context=Context({})), Applicable((base,)))
    if blind.allowed:
        assert decide(replace(READ, context=Context.complete({"aws:k": value})), Applicable((base,))).allowed
