"""Buttons of an object and actions of a list: each declares permissions and calls one service.

A button leads to a page that says what will happen and asks for what the service needs; only the
form on it, a POST, changes anything.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.db import models, transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from unfold.decorators import action
from unfold.enums import ActionVariant

from blip0.common.admin.base import PlatformAdmin, is_read_only
from blip0.common.admin.fields import MultilineField
from blip0.common.admin.refusals import REFUSALS, add_refusal, said

SHOWN_FAILURES = 5


class ConfirmForm(forms.Form):
    """What an action asks for: here nothing, the button is the answer. `obj` is its object."""

    def __init__(self, data: Any = None, *, obj: Any) -> None:
        super().__init__(data)
        self.obj = obj


class ReasonForm(ConfirmForm):
    """Why; it goes into the audit log."""

    reason = MultilineField(max_length=500, rows=3, help_text="It is kept in the audit log.")


def always(_obj: Any) -> bool:
    return True


def held(permission: str) -> Callable[..., bool]:
    """For `has_<name>_permission = held("<app>.<codename>")`; actions then name it `<name>`.

    Inside a tenant nobody has it who is there to look only.
    """

    def has_permission(self: Any, request: HttpRequest, _obj: object = None) -> bool:
        return request.user.has_perm(permission) and not is_read_only(request, self.model)

    return has_permission


def object_action(
    label: str,
    *,
    explain: str,
    permissions: Sequence[str],
    form: type[ConfirmForm] = ConfirmForm,
    when: Callable[[Any], bool] = always,
    icon: str | None = None,
    danger: bool = False,
) -> Callable[[Callable[..., str | HttpResponse]], Any]:
    """Make a method `(self, request, obj, data) -> str | HttpResponse` a button of the object.

    It calls a service with the form's cleaned `data` and returns what to tell; `explain` says
    beforehand what it will do. The button is there for those with all `permissions`, where `when`
    holds of the object; the service decides again.
    """

    def decorate(run: Callable[..., str | HttpResponse]) -> Any:
        def view(self: PlatformAdmin[Any], request: HttpRequest, object_id: str) -> HttpResponse:
            obj = self.get_object(request, unquote(object_id))
            if obj is None:
                raise Http404
            asked = form(request.POST if request.method == "POST" else None, obj=obj)
            if asked.is_valid():
                try:
                    with transaction.atomic():
                        outcome = run(self, request, obj, asked.cleaned_data)
                except REFUSALS as refusal:
                    add_refusal(asked, refusal)
                else:
                    if isinstance(outcome, HttpResponse):
                        return outcome
                    self.message_user(request, outcome, messages.SUCCESS)
                    return redirect(self.change_url(obj.pk))
            return TemplateResponse(
                request,
                "admin/confirm_action.html",
                {
                    **self.admin_site.each_context(request),
                    "opts": self.opts,
                    "title": f"{label}: {obj}",
                    "label": label,
                    "explain": explain,
                    "form": asked,
                    "danger": danger,
                    "back": self.change_url(obj.pk),
                },
            )

        view.__name__ = run.__name__
        view.__doc__ = run.__doc__
        button = action(
            description=label,
            url_path=run.__name__.replace("_", "-"),
            permissions=list(permissions),
            icon=icon,
            variant=ActionVariant.DANGER if danger else ActionVariant.DEFAULT,
        )(view)
        button.when = when
        return button

    return decorate


def each_selected(
    label: str, *, permissions: Sequence[str]
) -> Callable[[Callable[..., object]], Any]:
    """Make a method `(self, request, obj)` an action of the list: the service once an object.

    One that is refused holds up no other; the page tells how many went through, and why others
    didn't.
    """

    def decorate(run: Callable[..., object]) -> Any:
        def act(
            self: PlatformAdmin[Any], request: HttpRequest, queryset: models.QuerySet[Any]
        ) -> None:
            done, failures = 0, []
            for obj in queryset:
                try:
                    run(self, request, obj)
                    done += 1
                except REFUSALS as refusal:
                    failures.append(f"{obj}: {said(refusal)}")
            if done:
                self.message_user(request, f"{label}: {done} done.", messages.SUCCESS)
            for failure in failures[:SHOWN_FAILURES]:
                self.message_user(request, failure, messages.ERROR)
            if len(failures) > SHOWN_FAILURES:
                more = f"{len(failures) - SHOWN_FAILURES} more were refused."
                self.message_user(request, more, messages.ERROR)

        act.__name__ = run.__name__
        return admin.action(description=label, permissions=list(permissions))(act)

    return decorate
