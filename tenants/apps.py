from django.apps import AppConfig


class TenantsConfig(AppConfig):
    """People, tenants, plans, credentials, audit and configuration versions."""

    name = "tenants"
    verbose_name = "Tenants and people"
