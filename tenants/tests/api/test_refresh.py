"""Refresh tokens: each good once, in a cookie that only our pages can send."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone
from rest_framework.test import APIClient

from blip0.testing.world import PASSWORD
from tenants.api.tokens import FamilyRefreshToken, TenantAccessToken
from tenants.choices import FamilyEnd, Role, TenantStatus
from tenants.models import AuditRecord, Membership, Tenant, TokenFamily, User
from tenants.services.families import RACE, families_prune

LOGIN, REFRESH, LOGOUT, ME = (f"/api/v1/{name}" for name in ("login", "refresh", "logout", "me"))
COOKIE = "blip0_refresh"
OURS = {"X-Requested-With": "blip0"}


def browser(email="ana@acme.test"):
    """A client that holds the cookie, and the answer to its sign-in."""
    client = APIClient()
    answer = client.post(LOGIN, {"email": email, "password": PASSWORD})
    assert answer.status_code == 200, answer.content
    return client, answer


def refresh(client, **headers):
    return client.post(REFRESH, headers={**OURS, **headers})


def with_cookie(value):
    client = APIClient()
    client.cookies[COOKIE] = value
    return client


def me(access):
    return APIClient().get(ME, headers={"Authorization": f"Bearer {access}"})


def later(family_id, by):
    """As if the family had been used `by` ago."""
    TokenFamily.objects.filter(pk=family_id).update(rotated_at=timezone.now() - by)


def test_login__right_password__sets_a_cookie_that_no_script_reads(acme):
    _, answer = browser()

    cookie = answer.cookies[COOKIE]
    assert cookie["httponly"]
    assert cookie["secure"]
    assert cookie["samesite"] == "Strict"
    assert cookie["path"] == REFRESH
    assert cookie["max-age"] == 7 * 24 * 3600
    assert cookie.value not in answer.content.decode()


def test_login__in_development__the_cookie_goes_over_plain_http(acme, settings):
    settings.MODE = "development"

    assert not browser()[1].cookies[COOKIE]["secure"]


def test_refresh__again_and_again__gives_new_tokens_of_the_same_sign_in(acme):
    client, answer = browser()
    accesses, cookies = [answer.json()["access"]], [answer.cookies[COOKIE].value]
    for _ in range(3):
        answer = refresh(client)
        assert answer.status_code == 200, answer.content
        assert answer["Cache-Control"] == "no-store"
        accesses.append(answer.json()["access"])
        cookies.append(answer.cookies[COOKIE].value)

    assert len(set(accesses)) == len(set(cookies)) == 4
    assert len({TenantAccessToken(access).family_id for access in accesses}) == 1
    # The earlier ones are of the same sign-in, and good for their half hour.
    assert [me(access).status_code for access in accesses] == [200] * 4


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-Requested-With": "XMLHttpRequest"},
        {**OURS, "Origin": "https://evil.test"},
        {**OURS, "Origin": "null"},
        {"Origin": "https://evil.test"},
    ],
)
def test_refresh__from_another_site__is_403_and_uses_nothing_up(acme, headers):
    client, _ = browser()

    answer = client.post(REFRESH, headers=headers)

    assert (answer.status_code, answer.json()["code"]) == (403, "cross_site")
    assert COOKIE not in answer.cookies
    assert refresh(client).status_code == 200


@pytest.mark.parametrize("origin", ["http://testserver", "https://app.example.org"])
def test_refresh__from_our_page_or_an_allowed_app__is_answered(acme, settings, origin):
    settings.CORS_ALLOWED_ORIGINS = ["https://app.example.org"]
    client, _ = browser()

    assert refresh(client, Origin=origin).status_code == 200


def test_refresh__used_token_within_seconds__is_409_and_nothing_dies(acme):
    client, answer = browser()
    used = answer.cookies[COOKIE].value
    newer = refresh(client)

    raced = refresh(with_cookie(used))

    assert (raced.status_code, raced.json()["code"]) == (409, "refresh_raced")
    assert COOKIE not in raced.cookies
    assert me(newer.json()["access"]).status_code == 200
    assert refresh(client).status_code == 200


def test_refresh__used_token_later__ends_the_sign_in(acme):
    client, answer = browser()
    used, access = answer.cookies[COOKIE].value, answer.json()["access"]
    newer = refresh(client).json()["access"]
    family_id = TenantAccessToken(access).family_id
    later(family_id, RACE + timedelta(seconds=1))

    replayed = refresh(with_cookie(used))

    assert (replayed.status_code, replayed.json()["code"]) == (401, "token_revoked")
    assert [me(each).status_code for each in (access, newer)] == [401, 401]
    assert refresh(client).status_code == 401
    family = TokenFamily.objects.get(pk=family_id)
    assert family.end_reason == FamilyEnd.REUSED
    assert AuditRecord.objects.filter(action="user.token_reused", tenant_id=acme.pk).count() == 1


def test_refresh__token_used_two_times_ago__ends_the_sign_in_at_once(acme):
    client, answer = browser()
    used = answer.cookies[COOKIE].value
    refresh(client)
    refresh(client)

    assert refresh(with_cookie(used)).status_code == 401
    assert refresh(client).status_code == 401


def test_refresh__one_stolen_sign_in__leaves_the_others_alone(acme):
    client, answer = browser()
    other, _ = browser()
    used = answer.cookies[COOKIE].value
    refresh(client)
    refresh(client)
    refresh(with_cookie(used))

    assert refresh(client).status_code == 401
    assert refresh(other).status_code == 200


def test_refresh__twenty_at_once__exactly_one_succeeds(committed, acme):
    _, answer = browser()
    cookie = answer.cookies[COOKIE].value
    barrier = threading.Barrier(20)
    answers = []

    def use():
        try:
            client = with_cookie(cookie)
            barrier.wait()
            answers.append(refresh(client))
        finally:
            connection.close()

    threads = [threading.Thread(target=use) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 19
    (won,) = [answer for answer in answers if answer.status_code == 200]
    assert refresh(with_cookie(won.cookies[COOKIE].value)).status_code == 200
    assert TokenFamily.objects.count() == 1


def test_refresh__without_a_cookie_or_with_an_access_token__is_401(acme):
    _, answer = browser()

    for client in (APIClient(), with_cookie(""), with_cookie(answer.json()["access"])):
        refused = refresh(client)
        assert (refused.status_code, refused.json()["code"]) == (401, "token_invalid")


def test_refresh__token_sent_as_access_token__is_401(acme):
    _, answer = browser()

    assert me(answer.cookies[COOKIE].value).status_code == 401


def test_refresh__expired__is_401(acme):
    _, answer = browser()
    token = FamilyRefreshToken(answer.cookies[COOKIE].value)
    token.set_exp(lifetime=timedelta(seconds=-1))

    assert refresh(with_cookie(str(token))).status_code == 401


def test_refresh__family_expired_though_the_token_is_not__is_401(acme):
    client, _ = browser()
    TokenFamily.objects.update(expires_at=timezone.now())

    assert refresh(client).status_code == 401


def _disable():
    User.objects.filter(email="ana@acme.test").update(is_active=False)


def _set_password():
    user = User.objects.get(email="ana@acme.test")
    user.set_password("another long password")
    user.save()


def _leave():
    Membership.objects.filter(user__email="ana@acme.test").delete()


@pytest.mark.parametrize("change", [_disable, _set_password, _leave])
def test_refresh__what_it_stands_on_is_gone__is_401(acme, change):
    client, _ = browser()
    change()

    assert refresh(client).status_code == 401


def test_refresh__suspended_tenant__is_403_and_goes_on_afterwards(acme):
    client, _ = browser()
    Tenant.objects.filter(pk=acme.pk).update(status=TenantStatus.SUSPENDED)

    answer = refresh(client)

    assert (answer.status_code, answer.json()["code"]) == (403, "tenant_suspended")
    Tenant.objects.filter(pk=acme.pk).update(status=TenantStatus.ACTIVE)
    assert refresh(client).status_code == 200


def test_logout__twice__is_no_error_and_ends_all_tokens_of_the_sign_in(acme):
    client, answer = browser()
    other, other_answer = browser()
    access = answer.json()["access"]
    newer = refresh(client).json()["access"]
    bearer = {"Authorization": f"Bearer {access}"}

    first, second = (client.post(LOGOUT, headers=bearer) for _ in range(2))

    assert (first.status_code, second.status_code) == (204, 204)
    assert first.cookies[COOKIE].value == ""
    assert first.cookies[COOKIE]["path"] == REFRESH
    assert [me(each).status_code for each in (access, newer)] == [401, 401]
    assert refresh(with_cookie(answer.cookies[COOKIE].value)).status_code == 401
    # Other sign-ins of the same person go on.
    assert me(other_answer.json()["access"]).status_code == 200
    assert refresh(other).status_code == 200
    assert AuditRecord.objects.filter(action="user.signed_out").count() == 1


def test_logout__expired_access_token__ends_the_sign_in(acme):
    client, answer = browser()
    token = TenantAccessToken(answer.json()["access"])
    token.set_exp(lifetime=timedelta(seconds=-1))

    done = client.post(LOGOUT, headers={"Authorization": f"Bearer {token}"})

    assert done.status_code == 204
    assert refresh(with_cookie(answer.cookies[COOKIE].value)).status_code == 401


@pytest.mark.parametrize("header", ["", "Bearer x", "Bearer a.b.c", "Basic YTpi"])
def test_logout__no_token_of_ours__is_401(acme, header):
    headers = {"Authorization": header} if header else {}

    assert APIClient().post(LOGOUT, headers=headers).status_code == 401


def test_switch_tenant__member_of_both__goes_on_there_and_ends_here(acme, globex):
    ana = User.objects.get(email="ana@acme.test")
    Membership.objects.create(tenant=globex, user=ana, role=Role.VIEWER)
    client = APIClient()
    answer = client.post(LOGIN, {"email": ana.email, "password": PASSWORD, "tenant": "acme"})
    before = answer.json()["access"]
    bearer = {"Authorization": f"Bearer {before}"}
    tenants = client.get("/api/v1/me/tenants", headers=bearer).json()["results"]
    assert [(row["slug"], row["role"], row["current"]) for row in tenants] == [
        ("acme", "owner", True),
        ("globex", "viewer", False),
    ]

    switched = client.post("/api/v1/me/switch-tenant", {"tenant": "globex"}, headers=bearer)

    assert switched.status_code == 200
    after = me(switched.json()["access"]).json()
    assert (after["tenant"]["slug"], after["role"]) == ("globex", "viewer")
    assert me(before).status_code == 401
    assert refresh(client).json()["tenant"]["slug"] == "globex"


@pytest.mark.parametrize("slug", ["globex", "nowhere"])
def test_switch_tenant__tenant_of_others__is_403_and_nothing_ends(acme, globex, slug):
    client, answer = browser()
    bearer = {"Authorization": f"Bearer {answer.json()['access']}"}

    refused = client.post("/api/v1/me/switch-tenant", {"tenant": slug}, headers=bearer)

    assert (refused.status_code, refused.json()["code"]) == (403, "not_a_member")
    assert client.get(ME, headers=bearer).status_code == 200
    assert refresh(client).status_code == 200


def test_families_prune__expired_for_a_day__only_these_go(acme):
    browser()
    kept = TokenFamily.objects.get()
    browser()
    TokenFamily.objects.exclude(pk=kept.pk).update(expires_at=timezone.now() - timedelta(days=2))

    assert families_prune(now=timezone.now()) == 1
    assert TokenFamily.objects.get() == kept
