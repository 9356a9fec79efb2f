"""`manage.py projection_diff`: one document as Postgres gives it, and as Redis holds it."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator
from typing import Any

from django.core.management.base import CommandError, CommandParser

from blip0.common.canonical import sha256_hex
from blip0.common.commands import PlatformCommand
from cachesync.management.reports import FOUND, document_of
from cachesync.services.drift import Sides, document_sides
from cachesync.store import Store


class Command(PlatformCommand):
    help = f"Compare a document in Postgres and Redis. Exits with {FOUND} where they differ."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "document", help="A monitor's id, or its slug; networks:SLUG; filters:NAME."
        )
        parser.add_argument("--tenant", metavar="SLUG", help="Whose monitor, where a slug is many.")
        parser.add_argument("--json", action="store_true")

    def handle(self, *_args: Any, **options: Any) -> None:
        scope, field = document_of(options["document"], options["tenant"])
        sides = document_sides(scope, field, Store())
        if options["json"]:
            self.stdout.write(json.dumps(_representation(sides), indent=2))
        else:
            for line in _lines(sides):
                self.stdout.write(line)
        if not sides.are_equal:
            raise CommandError("Postgres and Redis differ", returncode=FOUND)


def _lines(sides: Sides) -> Iterator[str]:
    held = sides.stored.version
    yield f"Postgres  version {sides.version.rev}  {_sum(sides.postgres)}"
    yield f"Redis     version {held.rev if held else '-'}  {_sum(sides.redis)}"
    if sides.document is not None:
        active = "in the active set" if sides.field in sides.stored.active else "not active"
        reason = f" ({sides.document.reason})" if sides.document.reason else ""
        yield f"State     {sides.document.state}{reason}, {active}"
    yield from difflib.unified_diff(
        _pretty(sides.redis), _pretty(sides.postgres), "redis", "postgres", lineterm=""
    )


def _sum(body: bytes | None) -> str:
    return "no document" if body is None else f"{len(body)} bytes  {sha256_hex(body)[:12]}"


def _pretty(body: bytes | None) -> list[str]:
    if body is None:
        return []
    try:
        return json.dumps(json.loads(body), indent=2, ensure_ascii=False).splitlines()
    except ValueError:
        return body.decode(errors="replace").splitlines()


def _representation(sides: Sides) -> dict[str, Any]:
    held = sides.stored.version
    return {
        "scope": sides.scope.id,
        "id": sides.field,
        "equal": sides.are_equal,
        "state": sides.document.state if sides.document else None,
        "reason": sides.document.reason if sides.document else None,
        "active": sides.field in sides.stored.active,
        "postgres": {"rev": sides.version.rev, "body": _text(sides.postgres)},
        "redis": {"rev": held.rev if held else None, "body": _text(sides.redis)},
    }


def _text(body: bytes | None) -> str | None:
    return None if body is None else body.decode(errors="replace")
