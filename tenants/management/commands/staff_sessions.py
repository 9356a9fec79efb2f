"""`manage.py staff_sessions list|end`: who is signed in to the back office."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from blip0.common.commands import PlatformCommand
from tenants.models import StaffSession
from tenants.selectors.staff import staff_by_email, staff_sessions_standing
from tenants.services.staff_sessions import idle_limit, staff_sessions_revoke


class Command(PlatformCommand):
    help = "Show the sessions of staff that stand, and end somebody's."

    def add_arguments(self, parser: CommandParser) -> None:
        commands = parser.add_subparsers(dest="act", required=True, metavar="list|end")
        commands.add_parser("list", help="All that stand, the newest first. Times are UTC.")
        end = commands.add_parser("end", help="End all of one account, at once.")
        end.add_argument("email", metavar="EMAIL")
        end.add_argument("--reason", required=True, help="For the audit log.")

    def handle(self, *_args: Any, **options: Any) -> None:
        now = timezone.now()
        if options["act"] == "list":
            for session in staff_sessions_standing(now=now, idle=idle_limit()):
                self.stdout.write(_line(session))
            return
        user = staff_by_email(options["email"])
        ended = staff_sessions_revoke(user=user, now=now, actor=self.actor, note=options["reason"])
        self.stdout.write(f"{user.email}  ended: {ended}")


def _line(session: StaffSession) -> str:
    factor = "two-factor" if session.two_factor else "password only"
    return (
        f"{session.user.email}  since {session.began_at:%Y-%m-%d %H:%M}, "
        f"seen {session.last_seen_at:%Y-%m-%d %H:%M}  {session.address}  {factor}  "
        f"{session.user_agent}"
    )
