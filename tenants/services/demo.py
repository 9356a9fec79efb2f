"""People and a tenant to try the product with. Development only: the passwords are public."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.contrib.auth.models import Group
from django.db import transaction

from blip0.common.actors import Actor
from blip0.common.exceptions import NotAllowed
from tenants.choices import Role, StaffRole
from tenants.models import Tenant, User
from tenants.services.accounts import user_update
from tenants.services.lifecycle import tenant_create
from tenants.services.members import member_add
from tenants.services.users import user_create

DEMO_TENANT = "demo"
DEMO_PLAN = "pro"


@dataclass(frozen=True)
class SignIn:
    """Who may sign in where, in words."""

    role: str
    email: str
    password: str


DEMO_STAFF = SignIn("Back office, superuser", "staff@blip0.localhost", "demo-staff-password")
DEMO_ROLES = {
    role: SignIn(
        f"Back office, {role.label.lower()}",
        f"{role.name.lower().replace('_', '-')}@blip0.localhost",
        f"demo-{role.name.lower().replace('_', '-')}-password",
    )
    for role in StaffRole
}
DEMO_OWNER = SignIn("API, owner of tenant demo", "owner@blip0.localhost", "demo-owner-password")
DEMO_SIGN_INS = (DEMO_STAFF, *DEMO_ROLES.values(), DEMO_OWNER)


def demo_create(*, actor: Actor) -> Tenant:
    """Make what is missing of the demo, and change nothing that is there.

    Raises `NotAllowed` in production.
    """
    if settings.MODE == "production":
        raise NotAllowed(
            "The demo has public passwords, so it never runs in production. "
            "Use `manage.py bootstrap --email you@example.org` there."
        )
    with transaction.atomic():
        _person(DEMO_STAFF, actor, is_superuser=True)
        for role, sign_in in DEMO_ROLES.items():
            _member_of_staff(role, sign_in, actor)
        owner = _person(DEMO_OWNER, actor)
    tenant = Tenant.objects.filter(slug=DEMO_TENANT).first()
    if tenant is None:
        tenant = tenant_create(slug=DEMO_TENANT, name="Demo", plan_slug=DEMO_PLAN, actor=actor)
        tenant.allow_viewing_keys = True
        tenant.save(update_fields=["allow_viewing_keys", "updated_at"])
    if not tenant.memberships.filter(user=owner).exists():
        member_add(tenant=tenant, user=owner, role=Role.OWNER, actor=actor)
    return tenant


def _member_of_staff(role: StaffRole, sign_in: SignIn, actor: Actor) -> None:
    """With the role, if the account is new."""
    if not User.objects.filter(email=sign_in.email).exists():
        user = user_create(
            email=sign_in.email, password=sign_in.password, is_staff=True, actor=actor
        )
        groups = list(Group.objects.filter(name=role.value))
        user_update(user=user, data={"groups": groups}, actor=actor)


def _person(sign_in: SignIn, actor: Actor, *, is_superuser: bool = False) -> User:
    """The account as it is; a password that somebody changed stays changed."""
    user = User.objects.filter(email=sign_in.email).first()
    return user or user_create(
        email=sign_in.email, password=sign_in.password, actor=actor, is_superuser=is_superuser
    )
