"""Cron schedules: what the runtime's validation accepts, and the subset that is safe to run.

The runtime validates with one library (seconds first, six or seven fields, weekday 1 is Sunday)
and schedules with another (weekday 1 is Monday, no long names). `parse` has the verdict of the
first; `check_cron` adds, as policy, the subset that both read alike: six fields of numbers, with
weekdays as SUN…SAT.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from blip0.common.validation.context import CheckContext
from blip0.common.validation.findings import Findings, Path, label, shorten
from blip0.common.validation.shapes import U32, Text

_MONTHS = (
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
)
MONTH_NAMES = {
    name: number for number, month in enumerate(_MONTHS, 1) for name in (month, month[:3])
}
WEEKDAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
WEEKDAY_NAMES = {
    name: number
    for number, names in enumerate(
        (
            ("sun", "sunday"),
            ("mon", "monday"),
            ("tue", "tues", "tuesday"),
            ("wed", "wednesday"),
            ("thu", "thurs", "thursday"),
            ("fri", "friday"),
            ("sat", "saturday"),
        ),
        1,
    )
    for name in names
}
SHORTHANDS = {
    "@yearly": "0 0 0 1 1 *",
    "@monthly": "0 0 0 1 * *",
    "@weekly": "0 0 0 * * SUN",
    "@daily": "0 0 0 * * *",
    "@hourly": "0 0 * * * *",
}
DAYS_IN_MONTH = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
BLANKS = " \t\r\n"
MAX_LENGTH = 20_000


class CronError(ValueError):
    """The runtime's validation refuses the schedule; the message says where and why."""


@dataclass(frozen=True)
class _Unit:
    noun: str
    low: int
    high: int
    names: dict[str, int]
    question_mark: bool = False

    def number(self, value: int) -> int:
        if not self.low <= value <= self.high:
            raise CronError(f"{self.noun} are {self.low} to {self.high}, not {value}")
        return value

    def named(self, name: str) -> int:
        if (value := self.names.get(name.lower())) is None:
            raise CronError(f"`{shorten(name)}` means nothing in the {self.noun}")
        return value


UNITS = (
    _Unit("seconds", 0, 59, {}),
    _Unit("minutes", 0, 59, {}),
    _Unit("hours", 0, 23, {}),
    _Unit("days of the month", 1, 31, {}, question_mark=True),
    _Unit("months", 1, 12, MONTH_NAMES),
    _Unit("days of the week", 1, 7, WEEKDAY_NAMES, question_mark=True),
    _Unit("years", 1970, 2100, {}),
)


def parse(text: str) -> list[frozenset[int]]:
    """The values of each of the six or seven fields. Raises `CronError`."""
    if len(text) > MAX_LENGTH:
        raise CronError(f"it is longer than {MAX_LENGTH} characters")
    if text.strip(BLANKS).startswith("@"):
        shorthand = text.strip(BLANKS)
        if shorthand not in SHORTHANDS:
            raise CronError(f"known shorthands are {', '.join(SHORTHANDS)}")
        text = SHORTHANDS[shorthand]
    reader = _Reader(text)
    fields = [reader.field(unit) for unit in UNITS[:6]]
    if not reader.at_end():
        fields.append(reader.field(UNITS[6]))
    if not reader.at_end():
        raise CronError(f"`{shorten(reader.rest(), 20)}` stands after the last field")
    return fields


class _Reader:
    """Reads fields from left to right; blanks between fields are customary, not required."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._place = 0

    def at_end(self) -> bool:
        return self._place >= len(self._text)

    def rest(self) -> str:
        return self._text[self._place :]

    def field(self, unit: _Unit) -> frozenset[int]:
        self._skip_blanks()
        if self.at_end():
            raise CronError(
                f"the field for the {unit.noun} is missing: a schedule has six fields, "
                "the first one for seconds"
            )
        values = self._item(unit)
        while self._take(","):
            values |= self._item(unit)
        self._skip_blanks()
        return frozenset(values)

    def _item(self, unit: _Unit) -> set[int]:
        start = self._place
        if (base := self._base(unit)) is not None:
            values, is_point = base
            after = self._place
            if self._take("/") and (step := self._ordinal()) is not None:
                return self._stepped(unit, values, step, from_point=is_point)
            self._place = after
            return {unit.number(value) for value in values}
        if (name := self._name()) is not None:
            return {unit.named(name)}
        shown = shorten(self._text[start : start + 12]) or "the end"
        raise CronError(f"`{shown}` can't be read as {unit.noun}")

    def _base(self, unit: _Unit) -> tuple[list[int], bool] | None:
        """`*`, `?`, `a-b`, `a` or `NAME-NAME`, and whether it is a point.

        A point is not yet checked against the unit.
        """
        if self._take("*") or (unit.question_mark and self._take("?")):
            return list(range(unit.low, unit.high + 1)), False
        start = self._place
        if (first := self._ordinal()) is not None:
            after = self._place
            if self._take("-") and (last := self._ordinal()) is not None:
                return _range(unit, unit.number(first), unit.number(last)), False
            self._place = after
            return [first], True
        if (name := self._name()) is not None and self._take("-"):
            other = self._name()
            if other is not None:
                return _range(unit, unit.named(name), unit.named(other)), False
        self._place = start
        return None

    def _stepped(self, unit: _Unit, values: list[int], step: int, *, from_point: bool) -> set[int]:
        if not 1 <= step <= unit.high:
            raise CronError(f"a step in the {unit.noun} is 1 to {unit.high}, not {step}")
        if from_point:
            values = list(range(unit.number(values[0]), unit.high + 1))
        return set(values[::step])

    def _take(self, mark: str) -> bool:
        if self._text.startswith(mark, self._place):
            self._place += len(mark)
            return True
        return False

    def _skip_blanks(self) -> None:
        while self._place < len(self._text) and self._text[self._place] in BLANKS:
            self._place += 1

    def _match(self, pattern: re.Pattern[str]) -> str | None:
        match = pattern.match(self._text, self._place)
        if match is None:
            return None
        self._place = match.end()
        return match.group(1)

    def _ordinal(self) -> int | None:
        start = self._place
        digits = self._match(_ORDINAL)
        if digits is None:
            return None
        number = int(digits)
        if number > U32:
            self._place = start
            return None
        return number

    def _name(self) -> str | None:
        return self._match(_NAME)


_ORDINAL = re.compile(r"[ \t\r\n]*([0-9]+)[ \t\r\n]*")
_NAME = re.compile(r"[ \t\r\n]*([A-Za-z]+)[ \t\r\n]*")
_SAFE_NUMBERS = re.compile(r"[0-9*/,-]+")
_SAFE_WEEKDAY = re.compile(r"(?:{0})(?:-(?:{0}))?".format("|".join(WEEKDAYS)))


def _range(unit: _Unit, first: int, last: int) -> list[int]:
    if first > last:
        raise CronError(f"the range {first}-{last} of the {unit.noun} runs backwards")
    return list(range(first, last + 1))


def check_schedule(text: str, at: Path, out: Findings, *, verdict: bool = True) -> None:
    """Check a schedule. With `verdict` False, what the runtime would refuse is policy as well."""
    refuse = out.invalid if verdict else out.policy
    if not text:
        refuse("cron.empty", at, f"{label(at)} is empty; write a schedule like `0 */1 * * * *`.")
        return
    try:
        fields = parse(text)
    except CronError as error:
        refuse("cron.syntax", at, f"{label(at)} is not a cron schedule: {error}.")
        return
    if problem := unsafe(text, fields):
        out.policy(
            "cron.unsafe",
            at,
            f"The runtime would read {label(at)} in two ways, or not start: {problem}",
        )
    months, days = fields[4], fields[3]
    if not any(day <= DAYS_IN_MONTH[month - 1] for month in months for day in days):
        out.advise("cron.never", at, f"{label(at)} never fires: no such day is in these months.")


def unsafe(text: str, fields: list[frozenset[int]]) -> str | None:
    """Why the scheduler would not read a valid schedule as its validation does, with the fix."""
    if (shorthand := SHORTHANDS.get(text.strip(BLANKS))) is not None:
        return f"write `{shorthand}` instead of the shorthand."
    if len(fields) == 7:
        return "leave out the field for the year."
    written = text.split()
    if len(written) != 6:
        return "put exactly one blank between the six fields, and none inside of them."
    for unit, field in zip(UNITS[:5], written[:5], strict=True):
        if not _SAFE_NUMBERS.fullmatch(field):
            return f"write the {unit.noun} with numbers, `*`, `/`, `,` and `-` only."
    weekdays = written[5]
    if weekdays != "*" and not all(map(_SAFE_WEEKDAY.fullmatch, weekdays.split(","))):
        return (
            "write weekdays as SUN, MON, TUE, WED, THU, FRI or SAT (or `*`): "
            "numbers mean another day to the scheduler than to the validation."
        )
    return None


def check_cron(value: object, at: Path, out: Findings, _: CheckContext) -> None:
    """The check of the kind `cron`."""
    if Text().check(value, at, out) and isinstance(value, str):
        check_schedule(value, at, out)
