"""Pages around the browsable API: sign in, sign out, go on in another tenant."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.middleware.csrf import rotate_token
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.http import url_has_allowed_host_and_scheme
from django.views import View
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from rest_framework.request import Request

from blip0.common.exceptions import DomainError, TooMany
from tenants.api.principals import TenantPrincipal
from tenants.api.sessions import TenantSessionAuthentication, session_begin, session_end
from tenants.api.tokens import FamilyRefreshToken
from tenants.choices import FamilyEnd
from tenants.models import Membership, TokenFamily
from tenants.services.families import family_begin, family_end
from tenants.services.signin import membership_choose, sign_in

_STYLE: Final = {"class": "form-control"}


class SignInForm(forms.Form):
    email = forms.CharField(
        max_length=254,
        widget=forms.EmailInput({**_STYLE, "autofocus": True, "autocomplete": "username"}),
    )
    password = forms.CharField(
        max_length=1024,
        strip=False,
        widget=forms.PasswordInput({**_STYLE, "autocomplete": "current-password"}),
    )
    tenant = forms.CharField(
        max_length=63,
        required=False,
        help_text="Its short name; only if you belong to several.",
        widget=forms.TextInput({**_STYLE, "autocomplete": "organization"}),
    )


@method_decorator([never_cache, sensitive_post_parameters("password")], name="dispatch")
class BrowserLoginView(View):
    """GET shows the form; POST signs in."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return self._page(request, SignInForm())

    def post(self, request: HttpRequest) -> HttpResponse:
        form = SignInForm(request.POST)
        if not form.is_valid():
            return self._page(request, form, status=422)
        given = form.cleaned_data
        try:
            membership = sign_in(
                email=given["email"],
                password=given["password"],
                tenant_slug=given["tenant"] or None,
            )
            _begin(request, membership)
        except TooMany:
            raise
        except DomainError as refusal:
            form.add_error(None, refusal.message)
            return self._page(request, form, status=403)
        return redirect(_next(request))

    def _page(self, request: HttpRequest, form: forms.Form, status: int = 200) -> HttpResponse:
        context: dict[str, Any] = {"form": form, "next": _next(request)}
        return render(request, "api/sign_in.html", context, status=status)


class BrowserLogoutView(View):
    """POST ends the sign-in; staff who saw as a member go back to the tenant's page."""

    def post(self, request: HttpRequest) -> HttpResponse:
        family_id = session_end(request)
        family = TokenFamily.objects.filter(pk=family_id).first() if family_id else None
        if family is None:
            return redirect("rest_framework:login")
        is_view = family.viewer_id is not None
        reason = FamilyEnd.VIEWED if is_view else FamilyEnd.SIGNED_OUT
        family_end(family_id=family.pk, reason=reason, now=timezone.now())
        if is_view:
            return redirect("admin:tenants_tenant_change", family.tenant_id)
        return redirect("rest_framework:login")


class BrowserViewAsView(View):
    """GET goes on as the member whose eyes the back office has lent to this member of staff."""

    def get(self, request: HttpRequest, family_id: UUID) -> HttpResponse:
        family = TokenFamily.objects.filter(
            pk=family_id, viewer=request.user.pk, ended_at=None, expires_at__gt=timezone.now()
        ).first()
        # Without the viewer's own session the address is worth nothing.
        if family is None or not request.user.is_active:
            raise Http404
        session_begin(request, family)
        return redirect("me")


class BrowserTenantView(View):
    """POST goes on in the tenant that is named; the sign-in in this one ends."""

    def post(self, request: HttpRequest) -> HttpResponse:
        found = TenantSessionAuthentication().authenticate(Request(request))
        if found is None:
            return redirect("rest_framework:login")
        principal: TenantPrincipal = found[1]
        try:
            membership = membership_choose(
                user=principal.user, tenant_slug=request.POST.get("tenant", "")
            )
        except DomainError as refusal:
            return HttpResponse(refusal.message, status=403, content_type="text/plain")
        _begin(request, membership)
        family_end(family_id=principal.sign_in, reason=FamilyEnd.SWITCHED, now=timezone.now())
        return redirect(_next(request))


def _begin(request: HttpRequest, membership: Membership) -> None:
    family = family_begin(
        membership=membership, lifetime=FamilyRefreshToken.lifetime, now=timezone.now()
    )
    session_begin(request, family)
    rotate_token(request)


def _next(request: HttpRequest) -> str:
    """Where to go on: a page of ours, whatever the request says."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    ours = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return wanted if ours else reverse("me")
