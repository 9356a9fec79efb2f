"""From what a caller sends to a checked, complete document in normal form.

Facts about the world are read in a few set-based queries, whatever the document's size.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.utils.crypto import salted_hmac

from blip0.common.canonical import canonical_bytes, sha256_hex
from blip0.common.sealing import CannotOpen, hint, keyring
from blip0.common.tenancy import current_tenant_id
from blip0.common.validation import (
    Finding,
    InvalidDocument,
    Report,
    check,
    without_read_only,
)
from monitors.contracts import (
    DEFAULTS,
    READ_ONLY_KEYS,
    RUNTIME_KEYS,
    SETTINGS_KEYS,
    catalogue_script_paths,
    map_viewing_keys,
)
from monitors.models import Monitor
from monitors.selectors import each_representation, viewing_key_place
from monitors.services.world import Examined, World, examined
from monitors.store import Content, contents_of


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A checked document. `values` is its normal form, `changed` its keys that differ from what
    is stored, `world` what it was checked against, `findings` what is to be said about it all the
    same."""

    values: dict[str, Any]
    changed: frozenset[str]
    world: World
    findings: tuple[Finding, ...]


@dataclass(frozen=True, kw_only=True)
class Stored:
    """A saved monitor: as it is read (secrets masked), in normal form (secrets plain), and what
    its rows hold."""

    representation: dict[str, Any]
    values: dict[str, Any]
    content: Content

    @classmethod
    def of(cls, monitor: Monitor) -> Stored:
        """Two queries."""
        return next(cls.each([monitor]))

    @classmethod
    def each(cls, monitors: Sequence[Monitor]) -> Iterator[Stored]:
        """Of these, one by one; two queries for any number."""
        contents = contents_of([monitor.pk for monitor in monitors])
        for monitor in monitors:
            monitor.content = contents[monitor.pk]
        for monitor, representation in zip(monitors, each_representation(monitors), strict=True):
            # A key that can't be opened any more stands in as a mask: a check then asks for it
            # anew.
            opened = _opened_configurations(monitor, representation["chain_configurations"])
            values = {key: representation[key] for key in (*SETTINGS_KEYS, *RUNTIME_KEYS)}
            yield cls(
                representation=representation,
                values={**values, "chain_configurations": opened},
                content=contents[monitor.pk],
            )


def drafted(data: object, *, stored: Stored | None = None) -> Draft:
    """Check `data`: a whole new monitor, or the changed keys of a `stored` one.

    Locks the named triggers until the end of the transaction, so that none is deleted before it
    is linked. Raises `InvalidDocument` with all errors. A fixed number of queries.
    """
    result, world = _examined(data, stored, lock=True)
    if result.errors or result.values is None or world is None:
        raise InvalidDocument(result.errors)
    return Draft(
        values=result.values,
        changed=_changed(result.values, stored),
        world=world,
        findings=result.report.findings,
    )


def document_report(data: object) -> Report:
    """All that there is to say about a document of a new monitor of the current tenant.

    Locks nothing.
    """
    return _examined(data, None, lock=False)[0].report


def audit_form(values: Mapping[str, Any]) -> dict[str, Any]:
    """A normal form for the audit log: contract specs by their hash, viewing keys by a mark."""
    return {
        **values,
        "chain_configurations": map_viewing_keys(
            values["chain_configurations"], lambda _pointer, key: key_mark(key)
        ),
        "addresses": [
            {**entry, "contract_spec": sha256_hex(canonical_bytes(entry["contract_spec"]))}
            if "contract_spec" in entry
            else entry
            for entry in values["addresses"]
        ],
    }


def key_mark(key: Mapping[str, Any]) -> dict[str, Any]:
    """What the audit log has of a viewing key: enough to know it again, not to guess at it."""
    plain = key.get("value")
    if plain is None:  # it can't be opened any more, and is a mask already
        return dict(key)
    keyed = salted_hmac("monitors.viewing_key", f"{current_tenant_id()}:{plain}")
    return {"set": True, "hint": hint(plain), "fingerprint": keyed.hexdigest()[:16]}


def sealed_configurations(
    configurations: list[dict[str, Any]], monitor: Monitor
) -> list[dict[str, Any]]:
    """`chain_configurations` with viewing keys sealed; a key that is stored keeps its bytes."""
    ring, place = keyring(), viewing_key_place(monitor.pk)
    sealed_by_plain: dict[str, str] = {}

    def remember(_pointer: str, key: dict[str, str]) -> None:
        try:
            sealed_by_plain[ring.open(key["value"], place)] = key["value"]
        except CannotOpen:  # it is being replaced
            return

    map_viewing_keys(monitor.chain_configurations, remember)

    def seal(_pointer: str, key: dict[str, str]) -> dict[str, str]:
        plain = key["value"]
        return {**key, "value": ring.keep_or_seal(plain, place, sealed_by_plain.get(plain))}

    sealed: list[dict[str, Any]] = map_viewing_keys(configurations, seal)
    return sealed


def _examined(data: object, stored: Stored | None, *, lock: bool) -> tuple[Examined, World | None]:
    if not isinstance(data, Mapping):
        report = check("monitor", data)
        return Examined(report=report, values=None, errors=report.errors), None
    given, envelope = _settings_checked(data, stored)
    whole = _whole(given, stored)
    world = World.now(triggers=_texts(whole.get("triggers")), lock=lock)
    before = stored.values if stored else None
    return examined(whole, world, stored=before, envelope=envelope), world


def _settings_checked(
    data: Mapping[str, Any], stored: Stored | None
) -> tuple[dict[str, Any], list[Finding]]:
    """The keys to write, and what is wrong with those that are the platform's.

    Unknown keys, and read-only ones that would change, are among the findings.
    """
    current = stored.representation if stored else None
    given, findings = without_read_only(data, READ_ONLY_KEYS, current=current)
    # No slug is the same as none given: a new monitor gets one made of its name.
    given = {key: value for key, value in given.items() if (key, value) != ("slug", None)}
    # The runtime's keys have a check of their own; what they hold is not looked at twice.
    settings = {key: None if key in RUNTIME_KEYS else value for key, value in given.items()}
    # These keys are the platform's: whatever is wrong with them, the runtime has no say.
    findings += [
        replace(finding, source="policy", stage="policy")
        for finding in check("monitor_settings", settings).errors
    ]
    return given, findings


def _whole(given: Mapping[str, Any], stored: Stored | None) -> dict[str, Any]:
    """The document that `given` makes of the stored one, or of the defaults."""
    whole = {**(stored.values if stored else DEFAULTS), **given}
    if stored:
        whole["chain_configurations"] = _unmasked(whole["chain_configurations"], stored)
    if "trigger_conditions" in whole:
        whole["trigger_conditions"] = catalogue_script_paths(whole["trigger_conditions"])
    return whole


def _texts(value: object) -> set[str]:
    return {text for text in value if isinstance(text, str)} if isinstance(value, list) else set()


def _changed(values: Mapping[str, Any], stored: Stored | None) -> frozenset[str]:
    if stored is None:
        return frozenset(values)
    # Bytes, not values: to Python, true equals 1.
    return frozenset(
        key
        for key, value in values.items()
        if canonical_bytes(value) != canonical_bytes(stored.values[key])
    )


def _opened_configurations(monitor: Monitor, masked: list[dict[str, Any]]) -> list[dict[str, Any]]:
    if not monitor.chain_configurations:
        return []
    ring, place = keyring(), viewing_key_place(monitor.pk)
    masks: dict[str, Any] = {}
    map_viewing_keys(masked, masks.__setitem__)

    def opened(pointer: str, key: dict[str, str]) -> dict[str, Any]:
        try:
            return {**key, "value": ring.open(key["value"], place)}
        except CannotOpen:
            mask: dict[str, Any] = masks[pointer]
            return mask

    plain: list[dict[str, Any]] = map_viewing_keys(monitor.chain_configurations, opened)
    return plain


def _unmasked(configurations: Any, stored: Stored) -> Any:
    """Masks as a read shows them, `{"set": true, …}`, replaced by the keys that they stand for."""
    masks: dict[str, Any] = {}
    keys: dict[str, Any] = {}
    map_viewing_keys(stored.representation["chain_configurations"], masks.__setitem__)
    map_viewing_keys(stored.values["chain_configurations"], keys.__setitem__)

    def unmasked(pointer: str, key: Any) -> Any:
        if not (isinstance(key, dict) and key.get("set") is True):
            return key
        if masks.get(pointer) == key:
            return keys[pointer]
        moved = [place for place, mask in masks.items() if mask == key]
        return keys[moved[0]] if len(moved) == 1 else key

    return map_viewing_keys(configurations, unmasked)
