"""Attacks on staff's way in: around the second step, against it, and with planted sessions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.sessions.backends.cached_db import SessionStore
from django.test import Client

from blip0.testing.world import PASSWORD, STAFF
from tenants.models import AuditRecord, StaffSession, Tenant, User
from tenants.services.accounts import user_set_password
from tenants.tests.staff import (
    ACCOUNT,
    ACTOR,
    CODE,
    LOGIN,
    Phone,
    answers,
    enrol,
    give_code,
    give_password,
    is_in,
    key_of,
)

PAGES = ("/admin/", ACCOUNT, "/admin/tenants/tenant/", "/admin/pages/spec-conflicts/")


@pytest.fixture
def sam(acme: Tenant) -> User:
    return User.objects.get(email=STAFF)


@pytest.fixture
def phone(sam: User) -> Phone:
    return enrol(sam)[0]


@pytest.fixture
def half_in(phone: Phone, client: Client) -> Client:
    """The password is given, the code isn't."""
    assert give_password(client, STAFF)["Location"] == CODE
    return client


def test_second_step__skipped_by_direct_urls__everything_leads_to_the_sign_in(
    half_in: Client,
) -> None:
    for page in PAGES:
        for response in (half_in.get(page), half_in.post(page, {"time_zone": "UTC"})):
            assert response.status_code == 302
            assert response["Location"].startswith(LOGIN)
    assert half_in.get("/api/v1/me").status_code == 401
    assert not StaffSession.objects.exists()


def test_second_step__without_the_first__leads_to_the_first(phone: Phone, client: Client) -> None:
    for response in (client.get(CODE), give_code(client, phone.code())):
        assert response["Location"] == LOGIN
    assert not is_in(client)


def test_second_step__set_up_page__cannot_be_reached_in_between(half_in: Client) -> None:
    page = half_in.get(f"{ACCOUNT}two-factor/")

    assert page["Location"].startswith(LOGIN)


def test_code__replayed_in_another_browser__is_refused(phone: Phone) -> None:
    owner, thief = Client(), Client()
    for browser in (owner, thief):
        give_password(browser, STAFF)
    code = phone.code()

    give_code(owner, code)
    stolen = give_code(thief, code)

    assert is_in(owner)
    assert stolen.status_code == 200
    assert not is_in(thief)


def test_codes__tried_from_many_addresses_and_browsers__are_slowed(phone: Phone) -> None:
    given = []
    for number in range(8):
        browser = Client(REMOTE_ADDR=f"192.0.2.{number + 1}")
        give_password(browser, STAFF)
        given.append(give_code(browser, f"00000{number}"))

    assert answers(given[:5]) == [200] * 5
    assert 429 in answers(given[5:])
    assert given[5]["Retry-After"]


def test_code__right_but_while_slowed__waits_too(half_in: Client, phone: Phone) -> None:
    for _ in range(5):
        give_code(half_in, "000000")

    assert give_code(half_in, phone.code()).status_code == 429
    assert not is_in(half_in)


def test_session_key__rotates_at_each_step(phone: Phone, client: Client) -> None:
    keys = [_planted(client)]

    give_password(client, STAFF)
    keys.append(key_of(client))
    give_code(client, phone.code())
    keys.append(key_of(client))

    assert len(set(keys)) == 3
    for old in keys[:2]:
        assert not SessionStore().exists(old)
        thief = Client()
        thief.cookies["sessionid"] = old
        assert not is_in(thief)
        assert thief.get(CODE)["Location"] == LOGIN
    assert is_in(client)


def test_session_key__planted__opens_nothing_without_a_second_factor_either(
    sam: User, client: Client
) -> None:
    planted = _planted(client)

    give_password(client, STAFF)

    thief = Client()
    thief.cookies["sessionid"] = planted
    assert is_in(client)
    assert not is_in(thief)


def _planted(client: Client) -> str:
    """A session that somebody made, and whose key they know."""
    session = client.session
    session["planted"] = True
    session.save()
    return key_of(client)


def test_first_step__too_long_ago__is_forgotten(half_in: Client, phone: Phone) -> None:
    session = half_in.session
    held = session["staff_password_given"]
    ago = datetime.fromisoformat(held["at"]) - timedelta(minutes=6)
    session["staff_password_given"] = {**held, "at": ago.isoformat()}
    session.save()

    assert give_code(half_in, phone.code())["Location"] == LOGIN
    assert not is_in(half_in)


def test_first_step__password_changed_meanwhile__is_forgotten(
    half_in: Client, phone: Phone, sam: User
) -> None:
    user_set_password(user=sam, password="another horse and battery", actor=ACTOR)

    assert give_code(half_in, phone.code())["Location"] == LOGIN


@pytest.mark.parametrize("column", ["is_active", "is_staff"])
def test_first_step__account_taken_meanwhile__is_forgotten(
    half_in: Client, phone: Phone, sam: User, column: str
) -> None:
    User.objects.filter(pk=sam.pk).update(**{column: False})

    assert give_code(half_in, phone.code())["Location"] == LOGIN


def test_session__without_the_factor_that_the_account_has__is_over(
    sam: User, client: Client
) -> None:
    """Some other door that calls `login()` opens nothing for those with two-factor sign-in."""
    enrol(sam)
    client.force_login(sam)

    assert not is_in(client)


@pytest.mark.parametrize("place", ["https://evil.test/", "//evil.test", "/\\evil.test"])
def test_second_step__next_leads_elsewhere__leads_home(
    phone: Phone, client: Client, place: str
) -> None:
    client.post(LOGIN, {"username": STAFF, "password": PASSWORD, "next": place})

    assert give_code(client, phone.code())["Location"] == "/admin/"


def test_second_step__without_csrf_token__403(phone: Phone) -> None:
    browser = Client(enforce_csrf_checks=True)

    assert browser.post(CODE, {"code": phone.code()}).status_code == 403
    assert browser.post(LOGIN, {"username": STAFF, "password": PASSWORD}).status_code == 403


def _records() -> Sequence[tuple[Any, ...]]:
    rows = AuditRecord.objects.filter(action__startswith="staff.").order_by("id")
    return list(rows.values_list("action", "object_id", "object_name"))


def test_audit__what_fails_and_what_works__is_kept_and_what_was_typed_is_not(
    sam: User, client: Client
) -> None:
    give_password(client, STAFF, "a mistake")
    give_password(client, "my-secret-password", "x")
    give_password(client, "ana@acme.test")
    give_password(client, STAFF)

    assert _records() == [
        ("staff.sign_in_refused", str(sam.pk), STAFF),
        ("staff.sign_in_refused", "unknown", ""),
        ("staff.sign_in_refused", "unknown", ""),
        ("staff.signed_in", str(sam.pk), STAFF),
    ]
    kept = str(list(AuditRecord.objects.values()))
    assert "my-secret-password" not in kept
    assert "a mistake" not in kept


def test_sign_in_page__member_of_a_tenant__gets_no_session(acme: Tenant, client: Client) -> None:
    page = give_password(client, "ana@acme.test")

    assert page.status_code == 200
    assert not StaffSession.objects.exists()
    assert not is_in(client)


def test_enrolment__started_by_one_account__cannot_be_finished_by_another(
    sam: User, client: Client
) -> None:
    """A secret in the session is sealed for the account that began: nobody plants a known one."""
    client.force_login(sam)
    client.get(f"{ACCOUNT}two-factor/")
    planted = client.session["two_factor_secret"]
    other = User.objects.create_user("other@blip0.test", PASSWORD, is_staff=True)
    client.force_login(other)
    session = client.session
    session["two_factor_secret"] = planted
    session.save()

    client.get(f"{ACCOUNT}two-factor/")

    assert client.session["two_factor_secret"] != planted
