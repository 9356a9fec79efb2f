"""What staff set is what the code does: each setting changed, its effect seen."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from blip0.common.actors import Actor
from blip0.common.exceptions import InUse, InvalidField
from blip0.common.system_settings import SETTINGS
from blip0.common.tenancy import in_tenant
from blip0.testing.api import ana
from blip0.testing.world import STAFF
from tenants.models import AuditRecord, Plan, StaffSession, Tenant, User
from tenants.services.lifecycle import tenant_create, tenant_delete
from tenants.services.retention import audit_prune
from tenants.services.settings import plan_delete
from tenants.services.system_settings import setting_update
from tenants.tasks import prune_audit_log
from triggers.exceptions import DeliveryTestLimitReached
from triggers.models import Trigger
from triggers.services.deliveries import trigger_test
from triggers.tests.factories import document as trigger_document

SAM = Actor(kind="staff", id="1", name="sam@blip0.test")


def put(key: str, value: object) -> None:
    setting_update(key=key, value=value, actor=SAM)


def default_plan(acme: Tenant, client: Client) -> None:
    assert tenant_create(slug="first", name="First", actor=SAM).plan.slug == "free"
    put("default_plan", "starter")
    assert tenant_create(slug="second", name="Second", actor=SAM).plan.slug == "starter"


def sign_up(acme: Tenant, client: Client) -> None:
    asked = {"email": "nora@initech.test", "name": "Initech"}
    assert APIClient().post("/api/v1/sign-up", asked).status_code == 403
    put("sign_up", True)
    assert APIClient().post("/api/v1/sign-up", asked).status_code == 202


def tenant_grace_days(acme: Tenant, client: Client) -> None:
    put("tenant_grace_days", 3)
    gone = tenant_delete(tenant=acme, actor=SAM)
    assert gone.delete_after is not None
    assert timedelta(days=2, hours=23) < gone.delete_after - timezone.now() <= timedelta(days=3)


def audit_retention_days(acme: Tenant, client: Client) -> None:
    now = timezone.now() + timedelta(days=40)
    put("audit_retention_days", 50)
    assert audit_prune(now=now) == 0
    kept = AuditRecord.objects.count()
    put("audit_retention_days", 30)
    assert audit_prune(now=now) == kept + 1
    (record,) = AuditRecord.objects.all()
    assert record.action == "audit_log.pruned"
    assert record.after is not None
    assert record.after["records"] == kept + 1


def delivery_tests_per_hour(acme: Tenant, client: Client) -> None:
    made = ana().post("/api/v1/triggers", trigger_document("slack")).json()
    put("delivery_tests_per_hour", 0)
    with in_tenant(acme.pk):
        trigger = Trigger.objects.get(pk=made["id"])
        with pytest.raises(DeliveryTestLimitReached, match="0 test deliveries"):
            trigger_test(trigger=trigger, actor=SAM, now=timezone.now())


def maintenance_banner(acme: Tenant, client: Client) -> None:
    assert client.get("/api/v1/").json()["notice"] == ""
    put("maintenance_banner", "Down at 22:00\n UTC <b>")
    assert client.get("/api/v1/").json()["notice"] == "Down at 22:00 UTC <b>"
    client.force_login(User.objects.get(email=STAFF))
    page = client.get("/admin/").content.decode()
    assert "Down at 22:00 UTC &lt;b&gt;" in page
    browsable = ana().get("/api/v1/monitors", HTTP_ACCEPT="text/html").content.decode()
    assert "Down at 22:00 UTC &lt;b&gt;" in browsable


def staff_two_factor(acme: Tenant, client: Client) -> None:
    client.force_login(User.objects.get(email=STAFF))
    assert client.get("/admin/").status_code == 200
    put("staff_two_factor", True)
    assert client.get("/admin/")["Location"] == "/admin/account/two-factor/"


def staff_idle_minutes(acme: Tenant, client: Client) -> None:
    client.force_login(User.objects.get(email=STAFF))
    StaffSession.objects.update(last_seen_at=timezone.now() - timedelta(minutes=10))
    put("staff_idle_minutes", 11)
    assert client.get("/admin/").status_code == 200
    StaffSession.objects.update(last_seen_at=timezone.now() - timedelta(minutes=10))
    put("staff_idle_minutes", 9)
    assert client.get("/admin/").status_code == 302


def staff_time_zone(acme: Tenant, client: Client) -> None:
    client.force_login(User.objects.get(email=STAFF))
    put("staff_time_zone", "Asia/Tokyo")
    assert " JST</strong> for you" in client.get("/admin/account/").content.decode()


EFFECTS: dict[str, Callable[[Tenant, Client], None]] = {
    effect.__name__: effect
    for effect in (
        default_plan,
        sign_up,
        tenant_grace_days,
        audit_retention_days,
        delivery_tests_per_hour,
        maintenance_banner,
        staff_two_factor,
        staff_idle_minutes,
        staff_time_zone,
    )
}
ELSEWHERE = {
    "allowed_targets": "blip0/tests/admin/test_allowed_targets.py",
}


def test_settings__each__has_a_test_of_its_effect() -> None:
    assert set(SETTINGS) == {*EFFECTS, *ELSEWHERE}


@pytest.mark.parametrize("key", EFFECTS)
def test_setting__changed__its_effect_is_seen(acme: Tenant, client: Client, key: str) -> None:
    EFFECTS[key](acme, client)


def test_default_plan__unknown__refused_with_what_there_is(acme: Tenant) -> None:
    with pytest.raises(InvalidField, match="default_plan: plan 'gold': one of free, starter"):
        put("default_plan", "gold")


def test_plan_delete__the_default__refused(acme: Tenant) -> None:
    with pytest.raises(InUse, match="default of new tenants"):
        plan_delete(plan=Plan.objects.get(slug="free"), actor=SAM)


def test_prune_audit_log__nothing_is_old__leaves_no_record(acme: Tenant) -> None:
    before = AuditRecord.objects.count()
    prune_audit_log()
    assert AuditRecord.objects.count() == before
