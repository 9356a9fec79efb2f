from django.apps import AppConfig


class PlatformCatalogConfig(AppConfig):
    """What the platform offers to every tenant: networks, filter scripts, templates."""

    name = "platform_catalog"
    verbose_name = "Catalogue"

    def ready(self) -> None:
        from blip0.common.projected import register_projected
        from blip0.common.undoing import UNDOS, Undo
        from blip0.common.validation import register_kinds
        from platform_catalog import models
        from platform_catalog.services import reverting
        from platform_catalog.validators import CHECKS

        register_kinds(CHECKS)
        for kind, undo in {
            "network": Undo(
                model=models.Network,
                run=reverting.network_revert,
                actions=reverting.NETWORK_ACTIONS,
            ),
            "filter_script": Undo(
                model=models.FilterScript,
                run=reverting.script_revert,
                actions=reverting.SCRIPT_ACTIONS,
            ),
            "template": Undo(
                model=models.MonitorTemplate,
                run=reverting.template_revert,
                actions=reverting.TEMPLATE_ACTIONS,
            ),
        }.items():
            UNDOS.register(kind, undo)
        register_projected(models.Network, kind="network", owner_column="slug")
        register_projected(models.RpcEndpoint, kind="network", owner_column="network_id")
        register_projected(models.FilterScript, kind="filter", owner_column="name")
        register_projected(models.FilterScriptVersion, kind="filter", owner_column="script_id")
