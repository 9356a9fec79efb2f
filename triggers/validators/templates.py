"""Message templates: the runtime replaces `${name}` where it knows the name, and nowhere else.

What it doesn't know stays as it is written, so none of this is an error: the reader of the message
would see the name instead of a value.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from blip0.common.validation.findings import Findings, Path, shorten
from blip0.common.validation.similar import closest
from triggers.validators.types.base import Config, message_of

TRANSACTION_VARIABLES: Mapping[str, tuple[str, ...]] = {
    "EVM": ("hash", "from", "to", "value"),
    "Stellar": ("hash",),
    "Midnight": ("hash",),
    "Solana": ("signature",),
}
"""Network type → what follows `transaction.`."""
LISTS = ("functions", "events")
MAX_REPORTED = 20

_PLACEHOLDER = re.compile(r"\$\{([^{}$]*)\}")
_INDEXED = re.compile(r"(functions|events)\.(0|[1-9][0-9]*)\.(?:signature|args\.(.+))", re.DOTALL)
_FIXED = ("monitor.name", *LISTS)
_EXAMPLES = (
    *_FIXED,
    *sorted({f"transaction.{n}" for names in TRANSACTION_VARIABLES.values() for n in names}),
    *(f"{name}.0.signature" for name in LISTS),
)
KNOWN = (
    "`monitor.name`, `transaction.hash` (on Solana `transaction.signature`; on EVM also "
    "`transaction.from`, `.to` and `.value`), `events`, `functions`, `events.0.signature`, "
    "`events.0.args.NAME`, and the like for `functions`"
)


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable that exists on some chain. `group` is `transaction`, `functions`, `events` or ""
    (always there), `name` what follows in `transaction.` or `args.`, else "". `index` is which of
    the matched functions or events it is of, from 0."""

    text: str
    group: str
    name: str = ""
    index: int | None = None


def placeholders(text: str) -> Iterator[str]:
    """What stands between `${` and `}`, each once, in order."""
    return iter(dict.fromkeys(_PLACEHOLDER.findall(text)))


def variable(text: str) -> Variable | None:
    """The variable of this name; None if no chain has it."""
    if text == "monitor.name":
        return Variable(text, "")
    if text in LISTS:
        return Variable(text, text)
    if (match := _INDEXED.fullmatch(text)) is not None:
        # Nothing has more than so many; Python refuses to read the longest numbers.
        return Variable(text, match[1], match[3] or "", int(match[2][:9]))
    group, _, name = text.partition(".")
    if group == "transaction" and any(name in names for names in TRANSACTION_VARIABLES.values()):
        return Variable(text, group, name)
    return None


def variables(text: str) -> list[Variable]:
    """The known variables of a template."""
    return [found for name in placeholders(text) if (found := variable(name)) is not None]


def template_of(trigger_type: str, config: Config) -> str:
    """All text of a message in which the runtime replaces variables; "" if it sends none."""
    if trigger_type == "webhook" and config.get("payload_mode") == "raw":
        return ""
    title, body = message_of(config)
    # A mail's subject is sent as it is written.
    return body if trigger_type == "email" else f"{title}\n{body}"


def check_template(text: str, at: Path, out: Findings) -> None:
    """Advise on variables that no chain has."""
    unknown = [name for name in placeholders(text) if variable(name) is None]
    for name in unknown[:MAX_REPORTED]:
        guess = _guess(name)
        fix = f"Did you mean `${{{guess}}}`?" if guess else f"Known are {KNOWN}."
        out.advise(
            "message.unknown_variable",
            at,
            f"The runtime knows no variable `{shorten(name)}`, and leaves `${{…}}` as it is. {fix}",
        )
    if text.count("${") > len(_PLACEHOLDER.findall(text)):
        out.advise(
            "message.unclosed_variable",
            at,
            "A `${` here isn't followed by a name and `}`, and stays as it is; complete it.",
        )


def check_subject(text: str, at: Path, out: Findings) -> None:
    """Advise on variables in a mail's subject."""
    if next(placeholders(text), None) is not None:
        out.advise(
            "message.subject_variable",
            at,
            "The subject of a mail is sent as it is written, `${…}` and all; "
            "use variables in `body` only.",
        )


def _guess(name: str) -> str | None:
    """A variable that is probably meant: others' spelling, other case, a slip of the finger."""
    plain = name.strip().lower()
    dotted = re.sub(r"[_\[\].]+", ".", plain).strip(".")
    for candidate in (plain, dotted, re.sub(r"^(event|function)\b", r"\1s", dotted)):
        if variable(candidate) is not None:
            return candidate
    return closest(plain, _EXAMPLES)


def unset(found: Iterable[Variable], chain: str) -> Iterator[Variable]:
    """Those of the transaction's variables that this chain never sets."""
    for one in found:
        if one.group == "transaction" and one.name not in TRANSACTION_VARIABLES.get(chain, ()):
            yield one
