"""`manage.py up`: everything on one machine, under one supervisor."""

from __future__ import annotations

import os
import signal
import sys
from io import StringIO
from types import FrameType
from typing import NoReturn

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connections

from blip0.embedded.errors import EmbeddedError
from blip0.embedded.processes import PROCESSES, command
from blip0.embedded.server import is_free
from blip0.embedded.services import Services
from blip0.embedded.state import FOLDER, read_state
from blip0.embedded.supervisor import supervise
from blip0.settings.environment import PROJECT_ROOT, env


class Command(BaseCommand):
    """Ends with Ctrl-C; then nothing that it started is left."""

    help = "Start the services, bring the database up to date and run every process."
    requires_system_checks: list[str] = []

    def handle(self, *_args: object, **_options: object) -> None:
        port = env.integer("BLIP0_PORT", 1, 65535)
        if not is_free(port):
            raise CommandError(
                f"port {port} of 127.0.0.1 is taken: stop the program that holds it, or choose "
                "another port with BLIP0_PORT=8001 make up"
            )
        # Until honcho installs its own: a plain SIGTERM would skip the clean-up below.
        signal.signal(signal.SIGTERM, _stop_at_once)
        services = Services(PROJECT_ROOT)
        try:
            self._start(services)
            code = self._run(port)
        except KeyboardInterrupt:
            code = 0
        except EmbeddedError as error:
            raise CommandError(str(error)) from error
        finally:
            services.stop(only_mine=True)
        self.stdout.write("Stopped.")
        if code:
            raise SystemExit(code)

    def _start(self, services: Services) -> None:
        before = read_state(PROJECT_ROOT)
        if any(status.state == "stopped" for status in services.status()):
            self.stdout.write("Starting the services ...")
        services.start(tied=True)
        if read_state(PROJECT_ROOT) != before:
            # Settings were read without them. The same process starts over, so that what is tied
            # to it stays so.
            self.stdout.flush()
            os.execv(sys.executable, sys.orig_argv)  # noqa: S606  # our own command line

    def _run(self, port: int) -> int:
        self.stdout.write("Bringing the database up to date ...")
        call_command("migrate", verbosity=0)
        call_command("load_catalog", stdout=StringIO())
        people = StringIO()
        call_command("demo", stdout=people)
        # The processes are forked from this one and must not share its connections.
        connections.close_all()
        data = PROJECT_ROOT / FOLDER
        url = f"http://127.0.0.1:{port}"
        return supervise(
            {name: command(name, root=PROJECT_ROOT, data=data, port=port) for name in PROCESSES},
            root=PROJECT_ROOT,
            output=sys.stdout,
            metrics=data / "metrics",
            health_url=f"{url}/health/live",
            on_ready=lambda: self._show(_page(url, people.getvalue())),
        )

    def _show(self, page: str) -> None:
        self.stdout.write(page)
        # Nothing else may be said for hours, and a pipe would keep it until then.
        self.stdout.flush()


def _page(url: str, people: str) -> str:
    rule = "=" * 72
    return "\n".join(
        (
            "",
            rule,
            "Blip0 runs.",
            "",
            f"  Back office   {url}/admin/",
            f"  API           {url}/api/v1/",
            f"  API docs      {url}/api/v1/docs/",
            "",
            *(f"  {line}".rstrip() for line in people.strip().splitlines()),
            "",
            "  Stop with Ctrl-C. In a second terminal: .venv/bin/python manage.py help",
            rule,
            "",
        )
    )


def _stop_at_once(_number: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt
