"""Cards of the back office's home page.

An app registers one in its `admin` package with `@home_card`. Each states who may see it and how
many queries it may cost; a card that has nothing to tell isn't shown.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

import orjson
from django.http import HttpRequest

from blip0.common.registry import Registry

TONES: Final[Mapping[str, str]] = {
    "": "text-font-important-light dark:text-font-important-dark",
    "good": "text-green-700 dark:text-green-400",
    "warning": "text-orange-700 dark:text-orange-400",
    "bad": "text-red-700 dark:text-red-400",
}
"""How a figure is to be taken, and the classes that show it. Words say it, too."""

COLOUR: Final = "var(--color-primary-600)"
CHART_OPTIONS: Final = {
    "animation": False,
    "aspectRatio": 3,
    "elements": {"point": {"radius": 0}},
    "plugins": {"legend": {"display": False}},
    "scales": {
        "x": {"grid": {"display": False}, "ticks": {"maxTicksLimit": 6, "maxRotation": 0}},
        "y": {"beginAtZero": True, "grid": {}, "ticks": {"maxTicksLimit": 4, "precision": 0}},
    },
}


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A number, or a few words, and the list behind it."""

    label: str
    value: object
    url: str = ""
    tone: str = ""
    note: str = ""

    @property
    def classes(self) -> str:
        return TONES[self.tone]


@dataclass(frozen=True, kw_only=True)
class Chart:
    """A line over time: a value for each of `labels`, None where nothing is known."""

    title: str
    summary: str
    """The same in words, for those who don't see it."""
    labels: Sequence[str]
    values: Sequence[float | None]

    @property
    def data(self) -> str:
        """As Chart.js takes it."""
        line = {"label": self.title, "data": self.values, "borderColor": COLOUR, "borderWidth": 2}
        return orjson.dumps({"labels": self.labels, "datasets": [line]}).decode()

    @property
    def options(self) -> str:
        return orjson.dumps(CHART_OPTIONS).decode()


@dataclass(frozen=True, kw_only=True)
class Content:
    """What a card shows; with nothing in it, the card isn't there."""

    figures: Sequence[Figure] = ()
    chart: Chart | None = None
    note: str = ""

    def __bool__(self) -> bool:
        return bool(self.figures or self.chart or self.note)


Source: TypeAlias = Callable[[HttpRequest], Content]


@dataclass(frozen=True, kw_only=True)
class HomeCard:
    """`source` runs for those who have all `permissions`, with at most `queries` queries."""

    key: str
    title: str
    permissions: Sequence[str]
    queries: int
    source: Source = field(repr=False)

    def permitted(self, request: HttpRequest) -> bool:
        return request.user.has_perms(self.permissions)


HOME_CARDS: Registry[HomeCard] = Registry("card of the home page")


def home_card(
    key: str, *, title: str, permissions: Sequence[str], queries: int
) -> Callable[[Source], Source]:
    """Make a function that gives a card's content a card, after those that are there already."""

    def decorate(source: Source) -> Source:
        card = HomeCard(
            key=key, title=title, permissions=permissions, queries=queries, source=source
        )
        HOME_CARDS.register(key, card)
        return source

    return decorate


def home_context(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """`UNFOLD["DASHBOARD_CALLBACK"]`: the cards that this member of staff may see."""
    permitted = [card for card in HOME_CARDS.values() if card.permitted(request)]
    shown = [(card, card.source(request)) for card in permitted]
    return {**context, "cards": [(card, content) for card, content in shown if content]}
