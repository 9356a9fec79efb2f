"""`manage.py staff_sessions list|end`: who is signed in to the back office."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.core.management.base import CommandParser
from django.utils import timezone

from blip0.common.commands import PlatformCommand
from blip0.common.exceptions import NotFound
from tenants.choices import SessionEnd
from tenants.models import StaffSession, User
from tenants.selectors.staff import staff_by_email, staff_sessions_standing
from tenants.services.staff_sessions import (
    idle_limit,
    staff_session_end,
    staff_sessions_revoke,
)


class Command(PlatformCommand):
    help = "Show the sessions of staff that stand, and end somebody's."

    def add_arguments(self, parser: CommandParser) -> None:
        commands = parser.add_subparsers(dest="act", required=True, metavar="list|end")
        commands.add_parser("list", help="All that stand, the newest first. Times are UTC.")
        end = commands.add_parser("end", help="End all of one account, or one of them, at once.")
        end.add_argument("email", metavar="EMAIL")
        end.add_argument("--only", type=UUID, metavar="ID", help="As `list` gives it.")
        end.add_argument("--reason", required=True, help="For the audit log.")

    def handle(self, *_args: Any, **options: Any) -> None:
        now = timezone.now()
        if options["act"] == "list":
            for session in staff_sessions_standing(now=now, idle=idle_limit()):
                self.stdout.write(_line(session))
            return
        user = staff_by_email(options["email"])
        if options["only"] is not None:
            self._end_one(user, options["only"], options["reason"])
            return
        ended = staff_sessions_revoke(user=user, now=now, actor=self.actor, note=options["reason"])
        self.stdout.write(f"{user.email}  ended: {ended}")

    def _end_one(self, user: User, session_id: UUID, note: str) -> None:
        if not StaffSession.objects.filter(pk=session_id, user=user, ended_at=None).exists():
            raise NotFound(f"{user.email} has no session {session_id} that stands; see `list`.")
        staff_session_end(
            session_id=session_id,
            reason=SessionEnd.REVOKED,
            now=timezone.now(),
            actor=self.actor,
            note=note,
        )
        self.stdout.write(f"{user.email}  ended: 1")


def _line(session: StaffSession) -> str:
    factor = "two-factor" if session.two_factor else "password only"
    return (
        f"{session.user.email}  since {session.began_at:%Y-%m-%d %H:%M}, "
        f"seen {session.last_seen_at:%Y-%m-%d %H:%M}  {session.address}  {factor}  "
        f"{session.user_agent}  {session.pk}"
    )
