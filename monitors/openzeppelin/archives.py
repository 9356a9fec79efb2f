"""Reading a ZIP that a stranger made: everything odd about it is refused before it is unpacked.

Nothing is ever written to the disk, so no path in the archive can reach it; odd paths are refused
all the same, because they show that the archive is not what it says it is.
"""

from __future__ import annotations

import stat
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Iterable
from typing import IO, Final

from blip0.common.exceptions import DomainError

MAX_ARCHIVE_BYTES: Final = 64 * 1024 * 1024
MAX_ENTRIES: Final = 10_000
MAX_FILE_BYTES: Final = 8 * 1024 * 1024
"""Above what the text of any document may have (`validation.scan.MAX_TEXT`)."""
MAX_TOTAL_BYTES: Final = 256 * 1024 * 1024
MAX_RATIO: Final = 200
"""ABIs shrink to a thirtieth; a bomb to a thousandth. Small files may shrink as they like."""
RATIO_FREE_BYTES: Final = 1024 * 1024
MAX_NAME_BYTES: Final = 512
MAX_DIRECTORY_BYTES: Final = MAX_ENTRIES * 1024

_END_RECORD: Final = struct.Struct("<4s4H2LH")
_END_SIGNATURE: Final = b"PK\x05\x06"
_ZIP64_LOCATOR: Final = b"PK\x06\x07"
_ZIP64_LOCATOR_BYTES: Final = 20
_LOCAL_HEADER_BYTES: Final = 30
_ENCRYPTED: Final = 0x1
_METHODS: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


class UnreadableSource(DomainError):
    """The folder or archive as a whole can't be read, or must not be."""

    code = "source.unreadable"


def read_archive(stream: IO[bytes]) -> dict[str, bytes]:
    """The files of a ZIP by path. Raises `UnreadableSource`; never unpacks above the limits."""
    _check_end_record(stream)
    try:
        with zipfile.ZipFile(stream) as archive:
            entries = archive.infolist()
            _check_entries(entries, archive.start_dir)
            return {
                entry.filename: _content(archive, entry) for entry in entries if not entry.is_dir()
            }
    except (
        zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError,
        OSError, ValueError, struct.error,
    ) as error:  # fmt: skip
        raise _refusal(f"This ZIP is damaged: {type(error).__name__}. Make it anew.") from error


def _check_end_record(stream: IO[bytes]) -> None:
    """The size of the directory, before `zipfile` reads all of it into memory."""
    size = stream.seek(0, 2)
    if size > MAX_ARCHIVE_BYTES:
        raise _refusal(f"The ZIP has {size} bytes; at most {MAX_ARCHIVE_BYTES} are read.")
    stream.seek(max(0, size - 2**16 - _END_RECORD.size - _ZIP64_LOCATOR_BYTES))
    tail = stream.read()
    at = tail.rfind(_END_SIGNATURE)
    if at < 0 or len(tail) - at < _END_RECORD.size:
        raise _refusal("This is not a ZIP archive.")
    _, _, _, _, count, directory_bytes, _, _ = _END_RECORD.unpack_from(tail, at)
    if tail[max(0, at - _ZIP64_LOCATOR_BYTES) : at].startswith(_ZIP64_LOCATOR):
        raise _refusal("The ZIP is of the 64-bit kind, for huge archives; make a plain one.")
    if count > MAX_ENTRIES or directory_bytes > MAX_DIRECTORY_BYTES:
        raise _too_many()
    stream.seek(0)


def _check_entries(entries: list[zipfile.ZipInfo], directory_at: int) -> None:
    if len(entries) > MAX_ENTRIES:
        raise _too_many()
    seen: set[str] = set()
    for entry in entries:
        name = entry.orig_filename
        check_name(name)
        shown = _shown(name)
        key = unicodedata.normalize("NFC", name).casefold()
        if key in seen:
            raise _refusal(f"{shown} is in the ZIP twice (upper and lower case don't count).")
        seen.add(key)
        _check_kind(entry, shown)
        if entry.file_size > MAX_FILE_BYTES:
            raise _refusal(f"{shown} has more than {MAX_FILE_BYTES} bytes unpacked.")
        if entry.file_size > max(RATIO_FREE_BYTES, entry.compress_size * MAX_RATIO):
            raise _refusal(f"{shown} would grow more than {MAX_RATIO}-fold: a ZIP bomb.")
    if sum(entry.file_size for entry in entries) > MAX_TOTAL_BYTES:
        raise _refusal(f"The files have more than {MAX_TOTAL_BYTES} bytes unpacked.")
    _check_overlaps(entries, directory_at)


def check_name(name: str) -> None:
    """Raises for a path that is absolute, climbs, or that some system would read otherwise."""
    shown = _shown(name)
    if len(name.encode("utf-8", "replace")) > MAX_NAME_BYTES:
        raise _refusal(f"The path {shown} is longer than {MAX_NAME_BYTES} bytes.")
    if not name.isprintable() or "\\" in name:
        raise _refusal(f"The path {shown} has a backslash or an unprintable character.")
    parts = name.removesuffix("/").split("/")
    if not all(parts) or ":" in parts[0] or {".", ".."}.intersection(parts):
        raise _refusal(f"The path {shown} leaves the archive; use plain relative paths.")


def _check_kind(entry: zipfile.ZipInfo, shown: str) -> None:
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise _refusal(f"{shown} is a link or a device; put the file itself into the ZIP.")
    if entry.flag_bits & _ENCRYPTED:
        raise _refusal(f"{shown} is encrypted; make a ZIP without a password.")
    if entry.compress_type not in _METHODS:
        raise _refusal(f"{shown} is packed in an unusual way; use ordinary ZIP compression.")


def _check_overlaps(entries: Iterable[zipfile.ZipInfo], directory_at: int) -> None:
    """Two entries that share bytes: how a small archive unpacks to petabytes."""
    end = 0
    for entry in sorted(entries, key=lambda entry: entry.header_offset):
        if entry.header_offset < end:
            raise _refusal(f"{_shown(entry.orig_filename)} overlaps another file of the ZIP.")
        name_bytes = len(entry.orig_filename.encode("utf-8", "replace"))
        # A lower bound: the name may be in another encoding, and extra fields may follow it.
        least = min(name_bytes, len(entry.orig_filename))
        end = entry.header_offset + _LOCAL_HEADER_BYTES + least + entry.compress_size
    if end > directory_at:
        raise _refusal("A file of the ZIP overlaps its directory.")


def _content(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    with archive.open(entry) as file:
        content = file.read(entry.file_size + 1)
    if len(content) != entry.file_size:
        raise _refusal(f"{_shown(entry.filename)} is not as long as the ZIP says.")
    return content


def _shown(name: str) -> str:
    name = name if len(name) <= 80 else f"{name[:80]}…"
    return f"`{name.encode('unicode_escape').decode() if not name.isprintable() else name}`"


def _too_many() -> UnreadableSource:
    return _refusal(f"The ZIP holds too many files; at most {MAX_ENTRIES} are read.")


def _refusal(message: str) -> UnreadableSource:
    return UnreadableSource(message, code="source.hostile")
