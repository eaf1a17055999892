"""Read route records from Parameter Store."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from inference_common import errors
from inference_routing.clients import parameters
from tests.unit.lambda_.support.clients import stub


def test_route_records_come_from_the_parameter_store() -> None:
    stubber = stub("ssm")
    stubber.add_response("get_parameter", {"Parameter": {"Value": "{}"}}, {"Name": "/mlops/test/routes/reviews"})
    stubber.add_client_error("get_parameter", "ParameterNotFound")
    stubber.add_client_error("get_parameter", "AccessDeniedException", "not authorised")
    store = parameters.ParameterStore("/mlops/test/routes")
    assert store.read("reviews", 5) == "{}"
    assert store.read("reviews", 5) is None
    with pytest.raises(errors.InternalError, match="AccessDeniedException"):
        store.read("reviews", 5)


def test_route_names_are_listed_page_by_page() -> None:
    stubber = stub("ssm")
    requested = {"Path": "/mlops/test/routes", "Recursive": False}
    changed = datetime(2026, 11, 1, tzinfo=UTC)
    for number, more in ((1, {"NextToken": "t"}), (2, {})):
        parameter = {"Name": f"/mlops/test/routes/b{number}", "Value": "{}", "LastModifiedDate": changed}
        stubber.add_response("get_parameters_by_path", {"Parameters": [parameter], **more}, requested)
        requested = {**requested, "NextToken": "t"}
    listed = parameters.ParameterStore("/mlops/test/routes").list(5)
    assert [(record.name, record.changed) for record in listed] == [("b1", 1793491200), ("b2", 1793491200)]
