"""`manage.py revert 4711`: undo the change that an entry of the audit log tells of."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from contextlib import nullcontext
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.management import CommandError
from django.db import transaction

from blip0.common.commands import PlatformCommand
from blip0.common.exceptions import NotFound
from blip0.common.strict_json import NotStrictJSON, loads
from blip0.common.tenancy import in_tenant
from blip0.common.undoing import UNDOS
from tenants.models import AuditRecord
from tenants.selectors.records import records_of
from tenants.services.undoing import change_revert

STANDARD_INPUT = "-"


class Command(PlatformCommand):
    help = (
        "Undo a change, as the buttons of an object's history do. Entries have their numbers there "
        "and in `audit export`. Prints the fields that change, before and after."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("entry", metavar="ENTRY", type=int, help="Its number.")
        parser.add_argument("--reason", default="", help="For the audit log.")
        parser.add_argument(
            "--dry-run", action="store_true", help="Show what would change; nothing is saved."
        )
        for name, what in (
            ("secrets", "Secrets that are asked for"),
            ("contract-specs", "Contract specs that are asked for"),
        ):
            parser.add_argument(
                f"--{name}",
                metavar="FILE",
                help=f"{what}: a JSON object by the names that the refusal gives. "
                f"`{STANDARD_INPUT}` reads standard input.",
            )
        parser.add_argument(
            "--lower-anyway",
            action="store_true",
            help="Of a plan: also where tenants would be over a limit.",
        )

    def handle(self, *_args: object, entry: int, dry_run: bool, **options: Any) -> None:
        record = AuditRecord.objects.filter(pk=entry).first()
        if record is None:
            raise NotFound(f"The audit log has no entry {entry}.")
        given = _given(record, **options)
        owner = _owner(record)
        place = in_tenant(owner) if owner else nullcontext()
        with place, transaction.atomic():
            left = change_revert(
                record=record,
                actor=self.actor,
                newest=_newest(record),
                reason=options["reason"],
                **given,
            )
            transaction.set_rollback(dry_run)
        if left is None:
            self.stdout.write(f"{record.object_name} is like that already")
            return
        before, after = left.before or {}, left.after or {}
        for name in {**before, **after}:
            was, now = (json.dumps(side.get(name)) for side in (before, after))
            self.stdout.write(f"{name}: {was} -> {now}")
        done = "nothing is saved" if dry_run else f"undone, entry {left.pk}"
        self.stdout.write(f"{record.object_name}  {done}")


def _owner(record: AuditRecord) -> UUID | None:
    """The tenant in whose schema the object is; None for what is in public."""
    if record.object_kind not in UNDOS:
        return None
    owned = UNDOS.get(record.object_kind).model._meta.app_label in settings.TENANT_APPS
    return record.tenant_id if owned else None


def _newest(record: AuditRecord) -> int:
    """Its object's newest entry."""
    records = records_of(record.object_kind, record.object_id, tenant_id=record.tenant_id)
    return int(records.values_list("pk", flat=True)[0])


def _given(record: AuditRecord, **options: Any) -> dict[str, Any]:
    """What of the options was given, for the undo of this kind. Raises `CommandError`."""
    given = {
        name: options[name]
        for name in ("secrets", "contract_specs", "lower_anyway")
        if options[name]
    }
    if record.object_kind in UNDOS:
        for name in given.keys() - UNDOS.get(record.object_kind).asks:
            flag = name.replace("_", "-")
            raise CommandError(f"A {record.object_kind} has no use for --{flag}: leave it out.")
    return {name: value if value is True else _read(value) for name, value in given.items()}


def _read(name: str) -> dict[str, Any]:
    try:
        from_stdin = name == STANDARD_INPUT
        text = sys.stdin.read() if from_stdin else Path(name).read_text(encoding="utf-8")
        values = loads(text)
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"{name} can't be read: {error}") from error
    except NotStrictJSON as error:
        raise CommandError(
            f"{name}: line {error.line}, column {error.column}: {error.message}"
        ) from error
    if not isinstance(values, dict):
        raise CommandError(f'{name}: write a JSON object, such as {{"token": "…"}}.')
    return values
