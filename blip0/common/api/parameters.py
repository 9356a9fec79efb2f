"""Query parameters: what isn't understood is refused by name, never ignored."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from rest_framework.request import Request

from blip0.common.api.problems import InvalidParameter

EXPAND: Final = "expand"
"""Asks for what changes without a new version of the object."""
FIELDS: Final = "fields"


def require_known(request: Request, known: Collection[str]) -> None:
    """A typo must not find all, or save what should only be checked. Raises `InvalidParameter`."""
    for name in request.query_params:
        if name not in known:
            offered = f"there are {', '.join(sorted(known))}" if known else "there is none"
            raise InvalidParameter(name, f"Unknown parameter; {offered}.")


def listed(request: Request, parameter: str, known: Collection[str]) -> list[str]:
    """The names that a parameter lists, separated by commas or one each time that it stands there.

    An empty value lists none. Raises `InvalidParameter`, also for nothing between two commas.
    """
    given = [value for value in request.query_params.getlist(parameter) if value]
    asked = [name for value in given for name in value.split(",")]
    for name in asked:
        if name not in known:
            offered = ", ".join(known) or "nothing here"
            lacks = f"There is no `{name}`" if name else "A comma has no name on one side"
            raise InvalidParameter(parameter, f"{lacks}; there is: {offered}.")
    return asked


def only(
    representations: Sequence[Mapping[str, Any]], fields: Collection[str]
) -> list[dict[str, Any]]:
    """The representations with these members only; with all of them where none are named."""
    return [
        {key: value for key, value in each.items() if not fields or key in fields}
        for each in representations
    ]
