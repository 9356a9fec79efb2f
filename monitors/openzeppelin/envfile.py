"""Files of environment variables, `NAME=value` a line: read strictly, written so that dotenv
libraries read the same text back.

Values are not expanded: a `$` is a `$`. Errors name the line, never its content.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from blip0.common.exceptions import DomainError

MAX_BYTES: Final = 1024 * 1024

_LINE: Final = re.compile(r"(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_]*)[ \t]*=[ \t]*(.*)")
_SINGLE: Final = re.compile(r"'([^']*)'[ \t]*(?:#.*)?")
_DOUBLE: Final = re.compile(r'"((?:[^"\\]|\\.)*)"[ \t]*(?:#.*)?')
_ESCAPES: Final = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\", "$": "$"}
_ESCAPED: Final = {text: letter for letter, text in _ESCAPES.items()}


class BadEnvFile(DomainError):
    """The file of variables can't be read. The message holds no value."""

    code = "env.syntax"


def read_env(path: Path) -> dict[str, str]:
    """The variables of a file. Raises `BadEnvFile`."""
    try:
        with path.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
        if len(content) > MAX_BYTES:
            raise BadEnvFile(f"{path} has more than {MAX_BYTES} bytes.")
        return parse_env(content.decode())
    except OSError as error:
        raise BadEnvFile(f"{path} can't be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        # Not chained: the error's text would hold the bytes.
        raise BadEnvFile(f"{path} is not UTF-8 (byte {error.start}).") from None


def parse_env(text: str) -> dict[str, str]:
    """The variables of the text of a file. Raises `BadEnvFile` with the number of the line."""
    values: dict[str, str] = {}
    for number, line in enumerate(text.split("\n"), start=1):
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        match = _LINE.fullmatch(stripped)
        if match is None:
            raise BadEnvFile(f"Line {number} of the variables is not of the form NAME=value.")
        name, written = match.groups()
        if name in values:
            raise BadEnvFile(f"Line {number} of the variables sets {name} a second time.")
        values[name] = _value(written, number)
    return values


def env_text(values: Mapping[str, str]) -> str:
    """A file that `parse_env` reads back."""
    return "".join(f"{name}={_quoted(value)}\n" for name, value in sorted(values.items()))


def env_example(names: Iterable[tuple[str, str]]) -> str:
    """A file to fill in: each variable, without a value, below what it is for."""
    return "\n".join(f"# {purpose}\n{name}=\n" for name, purpose in sorted(names))


def _value(written: str, number: int) -> str:
    if match := _SINGLE.fullmatch(written):
        return match[1]
    if match := _DOUBLE.fullmatch(written):
        return re.sub(r"\\(.)", lambda found: _unescaped(found[1], number), match[1])
    if written.startswith(("'", '"')):
        raise BadEnvFile(f"Line {number} of the variables has a quote that is not closed.")
    return re.split(r"(?:^|[ \t])#", written, maxsplit=1)[0].rstrip()


def _unescaped(letter: str, number: int) -> str:
    if letter not in _ESCAPES:
        raise BadEnvFile(
            f"Line {number} of the variables has an unknown escape; use single quotes for text "
            "with backslashes."
        )
    return _ESCAPES[letter]


def _quoted(value: str) -> str:
    if value.isprintable() and "'" not in value:
        return f"'{value}'"
    return '"' + "".join(f"\\{_ESCAPED[c]}" if c in _ESCAPED else c for c in value) + '"'
