"""The base of the platform's own commands."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from blip0.common.actors import Actor
from blip0.common.exceptions import DomainError
from blip0.common.validation import InvalidDocument


class PlatformCommand(BaseCommand):
    """Turns what a service refuses into one line on stderr and exit code 1.

    System checks are skipped: they cost more than most of these commands do.
    """

    requires_system_checks: list[str] = []

    @property
    def actor(self) -> Actor:
        """Whom the audit log names."""
        return Actor.system(f"manage.py {self.__module__.rpartition('.')[2]}")

    def execute(self, *args: Any, **options: Any) -> str | None:
        try:
            return super().execute(*args, **options)
        except (DomainError, InvalidDocument) as error:
            raise CommandError(str(error)) from error
