"""Does every document in Redis still hold what the runtime and our rules ask of it?

Documents are read as the runtime reads them: from the stored bytes, with sealed secrets opened.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final
from uuid import UUID

from blip0.common.allowed_targets import allowed_targets
from blip0.common.net import Allowed
from blip0.common.sealing import CannotOpen, Place, is_sealed, keyring
from blip0.common.strict_json import NotStrictJSON, loads
from blip0.common.validation import CheckContext, Finding, check, check_text
from blip0.common.validation.findings import Findings
from blip0.common.validation.shapes import Anything, Integer, MapOf, Struct, Text
from cachesync.keys import PLATFORM, Scope
from cachesync.store import Store
from triggers.contracts import TRIGGER_TYPES
from triggers.validators.templates import template_of

BATCH: Final = 50
MAX_SCHEMA: Final = 1
ENVELOPE = Struct(
    "a monitor's document",
    {
        "schema": Integer(MAX_SCHEMA),
        "id": Text(),
        "tenant_id": Text(),
        "slug": Text(),
        "alerting": Anything(),
        "monitor": Anything(),
        "triggers": MapOf(Anything()),
    },
    positional=False,
)
_SUFFIX = re.compile(r"(.*\S.*) \[[a-z0-9-]+\]", re.DOTALL)
_REFERENCED: Final = {"ws_rpc": "wss://reference.example.org"}
_REFERENCED_HTTP: Final = "https://reference.example.org"


@dataclass(frozen=True)
class Verified:
    """A document of a scope and the errors in it; `field` is that of the scope's index."""

    scope: Scope
    field: str
    errors: tuple[Finding, ...]


@dataclass(frozen=True, kw_only=True)
class _Catalogue:
    """What the documents in Redis may name, and where their triggers may send to."""

    network_types: Mapping[str, str]
    script_paths: frozenset[str]
    allowed: Allowed


def documents_verify(*, store: Store, tenants: Iterable[Scope]) -> Iterator[Verified]:
    """Every document of the platform, then of these tenants. Raises `redis.RedisError`."""
    types: dict[str, str] = {}
    paths: set[str] = set()
    for field, body in _bodies(store, PLATFORM):
        yield Verified(PLATFORM, field, _catalogue_errors(field, body))
        document = _object(body)
        if field.startswith("networks:"):
            types[field.partition(":")[2]] = str(document.get("network_type", ""))
        else:
            paths.add(str(document.get("script_path", "")))
    catalogue = _Catalogue(
        network_types=types, script_paths=frozenset(paths), allowed=allowed_targets()
    )
    for scope in tenants:
        for field, body in _bodies(store, scope):
            yield Verified(scope, field, _monitor_errors(scope, field, body, catalogue))


def _bodies(store: Store, scope: Scope) -> Iterator[tuple[str, str | None]]:
    fields = sorted(store.read(scope).index)
    for start in range(0, len(fields), BATCH):
        some = fields[start : start + BATCH]
        found = store.bodies(scope, some)
        yield from ((field, found.get(field)) for field in some)


def _catalogue_errors(field: str, body: str | None) -> tuple[Finding, ...]:
    if body is None:
        return (_MISSING,)
    kind, _, key = field.partition(":")
    if kind == "filters":
        return _named(check_text("filter_script", body).errors, body, "name", key)
    try:
        value = _with_references(loads(body))
    except NotStrictJSON:
        return check_text("network", body).errors
    errors = check("network", value, context=CheckContext(author="staff")).errors
    return _named(errors, body, "slug", key)


def _named(errors: tuple[Finding, ...], body: str, member: str, key: str) -> tuple[Finding, ...]:
    if _object(body).get(member) == key:
        return errors
    said = f"`{member}` isn't that of the key that the document stands under."
    return (*errors, _finding("document.owner", f"/{member}", said))


def _with_references(network: Any) -> Any:
    """A network whose URLs of the runtime's environment or vault are ones of the right shape."""
    if not isinstance(network, dict) or not isinstance(network.get("rpc_urls"), list):
        return network
    return {**network, "rpc_urls": [_with_url(entry) for entry in network["rpc_urls"]]}


def _with_url(entry: Any) -> Any:
    url = entry.get("url") if isinstance(entry, dict) else None
    if not isinstance(url, dict) or url.get("type") == "Plain" or check("secret", url).errors:
        return entry
    value = _REFERENCED.get(str(entry.get("type_")), _REFERENCED_HTTP)
    return {**entry, "url": {"type": "Plain", "value": value}}


def _monitor_errors(
    scope: Scope, field: str, body: str | None, catalogue: _Catalogue
) -> tuple[Finding, ...]:
    if body is None:
        return (_MISSING,)
    try:
        document = loads(body)
    except NotStrictJSON as error:
        return (Finding("error", error.code, "", error.message, "runtime", "parse"),)
    out = Findings()
    if not ENVELOPE.check(document, None, out) or not isinstance(document, dict):
        return out.report("monitor").errors
    return tuple(_parts_errors(scope, field, document, catalogue))


def _parts_errors(
    scope: Scope, field: str, document: dict[str, Any], catalogue: _Catalogue
) -> Iterator[Finding]:
    for member, wanted in (("id", field), ("tenant_id", scope.id)):
        if document[member] != wanted:
            said = f"`{member}` isn't that of the key that the document stands under."
            yield _finding("document.owner", f"/{member}", said)
    yield from _under("/slug", check("slug", document["slug"]).errors)
    yield from check("monitor_settings", {"alerting": document["alerting"]}).errors

    context = CheckContext(
        author="tenant",
        script_paths=catalogue.script_paths,
        network_types=catalogue.network_types,
        trigger_keys=frozenset(document["triggers"]),
        allowed=catalogue.allowed,
    )
    templates = {}
    for trigger_id, trigger in document["triggers"].items():
        place = f"/triggers/{trigger_id}"
        opened, problems = _opened(trigger, _place(scope, trigger_id))
        yield from _under(place, problems)
        plain, problems = _without_suffix(opened)
        yield from _under(place, problems)
        yield from _under(place, check("trigger", plain, context=context).errors)
        templates[trigger_id] = _template(plain)
    context = replace(context, trigger_templates=templates)
    opened, problems = _opened(document["monitor"], _place(scope, field))
    yield from _under("/monitor", problems)
    plain, problems = _without_suffix(opened)
    yield from _under("/monitor", problems)
    yield from _under("/monitor", check("monitor", plain, context=context).errors)


def _template(trigger: Any) -> str:
    kind = trigger.get("trigger_type") if isinstance(trigger, dict) else None
    if kind not in TRIGGER_TYPES or not isinstance(trigger.get("config"), dict):
        return ""
    return template_of(str(kind), trigger["config"])


def _without_suffix(value: Any) -> tuple[Any, list[Finding]]:
    """The object under the name that its owner gave it: the tenant's slug is added for all."""
    name = value.get("name") if isinstance(value, dict) else None
    if not isinstance(name, str):
        return value, []
    match = _SUFFIX.fullmatch(name)
    if match is None:
        said = "The name doesn't end in the tenant's slug, and may be another tenant's, too."
        return value, [_finding("document.name", "/name", said)]
    return {**value, "name": match[1]}, []


Opener = Callable[[str], Place] | None


def _place(scope: Scope, object_id: str) -> Opener:
    """Where the secrets of an object stand; None if its id is none."""
    try:
        owner = UUID(object_id)
    except ValueError:
        return None
    return lambda field: Place(UUID(scope.id), owner, field)


def _opened(value: Any, place: Opener) -> tuple[Any, list[Finding]]:
    """The value with each sealed text opened, and what can't be."""
    problems: list[Finding] = []

    def opened(item: Any, field: str, pointer: str) -> Any:
        if isinstance(item, dict):
            return {
                key: opened(member, _field(field, key), f"{pointer}/{_escaped(key)}")
                for key, member in item.items()
            }
        if isinstance(item, list):
            return [opened(entry, field, f"{pointer}/{n}") for n, entry in enumerate(item)]
        if not is_sealed(item):
            return item
        try:
            if place is None:
                raise CannotOpen("the id of its owner is none")
            return keyring().open(item, place(field))
        except CannotOpen as error:
            said = f"A sealed secret can't be opened ({error}); write it anew."
            problems.append(_finding("secret.unreadable", pointer, said))
            return item

    return opened(value, "", ""), problems


def _field(field: str, key: str) -> str:
    """As `cachesync.reader` has it: the secret's own key, `headers.` before a header's name."""
    if field == "headers":
        return f"headers.{key}"
    return field if key in {"type", "value"} and field else key


def _object(body: str | None) -> dict[str, Any]:
    try:
        value = loads(body or "")
    except NotStrictJSON:
        return {}
    return value if isinstance(value, dict) else {}


def _under(place: str, findings: Iterable[Finding]) -> Iterator[Finding]:
    return (replace(finding, pointer=f"{place}{finding.pointer}") for finding in findings)


def _escaped(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")


def _finding(code: str, pointer: str, message: str) -> Finding:
    return Finding("error", code, pointer, message, "policy", "policy")


_MISSING: Final = _finding("document.missing", "", "The index names it, and it isn't there.")
