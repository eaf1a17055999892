"""Golden cases: requests with known answers, of blueprints (`smoke.golden`) and of trainings (`golden`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import ConfigDict, Field, field_validator, model_validator

from orchestrator.config.model.section import Section

EXPECTATIONS = ("label", "value", "contains", "schema", "length", "check")
CheckFunction = Annotated[str, Field(pattern=r"^[\w-]+(/[\w-][\w.-]*)*\.py:[A-Za-z_]\w*$")]


class GoldenCase(Section):
    """A request with a known answer: its input, and at least one expectation."""

    model_config = ConfigDict(serialize_by_alias=True)  # `schema` is a method of pydantic's models

    input: str | int | float | list[Any] | dict[str, Any] = Field(description="a text, a number, a list or an object")
    label: str | None = Field(None, description="expected `label` of the output")
    value: float | None = Field(None, description="expected `value` of the output")
    tolerance: float = Field(0, ge=0, description="largest difference from `value`")
    contains: str | None = Field(None, description="text that a generated answer must contain; '': any text")
    schema_: dict[str, Any] | None = Field(None, alias="schema", description="JSON Schema of the output")
    length: int | None = Field(None, ge=1, description="number of values of an embedding")
    check: CheckFunction | None = Field(
        None, description="function `check(output, case)` of a file of the repository, `folder/file.py:check`"
    )

    @field_validator("input", mode="before")
    @classmethod
    def _input_type(cls, value: Any) -> Any:
        if value is None or isinstance(value, bool) or value in ("", [], {}) or not _is_json(value):
            raise ValueError("must be a text, a number, a list or an object of such values, and not empty")
        return value

    @model_validator(mode="after")
    def _has_expectation(self) -> Self:
        if not self.expectations:
            raise ValueError(f"requires an expected answer: {', '.join(EXPECTATIONS[:-1])} or {EXPECTATIONS[-1]}")
        if self.tolerance and self.value is None:
            raise ValueError("`tolerance` belongs to `value`")
        return self

    @property
    def expectations(self) -> tuple[str, ...]:
        """The names of the expectations that the case has."""
        given = self.model_dump(exclude_none=True)
        return tuple(name for name in EXPECTATIONS if name in given)


def _is_json(value: Any) -> bool:
    """Return whether YAML has read nothing but values of JSON: it has dates, too."""
    if isinstance(value, Mapping):
        return all(isinstance(name, str) and _is_json(each) for name, each in value.items())
    if isinstance(value, list):
        return all(map(_is_json, value))
    return value is None or isinstance(value, str | int | float)


def for_probe(cases: tuple[GoldenCase, ...] | list[GoldenCase]) -> list[dict[str, Any]]:
    """Return the cases for the function that probes endpoints, which validates no schemas and runs no checks.

    Of a schema it gets an empty one: the output must be an object.
    """
    rows = [case.model_dump(mode="json", exclude_defaults=True, exclude={"check"}) for case in cases]
    return [{**row, "schema": {}} if "schema" in row else row for row in rows]
