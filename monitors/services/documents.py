"""From what a caller sends to a checked, complete document in normal form.

Facts about the world are read in a few set-based queries, whatever the document's size.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from blip0.common.canonical import canonical_bytes, sha256_hex
from blip0.common.sealing import CannotOpen, keyring
from blip0.common.validation import (
    CheckContext,
    InvalidDocument,
    Limits,
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
    normal_form,
)
from monitors.models import Monitor
from monitors.selectors import monitor_representation, viewing_key_place
from monitors.services.rules import NetworkFact, storage_findings, tenant_findings
from platform_catalog.models import FilterScript, Network
from tenants.models import Tenant
from tenants.selectors import limits_of
from triggers.models import Trigger
from triggers.selectors import triggers_by_slug


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A checked document. `values` is its normal form, `changed` its keys that differ from what
    is stored, `triggers` the ids of the triggers that it names."""

    values: dict[str, Any]
    changed: frozenset[str]
    triggers: dict[str, UUID]


@dataclass(frozen=True, kw_only=True)
class Stored:
    """A saved monitor: as it is read (secrets masked), and in normal form (secrets plain)."""

    representation: dict[str, Any]
    values: dict[str, Any]

    @classmethod
    def of(cls, monitor: Monitor) -> Stored:
        """Seven queries."""
        representation = monitor_representation(monitor)
        # A key that can't be opened any more stands in as a mask: a check then asks for it anew.
        opened = _opened_configurations(monitor, representation["chain_configurations"])
        values = {key: representation[key] for key in (*SETTINGS_KEYS, *RUNTIME_KEYS)}
        return cls(representation=representation, values={**values, "chain_configurations": opened})


def drafted(data: object, *, tenant: Tenant, stored: Stored | None = None) -> Draft:
    """Check `data`: a whole new monitor, or the changed keys of a `stored` one.

    Locks the named triggers until the end of the transaction, so that none is deleted before it
    is linked. Raises `InvalidDocument` with all errors. At most six queries.
    """
    given = _settings_checked(data, stored)
    base = stored.values if stored else DEFAULTS
    whole = {**base, **given}
    if stored:
        whole["chain_configurations"] = _unmasked(whole["chain_configurations"], stored)
    if "trigger_conditions" in whole:
        whole["trigger_conditions"] = catalogue_script_paths(whole["trigger_conditions"])

    networks = _network_facts()
    triggers = _triggers_named(whole.get("triggers"))
    context = CheckContext(
        author="tenant",
        script_paths=_script_paths() if whole.get("trigger_conditions") else frozenset(),
        network_types={slug: fact.type for slug, fact in networks.items()},
        trigger_keys=frozenset(triggers),
        limits=_limits(given, tenant, stored),
    )
    report = check(
        "monitor", {key: whole[key] for key in RUNTIME_KEYS if key in whole}, context=context
    )
    if report.verdict == "parse_error" or any(
        finding.code.startswith("monitor.unknown_") for finding in report.errors
    ):
        report.raise_if_errors()
    values = normal_form({"slug": "", **whole})
    findings = [
        *report.errors,
        *tenant_findings(
            values, stored=stored.values if stored else None, tenant=tenant, networks=networks
        ),
        *storage_findings(values),
    ]
    if findings:
        raise InvalidDocument(findings)
    return Draft(values=values, changed=_changed(values, stored), triggers=triggers)


def audit_form(values: Mapping[str, Any]) -> dict[str, Any]:
    """A normal form for the audit log: contract specs by their hash."""
    return {
        **values,
        "addresses": [
            {**entry, "contract_spec": sha256_hex(canonical_bytes(entry["contract_spec"]))}
            if "contract_spec" in entry
            else entry
            for entry in values["addresses"]
        ],
    }


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


def _settings_checked(data: object, stored: Stored | None) -> dict[str, Any]:
    """The keys to write. Raises for unknown ones, and for read-only ones that would change."""
    if not isinstance(data, Mapping):
        check("monitor_settings", data).raise_if_errors()
        raise TypeError("a monitor's document must be a mapping")
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
    if findings:
        raise InvalidDocument(findings)
    return given


def _network_facts() -> dict[str, NetworkFact]:
    rows = Network.objects.values_list("slug", "network_type", "enabled")
    return {slug: NetworkFact(type=kind, enabled=enabled) for slug, kind, enabled in rows}


def _script_paths() -> frozenset[str]:
    return frozenset(script.script_path for script in FilterScript.objects.only("name", "language"))


def _triggers_named(names: object) -> dict[str, UUID]:
    """The ids of the live triggers with these slugs, locked; all of them if one is missing."""
    slugs = {name for name in names if isinstance(name, str)} if isinstance(names, list) else set()
    if not slugs:
        return {}
    found = {slug: trigger.pk for slug, trigger in triggers_by_slug(slugs, lock=True).items()}
    if len(found) < len(slugs):  # it will be refused, with a suggestion
        return dict(Trigger.objects.live().values_list("slug", "pk"))
    return found


def _limits(given: Mapping[str, Any], tenant: Tenant, stored: Stored | None) -> Limits:
    """The plan's limits of what changes: after a downgrade, what exists stays."""
    touched = {
        key: key in given and (stored is None or given[key] != stored.values[key])
        for key in ("addresses", "match_conditions", "triggers")
    }
    if not any(touched.values()):
        return Limits()
    limits = limits_of(tenant)
    return Limits(
        spec_bytes=limits.contract_spec_bytes if touched["addresses"] else None,
        addresses=limits.addresses_per_monitor if touched["addresses"] else None,
        conditions=limits.conditions_per_monitor if touched["match_conditions"] else None,
        triggers=limits.triggers_per_monitor if touched["triggers"] else None,
    )


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
