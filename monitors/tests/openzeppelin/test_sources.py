"""The layout: where a configuration may stand, in a folder or a ZIP."""

from __future__ import annotations

from pathlib import Path

import pytest

from monitors.openzeppelin import sources
from monitors.openzeppelin.archives import UnreadableSource
from monitors.openzeppelin.sources import SourceFile, read_source, source_of
from monitors.openzeppelin.writing import zip_bytes
from monitors.tests.openzeppelin.support import write

FILES = {
    "networks/base.json": "{}",
    "monitors/a.JSON": "{}",
    "triggers/t.json": "{}",
    "filters/f.sh": "true",
}


def paths(source: sources.Source) -> list[str]:
    return [
        file.path
        for files in (source.networks, source.monitors, source.triggers, source.filters)
        for file in files
    ]


@pytest.mark.parametrize("prefix", ["", "config/", "mine/", "mine/config/"])
def test_read_source__zip__takes_one_more_folder(tmp_path: Path, prefix: str) -> None:
    archive = tmp_path / "mine.zip"
    archive.write_bytes(zip_bytes({prefix + path: b"{}" for path in FILES}))

    assert paths(read_source(archive)) == [prefix + path for path in FILES]


@pytest.mark.parametrize("prefix", ["", "config/"])
def test_read_source__folder__takes_its_four_folders_only(tmp_path: Path, prefix: str) -> None:
    write(tmp_path, {prefix + path: content for path, content in FILES.items()})
    write(tmp_path, {"src/main.rs": "", f"{prefix}triggers/scripts/run.sh": ""})

    source = read_source(tmp_path)

    assert paths(source) == [prefix + path for path in FILES]
    assert source.ignored == []


def test_read_source__other_files__are_named_as_ignored(tmp_path: Path) -> None:
    write(tmp_path, {**FILES, "monitors/notes.txt": "", ".env.example": "", "monitors/.keep": ""})

    assert read_source(tmp_path).ignored == ["monitors/notes.txt"]


def test_source_of__debris_of_archivers__is_skipped() -> None:
    names = ["config/monitors/a.json", "__MACOSX/config/monitors/._a.json", "README.md"]

    source = source_of({name: SourceFile(name) for name in names})

    assert paths(source) == ["config/monitors/a.json"]
    assert source.ignored == ["README.md"]


def test_source_of__settings_beside_config__are_found() -> None:
    names = ["mine/config/monitors/a.json", "mine/blip0.json", "blip0.json"]

    sidecar = source_of({name: SourceFile(name) for name in names}).sidecar

    assert sidecar is not None
    assert sidecar.path == "mine/blip0.json"


def test_source_of__two_configurations__refused() -> None:
    names = ["monitors/a.json", "config/monitors/a.json"]

    with pytest.raises(UnreadableSource, match="more than one configuration"):
        source_of({name: SourceFile(name) for name in names})


@pytest.mark.parametrize("names", [[], ["a.json"], ["a/b/monitors/a.json"]])
def test_source_of__no_configuration__refused(names: list[str]) -> None:
    with pytest.raises(UnreadableSource, match="no configuration"):
        source_of({name: SourceFile(name) for name in names})


def test_read_source__missing_path__refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableSource, match="No such file"):
        read_source(tmp_path / "nothing")


def test_read_source__link_out_of_the_folder__is_not_followed(tmp_path: Path) -> None:
    write(tmp_path, {"secret.json": '{"password": 1}', "in/monitors/a.json": "{}"})
    (tmp_path / "in/monitors/b.json").symlink_to(tmp_path / "secret.json")
    (tmp_path / "in/monitors/c.json").symlink_to("a.json")

    files = {file.stem: file for file in read_source(tmp_path / "in").monitors}

    assert files["b"].content == b""
    assert "link" in files["b"].problem
    assert files["c"].content == b"{}"


def test_read_source__linked_folder__is_not_followed(tmp_path: Path) -> None:
    write(tmp_path, {"other/a.json": "{}", "in/networks/base.json": "{}"})
    (tmp_path / "in/monitors").symlink_to(tmp_path / "other")

    assert all(file.problem for file in read_source(tmp_path / "in").monitors)


def test_read_source__file_too_large__is_that_files_problem(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "MAX_FILE_BYTES", 10)
    write(tmp_path, {"monitors/a.json": "{}" + " " * 20, "monitors/b.json": "{}"})

    first, second = read_source(tmp_path).monitors

    assert "more than 10 bytes" in first.problem
    assert second.problem == ""
