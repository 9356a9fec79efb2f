"""What people start: comparing, repairing and rebuilding, each with a row that tells how it goes.

Beside the sweep and the reconciliation, which need none of it. A run is begun by one service, in
the caller's transaction, and done by another one, outside of any: at once by a command or for a few
scopes, else by a worker.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Collection, Iterator
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import structlog
from django.db import IntegrityError, transaction
from django.utils import timezone

from blip0.common.actors import Actor
from blip0.common.exceptions import Conflict, InvalidField
from blip0.common.tenancy import in_public
from cachesync.contracts import Look, Result
from cachesync.keys import Scope
from cachesync.models import ProjectedScope, ProjectionRun
from cachesync.services.comparison import compare, difference_forget, repair
from cachesync.services.conditions import told
from cachesync.services.project import scope_project
from cachesync.services.rebuild import Progress, epoch_begin_above, rebuild
from cachesync.store import Store
from tenants.services.audit import audit_record

logger = structlog.get_logger(__name__)

Kind = ProjectionRun.Kind
Status = ProjectionRun.Status

FEW: Final = 5
"""Scopes that somebody waits for: seconds at most."""
TOLD_EVERY_S: Final = 1.0
KEPT: Final = timedelta(days=90)


class RunOver(Exception):
    """Somebody else has declared this run finished: it was silent for too long."""


@transaction.atomic
def run_begin(
    *,
    kind: str,
    actor: Actor,
    reason: str = "",
    scopes: Collection[Scope] = (),
    document: str = "",
    new_epoch: bool = False,
    now: datetime,
) -> ProjectionRun:
    """Note that a run begins; `run_perform` does it. Audited. Of `scopes`, or of all without any.

    `document` is a field of the one scope's index. Raises `InvalidField` for a repair or a rebuild
    without a reason. `Conflict` where another run of all scopes is open, and for a repair of a
    scope that holds another history. Runs that died are closed, old ones are forgotten.
    """
    if kind != Kind.COMPARISON and not reason.strip():
        raise InvalidField("reason: say why; it is kept in the audit log.", pointer="/reason")
    ids = sorted({scope.id for scope in scopes})
    if kind == Kind.REPAIR:
        _refuse_other_histories(ids)
    ProjectionRun.objects.filter(
        status=Status.OPEN, heard_at__lt=now - ProjectionRun.SILENCE
    ).update(status=Status.LOST, finished_at=now, error="Whoever worked on it fell silent.")
    ProjectionRun.objects.filter(created_at__lt=now - KEPT).delete()
    try:
        with transaction.atomic():
            run = ProjectionRun.objects.create(
                kind=kind,
                scopes=ids,
                document=document,
                new_epoch=new_epoch,
                reason=reason.strip()[:500],
                actor_name=actor.name,
                actor_kind=actor.kind,
                actor_id=actor.id,
                created_at=now,
                heard_at=now,
            )
    except IntegrityError as error:
        raise Conflict(
            "Another run over all scopes is going on: wait until it is done. One whose worker died "
            "is in nobody's way after two minutes."
        ) from error
    one = ids[0] if len(ids) == 1 else ""
    audit_record(
        action=f"projection.{kind}_begun",
        actor=actor,
        object_kind="projection_run",
        object_id=run.pk,
        object_name=str(run),
        tenant_id=_tenant_id(one),
        after={"scopes": ids or "all", "document": document, "new_epoch": new_epoch},
        reason=reason,
    )
    return run


def _refuse_other_histories(ids: Collection[str]) -> None:
    others = ProjectedScope.objects.filter(
        pk__in=ids, condition__in=ProjectedScope.OTHER_HISTORY
    ).count()
    if others:
        raise Conflict(
            f"{others} of these scopes hold another history in Redis, which a repair never "
            "overwrites. Decide which one is right; if it is Postgres, rebuild with a new epoch."
        )


def _tenant_id(scope: str) -> UUID | None:
    try:
        return UUID(scope)
    except ValueError:
        return None


def is_short(run: ProjectionRun) -> bool:
    """Whether somebody can wait for it."""
    return 0 < len(run.scopes) <= FEW


def run_complete(run: ProjectionRun, *, store: Store) -> ProjectionRun:
    """Do it to the end and return it as it then stands. Raises what `run_perform` raises."""
    for _ in run_perform(run, store=store):
        pass
    run.refresh_from_db()
    return run


def run_perform(run: ProjectionRun, *, store: Store) -> Iterator[Progress]:
    """Do what a run is for, scope by scope, and write down how it goes.

    Does nothing where somebody else has taken it. Raises `redis.RedisError` and `django.db.Error`
    where one of them can't be asked, and `RunOver`; the row says so, too.
    """
    if not _take(run):
        logger.warning("projection.run_taken", run=run.pk)
        return
    results: Counter[str] = Counter()
    told_at = time.monotonic()
    try:
        for progress in _work(run, store):
            results[progress.result] += 1
            if time.monotonic() - told_at > TOLD_EVERY_S or progress.done == 1:
                _tell(run, progress, results)
                told_at = time.monotonic()
            yield progress
    except BaseException as error:
        # Whatever ends it, an interrupted command as well, must not look as if it went on.
        _end(run, results, Status.FAILED, error=told(error))
        raise
    _end(run, results, Status.DONE)


def _take(run: ProjectionRun) -> bool:
    """Claim it by updating exactly one row: a task may come twice."""
    now = timezone.now()
    with in_public():
        waiting = ProjectionRun.objects.filter(
            pk=run.pk, status=Status.OPEN, started_at__isnull=True
        )
        return bool(waiting.update(started_at=now, heard_at=now))


def _work(run: ProjectionRun, store: Store) -> Iterator[Progress]:
    only = [Scope(scope) for scope in run.scopes] or None
    if run.kind == Kind.COMPARISON:
        yield from compare(store=store, only=only)
    elif run.kind == Kind.REPAIR and run.document and only:
        yield _document_mended(only[0], run.document, store)
    elif run.kind == Kind.REPAIR and only:
        yield from repair(store=store, scopes=only)
    else:
        if run.new_epoch:
            with in_public():
                epoch = epoch_begin_above(
                    store=store, only=only, actor=run.actor, reason=run.reason
                )
            _update(run, epoch=epoch)
        yield from rebuild(store=store, only=only)


def _document_mended(scope: Scope, document: str, store: Store) -> Progress:
    result = scope_project(scope=scope, store=store, look=Look.BYTES, only=document)
    if result in {Result.OK, Result.NOOP}:
        difference_forget(scope, document)
    return Progress(1, 1, scope, result)


def _tell(run: ProjectionRun, progress: Progress, results: Counter[str]) -> None:
    if not _update(run, done=progress.done, total=progress.of, results=dict(results)):
        raise RunOver(f"{run} was declared lost, since it was silent for too long")


def _end(run: ProjectionRun, results: Counter[str], status: str, error: str = "") -> None:
    done = sum(results.values())
    values = {"done": done, "results": dict(results), "status": status, "error": error}
    if status == Status.DONE:
        values["total"] = done
    _update(run, finished_at=timezone.now(), **values)


def _update(run: ProjectionRun, **values: Any) -> bool:
    """Whether the run was still open."""
    with in_public():
        still_open = ProjectionRun.objects.filter(pk=run.pk, status=Status.OPEN)
        return bool(still_open.update(heard_at=timezone.now(), **values))
