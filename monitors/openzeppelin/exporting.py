"""The use case of exporting a tenant as OpenZeppelin Monitor's files.

The bytes depend on nothing but the tenant's rows and the catalogue: no clock, no random order.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any
from uuid import UUID

import orjson
from django.db import transaction

from blip0.common.actors import Actor
from blip0.common.exceptions import Conflict
from blip0.common.sealing import CannotOpen, keyring
from blip0.common.tenancy import in_tenant
from monitors.contracts import RUNTIME_KEYS, map_viewing_keys
from monitors.models import Monitor, MonitorTrigger, ScriptCondition
from monitors.openzeppelin.documents import escaped
from monitors.openzeppelin.envfile import env_example, env_text
from monitors.openzeppelin.report import Note
from monitors.openzeppelin.sidecar import Sidecar
from monitors.openzeppelin.sources import (
    ENV_EXAMPLE,
    EXPORT_REPORT,
    FOLDERS,
    PLACEHOLDER,
    SIDECAR,
)
from monitors.openzeppelin.variables import Variables
from monitors.selectors import monitor_representations, viewing_key_place
from platform_catalog.choices import UrlKind
from platform_catalog.projections import filter_documents, network_documents
from tenants.choices import TenantStatus
from tenants.models import Tenant
from tenants.services.audit import audit_record
from triggers.contracts import TRIGGER_TYPES
from triggers.models import Trigger
from triggers.store import open_secret, sealed_configs

_HEADER = "headers."


@dataclass(frozen=True)
class Export:
    """The files by path, the text of the file of secrets ("" without them), and the report."""

    files: dict[str, bytes]
    env: str
    notes: dict[str, list[Note]]


@dataclass
class _Out:
    """What is being written. Notes are kept by the path of the file they speak of."""

    with_secrets: bool
    only: frozenset[UUID] | None = None
    variables: Variables = field(default_factory=Variables)
    documents: dict[str, Any] = field(default_factory=dict)
    contents: dict[str, bytes] = field(default_factory=dict)
    notes: dict[str, list[Note]] = field(default_factory=dict)
    sidecar_monitors: dict[str, dict[str, Any]] = field(default_factory=dict)
    sidecar_triggers: dict[str, dict[str, Any]] = field(default_factory=dict)

    def note(self, path: str, note: Note) -> None:
        self.notes.setdefault(path, []).append(note)

    def reference(self, path: str, pointer: str, name: str, plain: str | None) -> dict[str, str]:
        """A reference to a secret; `plain` is None where it can't be opened."""
        if plain is None:
            message = f"The stored secret can't be opened any more; `{name}` has no value."
            self.note(path, Note("error", "secret.unreadable", pointer, message))
        elif not plain:
            message = f"This secret was never given; set `{name}`."
            self.note(path, Note("warning", "secret.missing", pointer, message))
        elif self.with_secrets:
            self.variables.values[name] = plain
        return {"type": UrlKind.ENVIRONMENT.value, "value": name}


def openzeppelin_export(
    *,
    tenant: Tenant,
    actor: Actor,
    with_secrets: bool = False,
    only: frozenset[UUID] | None = None,
) -> Export:
    """The live monitors and triggers of a tenant, and the networks and scripts that they use.

    With `only`, ids of monitors: these, and the triggers that they use.

    Secrets become `Environment` references; with `with_secrets` their values are in `env`, and
    webhook headers stand in the files in clear, because OpenZeppelin Monitor has no references
    there. Raises `Conflict` where the tenant has no schema (yet, or any more).
    """
    if tenant.status in (TenantStatus.PROVISIONING, TenantStatus.DELETED):
        raise Conflict(f"The tenant `{tenant.slug}` is {tenant.get_status_display().lower()}.")
    out = _Out(with_secrets, only)
    with in_tenant(tenant.pk), transaction.atomic():
        _export_triggers(out)
        networks, scripts = _export_monitors(out)
        _export_networks(out, networks)
        _export_scripts(out, scripts)
        audit_record(
            action="openzeppelin.exported",
            actor=actor,
            object_kind="tenant",
            object_id=tenant.pk,
            object_name=tenant.slug,
            tenant_id=tenant.pk,
            after={
                "files": len(out.documents) + len(out.contents),
                "in_clear": with_secrets,
                **({} if only is None else {"monitors": len(only)}),
            },
        )
    return _finished(tenant, out)


def _export_triggers(out: _Out) -> None:
    rows = Trigger.objects.live().order_by("slug")
    if out.only is not None:
        named = MonitorTrigger.objects.filter(monitor__in=out.only).values("trigger")
        rows = rows.filter(pk__in=named)
    triggers = list(rows)
    configs = sealed_configs(trigger.pk for trigger in triggers)
    for trigger in triggers:
        path = f"config/triggers/{trigger.slug}.json"
        config = _exported_config(out, path, trigger, configs[trigger.pk])
        document = {"name": trigger.name, "trigger_type": trigger.trigger_type, "config": config}
        out.documents[path] = {trigger.slug: document}
        if not trigger.enabled:
            out.sidecar_triggers.setdefault(trigger.slug, {})["enabled"] = False
            message = (
                "It is disabled, which OpenZeppelin Monitor doesn't know: there it would fire. "
                f"`{SIDECAR}` keeps it."
            )
            out.note(path, Note("changed", "trigger.disabled", f"/{trigger.slug}", message))


def _exported_config(
    out: _Out, path: str, trigger: Trigger, config: Mapping[str, Any]
) -> dict[str, Any]:
    """The configuration with references for secrets; headers that can't be one are left out."""
    hidden = object()

    def exported(field: str, secret: object) -> object:
        plain = _opened(trigger, field, secret)
        name = out.variables.named(trigger.slug, field, f"Trigger {trigger.slug}: {field}")
        place = f"/{trigger.slug}/config/"
        if not field.startswith(_HEADER):
            return out.reference(path, place + field, name, plain)
        header = field.removeprefix(_HEADER)
        pointer = f"{place}headers/{escaped(header)}"
        if out.with_secrets and plain:
            message = "OpenZeppelin Monitor has no references in headers: this is in clear text."
            out.note(path, Note("warning", "header.in_clear", pointer, message))
            out.variables.withdraw(name)
            return plain
        message = (
            "OpenZeppelin Monitor has no references in headers, so this one is left out: add it "
            f"by hand. `{SIDECAR}` keeps its name, and `{name}` brings it back on an import."
        )
        out.note(path, Note("changed", "header.left_out", f"{place}headers", message))
        reference = out.reference(path, f"{place}headers", name, plain)
        kept = out.sidecar_triggers.setdefault(trigger.slug, {})
        kept.setdefault("headers", {})[header] = reference
        return hidden

    exported_config = TRIGGER_TYPES.get(trigger.trigger_type).replace_secrets(config, exported)
    headers = exported_config.get("headers")
    if headers is not None:
        exported_config["headers"] = {
            name: value for name, value in sorted(headers.items()) if value is not hidden
        }
    return exported_config


def _opened(trigger: Trigger, field: str, secret: object) -> str | None:
    try:
        return open_secret(trigger.pk, field, secret)
    except CannotOpen:
        return None


def _export_monitors(out: _Out) -> tuple[set[str], set[str]]:
    """Write the monitors; the networks and the scripts' names that they use."""
    networks: set[str] = set()
    monitors = Monitor.objects.live().order_by("slug")
    scripts = ScriptCondition.objects.all()
    if out.only is not None:
        monitors = monitors.filter(pk__in=out.only)
        scripts = scripts.filter(monitor__in=out.only)
    for shown, monitor in zip(monitor_representations(monitors), monitors, strict=True):
        path = f"config/monitors/{monitor.slug}.json"
        document = {key: shown[key] for key in RUNTIME_KEYS}
        document["trigger_conditions"] = [
            {**condition, "script_path": f"./config/{condition['script_path']}"}
            for condition in shown["trigger_conditions"]
        ]
        document["chain_configurations"] = _exported_keys(out, path, monitor)
        if not document["chain_configurations"]:
            del document["chain_configurations"]
        out.documents[path] = document
        networks.update(shown["networks"])
        _keep_settings(out, path, monitor, shown)
    return networks, set(scripts.values_list("script", flat=True))


def _exported_keys(out: _Out, path: str, monitor: Monitor) -> Any:
    ring, place = keyring(), viewing_key_place(monitor.pk)

    def exported(pointer: str, key: dict[str, str]) -> dict[str, str]:
        try:
            plain = ring.open(key["value"], place)
        except CannotOpen:
            plain = None
        name = out.variables.named(
            monitor.slug, "viewing_key", f"Monitor {monitor.slug}: a viewing key"
        )
        return out.reference(path, pointer, name, plain)

    return map_viewing_keys(monitor.chain_configurations, exported)


def _keep_settings(out: _Out, path: str, monitor: Monitor, shown: Mapping[str, Any]) -> None:
    """What OpenZeppelin Monitor can't hold: into the sidecar, and into the report."""
    settings = {key: shown[key] for key in ("description", "alerting") if shown[key]}
    if monitor.snoozed_until is not None:
        settings["snooze"] = {
            "until": monitor.snoozed_until.isoformat(),
            "reason": monitor.snooze_reason,
        }
    if settings:
        out.sidecar_monitors[monitor.slug] = settings
    for key in settings:
        message = f"OpenZeppelin Monitor has no `{key}`; `{SIDECAR}` keeps it."
        out.note(path, Note("changed", f"monitor.{key}", "", message))


def _export_networks(out: _Out, slugs: Iterable[str]) -> None:
    for slug, network in sorted(network_documents(set(slugs)).items()):
        path = f"config/networks/{slug}.json"
        endpoints = []
        for index, endpoint in enumerate(network.body["rpc_urls"]):
            url = endpoint["url"]
            if url["type"] != UrlKind.PLAIN:
                # It is the name of a secret of the platform's, which nobody else has.
                name = out.variables.named(slug, "rpc_url", f"Network {slug}: URL of an endpoint")
                message = f"The platform's own endpoint: set `{name}` to one of yours."
                pointer = f"/rpc_urls/{index}/url"
                out.note(path, Note("changed", "network.own_endpoint", pointer, message))
                url = {"type": UrlKind.ENVIRONMENT.value, "value": name}
            endpoints.append({**endpoint, "url": url})
        out.documents[path] = {**network.body, "rpc_urls": endpoints}


def _export_scripts(out: _Out, names: Iterable[str]) -> None:
    for script in filter_documents(set(names)).values():
        out.contents[f"config/{script.body['script_path']}"] = script.body["content"].encode()


def _finished(tenant: Tenant, out: _Out) -> Export:
    sidecar = Sidecar(out.sidecar_monitors, out.sidecar_triggers)
    if sidecar.monitors or sidecar.triggers:
        out.documents[SIDECAR] = sidecar.as_json()
    out.documents[EXPORT_REPORT] = {
        "tenant": tenant.slug,
        "files": {
            path: [asdict(note) for note in notes] for path, notes in sorted(out.notes.items())
        },
    }
    if out.variables.purposes:
        out.contents[ENV_EXAMPLE] = env_example(out.variables.purposes.items()).encode()
    for folder in FOLDERS:
        place = f"config/{folder}/"
        # A missing folder is an error to OpenZeppelin Monitor, and a ZIP has no empty ones.
        if not any(path.startswith(place) for path in (*out.documents, *out.contents)):
            out.contents[place + PLACEHOLDER] = b""
    documents = {path: _json_bytes(document) for path, document in out.documents.items()}
    files = dict(sorted({**documents, **out.contents}.items()))
    env = env_text(out.variables.values) if out.with_secrets else ""
    return Export(files, env, out.notes)


def _json_bytes(document: Any) -> bytes:
    return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
