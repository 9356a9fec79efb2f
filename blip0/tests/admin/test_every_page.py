"""Guards over every model's admin: registered, reachable, permitted, escaped, without N+1."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib import admin
from django.db.models import Model
from django.test import Client
from django.urls import reverse

from blip0.common.admin.base import PlatformAdmin
from blip0.common.admin.pages import ADMIN_PAGES, AdminPage
from blip0.common.tenancy import in_tenant
from blip0.testing.queries import count_queries
from blip0.tests.admin.rows import ROWS
from cachesync.models import ProjectedDocument, ProjectedScope
from monitors.models import (
    ContractSpec,
    MatchCondition,
    Monitor,
    MonitorAddress,
    MonitorNetwork,
    MonitorTrigger,
    ScriptCondition,
)
from platform_catalog.models import RpcEndpoint, SpecConflictLook
from tenants.models import AuditRecord, KeptAnswer, LimitOverride, Tenant, TwoFactor
from triggers.models import (
    DiscordConfig,
    EmailConfig,
    SlackConfig,
    TelegramConfig,
    WebhookConfig,
)

OURS = ("tenants", "platform_catalog", "triggers", "monitors", "cachesync", "blip0")
ON_ANOTHERS_PAGE: dict[type[Model], str] = {
    LimitOverride: "rows of the tenant's page",
    KeptAnswer: "answers that are replayed for a day: nobody's to read",
    TwoFactor: "the sign-in's; a user's page says whether there is one",
    RpcEndpoint: "rows of the network's page",
    SpecConflictLook: "what the page of specs in conflict shows",
    **dict.fromkeys(
        (SlackConfig, EmailConfig, WebhookConfig, TelegramConfig, DiscordConfig),
        "fields of the trigger's form",
    ),
    **dict.fromkeys(
        (MonitorNetwork, MonitorTrigger, MonitorAddress, MatchCondition, ScriptCondition),
        "fields of the monitor's form",
    ),
}
HOSTILE = "<script>alert(1)</script>"

MODELS = sorted(admin.site._registry, key=lambda model: model._meta.label)
every_page = pytest.mark.parametrize("page", [*ADMIN_PAGES.values()], ids=lambda page: page.key)
every_model = pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)


def _url(model: type[Model], page: str) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}")


def _place(model: type[Model], acme: Tenant) -> AbstractContextManager[None]:
    return in_tenant(acme.pk) if model._meta.app_label in settings.TENANT_APPS else nullcontext()


def _make(model: type[Model], acme: Tenant, numbers: range, name: str = "Plain") -> None:
    with _place(model, acme):
        for number in numbers:
            ROWS[model](name, number)


def test_models__of_our_apps__all_in_the_admin() -> None:
    models = {model for app in OURS for model in apps.get_app_config(app).get_models()}

    assert models - set(admin.site._registry) == set(ON_ANOTHERS_PAGE)


def test_admins__of_any_model__are_of_the_house() -> None:
    strange = [one for one in admin.site._registry.values() if not isinstance(one, PlatformAdmin)]

    assert strange == []


@every_model
def test_actions__each__declares_permissions(model: type[Model]) -> None:
    one: Any = admin.site.get_model_admin(model)
    names = [*one.actions, *one.actions_detail]

    assert [name for name in names if not getattr(one, name).allowed_permissions] == []


@every_model
def test_changelist__superuser__200(model: type[Model], inside: Client, acme: Tenant) -> None:
    _make(model, acme, range(2))

    assert inside.get(_url(model, "changelist")).status_code == 200


@every_model
def test_changelist__search__200(model: type[Model], inside: Client, acme: Tenant) -> None:
    _make(model, acme, range(2))

    assert inside.get(_url(model, "changelist"), {"q": "plain"}).status_code == 200


@every_model
def test_add_page__superuser__200_or_not_addable(model: type[Model], inside: Client) -> None:
    response = inside.get(_url(model, "add"))

    one = admin.site.get_model_admin(model)
    assert isinstance(one, PlatformAdmin)
    addable = type(one).create_object is not PlatformAdmin.create_object
    assert response.status_code == (200 if addable else 403)


@every_model
@pytest.mark.parametrize("page", ["changelist", "add"])
def test_page__anonymous__sent_to_the_sign_in(
    model: type[Model], page: str, client: Client, acme: Tenant
) -> None:
    response = client.get(_url(model, page))

    assert response.status_code == 302
    assert response["Location"].startswith(reverse("admin:login"))


@every_model
@pytest.mark.parametrize("page", ["changelist", "add"])
def test_page__staff_without_permission__403(
    model: type[Model], page: str, clerk: Callable[..., Client], enter: Callable[[Client], None]
) -> None:
    client = clerk("tenants.view_tenant", "tenants.enter_tenant")
    enter(client)
    if (model, page) == (Tenant, "changelist"):
        return

    assert client.get(_url(model, page)).status_code == 403


@every_model
def test_change_page__hostile_names__200_and_escaped(
    model: type[Model], inside: Client, acme: Tenant
) -> None:
    _make(model, acme, range(1), HOSTILE)
    with _place(model, acme):
        newest = model._default_manager.order_by("pk").last()
    assert newest is not None
    url = reverse(
        f"admin:{model._meta.app_label}_{model._meta.model_name}_change",
        args=[admin.utils.quote(newest.pk)],
    )

    response = inside.get(url)

    assert response.status_code == 200
    assert HOSTILE not in response.content.decode()


@every_model
def test_changelist__hostile_names__escaped(
    model: type[Model], inside: Client, acme: Tenant
) -> None:
    _make(model, acme, range(2), HOSTILE)

    page = inside.get(_url(model, "changelist")).content.decode()

    assert HOSTILE not in page


@every_model
def test_changelist__30_rows__as_many_queries_as_for_one(
    model: type[Model], inside: Client, acme: Tenant
) -> None:
    url = _url(model, "changelist")
    _make(model, acme, range(1))
    inside.get(url)
    with count_queries() as one:
        inside.get(url)
    _make(model, acme, range(1, 30))

    with count_queries() as thirty:
        inside.get(url)

    assert thirty.statements == one.statements or len(thirty) == len(one), thirty.statements


# Pages that aren't a model's


def test_sidebar__each_entry__is_a_model_or_a_page_and_no_page_is_left_out() -> None:
    known = {model._meta.label for model in MODELS} | set(ADMIN_PAGES)
    listed = {name for entries in settings.ADMIN_SIDEBAR.values() for name, _ in entries}

    assert listed - known == set()
    assert set(ADMIN_PAGES) - listed == set()


@every_page
def test_page_of_its_own__superuser__200_and_linked_from_the_sidebar(
    page: AdminPage, staff: Client
) -> None:
    response = staff.get(page.url)

    assert response.status_code == 200
    assert response.content.decode().count(f'href="{page.url}"') >= 1


@every_page
def test_page_of_its_own__others__sign_in_or_403(
    page: AdminPage, client: Client, clerk: Callable[..., Client]
) -> None:
    assert page.permissions
    assert client.get(page.url)["Location"].startswith(reverse("admin:login"))

    assert clerk().get(page.url).status_code == 403


# Buttons, and all that shows many models at once


BUTTONS = [
    (model, name)
    for model in MODELS
    for name in admin.site.get_model_admin(model).actions_detail  # type: ignore[attr-defined]  # unfold's
    if name != "inspect"  # leads to a page that changes nothing
]
TOLD_OF = (Tenant, ProjectedScope, ProjectedDocument, Monitor, ContractSpec, AuditRecord)
"""What cards and pages tell of."""
HOME = "/admin/"


@pytest.mark.parametrize(
    ("model", "name"), BUTTONS, ids=[f"{model.__name__}-{name}" for model, name in BUTTONS]
)
def test_button__hostile_names__its_page_asks_first_and_escapes(
    model: type[Model], name: str, inside: Client, acme: Tenant
) -> None:
    _make(model, acme, range(1), HOSTILE)
    with _place(model, acme):
        newest = model._default_manager.order_by("pk").last()
    assert newest is not None
    url = reverse(
        f"admin:{model._meta.app_label}_{model._meta.model_name}_{name}",
        args=[admin.utils.quote(newest.pk)],
    )

    response = inside.get(url)

    assert response.status_code == 200
    assert 'method="post"' in response.content.decode()
    assert HOSTILE not in response.content.decode()


@pytest.mark.parametrize("url", [HOME, *(page.url for page in ADMIN_PAGES.values())])
def test_page_of_many_models__hostile_names__escaped_and_as_many_queries_for_30(
    url: str, staff: Client, acme: Tenant
) -> None:
    for model in TOLD_OF:
        _make(model, acme, range(1), HOSTILE)
    staff.get(url)
    with count_queries() as one:
        page = staff.get(url)
    for model in TOLD_OF:
        _make(model, acme, range(1, 30), HOSTILE)

    with count_queries() as thirty:
        full = staff.get(url)

    assert len(thirty) == len(one), thirty.statements
    assert HOSTILE not in page.content.decode() + full.content.decode()
