"""Every URL of the platform but `/health/*`, which `blip0.health` answers before all else."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from blip0.common.api.root import api_root

api_v1: list[URLPattern | URLResolver] = [
    path("", api_root, name="api-root"),
    path("schema/", SpectacularAPIView.as_view(), name="schema"),
    # The split view loads its script from a URL of its own: our CSP runs no inline script.
    path("docs/", SpectacularSwaggerSplitView.as_view(), name="docs"),
    path("", include("tenants.api.urls")),
    path("", include("platform_catalog.api.urls")),
    path("", include("triggers.api.urls")),
    path("", include("monitors.api.urls")),
    path("", include("cachesync.api.urls")),
]

urlpatterns = [
    path("admin/pages/", include("blip0.common.admin.pages")),
    # Before Django's own: its sign-in and change of password know no second factor and no service.
    path("admin/", include("tenants.admin.account.urls")),
    path("admin/", admin.site.urls),
    path("api/v1/", include(api_v1)),
    path("api-auth/", include("tenants.api.browser_urls")),
]

handler400 = "blip0.common.api.problems.bad_request_handler"
handler404 = "blip0.common.api.problems.not_found_handler"
handler500 = "blip0.common.api.problems.server_error_handler"
