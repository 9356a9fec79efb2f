"""The account's pages: time zone, password, second factor and one's own sessions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, cast
from uuid import UUID

import segno
from django.contrib import admin, messages
from django.contrib.auth import update_session_auth_hash
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from blip0.common.admin.actions import ConfirmForm
from blip0.common.admin.base import actor_of
from blip0.common.admin.refusals import add_refusal
from blip0.common.exceptions import DomainError, TooMany
from blip0.common.sealing import CannotOpen, keyring
from blip0.common.system_settings import setting_value
from tenants.admin.account.forms import (
    CodeForm,
    DisableForm,
    EnableForm,
    PasswordForm,
    TimeZoneForm,
)
from tenants.admin.sessions import session_id
from tenants.choices import SessionEnd
from tenants.models import TwoFactor, User
from tenants.selectors.staff import staff_sessions_standing
from tenants.services.accounts import STAFF_TIME_ZONE, user_set_time_zone
from tenants.services.passwords import password_change
from tenants.services.staff_sessions import (
    idle_limit,
    staff_session_end,
    staff_sessions_revoke,
)
from tenants.services.two_factor import (
    recovery_codes_renew,
    secret_new,
    secret_place,
    secret_uri,
    two_factor_disable,
    two_factor_enable,
)

_SECRET: Final = "two_factor_secret"
"""In the browser's session, sealed: the secret that is being set up."""


def account_view(request: HttpRequest) -> HttpResponse:
    """What there is of one's own. A POST chooses the time zone."""
    user = _user(request)
    form = TimeZoneForm(
        request.POST if request.method == "POST" else None,
        initial={"time_zone": user.time_zone},
        default=setting_value(STAFF_TIME_ZONE),
    )
    if form.is_valid():
        user_set_time_zone(user=user, name=form.cleaned_data["time_zone"])
        messages.success(request, "The time zone is saved.")
        return redirect("staff-account")
    sessions = list(staff_sessions_standing(now=timezone.now(), idle=idle_limit(), user=user))
    return _page(
        request,
        "admin/account/overview.html",
        title="My account",
        form=form,
        factor=TwoFactor.objects.filter(pk=user.pk).first(),
        sessions=sessions,
        others=len(sessions) - 1,
        current=session_id(request),
    )


@sensitive_post_parameters("current", "new", "again")
def password_view(request: HttpRequest) -> HttpResponse:
    """In the place of `AdminSite.password_change`."""

    def change(data: dict[str, Any]) -> HttpResponse:
        changed = password_change(
            user=_user(request),
            current=data["current"],
            new=data["new"],
            session=session_id(request),
            actor=actor_of(request),
        )
        update_session_auth_hash(request, changed)
        messages.success(request, "The password is changed; your other sessions are over.")
        return redirect("staff-account")

    return _form_page(
        request,
        PasswordForm,
        change,
        label="Change password",
        explain="All your other sessions end, and so do your sign-ins to the API.",
    )


@sensitive_post_parameters("password", "code")
def two_factor_view(request: HttpRequest) -> HttpResponse:
    """Set it up: a secret as QR code and text, and a code that proves that the app has it."""
    user = _user(request)
    if TwoFactor.objects.filter(pk=user.pk).exists():
        return redirect("staff-account")
    secret = _secret_in_setting_up(request)

    def enable(data: dict[str, Any]) -> HttpResponse:
        codes = two_factor_enable(
            user=user,
            password=data["password"],
            secret=secret,
            code=data["code"],
            now=timezone.now(),
            session=session_id(request),
            actor=actor_of(request),
        )
        del request.session[_SECRET]
        request.session.cycle_key()
        return _codes_page(request, codes)

    uri = secret_uri(user=user, secret=secret)
    return _form_page(
        request,
        EnableForm,
        enable,
        template="admin/account/two_factor.html",
        label="Set up two-factor sign-in",
        qr=segno.make(uri, error="m").svg_data_uri(scale=4, border=3, light="white"),
        secret=[secret[start : start + 4] for start in range(0, len(secret), 4)],
    )


@sensitive_post_parameters("code")
def recovery_codes_view(request: HttpRequest) -> HttpResponse:
    def renew(data: dict[str, Any]) -> HttpResponse:
        codes = recovery_codes_renew(
            user=_user(request), code=data["code"], now=timezone.now(), actor=actor_of(request)
        )
        return _codes_page(request, codes)

    return _form_page(
        request,
        CodeForm,
        renew,
        label="Make new recovery codes",
        explain="You get ten new ones; those that you have stop working.",
    )


@sensitive_post_parameters("password", "code")
def two_factor_off_view(request: HttpRequest) -> HttpResponse:
    def disable(data: dict[str, Any]) -> HttpResponse:
        two_factor_disable(
            user=_user(request),
            password=data["password"],
            code=data["code"],
            now=timezone.now(),
            session=session_id(request),
            actor=actor_of(request),
        )
        messages.success(request, "Two-factor sign-in is off; your other sessions are over.")
        return redirect("staff-account")

    return _form_page(
        request,
        DisableForm,
        disable,
        label="Turn two-factor sign-in off",
        explain="The password alone opens your account then. For another phone, set it up anew.",
        danger=True,
    )


@require_POST
def session_end_view(request: HttpRequest, session: UUID) -> HttpResponse:
    """One of one's own."""
    if not _user(request).staff_sessions.filter(pk=session).exists():
        raise Http404
    staff_session_end(
        session_id=session,
        reason=SessionEnd.REVOKED,
        now=timezone.now(),
        actor=actor_of(request),
    )
    messages.success(request, "The session is over.")
    return redirect("staff-account")


@require_POST
def sessions_end_view(request: HttpRequest) -> HttpResponse:
    """All of one's own but this one."""
    ended = staff_sessions_revoke(
        user=_user(request),
        now=timezone.now(),
        actor=actor_of(request),
        but=session_id(request),
    )
    messages.success(request, f"Ended: {ended}. This session goes on.")
    return redirect("staff-account")


def _form_page(
    request: HttpRequest,
    form_class: type[ConfirmForm],
    run: Callable[[dict[str, Any]], HttpResponse],
    *,
    label: str,
    template: str = "admin/confirm_action.html",
    **context: Any,
) -> HttpResponse:
    """A form whose POST calls `run`; what a service refuses stands at its field."""
    form = form_class(request.POST if request.method == "POST" else None, obj=request.user)
    if form.is_valid():
        try:
            return run(form.cleaned_data)
        except TooMany:
            raise
        except DomainError as refusal:
            add_refusal(form, refusal)
    around = {"title": label, "label": label, "form": form, "back": reverse("staff-account")}
    return _page(request, template, **around, **context)


def _codes_page(request: HttpRequest, codes: list[str]) -> HttpResponse:
    return _page(request, "admin/account/recovery_codes.html", title="Recovery codes", codes=codes)


def _page(request: HttpRequest, template: str, **context: Any) -> HttpResponse:
    return render(request, template, {**admin.site.each_context(request), **context})


def _secret_in_setting_up(request: HttpRequest) -> str:
    """The one that this browser was shown, so that a wrong code doesn't begin all anew."""
    place = secret_place(_user(request).pk)
    held = request.session.get(_SECRET)
    if held is not None:
        try:
            return keyring().open(held, place)
        except CannotOpen:
            del request.session[_SECRET]  # of another account, or under a key that is gone
    secret = secret_new()
    request.session[_SECRET] = keyring().seal(secret, place)
    return secret


def _user(request: HttpRequest) -> User:
    return cast(User, request.user)
