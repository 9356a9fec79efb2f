"""Settings of the platform that staff change at run time: which there are, and what holds now.

The app that owns a setting registers its definition in `AppConfig.ready()` and reads it with
`setting_value`. `tenants` stores what staff set, and registers the one provider; without it, the
defaults hold.

Inside a transaction a value comes from the database: a service decides by what is true now.
Outside, a process keeps what it has read for `KEPT_S`, so reading costs a query every two seconds
at most, and a change is seen everywhere within that time; at once in the process that made it.
The cache has no part in this: its failure changes nothing.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeAlias, TypeVar, cast

import structlog
from django.db import connection

from blip0.common.exceptions import InvalidField, NotFound
from blip0.common.registry import Registry
from blip0.common.setting_kinds import Kind

logger = structlog.get_logger(__name__)

KEPT_S: Final = 2.0
"""Seconds for which a process may use what it has read. The bound that the documentation names."""

T = TypeVar("T")


def _as_it_is(value: T) -> T:
    return value


def _anything(_value: object) -> None:
    """Every value of the type may be set."""


@dataclass(frozen=True, kw_only=True)
class SettingDefinition(Generic[T]):
    """A setting: its type, what it is where staff set nothing, and its rules.

    `default` is asked anew each time, so it may follow the environment. `clean` gives the normal
    form of a value, or raises `InvalidField`, which says the rule and the fix. `check` does so
    for what the database must have: it is asked when staff set a value, and not for the default.
    """

    key: str
    label: str
    help: str
    kind: Kind[T]
    default: Callable[[], T]
    clean: Callable[[T], T] = _as_it_is
    check: Callable[[T], None] = _anything

    def accept(self, value: object) -> T:
        """As `read`, of a value that staff set. Raises `InvalidField`."""
        accepted = self.read(value)
        with self._named():
            self.check(accepted)
        return accepted

    def read(self, value: object) -> T:
        """The typed value in normal form, from JSON. Raises `InvalidField`."""
        with self._named():
            return self.clean(self.kind.read(value))

    def parse(self, words: Sequence[str]) -> object:
        """The JSON value of words of a command line. Raises `InvalidField`."""
        with self._named():
            return self.kind.parse(words)

    @contextmanager
    def _named(self) -> Iterator[None]:
        try:
            yield
        except InvalidField as problem:
            raise InvalidField(f"{self.key}: {problem.message}", pointer="/value") from None


Provider: TypeAlias = Callable[[], Mapping[str, object]]
"""Gives what staff have set: JSON values by key. One query, from within any schema."""

SETTINGS: Registry[SettingDefinition[Any]] = Registry("setting")
SETTING_PROVIDERS: Registry[Provider] = Registry("provider of settings")
PROVIDER: Final = "tenants"


def register_setting(definition: SettingDefinition[Any]) -> None:
    SETTINGS.register(definition.key, definition)


def setting_definition(key: str) -> SettingDefinition[Any]:
    """Raises `NotFound`, which lists the keys that there are."""
    if key not in SETTINGS:
        raise NotFound(f"There is no setting {key!r}. There are: {', '.join(SETTINGS)}.")
    return SETTINGS.get(key)


def setting_value(definition: SettingDefinition[T]) -> T:
    """What holds now. At most one query."""
    values = _held.values()
    return cast(T, values[definition.key]) if definition.key in values else definition.default()


def settings_forget() -> None:
    """Read anew next time: called after the commit of a change, in the process that made it."""
    _held.forget()


@dataclass(frozen=True)
class _Snapshot:
    """What was read; `at` is when reading began, so nothing in it is older than that."""

    at: float
    values: Mapping[str, Any]


class _Held:
    """What this process last read outside a transaction; shared by its threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._snapshot: _Snapshot | None = None
        self._forgotten_at = 0.0

    def values(self) -> Mapping[str, Any]:
        if connection.in_atomic_block:
            # Never kept: it may hold what this transaction has written and will roll back.
            return _stored()
        began = time.monotonic()
        snapshot = self._snapshot
        if snapshot and snapshot.at > self._forgotten_at and began - snapshot.at < KEPT_S:
            return snapshot.values
        read = _Snapshot(began, _stored())
        with self._lock:
            # A thread that began earlier and was slower doesn't bring an older state back.
            if self._snapshot is None or self._snapshot.at < read.at:
                self._snapshot = read
        return read.values

    def forget(self) -> None:
        self._forgotten_at = time.monotonic()


_held = _Held()


def _stored() -> dict[str, Any]:
    """Typed values of what staff have set. What isn't usable any more is logged and left out."""
    if PROVIDER not in SETTING_PROVIDERS:
        return {}
    values = {}
    for key, value in SETTING_PROVIDERS.get(PROVIDER)().items():
        if key in SETTINGS:
            try:
                values[key] = SETTINGS.get(key).read(value)
            except InvalidField as problem:
                logger.error("setting.unusable", key=key, reason=problem.message)
    return values
