"""Key rotation: every app that stores sealed texts registers how to seal them anew.

`manage.py secrets_rotate` calls each re-sealer inside each tenant's schema, and the platform's
once. A re-sealer yields a `Resealed` for each batch that it has committed, and may be stopped and
run again at any time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from django.db import models, transaction

from blip0.common.registry import Registry
from blip0.common.sealing import CannotOpen

BATCH = 200
"""Rows in a transaction: one version of the tenant's configuration for all of them."""

Row = TypeVar("Row", bound=models.Model)


@dataclass(frozen=True, slots=True)
class Resealed:
    """Rows of a batch: looked at, changed (or to be changed, in a dry run), and impossible."""

    examined: int = 0
    changed: int = 0
    problems: tuple[str, ...] = ()

    def __add__(self, other: Resealed) -> Resealed:
        return Resealed(
            self.examined + other.examined,
            self.changed + other.changed,
            self.problems + other.problems,
        )


class Resealer(Protocol):
    """Seals secrets of one app under the primary key: the current tenant's, or the platform's."""

    def __call__(self, *, dry_run: bool) -> Iterator[Resealed]: ...


RESEALERS: Registry[Resealer] = Registry("re-sealer")
"""By what they seal, such as `triggers`; filled by `AppConfig.ready()`."""
PLATFORM_RESEALERS: Registry[Resealer] = Registry("re-sealer of the platform")
"""The same for secrets that are no tenant's; called once, in public."""


def reseal_rows(
    rows: models.QuerySet[Row], reseal: Callable[[Row], Mapping[str, Any]], *, dry_run: bool
) -> Iterator[Resealed]:
    """Go through `rows` by primary key and write the columns that `reseal` returns for each.

    `reseal` may raise `CannotOpen`: that row is reported and left as it is. A column is written
    only where it still holds what was read: nobody waits for the rotation, and a secret that its
    owner changed meanwhile is not put back. Such a row is a problem too: run it again.
    """
    last: Any = None
    while True:
        with transaction.atomic():
            page = rows.order_by("pk") if last is None else rows.order_by("pk").filter(pk__gt=last)
            batch = list(page[:BATCH])
            outcome = Resealed()
            for row in batch:
                outcome += _reseal_row(rows, row, reseal, dry_run=dry_run)
        if not batch:
            return
        yield outcome
        last = batch[-1].pk


def _reseal_row(
    rows: models.QuerySet[Row],
    row: Row,
    reseal: Callable[[Row], Mapping[str, Any]],
    *,
    dry_run: bool,
) -> Resealed:
    try:
        changed = reseal(row)
    except CannotOpen as error:
        return Resealed(1, 0, (f"{row._meta.verbose_name} {row.pk}: {error}",))
    if not changed or dry_run:
        return Resealed(1, int(bool(changed)))
    as_read = {column: getattr(row, column) for column in changed}
    if rows.filter(pk=row.pk, **as_read).update(**changed):
        return Resealed(1, 1)
    return Resealed(1, 0, (f"{row._meta.verbose_name} {row.pk}: changed meanwhile, run again",))
