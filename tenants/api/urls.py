from django.urls import path
from rest_framework.routers import SimpleRouter

from tenants.api.audit import AuditLogViewSet
from tenants.api.tenant import TenantSettingsView
from tenants.api.views.access import (
    ApiKeyViewSet,
    InvitationAcceptView,
    InvitationViewSet,
    MemberViewSet,
)
from tenants.api.views.me import MeView, MyTenantsView, PasswordView, SwitchTenantView
from tenants.api.views.passwords import PasswordResetConfirmView, PasswordResetView
from tenants.api.views.signin import LoginView, LogoutView, RefreshView
from tenants.api.views.signup import SignUpConfirmView, SignUpView

router = SimpleRouter(trailing_slash=False, use_regex_path=False)
router.register("members", MemberViewSet, basename="member")
router.register("invitations", InvitationViewSet, basename="invitation")
router.register("api-keys", ApiKeyViewSet, basename="api-key")
router.register("audit-log", AuditLogViewSet, basename="audit-record")
urlpatterns = [
    path("login", LoginView.as_view(), name="login"),
    path("refresh", RefreshView.as_view(), name="refresh"),
    path("logout", LogoutView.as_view(), name="logout"),
    path("me", MeView.as_view(), name="me"),
    path("me/tenants", MyTenantsView.as_view(), name="me-tenants"),
    path("me/switch-tenant", SwitchTenantView.as_view(), name="me-switch-tenant"),
    path("me/password", PasswordView.as_view(), name="me-password"),
    path("password-reset", PasswordResetView.as_view(), name="password-reset"),
    path(
        "password-reset/confirm",
        PasswordResetConfirmView.as_view(),
        name="password-reset-confirm",
    ),
    path("sign-up", SignUpView.as_view(), name="sign-up"),
    path("sign-up/confirm", SignUpConfirmView.as_view(), name="sign-up-confirm"),
    path("invitations/accept", InvitationAcceptView.as_view(), name="invitation-accept"),
    path("tenant", TenantSettingsView.as_view(), name="tenant"),
    *router.urls,
]
