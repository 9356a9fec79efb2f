"""Sessions of the back office: counted, idle, too old, ended by others and by what happens."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from blip0.testing.world import PASSWORD, STAFF
from tenants.choices import SessionEnd, StaffRole
from tenants.models import AuditRecord, StaffSession, Tenant, User
from tenants.services.accounts import user_set_password, user_update
from tenants.services.system_settings import setting_update
from tenants.services.two_factor import two_factor_reset
from tenants.tasks import prune_staff_sessions
from tenants.tests.factories import StaffSessionFactory
from tenants.tests.staff import ACTOR, enrol, give_code, give_password, is_in, key_of


@pytest.fixture
def operator(acme: Tenant) -> User:
    user = User.objects.create_user("olive@blip0.test", PASSWORD, is_staff=True)
    user.groups.set(Group.objects.filter(name=StaffRole.OPERATOR.value))
    return user


@pytest.fixture
def browser(operator: User) -> Client:
    client = Client(headers={"user-agent": "Browser/1"})
    give_password(client, operator.email)
    assert is_in(client)
    return client


def _only(user: User) -> StaffSession:
    return StaffSession.objects.get(user=user)


def _age(user: User, **columns: timedelta) -> None:
    session = _only(user)
    moved = {name: getattr(session, name) - by for name, by in columns.items()}
    StaffSession.objects.filter(pk=session.pk).update(**moved)


def test_sign_in__makes_a_row_with_where_and_how_and_an_audit_record(
    operator: User, browser: Client
) -> None:
    session = _only(operator)

    assert (session.address, session.user_agent, session.two_factor) == (
        "127.0.0.1", "Browser/1", False,
    )  # fmt: skip
    assert session.expires_at - session.began_at == timedelta(hours=12)
    record = AuditRecord.objects.get(action="staff.signed_in")
    assert (record.actor_id, record.object_id) == (str(operator.pk), str(operator.pk))


def test_session__key__is_in_no_row_of_ours(operator: User, browser: Client) -> None:
    rows = str(list(StaffSession.objects.values())) + str(list(AuditRecord.objects.values()))

    assert key_of(browser) not in rows


@pytest.mark.parametrize(
    ("minutes", "setting", "stays"),
    [(59, None, True), (61, None, False), (6, 5, False), (300, 600, True)],
)
def test_idle__longer_than_the_setting__is_over(
    operator: User, browser: Client, minutes: int, setting: int | None, stays: bool
) -> None:
    if setting is not None:
        setting_update(key="staff_idle_minutes", value=setting, actor=ACTOR)
    _age(operator, last_seen_at=timedelta(minutes=minutes))

    assert is_in(browser) is stays
    assert _only(operator).end_reason == ("" if stays else SessionEnd.IDLE)


def test_absolute_age__used_all_the_time__is_over(operator: User, browser: Client) -> None:
    _age(operator, expires_at=timedelta(hours=12))

    assert not is_in(browser)
    assert _only(operator).end_reason == SessionEnd.EXPIRED


def test_last_seen__written_once_a_minute(operator: User, browser: Client) -> None:
    first = _only(operator).last_seen_at
    is_in(browser)
    assert _only(operator).last_seen_at == first

    _age(operator, last_seen_at=timedelta(seconds=61))
    is_in(browser)

    assert _only(operator).last_seen_at > first


def _deactivate(user: User) -> None:
    user_update(user=user, data={"is_active": False}, actor=ACTOR)


def _take_from_staff(user: User) -> None:
    user_update(user=user, data={"is_staff": False}, actor=ACTOR)


def _new_password(user: User) -> None:
    user_set_password(user=user, password="another horse and battery", actor=ACTOR)


@pytest.mark.parametrize(
    ("happens", "reason"),
    [
        (_deactivate, SessionEnd.DISABLED),
        (_take_from_staff, SessionEnd.DISABLED),
        (_new_password, SessionEnd.PASSWORD),
    ],
)
def test_session__account_changes__is_over_at_once(
    operator: User, browser: Client, happens: Callable[[User], None], reason: SessionEnd
) -> None:
    happens(operator)

    assert not is_in(browser)
    assert _only(operator).end_reason == reason


def test_session__two_factor_reset__is_over_at_once(operator: User) -> None:
    phone, _ = enrol(operator)
    browser = Client()
    give_password(browser, operator.email)
    give_code(browser, phone.code())
    assert is_in(browser)

    two_factor_reset(user=operator, reason="Lost.", now=timezone.now(), actor=ACTOR)

    assert not is_in(browser)
    assert _only(operator).end_reason == SessionEnd.TWO_FACTOR


def test_session__over__says_so_and_leads_to_the_sign_in(operator: User, browser: Client) -> None:
    StaffSession.objects.update(ended_at=timezone.now(), end_reason=SessionEnd.REVOKED)

    page = browser.get("/admin/tenants/tenant/", follow=True)

    assert page.redirect_chain[0][0].startswith("/admin/login/?next=/admin/tenants/tenant/")
    assert "Your session is over" in page.content.decode()


def test_session__revived_in_the_store__opens_nothing(operator: User, browser: Client) -> None:
    """Django's session may come back, from a cache that was cut off: the row decides."""
    held = dict(browser.session)
    StaffSession.objects.update(ended_at=timezone.now(), end_reason=SessionEnd.REVOKED)
    is_in(browser)
    revived = Client()
    session = revived.session
    session.update(held)
    session.save()

    assert not is_in(revived)


def test_end__by_staff_with_the_right__is_over_and_recorded_with_the_reason(
    operator: User, browser: Client, staff: Client
) -> None:
    session = _only(operator)
    url = reverse("admin:tenants_staffsession_end", args=[session.pk])

    staff.post(url, {"reason": "Laptop stolen."})

    assert not is_in(browser)
    record = AuditRecord.objects.filter(action="staff.signed_out").first()
    assert record is not None
    assert (record.actor_name, record.reason) == (STAFF, "Laptop stolen.")


def test_end__selected_and_all_of_a_user__are_over(
    operator: User, browser: Client, staff: Client
) -> None:
    staff.post(
        reverse("admin:tenants_staffsession_changelist"),
        {"action": "end_selected", "confirmed": "", "_selected_action": [str(_only(operator).pk)]},
    )
    assert not is_in(browser)
    give_password(browser, operator.email)
    assert is_in(browser)

    staff.post(
        reverse("admin:tenants_user_end_sessions", args=[operator.pk]), {"reason": "Stolen."}
    )

    assert not is_in(browser)
    assert AuditRecord.objects.get(action="staff.sessions_ended").reason == "Stolen."


def test_end__by_an_operator__is_forbidden_and_changes_nothing(
    operator: User, browser: Client, staff: Client
) -> None:
    of_sam = StaffSession.objects.get(user__email=STAFF)

    answer = browser.post(
        reverse("admin:tenants_staffsession_end", args=[of_sam.pk]), {"reason": "X"}
    )

    assert answer.status_code == 403
    assert is_in(staff)


def test_commands__list_and_end(operator: User, browser: Client) -> None:
    out = StringIO()

    call_command("staff_sessions", "list", stdout=out)
    call_command("staff_sessions", "end", operator.email, "--reason", "Stolen.", stdout=out)

    assert f"{operator.email}  since " in out.getvalue()
    assert "127.0.0.1  password only  Browser/1" in out.getvalue()
    assert out.getvalue().endswith(f"{operator.email}  ended: 1\n")
    assert not is_in(browser)


def test_command__role__is_given_and_taken(operator: User) -> None:
    out = StringIO()

    call_command("staff_role", "give", operator.email, "catalogue editor", stdout=out)
    call_command("staff_role", "take", operator.email, "operator", stdout=out)
    call_command("staff_role", "list", stdout=out)

    assert out.getvalue().splitlines() == [
        f"{operator.email}  catalogue editor, operator",
        f"{operator.email}  catalogue editor",
        f"{operator.email}  catalogue editor",
        f"{STAFF}  superuser",
    ]


def test_prune__long_over__are_deleted_and_so_are_browsers_sessions(
    operator: User, browser: Client
) -> None:
    StaffSessionFactory.create(user=operator, expires_at=timezone.now() - timedelta(days=31))
    Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))

    prune_staff_sessions()

    assert StaffSession.objects.filter(user=operator).count() == 1
    assert not Session.objects.exists()


def test_cache_away__staff_sign_in_work_and_sign_out(
    operator: User, settings: Any, client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    phone, _ = enrol(operator)
    nowhere = "redis://127.0.0.1:9/0"
    settings.REDIS_CACHE_URL = nowhere
    settings.CACHES = {
        alias: {**options, "LOCATION": nowhere} for alias, options in settings.CACHES.items()
    }

    give_password(client, operator.email)
    give_code(client, phone.code())

    assert is_in(client)
    assert client.get("/admin/tenants/tenant/").status_code == 200
    client.post("/admin/logout/")
    assert not is_in(client)
    assert "Exception ignored" in caplog.text


def test_api_sign_in__in_the_same_browser__is_no_session_of_staff_and_stands_by_itself(
    operator: User, browser: Client
) -> None:
    browser.post("/api-auth/login", {"email": "ana@acme.test", "password": PASSWORD})
    assert StaffSession.objects.count() == 1
    assert is_in(browser)

    StaffSession.objects.update(ended_at=timezone.now(), end_reason=SessionEnd.REVOKED)

    assert browser.get("/api/v1/me").status_code == 200
    assert not is_in(browser)


def test_administrator__manages_staff_but_no_superuser(acme: Tenant, staff: Client) -> None:
    boss = User.objects.create_user("boss@blip0.test", PASSWORD, is_staff=True)
    boss.groups.set(Group.objects.filter(name=StaffRole.ADMINISTRATOR.value))
    clerk = User.objects.create_user("clerk@blip0.test", PASSWORD, is_staff=True)
    sam = User.objects.get(email=STAFF)
    enrol(sam)
    enrol(clerk)
    browser = Client()
    give_password(browser, boss.email)

    def reset(user: User) -> Any:
        url = reverse("admin:tenants_user_reset_two_factor", args=[user.pk])
        return browser.post(url, {"reason": "Known voice."}).status_code

    change = reverse("admin:tenants_user_change", args=[clerk.pk])
    role = Group.objects.get(name=StaffRole.SUPPORT.value)
    sent = {"email": clerk.email, "is_active": "on", "is_staff": "on", "groups": [role.pk]}
    answer = browser.post(change, {**sent, "is_superuser": "on"})

    clerk.refresh_from_db()
    assert answer.status_code == 302
    assert (clerk.is_superuser, list(clerk.groups.all())) == (False, [role])
    assert [reset(clerk), reset(sam)] == [302, 403]
    assert hasattr(User.objects.get(pk=sam.pk), "two_factor")
