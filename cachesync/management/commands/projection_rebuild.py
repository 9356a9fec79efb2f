"""`manage.py projection_rebuild`: everything anew; with `--new-epoch`, whatever Redis holds."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Sequence
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from blip0.common.commands import PlatformCommand
from cachesync.keys import Scope
from cachesync.management.reports import FOUND, document_of, scope_of
from cachesync.models import ProjectionRun
from cachesync.selectors.scopes import known_scopes, wanted_versions
from cachesync.services.rebuild import FAILED
from cachesync.services.rounds import UNSETTLED
from cachesync.services.runs import run_begin, run_perform
from cachesync.store import Store

TOLD_EVERY = 50


class Command(PlatformCommand):
    help = (
        "Render every document and write those that differ from Redis. Exits with "
        f"{FOUND} where a scope could not be brought up to date."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--tenant", metavar="SLUG", help="Only this tenant, or `platform`. Default: all."
        )
        parser.add_argument(
            "--document",
            metavar="NAME",
            help="Only this one: a monitor's id or slug, networks:SLUG or filters:NAME.",
        )
        parser.add_argument(
            "--new-epoch",
            action="store_true",
            help="Declare what Redis holds of another history void (ahead, diverged): it is "
            "overwritten, and every reader lists everything again.",
        )
        parser.add_argument(
            "--repair",
            action="store_true",
            help="With --tenant: compare the bytes, mend what differs, compare again, and keep on "
            "the list of drift what is left.",
        )
        parser.add_argument("--reason", default="", help="For the audit log.")
        parser.add_argument("--yes", action="store_true", help="Don't ask.")
        parser.add_argument("--json", action="store_true", help="One object at the end.")

    def handle(self, *_args: Any, **options: Any) -> None:
        only, document = _chosen(**options)
        if options["new_epoch"] and not options["yes"]:
            self._ask(only)
        run = run_begin(
            kind=_kind(**options),
            actor=self.actor,
            reason=options["reason"] or "Typed without a reason.",
            scopes=only,
            document=document,
            new_epoch=options["new_epoch"],
            now=timezone.now(),
        )
        results: Counter[str] = Counter()
        for progress in run_perform(run, store=Store()):
            results[progress.result] += 1
            if not options["json"] and progress.done % TOLD_EVERY == 0:
                self.stdout.write(f"{progress.done} of {progress.of} scopes")
        run.refresh_from_db()
        epoch = run.epoch
        if options["json"]:
            self.stdout.write(json.dumps({"epoch": epoch, "results": dict(results)}))
        else:
            counts = ", ".join(f"{number} {result}" for result, number in sorted(results.items()))
            began = f" in epoch {epoch}" if epoch else ""
            self.stdout.write(f"{sum(results.values())} scopes{began}: {counts or 'none'}")
        if open_ones := sum(results[result] for result in (*UNSETTLED, FAILED)):
            raise CommandError(
                f"{open_ones} scopes are not up to date: see `manage.py projection_status`",
                returncode=FOUND,
            )

    def _ask(self, only: Sequence[Scope]) -> None:
        scopes = only or list(wanted_versions())
        known = known_scopes()
        others = [s for s in scopes if (row := known.get(s)) and row.condition in row.OTHER_HISTORY]
        self.stdout.write(
            f"{len(scopes)} scopes get a new epoch; {len(others)} of them hold another history in "
            "Redis, which is lost. Postgres must be the one that is right."
        )
        if not sys.stdin.isatty():
            raise CommandError("Nobody is there to ask: say --yes, if that is what you want.")
        if input("Go on? [y/N] ").strip().lower() not in {"y", "yes"}:
            raise CommandError("Nothing was changed.")


def _kind(*, document: str | None, repair: bool, **_options: Any) -> str:
    return ProjectionRun.Kind.REPAIR if document or repair else ProjectionRun.Kind.REBUILD


def _chosen(
    *, tenant: str | None, document: str | None, new_epoch: bool, repair: bool, **_options: Any
) -> tuple[list[Scope], str]:
    """The scopes (none means all), and the only document of them, "" for each."""
    if document and new_epoch:
        raise CommandError("--new-epoch is about whole scopes: leave out --document.")
    if repair and (new_epoch or document or not tenant):
        raise CommandError("--repair is of one scope: name it with --tenant, and nothing else.")
    if document:
        scope, field = document_of(document, tenant)
        return [scope], field
    return ([scope_of(tenant)] if tenant else []), ""
