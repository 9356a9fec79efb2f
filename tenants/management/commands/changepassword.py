"""`manage.py changepassword EMAIL`: Django's ends no sign-in and leaves no record."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from getpass import getpass

from django.core.management import CommandError

from blip0.common.commands import PlatformCommand
from blip0.common.exceptions import NotFound
from tenants.models import User
from tenants.services.accounts import user_set_password
from tenants.services.users import require_strong


class Command(PlatformCommand):
    help = (
        "Give an account another password; all its sign-ins end. It is asked for twice, or read "
        "from the first line of standard input where that is no terminal."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email", metavar="EMAIL")

    def handle(self, *_args: object, email: str, **_options: object) -> None:
        user = User.objects.filter(email=email.strip().lower()).first()
        if user is None:
            raise NotFound(f"No account has the address {email!r}.")
        password = _asked()
        require_strong(password, user, pointer="/password")
        user_set_password(user=user, password=password, actor=self.actor)
        self.stdout.write(f"{user.email}  has another password, and is signed out everywhere")


def _asked() -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    password = getpass("New password: ")
    if getpass("Once more: ") != password:
        raise CommandError("The two differ; nothing was changed.")
    return password
