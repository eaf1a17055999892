"""Create, adopt, end and remove API keys on `deploy` and `destroy`."""

from __future__ import annotations

import datetime as dt

from orchestrator import api_keys
from orchestrator.api_keys import KeyChanges
from orchestrator.planning.steps import KeepKeys, RemoveKeys
from orchestrator.session.session import Session


def keep(session: Session, step: KeepKeys) -> None:
    """Bring the keys up to date; warn about keys that Terraform made, since its state holds their values."""
    environment = session.environment
    recipes = api_keys.recipes(session.results.outputs)
    changes = api_keys.keep(session.target.cloud, api_keys.Owner.of(environment), recipes, dt.datetime.now(dt.UTC))
    session.journal.stage(step.name, summary(changes) or f"{len(recipes)} keys, up to date")
    if changes.adopted:
        session.results.warn(
            f"the API keys {', '.join(changes.adopted)} were made by Terraform: earlier versions of its state hold "
            f"their values, which count as leaked; `orchestrator keys rotate {environment.name}` gives callers new ones"
        )


def remove(session: Session, step: RemoveKeys) -> None:
    """Delete keys and their records, except those of the names that stay."""
    removed = api_keys.remove(session.target.cloud, api_keys.Owner.of(session.environment), step.but)
    session.journal.stage(step.name, f"{removed} keys removed")


def summary(changes: KeyChanges) -> str:
    """Return what was done; empty if nothing was."""
    parts = (("created", changes.created), ("adopted", changes.adopted), ("ended", changes.ended))
    return "; ".join(f"{word} {', '.join(names)}" for word, names in parts if names)
