"""Manage callers' API keys outside of Terraform, whose state would hold their values.

Terraform creates the usage plans and publishes a recipe for each key. `upkeep` updates keys, their plans and the hashes
that the authorizer reads to match the recipes; `rotation` adds a second key to a name; `reading` finds keys.
"""

from orchestrator.api_keys.reading import Listed, listed, value
from orchestrator.api_keys.rotation import finish, rotate
from orchestrator.api_keys.upkeep import KeyChanges, Owner, keep, remove
from orchestrator.planning.api_keys import Key, Recipe, key_names, recipe, recipes

__all__ = [
    "Key",
    "KeyChanges",
    "Listed",
    "Owner",
    "Recipe",
    "finish",
    "keep",
    "key_names",
    "listed",
    "recipe",
    "recipes",
    "remove",
    "rotate",
    "value",
]
