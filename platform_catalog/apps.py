from django.apps import AppConfig


class PlatformCatalogConfig(AppConfig):
    """What the platform offers to every tenant: networks, filter scripts, templates."""

    name = "platform_catalog"
    verbose_name = "Catalogue"

    def ready(self) -> None:
        from blip0.common.projected import register_projected
        from blip0.common.validation import register_kinds
        from platform_catalog import models
        from platform_catalog.validators import CHECKS

        register_kinds(CHECKS)
        register_projected(models.Network, kind="network", owner_column="slug")
        register_projected(models.RpcEndpoint, kind="network", owner_column="network_id")
        register_projected(models.FilterScript, kind="filter", owner_column="name")
        register_projected(models.FilterScriptVersion, kind="filter", owner_column="script_id")
