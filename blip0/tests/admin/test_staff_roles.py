"""Guards of staff's roles: what the table names exists, and each page answers each role as told."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import nullcontext
from typing import Any

import pytest
from django.conf import settings
from django.contrib import admin
from django.contrib.admin.utils import quote
from django.contrib.auth.models import Group, Permission
from django.db.models import Model
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from blip0.common.admin.cards import HOME_CARDS, TENANT_CARDS, Card
from blip0.common.admin.pages import ADMIN_PAGES
from blip0.common.registry import Registry
from blip0.common.tenancy import in_tenant
from blip0.tests.admin.rows import ROWS
from blip0.tests.admin.staff_rights import (
    ANY_STAFF,
    CARDS,
    ELSEWHERE,
    LETTERS,
    MODELS,
    PAGES,
    TENANT_CARDS_OF,
    UNUSED,
)
from tenants.choices import StaffRole
from tenants.models import Tenant, User
from tenants.services.staff_roles import staff_roles_apply
from tenants.staff_roles import STAFF_ROLES

every_role = pytest.mark.parametrize("role", StaffRole, ids=lambda role: role.name.lower())
every_model = pytest.mark.parametrize(
    "model", list(MODELS), ids=lambda model: model._meta.label if model else ""
)
_STANDARD = ("changelist", "add", "history", "delete", "change")


@pytest.fixture
def signed_in_as(acme: Tenant, client: Client) -> Callable[[StaffRole], Client]:
    def sign_in(role: StaffRole) -> Client:
        user = User.objects.create_user("clerk@blip0.test", is_staff=True)
        user.groups.set([Group.objects.get(name=role.value)])
        client.force_login(user)
        if "tenants.enter_tenant" in STAFF_ROLES[role]:
            url = reverse("admin:tenants_tenant_work_inside", args=[acme.pk])
            assert client.post(url, {"reason": "A test."}).status_code == 302
        if "tenants.write_inside_tenant" in STAFF_ROLES[role]:
            url = reverse("admin:tenants_tenant_allow_changes", args=[acme.pk])
            assert client.post(url).status_code == 302
        return client

    return sign_in


def _routes(resolver: Any, before: str = "") -> Iterator[tuple[str, str]]:
    """Each route under it, and its name."""
    for entry in resolver.url_patterns:
        route = before + str(entry.pattern)
        if isinstance(entry, URLPattern):
            yield route, entry.name or ""
        elif isinstance(entry, URLResolver):
            yield from _routes(entry, route)


def _prefix(model: type[Model]) -> str:
    return f"{model._meta.app_label}_{model._meta.model_name}_"


def _may(response: Any) -> bool:
    """Whether the page did what was asked: it neither refused nor led away to the tenants."""
    if response.status_code == 302:
        return bool(response["Location"] != reverse("admin:tenants_tenant_changelist"))
    assert response.status_code in (200, 403), response.status_code
    return bool(response.status_code == 200)


def test_permissions__of_the_table__exist(db: None) -> None:
    rows = Permission.objects.values_list("content_type__app_label", "codename")
    known = {f"{app}.{codename}" for app, codename in rows}

    assert frozenset().union(*STAFF_ROLES.values()) - known == set()


@every_role
def test_group__after_migrate__has_what_the_table_says(role: StaffRole, db: None) -> None:
    rows = Group.objects.get(name=role.value).permissions.values_list(
        "content_type__app_label", "codename"
    )

    assert {f"{app}.{codename}" for app, codename in rows} == STAFF_ROLES[role]


def test_staff_roles_apply__a_group_was_changed_by_hand__is_put_back(db: None) -> None:
    group = Group.objects.get(name=StaffRole.SUPPORT.value)
    group.permissions.set(Permission.objects.filter(codename="delete_tenant"))

    staff_roles_apply()
    staff_roles_apply()

    assert not group.permissions.filter(codename="delete_tenant").exists()
    assert group.permissions.count() == len(STAFF_ROLES[StaffRole.SUPPORT])


def test_admin__each_route_and_action__has_a_place_in_the_table() -> None:
    named = {_prefix(model): model for model in MODELS}
    assert set(MODELS) == set(admin.site._registry)
    assert set(PAGES) == set(ADMIN_PAGES)
    missing = []
    for route, name in _routes(get_resolver()):
        if not route.startswith("admin/") or name == "admin-page":
            continue
        place = route.removeprefix("admin/")
        model = next((named[start] for start in named if name.startswith(start)), None)
        if model is not None:
            what = name.removeprefix(_prefix(model))
            if what not in _STANDARD and what not in MODELS[model]:
                missing.append(name)
        elif not name and place.count("/") == 3:
            continue  # a model's `<id>/`, which leads to `<id>/change/`
        elif place not in ANY_STAFF | UNUSED | ELSEWHERE:
            missing.append(route)
    for model, one in admin.site._registry.items():
        actions = [str(action) for action in one.actions or ()]
        missing += [f"{one}: {action}" for action in actions if action not in MODELS[model]]

    assert missing == []


@every_role
@every_model
def test_model__role__reaches_exactly_what_it_may(
    role: StaffRole,
    model: type[Model],
    signed_in_as: Callable[[StaffRole], Client],
    acme: Tenant,
) -> None:
    client = signed_in_as(role)
    place = in_tenant(acme.pk) if model._meta.app_label in settings.TENANT_APPS else nullcontext()
    with place:
        made: Any = ROWS[model]("Plain", 0)
    assert isinstance(made, model)

    def url(what: str, *args: Any) -> str:
        return reverse(f"admin:{_prefix(model)}{what}", args=args)

    one: Any = admin.site.get_model_admin(model)
    pk = quote(made.pk)
    changelist: Any = client.get(url("changelist"))
    seen: dict[str, bool] = {
        "view": _may(changelist),
        "add": _may(client.get(url("add"))),
        "change": _may(client.post(url("change", pk), {})),
        "delete": _may(client.get(url("delete", pk))),
    }
    seen |= {what: _may(client.get(url(what, pk))) for what in one.actions_detail}
    if one.can_revert():
        # There is no such entry; who may not is told that first.
        seen["revert"] = client.get(url("revert", pk, 0)).status_code == 404
    form = (changelist.context or {}).get("action_form")
    offered = {name for name, _ in form.fields["action"].choices} if form else set()
    seen |= {what: what in offered for what in one.actions}
    expected = {what: LETTERS[role] in MODELS[model].get(what, "") for what in seen}

    assert seen == expected
    assert _may(client.get(url("change", pk))) == expected["view"]
    assert _may(client.get(url("history", pk))) == expected["view"]


@every_role
@pytest.mark.parametrize("key", list(PAGES))
def test_page__role__reaches_it_or_not(
    role: StaffRole, key: str, signed_in_as: Callable[[StaffRole], Client]
) -> None:
    client = signed_in_as(role)

    assert _may(client.get(ADMIN_PAGES.get(key).url)) == (LETTERS[role] in PAGES[key])


@every_role
@pytest.mark.parametrize(
    ("cards", "told"),
    [(HOME_CARDS, CARDS), (TENANT_CARDS, TENANT_CARDS_OF)],
    ids=["home", "tenant"],
)
def test_cards__role__has_exactly_those_that_it_may(
    role: StaffRole, cards: Registry[Card], told: Mapping[str, str]
) -> None:
    seen = {key for key, card in cards.items() if STAFF_ROLES[role].issuperset(card.permissions)}

    assert set(told) == set(cards)
    assert seen == {key for key, letters in told.items() if LETTERS[role] in letters}


@every_role
def test_pages_of_ones_own__any_role__are_there(
    role: StaffRole, signed_in_as: Callable[[StaffRole], Client]
) -> None:
    client = signed_in_as(role)
    routes = sorted(route for route in ANY_STAFF if "<" not in route and route != "logout/")

    found = {route: client.get(f"/admin/{route}").status_code for route in routes}

    # 403: autocomplete wants to know of what, and whether one may see it. 405: asks for a POST.
    assert found.pop("autocomplete/") == 403
    assert set(found.values()) <= {200, 302, 405}, found
