"""Every page of the back office, found from its URLs: what measures or checks pages misses none."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias
from urllib.parse import urlencode

from django.contrib import admin
from django.contrib.admin.utils import quote
from django.db.models import Model
from django.urls import URLPattern, get_resolver, reverse

from blip0.common.admin.pages import ADMIN_PAGES

Rows: TypeAlias = Callable[[type[Model]], Mapping[str, object]]
"""Keys of a model's rows to look at, by what is special about each; empty where there is none."""

ROOT: Final = "admin/"
NOT_PAGES: Final[Mapping[str, str]] = {
    "admin:view_on_site": "leads to a public page: we have none",
    "admin:app_list": "no link leads there: the sidebar has all",
    "admin:jsi18n": "a script",
    **dict.fromkeys(
        (
            "admin:logout",
            "admin:cachesync_compare",
            "admin:cachesync_repair",
            "admin:tenants_tenant_leave",
            "staff-factor-off",
            "staff-session-end",
            "staff-sessions-end",
        ),
        "a button",
    ),
}
"""Named routes that nobody looks at, and why."""

NOT_FILLED: Final[Mapping[tuple[str, ...], str]] = {
    ("object_id", "entry"): "undoing: tested by test_undo.py of blip0/tests/admin",
    ("scope_id", "kind", "object_id"): "the inspector: tested by cachesync/tests/admin",
}
"""What stands in routes that nothing here can fill, and why that may be."""


@dataclass(frozen=True, kw_only=True)
class AdminRoute:
    """A URL pattern below `admin/`. `takes`: the names of what stands in it for something else.

    `what` tells of a model's page which one: `changelist`, `add`, … or the name of a button.
    """

    route: str
    view: str
    """As `reverse` takes it; empty where it has no name."""
    model: type[Model] | None
    what: str
    takes: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class PageUrl:
    """A page with what it is of. Its `name` is stable, its URL may have a random key in it."""

    name: str
    url: str


def admin_routes() -> Iterator[AdminRoute]:
    """All of them, those of Django's own included."""
    models = {_prefix(model): model for model, _ in _registered()}
    for route, pattern, spaces in _patterns(get_resolver()):
        if not route.startswith(ROOT):
            continue
        name = pattern.name or ""
        start = next((start for start in models if name.startswith(start)), "")
        yield AdminRoute(
            route=route.removeprefix(ROOT),
            view=":".join([*spaces, name]) if name else "",
            model=models.get(start),
            what=name.removeprefix(start) if start else "",
            takes=tuple(pattern.pattern.regex.groupindex),
        )


def admin_pages(rows: Rows, *, term: str) -> Iterator[PageUrl]:
    """The URL of each page with each of a model's `rows`; lists and searches also for `term`.

    All are there for a superuser inside a tenant who may change things. Raises `LookupError` for a
    route with something in it that nothing here fills.
    """
    for route in admin_routes():
        if route.view and route.view not in NOT_PAGES and _is_there(route):
            yield from _filled(route, rows, term)


def _is_there(route: AdminRoute) -> bool:
    """Whether its admin can do that at all: Django has all routes for each."""
    hook = {"add": "create_object", "delete": "delete_object"}.get(route.what)
    one: Any = admin.site.get_model_admin(route.model) if hook and route.model else None
    return one is None or route.what in one.actions_detail or bool(one.has_hook(hook))


def _filled(route: AdminRoute, rows: Rows, term: str) -> Iterator[PageUrl]:
    name = f"{route.model._meta.label} {route.what}" if route.model else route.view
    if route.takes == ("object_id",) and route.model is not None:
        for special, key in rows(route.model).items():
            url = reverse(route.view, args=[quote(str(key))])
            yield PageUrl(name=f"{name}, {special}", url=url)
    elif route.view == "admin-page":
        for page in ADMIN_PAGES.values():
            yield PageUrl(name=f"page {page.key}", url=page.url)
    elif route.view == "admin:autocomplete":
        yield from _autocompletes(reverse(route.view), term)
    elif route.takes in NOT_FILLED:
        return
    elif route.takes:
        raise LookupError(f"{route.route}: nothing is known to fill {', '.join(route.takes)} with")
    elif route.view == "admin:search":
        yield PageUrl(name=name, url=f"{reverse(route.view)}?{urlencode({'s': term})}")
    else:
        url = reverse(route.view)
        yield PageUrl(name=name, url=url)
        if route.what == "changelist" and _searched(route.model):
            yield PageUrl(name=f"{name}, searched", url=f"{url}?{urlencode({'q': term})}")


def _autocompletes(url: str, term: str) -> Iterator[PageUrl]:
    for model, one in _registered():
        for field in one.autocomplete_fields:
            asked = {
                "term": term,
                "app_label": model._meta.app_label,
                "model_name": model._meta.model_name,
                "field_name": field,
            }
            yield PageUrl(
                name=f"{model._meta.label} {field}, offered", url=f"{url}?{urlencode(asked)}"
            )


def _searched(model: Any) -> bool:
    return bool(admin.site.get_model_admin(model).search_fields)


def _registered() -> list[tuple[type[Model], Any]]:
    return list(admin.site._registry.items())  # noqa: SLF001  # Django has no other list of them


def _prefix(model: type[Model]) -> str:
    return f"{model._meta.app_label}_{model._meta.model_name}_"


def _patterns(
    resolver: Any, before: str = "", spaces: tuple[str, ...] = ()
) -> Iterator[tuple[str, URLPattern, tuple[str, ...]]]:
    for entry in resolver.url_patterns:
        route = before + str(entry.pattern)
        if isinstance(entry, URLPattern):
            yield route, entry, spaces
        else:
            inner = (*spaces, entry.namespace) if entry.namespace else spaces
            yield from _patterns(entry, route, inner)
