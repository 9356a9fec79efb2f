"""A tenant is created and provisioned, whatever is killed in between."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from blip0.common.exceptions import DomainError
from blip0.testing import PROJECT_ROOT
from tenants.choices import Role, TenantStatus
from tenants.models import AuditRecord, ConfigVersion, Membership, Tenant, User
from tenants.services import schemas
from tenants.services.lifecycle import (
    lifecycles_continue,
    tenant_create,
    tenant_provision,
)
from tenants.tasks import continue_lifecycles
from tenants.tests.factories import TenantFactory
from tenants.tests.lives import (
    ACTOR,
    actions,
    create,
    database_url,
    has_schema,
    in_threads,
    version_of,
)


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

    assert lifecycles_continue(now=tenant.created_at) == (0, 0)

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


def test_continue_lifecycles__the_task__finishes_what_waits(committed: None) -> None:
    tenant = TenantFactory.create()
    Tenant.objects.filter(pk=tenant.pk).update(created_at=timezone.now() - timedelta(minutes=1))

    continue_lifecycles()

    tenant.refresh_from_db()
    assert tenant.status == TenantStatus.ACTIVE
