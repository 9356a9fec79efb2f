"""From a path that an engineer gives to the files of an OpenZeppelin Monitor configuration."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Final

from monitors.openzeppelin.archives import (
    MAX_ENTRIES,
    MAX_FILE_BYTES,
    MAX_TOTAL_BYTES,
    UnreadableSource,
    read_archive,
)

FOLDERS: Final = ("networks", "monitors", "triggers", "filters")
SIDECAR: Final = "blip0.json"
ENV_EXAMPLE: Final = ".env.example"
EXPORT_REPORT: Final = "EXPORT-REPORT.json"
PLACEHOLDER: Final = ".keep"
"""What an export puts beside the configuration, and into its empty folders."""

_IN_LAYOUT: Final = re.compile(
    r"(?P<base>(?:[^/]+/)?)(?P<config>(?:config/)?)(?P<folder>networks|monitors|triggers|filters)"
    r"/(?P<name>[^/]+)"
)
_DEBRIS: Final = ("__MACOSX/",)


@dataclass(frozen=True)
class SourceFile:
    """A file of the configuration. `problem` says why its content was not read."""

    path: str
    content: bytes = b""
    problem: str = ""

    @property
    def stem(self) -> str:
        return PurePosixPath(self.path).stem

    @property
    def extension(self) -> str:
        """Lower case, without the dot."""
        return PurePosixPath(self.path).suffix.lower().removeprefix(".")


@dataclass(frozen=True)
class Source:
    """The files by folder, sorted by path; `ignored` are paths that no folder takes."""

    networks: list[SourceFile] = field(default_factory=list)
    monitors: list[SourceFile] = field(default_factory=list)
    triggers: list[SourceFile] = field(default_factory=list)
    filters: list[SourceFile] = field(default_factory=list)
    sidecar: SourceFile | None = None
    ignored: list[str] = field(default_factory=list)


def read_source(path: Path) -> Source:
    """The configuration in a folder or a ZIP. Raises `UnreadableSource`."""
    try:
        if path.is_dir():
            return source_of(_read_folder(path))
        with path.open("rb") as stream:
            return source_of(
                {name: SourceFile(name, body) for name, body in read_archive(stream).items()}
            )
    except OSError as error:
        raise UnreadableSource(f"{path} can't be read: {error.strerror}.") from error


def source_of(files: Mapping[str, SourceFile]) -> Source:
    """Sort files, by path, into OpenZeppelin Monitor's layout.

    The folders may stand at the top, in `config/`, and in a ZIP in one more folder. Raises
    `UnreadableSource` where there is no configuration, or more than one.
    """
    places = {
        path: match
        for path in sorted(files)
        if not path.startswith(_DEBRIS) and (match := _IN_LAYOUT.fullmatch(path))
    }
    roots = {match["base"] + match["config"] for match in places.values()}
    if not roots:
        raise UnreadableSource(
            f"There is no configuration here: expected the folders {', '.join(FOLDERS)}, "
            "at the top or in `config`.",
            code="source.empty",
        )
    if len(roots) > 1:
        shown = ", ".join(f"`{root or '.'}`" for root in sorted(roots))
        raise UnreadableSource(
            f"There is more than one configuration here: {shown}. Import them one by one.",
            code="source.ambiguous",
        )
    beside = roots.pop().removesuffix("config/")
    source = Source(sidecar=files.get(beside + SIDECAR))
    for path, file in sorted(files.items()):
        match = places.get(path)
        if _is_ours(path.removeprefix(beside)) or path.startswith(_DEBRIS):
            continue
        if match and (match["folder"] == "filters" or file.extension == "json"):
            getattr(source, match["folder"]).append(file)
        else:
            source.ignored.append(path)
    return source


def _is_ours(path: str) -> bool:
    """Whether an export put it there for people, or for an import to find it."""
    return path in (SIDECAR, ENV_EXAMPLE, EXPORT_REPORT) or path.endswith(f"/{PLACEHOLDER}")


def _read_folder(root: Path) -> dict[str, SourceFile]:
    """The files of the four folders; nothing else of `root` is looked at."""
    places = [
        place for place in ("", "config") if any((root / place / f).is_dir() for f in FOLDERS)
    ]
    found = [
        entry
        for place in places
        for folder in FOLDERS
        if (root / place / folder).is_dir()
        for entry in (root / place / folder).iterdir()
        if not entry.is_dir() or entry.is_symlink()
    ]
    if (root / SIDECAR).exists():
        found.append(root / SIDECAR)
    if len(found) > MAX_ENTRIES:
        raise UnreadableSource(f"{root} holds more than {MAX_ENTRIES} files.")
    files: dict[str, SourceFile] = {}
    total = 0
    for entry in sorted(found):
        file = _read_file(entry, root)
        total += len(file.content)
        if total > MAX_TOTAL_BYTES:
            raise UnreadableSource(f"The files of {root} have more than {MAX_TOTAL_BYTES} bytes.")
        files[file.path] = file
    return files


def _read_file(entry: Path, root: Path) -> SourceFile:
    path = entry.relative_to(root).as_posix()
    if not entry.resolve().is_relative_to(root.resolve()):
        return SourceFile(path, problem="This is a link to a place outside of the folder.")
    if not entry.is_file():
        return SourceFile(path, problem="This is not a file, or a link to nothing.")
    try:
        with entry.open("rb") as stream:
            content = stream.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        return SourceFile(path, problem=f"The file can't be read: {error.strerror}.")
    if len(content) > MAX_FILE_BYTES:
        return SourceFile(path, problem=f"The file has more than {MAX_FILE_BYTES} bytes.")
    return SourceFile(path, content)
