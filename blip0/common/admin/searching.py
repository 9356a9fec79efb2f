"""Search over the whole platform: what the back office's search box finds beside its pages.

An app registers a function in its `admin` package. It must be quick at 100,000 monitors, and gives
nothing to those who may not see what it finds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final, TypeAlias

from django.http import HttpRequest
from unfold.dataclasses import SearchResult

from blip0.common.registry import Registry

FOUND: Final = 8
"""Results of one kind that are shown."""

Search: TypeAlias = Callable[[HttpRequest, str], Iterable[SearchResult]]

SEARCHES: Registry[Search] = Registry("search")
