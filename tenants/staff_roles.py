"""What each role of staff may: the one table. `manage.py migrate` makes the groups follow it.

A new model's, page's or button's permission gets its line here; until then only administrators who
are superusers reach it, and the guard in `blip0/tests/admin/test_staff_roles.py` asks for it.
Permissions beside Django's four are declared in the model's `Meta.permissions`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tenants.choices import StaffRole


def _each(app: str, *codenames: str) -> frozenset[str]:
    return frozenset(f"{app}.{codename}" for codename in codenames)


def _all(app: str, *models: str) -> frozenset[str]:
    verbs = ("add", "change", "delete")
    return _each(app, *(f"{verb}_{model}" for verb in verbs for model in models))


_CATALOGUE_SEEN = _each(
    "platform_catalog",
    "view_network", "view_rpcendpoint", "view_blockprogress", "view_filterscript",
    "view_filterscriptversion", "view_monitortemplate",
)  # fmt: skip
_CATALOGUE_EDITED = _all(
    "platform_catalog", "network", "rpcendpoint", "filterscript", "monitortemplate"
)
_SEEN = (
    _CATALOGUE_SEEN
    | _each(
        "tenants",
        "view_tenant", "view_limitoverride", "view_plan", "view_user", "view_membership",
        "view_tokenfamily", "view_invitation", "view_apikey", "view_domain", "view_systemsetting",
        "view_auditrecord", "view_configversion", "view_configchange", "view_staffsession",
    )
    | _each("auth", "view_group")
    | _each(
        "monitors",
        "view_monitor", "view_match", "view_triggerexecution", "view_finding", "view_contractspec",
    )
    | _each("triggers", "view_trigger", "view_deliverytest")
    | _each(
        "cachesync",
        "view_projecteddocument", "view_projectedscope", "view_sample",
        "view_projectiondifference", "view_projectionrun",
    )
)  # fmt: skip

_SUPPORT = _SEEN | _each("tenants", "enter_tenant", "view_as_member")
_OPERATOR = (
    _SUPPORT
    | _each("monitors", "pause_monitor")
    | _each("triggers", "enable_trigger")
    | _each("cachesync", "repair_projection", "rebuild_projection")
    | _each(
        "tenants",
        "write_inside_tenant",
        "suspend_tenant",
        "change_tokenfamily",
        "change_apikey",
        "change_invitation",
    )
)
_ADMINISTRATOR = (
    _OPERATOR
    | _CATALOGUE_EDITED
    | _all("tenants", "tenant", "limitoverride", "plan", "user", "membership", "domain")
    | _each(
        "tenants",
        "change_systemsetting", "manage_staff", "reset_two_factor", "change_staffsession",
        "export_auditrecord",
    )
    | _all("monitors", "monitor")
    | _all("triggers", "trigger")
)  # fmt: skip

STAFF_ROLES: Final[Mapping[StaffRole, frozenset[str]]] = {
    StaffRole.SUPPORT: _SUPPORT,
    StaffRole.OPERATOR: _OPERATOR,
    StaffRole.CATALOGUE_EDITOR: _CATALOGUE_SEEN | _CATALOGUE_EDITED,
    StaffRole.ADMINISTRATOR: _ADMINISTRATOR,
}
"""Support looks, operators keep things running, catalogue editors see no tenant's data."""
