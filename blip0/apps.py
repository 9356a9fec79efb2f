from django.apps import AppConfig


class Blip0Config(AppConfig):
    """The platform's own commands and checks; it has no models."""

    name = "blip0"
    verbose_name = "Blip0"
