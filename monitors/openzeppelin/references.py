"""References to secrets, `Environment` or vault, and the values that the importer was given.

Nothing is read from the process's own environment: those are the platform's secrets.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from blip0.common.validation.findings import shorten
from blip0.common.validation.secrets import PLAIN, kind_of, text_of
from monitors.openzeppelin.report import Note


@dataclass(frozen=True)
class Missing:
    """A secret without a value: where it stands in the document, and its variable's name."""

    pointer: str
    name: str


@dataclass
class Resolver:
    """Resolves the references of one document and remembers, by field, what had no value."""

    values: Mapping[str, str]
    missing: dict[str, Missing] = field(default_factory=dict)

    def resolve(self, field: str, secret: object, pointer: str) -> object:
        """`secret` as a plain one; with an empty text where there is no value.

        Anything that isn't a secret is given back for a check to refuse.
        """
        kind, text = kind_of(secret), text_of(secret)
        if kind is None or text is None or not isinstance(secret, dict):
            return secret
        if kind != PLAIN:
            name, text = text, self.values.get(text, "")
            if not text:
                self.missing[field] = Missing(pointer, name)
        return {**secret, "type": PLAIN, "value": text}

    def notes(self, under: str, consequence: str) -> list[Note]:
        """What to say about the missing ones; `under` is the document's pointer in its file."""
        return [
            Note(
                "changed",
                "secret.missing",
                under + missing.pointer,
                f"The variable `{shorten(missing.name)}` has no value; {consequence}",
            )
            for missing in self.missing.values()
        ]
