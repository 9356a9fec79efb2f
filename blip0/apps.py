from django.apps import AppConfig


class Blip0Config(AppConfig):
    """The platform's own commands and checks; it has no models."""

    name = "blip0"
    verbose_name = "Blip0"

    def ready(self) -> None:
        # Importing is enough: the Celery app becomes current, so that tasks find its broker from
        # any process; checks and receivers register themselves.
        from blip0 import celery, checks, receivers  # noqa: F401  # see above
        from blip0.common.allowed_targets import ALLOWED_TARGETS
        from blip0.common.maintenance import MAINTENANCE_BANNER
        from blip0.common.system_settings import register_setting

        register_setting(ALLOWED_TARGETS)
        register_setting(MAINTENANCE_BANNER)
