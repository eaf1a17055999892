"""Base class and common types of the sections of an environment file."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,30}[a-z0-9]$")]
AccountId = Annotated[str, Field(pattern=r"^\d{12}$")]


class Section(BaseModel):
    """Base of every section: unknown keys are rejected, values are immutable."""

    model_config = ConfigDict(extra="forbid", frozen=True)
