"""Staff allow a private host, a tenant's webhook goes there; they take it back, and it doesn't."""

from __future__ import annotations

import pytest
from django.test import Client

from blip0.common.connecting import TargetRefused
from blip0.common.sender import http_send
from blip0.testing.api import ana
from blip0.tests.sender.servers import running
from tenants.models import Tenant
from triggers.tests.factories import document

PAGE = "/admin/tenants/systemsetting/allowed_5Ftargets/change/"


@pytest.mark.parametrize("allowed", ["127.0.0.1", "127.0.0.0/8"])
def test_allowed_targets__changed_in_the_admin__saving_and_sending_follow(
    committed: None, staff: Client, acme: Tenant, allowed: str
) -> None:
    with running() as server:
        url = f"http://127.0.0.1:{server.server_port}/in"
        webhook = document("webhook")
        webhook["config"]["url"]["value"] = url
        tenant = ana()

        def save(name: str) -> int:
            return tenant.post("/api/v1/triggers", {**webhook, "name": name}).status_code

        def send() -> bool:
            try:
                return http_send("POST", url, body=b"{}").ok
            except TargetRefused:
                return False

        assert (save("Before"), send()) == (422, False)

        assert staff.post(PAGE, {"value": allowed}).status_code == 302
        assert (save("Allowed"), send()) == (201, True)

        assert staff.post(PAGE, {"value": ""}).status_code == 302
        assert (save("After"), send()) == (422, False)

        assert server.seen == ["/in"]
