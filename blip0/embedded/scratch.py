"""Services of their own for one command: nothing else's data is within its reach."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from blip0.embedded.services import Services
from blip0.embedded.state import VARIABLES

_LED_ELSEWHERE = {
    form for names in VARIABLES.values() for name in names for form in (name, f"{name}_FILE")
}


class Scratch:
    """A folder with services in it that run while they are used. The data stays."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ

    def run(self, command: Sequence[str]) -> str:
        """Run a program to its end against these services; what it wrote to its standard output.

        What it writes to its standard error goes to ours. Raises `CalledProcessError`.
        """
        done = subprocess.run(
            command, env=self._environ, stdout=subprocess.PIPE, text=True, check=True
        )
        return done.stdout


@contextmanager
def scratch_services(root: Path, environ: Mapping[str, str]) -> Iterator[Scratch]:
    """The services of the folder `root`, as durable as any; stopped afterwards.

    Variables of `environ` that lead to other services are left out. Raises EmbeddedError.
    """
    own = {name: value for name, value in environ.items() if name not in _LED_ELSEWHERE}
    root.mkdir(parents=True, exist_ok=True)
    services = Services(root, own)
    try:
        endpoints = services.start(tied=True)
        yield Scratch(own | endpoints.environment())
    finally:
        services.stop(only_mine=True)
