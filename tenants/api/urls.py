from django.urls import path
from rest_framework.routers import SimpleRouter

from tenants.api.audit import AuditLogViewSet
from tenants.api.tenant import TenantSettingsView
from tenants.api.views import LoginView, MeView

router = SimpleRouter(trailing_slash=False, use_regex_path=False)
router.register("audit-log", AuditLogViewSet, basename="audit-record")
urlpatterns = [
    path("login", LoginView.as_view(), name="login"),
    path("me", MeView.as_view(), name="me"),
    path("tenant", TenantSettingsView.as_view(), name="tenant"),
    *router.urls,
]
