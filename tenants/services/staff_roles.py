"""Staff's roles as groups."""

from __future__ import annotations

from django.contrib.auth.models import Group, Permission
from django.db import transaction

from tenants.staff_roles import STAFF_ROLES


@transaction.atomic
def staff_roles_apply() -> None:
    """Make the groups that are missing, and give each exactly what the table says. Idempotent.

    What the table names and no migration has made yet is left out: `migrate` may stop half-way.
    """
    known = {
        f"{app}.{codename}": pk
        for app, codename, pk in Permission.objects.values_list(
            "content_type__app_label", "codename", "pk"
        )
    }
    for role, names in STAFF_ROLES.items():
        group, _ = Group.objects.get_or_create(name=role.value)
        group.permissions.set([known[name] for name in names if name in known])
