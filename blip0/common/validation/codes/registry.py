"""What each code of a finding means: the source of `docs/findings.md`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from blip0.common.registry import Registry
from blip0.common.validation.findings import Level, Source


@dataclass(frozen=True, slots=True)
class Code:
    """A code, `area.rule`, and all that its reader needs to know.

    `example` is an input that has the finding: JSON text of a document of the kind `kind`, or of
    those of its members that matter. Where `kind` is empty the finding depends on what is stored,
    and `example` tells the situation in words.
    """

    name: str
    level: Level
    sources: tuple[Source, ...]
    meaning: str
    kind: str
    example: str
    fix: str

    @property
    def area(self) -> str:
        return self.name.partition(".")[0]


_codes: Registry[Code] = Registry("finding code")


def describe(
    name: str,
    level: Level,
    source: Source | tuple[Source, ...],
    meaning: str,
    *,
    kind: str = "",
    example: str,
    fix: str,
) -> None:
    """Describe a code. Raises `AlreadyRegistered` if it is described already."""
    sources = (source,) if isinstance(source, str) else source
    _codes.register(name, Code(name, level, sources, meaning, kind, example, fix))


def code(name: str) -> Code:
    """What a code means. Raises `KeyError` for one that nobody described."""
    return _codes.get(name)


def known_codes() -> Iterable[Code]:
    """Every code, by name."""
    return [_codes.get(name) for name in sorted(_codes)]
