"""`manage.py projection_verify --schema`: is what Redis holds still what the runtime takes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from django.core.management.base import CommandError, CommandParser

from blip0.common.commands import PlatformCommand
from blip0.common.validation.stored import finding_representation
from cachesync.keys import Scope
from cachesync.services.verify import Verified, documents_verify
from cachesync.store import Store
from tenants.selectors import tenant_by_slug

FOUND = 3
"""The exit code where something is wrong; 1 is a failure of the command itself."""


class Command(PlatformCommand):
    help = "Check every document in Redis anew, from its bytes. Exits with 3 where one is wrong."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--schema",
            action="store_true",
            required=True,
            help="By the rules for documents, with secrets opened.",
        )
        parser.add_argument("--tenant", metavar="SLUG", help="Without it: every tenant.")
        parser.add_argument("--json", action="store_true", help="One problem a line, as JSON.")

    def handle(self, *_args: Any, **options: Any) -> None:
        store = Store()
        if options["tenant"]:
            scopes = [Scope(str(tenant_by_slug(options["tenant"]).pk))]
        else:
            scopes = [Scope(tenant_id) for tenant_id in sorted(store.tenants())]
        documents = problems = 0
        for verified in documents_verify(store=store, tenants=scopes):
            documents += 1
            problems += len(verified.errors)
            for line in _lines(verified, as_json=options["json"]):
                self.stdout.write(line)
        if problems:
            raise CommandError(f"{problems} problems in {documents} documents", returncode=FOUND)
        if not options["json"]:
            self.stdout.write(f"{documents} documents are as they should be")


def _lines(verified: Verified, *, as_json: bool) -> Iterator[str]:
    scope, field = verified.scope.id, verified.field
    for finding in verified.errors:
        if as_json:
            yield json.dumps({"scope": scope, "id": field, **finding_representation(finding)})
        else:
            place = finding.pointer or "/"
            yield f"{scope} {field} {place}: {finding.message} [{finding.code}]"
