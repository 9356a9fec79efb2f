"""The catalogue that is shipped: files of this app, loaded without touching what staff changed.

`catalogue/networks.json` names a source and a date for each network, and how its genesis hash
begins where nothing in the network's object tells it from others. `filters.json` with the scripts
beside it and `templates.json` hold exactly what the services take.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from django.db import transaction

from blip0.common.actors import Actor
from platform_catalog.choices import SCRIPT_EXTENSIONS, ScriptLanguage
from platform_catalog.contracts import LoadReport
from platform_catalog.models import FilterScript, MonitorTemplate, Network
from platform_catalog.projections import filter_documents, network_documents
from platform_catalog.services.networks import network_create, network_update
from platform_catalog.services.scripts import (
    script_create,
    script_publish_version,
    script_update,
)
from platform_catalog.services.templates import template_create, template_update
from tenants.models import AuditRecord

CATALOGUE = Path(__file__).resolve().parents[1] / "catalogue"

Data = Mapping[str, Any]


def load_catalog(*, actor: Actor, update: bool = False) -> LoadReport:
    """Add what is missing; with `update`, also bring what differs to the shipped state.

    What staff deleted stays deleted: the audit log knows. One transaction; four queries if there
    is nothing to do.
    """
    report = LoadReport()
    with transaction.atomic():
        for shelf in (Networks(), Scripts(), Templates()):
            _load(shelf, report, actor, update=update)
    return report


def shipped_genesis_hashes() -> dict[str, str]:
    """How the genesis hash of a network begins, by slug, where the catalogue names it."""
    return {
        entry["network"]["slug"]: entry["genesis_hash"]
        for entry in _read("networks.json")
        if "genesis_hash" in entry
    }


class Shelf(Protocol):
    """One kind of object of the catalogue, by key."""

    noun: str

    def shipped(self) -> dict[str, Data]: ...

    def stored(self) -> dict[str, Data]:
        """In the form of `shipped`, so that the two compare."""

    def add(self, data: Data, actor: Actor) -> None: ...

    def change(self, key: str, data: Data, actor: Actor) -> None: ...


def _load(shelf: Shelf, report: LoadReport, actor: Actor, *, update: bool) -> None:
    shipped, stored = shelf.shipped(), shelf.stored()
    missing = shipped.keys() - stored.keys()
    deleted = _deleted_by_staff(shelf.noun, missing) if missing else set()
    for key, data in shipped.items():
        said = f"{shelf.noun} {key}"
        if key in deleted:
            report.left_out.append(said)
        elif key in missing:
            shelf.add(data, actor)
            report.added.append(said)
        elif data == stored[key]:
            continue
        elif update:
            shelf.change(key, data, actor)
            report.updated.append(said)
        else:
            report.kept.append(said)


def _deleted_by_staff(noun: str, keys: set[str]) -> set[str]:
    return set(
        AuditRecord.objects.filter(
            action=f"{noun}.deleted", object_kind=noun, object_id__in=keys
        ).values_list("object_id", flat=True)
    )


def _read(name: str) -> Any:
    return json.loads((CATALOGUE / name).read_text(encoding="utf-8"))


class Networks:
    noun = "network"

    def shipped(self) -> dict[str, Data]:
        return {
            entry["network"]["slug"]: {**entry["network"], "enabled": entry.get("enabled", True)}
            for entry in _read("networks.json")
        }

    def stored(self) -> dict[str, Data]:
        return {
            slug: {**document.body, "enabled": document.enabled}
            for slug, document in network_documents().items()
        }

    def add(self, data: Data, actor: Actor) -> None:
        network_create(data=data, actor=actor)

    def change(self, key: str, data: Data, actor: Actor) -> None:
        network = Network.objects.get(pk=key)
        nothing_else = dict.fromkeys(network_documents([key])[key].body)
        network_update(network=network, data={**nothing_else, **data}, actor=actor)


class Scripts:
    noun = "filter_script"
    _settings = ("description", "arguments", "timeout_ms")

    def shipped(self) -> dict[str, Data]:
        scripts: dict[str, Data] = {}
        for entry in _read("filters.json"):
            extension = SCRIPT_EXTENSIONS[ScriptLanguage(entry["language"])]
            file = CATALOGUE / "filters" / f"{entry['name']}.{extension}"
            scripts[entry["name"]] = {**entry, "content": file.read_text(encoding="utf-8")}
        return scripts

    def stored(self) -> dict[str, Data]:
        bodies = filter_documents()
        return {
            script.name: {
                "name": script.name,
                "language": script.language,
                "content": bodies[script.name].body["content"],
                **{name: getattr(script, name) for name in self._settings},
            }
            for script in FilterScript.objects.all()
        }

    def add(self, data: Data, actor: Actor) -> None:
        script_create(data=data, actor=actor)

    def change(self, key: str, data: Data, actor: Actor) -> None:
        script = FilterScript.objects.get(pk=key)
        script_update(
            script=script, data={name: data[name] for name in self._settings}, actor=actor
        )
        if filter_documents([key])[key].body["content"] != data["content"]:
            script_publish_version(
                script=script, content=data["content"], actor=actor, note="As shipped."
            )


class Templates:
    noun = "template"
    _fields = ("slug", "name", "description", "network_types", "document")

    def shipped(self) -> dict[str, Data]:
        return {entry["slug"]: entry for entry in _read("templates.json")}

    def stored(self) -> dict[str, Data]:
        return {
            template.slug: {name: getattr(template, name) for name in self._fields}
            for template in MonitorTemplate.objects.all()
        }

    def add(self, data: Data, actor: Actor) -> None:
        template_create(data=data, actor=actor)

    def change(self, key: str, data: Data, actor: Actor) -> None:
        template_update(template=MonitorTemplate.objects.get(pk=key), data=data, actor=actor)
