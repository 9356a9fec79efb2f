from django.apps import AppConfig


class Blip0Config(AppConfig):
    """The platform's own commands and checks; it has no models."""

    name = "blip0"
    verbose_name = "Blip0"

    def ready(self) -> None:
        from blip0 import checks  # noqa: F401  # importing it registers the checks
