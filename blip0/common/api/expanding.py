"""`?expand=`: what changes without a new version of the object, for those who ask."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from rest_framework.request import Request

from blip0.common.api.problems import InvalidParameter

EXPAND: Final = "expand"


def expansions(request: Request, known: Collection[str]) -> list[str]:
    """What the caller asks for, separated by commas. Raises `InvalidParameter`."""
    asked = [name for name in request.query_params.get(EXPAND, "").split(",") if name]
    for name in asked:
        if name not in known:
            offered = ", ".join(known) or "nothing here"
            raise InvalidParameter(EXPAND, f"`{name}` can't be expanded; that can: {offered}.")
    return asked
