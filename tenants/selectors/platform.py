"""Reads over tenants, people and the platform's settings."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Final

import orjson
from django.db import connection

from blip0.common.exceptions import InvalidField, NotFound
from blip0.common.system_settings import SETTINGS, SettingDefinition
from blip0.common.usage import Users
from tenants.choices import Limit
from tenants.contracts import Limits
from tenants.models import ConfigVersion, LimitOverride, Plan, SystemSetting, Tenant
from tenants.models.versions import PLATFORM_SCOPE

TENANT_AND_PLAN: Final = (
    f"{Tenant._meta.db_table} AS tenant JOIN {Plan._meta.db_table} AS plan "
    "ON plan.slug = tenant.plan_id"
)
_OF_PLAN: Final = ", ".join(f"'{limit}', plan.{limit}" for limit in Limit)
LIMITS: Final = (
    f"jsonb_build_object({_OF_PLAN}) || coalesce("
    f'(SELECT jsonb_object_agg("limit", value) FROM {LimitOverride._meta.db_table} '
    "WHERE tenant_id = tenant.id), '{}')"
)
"""SQL over `TENANT_AND_PLAN`: what `Limits` is made of. An override takes the plan's place."""


def limits_of(tenant: Tenant) -> Limits:
    """The tenant's limits. One query."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {LIMITS} FROM {TENANT_AND_PLAN} WHERE tenant.id = %s",
            [tenant.pk],
        )
        ((values,),) = cursor.fetchall()
    return Limits(**orjson.loads(values))


def platform_version() -> str:
    """Names one committed state of the catalogue and the plans. One query.

    The random token is a part of it: after a restore, an equal number may be another state.
    """
    row = ConfigVersion.objects.filter(scope=PLATFORM_SCOPE).values_list("version", "token").first()
    return "none" if row is None else "{}-{}".format(*row)


def plan_users(ids: Collection[str], named: int) -> Users:
    """Which tenants have one of these plans; deleted ones, too. Two queries."""
    tenants = Tenant.objects.filter(plan__in=ids).order_by("slug")
    slugs = tenants.values_list("slug", flat=True)[:named]
    return Users(number=tenants.count(), named=[f"tenant {slug}" for slug in slugs])


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
