"""Plans and limits, and the audit log that nobody can change."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, connection, transaction

from blip0.common.exceptions import NotFound
from blip0.testing.queries import count_queries
from tenants.models import AuditRecord, Plan, Tenant
from tenants.selectors import limits_of, tenant_by_slug
from tenants.tests.factories import AuditRecordFactory, LimitOverrideFactory

PROMISED = {
    "free": (10, 20, 1_000, 65_536, 10, 20, 3),
    "starter": (50, 100, 10_000, 131_072, 50, 50, 5),
    "pro": (200, 500, 100_000, 262_144, 100, 100, 10),
    "enterprise": (1_000, 2_000, 1_000_000, 524_288, 200, 256, 20),
}


@pytest.mark.django_db
def test_plans__after_migrate__as_promised_and_in_order() -> None:
    rows = Plan.objects.values_list(
        "slug",
        "monitors",
        "triggers",
        "api_calls_per_hour",
        "contract_spec_bytes",
        "addresses_per_monitor",
        "conditions_per_monitor",
        "triggers_per_monitor",
    )

    assert {slug: tuple(limits) for slug, *limits in rows} == PROMISED
    assert [row[0] for row in rows] == list(PROMISED)


def test_limits_of__one_override__the_rest_from_the_plan(acme: Tenant) -> None:
    LimitOverrideFactory.create(tenant=acme, limit="monitors", value=7)

    with count_queries() as log:
        limits = limits_of(acme)

    assert (limits.monitors, limits.triggers) == (7, acme.plan.triggers)
    assert len(log) == 1


@pytest.mark.django_db
def test_tenant_by_slug__unknown__not_found() -> None:
    with pytest.raises(NotFound, match="initech"):
        tenant_by_slug("initech")


@pytest.mark.django_db
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE tenants_auditrecord SET reason = 'x'",
        "DELETE FROM tenants_auditrecord",
        "TRUNCATE tenants_auditrecord",
        "TRUNCATE tenants_auditrecord CASCADE",
    ],
)
def test_audit__raw_sql_that_would_change_it__refused(statement: str) -> None:
    record = AuditRecordFactory.create()

    with (
        pytest.raises(IntegrityError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)

    assert AuditRecord.objects.get(pk=record.pk).reason == ""


@pytest.mark.django_db
def test_audit__update_and_delete_by_the_orm__refused() -> None:
    record = AuditRecordFactory.create()
    record.reason = "x"

    for change in (record.save, record.delete, AuditRecord.objects.all().delete):
        with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
            change()
