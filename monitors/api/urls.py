from rest_framework.routers import SimpleRouter

from monitors.api.views import MonitorViewSet

router = SimpleRouter(trailing_slash=False, use_regex_path=False)
router.register("monitors", MonitorViewSet, basename="monitor")
urlpatterns = router.urls
