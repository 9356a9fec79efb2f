"""API keys: shown once, limited by scope, network, time, and by what their creator may now."""

from __future__ import annotations

import hashlib
from datetime import timedelta

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from blip0.common.actors import Actor
from blip0.testing.api import ana, signed_in, vic
from tenants.choices import Role, TenantStatus
from tenants.models import ApiKey, AuditRecord, Membership, Tenant, User
from tenants.services import api_keys
from tenants.services.members import member_change_role

KEYS, ME, MONITORS = "/api/v1/api-keys", "/api/v1/me", "/api/v1/monitors"
ACTOR = Actor.system("tests")


def make(client, **body):
    answer = client.post(KEYS, {"name": "CI", "scopes": ["monitors:read"], **body})
    assert answer.status_code == 201, answer.content
    return answer.json()


def using(key, **headers):
    return APIClient(headers={"X-API-Key": key, **headers})


def refused(client, code, status=401):
    answer = client.get(ME)
    assert (answer.status_code, answer.json().get("code")) == (status, code)


def test_key__created__is_shown_once_and_stored_as_a_hash(acme):
    client = ana()
    created = client.post(KEYS, {"name": "CI", "scopes": ["monitors:read"]})
    body = created.json()
    secret = body["key"].removeprefix(f"blp0_{body['prefix']}_")

    assert created.status_code == 201
    assert created["Cache-Control"] == "no-store"
    row = ApiKey.objects.get(pk=body["id"])
    assert row.secret_hash == hashlib.sha256(secret.encode()).hexdigest()
    record = AuditRecord.objects.get(action="api_key.created", object_id=body["id"])
    assert record.actor_name == "ana@acme.test"
    assert record.after is not None
    assert record.after["scopes"] == ["monitors.read"]
    reads = [client.get(KEYS).content, client.get(f"{KEYS}/{body['id']}").content]
    for text in (*map(bytes.decode, reads), str(record.after)):
        assert secret not in text
        assert row.secret_hash not in text


@pytest.mark.parametrize("header", ["X-API-Key", "Authorization", "lower"])
def test_key__in_either_header__works_and_is_the_actor(acme, header):
    key = make(ana())["key"]
    headers = {
        "X-API-Key": {"X-API-Key": key},
        "Authorization": {"Authorization": f"Bearer {key}"},
        "lower": {"Authorization": f"bearer {key}"},
    }[header]

    me = APIClient(headers=headers).get(ME)

    assert me.status_code == 200
    assert me.json()["permissions"] == ["monitors.read"]


def test_key__and_a_token_at_once__is_401(acme):
    client = ana()
    key = make(client)["key"]

    answer = client.get(ME, headers={"X-API-Key": key})

    assert (answer.status_code, answer.json()["code"]) == (401, "two_credentials")


def test_key__scope_missing__is_403(acme):
    client = using(make(ana(), scopes=["monitors:read"])["key"])

    assert client.get(MONITORS).status_code == 200
    answer = client.post(MONITORS, {})
    assert (answer.status_code, answer.json()["code"]) == (403, "permission_denied")
    assert client.get("/api/v1/triggers").status_code == 403


@pytest.mark.parametrize(
    "attack",
    [
        lambda key: key[:-1] + ("A" if key[-1] != "A" else "B"),
        lambda key: key.rpartition("_")[0] + "_" + "A" * 43,
        lambda key: "blp0_aaaaaaaaaaaa_" + key[-43:],
        lambda key: key[:-1],
        lambda key: key + "A",
        lambda key: key.upper(),
        lambda _: "blp0_",
        lambda _: "blp0_x_y",
        lambda _: "blp0_%_%",
        lambda _: "",
    ],
)
def test_key__altered_or_made_up__is_401(acme, attack):
    key = make(ana())["key"]

    answer = using(attack(key)).get(ME)

    assert answer.status_code == 401
    assert using(key).get(ME).status_code == 200


def test_key__with_its_stored_hash_as_secret__is_401(acme):
    key = make(ana())
    row = ApiKey.objects.get(pk=key["id"])

    assert using(f"blp0_{row.prefix}_{row.secret_hash[:43]}").get(ME).status_code == 401


def test_key__expired__is_401(acme):
    client = ana()
    made = make(client, expires_at=(timezone.now() + timedelta(hours=1)).isoformat())
    assert using(made["key"]).get(ME).status_code == 200
    key = ApiKey.objects.get(pk=made["id"])
    key.expires_at = timezone.now()
    key.save()

    refused(using(made["key"]), "api_key_expired")


def test_key__expiry_in_the_past__is_422(acme):
    answer = ana().post(
        KEYS,
        {"name": "x", "scopes": ["monitors:read"], "expires_at": "2020-01-01T00:00:00Z"},
    )

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/expires_at"


@pytest.mark.parametrize(
    ("networks", "address", "status"),
    [
        (["192.0.2.0/24"], "192.0.2.7", 200),
        (["192.0.2.0/24"], "198.51.100.1", 401),
        (["192.0.2.0/24"], "::ffff:192.0.2.7", 200),
        (["2001:db8::/32"], "2001:db8::1", 200),
        (["2001:db8::/32"], "192.0.2.7", 401),
        (["192.0.2.0/24", "198.51.100.1"], "198.51.100.1", 200),
        (["192.0.2.0/24"], "", 401),
        ([], "198.51.100.1", 200),
    ],
)
def test_key__networks_of_origin__only_these(acme, networks, address, status):
    key = make(ana(), allowed_networks=networks)["key"]

    assert using(key).get(ME, REMOTE_ADDR=address).status_code == status


def test_key__forwarded_address__counts_only_behind_a_trusted_proxy(acme, settings):
    client = using(
        make(ana(), allowed_networks=["192.0.2.0/24"])["key"],
        **{"X-Forwarded-For": "198.51.100.9, 192.0.2.7"},
    )

    assert client.get(ME).status_code == 401
    settings.TRUST_PROXY = True
    assert client.get(ME).status_code == 200
    spoofed = client.get(ME, headers={"X-Forwarded-For": "192.0.2.7, 198.51.100.9"})
    assert spoofed.status_code == 401


@pytest.mark.parametrize("network", ["192.0.2.1/24", "hooks.internal", "", "300.0.0.0/8"])
def test_key__network_that_is_none__is_422(acme, network):
    answer = ana().post(
        KEYS, {"name": "x", "scopes": ["monitors:read"], "allowed_networks": [network]}
    )

    assert answer.status_code == 422
    assert not ApiKey.objects.exists()


@pytest.mark.parametrize("scopes", [[], ["monitors:fly"], ["monitors.read"], "monitors:read"])
def test_key__scopes_that_are_none__is_422(acme, scopes):
    assert ana().post(KEYS, {"name": "x", "scopes": scopes}).status_code == 422
    assert not ApiKey.objects.exists()


def test_key__scope_that_its_creator_lacks__is_403(acme):
    answer = signed_in("adam@acme.test").post(KEYS, {"name": "x", "scopes": ["owners:write"]})

    assert (answer.status_code, answer.json()["code"]) == (403, "grants_too_much")
    assert not ApiKey.objects.exists()


def test_key__makes_a_key__cannot_give_it_more_than_it_has(acme):
    key = make(ana(), scopes=["api_keys:write", "monitors:read"])["key"]
    client = using(key)

    assert client.post(KEYS, {"name": "x", "scopes": ["monitors:write"]}).status_code == 403
    assert client.post(KEYS, {"name": "x", "scopes": ["monitors:read"]}).status_code == 201


def test_key__invites__cannot_grant_more_than_it_has(acme):
    client = using(make(ana(), scopes=["members:write", "members:read"])["key"])

    answer = client.post("/api/v1/invitations", {"email": "eve@evil.test", "role": "viewer"})

    assert (answer.status_code, answer.json()["code"]) == (403, "grants_too_much")


def test_key__creator_demoted__may_less_at_once_and_more_again_afterwards(acme):
    adam = Membership.objects.get(user__email="adam@acme.test")
    client = using(
        make(signed_in("adam@acme.test"), scopes=["monitors:read", "monitors:write"])["key"]
    )
    assert client.get(ME).json()["permissions"] == ["monitors.read", "monitors.write"]

    member_change_role(membership=adam, role=Role.VIEWER, actor=ACTOR)
    assert client.get(ME).json()["permissions"] == ["monitors.read"]
    assert client.post(MONITORS, {}).status_code == 403

    member_change_role(membership=adam, role=Role.OWNER, actor=ACTOR)
    assert client.get(ME).json()["permissions"] == ["monitors.read", "monitors.write"]


def _disable():
    User.objects.filter(email="ana@acme.test").update(is_active=False)


def _leave():
    Membership.objects.filter(user__email="ana@acme.test").delete()


def _suspend():
    Tenant.objects.filter(slug="acme").update(status=TenantStatus.SUSPENDED)


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        (_disable, 401, "token_revoked"),
        (_leave, 401, "token_revoked"),
        (_suspend, 403, "tenant_suspended"),
    ],
)
def test_key__what_it_stands_on_is_gone__is_refused_at_once(acme, change, status, code):
    client = using(make(ana())["key"])
    assert client.get(ME).status_code == 200

    change()

    refused(client, code, status)


def test_key__creators_password_changed__goes_on(acme):
    """A key isn't a sign-in: programs don't stop when somebody changes a password."""
    client = using(make(ana())["key"])
    user = User.objects.get(email="ana@acme.test")
    user.set_password("another long password")
    user.save()

    assert client.get(ME).status_code == 200


def test_key__of_staff__has_no_right_of_staff(acme):
    User.objects.filter(email="vic@acme.test").update(is_staff=True, is_superuser=True)
    answer = vic().post(KEYS, {"name": "x", "scopes": ["monitors:read"]})

    assert (answer.status_code, answer.json()["code"]) == (403, "permission_denied")


def test_key__revoked__is_401_and_stays_in_the_list(acme):
    client = ana()
    made = make(client)

    assert client.delete(f"{KEYS}/{made['id']}").status_code == 204
    assert client.delete(f"{KEYS}/{made['id']}").status_code == 204
    refused(using(made["key"]), "api_key_invalid")
    (listed,) = client.get(KEYS).json()["results"]
    assert listed["revoked_at"] is not None
    assert AuditRecord.objects.filter(action="api_key.revoked").count() == 1


def test_key__naming_another_tenant__is_403(acme, globex):
    key = make(ana())["key"]

    assert using(key, **{"X-Blip0-Tenant": "acme"}).get(ME).status_code == 200
    refused(using(key, **{"X-Blip0-Tenant": "globex"}), "tenant_mismatch", 403)


def test_key__used__is_noted_once_a_minute_at_most(acme, count_queries):
    made = make(ana())
    client = using(made["key"])
    client.get(ME)
    first = ApiKey.objects.get(pk=made["id"]).last_used_at
    assert first is not None

    with count_queries() as log:
        for _ in range(3):
            client.get(ME)
    assert log.statements == []

    ApiKey.objects.update(last_used_at=first - timedelta(minutes=2))
    api_keys._noted.clear()
    client.get(ME)
    latest = ApiKey.objects.get(pk=made["id"]).last_used_at
    assert latest is not None
    assert latest > first


def test_list__one_and_many_keys__costs_the_same(acme, count_queries):
    client = ana()
    counts = []
    for number in (1, 10):
        for _ in range(number):
            make(client)
        with count_queries() as log:
            client.get(KEYS)
        counts.append(len(log))

    assert counts[0] == counts[1]
