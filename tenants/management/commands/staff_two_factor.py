"""`manage.py staff_two_factor list|reset`: who of staff has a second factor, and a lost phone."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from blip0.common.commands import PlatformCommand
from tenants.models import User
from tenants.selectors.staff import staff_by_email
from tenants.services.two_factor import two_factor_reset


class Command(PlatformCommand):
    help = "Show who of staff has two-factor sign-in, and reset it for who lost phone and codes."

    def add_arguments(self, parser: CommandParser) -> None:
        commands = parser.add_subparsers(dest="act", required=True, metavar="list|reset")
        commands.add_parser("list", help="All active staff, and whether it is on.")
        reset = commands.add_parser("reset", help="All their sessions end, the password suffices.")
        reset.add_argument("email", metavar="EMAIL")
        reset.add_argument("--reason", required=True, help="How you know that it is them.")

    def handle(self, *_args: Any, **options: Any) -> None:
        if options["act"] == "list":
            staff = User.objects.filter(is_staff=True, is_active=True)
            for user in staff.select_related("two_factor"):
                self.stdout.write(f"{user.email}  {'on' if hasattr(user, 'two_factor') else 'off'}")
            return
        user = staff_by_email(options["email"])
        two_factor_reset(user=user, reason=options["reason"], now=timezone.now(), actor=self.actor)
        self.stdout.write(f"{user.email}  off; all sessions are over")
