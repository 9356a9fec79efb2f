"""`manage.py load_catalog [--update]`: the networks, scripts and templates that are shipped."""

from __future__ import annotations

from argparse import ArgumentParser

from blip0.common.commands import PlatformCommand
from platform_catalog.services.loading import load_catalog


class Command(PlatformCommand):
    help = "Add the shipped networks, filter scripts and templates; keeps what staff changed."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--update",
            action="store_true",
            help="Bring what differs to the shipped state, staff's changes included.",
        )

    def handle(self, *_args: object, update: bool, **_options: object) -> None:
        report = load_catalog(actor=self.actor, update=update)
        for title, objects in (
            ("Added", report.added),
            ("Updated", report.updated),
            ("Kept, though it differs from what is shipped (--update changes it)", report.kept),
            ("Left out, since staff deleted it", report.left_out),
        ):
            if objects:
                self.stdout.write(f"{title}:")
                self.stdout.writelines(f"  {name}\n" for name in objects)
        if not (report.added or report.updated):
            self.stdout.write("Nothing to load.")
