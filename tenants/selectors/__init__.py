from tenants.selectors.platform import (
    SettingState,
    limits_of,
    plan_users,
    platform_version,
    setting_state,
    setting_states,
    stored_settings,
    tenant_by_slug,
)

__all__ = [
    "SettingState",
    "limits_of",
    "plan_users",
    "platform_version",
    "setting_state",
    "setting_states",
    "stored_settings",
    "tenant_by_slug",
]
