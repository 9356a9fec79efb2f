"""`manage.py audit export --tenant acme --since 2026-11-01`, and `manage.py audit prune`."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError
from datetime import datetime
from pathlib import Path
from typing import Any

from django.utils import timezone

from blip0.common.commands import PlatformCommand
from blip0.common.moments import moment
from tenants.choices import ExportFormat
from tenants.models import AuditRecord
from tenants.selectors import tenant_by_slug
from tenants.services.audit_export import audit_export
from tenants.services.retention import audit_prune

TEXTS = ("actor_name", "action", "object_kind", "object_id", "request_id")


class Command(PlatformCommand):
    help = "Export the audit log, the newest first; or drop what is older than the retention."

    def add_arguments(self, parser: ArgumentParser) -> None:
        commands = parser.add_subparsers(dest="act", required=True, metavar="export|prune")
        commands.add_parser("prune", help="Drop what is older than audit_retention_days.")
        export = commands.add_parser("export", help="Write records, to stdout or into a file.")
        export.add_argument("--tenant", metavar="SLUG")
        for name in TEXTS:
            export.add_argument(f"--{name.replace('_', '-')}", metavar="TEXT")
        export.add_argument("--since", type=_moment, metavar="TIME", help="Like 2026-11-28 12:30.")
        export.add_argument("--until", type=_moment, metavar="TIME", help="Before this time.")
        export.add_argument("--format", choices=ExportFormat.values, default=ExportFormat.CSV.value)
        export.add_argument("--output", type=Path, metavar="FILE")

    def handle(self, *_args: object, act: str, **options: Any) -> None:
        if act == "prune":
            self.stdout.write(f"{audit_prune(now=timezone.now())} records dropped")
            return
        records = AuditRecord.objects.all()
        if options["tenant"]:
            records = records.filter(tenant_id=tenant_by_slug(options["tenant"]).pk)
        if options["since"]:
            records = records.filter(created_at__gte=options["since"])
        if options["until"]:
            records = records.filter(created_at__lt=options["until"])
        records = records.filter(**{name: options[name] for name in TEXTS if options[name]})
        named = ("tenant", "since", "until", *TEXTS)
        pieces = audit_export(
            records=records,
            form=ExportFormat(options["format"]),
            filters={name: str(options[name]) for name in named if options[name]},
            actor=self.actor,
            at_most=None,
        )
        if options["output"] is None:
            for piece in pieces:
                self.stdout.write(piece.decode(), ending="")
            return
        with options["output"].open("wb") as file:
            file.writelines(pieces)


def _moment(text: str) -> datetime:
    try:
        return moment(text)
    except ValueError as error:
        raise ArgumentTypeError(str(error)) from error
