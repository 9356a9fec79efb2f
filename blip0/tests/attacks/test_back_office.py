"""Staff against staff, tenants against staff, and two tabs against each other."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from blip0.common.actors import Actor
from blip0.common.admin.base import PlatformAdmin
from blip0.common.tenancy import in_tenant
from blip0.testing.world import PASSWORD, STAFF
from monitors.models import Monitor
from tenants.models import ApiKey, AuditRecord, Invitation, Tenant, User
from triggers.models import Trigger
from triggers.services import trigger_create
from triggers.tests.factories import SLACK_URL, document

TRIGGERS = "/admin/triggers/trigger/"
ADD_TRIGGER = f"{TRIGGERS}add/?type=slack"
ADD_MONITOR = "/admin/monitors/monitor/add/"
SECRETS = [(User, "password"), (ApiKey, "secret_hash"), (Invitation, "token_hash")]


def _hidden(page: str) -> dict[str, str]:
    return dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page))


def _go_into(client: Client, tenant: Tenant) -> None:
    url = reverse("admin:tenants_tenant_work_inside", args=[tenant.pk])
    assert client.post(url, {"reason": "Another tab."}).status_code == 302
    client.post(reverse("admin:tenants_tenant_allow_changes", args=[tenant.pk]))


@pytest.mark.parametrize(
    ("url", "sent"),
    [
        (ADD_TRIGGER, {"slack_url": SLACK_URL, "message_title": "t", "message_body": "b"}),
        (ADD_MONITOR, {"networks": ["ethereum_mainnet"], "match_conditions": "{}"}),
    ],
)
def test_form__of_a_tenant_left_in_another_tab__saves_nothing(
    inside: Client, globex: Tenant, url: str, sent: dict[str, Any]
) -> None:
    form = _hidden(inside.get(url).content.decode())
    _go_into(inside, globex)

    page = inside.post(url, {**form, "name": "Acme's", **sent})

    assert page.status_code == 200
    assert "opened inside another tenant" in page.content.decode()
    with in_tenant(globex.pk):
        assert not Trigger.objects.exists()
        assert not Monitor.objects.exists()


def test_form__that_does_not_say_whose_it_is__saves_nothing(inside: Client, acme: Tenant) -> None:
    sent = {"name": "X", "slack_url": SLACK_URL, "message_title": "t", "message_body": "b"}

    page = inside.post(ADD_TRIGGER, sent)

    assert "opened inside another tenant" in page.content.decode()
    with in_tenant(acme.pk):
        assert not Trigger.objects.exists()


def test_form__of_the_tenant_that_one_is_in__saves(inside: Client, acme: Tenant) -> None:
    form = _hidden(inside.get(ADD_TRIGGER).content.decode())
    message = {"message_title": "t", "message_body": "b"}

    inside.post(ADD_TRIGGER, {**form, "name": "Acme's", "slack_url": SLACK_URL, **message})

    with in_tenant(acme.pk):
        assert Trigger.objects.get().name == "Acme's"


@pytest.mark.parametrize(("model", "column"), SECRETS)
def test_list__filtered_by_a_column_that_is_not_shown__400(
    clerk: Callable[..., Client], model: Any, column: str
) -> None:
    name = model._meta.model_name
    client = clerk(f"tenants.view_{name}")
    url = reverse(f"admin:tenants_{name}_changelist")

    for lookup in (column, f"{column}__startswith", f"{column}__regex"):
        assert client.get(url, {lookup: "a"}).status_code == 400


@pytest.mark.parametrize("path", ["user__password__startswith", "tenant__plan__slug"])
def test_list__filtered_through_a_relation__400(clerk: Callable[..., Client], path: str) -> None:
    client = clerk("tenants.view_membership")

    response = client.get(reverse("admin:tenants_membership_changelist"), {path: "a"})

    assert response.status_code == 400


def test_columns__that_hold_hashes__are_hidden_by_their_admins() -> None:
    bare = [
        f"{model._meta.label}.{field.name}"
        for model, one in admin.site._registry.items()
        for field in model._meta.concrete_fields
        if isinstance(one, PlatformAdmin)
        and (field.name == "password" or field.name.endswith("_hash"))
        and field.name not in one.hidden
    ]

    assert bare == []


def test_secret__whose_end_is_html__is_escaped_in_its_hint(inside: Client, acme: Tenant) -> None:
    data = document("slack")
    data["config"]["slack_url"]["value"] = f"{SLACK_URL}<!--"
    with in_tenant(acme.pk):
        trigger = trigger_create(tenant=acme, data=data, actor=Actor.system("test"))

    page = inside.get(f"{TRIGGERS}{trigger.pk}/change/").content.decode()

    assert "Stored: …&lt;!--." in page


def test_password__of_other_staff__only_superusers_set_it(clerk: Callable[..., Client]) -> None:
    client = clerk("tenants.change_user", "tenants.view_user")
    other = User.objects.create_user("operator@blip0.test", PASSWORD, is_staff=True)
    new = {"password1": "a rather long one", "password2": "a rather long one"}

    answers = [
        client.post(reverse("admin:tenants_user_set_password", args=[other.pk]), new),
        client.post(
            reverse("admin:tenants_user_change", args=[other.pk]), {"email": "mine@blip0.test"}
        ),
    ]

    other.refresh_from_db()
    assert [answer.status_code for answer in answers] == [403, 403]
    assert (other.email, other.check_password(PASSWORD)) == ("operator@blip0.test", True)


def test_visit__sign_out__ends_it_in_the_audit_log(inside: Client, acme: Tenant) -> None:
    inside.post(reverse("admin:logout"))

    record = AuditRecord.objects.get(action="tenant.left")
    assert (record.tenant_id, record.actor_name) == (acme.pk, STAFF)


def test_visit__right_to_enter_tenants_taken__ends_at_once(
    clerk: Callable[..., Client], enter: Callable[[Client], None]
) -> None:
    client = clerk("tenants.view_tenant", "tenants.enter_tenant", "triggers.view_trigger")
    enter(client)
    assert client.get(TRIGGERS).status_code == 200
    User.objects.get(email="clerk@blip0.test").user_permissions.filter(
        codename="enter_tenant"
    ).delete()

    assert client.get(TRIGGERS).status_code == 302
    assert AuditRecord.objects.filter(action="tenant.left").exists()


def test_session__signed_out_inside_a_tenant__is_gone_from_cache_and_database(
    inside: Client,
) -> None:
    """The cache's keys hold the schema: deleted from inside a tenant, one would stay."""
    key = inside.cookies["sessionid"].value
    inside.get(TRIGGERS)
    inside.post(reverse("admin:logout"))

    thief = Client()
    thief.cookies["sessionid"] = key

    assert thief.get("/admin/").status_code == 302


def test_staff_session__at_the_api__is_nobody(inside: Client) -> None:
    for path in ("me", "monitors", "triggers", "networks"):
        assert inside.get(f"/api/v1/{path}").status_code == 401


def test_cors__an_allowed_site__reads_the_api_and_never_the_back_office(
    settings: Any, inside: Client
) -> None:
    settings.CORS_ALLOWED_ORIGINS = ["https://app.example.org"]
    origin = {"Origin": "https://app.example.org"}

    api = inside.get("/api/v1/", headers=origin)
    back_office = inside.get("/admin/", headers=origin)

    assert api["Access-Control-Allow-Origin"] == "https://app.example.org"
    assert "Access-Control-Allow-Origin" not in back_office


@pytest.mark.parametrize(
    "place", ["https://evil.test/", "//evil.test", "/\\evil.test", "javascript:alert(1)"]
)
def test_sign_in__next_leads_elsewhere__leads_home(acme: Tenant, place: str) -> None:
    response = Client().post(
        reverse("admin:login"), {"username": STAFF, "password": PASSWORD, "next": place}
    )

    assert response.headers["Location"] == reverse("admin:index")
