"""A part of `manage.py bench` in a process of its own, on services that are nobody else's."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from django.conf import settings
from django.core.management.base import CommandError

from blip0.embedded.errors import EmbeddedError
from blip0.embedded.scratch import scratch_services


def run_apart(folder: Path, arguments: Sequence[str]) -> str:
    """Run `manage.py bench ARGUMENTS --here --json` on the services of a folder; its JSON.

    They are migrated and have the catalogue. Raises `CommandError`.
    """
    manage = [sys.executable, str(settings.BASE_DIR / "manage.py")]
    try:
        with scratch_services(folder, os.environ) as scratch:
            scratch.run([*manage, "migrate", "--verbosity=0"])
            scratch.run([*manage, "load_catalog"])
            return scratch.run([*manage, "bench", *arguments, "--here", "--json"])
    except EmbeddedError as error:
        raise CommandError(str(error)) from error
    except subprocess.CalledProcessError as error:
        # A promise that is missed ends the command with 1 as well, after its figures.
        if not error.stdout or not error.stdout.startswith("{"):
            raise CommandError("The measurement failed; it said why above.") from error
        return str(error.stdout)
