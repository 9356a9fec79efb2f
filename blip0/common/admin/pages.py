"""Pages of the back office that aren't a model's: for staff, outside any tenant.

An app registers one in its `admin` package with `@admin_page`; `ADMIN_SIDEBAR` names it by its key.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from blip0.common.registry import Registry

Context: TypeAlias = Callable[[HttpRequest], Mapping[str, Any] | HttpResponse]


@dataclass(frozen=True, kw_only=True)
class AdminPage:
    """What `context` gives, in `template`, for those who have all `permissions`.

    A page that `asks` has a form, whose POST it answers on the spot, or leads away from.
    """

    key: str
    title: str
    permissions: Sequence[str]
    template: str
    context: Context
    asks: bool = False

    @property
    def methods(self) -> Sequence[str]:
        return ("GET", "HEAD", "POST") if self.asks else ("GET", "HEAD")

    @property
    def url(self) -> str:
        return reverse("admin-page", args=[self.key])

    def permitted(self, request: HttpRequest) -> bool:
        return request.user.has_perms(self.permissions)


ADMIN_PAGES: Registry[AdminPage] = Registry("page of the admin")


def admin_page(
    key: str,
    *,
    title: str,
    permissions: Sequence[str],
    template: str = "admin/table_page.html",
    asks: bool = False,
) -> Callable[[Context], Context]:
    """Make a function that gives a template's context a page. It only shows: nothing is changed."""

    def decorate(context: Context) -> Context:
        page = AdminPage(
            key=key,
            title=title,
            permissions=permissions,
            template=template,
            context=context,
            asks=asks,
        )
        ADMIN_PAGES.register(key, page)
        return context

    return decorate


def _shown(request: HttpRequest, key: str) -> HttpResponse:
    if key not in ADMIN_PAGES:
        raise Http404
    page = ADMIN_PAGES.get(key)
    if not page.permitted(request):
        raise PermissionDenied
    if request.method not in page.methods:
        return HttpResponseNotAllowed(page.methods)
    given = page.context(request)
    if isinstance(given, HttpResponse):
        return given
    around = {**admin.site.each_context(request), "title": page.title}
    return TemplateResponse(request, page.template, {**around, **given})


urlpatterns: list[URLPattern] = [
    path("<slug:key>/", admin.site.admin_view(_shown), name="admin-page"),
]
