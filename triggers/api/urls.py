from rest_framework.routers import SimpleRouter

from triggers.api.views import TriggerViewSet

router = SimpleRouter(trailing_slash=False, use_regex_path=False)
router.register("triggers", TriggerViewSet, basename="trigger")
urlpatterns = router.urls
