"""The files of the contract: generated schemas, and golden documents that tests record.

`cachesync/contract/{name}.schema.json` and `cachesync/contract/golden/{name}.json`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

from cachesync.services.contract.schemas import SCHEMAS

CONTRACT: Final = Path(__file__).resolve().parents[2] / "contract"
GOLDEN: Final = CONTRACT / "golden"
SUFFIX: Final = ".schema.json"


@cache
def schema_file(name: str) -> bytes:
    """A schema as it is published. Raises `KeyError` for an unknown name."""
    if name not in SCHEMAS:
        raise KeyError(name)
    return (CONTRACT / f"{name}{SUFFIX}").read_bytes()


@cache
def golden_names() -> tuple[str, ...]:
    return tuple(sorted(file.stem for file in GOLDEN.glob("*.json")))


@cache
def golden_file(name: str) -> bytes:
    """A golden document: the bytes that are rendered, and a line's end. Raises `KeyError`."""
    if name not in golden_names():
        raise KeyError(name)
    return (GOLDEN / f"{name}.json").read_bytes()


def contract_differences(folder: Path = CONTRACT) -> Iterator[str]:
    """The names of schema files that are missing, differ, or belong to nothing."""
    texts = _texts()
    for name, text in texts.items():
        file = folder / name
        if not file.is_file() or file.read_text(encoding="utf-8") != text:
            yield name
    yield from sorted(file.name for file in folder.glob(f"*{SUFFIX}") if file.name not in texts)


def contract_write(folder: Path = CONTRACT) -> list[str]:
    """Write the schema files that differ, and remove those of schemas that are no more."""
    changed, texts = list(contract_differences(folder)), _texts()
    folder.mkdir(exist_ok=True)
    for name in changed:
        file = folder / name
        if name in texts:
            file.write_text(texts[name], encoding="utf-8")
        else:
            file.unlink()
    return changed


def _texts() -> dict[str, str]:
    return {
        name + SUFFIX: json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
        for name, schema in SCHEMAS.items()
    }
