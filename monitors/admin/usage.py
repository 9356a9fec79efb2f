"""How much of its plan a tenant uses, on its page."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest

from blip0.common.admin.cards import Content, Figure, tenant_card
from blip0.common.tenancy import in_tenant
from monitors.selectors import used_of_limits
from tenants.models import Tenant
from tenants.selectors import limits_of


@tenant_card("usage", title="Of its plan", permissions=["tenants.view_limitoverride"], queries=8)
def usage_card(_request: HttpRequest, tenant_id: UUID) -> Content:
    tenant = Tenant.objects.with_schema().select_related("plan").filter(pk=tenant_id).first()
    if tenant is None:
        return Content()
    granted = limits_of(tenant)
    with in_tenant(tenant_id):
        used = used_of_limits()
    return Content(
        figures=[
            Figure(
                label=limit.label,
                value=f"{number:,} of {getattr(granted, limit.value):,}",
                tone=_tone(number, getattr(granted, limit.value)),
                note="over its limit: nothing can be added"
                if number > getattr(granted, limit.value)
                else "",
            )
            for limit, number in used.items()
        ],
        note="Limits that each monitor has are shown with the monitor that uses most of them.",
    )


def _tone(used: int, limit: int) -> str:
    if used > limit:
        return "bad"
    return "warning" if used == limit and limit else ""
