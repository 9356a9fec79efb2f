"""Buttons of an object and actions of a list: each declares permissions and calls one service.

A button leads to a page that says what will happen and asks for what the service needs; only the
form on it, a POST, changes anything.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from django import forms
from django.contrib import admin, messages
from django.contrib.admin import helpers
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
SHOWN_NAMES = 8
MAX_SELECTED = 500
"""One service call each, while somebody waits."""


class ConfirmForm(forms.Form):
    """What an action asks for: here nothing, the button is the answer. `obj` is its object."""

    def __init__(self, data: Any = None, *, obj: Any) -> None:
        super().__init__(data)
        self.obj = obj


class ReasonForm(ConfirmForm):
    """Why; it goes into the audit log."""

    reason = MultilineField(max_length=500, rows=3, help_text="It is kept in the audit log.")


class OptionalReasonForm(ConfirmForm):
    """Why, where there is something to say."""

    reason = MultilineField(
        max_length=500, rows=3, required=False, help_text="It is kept in the audit log."
    )


class RevertForm(OptionalReasonForm):
    """`obj` is the id of the newest audit record that the page has seen of the object.

    The cleaned data are what `change_revert` takes. `assumed` of them hold for the look at what
    will change.
    """

    assumed: Mapping[str, Any] = {}

    newest = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, obj: Any) -> None:
        super().__init__(data, obj=obj)
        self.fields["newest"].initial = obj


View = TypeVar("View", bound=Callable[..., HttpResponse])


def button(
    label: str, *, url_path: str, permissions: Sequence[str], icon: str
) -> Callable[[View], View]:
    """Make an admin's view a button of its list or of an object.

    `permissions` as in `object_action`: each names a method `has_…_permission`.
    """
    made: Callable[[View], View] = action(
        description=label, url_path=url_path, permissions=list(permissions), icon=icon
    )
    return made


def always(_obj: Any) -> bool:
    return True


def no_facts(_obj: Any) -> Sequence[tuple[str, object]]:
    return ()


def nothing_more(_obj: Any) -> Mapping[str, Any]:
    return {}


def held(permission: str) -> Callable[..., bool]:
    """For `has_<name>_permission = held("<app>.<codename>")`; actions then name it `<name>`.

    Inside a tenant nobody has it who is there to look only.
    """

    def has_permission(self: Any, request: HttpRequest, _obj: object = None) -> bool:
        return request.user.has_perm(permission) and not is_read_only(request, self.model)

    return has_permission


def confirm_view(
    request: HttpRequest,
    *,
    label: str,
    title: str,
    explain: str,
    back: str,
    act: Callable[[dict[str, Any]], HttpResponse],
    form: type[ConfirmForm] = ConfirmForm,
    obj: Any = None,
    facts: Sequence[tuple[str, object]] = (),
    danger: bool = False,
    sends: str = "",
    context: Mapping[str, Any] | None = None,
    repeats: Sequence[tuple[str, str]] = (),
    template: str = "admin/confirm_action.html",
) -> HttpResponse:
    """A page that says what will happen, with counts (`facts`); its POST calls `act` to do it.

    `act` gets the form's cleaned data. What a service refuses in it is shown on the page again.
    `sends`: where the form goes, if this request is another one's answer, such as a list's action.
    `repeats`: what it sends along where the first question was a POST, too; only a second one, from
    this page, then does it. `template` extends `admin/confirm_action.html`.
    """
    confirmed = not repeats or "confirmed" in request.POST
    sent = request.method == "POST" and sends in ("", request.path) and confirmed
    asked = form(request.POST if sent else None, obj=obj)
    if asked.is_valid():
        try:
            return act(asked.cleaned_data)
        except REFUSALS as refusal:
            add_refusal(asked, refusal)
    return TemplateResponse(
        request,
        template,
        {
            **admin.site.each_context(request),
            **(context or {}),
            "title": title,
            "label": label,
            "explain": explain,
            "facts": facts,
            "form": asked,
            "danger": danger,
            "back": back,
            "sends": sends,
            "repeats": repeats,
        },
    )


def object_action(
    label: str,
    *,
    explain: str,
    permissions: Sequence[str],
    form: type[ConfirmForm] = ConfirmForm,
    when: Callable[[Any], bool] = always,
    facts: Callable[[Any], Sequence[tuple[str, object]]] = no_facts,
    shows: Callable[[Any], Mapping[str, Any]] = nothing_more,
    icon: str | None = None,
    danger: bool = False,
) -> Callable[[Callable[..., str | HttpResponse]], Any]:
    """Make a method `(self, request, obj, data) -> str | HttpResponse` a button of the object.

    It calls a service with the form's cleaned `data` and returns what to tell; `explain` says
    beforehand what it will do, and `facts` counts what it will do it to. The button is there for
    those with all `permissions`, where `when` holds of the object; the service decides again.
    `shows` gives the page's template more of the object, such as `diff`: see
    `admin/includes/compared.html`.
    """

    def decorate(run: Callable[..., str | HttpResponse]) -> Any:
        def view(self: PlatformAdmin[Any], request: HttpRequest, object_id: str) -> HttpResponse:
            obj = self.get_object(request, unquote(object_id))
            if obj is None:
                raise Http404

            def act(data: dict[str, Any]) -> HttpResponse:
                with transaction.atomic():
                    outcome = run(self, request, obj, data)
                if isinstance(outcome, HttpResponse):
                    return outcome
                self.message_user(request, outcome, messages.SUCCESS)
                return redirect(self.change_url(obj.pk))

            return confirm_view(
                request,
                label=label,
                title=f"{label}: {obj}",
                explain=explain,
                back=self.change_url(obj.pk),
                act=act,
                form=form,
                obj=obj,
                facts=facts(obj),
                danger=danger,
                context={"opts": self.opts, **shows(obj)},
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
    label: str,
    *,
    permissions: Sequence[str],
    explain: str = "",
    form: type[ConfirmForm] = ConfirmForm,
    facts: Callable[[Sequence[Any]], Sequence[tuple[str, object]]] = no_facts,
    danger: bool = False,
) -> Callable[[Callable[..., object]], Any]:
    """Make a method `(self, request, obj, **data)` an action of the list.

    It calls the service, once an object. It is asked first, on a page with how many are selected,
    `explain`, further counts (`facts`, of the selected) and the fields of `form`, which come as
    `data`. At most `MAX_SELECTED` at a time, and those that were counted, even where more fit the
    list meanwhile. One that is refused holds up no other; the list tells how many went through,
    and why others didn't.
    """

    def decorate(run: Callable[..., object]) -> Any:
        def act(
            self: PlatformAdmin[Any], request: HttpRequest, queryset: models.QuerySet[Any]
        ) -> HttpResponse | None:
            def each(chosen: list[Any], data: dict[str, Any]) -> HttpResponse:
                done, failures = 0, []
                for obj in chosen:
                    try:
                        run(self, request, obj, **data)
                        done += 1
                    except REFUSALS as refusal:
                        failures.append(f"{obj}: {said(refusal)}")
                _tell(self, request, label, done, failures)
                return redirect(request.get_full_path())

            return confirm_selected(
                self,
                request,
                queryset,
                name=run.__name__,
                label=label,
                explain=explain or "It is done to each of them, one after the other.",
                act=each,
                form=form,
                facts=facts,
                danger=danger,
            )

        act.__name__ = run.__name__
        return admin.action(description=label, permissions=list(permissions))(act)

    return decorate


def confirm_selected(
    one: PlatformAdmin[Any],
    request: HttpRequest,
    queryset: models.QuerySet[Any],
    *,
    name: str,
    label: str,
    explain: str,
    act: Callable[[list[Any], dict[str, Any]], HttpResponse],
    form: type[ConfirmForm] = ConfirmForm,
    facts: Callable[[Sequence[Any]], Sequence[tuple[str, object]]] = no_facts,
    danger: bool = False,
) -> HttpResponse | None:
    """For the action `name` of a list: ask, with counts, and then `act` on what was counted.

    See `each_selected`. None, with a message, where more than `MAX_SELECTED` are selected.
    """
    chosen = list(queryset[: MAX_SELECTED + 1])
    if len(chosen) > MAX_SELECTED:
        told = f"Select at most {MAX_SELECTED:,} at a time: filter the list, or search it."
        one.message_user(request, told, messages.ERROR)
        return None
    selected = [(helpers.ACTION_CHECKBOX_NAME, str(obj.pk)) for obj in chosen]
    return confirm_view(
        request,
        label=label,
        title=label,
        explain=explain,
        facts=[*_selection_facts(chosen), *facts(chosen)],
        form=form,
        back=request.get_full_path(),
        act=lambda data: act(chosen, data),
        danger=danger,
        context={"opts": one.opts},
        repeats=[("action", name), *selected],
    )


def _selection_facts(chosen: Sequence[Any]) -> list[tuple[str, object]]:
    """How many were selected, and the first of them by name."""
    more = len(chosen) - SHOWN_NAMES
    names = ", ".join(str(obj) for obj in chosen[:SHOWN_NAMES])
    return [("Selected", len(chosen)), ("These", f"{names} and {more} more" if more > 0 else names)]


def _tell(
    one: PlatformAdmin[Any], request: HttpRequest, label: str, done: int, failures: Sequence[str]
) -> None:
    if done:
        one.message_user(request, f"{label}: {done} done.", messages.SUCCESS)
    for failure in failures[:SHOWN_FAILURES]:
        one.message_user(request, failure, messages.ERROR)
    if len(failures) > SHOWN_FAILURES:
        more = f"{len(failures) - SHOWN_FAILURES} more were refused."
        one.message_user(request, more, messages.ERROR)
