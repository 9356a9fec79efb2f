"""`manage.py export_openzeppelin --tenant acme --output acme.zip --with-secrets acme.env`."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path

from blip0.common.commands import PlatformCommand
from blip0.common.exceptions import Conflict
from blip0.common.tenancy import in_tenant
from monitors.openzeppelin.exporting import openzeppelin_export
from monitors.openzeppelin.report import note_lines
from monitors.openzeppelin.writing import OPEN_MODE, SECRET_MODE, write_export, write_file
from monitors.selectors import monitor_by_slug
from tenants.selectors import tenant_by_slug


class Command(PlatformCommand):
    help = "Export a tenant as OpenZeppelin Monitor's files. Secrets become environment variables."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--tenant", required=True, metavar="SLUG")
        parser.add_argument(
            "--output", type=Path, required=True, metavar="DIR|ZIP", help="A ZIP ends in .zip."
        )
        parser.add_argument(
            "--with-secrets",
            type=Path,
            metavar="FILE",
            help="Write the secrets in clear into FILE, and webhook headers into the files.",
        )
        parser.add_argument(
            "--monitor",
            action="append",
            default=[],
            metavar="SLUG",
            help="Only this one and what it uses; any number of times.",
        )
        parser.add_argument("--force", action="store_true", help="Replace what is there.")

    def handle(
        self,
        *_args: object,
        tenant: str,
        monitor: list[str],
        output: Path,
        with_secrets: Path | None,
        force: bool,
        **_options: object,
    ) -> None:
        if with_secrets is not None and with_secrets.exists() and not force:
            raise Conflict(f"{with_secrets} exists; --force replaces it.")
        exported = tenant_by_slug(tenant)
        with in_tenant(exported.pk):
            only = frozenset(monitor_by_slug(slug).pk for slug in monitor)
        export = openzeppelin_export(
            tenant=exported,
            actor=self.actor,
            with_secrets=with_secrets is not None,
            only=only or None,
        )
        mode = OPEN_MODE if with_secrets is None else SECRET_MODE
        write_export(export.files, output, force=force, mode=mode)
        if with_secrets is not None:
            write_file(with_secrets, export.env.encode(), SECRET_MODE)
        for path, notes in sorted(export.notes.items()):
            self.stdout.write("\n".join([path, *note_lines(notes)]))
        self.stdout.write(f"{len(export.files)} files in {output}")
