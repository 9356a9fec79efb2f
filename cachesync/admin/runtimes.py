"""The runtimes that have spoken within the last day, and what each of them doesn't run yet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import redis
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html, format_html_join

from blip0.common.admin.display import EMPTY, object_link, stamp
from blip0.common.admin.pages import admin_page
from cachesync.models import ProjectedScope
from cachesync.reader import ACK_TTL_S
from cachesync.selectors.acknowledgements import Runtime, runtimes
from cachesync.store import Store
from tenants.admin.scopes import names_of

SHOWN: Final = 10
EXPLAIN: Final = (
    "Each runtime acknowledges the versions that it runs. It lags in a scope of which it hasn't "
    "acknowledged what Redis holds, and says why where it refused something. A runtime that said "
    f"nothing for {ACK_TTL_S} s is counted as gone."
)


@admin_page("runtimes", title="Runtimes", permissions=("cachesync.view_projectedscope",))
def runtimes_page(_request: HttpRequest) -> Mapping[str, Any]:
    try:
        found = runtimes(Store(), now=timezone.now())
    except redis.RedisError as error:
        return {"explain": f"Redis doesn't answer: {error}", "table": {"headers": [], "rows": []}}
    shown = {scope for one in found for scope in (*one.lagging[:SHOWN], *one.nacks)}
    names = names_of(sorted(shown))
    return {
        "explain": EXPLAIN if found else f"No runtime has spoken within the last day. {EXPLAIN}",
        "table": {
            "headers": ["runtime", "state", "last seen", "current scopes", "lags in", "refused"],
            "rows": [_row(one, names) for one in found],
        },
    }


def _row(one: Runtime, names: Mapping[str, str]) -> list[object]:
    refused = format_html_join(
        "",
        "<li>{}: {}</li>",
        ((_link(scope, names), reason) for scope, reason in one.nacks.items()),
    )
    return [
        one.instance,
        "There" if one.alive else "Gone",
        stamp(one.last_seen),
        one.acknowledged,
        _links(one.lagging, names),
        format_html("<ul>{}</ul>", refused) if one.nacks else EMPTY,
    ]


def _links(scopes: Sequence[str], names: Mapping[str, str]) -> str:
    if not scopes:
        return EMPTY
    links = format_html_join(", ", "{}", ((_link(scope, names),) for scope in scopes[:SHOWN]))
    more = len(scopes) - SHOWN
    return format_html("{} and {} more", links, more) if more > 0 else links


def _link(scope: str, names: Mapping[str, str]) -> str:
    return object_link(ProjectedScope, scope, names[scope])
