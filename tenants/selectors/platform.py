"""Reads over tenants, people and the platform's settings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from blip0.common.exceptions import InvalidField, NotFound
from blip0.common.system_settings import SETTINGS, SettingDefinition
from tenants.choices import Limit
from tenants.contracts import Limits
from tenants.models import ConfigVersion, LimitOverride, SystemSetting, Tenant
from tenants.models.versions import PLATFORM_SCOPE


def limits_of(tenant: Tenant) -> Limits:
    """The tenant's limits. One query, and one more where its plan isn't loaded yet."""
    values = {limit.value: getattr(tenant.plan, limit.value) for limit in Limit}
    values |= LimitOverride.objects.filter(tenant=tenant).values_list("limit", "value")
    return Limits(**values)


def platform_version() -> str:
    """Names one committed state of the catalogue and the plans. One query.

    The random token is a part of it: after a restore, an equal number may be another state.
    """
    row = ConfigVersion.objects.filter(scope=PLATFORM_SCOPE).values_list("version", "token").first()
    return "none" if row is None else "{}-{}".format(*row)


def tenant_by_slug(slug: str) -> Tenant:
    """Raises `NotFound`. One query, the plan included."""
    tenant = Tenant.objects.select_related("plan").filter(slug=slug).first()
    if tenant is None:
        raise NotFound(f"There is no tenant {slug!r}. `manage.py tenant_list` shows all.")
    return tenant


def stored_settings() -> dict[str, object]:
    """The provider of `blip0.common.system_settings`: what staff have set. One query."""
    return dict(SystemSetting.objects.values_list("key", "value"))


@dataclass(frozen=True, kw_only=True)
class SettingState:
    """A registered setting, and what staff set, if they did.

    `value` is what holds. `problem` says why what is stored doesn't: a rule is newer than it.
    """

    definition: SettingDefinition[Any]
    value: Any
    default: Any
    row: SystemSetting | None
    problem: str = ""


def setting_states() -> list[SettingState]:
    """All registered settings, in the order of their registration. One query."""
    rows = SystemSetting.objects.in_bulk(list(SETTINGS))
    return [setting_state(definition, rows.get(key)) for key, definition in SETTINGS.items()]


def setting_state(definition: SettingDefinition[Any], row: SystemSetting | None) -> SettingState:
    """The state with this row, or with none. No query."""
    default = definition.default()
    value, problem = default, ""
    if row is not None:
        try:
            value = definition.read(row.value)
        except InvalidField as refusal:
            problem = refusal.message
    return SettingState(
        definition=definition, value=value, default=default, row=row, problem=problem
    )
