"""Filter scripts: code that the runtime executes, hence written by platform staff only.

Versions are only ever added. A roll-back adds the old content as a new version, so that the
number that the runtime sees always grows and the history stays true.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import IntegrityError, transaction

from blip0.common.actors import Actor
from blip0.common.canonical import sha256_hex
from blip0.common.exceptions import Conflict, InUse, InvalidField
from blip0.common.usage import require_unused
from blip0.common.validation import CheckContext, Finding, Report, check
from platform_catalog.choices import SCRIPT_EXTENSIONS
from platform_catalog.models import FilterScript, FilterScriptVersion
from platform_catalog.selectors import script_version
from tenants.services.audit import audit_record

MAX_CONTENT_BYTES = 64 * 1024
"""The runtime passes the content as one command-line argument, which Linux caps at 128 KiB."""
SCRIPT_SETTINGS = ("description", "arguments", "timeout_ms")


@transaction.atomic
def script_create(*, data: Mapping[str, Any], actor: Actor) -> FilterScript:
    """`data`: name, language, content, and optionally description, arguments, timeout_ms, note.

    Raises `InvalidDocument`, `InvalidField`, and `Conflict` for a name that is taken.
    """
    script = FilterScript(
        name=data.get("name", ""),
        language=data.get("language", ""),
        **{key: data[key] for key in SCRIPT_SETTINGS if key in data},
    )
    content = data.get("content", "")
    _require_valid(script, content)
    if FilterScript.objects.filter(pk=script.pk).exists():
        raise Conflict(f"name: there is a script {script.name} already.", pointer="/name")
    script.save(force_insert=True)
    version = _add_version(script, content, data.get("note", ""), actor)
    _audit("filter_script.created", script, actor, after=_stated(script, version))
    return script


@transaction.atomic
def script_update(
    *, script: FilterScript, data: Mapping[str, Any], actor: Actor, reason: str = ""
) -> FilterScript:
    """Change description, arguments or timeout. Raises `InvalidDocument`, `InvalidField`.

    `reason` is for the audit log.
    """
    script = _lock(script)
    for key in data:
        if key not in SCRIPT_SETTINGS:
            raise InvalidField(
                f"{key}: cannot be changed here; name and language never change, "
                "and content is published as a new version.",
                pointer=f"/{key}",
            )
    current = script_version(script, script.current_version)
    before = _stated(script, current)
    for key, item in data.items():
        setattr(script, key, item)
    _require_valid(script, current.content)
    after = _stated(script, current)
    if after != before:
        script.save()
        _audit("filter_script.updated", script, actor, before=before, after=after, reason=reason)
    return script


@transaction.atomic
def script_publish_version(
    *, script: FilterScript, content: str, actor: Actor, note: str = ""
) -> FilterScriptVersion:
    """The next version, which the runtime gets at once. Raises `InvalidDocument`, `InvalidField`.

    `Conflict` if the content is the current one's.
    """
    script = _lock(script)
    current = script_version(script, script.current_version)
    if current.content == content:
        raise Conflict(f"content: is that of version {current.version} already.")
    return _publish(script, content, note, actor, "filter_script.published")


@transaction.atomic
def script_rollback(
    *, script: FilterScript, version: int, actor: Actor, reason: str = ""
) -> FilterScriptVersion:
    """Publish the content of an older version anew. Raises `NotFound`, `Conflict`.

    `reason` is for the audit log, and a part of the new version's note.
    """
    script = _lock(script)
    old = script_version(script, version)
    current = script_version(script, script.current_version)
    if old.content == current.content:
        raise Conflict(f"version: {version} has the content that runs already.")
    note = f"Back to version {version}. {reason}".strip()
    return _publish(script, old.content, note, actor, "filter_script.rolled_back", reason)


@transaction.atomic
def script_delete(*, script: FilterScript, actor: Actor) -> None:
    """Raises `InUse`, which lists the monitors of all tenants that name it."""
    script = _lock(script)
    require_unused("filter_script", script.name)
    current = script_version(script, script.current_version)
    _audit("filter_script.deleted", script, actor, before=_stated(script, current))
    try:
        with transaction.atomic():
            script.delete()
    except IntegrityError as error:  # named between the question and now
        raise InUse(f"The script {script.name} has just come into use.", users=[]) from error


def script_findings(script: FilterScript) -> tuple[Finding, ...]:
    """What validation says of the version that runs. One query."""
    content = script_version(script, script.current_version).content
    return _report(script, content).findings


def _publish(
    script: FilterScript, content: str, note: str, actor: Actor, action: str, reason: str = ""
) -> FilterScriptVersion:
    before = _stated(script, script_version(script, script.current_version))
    newest = script.versions.order_by("-version").values_list("version", flat=True).first()
    script.current_version = (newest or 0) + 1
    _require_valid(script, content)
    script.save(update_fields=["current_version", "updated_at"])
    version = _add_version(script, content, note, actor)
    after = _stated(script, version)
    _audit(action, script, actor, before=before, after=after, reason=reason)
    return version


def _add_version(
    script: FilterScript, content: str, note: str, actor: Actor
) -> FilterScriptVersion:
    return FilterScriptVersion.objects.create(
        script=script,
        version=script.current_version,
        content=content,
        sha256=sha256_hex(content.encode()),
        note=note[:500],
        created_by=actor.name[:254],
    )


def _lock(script: FilterScript) -> FilterScript:
    return FilterScript.objects.select_for_update(no_key=True).get(pk=script.pk)


def _require_valid(script: FilterScript, content: str) -> None:
    _report(script, content).raise_if_errors()
    if not content.strip():
        raise InvalidField("content: is empty.", pointer="/content")
    if len(content.encode()) > MAX_CONTENT_BYTES:
        raise InvalidField(
            f"content: at most {MAX_CONTENT_BYTES} bytes in UTF-8.", pointer="/content"
        )


def _report(script: FilterScript, content: str) -> Report:
    """Of the document that the runtime would get, as far as it comes from its author."""
    extension = SCRIPT_EXTENSIONS.get(script.language)  # type: ignore[call-overload]  # any text
    document = {
        "schema": 1,
        "name": script.name,
        "version": script.current_version,
        "language": script.language,
        "script_path": f"filters/{script.name}.{extension}",
        "content": content,
        "sha256": sha256_hex(content.encode()) if isinstance(content, str) else "",
        "arguments": script.arguments,
        "timeout_ms": script.timeout_ms,
        "signature": "made when it is rendered",
    }
    return check("filter_script", document, context=CheckContext(author="staff"))


def _stated(script: FilterScript, version: FilterScriptVersion) -> dict[str, Any]:
    return {
        "language": script.language,
        "description": script.description,
        "arguments": list(script.arguments),
        "timeout_ms": script.timeout_ms,
        "version": version.version,
        "sha256": version.sha256,
    }


def _audit(action: str, script: FilterScript, actor: Actor, **details: Any) -> None:
    audit_record(
        action=action,
        actor=actor,
        object_kind="filter_script",
        object_id=script.name,
        object_name=script.name,
        **details,
    )
