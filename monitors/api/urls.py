from django.urls import path
from rest_framework.routers import SimpleRouter

from monitors.api.files import ExportView, ImportView
from monitors.api.history import ExecutionViewSet, MatchViewSet
from monitors.api.usage import UsageView
from monitors.api.views import MonitorViewSet

router = SimpleRouter(trailing_slash=False, use_regex_path=False)
router.register("monitors", MonitorViewSet, basename="monitor")
router.register("matches", MatchViewSet, basename="match")
router.register("executions", ExecutionViewSet, basename="execution")
urlpatterns = [
    path("usage", UsageView.as_view(), name="usage"),
    path("import", ImportView.as_view(), name="import"),
    path("export", ExportView.as_view(), name="export"),
    *router.urls,
]
