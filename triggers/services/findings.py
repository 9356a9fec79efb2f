"""What there is to say about triggers: before one is written, and anew about those that are."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from blip0.common.allowed_targets import allowed_targets
from blip0.common.net import Allowed
from blip0.common.sealing import CannotOpen
from blip0.common.validation import Finding, InvalidDocument, Report
from blip0.common.validation.stored import findings_replace
from triggers.contracts.base import Config
from triggers.models import Trigger
from triggers.services.drafts import document_findings, envelope_checked
from triggers.store import opened_config, sealed_configs

BATCH = 100


def trigger_validate(*, data: Mapping[str, Any]) -> Report:
    """All there is to say about a new trigger's document. Writes nothing; one query at most."""
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

    Up to eight queries a hundred, and one.
    """
    triggers = Trigger.objects.live().order_by("pk")
    if ids is not None:
        triggers = triggers.filter(pk__in=ids)
    rows = list(triggers)
    allowed = allowed_targets()
    return sum(
        _recheck(rows[start : start + BATCH], allowed) for start in range(0, len(rows), BATCH)
    )


def _recheck(listed: Sequence[Trigger], allowed: Allowed) -> int:
    configs = sealed_configs(trigger.pk for trigger in listed)
    return findings_replace(
        "trigger",
        {
            trigger.pk: _findings(trigger, configs.get(trigger.pk, {}), allowed)
            for trigger in listed
        },
    )


def _findings(trigger: Trigger, config: Config, allowed: Allowed) -> tuple[Finding, ...]:
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
    return document_findings(document, allowed=allowed).findings
