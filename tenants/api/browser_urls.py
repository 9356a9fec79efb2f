from django.urls import path

from tenants.api.views.browser import (
    BrowserLoginView,
    BrowserLogoutView,
    BrowserTenantView,
    BrowserViewAsView,
)

app_name = "rest_framework"  # DRF's templates look for it
urlpatterns = [
    path("login", BrowserLoginView.as_view(), name="login"),
    path("logout", BrowserLogoutView.as_view(), name="logout"),
    path("view-as/<uuid:family_id>", BrowserViewAsView.as_view(), name="view-as"),
    path("tenant", BrowserTenantView.as_view(), name="tenant"),
]
