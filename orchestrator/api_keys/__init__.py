"""API keys of callers, made and kept beside Terraform, whose state would hold their values.

Terraform makes the usage plans and publishes what each key is made from. `upkeep` brings keys, their plans and the
hashes that the authorizer reads to what was published; `rotation` gives a name a second key; `reading` finds keys.
"""

from orchestrator.api_keys.reading import Listed, listed, value
from orchestrator.api_keys.rotation import finish, rotate
from orchestrator.api_keys.upkeep import Kept, Owner, keep, remove
from orchestrator.planning.api_keys import Key, Recipe, key_names, recipe, recipes

__all__ = [
    "Kept",
    "Key",
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
