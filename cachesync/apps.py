from django.apps import AppConfig


class CachesyncConfig(AppConfig):
    """The projection: committed configuration into Redis, for the runtime."""

    name = "cachesync"
    verbose_name = "Projection"

    def ready(self) -> None:
        from cachesync import (
            checks,  # noqa: F401  # registers itself
            gauges,
            presentation,
        )
        from cachesync.receivers import connect

        connect()
        gauges.register()
        presentation.register()
