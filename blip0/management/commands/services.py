"""`manage.py services start|stop|status|env`: the embedded PostgreSQL and Valkey."""

from __future__ import annotations

import shlex
import time
from argparse import ArgumentParser

from django.core.management.base import BaseCommand, CommandError

from blip0.embedded.errors import EmbeddedError
from blip0.embedded.services import Services
from blip0.embedded.state import VARIABLES
from blip0.settings.environment import PROJECT_ROOT, Environment


class Command(BaseCommand):
    """Exit codes: 0 done; 1 it failed, or (`status`, `env`) something that is needed is stopped."""

    help = "Start, stop or show the embedded PostgreSQL and Valkey of this project."
    # No database yet, and `start` must not pay for loading every check.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("action", choices=("start", "stop", "status", "env"))

    def handle(self, *_args: object, action: str, **_options: object) -> None:
        services = Services(PROJECT_ROOT)
        try:
            {
                "start": self._start,
                "stop": self._stop,
                "status": self._status,
                "env": self._env,
            }[action](services)
        except EmbeddedError as error:
            raise CommandError(str(error)) from error

    def _start(self, services: Services) -> None:
        if not services.wanted():
            names = ", ".join(name for names in VARIABLES.values() for name in names)
            self.stdout.write(f"Nothing to start: {names} are set.")
            return
        began = time.monotonic()
        services.start()
        self._status(services)
        self.stdout.write(f"Ready after {time.monotonic() - began:.2f} s.")

    def _stop(self, services: Services) -> None:
        names = services.stop()
        self.stdout.write(f"Stopped {', '.join(names)}." if names else "Nothing was running.")

    def _status(self, services: Services) -> None:
        stopped = False
        for status in services.status():
            stopped = stopped or status.state == "stopped"
            where = {
                "running": f"127.0.0.1:{status.port}, process {status.pid}",
                "external": f"{' and '.join(VARIABLES[status.name])} set",
                "stopped": "start with: manage.py services start",
            }[status.state]
            self.stdout.write(f"{status.name:<10} {status.state:<8} {where}")
        if stopped:
            raise SystemExit(1)

    def _env(self, services: Services) -> None:
        """Print the variables for a shell; its values hold passwords, as `eval` needs them."""
        # Read afresh: settings may have been loaded before the services were started.
        environment = Environment(services.environ)
        urls = {
            name: environment.service_url(name) for names in VARIABLES.values() for name in names
        }
        if not all(urls.values()):
            raise CommandError("services are stopped. Start them: manage.py services start")
        for name, url in urls.items():
            self.stdout.write(f"export {name}={shlex.quote(url)}")
