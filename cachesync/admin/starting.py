"""From a button to a run: begun here, done at once where it is short, else by a worker."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final

import redis
from django.contrib import messages
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from blip0.common.admin.base import actor_of
from blip0.common.admin.display import change_url
from blip0.common.commits import after_commit
from cachesync.contracts import Result
from cachesync.keys import Scope
from cachesync.models import ProjectionRun
from cachesync.services.comparison import Outcome
from cachesync.services.rebuild import FAILED
from cachesync.services.runs import is_short, run_begin, run_complete
from cachesync.store import MissingReference, Store
from cachesync.tasks import perform_run

REPAIR: Final = "cachesync.repair_projection"
REBUILD: Final = "cachesync.rebuild_projection"
VIEW: Final = "cachesync.view_projecteddocument"

_WORDS: Final[Mapping[str, str]] = {
    Result.OK: "written",
    Result.NOOP: "already right",
    Result.STALE: "left to newer code",
    Result.CONFLICT: "contended, not done",
    Result.AHEAD: "holds a version that Postgres never had",
    Result.DIVERGED: "holds another history",
    Result.DEFERRED: "left to the projector",
    Outcome.EQUAL: "equal",
    Outcome.DIFFERENT: "different",
    Outcome.BEHIND: "behind, and on its way",
    Outcome.OTHER_HISTORY: "of another history",
    Outcome.ORPHAN: "orphan",
    Outcome.DROPPED: "orphan taken away",
    FAILED: "failed",
}
_GOOD: Final = {Result.OK, Result.NOOP, Outcome.EQUAL, Outcome.BEHIND, Outcome.DROPPED}


def results_text(run: ProjectionRun) -> str:
    """Such as "998 equal, 2 different"."""
    results = sorted(run.results.items(), key=lambda item: -item[1])
    return ", ".join(f"{number} {_WORDS.get(result, result)}" for result, number in results)


def is_good(run: ProjectionRun) -> bool:
    """Whether everything that it looked at is as it should be, or is on its way."""
    return run.status == run.Status.DONE and set(run.results) <= _GOOD


def start(
    request: HttpRequest,
    *,
    kind: str,
    back: str,
    reason: str = "",
    scopes: Collection[Scope] = (),
    **wanted: Any,
) -> HttpResponse:
    """Begin a run, and lead to `back` where it was short, else to its own page.

    Outside of any transaction. Raises what `run_begin` raises.
    """
    run = run_begin(
        kind=kind,
        actor=actor_of(request),
        reason=reason,
        scopes=scopes,
        now=timezone.now(),
        **wanted,
    )
    if not is_short(run):
        # A broker that is away leaves a run that nobody takes; its page says so.
        after_commit(perform_run.apply_async, (run.pk,), retry=False)
        return redirect(change_url(ProjectionRun, run.pk))
    try:
        run = run_complete(run, store=Store())
    except (redis.RedisError, DatabaseError, MissingReference):
        run.refresh_from_db()
    level = messages.SUCCESS if is_good(run) else messages.WARNING
    messages.add_message(request, level, f"{run}: {run.error or results_text(run)}.")
    return redirect(back)
