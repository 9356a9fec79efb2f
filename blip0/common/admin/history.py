"""The history of an object, and undoing a change of it: pages over the audit log.

The log is kept by an app, which registers both pages.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar
from uuid import UUID

from django.contrib.admin.utils import quote, unquote
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import path, reverse

from blip0.common.registry import Registry
from blip0.common.undoing import UNDOS

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

    Where the kind has an undo (`blip0.common.undoing`), a change that can be undone has a button.
    Its page says what that means (`revert_explain`), counts whom it concerns (`revert_facts`) and
    shows what it will change, by doing it and rolling that back. `revert_form_of` gives what it
    asks for: a `blip0.common.admin.actions.RevertForm`.
    """

    audit_kind = ""
    """The objects' kind in the audit log."""
    revert_label = "Put the old values back"
    revert_explain = (
        "What this change replaced holds again, at once. Whatever else was changed since stays."
    )
    revert_form: type[Any] | None = None

    def audited_as(self, obj: M) -> tuple[str, UUID | None]:
        """The id that the audit log has it under; and the tenant whose records are meant, if one's.

        For a model whose rows the log knows by another row's id.
        """
        return str(obj.pk), None

    def revert_form_of(self, obj: M, record: Any) -> type[Any] | None:
        """The form for undoing the change of this audit record; None for the plain one."""
        return self.revert_form

    def revert_facts(self, obj: M, record: Any) -> Sequence[tuple[str, object]]:
        """Counts for the page that asks."""
        return ()

    def can_revert(self) -> bool:
        return self.audit_kind in UNDOS and UNDOS.get(self.audit_kind).model is self.model

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
