"""Under `/admin/`. The first two stand in the place of Django's own, and keep their names."""

from __future__ import annotations

from django.contrib import admin
from django.urls import URLPattern, path

from tenants.admin.account import views
from tenants.admin.account.sign_in import StaffLoginView, code_view

_of_staff = admin.site.admin_view

urlpatterns: list[URLPattern] = [
    path("login/", StaffLoginView.as_view()),
    path("password_change/", _of_staff(views.password_view)),
    path("login/code/", code_view, name="staff-code"),
    path("account/", _of_staff(views.account_view), name="staff-account"),
    path("account/two-factor/", _of_staff(views.two_factor_view), name="staff-two-factor"),
    path("account/recovery-codes/", _of_staff(views.recovery_codes_view), name="staff-codes"),
    path("account/two-factor/off/", _of_staff(views.two_factor_off_view), name="staff-factor-off"),
    path("account/sessions/end/", _of_staff(views.sessions_end_view), name="staff-sessions-end"),
    path(
        "account/sessions/<uuid:session>/end/",
        _of_staff(views.session_end_view),
        name="staff-session-end",
    ),
]
