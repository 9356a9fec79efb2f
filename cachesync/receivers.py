"""The fast path: a committed change of a projected row is written through at once.

Receivers wake, and never say what to render: that comes from the versions and the change log,
which also see what signals don't (bulk writes, raw SQL, cascades).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Model
from django.db.models.signals import post_delete, post_save

from blip0.common.projected import projected
from blip0.common.tenancy import current_schema, tenant_id_of
from cachesync.keys import PLATFORM, Scope
from cachesync.services.project import write_through
from tenants.models import Tenant


@dataclass(frozen=True)
class WriteThrough:
    """The callback of a commit. It carries its scope: by then the connection may be elsewhere.

    Queued twice, it works once.
    """

    scope: Scope
    done: list[Scope] = field(default_factory=list, compare=False)

    def __call__(self) -> None:
        if not self.done:
            self.done.append(self.scope)
            write_through(self.scope)


def connect() -> None:
    """Listen to every projected model. Called once, by `CachesyncConfig.ready`."""
    for entry in projected():
        for signal in (post_save, post_delete):
            signal.connect(_changed, sender=entry.model, dispatch_uid=f"projection:{entry.table}")


def _changed(sender: type[Model], instance: Model, **_kwargs: Any) -> None:
    if not settings.PROJECTION_RECEIVERS:
        return
    if isinstance(instance, Tenant):
        scope = Scope(str(instance.pk))
    elif (tenant_id := tenant_id_of(current_schema())) is not None and (
        sender._meta.app_label in settings.TENANT_APPS
    ):
        scope = Scope(str(tenant_id))
    else:
        scope = PLATFORM
    callback = WriteThrough(scope)
    # One a transaction is enough, if it survives every rollback that this one would survive. If
    # not, as after a savepoint that is over by now, it is queued once more for the case of that.
    savepoints = set(connection.savepoint_ids)
    for queued_in, queued, *_ in connection.run_on_commit:
        if queued == callback:
            callback = queued
            if queued_in <= savepoints:
                return
    transaction.on_commit(callback, robust=True)
