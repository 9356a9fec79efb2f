"""Bodies that only look wrong: refused with a pointer, never a failure of ours."""

from __future__ import annotations

from typing import Any

import pytest

from blip0.testing.api import ana
from monitors.tests.factories import USDC, make_monitor_document

pytestmark = pytest.mark.django_db

LISTS = {
    "/addresses/0": {"addresses": [[USDC, None]]},
    "/match_conditions": {"match_conditions": [[], [], []]},
    "/match_conditions/functions/0": {
        "match_conditions": {
            "functions": [["transfer(address,uint256)", None]],
            "events": [],
            "transactions": [],
        }
    },
    "/match_conditions/transactions/0": {
        "match_conditions": {"functions": [], "events": [], "transactions": [["Any", None]]}
    },
    "/chain_configurations/0": {"chain_configurations": [[None, None, None, None]]},
    "/chain_configurations/0/midnight": {"chain_configurations": [{"midnight": [[]]}]},
}


@pytest.mark.parametrize("url", ["/api/v1/monitors", "/api/v1/monitors/validate"])
@pytest.mark.parametrize(("pointer", "changes"), LISTS.items(), ids=LISTS)
def test_monitor__lists_where_the_runtime_would_take_them_for_objects__is_told(
    acme: Any, url: str, pointer: str, changes: dict[str, Any]
) -> None:
    answer = ana().post(url, make_monitor_document(**changes))

    assert answer.status_code in (200, 422)
    found = answer.json().get("errors") or answer.json()["findings"]
    assert (pointer, "shape.spelling") in [(each["pointer"], each["code"]) for each in found]
