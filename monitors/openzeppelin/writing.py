"""Writing an export to a folder or a ZIP."""

from __future__ import annotations

import io
import os
import stat
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from blip0.common.exceptions import Conflict, DomainError
from monitors.openzeppelin.sources import FOLDERS

_EPOCH: Final = (1980, 1, 1, 0, 0, 0)
"""The earliest time that a ZIP can name: equal content gives equal bytes."""
_UNIX: Final = 3
OPEN_MODE: Final = 0o644
SECRET_MODE: Final = 0o600


class CannotWrite(DomainError):
    code = "output.unwritable"


def write_export(
    files: Mapping[str, bytes], output: Path, *, force: bool = False, mode: int = OPEN_MODE
) -> None:
    """Write `files` into the ZIP or folder `output`. Raises `Conflict` and `CannotWrite`.

    Without `force`, an existing ZIP and a folder that isn't empty are left alone. With it, what
    a configuration that stood there has too many is removed: it would be loaded with the rest.
    """
    try:
        if output.suffix.lower() == ".zip":
            if output.exists() and not force:
                raise Conflict(f"{output} exists; --force replaces it.")
            write_file(output, zip_bytes(files), mode)
        else:
            _write_folder(files, output, force, mode)
    except OSError as error:
        raise CannotWrite(f"{output} can't be written: {error.strerror}.") from error


def write_file(path: Path, content: bytes, mode: int) -> None:
    """Replace a file as a whole; nobody ever sees half of it, nor with another mode."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
        temporary.chmod(mode)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def zip_bytes(files: Mapping[str, bytes]) -> bytes:
    """A ZIP whose bytes depend on `files` only."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path, content in sorted(files.items()):
            entry = zipfile.ZipInfo(path, _EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = _UNIX
            entry.external_attr = (stat.S_IFREG | OPEN_MODE) << 16
            archive.writestr(entry, content, compresslevel=9)
    return buffer.getvalue()


def _write_folder(files: Mapping[str, bytes], output: Path, force: bool, mode: int) -> None:
    if output.exists() and any(output.iterdir()):
        if not force:
            raise Conflict(f"{output} is not empty; --force writes into it all the same.")
        _remove_surplus(files, output)
    for path, content in files.items():
        write_file(output / path, content, mode)


def _remove_surplus(files: Mapping[str, bytes], output: Path) -> None:
    wanted = {output / path for path in files}
    for folder in FOLDERS:
        for path in (output / "config" / folder).glob("*"):
            if path.is_file() and path not in wanted:
                path.unlink()
