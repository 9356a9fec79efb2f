from rest_framework.routers import SimpleRouter

from platform_catalog.api.views import (
    FilterScriptViewSet,
    MonitorTemplateViewSet,
    NetworkViewSet,
)

router = SimpleRouter(trailing_slash=False, use_regex_path=False)
router.register("networks", NetworkViewSet, basename="network")
router.register("filter-scripts", FilterScriptViewSet, basename="filter-script")
router.register("templates", MonitorTemplateViewSet, basename="template")
urlpatterns = router.urls
