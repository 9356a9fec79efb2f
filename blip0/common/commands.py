"""The base of the platform's own commands."""

from __future__ import annotations

import logging
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError, connection
from redis import RedisError

from blip0.common.actors import Actor
from blip0.common.exceptions import DomainError
from blip0.common.validation import InvalidDocument


class PlatformCommand(BaseCommand):
    """Turns what a service refuses into one line on stderr and exit code 1.

    System checks are skipped: they cost more than most of these commands do. The log keeps quiet
    below warnings: a person reads the command's own report.
    """

    requires_system_checks: list[str] = []

    @property
    def actor(self) -> Actor:
        """Whom the audit log names."""
        return Actor.system(f"manage.py {self.__module__.rpartition('.')[2]}")

    def execute(self, *args: Any, **options: Any) -> str | None:
        before = logging.root.manager.disable
        logging.disable(max(before, logging.INFO))
        try:
            return super().execute(*args, **options)
        except (DomainError, InvalidDocument) as error:
            raise CommandError(str(error)) from error
        except OperationalError as error:
            if connection.connection is not None:
                raise  # it did answer; the error is about something else
            raise CommandError(
                "PostgreSQL doesn't answer. Start it with `make up` or `manage.py services start`, "
                f"or set DATABASE_URL. ({str(error).splitlines()[0]})"
            ) from error
        except RedisError as error:
            raise CommandError(
                "The projection's Redis doesn't answer. Start it with `make up` or `manage.py "
                f"services start`, or set REDIS_PROJECTION_URL. ({error})"
            ) from error
        finally:
            logging.disable(before)
