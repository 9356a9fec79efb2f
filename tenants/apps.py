from django.apps import AppConfig


class TenantsConfig(AppConfig):
    """People, tenants, plans, credentials, audit and configuration versions."""

    name = "tenants"
    verbose_name = "Tenants and people"

    def ready(self) -> None:
        from blip0.common.projected import register_projected
        from tenants.models import Tenant

        register_projected(Tenant, kind="tenant", owner_column="*")
