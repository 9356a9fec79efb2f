"""Who uses an object of the catalogue: on its page, and in counts before it is switched off."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeVar
from urllib.parse import urlencode

from django.contrib.admin.utils import unquote
from django.db import models
from django.http import HttpRequest
from django.urls import reverse

from blip0.common.admin.base import SEES_USERS
from blip0.common.admin.display import link
from blip0.common.admin.projection import ProjectedAdmin
from blip0.common.usage import TenantUse, Usage, usage_of
from tenants.models import AuditRecord, Tenant

SHOWN_TENANTS: Final = 20

M = TypeVar("M", bound=models.Model)


class UsedAdmin(ProjectedAdmin[M]):
    """Ends an object's page with its users, tenant by tenant.

    Everybody sees how many there are; which tenants they are, only those who may see tenants.
    """

    change_form_outer_after_template = "admin/platform_catalog/used_by.html"

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: Mapping[str, Any] | None = None,
    ) -> Any:
        context = dict(extra_context or {})
        if object_id is not None:
            context["used_by"] = self._used_by(request, unquote(object_id))
        return super().changeform_view(request, object_id, form_url, context)

    def revert_facts(self, obj: M, record: AuditRecord) -> Sequence[tuple[str, object]]:
        return counts_of(self.usage_kind, str(obj.pk))

    def _used_by(self, request: HttpRequest, key: str) -> dict[str, Any]:
        usage = usage_of(self.usage_kind, key)
        shown: Sequence[TenantUse] = ()
        if request.user.has_perm(SEES_USERS):
            shown = usage.tenants[:SHOWN_TENANTS]
        tenants = Tenant.objects.in_bulk([use.tenant_id for use in shown])
        return {
            "usage": usage,
            "said": _said(usage),
            "table": {
                "headers": ["Tenant", "Monitors", "Running", "Running with nothing else"],
                "rows": [
                    [
                        _inside(request, tenants.get(use.tenant_id), use),
                        f"{use.monitors:,}",
                        f"{use.running:,}",
                        f"{use.alone:,}",
                    ]
                    for use in shown
                ],
            },
            "more": len(usage.tenants) - len(shown) if shown else 0,
        }


def counted(number: int, noun: str) -> str:
    """Such as "1 monitor" and "1,200 monitors"."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _said(usage: Usage) -> str:
    return (
        f"{counted(usage.monitors, 'monitor')} of {counted(len(usage.tenants), 'tenant')} "
        f"{'has' if usage.monitors == 1 else 'have'} it in what was projected last; "
        f"{usage.running:,} of them {'runs' if usage.running == 1 else 'run'} now."
    )


def counts_of(kind: str, key: str) -> list[tuple[str, object]]:
    """What a page says before an object changes for all of its users."""
    usage = usage_of(kind, key)
    return [
        ("Monitors that have it in their documents", f"{usage.monitors:,}"),
        ("Tenants that they belong to", f"{len(usage.tenants):,}"),
        ("Of these monitors, running now", f"{usage.running:,}"),
    ]


def _inside(request: HttpRequest, tenant: Tenant | None, use: TenantUse) -> str:
    """A link to the tenant's monitors, by way of its entrance."""
    if tenant is None:
        return str(use.tenant_id)
    if not request.user.has_perm("tenants.enter_tenant"):
        return tenant.slug
    monitors = urlencode({"next": reverse("admin:monitors_monitor_changelist")})
    return link(f"{reverse('admin:tenants_tenant_go', args=[tenant.pk])}?{monitors}", tenant.slug)
