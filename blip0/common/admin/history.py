"""The history of an object, and undoing a change of it: pages over the audit log.

The log is kept by an app, which registers both pages.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar
from uuid import UUID

from django.conf import settings
from django.contrib.admin.utils import quote, unquote
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import path, reverse

from blip0.common.registry import Registry
from blip0.common.tenancy import current_tenant_id

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin as _Admin
else:

    class _Admin:
        """A mixin is no admin at run time; this lets us write `_Admin[M]` as Django's stubs do."""

        def __class_getitem__(cls, _model: object) -> type:
            return cls


M = TypeVar("M", bound=models.Model)
Page: TypeAlias = Callable[..., HttpResponse]

HISTORY_PAGES: Registry[Page] = Registry("page of the history")
"""`history(admin, request, object_id)` and `revert(admin, request, obj, entry)`.

The rights have been asked for before.
"""


class HistoryMixin(_Admin[M]):
    """A page with what the audit log tells of an object, whether or not it is still there.

    With `revert_object`, it has a button at each change that can be undone. The button's page says
    what that means (`revert_explain`) and shows what it will change, by doing it and rolling that
    back. `revert_form` adds to what it asks for: a `blip0.common.admin.actions.RevertForm`.
    """

    revert_label = "Put the old values back"
    revert_explain = (
        "What this change replaced holds again, at once. Whatever else was changed since stays."
    )
    revert_form: type[Any] | None = None

    def revert_object(
        self, request: HttpRequest, obj: M, entry: int, data: Mapping[str, Any]
    ) -> None:
        """Call the service that undoes the change of the audit record `entry`."""
        raise NotImplementedError

    audit_kind: str

    def audited_as(self, object_id: str) -> tuple[str, UUID | None]:
        """Its id in the audit log, and the tenant that the records are of; None: of any."""
        owned = self.opts.app_label in settings.TENANT_APPS
        return object_id, current_tenant_id() if owned else None

    def can_revert(self) -> bool:
        return type(self).revert_object is not HistoryMixin.revert_object

    def has_revert_permission(self, request: HttpRequest) -> bool:
        """Who may change the object may also undo a change."""
        return self.can_revert() and self.has_change_permission(request)

    def get_urls(self) -> list[Any]:
        if not self.can_revert():
            return super().get_urls()
        name = f"{self.opts.app_label}_{self.opts.model_name}_revert"
        view = self.admin_site.admin_view(self.revert_view)
        route = "<path:object_id>/history/<int:entry>/revert/"
        return [path(route, view, name=name), *super().get_urls()]

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: Any = None
    ) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        return HISTORY_PAGES.get("history")(self, request, unquote(object_id))

    def revert_view(self, request: HttpRequest, object_id: str, entry: int) -> HttpResponse:
        if not self.has_revert_permission(request):
            raise PermissionDenied
        obj = self.get_object(request, unquote(object_id))
        if obj is None:
            raise Http404
        return HISTORY_PAGES.get("revert")(self, request, obj, entry)

    def history_url(self, object_id: object) -> str:
        name = f"admin:{self.opts.app_label}_{self.opts.model_name}_history"
        return reverse(name, args=[quote(str(object_id))])

    def revert_url(self, object_id: object, entry: int) -> str:
        name = f"admin:{self.opts.app_label}_{self.opts.model_name}_revert"
        return reverse(name, args=[quote(str(object_id)), entry])
