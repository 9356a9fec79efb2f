"""`manage.py migrate`: public, the template, and only the tenants' schemas that need it."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.core.management.commands.migrate import Command as DjangosMigrate
from django.db import DatabaseError, connection
from django.db.migrations.exceptions import InconsistentMigrationHistory
from django_tenants.utils import schema_context

from blip0.common.tenancy import TEMPLATE_SCHEMA, in_public
from tenants.models import Tenant
from tenants.services.schemas import (
    migrations_locked,
    schemas_unlike_template,
    template_ensure,
    template_exists,
)
from tenants.services.staff_roles import staff_roles_apply

LOCK_TIMEOUT_S = 10
"""How long one statement may wait for a table, and everybody else behind it."""


class Command(DjangosMigrate):
    """Takes every option of Django's own, which then apply to each schema.

    A tenant's schema whose applied migrations equal the template's is not touched: 1,000 of them
    are asked in ten statements. One that fails does not hold up the others; the exit code is 1.
    """

    help = "Bring every schema up to date: public, the template, then tenants that are behind."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--shared", action="store_true", help="Only the public schema, no template, no tenant."
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        self._options = options
        only_looks = options["check_unapplied"] or options["plan"]
        if only_looks:
            self._look()
            return
        with migrations_locked(on_wait=self._say_that_it_waits), in_public():
            self._set_lock_timeout(f"'{LOCK_TIMEOUT_S}s'")
            try:
                self._apply()
            finally:
                self._set_lock_timeout("DEFAULT")

    def _apply(self) -> None:
        super().handle(**self._options)
        if not self._options["app_label"]:
            staff_roles_apply()
        if self._options["shared"]:
            return
        template_ensure()
        self._migrate(TEMPLATE_SCHEMA)
        behind = schemas_unlike_template()
        slugs = dict(Tenant.objects.values_list("schema_name", "slug")) if behind else {}
        failed: list[str] = []
        for number, schema in enumerate(behind, 1):
            slug = slugs.get(schema, schema)
            try:
                self._migrate(schema)
                outcome = "done"
            except (DatabaseError, InconsistentMigrationHistory) as error:
                outcome = f"FAILED: {error}"
                failed.append(slug)
            self._progress(f"  [{number}/{len(behind)}] {slug}: {outcome}")
        if failed:
            raise CommandError(
                f"{len(failed)} of {len(behind)} tenants could not be migrated: "
                f"{', '.join(failed)}. Mend the cause and run `migrate` again."
            )
        if not behind:
            self._progress("  Every tenant is up to date.")

    def _migrate(self, schema: str) -> None:
        """Django's own command in one schema; says little, as the tables are those of others."""
        options = {**self._options, "verbosity": self._options["verbosity"] - 1}
        with schema_context(schema):
            super().handle(**options)

    def _look(self) -> None:
        """`--check` and `--plan`: the same schemas in the same order, and nothing is changed."""
        with in_public():
            super().handle(**self._options)  # exits if public is behind
            if self._options["shared"]:
                return
            if not template_exists():
                self._progress("The template schema is missing.")
                self._exit_if_checking()
                return
            self._progress("In the template of tenants' schemas:")
            with schema_context(TEMPLATE_SCHEMA):
                super().handle(**self._options)
            if behind := schemas_unlike_template():
                self._progress(f"Tenants that differ from the template: {len(behind)}")
                self._exit_if_checking()

    def _exit_if_checking(self) -> None:
        if self._options["check_unapplied"]:
            sys.exit(1)

    def _progress(self, text: str) -> None:
        if self._options["verbosity"] >= 1:
            self.stdout.write(text)

    def _say_that_it_waits(self) -> None:
        self.stdout.write("Waiting for migrations or for the making of a tenant to end ...")

    def _set_lock_timeout(self, value: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"SET lock_timeout = {value}")
