"""A tenant's life, with real transactions: what is committed is what the projection sees."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import IntegrityError, connection
from django.utils import timezone

from blip0.common.actors import Actor
from blip0.common.db.schemas import tenant_schemas
from blip0.common.exceptions import Conflict, DomainError
from blip0.testing import PROJECT_ROOT
from tenants.choices import Role, TenantStatus
from tenants.exceptions import InvalidField, MigrationsRunning
from tenants.models import AuditRecord, ConfigVersion, Membership, Tenant, User
from tenants.services import schemas
from tenants.services.lifecycle import (
    lifecycles_continue,
    tenant_activate,
    tenant_create,
    tenant_delete,
    tenant_provision,
    tenant_purge,
    tenant_restore,
    tenant_suspend,
)
from tenants.tests.factories import DomainFactory, TenantFactory

ACTOR = Actor("staff", "7", "sam@blip0.test")


def create(slug: str = "initech", owner_email: str = "") -> Tenant:
    return tenant_create(
        slug=slug, name="Initech", plan_slug="starter", actor=ACTOR, owner_email=owner_email
    )


def version_of(tenant: Tenant) -> ConfigVersion:
    return ConfigVersion.objects.get(scope=str(tenant.pk))


def actions(tenant: Tenant) -> list[str]:
    records = AuditRecord.objects.filter(tenant_id=tenant.pk).order_by("id")
    return list(records.values_list("action", flat=True))


def has_schema(tenant: Tenant) -> bool:
    return tenant.schema_name in tenant_schemas("monitors_monitor")


def test_tenant_create__valid__active_with_schema_owner_audit_and_version(
    committed: None,
) -> None:
    tenant = create(owner_email=" Peter@Initech.test ")

    assert tenant.status == TenantStatus.ACTIVE
    assert has_schema(tenant)
    owner = User.objects.get(email="peter@initech.test")
    assert not owner.has_usable_password()
    assert Membership.objects.get(tenant=tenant).user == owner
    assert Membership.objects.get(tenant=tenant).role == Role.OWNER
    assert actions(tenant) == ["tenant.created", "member.added", "tenant.provisioned"]
    assert AuditRecord.objects.get(action="tenant.created", tenant_id=tenant.pk).actor_id == "7"
    assert version_of(tenant).status == ConfigVersion.Status.ACTIVE


def test_tenant_create__owner_with_an_account__keeps_it(committed: None) -> None:
    before = User.objects.count()

    tenant = create(owner_email="ana@acme.test")

    assert User.objects.count() == before
    assert tenant.memberships.get().user.email == "ana@acme.test"


@pytest.mark.parametrize(
    ("values", "pointer"),
    [
        ({"slug": "Initech"}, "/slug"),
        ({"slug": "-x"}, "/slug"),
        ({"slug": ""}, "/slug"),
        ({"slug": "x" * 64}, "/slug"),
        ({"slug": "x\n"}, "/slug"),
        ({"slug": "acme"}, "/slug"),
        ({"name": "  "}, "/name"),
        ({"plan_slug": "gold"}, "/plan"),
        ({"owner_email": "nobody"}, "/email"),
    ],
)
def test_tenant_create__bad_value__names_the_field_and_leaves_nothing(
    committed: None, values: dict[str, str], pointer: str
) -> None:
    before = Tenant.objects.count(), User.objects.count(), AuditRecord.objects.count()
    good = {"slug": "initech", "name": "Initech", "plan_slug": "free"}

    with pytest.raises(DomainError) as caught:
        tenant_create(**{**good, **values}, actor=ACTOR)

    assert caught.value.pointer == pointer
    assert before == (Tenant.objects.count(), User.objects.count(), AuditRecord.objects.count())


def test_tenant_create__one_slug_twice_at_once__one_tenant_and_one_conflict(
    committed: None,
) -> None:
    outcomes = in_threads(lambda: create().status, times=4)

    assert sorted(outcomes) == [
        "Conflict",
        "Conflict",
        "Conflict",
        TenantStatus.ACTIVE.value,
    ]
    assert has_schema(Tenant.objects.get(slug="initech"))


def test_tenant_provision__four_at_once__one_schema_and_one_record(committed: None) -> None:
    tenant = TenantFactory.create()

    outcomes = in_threads(lambda: tenant_provision(tenant.pk).status, times=4)

    assert outcomes == [TenantStatus.ACTIVE.value] * 4
    assert actions(tenant) == ["tenant.provisioned"]


KILL = """
import os, signal, django
django.setup()
from blip0.common.actors import Actor
from tenants.services import lifecycle

def killing(function, before):
    def wrapper(*args, **kwargs):
        if before:
            os.kill(os.getpid(), signal.SIGKILL)
        result = function(*args, **kwargs)
        os.kill(os.getpid(), signal.SIGKILL)
        return result
    return wrapper

name, before = {name!r}, {before!r}
setattr(lifecycle, name, killing(getattr(lifecycle, name), before))
lifecycle.tenant_create(
    slug="initech", name="Initech", plan_slug="free", actor=Actor.system("test")
)
"""


@pytest.mark.parametrize(
    ("name", "before", "row_is_there"),
    [
        ("_audit", True, False),  # the row is not committed yet
        ("_provision", True, True),  # the row is committed, nothing else
        ("schema_create", False, True),  # every table is made, nothing is committed
        ("_move", False, True),  # the status is set, nothing is committed
        ("_provision", False, True),  # all is done
    ],
)
def test_tenant_create__killed__another_process_finishes_it(
    committed: None, name: str, before: bool, row_is_there: bool
) -> None:
    script = textwrap.dedent(KILL).format(name=name, before=before)
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={
            **os.environ,
            "DATABASE_URL": database_url(),
            "DJANGO_SETTINGS_MODULE": "blip0.settings",
        },
        cwd=PROJECT_ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr

    lifecycles_continue(now=timezone.now() + timedelta(minutes=1))

    tenants = Tenant.objects.filter(slug="initech")
    assert tenants.exists() == row_is_there
    for tenant in tenants:
        assert tenant.status == TenantStatus.ACTIVE
        assert has_schema(tenant)
        assert schemas.schemas_unlike_template() == []
        assert actions(tenant).count("tenant.provisioned") == 1


def test_tenant_create__migrations_running__waits_and_says_why(committed: None) -> None:
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute(f"SELECT pg_advisory_lock({schemas.MIGRATIONS_LOCK})")
        tenant = create()
    finally:
        other.close()

    assert tenant.status == TenantStatus.PROVISIONING
    assert "Migrations are running" in tenant.provisioning_error
    assert not has_schema(tenant)
    assert not ConfigVersion.objects.filter(scope=str(tenant.pk)).exists()

    assert lifecycles_continue(now=timezone.now() + timedelta(minutes=1)) == (1, 0)
    tenant.refresh_from_db()
    assert (tenant.status, tenant.provisioning_error) == (TenantStatus.ACTIVE, "")


def test_lifecycles_continue__row_just_created__left_to_its_creator(committed: None) -> None:
    tenant = TenantFactory.create()

    assert lifecycles_continue(now=timezone.now()) == (0, 0)

    tenant.refresh_from_db()
    assert tenant.status == TenantStatus.PROVISIONING


def test_lifecycles_continue__one_fails__the_others_are_done(committed: None) -> None:
    broken, fine = TenantFactory.create(slug="a"), TenantFactory.create(slug="b")
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE SCHEMA {broken.schema_name}")

    assert lifecycles_continue(now=timezone.now() + timedelta(minutes=1)) == (1, 0)

    broken.refresh_from_db()
    fine.refresh_from_db()
    assert broken.status == TenantStatus.PROVISIONING
    assert "already exists" in broken.provisioning_error
    assert fine.status == TenantStatus.ACTIVE


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


def in_threads(work: Callable[[], str], *, times: int) -> list[str]:
    """What each call returned, or the name of what it raised; they start together."""
    barrier = threading.Barrier(times)
    outcomes: list[str] = []

    def run() -> None:
        try:
            barrier.wait()
            outcomes.append(str(work()))
        except DomainError as error:
            outcomes.append(type(error).__name__)
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


def database_url() -> str:
    values = connection.settings_dict
    return (
        f"postgres://{values['USER']}:{values['PASSWORD']}@{values['HOST']}:{values['PORT']}"
        f"/{values['NAME']}"
    )
