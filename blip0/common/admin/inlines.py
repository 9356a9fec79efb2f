"""Rows on another object's page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import HttpRequest

if TYPE_CHECKING:
    from django.contrib import admin

    TabularInline = admin.TabularInline[Any, Any]
else:
    from unfold.admin import TabularInline


class RowsInline(TabularInline):
    """Rows that the object's own service saves: see `kept_rows`."""

    extra = 0

    def formfield_for_dbfield(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field is not None:  # a table has no labels, and headers don't name what is in a cell
            field.widget.attrs["aria-label"] = field.label
        return field


class ShownInline(TabularInline):
    """Rows that are only looked at, each with a link to its page."""

    extra = 0
    can_delete = False
    show_change_link = True
    per_page = 20

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.fields or ()

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def kept_rows(formset: Any) -> list[dict[str, Any]]:
    """The rows of a valid formset that stay, in its order."""
    return [
        form.cleaned_data
        for form in formset.forms
        if form.cleaned_data and form not in formset.deleted_forms
    ]
