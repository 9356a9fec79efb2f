"""Cards of the back office's home page, and of each tenant's.

An app registers one in its `admin` package with `@home_card` or `@tenant_card`. Each states who may
see it and how many queries it may cost; a card that has nothing to tell isn't shown.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias, TypeVar
from uuid import UUID

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
TenantSource: TypeAlias = Callable[[HttpRequest, UUID], Content]
AnySource = TypeVar("AnySource", bound=Callable[..., Content])


@dataclass(frozen=True, kw_only=True)
class Card:
    """`source` runs for those who have all `permissions`, with at most `queries` queries."""

    key: str
    title: str
    permissions: Sequence[str]
    queries: int
    source: Callable[..., Content] = field(repr=False)

    def permitted(self, request: HttpRequest) -> bool:
        return request.user.has_perms(self.permissions)


Shown: TypeAlias = Sequence[tuple[Card, Content]]

HOME_CARDS: Registry[Card] = Registry("card of the home page")
TENANT_CARDS: Registry[Card] = Registry("card of a tenant's page")


def home_card(
    key: str, *, title: str, permissions: Sequence[str], queries: int
) -> Callable[[Source], Source]:
    """Make a function that gives a card's content a card, after those that are there already."""
    return _card(HOME_CARDS, key, title, permissions, queries)


def tenant_card(
    key: str, *, title: str, permissions: Sequence[str], queries: int
) -> Callable[[TenantSource], TenantSource]:
    """The same on the page of each tenant. The function runs outside the tenant's schema."""
    return _card(TENANT_CARDS, key, title, permissions, queries)


def home_context(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """`UNFOLD["DASHBOARD_CALLBACK"]`: the cards that this member of staff may see."""
    return {**context, "cards": _shown(HOME_CARDS, request)}


def tenant_cards(request: HttpRequest, tenant_id: UUID) -> Shown:
    """Those of this tenant that this member of staff may see."""
    return _shown(TENANT_CARDS, request, tenant_id)


def _card(
    cards: Registry[Card], key: str, title: str, permissions: Sequence[str], queries: int
) -> Callable[[AnySource], AnySource]:
    def decorate(source: AnySource) -> AnySource:
        card = Card(key=key, title=title, permissions=permissions, queries=queries, source=source)
        cards.register(key, card)
        return source

    return decorate


def _shown(cards: Registry[Card], request: HttpRequest, *about: Any) -> Shown:
    permitted = [card for card in cards.values() if card.permitted(request)]
    filled = [(card, card.source(request, *about)) for card in permitted]
    return [(card, content) for card, content in filled if content]
