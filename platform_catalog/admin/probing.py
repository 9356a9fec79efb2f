"""Ask a network's endpoints which network they serve, and show what they said. Nothing is kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.html import format_html

from blip0.common.admin.actions import confirm_view
from blip0.common.admin.display import EMPTY, label, stamp
from platform_catalog.contracts import Outcome, Probe
from platform_catalog.models import Network
from platform_catalog.services.probes import endpoints_probe, probe_targets

TIMEOUT_S: Final = 5.0
COLOURS: Final[Mapping[Outcome, str]] = {
    Outcome.OK: "success",
    Outcome.WRONG_CHAIN: "danger",
    Outcome.UNREACHABLE: "danger",
    Outcome.NOT_PROBED: "default",
}


def probe_view(request: HttpRequest, network: Network, *, opts: Any, back: str) -> HttpResponse:
    """Says what will be asked; the POST asks, disabled endpoints too, and shows the answers."""
    targets = probe_targets([network.slug], disabled_endpoints=True)
    context = {"opts": opts, "back": back}

    def act(_data: dict[str, Any]) -> HttpResponse:
        probes = list(endpoints_probe(targets, timeout_s=TIMEOUT_S))
        rows = [_row(probe) for probe in probes]
        return TemplateResponse(
            request,
            "admin/platform_catalog/probes.html",
            {
                **admin.site.each_context(request),
                **context,
                "title": f"Endpoints of {network.slug}",
                "asked_at": stamp(timezone.now()),
                "table": {"headers": ["Endpoint", "Answer", "Latency", "Height"], "rows": rows},
            },
        )

    return confirm_view(
        request,
        label="Probe",
        title=f"Probe: {network.slug}",
        explain="Each endpoint is asked from here which network it serves and how far it is, for "
        f"at most {TIMEOUT_S:g} seconds. Only hosts on the public internet are asked, and those "
        "that the setting “Allowed targets” names. An endpoint whose URL is a secret of the "
        "runtime isn't: its URL is not known here.",
        facts=[
            ("Endpoints", len(targets)),
            ("Of these, asked", sum(bool(target.expected) for target in targets)),
        ],
        back=back,
        act=act,
        context=context,
    )


def _row(probe: Probe) -> list[object]:
    answer = label(probe.outcome.capitalize(), COLOURS[probe.outcome])
    if probe.detail:
        answer = format_html("{} {}", answer, probe.detail)
    return [
        probe.endpoint,
        answer,
        EMPTY if probe.latency_ms is None else f"{probe.latency_ms:,} ms",
        EMPTY if probe.height is None else f"{probe.height:,}",
    ]
