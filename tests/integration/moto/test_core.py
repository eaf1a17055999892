"""Requests share no state in moto except the account's."""

from __future__ import annotations

import pytest
from moto.core import responses

from emulator.moto import core, patching


def test_members_hidden_in_one_response_stay_visible_in_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(responses.BaseResponse, "__init__", vars(responses.BaseResponse)["__init__"])
    core._own_state()
    patching.install()
    first, second = responses.BaseResponse("ec2"), responses.BaseResponse("ec2")
    first._exclude_from_response("DescribeKeyPairsResult.KeyPairs")
    assert "DescribeKeyPairsResult.KeyPairs" in first.RESPONSE_KEY_PATH_TO_TRANSFORMER
    assert second.RESPONSE_KEY_PATH_TO_TRANSFORMER == responses.BaseResponse.RESPONSE_KEY_PATH_TO_TRANSFORMER == {}
