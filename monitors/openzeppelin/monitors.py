"""Importing monitors: each in a savepoint of its own, by the services that members use."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from typing import Any

from django.db import transaction

from blip0.common.exceptions import DomainError
from blip0.common.validation import CheckContext, InvalidDocument, check
from blip0.common.validation.findings import shorten
from monitors.contracts import RUNTIME_KEYS, map_viewing_keys
from monitors.models import Monitor
from monitors.openzeppelin.catalogue import ASK_STAFF
from monitors.openzeppelin.documents import (
    BadFile,
    altered,
    error,
    json_object,
    renamed,
    repeated,
    slugs_for,
)
from monitors.openzeppelin.references import Resolver
from monitors.openzeppelin.report import Entry, Note, status_of
from monitors.openzeppelin.run import Run, refusal_notes, updated_note
from monitors.openzeppelin.sidecar import snooze_end
from monitors.openzeppelin.sources import SourceFile
from monitors.selectors import monitor_representation, monitor_representations
from monitors.services import monitor_create, monitor_snooze, monitor_update
from triggers.contracts.base import plain_secret
from triggers.models import Trigger
from triggers.services.drafts import is_mask


@dataclass
class _Item:
    """One monitor's file, on its way in. `kept` are the places that lists kept, by their key."""

    file: SourceFile
    slug: str
    resolver: Resolver
    notes: list[Note] = field(default_factory=list)
    kept: dict[str, list[int]] = field(default_factory=dict)

    @property
    def refused(self) -> bool:
        return any(note.level == "error" for note in self.notes)

    def entry(self, status: Any) -> Entry:
        notes = tuple(dict.fromkeys(self.notes))
        return Entry("monitor", self.file.path, status, slug=self.slug, notes=notes)

    def add(self, notes: list[Note]) -> None:
        """Notes about the prepared document, their pointers turned back into the file's."""
        self.notes += [replace(note, pointer=self._in_file(note.pointer)) for note in notes]

    def _in_file(self, pointer: str) -> str:
        parts = pointer.split("/")
        if len(parts) == 3 and parts[1] in self.kept and parts[2].isdigit():
            parts[2] = str(self.kept[parts[1]][int(parts[2])])
        return "/".join(parts)


@dataclass(frozen=True)
class _Known:
    """What is in the tenant before: monitors by slug, as they read, and its triggers' slugs."""

    monitors: Mapping[str, Monitor]
    representations: Mapping[str, Mapping[str, Any]]
    triggers: frozenset[str]

    @classmethod
    def load(cls, slugs: list[str]) -> _Known:
        monitors = Monitor.objects.live().filter(slug__in=slugs)
        return cls(
            monitors={monitor.slug: monitor for monitor in monitors},
            representations={shown["slug"]: shown for shown in monitor_representations(monitors)},
            triggers=frozenset(Trigger.objects.live().values_list("slug", flat=True)),
        )


def import_monitors(run: Run, files: list[SourceFile]) -> None:
    """Create or update the monitors of these files. Triggers and networks were mapped before."""
    slugs = slugs_for((file.stem for file in files), "monitor")
    known = _Known.load(list(slugs.values()))
    seen: set[str] = set()
    for file in files:
        item = _Item(file, slugs[file.stem], Resolver(run.variables))
        if file.stem in seen:
            message = "Another file has this name but for its extension, which counts; rename one."
            item.notes.append(error("file.repeated", "", message))
            run.add(item.entry("refused"))
            continue
        seen.add(file.stem)
        run.add(_import(run, item, known))


def _import(run: Run, item: _Item, known: _Known) -> Entry:
    item.notes += renamed(item.file.stem, item.slug, "")
    try:
        value = json_object(item.file)
    except BadFile as problem:
        item.notes.append(problem.note)
        return item.entry("refused")
    item.notes += repeated(value)
    document = _prepared(run, item, value, known)
    types = {slug: str(body["network_type"]) for slug, body in run.networks.known.items()}
    report = check(
        "monitor",
        _with_stand_ins(document),
        context=CheckContext(author="tenant", network_types=types),
    )
    # What the catalogue lacks was noted already, with the way out.
    item.add([Note.of(f) for f in report.findings if f.code != "monitor.unknown_network"])
    if item.refused:
        return item.entry("refused")
    settings = run.sidecar.monitors.get(item.file.stem, {})
    extra = {key: settings[key] for key in ("description", "alerting") if key in settings}
    try:
        with transaction.atomic():
            return _save(run, item, {**document, **extra}, known, settings)
    except (DomainError, InvalidDocument) as refusal:
        item.add(refusal_notes(refusal))
        return item.entry("refused")


def _save(
    run: Run,
    item: _Item,
    data: Mapping[str, Any],
    known: _Known,
    settings: Mapping[str, Any],
) -> Entry:
    current = known.monitors.get(item.slug)
    if current is None:
        data = {**data, "slug": item.slug}
        monitor = monitor_create(tenant=run.tenant, data=data, actor=run.actor)
    else:
        monitor = monitor_update(monitor=current, data=data, actor=run.actor)
    monitor = _snoozed(run, item, monitor, settings)
    if current is None:
        return item.entry(status_of(item.notes))
    if monitor.version == current.version:
        return item.entry("unchanged")
    before, after = known.representations[item.slug], monitor_representation(monitor)
    keys = [
        key
        for key in (*RUNTIME_KEYS, "description", "alerting", "snoozed_until")
        if before[key] != after[key]
    ]
    item.notes.append(updated_note(item.slug, keys))
    return item.entry("changed")


def _snoozed(run: Run, item: _Item, monitor: Monitor, settings: Mapping[str, Any]) -> Monitor:
    until = snooze_end(settings)
    if until is None:
        return monitor
    if until <= run.now:
        item.notes.append(Note("info", "snooze.ended", "", "Its snooze has ended meanwhile."))
        return monitor
    reason = settings["snooze"].get("reason", "")
    return monitor_snooze(monitor=monitor, until=until, now=run.now, reason=reason, actor=run.actor)


def _prepared(run: Run, item: _Item, value: Mapping[str, Any], known: _Known) -> dict[str, Any]:
    """The document in the platform's words: slugs of networks and triggers, plain secrets."""
    document = dict(value)
    _map_names(item, document, "networks", run.networks.slug_of, _network_problem(run))
    _map_names(
        item,
        document,
        "triggers",
        lambda key: run.trigger_slugs.get(key, key),
        _trigger_problem(run, known),
    )
    _check_scripts(run, item, document)
    if "chain_configurations" in document:
        _resolve_viewing_keys(item, document, known.representations.get(item.slug, {}))
    return document


def _map_names(
    item: _Item,
    document: dict[str, Any],
    key: str,
    slug_of: Callable[[str], str],
    problem_of: Callable[[str], Note | None],
) -> None:
    """Replace the names in a list by slugs, drop the second of two, note what can't be had."""
    names = document.get(key)
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        return
    places: dict[str, int] = {}
    for index, name in enumerate(names):
        slug = slug_of(name)
        if slug in places:
            message = f"`{shorten(name)}` is named twice in `{key}`; once is kept."
            item.notes.append(altered("monitor.repeated", f"/{key}/{index}", message))
            continue
        places[slug] = index
        if problem := problem_of(name):
            item.notes.append(replace(problem, pointer=f"/{key}/{index}"))
    document[key] = list(places)
    item.kept[key] = list(places.values())


def _network_problem(run: Run) -> Callable[[str], Note | None]:
    def problem(name: str) -> Note | None:
        shown = shorten(name)
        if name in run.networks.refused:
            return error("network.refused", "", f"The file of the network `{shown}` was refused.")
        if run.networks.slug_of(name) not in run.networks.known:
            message = f"The catalogue has no network `{shown}`. {ASK_STAFF}"
            return error("network.unknown", "", message)
        return None

    return problem


def _trigger_problem(run: Run, known: _Known) -> Callable[[str], Note | None]:
    def problem(key: str) -> Note | None:
        shown = shorten(key)
        if key in run.refused_triggers:
            return error("trigger.refused", "", f"The trigger `{shown}` was refused; see there.")
        if run.trigger_slugs.get(key, key) not in known.triggers:
            message = f"There is no trigger `{shown}`, neither in these files nor in the tenant."
            return error("trigger.unknown", "", message)
        return None

    return problem


def _check_scripts(run: Run, item: _Item, document: Mapping[str, Any]) -> None:
    for index, name in script_names(document):
        if f"filters/{name}" not in run.scripts.known:
            pointer = f"/trigger_conditions/{index}/script_path"
            message = f"The catalogue has no script `{shorten(name)}`. {ASK_STAFF}"
            item.notes.append(error("script.unknown", pointer, message))


def script_names(document: Mapping[str, Any]) -> list[tuple[int, str]]:
    """The file names of the scripts that a document names, each with its place."""
    conditions = document.get("trigger_conditions")
    return [
        (index, PurePosixPath(condition["script_path"]).name)
        for index, condition in enumerate(conditions if isinstance(conditions, list) else [])
        if isinstance(condition, dict) and isinstance(condition.get("script_path"), str)
    ]


def _resolve_viewing_keys(item: _Item, document: dict[str, Any], stored: Mapping[str, Any]) -> None:
    """Resolve the keys. One without a value: the stored one stays, or the monitor is paused."""
    masks: dict[str, Any] = {}
    map_viewing_keys(stored.get("chain_configurations"), masks.__setitem__)

    def resolved(pointer: str, key: object) -> object:
        plain = item.resolver.resolve(pointer, key, pointer)
        return masks.get(pointer, plain) if pointer in item.resolver.missing else plain

    def lacks_value(pointer: str) -> bool:
        return pointer in item.resolver.missing and pointer not in masks

    configurations = map_viewing_keys(document["chain_configurations"], resolved)
    document["chain_configurations"] = _without_keys(configurations, lacks_value)
    if any(lacks_value(pointer) for pointer in item.resolver.missing):
        document["paused"] = True
        consequence = "the monitor is imported paused, without this key."
    else:
        consequence = "the stored one stays."
    item.notes += item.resolver.notes("", consequence)


def _with_stand_ins(document: Mapping[str, Any]) -> dict[str, Any]:
    """The document for a check: stored keys, which only the service can open, count as there."""
    if "chain_configurations" not in document:
        return dict(document)
    configurations = map_viewing_keys(
        document["chain_configurations"],
        lambda _, key: plain_secret("-") if is_mask(key) else key,
    )
    return {**document, "chain_configurations": configurations}


def _without_keys(configurations: Any, dropped: Callable[[str], bool]) -> Any:
    """`configurations` without the viewing keys at some pointers."""
    gone = object()
    marked = map_viewing_keys(
        configurations, lambda pointer, key: gone if dropped(pointer) else key
    )
    if not isinstance(marked, list):
        return marked
    for configuration in marked:
        midnight = configuration.get("midnight") if isinstance(configuration, dict) else None
        if isinstance(midnight, dict) and isinstance(midnight.get("viewing_keys"), list):
            midnight["viewing_keys"] = [k for k in midnight["viewing_keys"] if k is not gone]
    return marked
