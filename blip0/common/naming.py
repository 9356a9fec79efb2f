"""Slugs and names of tenants' objects: made, kept unique, and the error that names a free one.

For models with `slug`, `name` and a queryset with `live()`, whose unique constraints are called
`<model>_slug_unique` and `<model>_name_unique`. The constraints decide: two at once can't pass.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import chain, count
from typing import Any, Final, Protocol

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from blip0.common.exceptions import Conflict
from blip0.common.slugs import slug_from

MAX_SLUG: Final = 63
MAX_NAME: Final = 200
_DIGITS: Final = 8
"""Characters of a slug or name that a suggestion may give up for its number."""


class SlugTaken(Conflict):
    code = "slug_taken"


class NameTaken(Conflict):
    code = "name_taken"


class Live(Protocol):
    """A manager that can leave out deleted objects."""

    def live(self) -> QuerySet[Any]: ...


def derived_slug(name: str, noun: str, objects: Live) -> str:
    """A free slug made of the name, or of the noun where the name has no letters. One query."""
    return free_slug(slug_from(name, noun), objects)


@contextmanager
def conflicts_named(*, slug: str, name: str, noun: str, objects: Live) -> Iterator[None]:
    """Turn a violated constraint into `SlugTaken` or `NameTaken`, with a free one to take.

    The block runs in a savepoint, so that the transaction can still look for what is free.
    """
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        constraint = getattr(getattr(error.__cause__, "diag", None), "constraint_name", None)
        if constraint == f"{noun}_slug_unique":
            raise SlugTaken(
                f"Another {noun} has the slug `{slug}`. `{free_slug(slug, objects)}` is free.",
                pointer="/slug",
            ) from error
        if constraint == f"{noun}_name_unique":
            raise NameTaken(
                f"Another {noun} is named “{name}”; upper and lower case don't count. "
                f"“{free_name(name, objects)}” is free.",
                pointer="/name",
            ) from error
        raise


def free_slug(base: str, objects: Live) -> str:
    """`base`, or the first of `base-2`, `base-3`… that no live object has. One query."""
    taken = objects.live().filter(slug__startswith=base[: MAX_SLUG - _DIGITS])
    return _first_free(
        base, lambda number: _numbered(base, f"-{number}", MAX_SLUG), taken.values_list("slug")
    )


def free_name(base: str, objects: Live) -> str:
    """`base`, or the first of `base (2)`, `base (3)`… that no live object has. One query."""
    base = base.strip()
    taken = objects.live().filter(name__icontains=base[: MAX_NAME - _DIGITS])
    return _first_free(
        base, lambda number: _numbered(base, f" ({number})", MAX_NAME), taken.values_list("name")
    )


def _numbered(base: str, tail: str, longest: int) -> str:
    return base[: longest - len(tail)] + tail


def _first_free(base: str, numbered: Callable[[int], str], rows: Iterable[tuple[str]]) -> str:
    taken = {text.strip().lower() for (text,) in rows}
    candidates = chain([base], map(numbered, count(2)))
    return next(candidate for candidate in candidates if candidate.lower() not in taken)
