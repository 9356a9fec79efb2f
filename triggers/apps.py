from django.apps import AppConfig


class TriggersConfig(AppConfig):
    """Whom a tenant's monitors tell, and how."""

    name = "triggers"
    verbose_name = "Triggers"

    def ready(self) -> None:
        from blip0.common.projected import register_projected
        from triggers import models

        register_projected(models.Trigger, kind="trigger", owner_column="id")
        for config in models.TriggerConfig.__subclasses__():
            register_projected(config, kind="trigger", owner_column="trigger_id")
