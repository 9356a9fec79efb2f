"""What there is to say about triggers: before one is written, and anew about those that are."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any
from uuid import UUID

from blip0.common.sealing import CannotOpen
from blip0.common.validation import Finding, InvalidDocument, Report
from blip0.common.validation.stored import findings_replace
from triggers.contracts.base import Config
from triggers.models import Trigger
from triggers.services.drafts import document_findings, envelope_checked
from triggers.store import opened_config, sealed_configs

BATCH = 100


def trigger_validate(*, data: Mapping[str, Any]) -> Report:
    """All that there is to say about a new trigger's document; writes nothing. No queries."""
    envelope: tuple[Finding, ...] = ()
    try:
        envelope_checked(data)
    except InvalidDocument as error:
        envelope = error.findings
    report = document_findings(
        {key: data[key] for key in ("name", "trigger_type", "config") if key in data}
    )
    return Report("trigger", (*envelope, *report.findings), report.verdict)


def trigger_findings_recheck(*, ids: Collection[UUID] | None = None) -> int:
    """Check the current tenant's live triggers anew, all of them for None; how many differ.

    Up to eight queries a hundred.
    """
    triggers = Trigger.objects.live().order_by("pk")
    if ids is not None:
        triggers = triggers.filter(pk__in=ids)
    rows = list(triggers)
    return sum(_recheck(rows[start : start + BATCH]) for start in range(0, len(rows), BATCH))


def _recheck(triggers: Iterable[Trigger]) -> int:
    listed = list(triggers)
    configs = sealed_configs((trigger.pk, trigger.trigger_type) for trigger in listed)
    return findings_replace(
        "trigger",
        {trigger.pk: _findings(trigger, configs.get(trigger.pk, {})) for trigger in listed},
    )


def _findings(trigger: Trigger, config: Config) -> tuple[Finding, ...]:
    try:
        plain = opened_config(trigger.trigger_type, trigger.pk, config)
    except CannotOpen as error:
        return (
            Finding(
                "error",
                "secret.unreadable",
                "/config",
                f"A stored secret can't be opened any more ({error}); write it anew.",
                "policy",
                "policy",
            ),
        )
    document = {"name": trigger.name, "trigger_type": trigger.trigger_type, "config": plain}
    return document_findings(document).findings
