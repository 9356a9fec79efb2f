"""Bodies that only look wrong: refused with a pointer, never a failure of ours."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

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


@pytest.mark.parametrize("codec", ["hex", "rot13", "undefined", "punycode", "utf-16"])
def test_header__charset_that_is_no_texts__changes_nothing(db: None, codec: str) -> None:
    client, kind = Client(), f"text/plain; charset={codec}"

    for url in ("/admin/login/?next=a", "/api/v1/?search=a"):
        assert client.generic("GET", url, b"", content_type=kind).status_code == 200
    form = f"application/x-www-form-urlencoded; charset={codec}"
    sent = client.generic("POST", "/admin/login/", b"username=a&password=b", content_type=form)
    assert sent.status_code == 200
