"""`manage.py projection_check_triggers`: does every projected table move a version?"""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError

from blip0.common.commands import PlatformCommand
from blip0.common.projected import projected
from cachesync.checks import triggers_missing
from cachesync.management.reports import FOUND


class Command(PlatformCommand):
    help = (
        "Look in every schema whether each model that a document is rendered from has its version "
        f"triggers. Exits with {FOUND} where one is missing."
    )

    def handle(self, *_args: Any, **_options: Any) -> None:
        missing = triggers_missing()
        for line in missing:
            self.stdout.write(line)
        if missing:
            raise CommandError(
                f"{len(missing)} missing: `manage.py migrate` makes those of migrations",
                returncode=FOUND,
            )
        self.stdout.write(f"All {len(projected())} projected tables have their triggers everywhere")
