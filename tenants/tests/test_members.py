"""Members and their roles: a tenant always keeps an active owner."""

from __future__ import annotations

import threading

import pytest
from django.db import connection

from blip0.common.actors import Actor
from blip0.common.exceptions import Conflict, InvalidField
from tenants.choices import Role, TenantStatus
from tenants.contracts import PERMISSIONS, ROLE_PERMISSIONS, role_permissions
from tenants.exceptions import LastOwner
from tenants.models import AuditRecord, Membership, Tenant
from tenants.services.members import member_add, member_change_role, member_remove
from tenants.services.users import user_create
from tenants.tests.factories import MembershipFactory, TenantFactory, UserFactory

ACTOR = Actor("user", "1", "ana@acme.test")


def owner_of(tenant: Tenant) -> Membership:
    return Membership.objects.get(tenant=tenant, role=Role.OWNER)


def test_member_add__new_person__member_and_record(acme: Tenant) -> None:
    user = UserFactory.create()

    membership = member_add(tenant=acme, user=user, role="editor", actor=ACTOR)

    assert membership.role == Role.EDITOR
    record = AuditRecord.objects.get(action="member.added", tenant_id=acme.pk, object_id=user.pk)
    assert record.after == {"role": "editor"}


def test_member_add__member_already__conflict_that_names_the_role(acme: Tenant) -> None:
    with pytest.raises(Conflict, match="as owner"):
        member_add(tenant=acme, user=owner_of(acme).user, role="viewer", actor=ACTOR)


def test_member_add__unknown_role__names_the_roles(acme: Tenant) -> None:
    with pytest.raises(InvalidField, match="owner, admin, editor, viewer"):
        member_add(tenant=acme, user=UserFactory.create(), role="boss", actor=ACTOR)


@pytest.mark.django_db
def test_member_add__deleted_tenant__refused() -> None:
    tenant = TenantFactory.create(status=TenantStatus.DELETED)

    with pytest.raises(Conflict, match="is deleted"):
        member_add(tenant=tenant, user=UserFactory.create(), role="owner", actor=ACTOR)


def test_last_owner__change_or_removal__refused_and_unchanged(acme: Tenant) -> None:
    owner = owner_of(acme)

    with pytest.raises(LastOwner):
        member_change_role(membership=owner, role="admin", actor=ACTOR)
    with pytest.raises(LastOwner):
        member_remove(membership=owner, actor=ACTOR)

    assert owner_of(acme) == owner
    assert not AuditRecord.objects.filter(
        tenant_id=acme.pk, action__in=["member.role_changed", "member.removed"]
    ).exists()


def test_last_owner__other_owner_inactive__still_the_last(acme: Tenant) -> None:
    MembershipFactory.create(tenant=acme, role=Role.OWNER, user=UserFactory.create(is_active=False))
    active = Membership.objects.get(tenant=acme, role=Role.OWNER, user__is_active=True)

    with pytest.raises(LastOwner):
        member_remove(membership=active, actor=ACTOR)


def test_member_change_role__another_owner__recorded_with_both_roles(acme: Tenant) -> None:
    other = MembershipFactory.create(tenant=acme, role=Role.OWNER)

    member_change_role(membership=other, role="viewer", actor=ACTOR)

    other.refresh_from_db()
    assert other.role == Role.VIEWER
    record = AuditRecord.objects.get(action="member.role_changed", tenant_id=acme.pk)
    assert (record.before, record.after) == ({"role": "owner"}, {"role": "viewer"})


def test_member_change_role__same_role__no_record(acme: Tenant) -> None:
    member_change_role(membership=owner_of(acme), role="owner", actor=ACTOR)

    assert not AuditRecord.objects.filter(action="member.role_changed").exists()


def test_member_remove__viewer__gone_and_recorded(acme: Tenant) -> None:
    viewer = MembershipFactory.create(tenant=acme)

    member_remove(membership=viewer, actor=ACTOR)

    assert not Membership.objects.filter(user=viewer.user).exists()
    record = AuditRecord.objects.get(action="member.removed", tenant_id=acme.pk)
    assert record.object_name == viewer.user.email


def test_owners__two_step_down_at_once__one_stays(committed: None, acme: Tenant) -> None:
    owners = [owner_of(acme), MembershipFactory.create(tenant=acme, role=Role.OWNER)]
    barrier = threading.Barrier(2)
    refused = []

    def step_down(membership: Membership) -> None:
        try:
            barrier.wait()
            member_change_role(membership=membership, role="viewer", actor=ACTOR)
        except LastOwner:
            refused.append(membership)
        finally:
            connection.close()

    threads = [threading.Thread(target=step_down, args=[owner]) for owner in owners]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(refused) == 1
    assert owner_of(acme) == refused[0]


@pytest.mark.django_db
def test_user_create__taken_address_in_any_case__conflict() -> None:
    user_create(email="Peter@Initech.test", actor=ACTOR)

    with pytest.raises(Conflict) as caught:
        user_create(email=" peter@initech.TEST", actor=ACTOR)

    assert caught.value.pointer == "/email"


@pytest.mark.django_db
def test_user_create__weak_password__names_the_rule() -> None:
    with pytest.raises(InvalidField, match="too short") as caught:
        user_create(email="peter@initech.test", password="short", actor=ACTOR)

    assert caught.value.pointer == "/password"
    assert not AuditRecord.objects.filter(action="user.created").exists()


def test_role_permissions__each_role__holds_the_one_below() -> None:
    viewer, editor, admin, owner = (
        role_permissions(role) for role in ["viewer", "editor", "admin", "owner"]
    )

    assert viewer < editor < admin < owner == PERMISSIONS
    assert not any(codename.endswith(".write") for codename in viewer)
    assert "members.write" not in editor
    assert set(ROLE_PERMISSIONS) == set(Role)


def test_role_permissions__unknown_role__value_error() -> None:
    with pytest.raises(ValueError, match="boss"):
        role_permissions("boss")
