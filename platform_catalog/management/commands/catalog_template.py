"""`manage.py catalog_template SLUG`: the monitor that a template makes. Nothing is saved."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError, CommandParser

from blip0.common.canonical import canonical_bytes
from blip0.common.commands import PlatformCommand
from platform_catalog.selectors import template_called
from platform_catalog.services.templates import template_preview

EXIT_BROKEN = 3


class Command(PlatformCommand):
    help = (
        "Show the monitor that a template makes, and what validation says of it. Exit status 3: "
        "nobody could save it."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", metavar="SLUG")
        parser.add_argument("--network", action="append", default=[], metavar="SLUG")
        parser.add_argument("--address", action="append", default=[])
        parser.add_argument("--trigger", action="append", default=[], metavar="SLUG")
        parser.add_argument("--name", help="The monitor's (the template's).")

    def handle(self, *_args: Any, slug: str, **options: Any) -> None:
        template = template_called(slug)
        preview = template_preview(
            template=template,
            name=options["name"] or template.name,
            networks=options["network"],
            addresses=options["address"],
            triggers=options["trigger"],
        )
        self.stdout.write(canonical_bytes(preview.document).decode())
        errors = 0
        for found in preview.findings:
            errors += found.level == "error"
            self.stderr.write(f"{found.level} {found.code} {found.pointer or '/'}: {found.message}")
        if errors:
            raise CommandError(f"{errors} errors: nobody could save it.", returncode=EXIT_BROKEN)
