from django.apps import AppConfig


class TriggersConfig(AppConfig):
    """Whom a tenant's monitors tell, and how."""

    name = "triggers"
    verbose_name = "Triggers"

    def ready(self) -> None:
        from blip0.common.limit_use import LIMIT_USE
        from blip0.common.projected import register_projected
        from blip0.common.reseal import RESEALERS
        from blip0.common.system_settings import register_setting
        from blip0.common.undoing import UNDOS, Undo
        from blip0.common.validation import register_kinds
        from triggers import models
        from triggers.services import trigger_revert, triggers_reseal
        from triggers.services.deliveries.testing import TESTS_PER_HOUR
        from triggers.services.reverting import TRIGGER_ACTIONS
        from triggers.validators import CHECKS

        register_kinds(CHECKS)
        register_setting(TESTS_PER_HOUR)
        LIMIT_USE.register(
            "triggers",
            "SELECT {name}::text, count(*) FROM {schema}.triggers_trigger WHERE deleted_at IS NULL",
        )
        RESEALERS.register("triggers", triggers_reseal)
        UNDOS.register(
            "trigger",
            Undo(
                model=models.Trigger,
                run=trigger_revert,
                actions=TRIGGER_ACTIONS,
                asks=frozenset({"secrets"}),
            ),
        )
        register_projected(models.Trigger, kind="trigger", owner_column="id")
        for config in models.TriggerConfig.__subclasses__():
            register_projected(config, kind="trigger", owner_column="trigger_id")
