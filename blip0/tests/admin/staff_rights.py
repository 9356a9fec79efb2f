"""Who of staff may do what in the admin: the answer that each page and action must give.

A letter a role: `s`upport, `o`perator, `c`atalogue editor, `a`dministrator. What isn't named is
nobody's but a superuser's. A new page or action needs its place here: see `test_staff_roles.py`.
"""

from __future__ import annotations

from collections.abc import Mapping

from django.contrib.auth.models import Group
from django.db.models import Model

from cachesync.models import (
    ProjectedDocument,
    ProjectedScope,
    ProjectionDifference,
    ProjectionRun,
    Sample,
)
from monitors import models as monitors
from platform_catalog import models as catalogue
from tenants import models as tenants
from tenants.choices import StaffRole
from triggers import models as triggers

LETTERS = {
    StaffRole.SUPPORT: "s",
    StaffRole.OPERATOR: "o",
    StaffRole.CATALOGUE_EDITOR: "c",
    StaffRole.ADMINISTRATOR: "a",
}
ALL = "soca"
_TENANTS = {"view": "soa"}
_CATALOGUE = {"view": ALL}
_EDITED = {**_CATALOGUE, "add": "ca", "change": "ca", "delete": "ca"}
_MANAGED = {**_TENANTS, "add": "a", "change": "a", "delete": "a"}

MODELS: Mapping[type[Model], Mapping[str, str]] = {
    tenants.Tenant: {
        **_TENANTS,
        "add": "a",
        "change": "a",
        "delete": "a",
        "restore": "a",
        "work_inside": "soa",
        "go": "soa",
        "allow_changes": "oa",
        "leave": ALL,
        "suspend": "oa",
        "activate": "oa",
        "revert": "a",
    },
    tenants.Plan: {**_MANAGED, "revert": "a"},
    tenants.User: {
        **_TENANTS,
        "add": "a",
        "change": "a",
        "set_password": "a",
        "reset_two_factor": "a",
        "end_sessions": "a",
    },
    tenants.Membership: {**_MANAGED, "view_as": "soa", "revert": "a"},
    tenants.StaffSession: {**_TENANTS, "end": "a", "end_selected": "a"},
    tenants.TokenFamily: {**_TENANTS, "end": "oa"},
    tenants.Invitation: {**_TENANTS, "revoke": "oa", "revoke_selected": "oa"},
    tenants.ApiKey: {**_TENANTS, "revoke": "oa", "revoke_selected": "oa"},
    tenants.Domain: {**_TENANTS, "add": "a", "delete": "a"},
    tenants.SystemSetting: {**_TENANTS, "change": "a", "reset": "a", "revert": "a"},
    tenants.AuditRecord: {**_TENANTS, "export": "a"},
    tenants.ConfigVersion: _TENANTS,
    tenants.ConfigChange: _TENANTS,
    Group: _TENANTS,
    catalogue.Network: {
        **_EDITED,
        "inspect": "soa",
        "revert": "ca",
        **dict.fromkeys(("enable", "disable", "enable_selected", "probe"), "ca"),
    },
    catalogue.BlockProgress: _CATALOGUE,
    catalogue.FilterScript: {**_EDITED, "inspect": "soa", "revert": "ca"},
    catalogue.FilterScriptVersion: {**_CATALOGUE, "compare": ALL, "roll_back": "ca"},
    catalogue.MonitorTemplate: {**_EDITED, "preview": ALL, "revert": "ca"},
    triggers.Trigger: {
        **_MANAGED,
        "revert": "a",
        **dict.fromkeys(("enable", "disable", "enable_selected", "disable_selected"), "oa"),
    },
    triggers.DeliveryTest: _TENANTS,
    monitors.Monitor: {
        **_MANAGED,
        **dict.fromkeys(("pause", "resume", "snooze", "wake"), "oa"),
        **dict.fromkeys(
            ("pause_selected", "resume_selected", "snooze_selected", "wake_selected"), "oa"
        ),
        "export_selected": "soa",
        "resync_selected": "oa",
        "revert": "a",
        "clone": "a",
        "inspect": "soa",
        "explain": "soa",
    },
    monitors.Match: _TENANTS,
    monitors.TriggerExecution: _TENANTS,
    monitors.Finding: _TENANTS,
    monitors.ContractSpec: _TENANTS,
    ProjectedDocument: {**_TENANTS, "inspect": "soa"},
    ProjectionDifference: {**_TENANTS, "repair_selected": "oa"},
    ProjectionRun: {**_TENANTS, "compare_all": "oa", "rebuild": "oa"},
    ProjectedScope: _TENANTS,
    Sample: _TENANTS,
}
"""`view` is the list, an object's page and its history; the rest is called as in its URL."""

PAGES: Mapping[str, str] = {
    "runtimes": "soa",
    "spec-conflicts": "soa",
    "expression-playground": ALL,
}
"""Pages of `@admin_page`, by key."""

CARDS: Mapping[str, str] = dict.fromkeys(
    ("tenants", "monitors", "projection", "runtimes", "full", "slowest"), "soa"
)
"""Cards of the home page, by key."""

TENANT_CARDS_OF: Mapping[str, str] = dict.fromkeys(("keys", "happened", "usage", "monitors"), "soa")
"""Cards of a tenant's page, by key."""

ANY_STAFF = frozenset(
    {
        "",
        "account/",
        "account/recovery-codes/",
        "account/sessions/<uuid:session>/end/",
        "account/sessions/end/",
        "account/two-factor/",
        "account/two-factor/off/",
        "autocomplete/",
        "jsi18n/",
        "login/",
        "login/code/",
        "logout/",
        "password_change/",
        "password_change/done/",
        "search/",
    }
)
"""Routes under `admin/` that are one's own, or show no more than the rights of who asks."""

UNUSED = frozenset(
    {
        "r/<path:content_type_id>/<path:object_id>/",
        "^(?P<app_label>tenants|auth|platform_catalog|triggers|monitors|cachesync)/$",
        "(?P<url>.*)$",
    }
)
"""Django's own, which lead to the pages above."""

_OF_A_DOCUMENT = "<str:scope_id>/<str:kind>/<str:object_id>/"
ELSEWHERE = frozenset(
    {
        f"cachesync/projecteddocument/inspect/{_OF_A_DOCUMENT}",
        f"cachesync/projecteddocument/inspect/{_OF_A_DOCUMENT}resync/",
        f"cachesync/projecteddocument/inspect/{_OF_A_DOCUMENT}resync-scope/",
        "cachesync/projectiondifference/compare/",
        "cachesync/projectiondifference/repair/",
    }
)
"""Routes whose answers to those who may less are tested in `cachesync/tests/admin`."""
