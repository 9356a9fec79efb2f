"""A tenant's life, with real transactions: what is committed is what the projection sees."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import IntegrityError, connection
from django.utils import timezone

from blip0.common.exceptions import Conflict, InvalidField
from tenants.choices import TenantStatus
from tenants.exceptions import MigrationsRunning
from tenants.models import AuditRecord, ConfigVersion, Tenant
from tenants.services import schemas
from tenants.services.lifecycle import (
    lifecycles_continue,
    tenant_activate,
    tenant_delete,
    tenant_purge,
    tenant_restore,
    tenant_suspend,
)
from tenants.tests.factories import DomainFactory, TenantFactory
from tenants.tests.lives import (
    ACTOR,
    actions,
    create,
    has_schema,
    version_of,
)


def test_tenant_suspend__active__version_bumped_and_suspended(committed: None) -> None:
    tenant = create()
    before = version_of(tenant)

    suspended = tenant_suspend(tenant=tenant, reason="Unpaid", actor=ACTOR)

    assert (suspended.status, suspended.status_reason) == (TenantStatus.SUSPENDED, "Unpaid")
    after = version_of(tenant)
    assert after.version == before.version + 1
    assert after.token != before.token
    assert after.status == ConfigVersion.Status.SUSPENDED

    activated = tenant_activate(tenant=tenant, actor=ACTOR)
    assert (activated.status, activated.status_reason) == (TenantStatus.ACTIVE, "")
    assert version_of(tenant).status == ConfigVersion.Status.ACTIVE
    record = AuditRecord.objects.get(action="tenant.suspended", tenant_id=tenant.pk)
    assert record.reason == "Unpaid"
    assert record.before == {"status": "active"}


def test_tenant_suspend__no_reason__refused(committed: None) -> None:
    with pytest.raises(InvalidField) as caught:
        tenant_suspend(tenant=create(), reason=" ", actor=ACTOR)
    assert caught.value.pointer == "/reason"


def test_tenant_delete__active__stops_now_and_ends_after_the_grace_time(committed: None) -> None:
    tenant = create()

    deleted = tenant_delete(tenant=tenant, actor=ACTOR)

    assert deleted.status == TenantStatus.PENDING_DELETION
    assert deleted.delete_after is not None
    grace = deleted.delete_after - timezone.now()
    assert abs(grace - timedelta(days=settings.TENANT_GRACE_DAYS)) < timedelta(minutes=1)
    assert version_of(tenant).status == ConfigVersion.Status.SUSPENDED
    assert has_schema(tenant)

    restored = tenant_restore(tenant=tenant, actor=ACTOR)
    assert (restored.status, restored.delete_after) == (TenantStatus.ACTIVE, None)
    assert version_of(tenant).status == ConfigVersion.Status.ACTIVE


def test_tenant_restore__was_suspended__is_suspended_again(committed: None) -> None:
    tenant = create()
    tenant_suspend(tenant=tenant, reason="Unpaid", actor=ACTOR)
    deleted = tenant_delete(tenant=tenant, actor=ACTOR, reason="Asked for it")
    assert deleted.status_before_deletion == TenantStatus.SUSPENDED

    restored = tenant_restore(tenant=tenant, actor=ACTOR)

    assert (restored.status, restored.status_before_deletion) == (TenantStatus.SUSPENDED, None)
    assert restored.status_reason == "Suspended before its deletion."
    assert version_of(tenant).status == ConfigVersion.Status.SUSPENDED
    assert tenant_activate(tenant=tenant, actor=ACTOR).status == TenantStatus.ACTIVE


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("status", "before"),
    [
        (TenantStatus.PENDING_DELETION, None),
        (TenantStatus.PENDING_DELETION, TenantStatus.DELETED),
        (TenantStatus.ACTIVE, TenantStatus.SUSPENDED),
        (TenantStatus.DELETED, TenantStatus.ACTIVE),
    ],
)
def test_tenant__status_before_deletion_out_of_place__refused_by_the_database(
    status: TenantStatus, before: TenantStatus | None
) -> None:
    with pytest.raises(IntegrityError, match="tenant_status_before_deletion"):
        TenantFactory.create(status=status, status_before_deletion=before)


def test_lifecycles_continue__grace_time_over__purged_and_the_other_kept(
    committed: None,
) -> None:
    first, second = create("first"), create("second")
    tenant_delete(tenant=first, actor=ACTOR)
    late = tenant_delete(tenant=second, actor=ACTOR)
    assert late.delete_after is not None
    Tenant.objects.filter(pk=second.pk).update(delete_after=late.delete_after + timedelta(days=1))

    now = timezone.now() + timedelta(days=settings.TENANT_GRACE_DAYS, minutes=1)
    assert lifecycles_continue(now=now) == (0, 1)

    assert not has_schema(first)
    assert has_schema(second)


def test_tenant_purge__pending_deletion__data_gone_row_and_slug_kept(committed: None) -> None:
    tenant = create(owner_email="peter@initech.test")
    DomainFactory.create(tenant=tenant)
    tenant_delete(tenant=tenant, actor=ACTOR)

    purged = tenant_purge(tenant=tenant, actor=ACTOR)

    assert (purged.status, purged.delete_after) == (TenantStatus.DELETED, None)
    assert not has_schema(tenant)
    assert not tenant.memberships.exists()
    assert not tenant.domains.exists()
    assert version_of(tenant).status == ConfigVersion.Status.DELETED
    assert actions(tenant)[-2:] == ["tenant.deleted", "tenant.purged"]
    with pytest.raises(Conflict, match="was by a deleted tenant"):
        create()


def test_tenant_purge__never_provisioned__possible(committed: None) -> None:
    purged = tenant_purge(tenant=TenantFactory.create(), actor=ACTOR)

    assert purged.status == TenantStatus.DELETED


def test_tenant_purge__migrations_running__refused_and_unchanged(committed: None) -> None:
    tenant = tenant_delete(tenant=create(), actor=ACTOR)
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute(f"SELECT pg_advisory_lock({schemas.MIGRATIONS_LOCK})")
        with pytest.raises(MigrationsRunning):
            tenant_purge(tenant=tenant, actor=ACTOR)
    finally:
        other.close()

    tenant.refresh_from_db()
    assert tenant.status == TenantStatus.PENDING_DELETION
    assert has_schema(tenant)


STEPS: dict[str, Callable[[Tenant], Tenant]] = {
    "suspend": lambda tenant: tenant_suspend(tenant=tenant, reason="x", actor=ACTOR),
    "activate": lambda tenant: tenant_activate(tenant=tenant, actor=ACTOR),
    "delete": lambda tenant: tenant_delete(tenant=tenant, actor=ACTOR),
    "restore": lambda tenant: tenant_restore(tenant=tenant, actor=ACTOR),
    "purge": lambda tenant: tenant_purge(tenant=tenant, actor=ACTOR),
}
ALLOWED = {
    TenantStatus.PROVISIONING: {"purge"},
    TenantStatus.ACTIVE: {"suspend", "delete"},
    TenantStatus.SUSPENDED: {"activate", "delete"},
    TenantStatus.PENDING_DELETION: {"restore", "purge"},
    TenantStatus.DELETED: set(),
}


@pytest.mark.django_db
@pytest.mark.parametrize("status", list(TenantStatus))
@pytest.mark.parametrize("verb", list(STEPS))
def test_step__any_status__allowed_or_refused_without_a_change(
    status: TenantStatus, verb: str
) -> None:
    tenant = TenantFactory.create(status=status)

    if verb in ALLOWED[status]:
        assert STEPS[verb](tenant).status != status
        return
    with pytest.raises(Conflict, match=f"Cannot {verb} tenant {tenant.slug}: it is"):
        STEPS[verb](tenant)
    tenant.refresh_from_db()
    assert tenant.status == status
    assert actions(tenant) == []


@pytest.mark.django_db
@pytest.mark.parametrize("column", ["slug", "schema_name"])
def test_tenant__update_of_what_never_changes__refused_by_the_database(column: str) -> None:
    tenant = TenantFactory.create()

    with pytest.raises(IntegrityError, match=f"{column} never changes"):
        Tenant.objects.filter(pk=tenant.pk).update(**{column: "t_" + "0" * 32})
