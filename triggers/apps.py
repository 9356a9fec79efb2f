from django.apps import AppConfig


class TriggersConfig(AppConfig):
    """Whom a tenant's monitors tell, and how."""

    name = "triggers"
    verbose_name = "Triggers"
