"""Compare an endpoint with its specification, and release the difference.

The release itself is a state machine in AWS (`terraform/modules/release`). Whether one is due follows from three
parameters (the specification that Terraform publishes, the record of the last release, and the live version) and from
the endpoint.
"""

from orchestrator.release.execution import run
from orchestrator.release.standing import Standing, endpoints, standing

__all__ = ["Standing", "endpoints", "run", "standing"]
