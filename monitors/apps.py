from django.apps import AppConfig


class MonitorsConfig(AppConfig):
    """What a tenant watches, and what was found."""

    name = "monitors"
    verbose_name = "Monitors"

    def ready(self) -> None:
        from blip0.common.limit_use import LIMIT_USE
        from blip0.common.projected import register_projected
        from blip0.common.reseal import RESEALERS
        from blip0.common.undoing import UNDOS, Undo
        from blip0.common.usage import register_usage
        from blip0.common.validation import register_kind, register_kinds
        from blip0.common.validation.stored import FINDING_STORES, STORE
        from monitors import models, receivers, selectors
        from monitors.services import monitor_change_revert, viewing_keys_reseal
        from monitors.services.findings import StoredFindings
        from monitors.services.rules import check_settings
        from monitors.validators import CHECKS

        register_kinds(CHECKS)
        register_kind("monitor_settings", check_settings)
        FINDING_STORES.register(STORE, StoredFindings())
        receivers.connect()
        RESEALERS.register("viewing keys", viewing_keys_reseal)
        UNDOS.register(
            "monitor",
            Undo(
                model=models.Monitor,
                run=monitor_change_revert,
                asks=frozenset({"secrets", "contract_specs"}),
            ),
        )
        for limit, select in selectors.USE_OF_LIMITS.items():
            LIMIT_USE.register(limit, select)
        register_usage("network", selectors.network_users)
        register_usage("filter_script", selectors.script_users)
        register_usage("trigger", selectors.trigger_users)
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
