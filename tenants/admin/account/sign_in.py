"""Signing in to the back office: the password, and then the code where there is a second factor.

Between the two nobody is signed in: the browser's session holds whose password was right, for a few
minutes, under a new key.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from django.contrib import admin
from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from unfold.forms import AuthenticationForm

from blip0.common.actors import Actor
from blip0.common.admin.refusals import add_refusal
from blip0.common.exceptions import DomainError, TooMany
from tenants.admin.account.forms import CodeForm
from tenants.admin.sessions import sign_in
from tenants.models import TwoFactor, User
from tenants.services.signin import staff_sign_in_refused
from tenants.services.two_factor import second_factor_check

_KEY: Final = "staff_password_given"
_WITHIN: Final = timedelta(minutes=5)


@method_decorator(never_cache, name="dispatch")
class StaffLoginView(LoginView):
    """In the place of `AdminSite.login`, with its look."""

    template_name = "admin/login.html"
    authentication_form = AuthenticationForm

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if admin.site.has_permission(request):
            return redirect("admin:index")
        return super().get(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {
            **admin.site.each_context(self.request),
            **super().get_context_data(**kwargs),
            "title": "Sign in",
            "app_path": self.request.get_full_path(),
            "username": self.request.user.get_username(),
        }

    def form_valid(self, form: Any) -> HttpResponse:
        user: User = form.get_user()
        if not TwoFactor.objects.filter(pk=user.pk).exists():
            sign_in(self.request, user, two_factor=False)
            return redirect(self.get_success_url())
        self.request.session.cycle_key()
        self.request.session[_KEY] = {
            "user": str(user.pk),
            "fingerprint": user.password_fingerprint(),
            "at": timezone.now().isoformat(),
            "next": self.get_success_url(),
        }
        return redirect("staff-code")

    def form_invalid(self, form: Any) -> HttpResponse:
        if form.non_field_errors():
            staff_sign_in_refused(email=form.cleaned_data.get("username", ""))
        return super().form_invalid(form)


@never_cache
def code_view(request: HttpRequest) -> HttpResponse:
    """The second step: for those alone who have just given the password."""
    now = timezone.now()
    user = _with_password_given(request, now)
    if user is None:
        return redirect("admin:login")
    form = CodeForm(request.POST if request.method == "POST" else None, obj=user)
    if form.is_valid():
        actor = Actor(kind="staff", id=str(user.pk), name=user.email)
        try:
            second_factor_check(user=user, code=form.cleaned_data["code"], now=now, actor=actor)
        except TooMany:
            raise
        except DomainError as refusal:
            add_refusal(form, refusal)
        else:
            place = request.session.pop(_KEY)["next"]
            sign_in(request, user, two_factor=True)
            return redirect(place)
    context = {
        **admin.site.each_context(request),
        "title": "Code",
        "form": form,
        "back": reverse("admin:login"),
    }
    return render(request, "admin/account/code.html", context)


def _with_password_given(request: HttpRequest, now: datetime) -> User | None:
    """Whose password this browser gave a moment ago, if it is still theirs."""
    held = request.session.get(_KEY)
    if held is None:
        return None
    user = User.objects.filter(pk=held["user"], is_active=True, is_staff=True).first()
    is_fresh = now - datetime.fromisoformat(held["at"]) <= _WITHIN
    if user is None or not is_fresh or user.password_fingerprint() != held["fingerprint"]:
        del request.session[_KEY]
        return None
    return user
