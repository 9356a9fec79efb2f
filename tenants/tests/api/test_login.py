from __future__ import annotations

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher
from rest_framework.test import APIClient

from blip0.testing.api import ana, olga, signed_in
from blip0.testing.world import PASSWORD, STAFF
from tenants.choices import Role, TenantStatus
from tenants.models import Membership, Tenant, User

LOGIN = "/api/v1/login"


def login(**body):
    return APIClient().post(LOGIN, body)


class CountingHasher(MD5PasswordHasher):
    encoded = 0

    def encode(self, password, salt):
        type(self).encoded += 1
        return super().encode(password, salt)


def test_login__right_password__gives_a_token_of_the_only_tenant(acme):
    answer = login(email="ana@acme.test", password=PASSWORD)

    assert answer.status_code == 200
    body = answer.json()
    assert body["tenant"] == {"id": str(acme.pk), "slug": "acme", "name": "Acme"}
    assert body["expires_in"] == 1800
    assert answer["Cache-Control"] == "no-store"


@pytest.mark.parametrize("email", ["ANA@acme.test", " ana@acme.test "])
def test_login__address_in_another_spelling__is_accepted(acme, email):
    assert login(email=email, password=PASSWORD).status_code == 200


def test_login__wrong_password_unknown_address_or_disabled_user__is_one_and_the_same_401(acme):
    User.objects.filter(email="eli@acme.test").update(is_active=False)
    answers = [
        login(email="ana@acme.test", password="wrong"),
        login(email="nobody@acme.test", password=PASSWORD),
        login(email="not an address", password=PASSWORD),
        login(email="eli@acme.test", password=PASSWORD),
    ]

    for answer in answers:
        assert answer.status_code == 401
        assert answer["Content-Type"] == "application/problem+json"
        assert answer["WWW-Authenticate"].startswith("Bearer")
    bodies = [{**answer.json(), "request_id": ""} for answer in answers]
    assert all(body == bodies[0] for body in bodies)
    assert bodies[0]["code"] == "bad_credentials"


def test_login__unknown_address__hashes_as_often_as_a_wrong_password(acme, settings):
    settings.PASSWORD_HASHERS = [f"{__name__}.CountingHasher"]
    counts = []
    for email in ("ana@acme.test", "nobody@acme.test"):
        CountingHasher.encoded = 0
        login(email=email, password="wrong")
        counts.append(CountingHasher.encoded)

    assert counts == [1, 1]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"email": "ana@acme.test"}, "/password"),
        ({"password": "x"}, "/email"),
        ({"email": None, "password": "x"}, "/email"),
        ({"email": ["a"], "password": "x"}, "/email"),
        ({"email": "a\x00b", "password": "x"}, "/email"),
        ({"email": "a", "password": "x" * 1025}, "/password"),
        ({"email": "a", "password": "x", "remember/me": True}, "/remember~1me"),
    ],
)
def test_login__malformed_body__is_422_with_a_pointer(acme, body, pointer):
    answer = login(**body)

    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]


def test_login__body_is_no_object__is_422(acme):
    answer = APIClient().post(LOGIN, ["ana@acme.test"])

    assert answer.status_code == 422
    assert answer.json()["code"] == "invalid"


def test_login__member_of_several_tenants__must_name_one(acme, globex):
    Membership.objects.create(
        tenant=globex, user=User.objects.get(email="ana@acme.test"), role=Role.VIEWER
    )

    answer = login(email="ana@acme.test", password=PASSWORD)

    assert answer.status_code == 409
    assert answer.json()["code"] == "tenant_required"
    assert answer.json()["tenants"] == ["acme", "globex"]
    me = signed_in("ana@acme.test", "globex").get("/api/v1/me").json()
    assert (me["tenant"]["slug"], me["role"]) == ("globex", "viewer")


@pytest.mark.parametrize("slug", ["globex", "nowhere"])
def test_login__tenant_of_others__is_the_same_403_as_one_that_is_not_there(acme, globex, slug):
    answer = login(email="ana@acme.test", password=PASSWORD, tenant=slug)

    assert answer.status_code == 403
    assert answer.json()["code"] == "not_a_member"


def test_login__staff_without_membership__is_403(acme):
    answer = login(email=STAFF, password=PASSWORD)

    assert answer.status_code == 403
    assert answer.json()["code"] == "not_a_member"


def test_login__suspended_tenant__is_403(acme):
    Tenant.objects.filter(pk=acme.pk).update(status=TenantStatus.SUSPENDED)

    answer = login(email="ana@acme.test", password=PASSWORD)

    assert answer.status_code == 403
    assert answer.json()["code"] == "tenant_suspended"


def test_me__signed_in__names_user_tenant_role_and_permissions(acme):
    me = ana().get("/api/v1/me")

    assert me.status_code == 200
    assert me["Cache-Control"] == "no-store"
    assert me.json()["user"]["email"] == "ana@acme.test"
    assert me.json()["tenant"]["slug"] == "acme"
    assert me.json()["role"] == "owner"
    assert "monitors.write" in me.json()["permissions"]


def test_me__first_request_and_then__takes_one_query_and_none(acme, count_queries):
    client = ana()
    counts = []
    for _ in range(3):
        with count_queries() as log:
            assert client.get("/api/v1/me").status_code == 200
        counts.append(len(log))

    assert counts == [1, 0, 0]


def test_me__anonymous__is_401_with_a_challenge(acme):
    answer = APIClient().get("/api/v1/me")

    assert answer.status_code == 401
    assert answer.json()["code"] == "not_authenticated"
    assert answer["WWW-Authenticate"] == 'Bearer realm="api"'


def test_token__user_disabled_afterwards__ends_at_once(acme):
    client = ana()
    User.objects.filter(email="ana@acme.test").update(is_active=False)

    answer = client.get("/api/v1/me")

    assert (answer.status_code, answer.json()["code"]) == (401, "token_revoked")


def test_token__membership_removed_afterwards__ends_at_once(acme):
    client = ana()
    Membership.objects.filter(user__email="ana@acme.test").delete()

    answer = client.get("/api/v1/me")

    assert (answer.status_code, answer.json()["code"]) == (401, "token_revoked")


def test_token__password_changed_afterwards__ends_at_once(acme):
    client = ana()
    user = User.objects.get(email="ana@acme.test")
    user.set_password("another long password")
    user.save()

    answer = client.get("/api/v1/me")

    assert (answer.status_code, answer.json()["code"]) == (401, "token_revoked")


def test_token__role_changed_afterwards__counts_at_once(acme):
    client = ana()
    Membership.objects.filter(user__email="ana@acme.test").update(role=Role.VIEWER)

    assert client.get("/api/v1/me").json()["role"] == "viewer"


@pytest.mark.parametrize(
    ("status", "before_deletion", "code"),
    [
        (TenantStatus.SUSPENDED, None, "tenant_suspended"),
        (TenantStatus.PENDING_DELETION, TenantStatus.ACTIVE, "tenant_not_usable"),
    ],
)
def test_token__tenant_no_longer_active__is_403_at_once(
    acme, globex, status, before_deletion, code
):
    client, other = ana(), olga()
    Tenant.objects.filter(pk=acme.pk).update(status=status, status_before_deletion=before_deletion)

    answer = client.get("/api/v1/me")

    assert (answer.status_code, answer.json()["code"]) == (403, code)
    assert other.get("/api/v1/me").status_code == 200
