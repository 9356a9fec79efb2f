"""Staff's own account: two-factor sign-in, sessions, password and time zone."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from blip0.common.exceptions import InvalidField
from blip0.common.tenancy import in_tenant
from blip0.testing.world import PASSWORD, STAFF
from monitors.models import Monitor
from monitors.tests.factories import MonitorFactory
from tenants.models import AuditRecord, StaffSession, Tenant, TwoFactor, User
from tenants.services.accounts import STAFF_TIME_ZONE
from tenants.services.system_settings import setting_update
from tenants.tests.staff import (
    ACCOUNT,
    ACTOR,
    CODE,
    Phone,
    enrol,
    give_code,
    give_password,
    is_in,
    key_of,
)

SET_UP = f"{ACCOUNT}two-factor/"
NEW_PASSWORD = "another horse and battery"


@pytest.fixture
def sam(acme: Tenant) -> User:
    return User.objects.get(email=STAFF)


def require_two_factor() -> None:
    setting_update(key="staff_two_factor", value=True, actor=ACTOR)


def _secret_on(page: Any) -> str:
    shown = re.search(r'id="secret">([A-Z2-7 ]+)<', page.content.decode())
    assert shown is not None
    return shown.group(1).replace(" ", "")


def _codes_on(page: Any) -> list[str]:
    return re.findall(r"<li><code[^>]*>([a-z2-7-]{19})</code>", page.content.decode())


def test_set_up__scan_and_type_the_code__codes_are_shown_once_and_are_asked_for(
    sam: User, staff: Client
) -> None:
    page = staff.get(SET_UP)
    assert 'src="data:image/svg+xml' in page.content.decode()
    phone = Phone(_secret_on(page))
    key = key_of(staff)

    done = staff.post(SET_UP, {"code": phone.code(), "password": PASSWORD})

    codes = _codes_on(done)
    assert len(codes) == 10
    assert key_of(staff) != key
    assert staff.get(SET_UP).status_code == 302
    assert not _codes_on(staff.get(ACCOUNT))
    browser = Client()
    assert give_password(browser, STAFF)["Location"] == CODE
    assert not is_in(browser)
    assert give_code(browser, codes[0])["Location"] == "/admin/"
    assert is_in(browser)


def test_set_up__wrong_code__same_secret_again_with_the_error_at_the_field(
    sam: User, staff: Client
) -> None:
    secret = _secret_on(staff.get(SET_UP))

    again = staff.post(SET_UP, {"code": "000000", "password": PASSWORD})

    assert _secret_on(again) == secret
    assert "it isn&#x27;t the app&#x27;s code of this moment" in again.content.decode()
    assert not TwoFactor.objects.exists()


def test_session_store__while_setting_up__holds_the_secret_sealed(sam: User, staff: Client) -> None:
    secret = _secret_on(staff.get(SET_UP))

    assert secret not in str(dict(staff.session))


def test_required__without_one__every_page_leads_to_the_set_up(sam: User, staff: Client) -> None:
    require_two_factor()

    for path in ("/admin/", "/admin/tenants/tenant/", ACCOUNT, "/admin/pages/spec-conflicts/"):
        assert staff.get(path)["Location"] == SET_UP
    assert staff.post("/admin/tenants/plan/add/", {})["Location"] == SET_UP
    phone = Phone(_secret_on(staff.get(SET_UP)))
    staff.post(SET_UP, {"code": phone.code(), "password": PASSWORD})

    assert is_in(staff)


def test_required__signing_out__is_possible(sam: User, staff: Client) -> None:
    require_two_factor()

    assert staff.post("/admin/logout/").status_code == 200
    assert staff.get("/admin/")["Location"].startswith("/admin/login/")


def test_optional__without_one__all_is_reached(sam: User, staff: Client) -> None:
    assert is_in(staff)


def test_new_recovery_codes__by_a_code__replace_the_old(sam: User) -> None:
    phone, old = enrol(sam)
    browser = Client()
    give_password(browser, STAFF)
    give_code(browser, phone.code())

    refused = browser.post(f"{ACCOUNT}recovery-codes/", {"code": "000000"})
    page = browser.post(f"{ACCOUNT}recovery-codes/", {"code": old[0]})

    assert not _codes_on(refused)
    assert len(_codes_on(page)) == 10
    assert set(_codes_on(page)).isdisjoint(old)


def test_turn_off__with_password_and_code__the_password_is_enough_again(sam: User) -> None:
    phone, codes = enrol(sam)
    browser = Client()
    give_password(browser, STAFF)
    give_code(browser, phone.code())
    off = f"{ACCOUNT}two-factor/off/"

    assert browser.post(off, {"password": "wrong", "code": codes[0]}).status_code == 200
    assert TwoFactor.objects.exists()
    assert browser.post(off, {"password": PASSWORD, "code": codes[0]})["Location"] == ACCOUNT

    assert is_in(browser)
    other = Client()
    give_password(other, STAFF)
    assert is_in(other)


def test_sessions__mine__are_listed_without_their_keys_and_can_be_ended(sam: User) -> None:
    here, there = Client(headers={"user-agent": "Here/1"}), Client(headers={"user-agent": "T/2"})
    for browser in (here, there):
        give_password(browser, STAFF)
    page = here.get(ACCOUNT).content.decode()
    assert "Here/1" in page
    assert "T/2" in page
    assert key_of(here) not in page
    assert key_of(there) not in page

    session = StaffSession.objects.get(user_agent="T/2")
    here.post(reverse("staff-session-end", args=[session.pk]))

    assert is_in(here)
    assert not is_in(there)
    record = AuditRecord.objects.filter(action="staff.signed_out").first()
    assert record is not None
    assert record.after == {
        "session": str(session.pk), "address": "127.0.0.1", "two_factor": False,
    }  # fmt: skip


def test_sessions__all_others__end_and_this_one_goes_on(sam: User) -> None:
    browsers = [Client() for _ in range(3)]
    for browser in browsers:
        give_password(browser, STAFF)

    browsers[0].post(reverse("staff-sessions-end"))

    assert [is_in(browser) for browser in browsers] == [True, False, False]


def test_session__of_somebody_else__cannot_be_ended_from_the_account_page(
    sam: User, clerk: Callable[..., Client]
) -> None:
    browser = Client()
    give_password(browser, STAFF)
    session = StaffSession.objects.get(user=sam)

    answer = clerk().post(reverse("staff-session-end", args=[session.pk]))

    assert answer.status_code == 404
    assert is_in(browser)


def test_password__changed_on_ones_page__ends_other_sessions_and_is_in_the_audit_log(
    sam: User,
) -> None:
    here, there = Client(), Client()
    for browser in (here, there):
        give_password(browser, STAFF)
    key = key_of(here)
    sent = {"current": PASSWORD, "new": NEW_PASSWORD, "again": NEW_PASSWORD}

    assert here.post("/admin/password_change/", {**sent, "again": "x"}).status_code == 200
    assert here.post("/admin/password_change/", {**sent, "current": "x"}).status_code == 200
    assert is_in(there)
    here.post("/admin/password_change/", sent)

    assert is_in(here)
    assert key_of(here) != key
    assert not is_in(there)
    assert AuditRecord.objects.filter(action="user.password_set").count() == 1
    assert give_password(Client(), STAFF, NEW_PASSWORD)["Location"] == "/admin/"


def test_password__too_weak__is_told_at_its_field(sam: User, staff: Client) -> None:
    sent = {"current": PASSWORD, "new": "short", "again": "short"}

    page = staff.post("/admin/password_change/", sent).content.decode()

    assert "at least 12 characters" in page


# Time zones

JULY = datetime(2026, 7, 1, 22, 30, tzinfo=UTC)


def test_time_zone__chosen__times_and_dates_are_in_it(
    sam: User, inside: Client, acme: Tenant
) -> None:
    Tenant.objects.filter(pk=acme.pk).update(created_at=JULY)
    list_url, page_url = "/admin/tenants/tenant/", f"/admin/tenants/tenant/{acme.pk}/change/"
    assert "2026-07-01 22:30:00 UTC" in inside.get(page_url).content.decode()

    inside.post(ACCOUNT, {"time_zone": "Europe/Berlin"})

    assert "2026-07-02 00:30:00 CEST" in inside.get(page_url).content.decode()
    assert "2026-07-02" in inside.get(list_url).content.decode()
    assert timezone.get_current_timezone_name() == "UTC"


def test_time_zone__none_chosen__follows_the_setting(
    sam: User, inside: Client, acme: Tenant
) -> None:
    Tenant.objects.filter(pk=acme.pk).update(created_at=JULY)
    setting_update(key="staff_time_zone", value="Asia/Tokyo", actor=ACTOR)

    page = inside.get(f"/admin/tenants/tenant/{acme.pk}/change/").content.decode()

    assert "2026-07-02 07:30:00 JST" in page


def test_time_zone__unknown__is_refused(sam: User, staff: Client) -> None:
    page = staff.post(ACCOUNT, {"time_zone": "Europe/Atlantis"})

    sam.refresh_from_db()
    assert (page.status_code, sam.time_zone) == (200, "")


def test_snooze__a_time_typed_in_the_viewers_zone__is_meant_in_it(
    sam: User, inside: Client, acme: Tenant
) -> None:
    with in_tenant(acme.pk):
        monitor = MonitorFactory.create()
    User.objects.filter(pk=sam.pk).update(time_zone="America/New_York")
    url = f"/admin/monitors/monitor/{monitor.pk}/snooze/"
    assert "In your time zone, America/New_York." in inside.get(url).content.decode()
    tomorrow = (timezone.now() + timedelta(days=1)).astimezone(ZoneInfo("America/New_York"))

    inside.post(url, {"until_0": f"{tomorrow:%Y-%m-%d}", "until_1": "09:00"})

    with in_tenant(acme.pk):
        until = Monitor.objects.get(pk=monitor.pk).snoozed_until
    assert until is not None
    assert until.astimezone(ZoneInfo("America/New_York")).strftime("%H:%M") == "09:00"


def test_setting__unusable_zone__is_refused_and_names_the_fix() -> None:
    with pytest.raises(InvalidField, match="write one like Europe/Berlin"):
        STAFF_TIME_ZONE.read("Atlantis")
