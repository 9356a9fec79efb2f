from django.apps import AppConfig


class MonitorsConfig(AppConfig):
    """What a tenant watches, and what was found."""

    name = "monitors"
    verbose_name = "Monitors"

    def ready(self) -> None:
        from blip0.common.projected import register_projected
        from monitors import models

        register_projected(models.Monitor, kind="monitor", owner_column="id")
        for model in (
            models.MonitorNetwork,
            models.MonitorTrigger,
            models.MonitorAddress,
            models.MatchCondition,
            models.ScriptCondition,
        ):
            register_projected(model, kind="monitor", owner_column="monitor_id")
        register_projected(models.ContractSpec, kind="monitor", owner_column="*")
