"""Operations that are kept and given back, nothing more.

Terraform needs them, no local process could do anything for them, and moto lacks them. Which ones, and how
their answers are made from what was put in, is data: `nouns/<service>.yaml`. An operation that is not listed
there is not answered here. Every answer carries `x-emulator-fidelity: recorded`.
"""

from emulator.recorded.catalogue import Catalogue, load
from emulator.recorded.engine import Declined, Engine

__all__ = ["Catalogue", "Declined", "Engine", "load"]
