from django.apps import AppConfig


class MonitorsConfig(AppConfig):
    """What a tenant watches, and what was found."""

    name = "monitors"
    verbose_name = "Monitors"
