"""Monitor templates: what a tenant may start from.

`document` is what makes a monitor, less its name, networks, addresses and triggers: any of
`TEMPLATE_KEYS`. Of these `contract_spec` is given to every address that the tenant adds; see
`document_from_template`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from django.db import transaction

from blip0.common.actors import Actor
from blip0.common.exceptions import Conflict, InvalidField
from blip0.common.validation import CheckContext, Report, check
from platform_catalog.choices import NetworkType
from platform_catalog.contracts import TEMPLATE_KEYS, TemplatePreview, document_from_template
from platform_catalog.models import MonitorTemplate, Network
from platform_catalog.selectors import script_paths
from tenants.services.audit import audit_record

_SETTINGS = ("description", "alerting")
"""Keys of a monitor that the runtime does not know."""
TEMPLATE_FIELDS = ("name", "description", "network_types", "document", "enabled")

EXAMPLE_ADDRESSES = {
    NetworkType.EVM: "0x00000000219ab540356cBB839Cbe05303d7705Fa",
    NetworkType.STELLAR: "CAS3J7GYLGXMF6TDJBBYYSE3HQ6BBSMLNUQ34T6TZMYMW2EVH34XOWMA",
    NetworkType.SOLANA: "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA",
    NetworkType.MIDNIGHT: "0" * 68,
}
"""Well-known contracts, where a check needs some address."""


@transaction.atomic
def template_create(*, data: Mapping[str, Any], actor: Actor) -> MonitorTemplate:
    """`data`: slug, name, network_types, document, and optionally description, enabled.

    Raises `InvalidDocument`, `InvalidField`, and `Conflict` for a slug or name that is taken.
    """
    template = MonitorTemplate(slug=data.get("slug", ""))
    check("slug", template.slug, context=CheckContext(author="staff")).raise_if_errors()
    if MonitorTemplate.objects.filter(pk=template.slug).exists():
        raise Conflict(f"slug: there is a template {template.slug} already.", pointer="/slug")
    _fill(template, data)
    template.save(force_insert=True)
    _audit("template.created", template, actor, after=_stated(template))
    return template


@transaction.atomic
def template_update(
    *, template: MonitorTemplate, data: Mapping[str, Any], actor: Actor, reason: str = ""
) -> MonitorTemplate:
    """Change the keys that are given. The slug never changes. Raises as `template_create`.

    `reason` is for the audit log.
    """
    template = MonitorTemplate.objects.select_for_update().get(pk=template.pk)
    if data.get("slug", template.slug) != template.slug:
        raise InvalidField("slug: never changes.", pointer="/slug")
    before = _stated(template)
    _fill(template, data)
    after = _stated(template)
    if after != before:
        template.save()
        _audit("template.updated", template, actor, before=before, after=after, reason=reason)
    return template


@transaction.atomic
def template_delete(*, template: MonitorTemplate, actor: Actor) -> None:
    """Nothing depends on a template: monitors made from it are monitors of their own."""
    _audit("template.deleted", template, actor, before=_stated(template))
    template.delete()


def template_preview(
    *,
    template: MonitorTemplate,
    name: str,
    networks: Collection[str],
    addresses: Iterable[str],
    triggers: Iterable[str],
) -> TemplatePreview:
    """The monitor that a tenant would make of it so, and what there is to say about that.

    Nothing is saved. Networks and triggers are slugs; whether a tenant has the triggers, and what
    its plan allows, isn't asked. Two queries.
    """
    document = document_from_template(
        template.document,
        name=name,
        networks=networks,
        addresses=[{"address": address} for address in addresses],
        triggers=triggers,
    )
    types = Network.objects.filter(slug__in=networks).values_list("slug", "network_type")
    reports = (
        _settings_report(document),
        _monitor_report({"paused": False, **document}, dict(types)),
    )
    findings = tuple(finding for report in reports for finding in report.findings)
    return TemplatePreview(document=document, findings=findings)


def _fill(template: MonitorTemplate, data: Mapping[str, Any]) -> None:
    for name in TEMPLATE_FIELDS:
        if name in data:
            setattr(template, name, data[name])
    template.name = template.name.strip()
    if not template.name:
        raise InvalidField("name: is empty.", pointer="/name")
    same_name = MonitorTemplate.objects.filter(name=template.name).exclude(pk=template.pk)
    if other := same_name.first():
        raise Conflict(f"name: template {other.slug} has this name.", pointer="/name")
    _require_valid(template)


def _require_valid(template: MonitorTemplate) -> None:
    types = template.network_types
    if not types or not set(types) <= set(NetworkType.values):
        raise InvalidField(
            f"network_types: one or more of {', '.join(NetworkType.values)}.",
            pointer="/network_types",
        )
    document = template.document
    if not isinstance(document, Mapping) or not set(document) <= TEMPLATE_KEYS:
        raise InvalidField(
            f"document: an object with any of {', '.join(sorted(TEMPLATE_KEYS))}.",
            pointer="/document",
        )
    _settings_report(document).raise_if_errors()
    for kind in types:
        monitor = document_from_template(
            {**document, "paused": False},
            name=template.name,
            networks=["example"],
            addresses=[{"address": EXAMPLE_ADDRESSES[NetworkType(kind)]}],
            triggers=[],
        )
        _monitor_report(monitor, {"example": kind}).raise_if_errors()


def _settings_report(document: Mapping[str, Any]) -> Report:
    return check("monitor_settings", {key: document[key] for key in _SETTINGS if key in document})


def _monitor_report(monitor: Mapping[str, Any], network_types: Mapping[str, str]) -> Report:
    """Of the runtime's part of it. One query."""
    runtime = {key: item for key, item in monitor.items() if key not in _SETTINGS}
    context = CheckContext(
        author="tenant", network_types=network_types, script_paths=script_paths()
    )
    return check("monitor", runtime, context=context)


def _stated(template: MonitorTemplate) -> dict[str, Any]:
    return {name: getattr(template, name) for name in TEMPLATE_FIELDS}


def _audit(action: str, template: MonitorTemplate, actor: Actor, **details: Any) -> None:
    audit_record(
        action=action,
        actor=actor,
        object_kind="template",
        object_id=template.slug,
        object_name=template.name,
        **details,
    )
