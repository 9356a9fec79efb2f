"""From what a tenant sends to what can be stored: kept secrets put back, and everything checked."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError

from blip0.common.allowed_targets import allowed_targets
from blip0.common.net import Allowed
from blip0.common.sealing import CannotOpen
from blip0.common.validation import (
    CheckContext,
    Finding,
    InvalidDocument,
    Report,
    check,
    without_read_only,
)
from triggers.contracts import TRIGGER_TYPES
from triggers.contracts.base import secret_text, with_text
from triggers.exceptions import SecretUnreadable
from triggers.models import Trigger, TriggerConfig
from triggers.selectors import trigger_representation
from triggers.store import columns_of, open_secret, secrets_in

WRITABLE_KEYS = frozenset({"name", "slug", "trigger_type", "enabled", "config"})
READ_ONLY_KEYS = frozenset({"id", "version", "disabled_reason", "created_at", "updated_at"})


@dataclass(frozen=True)
class Resolved:
    """A configuration in plain text. `kept` names the secrets that stay as they are stored."""

    config: Any
    kept: frozenset[str] = frozenset()


def resolve(kind: str, trigger_id: UUID, given: object, stored: Mapping[str, Any]) -> Resolved:
    """`given` with every secret that it leaves out, or sends back masked, as `stored` has it.

    Headers that are left out altogether stay; within headers that are given, a name that is left
    out goes. Raises `InvalidDocument` for a mask where nothing is stored, and `SecretUnreadable`.
    """
    if not isinstance(given, Mapping):
        return Resolved(given)  # the check refuses it
    contract = TRIGGER_TYPES.get(kind)
    secrets = secrets_in(kind, stored)
    masked = kept_whole(kind, stored)
    kept: set[str] = set()
    findings: list[Finding] = []

    def put_back(field: str, secret: object) -> object:
        if not is_mask(secret):
            return secret
        pointer = _pointer(field)
        if field not in secrets:
            message = f"No `{field}` is stored yet; write it."
            findings.append(_finding("secret.not_stored", pointer, message))
            return secret
        kept.add(field)
        try:
            plain = open_secret(trigger_id, field, secrets[field])
        except CannotOpen as error:
            raise SecretUnreadable(
                f"The stored `{field}` can't be opened any more; write it anew.", pointer=pointer
            ) from error
        return with_text(secrets[field], plain)

    left_out = {key: masked[key] for key in contract.kept_keys if key in masked}
    config = contract.replace_secrets({**left_out, **given}, put_back)
    raise_findings(findings)
    return Resolved(config, frozenset(kept))


def kept_whole(kind: str, stored: Mapping[str, Any]) -> dict[str, Any]:
    """The stored document with a mask at each secret's place: `resolve` keeps all of it."""
    return TRIGGER_TYPES.get(kind).replace_secrets(stored, lambda _field, _secret: {"set": True})


def is_mask(secret: object) -> bool:
    """Whether this is how a secret reads, and not one that is written."""
    return isinstance(secret, Mapping) and "set" in secret and "value" not in secret


def envelope_checked(data: Mapping[str, Any], trigger: Trigger | None = None) -> dict[str, Any]:
    """The keys to write; looks at what is the platform's in them, and not the runtime's.

    Raises for unknown keys, for read-only ones unless they are as `trigger` reads, and for a bad
    slug or `enabled`. One query where read-only keys are there.
    """
    current = trigger_representation(trigger) if trigger and data.keys() & READ_ONLY_KEYS else None
    data, findings = without_read_only(data, READ_ONLY_KEYS, current=current)
    findings += [
        _finding("shape.unknown", f"/{key}", f"Unknown field `{key}`; remove it.")
        for key in data
        if key not in WRITABLE_KEYS
    ]
    if data.get("slug") is not None:
        errors = check("slug", data["slug"]).errors
        findings += [replace(found, pointer="/slug") for found in errors]
    if not isinstance(data.get("enabled", True), bool):
        findings.append(_finding("shape.type", "/enabled", "`enabled` must be true or false."))
    raise_findings(findings)
    return data


def document_findings(document: Mapping[str, Any], *, allowed: Allowed | None = None) -> Report:
    """The runtime's rules and ours about a trigger whose secrets are plain.

    `allowed` is what staff allow as targets; None asks, with at most one query.
    """
    context = CheckContext(author="tenant", allowed=allowed or allowed_targets())
    return check("trigger", document, context=context)


def check_document(
    document: Mapping[str, Any], *, missing: Collection[str] = ()
) -> tuple[Finding, ...]:
    """All findings; raises for errors, but for what is wrong with `missing` secrets."""
    excused = {f"/config/{field}/value" for field in missing}
    report = document_findings(document)
    raise_findings([found for found in report.errors if found.pointer not in excused])
    return report.findings


def check_columns(row: TriggerConfig) -> None:
    """What the table can't hold: a text longer than its column, or with a NUL."""
    closed = {field.name for field in row._meta.concrete_fields if not field.editable}
    problems: dict[str, Sequence[str]] = {}
    try:
        row.clean_fields(exclude={"trigger", *closed})
    except ValidationError as error:
        problems.update(error.message_dict)
    for column, value in columns_of(row).items():
        if isinstance(value, str) and "\0" in value:
            problems[column] = ["This text holds the character U+0000; remove it."]
    raise_findings(
        [
            _finding("limits.column", f"/config/{column}".replace("message_", "message/"), text)
            for column, texts in problems.items()
            for text in texts
        ]
    )


def missing_secrets(kind: object, config: object) -> frozenset[str]:
    """Fields of a plain document whose secret is empty: what an import had no value for."""
    if not isinstance(kind, str) or kind not in TRIGGER_TYPES or not isinstance(config, Mapping):
        return frozenset()
    secrets = secrets_in(kind, config)
    return frozenset(field for field, secret in secrets.items() if secret_text(secret) == "")


def require_secrets(missing: Collection[str]) -> None:
    """Raises for each: a trigger that lacks a secret since its import can't be enabled."""
    raise_findings(
        [
            _finding(
                "secret.missing",
                f"{_pointer(field)}{'' if field.startswith('headers.') else '/value'}",
                f"`{field}` had no value when the trigger was imported. "
                "Write it, or take it out if it is optional; then enable the trigger.",
            )
            for field in sorted(missing)
        ]
    )


def raise_findings(findings: Sequence[Finding]) -> None:
    if findings:
        raise InvalidDocument(findings)


def _pointer(field: str) -> str:
    place = field.replace("~", "~0").replace("headers.", "headers/", 1)
    return f"/config/{place}"


def _finding(code: str, pointer: str, message: str) -> Finding:
    return Finding("error", code, pointer, message, "policy", "policy")
