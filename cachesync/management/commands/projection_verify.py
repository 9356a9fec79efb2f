"""`manage.py projection_verify`: does Redis hold what Postgres gives and the runtime takes?"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from django.core.management.base import CommandError, CommandParser

from blip0.common.commands import PlatformCommand
from blip0.common.validation.stored import finding_representation
from cachesync.contracts import Drift, Look
from cachesync.keys import Scope
from cachesync.management.reports import FOUND, scope_of, tenant_scopes
from cachesync.selectors.scopes import wanted_versions
from cachesync.services.drift import ScopeDrift, scope_drift
from cachesync.services.project import scope_project
from cachesync.services.reconcile import orphans_drop
from cachesync.services.status import presence_drift
from cachesync.services.verify import Verified, documents_verify
from cachesync.store import Store


class Command(PlatformCommand):
    help = (
        "Look whether every document is in Redis. --deep compares every byte with a new rendering, "
        f"--schema checks each document by the rules. Exits with {FOUND} where something is wrong."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--deep", action="store_true", help="Render everything and compare every byte."
        )
        parser.add_argument(
            "--schema",
            action="store_true",
            help="Check each document from its stored bytes, with secrets opened.",
        )
        parser.add_argument("--fix", action="store_true", help="Mend what differs from Postgres.")
        parser.add_argument(
            "--tenant", metavar="SLUG", help="Or `platform`. Without it: everything."
        )
        parser.add_argument("--json", action="store_true", help="One problem a line, as JSON.")

    def handle(self, *_args: Any, **options: Any) -> None:
        self._as_json = bool(options["json"])
        store = Store()
        wrong = 0
        if options["schema"]:
            wrong += self._schema(store, options["tenant"])
        if options["deep"] or options["fix"] or not options["schema"]:
            wrong += self._compare(store, options)
        if wrong:
            raise CommandError(f"{wrong} problems", returncode=FOUND)

    def _schema(self, store: Store, tenant: str | None) -> int:
        documents = problems = 0
        for verified in documents_verify(store=store, tenants=tenant_scopes(tenant, store)):
            documents += 1
            problems += len(verified.errors)
            for found in _schema_problems(verified):
                self._tell(found)
        self._conclude(f"{documents} documents checked by the rules, {problems} problems")
        return problems

    def _compare(self, store: Store, options: dict[str, Any]) -> int:
        # Before the versions: whoever is projected had one.
        orphans = set() if options["tenant"] else store.tenants()
        scopes = [scope_of(options["tenant"])] if options["tenant"] else list(wanted_versions())
        orphans -= {scope.id for scope in scopes}
        for tenant_id in sorted(orphans):
            self._tell({"scope": tenant_id, "id": "", "kind": Drift.ORPHAN})
        wrong = self._deep(store, scopes) if options["deep"] else self._shallow(store, scopes)
        found = len(wrong) + len(orphans)
        self._conclude(f"{len(scopes)} scopes compared with Postgres, {found} differ")
        if not options["fix"]:
            return found
        orphans_drop(store, orphans)
        look = Look.BYTES if options["deep"] else Look.PRESENCE
        left = [scope for scope in wrong if not self._mended(scope, store, look)]
        self._conclude(f"{found - len(left)} mended")
        return len(left)

    def _deep(self, store: Store, scopes: Sequence[Scope]) -> list[Scope]:
        wrong = []
        for scope in scopes:
            found = scope_drift(scope, store)
            for problem in _drift_problems(found):
                self._tell(problem)
            if not found.is_clean:
                wrong.append(scope)
        return wrong

    def _shallow(self, store: Store, scopes: Sequence[Scope]) -> list[Scope]:
        found = presence_drift(store=store, scopes=scopes)
        for scope, what in found.items():
            self._tell({"scope": scope.id, "kind": what, "id": ""})
        return list(found)

    def _mended(self, scope: Scope, store: Store, look: Look) -> bool:
        scope_project(scope=scope, store=store, look=look)
        return scope_drift(scope, store).is_clean

    def _tell(self, problem: dict[str, Any]) -> None:
        if self._as_json:
            self.stdout.write(json.dumps(problem))
            return
        place = " ".join(filter(None, (problem["scope"], problem["id"], problem.get("pointer"))))
        said = problem.get("message") or problem["kind"]
        code = f" [{problem['code']}]" if "code" in problem else ""
        self.stdout.write(f"{place}: {said}{code}")

    def _conclude(self, line: str) -> None:
        if not self._as_json:
            self.stdout.write(line)


def _schema_problems(verified: Verified) -> Iterator[dict[str, Any]]:
    for finding in verified.errors:
        yield {
            "scope": verified.scope.id,
            "id": verified.field,
            **finding_representation(finding),
        }


def _drift_problems(found: ScopeDrift) -> Iterator[dict[str, Any]]:
    if found.history:
        yield {"scope": found.scope.id, "id": "", "kind": found.history}
    if found.behind:
        yield {"scope": found.scope.id, "id": "", "kind": "behind: the next sweep brings it"}
    for difference in found.differences:
        yield {"scope": found.scope.id, "id": difference.field, "kind": difference.kind}
