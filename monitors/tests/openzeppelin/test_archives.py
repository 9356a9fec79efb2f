"""Hostile ZIPs are refused as a whole, before anything is unpacked."""

from __future__ import annotations

import io
import stat
import struct
import zipfile
from pathlib import Path

import pytest

from monitors.openzeppelin import archives
from monitors.openzeppelin.archives import UnreadableSource, read_archive


def make_zip(*entries: tuple[str | zipfile.ZipInfo, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries:
            archive.writestr(name, content)
    return buffer.getvalue()


def refusal(content: bytes) -> str:
    with pytest.raises(UnreadableSource) as refused:
        read_archive(io.BytesIO(content))
    return refused.value.message


def special(name: str, kind: int) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name)
    entry.create_system = 3
    entry.external_attr = (kind | 0o777) << 16
    return entry


def test_read_archive__ordinary_files__gives_their_contents() -> None:
    content = make_zip(("config/", b""), ("config/monitors/a.json", b"{}"), ("x", b"1" * 5000))

    assert read_archive(io.BytesIO(content)) == {"config/monitors/a.json": b"{}", "x": b"1" * 5000}


@pytest.mark.parametrize(
    "name",
    [
        "/etc/passwd",
        "../outside.json",
        "config/../../outside.json",
        "config/./monitors/a.json",
        "config//a.json",
        "C:/windows/a.json",
        "config\\monitors\\a.json",
        "config/a\x01.json",
        "config/\u202egnp.json",
        "n" * 600,
        "/".join("d" * 50 for _ in range(20)),
    ],
)
def test_read_archive__path_that_is_not_plain__refused(name: str) -> None:
    assert "path" in refusal(make_zip((name, b"{}")))


def test_read_archive__name_with_a_nul__refused() -> None:
    content = make_zip(("monitors/aXb.json", b"{}")).replace(b"aXb.json", b"a\x00b.json")

    assert "unprintable" in refusal(content)


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFCHR, stat.S_IFIFO])
def test_read_archive__link_or_device__refused(kind: int) -> None:
    assert "link or a device" in refusal(make_zip((special("config/a.json", kind), b"/etc/passwd")))


@pytest.mark.parametrize("names", [("a.json", "a.json"), ("a.json", "A.JSON"), ("é", "e\u0301")])
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_read_archive__name_twice__refused(names: tuple[str, str]) -> None:
    assert "twice" in refusal(make_zip(*((name, b"{}") for name in names)))


def test_read_archive__bomb__refused_without_unpacking() -> None:
    assert "bomb" in refusal(make_zip(("a.json", b" " * (2 * 1024 * 1024))))


def test_read_archive__size_that_lies__refused() -> None:
    content = bytearray(make_zip(("a.json", b"x" * 5000)))
    for signature, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        struct.pack_into("<L", content, content.index(signature) + offset, 10)

    assert "damaged" in refusal(bytes(content))


def test_read_archive__file_or_total_too_large__refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "MAX_FILE_BYTES", 100)
    assert "more than 100 bytes" in refusal(make_zip(("a", b"x" * 101)))

    monkeypatch.setattr(archives, "MAX_TOTAL_BYTES", 150)
    assert "more than 150 bytes" in refusal(make_zip(("a", b"x" * 90), ("b", b"y" * 90)))


def test_read_archive__too_many_entries__refused_from_the_end_record() -> None:
    content = bytearray(make_zip(("a", b"x")))
    struct.pack_into("<H", content, content.rindex(b"PK\x05\x06") + 10, 60_000)

    assert "too many" in refusal(bytes(content))


def test_read_archive__huge_archive__refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives, "MAX_ARCHIVE_BYTES", 100)

    assert "at most 100" in refusal(make_zip(("a", b"x" * 500)))


def test_read_archive__encrypted__refused() -> None:
    content = bytearray(make_zip(("a.json", b"{}")))
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = content.index(signature) + offset
        content[at] |= 1

    assert "encrypted" in refusal(bytes(content))


def test_read_archive__unusual_compression__refused() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("a.json", b"{}")

    assert "unusual" in refusal(buffer.getvalue())


def test_read_archive__overlapping_entries__refused() -> None:
    """Two entries of the directory at one place: the way to petabytes from a small file."""
    content = bytearray(make_zip(("a", b"x" * 50), ("b", b"y" * 50)))
    second = content.index(b"PK\x01\x02", content.index(b"PK\x01\x02") + 1)
    struct.pack_into("<L", content, second + 42, 0)

    assert "overlaps" in refusal(bytes(content))


def test_read_archive__64_bit_kind__refused() -> None:
    content = make_zip(("a", b"x"))
    at = content.rindex(b"PK\x05\x06")

    assert "64-bit" in refusal(content[:at] + b"PK\x06\x07" + bytes(16) + content[at:])


@pytest.mark.parametrize("content", [b"", b"{}", b"PK\x05\x06", b"x" * 100_000])
def test_read_archive__no_zip__refused(content: bytes) -> None:
    assert "not a ZIP" in refusal(content)


def test_read_archive__damaged_content__refused() -> None:
    content = bytearray(make_zip(("a.json", b"some words, some words, other words")))
    content[45] ^= 0xFF

    assert "damaged" in refusal(bytes(content))
