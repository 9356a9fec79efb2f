"""Networks and filter scripts of the files, mapped to the catalogue's. Nothing is written here.

The catalogue belongs to the platform's staff: what a file says otherwise is reported, and the
catalogue's counts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from blip0.common.validation import check
from blip0.common.validation.findings import shorten
from blip0.common.validation.secrets import kind_of, text_of
from monitors.openzeppelin.documents import (
    BadFile,
    error,
    file_text,
    json_object,
    repeated,
)
from monitors.openzeppelin.report import Entry, Note
from monitors.openzeppelin.sources import SourceFile
from platform_catalog.projections import filter_documents, network_documents
from platform_catalog.validators.network import RPC_URL
from platform_catalog.validators.scripts import EXTENSIONS

ASK_STAFF = "Ask the platform's staff to add it to the catalogue."

_MAY_BE_SECRET = frozenset({"rpc_urls"})


@dataclass
class Networks:
    """The catalogue's networks, and what the files call them.

    `by_name` maps what a monitor of the files may write to a slug of the catalogue; `refused`
    are names whose file can't be used.
    """

    known: Mapping[str, Mapping[str, Any]]
    by_name: dict[str, str] = field(default_factory=dict)
    refused: set[str] = field(default_factory=set)

    @classmethod
    def load(cls) -> Networks:
        documents = network_documents()
        return cls({slug: document.body for slug, document in documents.items()})

    def slug_of(self, name: str) -> str:
        return self.by_name.get(name, name)


@dataclass(frozen=True)
class Scripts:
    """The catalogue's filter scripts by path, `filters/<name>.<extension>`."""

    known: Mapping[str, str]

    @classmethod
    def load(cls) -> Scripts:
        documents = filter_documents().values()
        return cls({doc.body["script_path"]: doc.body["content"] for doc in documents})


def network_entry(file: SourceFile, networks: Networks, wanted: frozenset[str]) -> Entry:
    """Map one network file. `wanted` are the names that the files' monitors use."""
    try:
        value = json_object(file)
    except BadFile as problem:
        networks.refused.add(file.stem)
        return Entry("network", file.path, "refused", notes=(problem.note,))
    report = check("network", value)
    if report.verdict == "parse_error":
        networks.refused.add(file.stem)
        notes = repeated(value) + [
            Note.of(found) for found in report.errors if found.stage == "parse"
        ]
        return Entry("network", file.path, "refused", notes=tuple(dict.fromkeys(notes)))
    slug = str(value["slug"])
    networks.by_name[file.stem] = slug
    if slug not in networks.known:
        return _unknown("network", file, slug, used=file.stem in wanted or slug in wanted)
    notes = list(_differences(value, networks.known[slug]))
    if slug != file.stem:
        notes.insert(0, Note("info", "network.stem", "/slug", f"Mapped to the network `{slug}`."))
    return Entry("network", file.path, "mapped", slug=slug, notes=tuple(notes))


def filter_entry(file: SourceFile, scripts: Scripts, wanted: frozenset[str]) -> Entry:
    """Map one filter script. `wanted` are the file names that the files' monitors use."""
    name = f"{file.stem}.{file.extension}"
    path = f"filters/{name}"
    if file.extension not in EXTENSIONS.values():
        note = Note("info", "script.extension", "", "This is not a script in a known language.")
        return Entry("filter", file.path, "ignored", notes=(note,))
    if path not in scripts.known:
        return _unknown("filter", file, file.stem, used=name in wanted)
    try:
        same = file_text(file) == scripts.known[path]
    except BadFile as problem:
        return Entry("filter", file.path, "refused", slug=file.stem, notes=(problem.note,))
    if same:
        return Entry("filter", file.path, "mapped", slug=file.stem)
    message = "The catalogue's script of this name has another content; it is the one that runs."
    note = Note("info", "script.differs", "", message)
    return Entry("filter", file.path, "mapped", slug=file.stem, notes=(note,))


def _unknown(kind: Any, file: SourceFile, slug: str, *, used: bool) -> Entry:
    noun = "script" if kind == "filter" else "network"
    message = f"The catalogue has no {noun} `{shorten(slug)}`."
    if used:
        note = error(f"{noun}.unknown", "", f"{message} {ASK_STAFF}")
        return Entry(kind, file.path, "refused", slug=slug, notes=(note,))
    note = Note("info", f"{noun}.unused", "", f"{message} No monitor of these files needs it.")
    return Entry(kind, file.path, "ignored", slug=slug, notes=(note,))


def _differences(file: Mapping[str, Any], catalogue: Mapping[str, Any]) -> Sequence[Note]:
    notes = []
    for key in dict.fromkeys([*file, *catalogue]):
        here, there = _comparable(key, file.get(key)), _comparable(key, catalogue.get(key))
        if here == there:
            continue
        # URLs of endpoints hold API keys, so they are not shown.
        what = "" if key in _MAY_BE_SECRET else f": {_shown(here)} here, {_shown(there)} there"
        message = f"`{key}` differs from the catalogue's{what}. The catalogue's counts."
        notes.append(Note("info", "network.differs", f"/{key}" if key in file else "", message))
    return notes


def _comparable(key: str, value: Any) -> Any:
    if key == "rpc_urls" and isinstance(value, list):
        endpoints = [RPC_URL.named(entry) for entry in value]
        return [
            (end["type_"], kind_of(end["url"]), text_of(end["url"]), end["weight"])
            for end in endpoints
        ]
    return value


def _shown(value: Any) -> str:
    return "nothing" if value is None else shorten(str(value))
