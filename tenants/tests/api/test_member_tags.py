"""Two people at one member at once: `If-Match` on what counts no versions."""

from __future__ import annotations

import pytest

from blip0.common.actors import Actor
from blip0.testing.api import ana
from tenants.choices import Role
from tenants.services.members import member_change_role
from tenants.tests.api.test_people import MEMBERS, member

ACTOR = Actor.system("tests")


@pytest.mark.parametrize("method", ["patch", "delete"])
def test_member__changed_since_it_was_read__is_412_with_the_current_tag(acme, method):
    client, url = ana(), f"{MEMBERS}/{member('eli@acme.test').pk}"
    tag = client.get(url)["ETag"]
    assert client.get(url, headers={"If-None-Match": tag}).status_code == 304
    newer = client.patch(url, {"role": "viewer"}, headers={"If-Match": tag})["ETag"]
    body = {"role": "admin"} if method == "patch" else None

    stale = getattr(client, method)(url, body, headers={"If-Match": tag})

    assert (stale.status_code, stale["ETag"]) == (412, newer)
    assert member("eli@acme.test").role == Role.VIEWER
    assert getattr(client, method)(url, body, headers={"If-Match": newer}).status_code < 300


def test_member__somebody_faster_after_the_tag_was_compared__is_412(acme, monkeypatch):
    client, url = ana(), f"{MEMBERS}/{member('eli@acme.test').pk}"
    tag = client.get(url)["ETag"]

    def late(**given):
        member_change_role(membership=member("eli@acme.test"), role="viewer", actor=ACTOR)
        return member_change_role(**given)

    monkeypatch.setattr("tenants.api.views.access.member_change_role", late)

    assert client.patch(url, {"role": "admin"}, headers={"If-Match": tag}).status_code == 412
    assert member("eli@acme.test").role == Role.VIEWER
