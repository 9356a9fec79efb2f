"""From a monitor template to the document of a monitor."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from blip0.common.validation import Finding

TEMPLATE_KEYS = frozenset(
    {"description", "match_conditions", "trigger_conditions", "alerting", "contract_spec"}
)


@dataclass(frozen=True, kw_only=True)
class TemplatePreview:
    """A monitor that isn't there, in the tenant's form; with errors nobody could save it."""

    document: Mapping[str, Any]
    findings: Sequence[Finding]


def document_from_template(
    template_document: Mapping[str, Any],
    *,
    name: str,
    networks: Iterable[str],
    addresses: Iterable[Mapping[str, Any]],
    triggers: Iterable[str],
) -> dict[str, Any]:
    """What makes a monitor of a template: its document, and what the tenant adds to it.

    Networks and triggers are slugs. Every address is given the template's `contract_spec`, but
    for one that brings its own. Nothing is checked: `monitor_create` does it.
    """
    document = {key: item for key, item in template_document.items() if key != "contract_spec"}
    spec = {key: item for key, item in template_document.items() if key == "contract_spec"}
    return {
        "trigger_conditions": [],
        **document,
        "name": name,
        "networks": list(networks),
        "addresses": [{**spec, **address} for address in addresses],
        "triggers": list(triggers),
    }
