"""Rows of every registered model, with a name of one's choice, for guards over all changelists."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

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
from monitors.tests import factories as monitor_rows
from platform_catalog import models as catalogue
from platform_catalog.tests import factories as catalogue_rows
from tenants import models as tenants
from tenants.tests import factories as tenant_rows
from triggers import models as triggers
from triggers.tests import factories as trigger_rows

NOW = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
Make = Callable[[str, int], object]
"""Makes the n-th row; `name` stands in every text that people can choose."""


def _version(number: int) -> dict[str, Any]:
    return {"version": number + 1, "token": uuid.uuid4()}


ROWS: dict[type[Model], Make] = {
    tenants.Tenant: lambda name, n: tenant_rows.TenantFactory.create(name=f"{name}{n}"),
    tenants.Plan: lambda name, n: tenant_rows.PlanFactory.create(name=f"{name}{n}"),
    tenants.User: lambda name, n: tenant_rows.UserFactory.create(name=f"{name}{n}"),
    tenants.Membership: lambda name, n: tenant_rows.MembershipFactory.create(user__name=name),
    tenants.TokenFamily: lambda name, n: tenant_rows.TokenFamilyFactory.create(user__name=name),
    tenants.StaffSession: lambda name, n: tenant_rows.StaffSessionFactory.create(
        user__name=name, user_agent=name
    ),
    tenants.Invitation: lambda name, n: tenant_rows.InvitationFactory.create(email=f"{name}{n}"),
    tenants.ApiKey: lambda name, n: tenant_rows.ApiKeyFactory.create(
        name=f"{name}{n}", created_by=tenant_rows.UserFactory.create()
    ),
    tenants.Domain: lambda name, n: tenant_rows.DomainFactory.create(domain=f"{name}{n}"),
    tenants.SystemSetting: lambda name, n: tenant_rows.SystemSettingFactory.create(
        value=[name], updated_by=name
    ),
    tenants.AuditRecord: lambda name, n: tenant_rows.AuditRecordFactory.create(
        actor_name=name, object_name=name, reason=name
    ),
    tenants.ConfigVersion: lambda name, n: tenants.ConfigVersion.objects.create(
        scope=f"{name}{n}", changed_at=NOW, **_version(n)
    ),
    tenants.ConfigChange: lambda name, n: tenants.ConfigChange.objects.create(
        scope=name, kind="monitor", object_id=f"{name}{n}", created_at=NOW, **_version(n)
    ),
    Group: lambda name, n: Group.objects.create(name=f"{name}{n}"),
    catalogue.Network: lambda name, n: catalogue_rows.NetworkFactory.create(name=f"{name}{n}"),
    catalogue.BlockProgress: lambda name, n: catalogue.BlockProgress.objects.create(
        network=catalogue_rows.NetworkFactory.create(),
        block_number=n,
        instance=name,
        reported_at=NOW,
    ),
    catalogue.FilterScript: lambda name, n: catalogue_rows.FilterScriptFactory.create(
        description=name
    ),
    catalogue.FilterScriptVersion: lambda name, n: catalogue_rows.FilterScriptVersionFactory.create(
        script=catalogue_rows.FilterScriptFactory.create(), note=name, version=n + 2
    ),
    catalogue.MonitorTemplate: lambda name, n: catalogue_rows.MonitorTemplateFactory.create(
        name=f"{name}{n}"
    ),
    ProjectedDocument: lambda name, n: ProjectedDocument.objects.create(
        scope="platform",
        kind="network",
        object_id=str(n),
        name=name,
        slug=name,
        reason=name,
        state="active",
        rev=1,
    ),
    ProjectedScope: lambda name, n: ProjectedScope.objects.create(scope=f"{name}{n}"),
    ProjectionRun: lambda name, n: ProjectionRun.objects.create(
        kind="comparison",
        status="done",
        scopes=[f"{name}{n}"],
        document=name,
        reason=name,
        error=name,
        actor_name=name,
        actor_kind="staff",
        created_at=NOW,
        heard_at=NOW,
    ),
    ProjectionDifference: lambda name, n: ProjectionDifference.objects.create(
        scope=f"{name}{n}", kind="altered", document=name, found_at=NOW
    ),
    Sample: lambda name, n: Sample.objects.create(
        taken_at=NOW + timedelta(minutes=n), values={name: n}
    ),
    triggers.Trigger: lambda name, n: trigger_rows.SlackTriggerFactory.create(name=f"{name}{n}"),
    triggers.DeliveryTest: lambda name, n: trigger_rows.DeliveryTestFactory.create(
        status=name, requested_by=name
    ),
    monitors.Monitor: lambda name, n: monitor_rows.MonitorFactory.create(name=f"{name}{n}"),
    monitors.ContractSpec: lambda name, n: monitor_rows.ContractSpecFactory.create(value=[name, n]),
    monitors.Match: lambda name, n: monitor_rows.MatchFactory.create(
        monitor_name=name, transaction_id=name
    ),
    monitors.TriggerExecution: lambda name, n: monitor_rows.TriggerExecutionFactory.create(
        trigger_name=name, error=name, match__monitor_name=name
    ),
    monitors.Finding: lambda name, n: monitor_rows.FindingFactory.create(message=name, code=name),
}
