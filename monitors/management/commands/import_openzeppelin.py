"""`manage.py import_openzeppelin ./config --tenant acme --env secrets.env`."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path

from django.core.management.base import CommandError

from blip0.common.commands import PlatformCommand
from monitors.openzeppelin.envfile import read_env
from monitors.openzeppelin.importing import openzeppelin_import
from monitors.openzeppelin.sources import read_source
from tenants.selectors import tenant_by_slug

EXIT_REFUSED = 3


class Command(PlatformCommand):
    help = (
        "Import OpenZeppelin Monitor's files into a tenant. Exit status: 0 everything was "
        "imported, 3 something was refused (see the report), 1 or 2 nothing could be tried."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("path", type=Path, help="A folder, or a ZIP, with the configuration.")
        parser.add_argument("--tenant", required=True, metavar="SLUG")
        parser.add_argument(
            "--env", type=Path, metavar="FILE", help="NAME=value lines for references to secrets."
        )
        parser.add_argument("--dry-run", action="store_true", help="Report, and save nothing.")
        parser.add_argument(
            "--strict", action="store_true", help="Stop at the first refusal, and save nothing."
        )
        parser.add_argument("--json", action="store_true", help="Print the report as JSON.")

    def handle(
        self,
        *_args: object,
        path: Path,
        tenant: str,
        env: Path | None,
        dry_run: bool,
        strict: bool,
        json: bool,
        **_options: object,
    ) -> None:
        report = openzeppelin_import(
            tenant=tenant_by_slug(tenant),
            source=read_source(path),
            actor=self.actor,
            variables=read_env(env) if env else None,
            dry_run=dry_run,
            strict=strict,
        )
        self.stdout.write(_json(report.as_json()) if json else "\n".join(report.lines()))
        if refused := report.refused:
            titles = ", ".join(entry.title for entry in refused[:5])
            more = f" and {len(refused) - 5} more" if len(refused) > 5 else ""
            raise CommandError(f"Refused: {titles}{more}.", returncode=EXIT_REFUSED)


def _json(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)
