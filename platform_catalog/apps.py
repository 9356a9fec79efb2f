from django.apps import AppConfig


class PlatformCatalogConfig(AppConfig):
    """What the platform offers to every tenant: networks, filter scripts, templates."""

    name = "platform_catalog"
    verbose_name = "Catalogue"
