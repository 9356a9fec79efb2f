from django.apps import AppConfig


class TenantsConfig(AppConfig):
    """People, tenants, plans, credentials, audit and configuration versions."""

    name = "tenants"
    verbose_name = "Tenants and people"

    def ready(self) -> None:
        from blip0.common.idempotency import ANSWER_STORES, STORE
        from blip0.common.projected import register_projected
        from blip0.common.system_settings import PROVIDER, SETTING_PROVIDERS
        from tenants import receivers  # noqa: F401  # importing it connects them
        from tenants.models import Tenant
        from tenants.selectors import stored_settings
        from tenants.services.answers import KeptAnswers

        SETTING_PROVIDERS.register(PROVIDER, stored_settings)
        ANSWER_STORES.register(STORE, KeptAnswers())
        register_projected(Tenant, kind="tenant", owner_column="*")
