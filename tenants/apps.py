from django.apps import AppConfig


class TenantsConfig(AppConfig):
    """People, tenants, plans, credentials, audit and configuration versions."""

    name = "tenants"
    verbose_name = "Tenants and people"

    def ready(self) -> None:
        from blip0.common.idempotency import ANSWER_STORES, STORE
        from blip0.common.projected import register_projected
        from blip0.common.reseal import PLATFORM_RESEALERS
        from blip0.common.system_settings import PROVIDER, SETTING_PROVIDERS, register_setting
        from blip0.common.undoing import UNDOS, Undo
        from blip0.common.usage import register_usage
        from tenants import receivers  # noqa: F401  # importing it connects them
        from tenants.models import Membership, Plan, SystemSetting, Tenant
        from tenants.selectors import plan_users, stored_settings
        from tenants.services import reverting
        from tenants.services.accounts import STAFF_TIME_ZONE
        from tenants.services.answers import KeptAnswers
        from tenants.services.lifecycle import GRACE_DAYS
        from tenants.services.retention import AUDIT_RETENTION_DAYS
        from tenants.services.settings import DEFAULT_PLAN
        from tenants.services.signup import SIGN_UP
        from tenants.services.staff_sessions import STAFF_IDLE_MINUTES
        from tenants.services.two_factor import STAFF_TWO_FACTOR, two_factors_reseal

        SETTING_PROVIDERS.register(PROVIDER, stored_settings)
        for definition in (
            DEFAULT_PLAN,
            SIGN_UP,
            GRACE_DAYS,
            AUDIT_RETENTION_DAYS,
            STAFF_TWO_FACTOR,
            STAFF_IDLE_MINUTES,
            STAFF_TIME_ZONE,
        ):
            register_setting(definition)
        PLATFORM_RESEALERS.register("two-factor sign-ins", two_factors_reseal)
        ANSWER_STORES.register(STORE, KeptAnswers())
        for kind, undo in {
            "plan": Undo(
                model=Plan,
                run=reverting.plan_revert,
                actions=reverting.PLAN_ACTIONS,
                asks=frozenset({"lower_anyway"}),
            ),
            "system_setting": Undo(
                model=SystemSetting,
                run=reverting.setting_revert,
                actions=reverting.SETTING_ACTIONS,
            ),
            "tenant": Undo(
                model=Tenant, run=reverting.tenant_revert, actions=reverting.TENANT_ACTIONS
            ),
            "member": Undo(
                model=Membership, run=reverting.member_revert, actions=reverting.MEMBER_ACTIONS
            ),
        }.items():
            UNDOS.register(kind, undo)
        register_usage("plan", plan_users)
        register_projected(Tenant, kind="tenant", owner_column="*")
