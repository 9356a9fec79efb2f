"""Importing triggers: each in a savepoint of its own, by the services that members use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from blip0.common.exceptions import DomainError
from blip0.common.strict_json import repeated_keys
from blip0.common.validation import CheckContext, InvalidDocument, check
from monitors.openzeppelin.documents import (
    BadFile,
    altered,
    error,
    escaped,
    json_object,
    renamed,
    repeated,
    repeated_note,
    slugs_for,
)
from monitors.openzeppelin.references import Resolver
from monitors.openzeppelin.report import Entry, Note, status_of
from monitors.openzeppelin.run import Run, refusal_notes, updated_note
from monitors.openzeppelin.sources import SourceFile
from triggers.choices import DisabledReason, HttpMethod, TriggerKind
from triggers.contracts import TRIGGER_TYPES
from triggers.models import Trigger
from triggers.selectors import trigger_representation
from triggers.services import trigger_create, trigger_update
from triggers.store import sealed_configs, secrets_in

SCRIPT = "script"


@dataclass
class _Item:
    """One trigger of a file, on its way in. `under` is its place in the file."""

    path: str
    key: str
    value: object
    slug: str
    resolver: Resolver
    notes: list[Note] = field(default_factory=list)

    @property
    def under(self) -> str:
        return f"/{escaped(self.key)}"

    def entry(self, status: Any) -> Entry:
        return Entry("trigger", self.path, status, self.key, self.slug, tuple(self.notes))


def import_triggers(run: Run, files: list[SourceFile]) -> None:
    """Create or update the triggers of these files; refused ones are noted for the monitors."""
    contents: list[tuple[SourceFile, dict[str, object]]] = []
    for file in files:
        try:
            contents.append((file, json_object(file)))
        except BadFile as problem:
            run.add(Entry("trigger", file.path, "refused", notes=(problem.note,)))
    run.trigger_slugs = slugs_for((key for _, content in contents for key in content), "trigger")
    slugs = run.trigger_slugs.values()
    stored = {trigger.slug: trigger for trigger in Trigger.objects.live().filter(slug__in=slugs)}
    seen: dict[str, str] = {}
    for file, content in contents:
        twice = repeated_keys(content)
        for key, value in content.items():
            item = _Item(file.path, key, value, run.trigger_slugs[key], Resolver(run.variables))
            if key in twice:
                item.notes.append(repeated_note(item.under))
            elif key in seen:
                message = f"The key stands in `{seen[key]}` too, which counts; rename one."
                item.notes.append(error("trigger.repeated", item.under, message))
            entry = item.entry("refused") if item.notes else _import(run, item, stored)
            if entry.status == "refused" and key not in seen:
                run.refused_triggers.add(key)
            seen.setdefault(key, file.path)
            run.add(entry)


def _import(run: Run, item: _Item, stored: Mapping[str, Trigger]) -> Entry:
    item.notes = renamed(item.key, item.slug, item.under)
    document = _prepared(run, item)
    if not any(note.level == "error" for note in item.notes):
        _check(document, item)
    if any(note.level == "error" for note in item.notes):
        return item.entry("refused")
    current = stored.get(item.slug)
    try:
        if current is not None:
            return _update(run, item, document, current)
        enabled = run.sidecar.triggers.get(item.key, {}).get("enabled", True)
        trigger_create(
            tenant=run.tenant,
            data={**document, "slug": item.slug, "enabled": enabled},
            actor=run.actor,
            secrets_missing=bool(item.resolver.missing),
        )
    except (DomainError, InvalidDocument) as refusal:
        item.notes += refusal_notes(refusal, under=item.under)
        lacking = item.resolver.notes(item.under, "give it one.")
        item.notes += [replace(note, level="warning") for note in lacking]
        return item.entry("refused")
    item.notes += item.resolver.notes(item.under, "it is imported disabled until it is given.")
    return item.entry(status_of(item.notes))


def _prepared(run: Run, item: _Item) -> dict[str, Any]:
    """The document with references resolved and small spellings put right, each noted."""
    item.notes += repeated(item.value, item.under)
    if not isinstance(item.value, dict):
        return {}  # for the check to refuse
    document: dict[str, Any] = dict(item.value)
    kind, config = document.get("trigger_type"), document.get("config")
    if kind == SCRIPT:
        message = (
            "Script triggers run code on the platform's machines and are not offered; use a "
            "webhook instead."
        )
        item.notes.append(
            error("trigger.script_not_allowed", f"{item.under}/trigger_type", message)
        )
    if not isinstance(config, dict) or not isinstance(kind, str) or kind not in TRIGGER_TYPES:
        return document
    config = TRIGGER_TYPES.get(kind).replace_secrets(
        config,
        lambda field, secret: item.resolver.resolve(field, secret, _pointer(field)),
    )
    if kind == TriggerKind.WEBHOOK:
        _prepare_webhook(run, item, config)
    return {**document, "config": config}


def _prepare_webhook(run: Run, item: _Item, config: dict[str, Any]) -> None:
    method = config.get("method")
    if isinstance(method, str) and method != method.upper() and method.upper() in HttpMethod.values:
        config["method"] = method.upper()
        message = f"Written as {method.upper()}: the runtime sends a method as it is spelled."
        pointer = f"{item.under}/config/method"
        item.notes.append(altered("webhook.method_case", pointer, message))
    headers = run.sidecar.triggers.get(item.key, {}).get("headers", {})
    present = config.get("headers") or {}
    if headers and isinstance(present, dict):
        added = {
            name: item.resolver.resolve(f"headers.{name}", secret, "/config")
            for name, secret in headers.items()
            if name not in present
        }
        texts = {
            name: secret["value"] for name, secret in added.items() if isinstance(secret, dict)
        }
        config["headers"] = {**present, **texts}


def _check(document: dict[str, Any], item: _Item) -> None:
    """The runtime's rules and ours, before the service sees it: unknown keys, odd forms."""
    value = document if isinstance(item.value, dict) else item.value
    report = check("trigger", value, context=CheckContext(author="tenant"))
    excused = {f"/config/{field}/value" for field in item.resolver.missing}
    item.notes += [
        Note.of(finding, under=item.under)
        for finding in report.findings
        if finding.pointer not in excused
    ]


def _update(run: Run, item: _Item, document: dict[str, Any], current: Trigger) -> Entry:
    """Make the stored trigger as the file has it. A secret without a value stays as it is."""
    before = trigger_representation(current)
    kind = str(document["trigger_type"])
    if kind == current.trigger_type:
        document = {**document, "config": _whole_config(item, document["config"], current)}
    enabled = run.sidecar.triggers.get(item.key, {}).get("enabled", current.enabled)
    if current.disabled_reason == DisabledReason.SECRET_MISSING and not item.resolver.missing:
        enabled = run.sidecar.triggers.get(item.key, {}).get("enabled", True)
    updated = trigger_update(
        trigger=current, data={**document, "enabled": enabled}, actor=run.actor
    )
    item.notes += item.resolver.notes(item.under, "the stored one stays.")
    if updated.version == current.version:
        return item.entry("unchanged")
    keys = _differing(before, trigger_representation(updated))
    item.notes.append(updated_note(item.slug, keys, item.under))
    return item.entry("changed")


def _whole_config(item: _Item, config: Mapping[str, Any], current: Trigger) -> dict[str, Any]:
    """`config` for an update that keeps nothing but the secrets that the import has no value of."""
    contract = TRIGGER_TYPES.get(current.trigger_type)
    stored = sealed_configs([current.pk])[current.pk]
    known = secrets_in(current.trigger_type, stored)

    def kept(field: str, secret: object) -> object:
        return {"set": True} if field in item.resolver.missing and field in known else secret

    absent = {key: None for key in contract.kept_keys if key in stored}
    return {**absent, **contract.replace_secrets(config, kept)}


def _differing(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    keys = [key for key in ("name", "enabled") if before[key] != after[key]]
    old, new = before["config"], after["config"]
    return keys + [f"config.{key}" for key in sorted({*old, *new}) if old.get(key) != new.get(key)]


def _pointer(field: str) -> str:
    name = field.removeprefix("headers.")
    return f"/config/{name}" if name == field else f"/config/headers/{escaped(name)}"
