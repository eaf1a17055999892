"""Releases, seen from outside: what an endpoint should run, what it does run, and a release that changes it.

The release itself is a state machine in AWS (`terraform/modules/release`). Whether one is due is read from three
parameters, the specification that Terraform publishes, the record of the last release and the live version, and
from the endpoint.
"""

from orchestrator.release.execution import run
from orchestrator.release.standing import Standing, endpoints, standing

__all__ = ["Standing", "endpoints", "run", "standing"]
