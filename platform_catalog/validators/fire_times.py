"""How far apart the fire times of a schedule lie; by arithmetic, without a clock."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from functools import lru_cache
from itertools import pairwise

_FIRST_DAY = date(2000, 1, 1)
_CYCLE = 28 * 366
"""Days after which every date has fallen on every weekday, leap days included."""


def longest_gap(fields: Sequence[frozenset[int]]) -> int:
    """Seconds between the two neighbouring fire times that lie furthest apart; 0 without two.

    `fields` are those of `cron.parse`: seconds, minutes, hours, days, months, weekdays (1 is
    Sunday). Years are left out of account.
    """
    longest = first = last = 0
    seconds, minutes, hours, *days = fields[:6]
    for values, unit in (
        (seconds, 1),
        (minutes, 60),
        (hours, 3600),
        (_days(*days), 86400),
    ):
        if not values:
            return 0
        step = max((after - before for before, after in pairwise(sorted(values))), default=0)
        if step:
            # From the last time within one of these units to the first one within the next.
            longest = max(longest, step * unit - last + first)
        first += min(values) * unit
        last += max(values) * unit
    return longest


@lru_cache(maxsize=256)
def _days(days: frozenset[int], months: frozenset[int], weekdays: frozenset[int]) -> Sequence[int]:
    """The days of a cycle on which a schedule fires, counted from its first."""
    if len(days) == 31 and len(months) == 12 and len(weekdays) == 7:
        return (0, 1)
    return tuple(
        number
        for number, day in _calendar()
        if day.day in days and day.month in months and day.isoweekday() % 7 + 1 in weekdays
    )


def _calendar() -> Iterable[tuple[int, date]]:
    return ((number, _FIRST_DAY + timedelta(days=number)) for number in range(_CYCLE))
