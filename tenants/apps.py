from django.apps import AppConfig


class TenantsConfig(AppConfig):
    """People, tenants, plans, credentials, audit and configuration versions."""

    name = "tenants"
    verbose_name = "Tenants and people"

    def ready(self) -> None:
        from blip0.common.projected import register_projected
        from blip0.common.system_settings import PROVIDER, SETTING_PROVIDERS
        from tenants import receivers  # noqa: F401  # importing it connects them
        from tenants.models import Tenant
        from tenants.selectors import stored_settings

        SETTING_PROVIDERS.register(PROVIDER, stored_settings)
        register_projected(Tenant, kind="tenant", owner_column="*")
