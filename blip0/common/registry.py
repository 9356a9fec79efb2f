"""A named collection that `AppConfig.ready()` fills and code below never imports from above."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Generic, TypeVar

Item = TypeVar("Item")


class AlreadyRegistered(RuntimeError):
    """Two entries claim one key: a programming error, found at start."""


class Registry(Generic[Item]):
    """Entries by key, in the order of registration.

    `get` raises `KeyError` with the known keys, so that a typing mistake explains itself.
    """

    def __init__(self, noun: str) -> None:
        self._noun = noun
        self._items: dict[str, Item] = {}

    def register(self, key: str, item: Item) -> Item:
        if key in self._items:
            raise AlreadyRegistered(f"{self._noun} {key!r} is registered twice.")
        self._items[key] = item
        return item

    def get(self, key: str) -> Item:
        try:
            return self._items[key]
        except KeyError:
            known = ", ".join(self._items) or "none"
            raise KeyError(f"unknown {self._noun} {key!r}; known: {known}") from None

    def __contains__(self, key: object) -> bool:
        return key in self._items

    def __iter__(self) -> Iterator[str]:
        return iter(self._items)

    def items(self) -> Iterator[tuple[str, Item]]:
        return iter(self._items.items())

    def values(self) -> Iterator[Item]:
        return iter(self._items.values())
