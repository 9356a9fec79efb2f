"""`manage.py migrate_schemas`, which django-tenants brings, would go past our `migrate`."""

from __future__ import annotations

from django.core.management.base import CommandError
from django_tenants.management.commands.migrate_schemas import MigrateSchemasCommand


class Command(MigrateSchemasCommand):  # type: ignore[misc]  # django-tenants ships no types
    """Takes the options of django-tenants' and refuses them all.

    Theirs knows neither the template nor the lock that the making of a tenant takes.
    """

    help = "Not used here: see `manage.py migrate`."

    def handle(self, *_args: object, **_options: object) -> None:
        raise CommandError(
            "Use `manage.py migrate`: it brings public, the template and every tenant that is "
            "behind up to date. `migrate --shared` stops after public."
        )
