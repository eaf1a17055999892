"""Operations that only store and return resources.

Terraform needs them, no local process could do anything for them, and moto lacks them. Which ones, and how their
responses follow from their input, is data: `nouns/<service>.yaml`. An operation that is not listed there is not handled
here. Every response has `x-emulator-fidelity: recorded`.
"""

from emulator.recorded.catalogue import Catalogue, load
from emulator.recorded.engine import Declined, Engine

__all__ = ["Catalogue", "Declined", "Engine", "load"]
