"""`manage.py bootstrap --email you@example.org`: what a new production database needs."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from getpass import getpass
from pathlib import Path

from django.core.management.base import CommandError

from blip0.common.commands import PlatformCommand
from platform_catalog.services.loading import load_catalog
from tenants.models import Plan, User
from tenants.services.schemas import template_exists
from tenants.services.users import user_create
from tenants.validators import cleaned_email


class Command(PlatformCommand):
    """May be run again: it adds what is missing and changes nothing that is there."""

    help = "Make the first superuser and load the catalogue. Run `migrate` before."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--email", required=True, help="Of the first superuser.")
        parser.add_argument(
            "--password-file",
            type=Path,
            help="Whose first line is the password. Without it, you are asked.",
        )

    def handle(
        self, *_args: object, email: str, password_file: Path | None, **_options: object
    ) -> None:
        if not template_exists():
            raise CommandError("The database is empty. Run `manage.py migrate` first.")
        email = cleaned_email(email)
        user = User.objects.filter(email=email).first()
        if user is None:
            password = _read(password_file) if password_file else _ask()
            user_create(email=email, password=password, actor=self.actor, is_superuser=True)
            self.stdout.write(f"Superuser {email}: created.")
        elif user.is_superuser and user.is_active:
            self.stdout.write(f"Superuser {email}: is there; the password stays as it is.")
        else:
            raise CommandError(
                f"{email} has an account that is no active superuser. Use another address."
            )
        report = load_catalog(actor=self.actor)
        self.stdout.write(f"Plans: {Plan.objects.count()}.")
        self.stdout.write(f"Catalogue: {len(report.added)} objects added.")


def _read(file: Path) -> str:
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"--password-file {file}: cannot be read ({error}).") from error
    if not lines or not lines[0]:
        raise CommandError(f"--password-file {file}: its first line is empty.")
    return lines[0]


def _ask() -> str:
    if not sys.stdin.isatty():
        raise CommandError("There is no terminal to ask at: give --password-file FILE.")
    password = getpass("Password of the first superuser: ")
    if getpass("The same again: ") != password:
        raise CommandError("The two differ. Start again.")
    return password
