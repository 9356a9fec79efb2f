"""`manage.py staff_role list|give|take`: who of staff has which role."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import Group
from django.core.management.base import CommandParser

from blip0.common.commands import PlatformCommand
from tenants.choices import StaffRole
from tenants.models import User
from tenants.selectors.staff import staff_by_email
from tenants.services.accounts import user_update


class Command(PlatformCommand):
    help = "Show the roles of staff, and give and take them."

    def add_arguments(self, parser: CommandParser) -> None:
        commands = parser.add_subparsers(dest="act", required=True, metavar="list|give|take")
        commands.add_parser("list", help="All active staff, and their roles.")
        for act in ("give", "take"):
            one = commands.add_parser(act)
            one.add_argument("email", metavar="EMAIL")
            one.add_argument("role", metavar="ROLE", choices=StaffRole.values)

    def handle(self, *_args: Any, **options: Any) -> None:
        if options["act"] == "list":
            staff = User.objects.filter(is_staff=True, is_active=True)
            for user in staff.prefetch_related("groups"):
                self.stdout.write(_line(user))
            return
        user = staff_by_email(options["email"])
        groups = set(user.groups.all())
        role = Group.objects.get(name=options["role"])
        wanted = groups | {role} if options["act"] == "give" else groups - {role}
        self.stdout.write(_line(user_update(user=user, data={"groups": wanted}, actor=self.actor)))


def _line(user: User) -> str:
    roles = ["superuser"] if user.is_superuser else []
    roles += sorted(group.name for group in user.groups.all())
    return f"{user.email}  {', '.join(roles) or 'no role'}"
