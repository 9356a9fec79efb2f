"""Where deliveries may go beside the public internet: a setting of staff's.

Its default comes from the environment, `BLIP0_ALLOWED_TARGETS`. A host in it passes the check of
what tenants save, and connections to what it names are made.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from blip0.common.exceptions import InvalidField
from blip0.common.net import MAX_HOST, Allowed, allowed_entry
from blip0.common.setting_kinds import Texts
from blip0.common.system_settings import SettingDefinition, setting_value

MAX_ENTRIES: Final = 200


def targets_of_environment() -> tuple[str, ...]:
    """Raises `ImproperlyConfigured`."""
    try:
        return _cleaned(tuple(settings.DELIVERY_ALLOWED_TARGETS))
    except InvalidField as problem:
        raise ImproperlyConfigured(f"BLIP0_ALLOWED_TARGETS: {problem}") from problem


def _cleaned(entries: tuple[str, ...]) -> tuple[str, ...]:
    """In normal form, in their order, each once."""
    return tuple(dict.fromkeys(map(allowed_entry, entries)))


ALLOWED_TARGETS: Final = SettingDefinition(
    key="allowed_targets",
    label="Allowed targets",
    help=(
        "Hosts, addresses and networks that deliveries may reach though they aren't on the public "
        "internet, such as hooks.internal, 10.0.0.5 or 10.1.0.0/16. A host's name is allowed "
        "wherever it points."
    ),
    kind=Texts(most=MAX_ENTRIES, longest=MAX_HOST),
    default=targets_of_environment,
    clean=_cleaned,
)


def allowed_targets() -> Allowed:
    """Those that hold now. At most one query."""
    return _allowed_of(setting_value(ALLOWED_TARGETS))


@lru_cache(maxsize=8)
def _allowed_of(entries: tuple[str, ...]) -> Allowed:
    return Allowed.of(entries)
