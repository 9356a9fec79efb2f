"""Filter scripts: the platform's own document of one, and the fields that name one elsewhere."""

from __future__ import annotations

import ast
import hashlib
import posixpath
import warnings
from collections.abc import Mapping

from blip0.common.validation.context import CheckContext
from blip0.common.validation.findings import Findings, Path, label, shorten
from blip0.common.validation.shapes import (
    U32,
    U64,
    Choice,
    Field,
    Integer,
    ListOf,
    Struct,
    Text,
    optional,
)
from blip0.common.validation.text import check_slug

EXTENSIONS = {"JavaScript": "js", "Python": "py", "Bash": "sh"}

SCRIPT_FIELDS: Mapping[str, Field] = {
    "language": Field(Choice(tuple(EXTENSIONS))),
    "script_path": Field(Text()),
    "timeout_ms": Field(Integer(U32)),
    "arguments": optional(ListOf(Text())),
}
"""The members by which monitors and script triggers name a script."""

FILTER_SCRIPT = Struct(
    "a filter script",
    {
        "schema": Integer(U32),
        "name": Text(),
        "version": Integer(U64),
        "language": Choice(tuple(EXTENSIONS)),
        "script_path": Text(),
        "content": Text(),
        "sha256": Text(),
        "arguments": ListOf(Text()),
        "timeout_ms": Integer(U32),
        "signature": Text(),
    },
    positional=False,
)


def check_script_reference(
    value: Mapping[str, object], at: Path, out: Findings, context: CheckContext
) -> None:
    """What the runtime checks of a script condition or trigger, beyond its shape."""
    path, language = value.get("script_path"), value.get("language")
    if isinstance(path, str):
        place: Path = (at, "script_path")
        if context.script_paths is not None and not _exists(path, context.script_paths):
            out.invalid(
                "script.missing",
                place,
                f"There is no script `{shorten(path)}`; name one of the catalogue by its path."
                f"{out.did_you_mean(path, context.script_paths)}",
            )
        extension = EXTENSIONS.get(language) if isinstance(language, str) else None
        if extension is not None and _extension(path) != extension:
            out.invalid(
                "script.extension",
                place,
                f"A script in {language} ends in `.{extension}`, lower case; "
                f"`{shorten(path)}` does not. Correct the path or the language.",
            )
    check_timeout(value.get("timeout_ms"), (at, "timeout_ms"), out)


def check_timeout(value: object, at: Path, out: Findings) -> None:
    if value == 0 and isinstance(value, int) and not isinstance(value, bool):
        out.invalid("script.timeout", at, f"{label(at)} must be at least 1 (millisecond).")


def check_filter_script(value: object, at: Path, out: Findings, _: CheckContext) -> None:
    """The check of the kind `filter_script`: the catalogue's document of one script."""
    if not FILTER_SCRIPT.check(value, at, out) or not isinstance(value, dict):
        return
    if value["schema"] != 1:
        out.invalid("script.schema", (at, "schema"), "`schema` must be 1.")
    if value["version"] == 0:
        out.invalid("script.version", (at, "version"), "`version` counts from 1.")
    check_timeout(value["timeout_ms"], (at, "timeout_ms"), out)
    check_slug(value["name"], (at, "name"), out, catalogue=True)
    path = f"filters/{value['name']}.{EXTENSIONS[value['language']]}"
    if value["script_path"] != path:
        out.invalid("script.path", (at, "script_path"), f"`script_path` must be `{shorten(path)}`.")
    if value["sha256"] != hashlib.sha256(value["content"].encode()).hexdigest():
        out.invalid("script.digest", (at, "sha256"), "`sha256` is not the digest of `content`.")
    if value["language"] == "Python" and (said := python_syntax_error(value["content"])):
        out.advise(
            "script.syntax",
            (at, "content"),
            f"This is no Python: {shorten(said)}. Mend it, or roll back: a script that fails "
            "drops no match. (A newer Python of the runtime may know more than ours.)",
        )
    if not value["signature"]:
        out.invalid("script.signature", (at, "signature"), "`signature` is empty; sign the script.")


def python_syntax_error(content: str) -> str:
    """What this Python says of it, with the line, or "". Nothing is executed."""
    try:
        with warnings.catch_warnings(action="ignore"):
            ast.parse(content)
    except SyntaxError as error:
        return f"line {error.lineno}: {error.msg}" if error.lineno else error.msg
    except (ValueError, RecursionError, MemoryError) as error:  # a null character; nested too deep
        return str(error)
    return ""


def _exists(path: str, known: frozenset[str]) -> bool:
    if path in known:
        return True
    # `./config/x.sh` and `config//x.sh` are the same file to the runtime; `config/x.sh/` is not.
    return bool(path) and not path.endswith("/") and posixpath.normpath(path) in known


def _extension(path: str) -> str | None:
    """What follows the last dot of the file's name; `.py` alone is a name without one."""
    stem, dot, extension = posixpath.basename(path.rstrip("/")).rpartition(".")
    return extension if dot and stem else None
