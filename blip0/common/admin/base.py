"""The base of every admin: it presents, checks permissions and calls one service a request.

An admin can do what it has a hook for (`create_object`, `update_object`, `delete_object`); one
without hooks is view-only. What a service refuses becomes an error of the form, at the field at
fault, with nothing saved and the input kept.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast
from uuid import UUID

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin.utils import quote, unquote
from django.db import models
from django.db.models.constants import LOOKUP_SEP
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from blip0.common.actors import Actor
from blip0.common.admin.findings import finding_list, summary_of
from blip0.common.admin.history import HistoryMixin
from blip0.common.admin.paging import CappedPaginator
from blip0.common.admin.refusals import REFUSALS, refused_form, said
from blip0.common.usage import users_of
from blip0.common.validation import Finding
from blip0.common.validation.stored import Subject, stored_findings

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin
else:
    from unfold.admin import ModelAdmin as _UnfoldAdmin

    class ModelAdmin(_UnfoldAdmin):
        """Unfold has no types; this lets us write `ModelAdmin[Monitor]` as Django's stubs do."""

        def __class_getitem__(cls, _model: object) -> type:
            return cls


SEES_USERS = "tenants.view_tenant"
"""Who uses an object of the platform are tenants' monitors: named to those who may see tenants."""

M = TypeVar("M", bound=models.Model)
SHOWN_USERS: Final = 50
"""Of an object that can't be deleted, on the page that says so."""


def is_read_only(request: HttpRequest, model: type[models.Model]) -> bool:
    """Whether staff are inside a tenant to look, and `model` is the tenant's.

    `tenants.admin.middleware` says so in `request.may_write`.
    """
    owned = model._meta.app_label in settings.TENANT_APPS
    return owned and not getattr(request, "may_write", False)


def actor_of(request: HttpRequest) -> Actor:
    """The signed-in member of staff, as services and audit records name them."""
    user = request.user
    return Actor(kind="staff", id=str(user.pk), name=user.get_username())


class PlatformAdmin(HistoryMixin[M], ModelAdmin[M]):
    """The house's `ModelAdmin`.

    `usage_kind` names what `blip0.common.usage` knows the objects as: those in use can't be
    deleted, and the page says who uses them. `audit_kind` is their kind in the audit log, which
    is also their history: Django's own log entries aren't written. Without it, there is none.
    """

    usage_kind = ""
    hidden: Sequence[str] = ()
    """Columns that are shown nowhere."""

    list_per_page = 50
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER  # each would count the whole table
    list_filter_submit = True

    def create_object(self, request: HttpRequest, form: Any) -> M:
        """Call the service that makes it. May raise what services raise."""
        raise NotImplementedError

    def update_object(self, request: HttpRequest, obj: M, form: Any) -> M:
        """Call the service that changes it; `obj` holds the form's values, which aren't saved."""
        raise NotImplementedError

    def delete_object(self, request: HttpRequest, obj: M) -> None:
        """Call the service that deletes it."""
        raise NotImplementedError

    def has_add_permission(self, request: HttpRequest, obj: M | None = None) -> bool:
        return self._may_write(request, "create_object") and super().has_add_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: M | None = None) -> bool:
        may_write = self._may_write(request, "update_object")
        return may_write and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: M | None = None) -> bool:
        may_write = self._may_write(request, "delete_object")
        return may_write and super().has_delete_permission(request, obj)

    def has_view_permission(self, request: HttpRequest, obj: M | None = None) -> bool:
        # Not Django's: there, the right to change would do, whatever this admin lets one change.
        app, name = self.opts.app_label, self.opts.model_name
        return any(request.user.has_perm(f"{app}.{verb}_{name}") for verb in ("view", "change"))

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        # `?password__startswith=…` would tell what isn't shown, a character at a time.
        if lookup.partition(LOOKUP_SEP)[0] in self.hidden:
            return False
        return super().lookup_allowed(lookup, value, cast(HttpRequest, request))

    def get_paginator(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        # An action says how many rows it is for: a list with actions is counted to its end.
        if self.actions:
            return super().get_paginator(request, *args, **kwargs)
        return CappedPaginator(*args, **kwargs)

    def save_model(self, request: HttpRequest, obj: M, form: Any, change: bool) -> None:
        saved = (
            self.update_object(request, obj, form) if change else self.create_object(request, form)
        )
        # Django goes on with its own instance: it shall be what the service stored.
        obj.__dict__.update(saved.__dict__)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Nothing: what belongs to the object goes through its service, too."""

    def delete_model(self, request: HttpRequest, obj: M) -> None:
        self.delete_object(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: models.QuerySet[M]) -> None:
        for obj in queryset:
            self.delete_object(request, obj)

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: Mapping[str, Any] | None = None,
    ) -> Any:
        context = {"show_history": bool(self.audit_kind), **(extra_context or {})}
        try:
            return super().changeform_view(request, object_id, form_url, dict(context))
        except REFUSALS as refusal:
            # The transaction is rolled back. Show the same input again, with what was said.
            cast(Any, request).refusal = refusal
            return super().changeform_view(request, object_id, form_url, context)

    def get_form(
        self, request: HttpRequest, obj: M | None = None, change: bool = False, **kwargs: Any
    ) -> type[forms.ModelForm[M]]:
        form = super().get_form(request, obj, change=change, **kwargs)
        refusal = getattr(request, "refusal", None)
        return form if refusal is None else refused_form(form, refusal)

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        try:
            return super().delete_view(request, object_id, extra_context)
        except REFUSALS as refusal:
            self.message_user(request, said(refusal), messages.ERROR)
            return redirect(self.change_url(unquote(object_id)))

    def get_deleted_objects(
        self, objs: Any, request: HttpRequest
    ) -> tuple[list[Any], dict[str, int], set[str], list[Any]]:
        """The objects alone, and who uses them.

        Django's collector would look for tenants' tables in public, and fail.
        """
        ids = [str(obj.pk) for obj in objs] if self.usage_kind else []
        sees = request.user.has_perm(SEES_USERS)
        users = users_of(self.usage_kind, ids, named=SHOWN_USERS if sees else 0)
        protected = list(users.named)
        if users.unnamed:
            more = "and {:,} more" if sees else "{:,} that your role may not see"
            protected.append(more.format(users.unnamed))
        counts = {str(self.opts.verbose_name_plural): len(objs)}
        return [str(obj) for obj in objs], counts, set(), protected

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Without Django's bulk deletion, which goes past the services."""
        actions = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions

    def change_url(self, object_id: object) -> str:
        name = f"admin:{self.opts.app_label}_{self.opts.model_name}_change"
        return reverse(name, args=[quote(str(object_id))])

    def get_actions_detail(self, request: HttpRequest, object_id: str) -> list[Any]:
        """The object's buttons: those that are permitted and make sense in its state."""
        permitted: list[Any] = cast(Any, super()).get_actions_detail(request, object_id)
        if not permitted:
            return []
        obj = self.get_object(request, unquote(object_id))
        return [
            action
            for action in permitted
            if obj is not None and getattr(action.method, "when", lambda _obj: True)(obj)
        ]

    def construct_change_message(
        self, request: HttpRequest, form: Any, formsets: Any, add: bool = False
    ) -> Any:
        return ""

    def log_addition(self, request: HttpRequest, obj: M, message: Any) -> Any:
        """Nothing: the service has written the audit record."""

    def log_change(self, request: HttpRequest, obj: M, message: Any) -> Any:
        """Nothing: the service has written the audit record."""

    def log_deletions(self, request: HttpRequest, queryset: Any) -> Any:
        """Nothing: the service has written the audit record."""

    def _may_write(self, request: HttpRequest, hook: str) -> bool:
        """Whether there is such a hook, and staff aren't here to look only."""
        return self.has_hook(hook) and not is_read_only(request, self.model)

    def has_hook(self, hook: str) -> bool:
        """Whether this admin can do what the hook of that name does."""
        return getattr(type(self), hook) is not getattr(PlatformAdmin, hook)


class DocumentAdmin(PlatformAdmin[M]):
    """For a `DocumentForm`: it declares all fields itself, and the model adds none.

    `findings` is a read-only field with what validation says about the saved object; who saves is
    told at once. `audit_kind` is also the kind that findings are kept under.
    """

    @admin.display(description="findings")
    def findings(self, obj: M) -> str:
        return finding_list(self._findings(obj))

    def save_model(self, request: HttpRequest, obj: M, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if told := summary_of(self._findings(obj)):
            self.message_user(request, told, messages.WARNING)

    def _findings(self, obj: M) -> Sequence[Finding]:
        return stored_findings(cast(Subject, self.audit_kind), cast(UUID, obj.pk))

    def get_form(
        self, request: HttpRequest, obj: M | None = None, change: bool = False, **kwargs: Any
    ) -> type[forms.ModelForm[M]]:
        kwargs["fields"] = []
        return super().get_form(request, obj, change=change, **kwargs)


class ViewOnlyAdmin(PlatformAdmin[M]):
    """For what nobody edits: history, and what other code writes. Shows every column."""

    def get_fields(self, request: HttpRequest, obj: M | None = None) -> Any:
        if self.fields:
            return list(self.fields)
        names = [field.name for field in self.opts.concrete_fields if field.name not in self.hidden]
        return sorted(names, key=lambda name: name == self.opts.pk.name)  # a key says least

    def get_readonly_fields(self, request: HttpRequest, obj: M | None = None) -> Any:
        return self.get_fields(request, obj)
