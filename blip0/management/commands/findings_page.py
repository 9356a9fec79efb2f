"""`manage.py findings_page > docs/findings.md`: the page of all finding codes."""

from __future__ import annotations

from django.core.management.base import BaseCommand

from blip0.common.validation.codes.page import render


class Command(BaseCommand):
    """Writes the page to standard output."""

    help = "Write the page of all finding codes (docs/findings.md) to standard output."
    requires_system_checks: list[str] = []

    def handle(self, *_args: object, **_options: object) -> None:
        self.stdout.write(render(), ending="")
