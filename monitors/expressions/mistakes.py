"""Why a text is no expression: where it goes wrong, what was expected there, and what to write.

Only called once the grammar has refused. The tables are tried in order; they hold what people
bring along from other languages, from the runtime's manual, and what surprises in the grammar.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import NamedTuple

from monitors.expressions.grammar import ACCESSOR, CONDITION, NAME, OPERATOR, VALUE, after_blanks
from monitors.expressions.tree import Condition

MAX_SHOWN = 30


class Mistake(NamedTuple):
    """What is wrong with the characters from `start` to `end` (exclusive)."""

    start: int
    end: int
    says: str


class _Habit(NamedTuple):
    pattern: re.Pattern[str]
    fix: str


def _habits(*rows: tuple[str, str]) -> tuple[_Habit, ...]:
    return tuple(
        _Habit(re.compile(pattern, re.ASCII | re.IGNORECASE), fix) for pattern, fix in rows
    )


_ANYWHERE = _habits(
    (r"[\r\n]", "write it on one line; line breaks may only stand inside quotes"),
    ("[\u2018-\u201f\u00ab\u00bb`]", "use straight quotes, ' or \""),
    (r"[\u00a0\u1680\u2000-\u200b\u202f\u205f\u3000\ufeff]", "use an ordinary blank"),
    (r"[^\x00-\x7f]", "outside quotes everything is ASCII; put text into quotes"),
    (r"\$\{?", "write the variable's bare name, without `$`"),
)
_AT_NAME = _habits(
    (r"!", "there is no `!`: turn the operator around, e.g. `!=`"),
    (r"['\"]", "the variable comes first, without quotes, then operator and value"),
    (r"(true|false)\b", "the variable comes first: write `name == true`"),
    (r"(contains|starts_with|ends_with)\b", "the variable comes before the operator"),
    (r"[0-9]+[A-Za-z_]", "a name that begins with a digit has digits only"),
    (r"[+-]?[.0-9]", "the variable comes first, then operator and value"),
    (r"\[|\{", "there are no lists; an index follows a name, as in `name[0]`"),
)
_AT_INDEX = _habits(
    (r"\[[ \t]*-", "an index counts from 0 and has no sign"),
    (r"\[[ \t]*['\"]", "write a key with a point, as in `name.key`"),
    (r"\[[ \t]*[0-9]*[ \t]*\]", "write digits only, without blanks, as in `name[0]`"),
)
_AT_KEY = _habits(
    (r"[ \t]", "no blank may stand there"),
    (r"[0-9]+[A-Za-z_]", "a key that begins with a digit has digits only"),
    (r"['\"]", "write the key without quotes"),
    (r"\[", "an index needs no point: `name[0]`"),
    (r"\w*(contains|starts_with|ends_with)\W", "put a blank before the operator"),
    (r"\w", "a key has letters, digits and `_` only"),
)
_AT_OPERATOR = _habits(
    (r"=[ \t]+=", "write `==` without a blank"),
    (r"![ \t]+=", "write `!=` without a blank"),
    (r"=>", "write `>=`"),
    (r"=<", "write `<=`"),
    (r"=!", "write `!=`"),
    (r"=", "write `==`"),
    (r"is[ \t]+not\b", "write `!=`"),
    (r"(is|equals?|eq)\b", "write `==`"),
    (r"(not|ne)\b", "write `!=`"),
    (r"in\b", "there is no `in`: join comparisons with `or`"),
    (r"starts?[ _-]?with\b", "write `starts_with`"),
    (r"ends?[ _-]?with\b", "write `ends_with`"),
    (r"(includes?|has|like|matches|contain)\b", "write `contains`"),
    (r"\[", "no blank may stand before `[`"),
    (r"\.", "no blank may stand before the point"),
    (r"\(", "there are no functions"),
    (r"[-+*/%^]", "there is no arithmetic; names hold letters, digits and `_`"),
    (r"&|\||(and|or)\b|\)|\Z", "each condition compares: for a boolean write `name == true`"),
)
_AT_VALUE = _habits(
    (r"(true|false)\b", "write `true` and `false` in lower case"),
    (
        r"(and|or|contains|starts_with|ends_with)\b",
        "the language's own words need quotes to be a value",
    ),
    (r"\(", "lists and tuples are written as text: '(1, 2)'"),
    (r"\[", "lists are written as text: '[1, 2]'"),
    (r"\{", "objects are written as text: '{…}'"),
    (r"0x", "after `0x` come hexadecimal digits"),
    (r"[+-]?\.[0-9]", "digits come before the point: `0.5`"),
    (r"[+-]?[0-9]+\.(?![0-9])", "digits come after the point: `1.0`"),
    (r"[+-]?[0-9]+\.[0-9]+", "a number has one point and no exponent; quote any other text"),
    (r"[0-9]+-[0-9-]+", "there is no arithmetic, and dates need quotes"),
    (r"[+-]", "after a sign come digits"),
    (r"[@/#%*.]", "put text that isn't one word into quotes"),
)
_AT_JOINT = _habits(
    (r"&&?", "write `and`"),
    (r"\|\|?", "write `or`"),
    (r"[,;]", "join conditions with `and` or `or`"),
    (r"[<>=]|!=|(contains|starts_with|ends_with)\b", "join two comparisons with `and`"),
    (r"(not|!)", "there is no NOT: turn the operator around, e.g. `!=`"),
    (r"xor\b", "there is only `and` and `or`"),
    (r"[-+*/%^]", "there is no arithmetic; put text that isn't one word into quotes"),
    (r"[@.:#?\\\[{~]", "put text that isn't one word into quotes"),
    (r"\(", "write `and` or `or` before the parenthesis"),
)
_BROKEN_OPERATORS = _habits(
    (r"==[ \t]*=", "write `==`"),
    (r"<[ \t]*>", "write `!=`"),
    (r"[<>][ \t]+=", "write the operator without a blank"),
)

_WORD_BEFORE = re.compile(r"(\(|and|or)[ \t]*\Z", re.ASCII | re.IGNORECASE)
_GLUED_OPERATOR = re.compile(r"\w(contains|starts_with|ends_with)\Z", re.ASCII | re.IGNORECASE)
_GLUED_WORD = re.compile(r"(and|or)\Z", re.ASCII | re.IGNORECASE)
_NAMED = {"": "the end", " ": "a blank", "\t": "a tab", "\r": "a line break", "\n": "a line break"}
_QUOTED = {
    "'": re.compile(r"'[^'\\]*(?:\\['\\][^'\\]*)*"),
    '"': re.compile(r'"[^"\\]*(?:\\["\\][^"\\]*)*'),
}
_TOKEN = re.compile(
    r"[+-]?[A-Za-z0-9_.-]*[A-Za-z0-9_]\.?|[&|=<>!]+|\[[A-Za-z0-9_'\", -]*\]|\$\{|.", re.DOTALL
)
_WORD = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?|[A-Za-z0-9_-]+")


def mistake_in_condition(text: str, start: int) -> Mistake:
    """`start` is where a condition should begin, and none does."""
    name = NAME.match(text, start)
    if name is None:
        return _mistake(text, start, f"a condition{_context(text, start)}", _AT_NAME)
    position = name.end()
    while accessor := ACCESSOR.match(text, position):
        position = accessor.end()
    if text.startswith("[", position):
        return _mistake(text, position, "an index like `[0]`", _AT_INDEX)
    if text.startswith(".", position):
        return _mistake(text, position + 1, "a key after the point", _AT_KEY)
    left, position = text[start:position], after_blanks(text, position)
    operator = OPERATOR.match(text, position)
    if operator is None:
        return _mistake_at_operator(text, start, left, position)
    if habit := _habit(text, position, _BROKEN_OPERATORS):
        return _mistake(text, position, f"an operator after `{_shown(left)}`", [habit])
    return _mistake_in_value(text, operator[0], after_blanks(text, operator.end()))


def mistake_in_joint(
    text: str, position: int, condition: Condition, opened_at: int | None
) -> Mistake:
    """After a term, at `position`, comes neither `and` nor `or` nor what ends it.

    `condition` is the last one before it, and `opened_at` the place of the innermost parenthesis
    that is still open.
    """
    here = after_blanks(text, position)
    value = condition.value
    follows_value = position == value.end
    if opened_at is None:
        expected = "`and`, `or` or the end"
    else:
        expected = f"`and`, `or` or `)` for the `(` at column {opened_at + 1}"
    if text.startswith(")", here):
        return _mistake(text, here, expected, fix="no `(` is open")
    if follows_value and value.quote:
        if here == position and re.match(r"[A-Za-z0-9'\"]", text[here:]):
            fix = f"inside {value.quote} write \\{value.quote} for it, or use the other quotes"
            return _mistake(text, here, expected, fix=fix)
    elif follows_value:
        another = CONDITION.match(text, here)
        glued = _GLUED_WORD.search(value.text)
        if glued and (another or text.startswith("(", here)):
            says = f"put a blank before `{glued[0]}`: `{_shown(value.text)}` is read as one word"
            return Mistake(value.start + glued.start(), value.end, says)
        if another:
            return _mistake(text, here, expected, fix="join conditions with `and` or `or`")
        if text[here : here + 1].isalnum():
            return _mistake(text, here, expected, _AT_JOINT, fix="put several words into quotes")
    return _mistake(text, here, expected, _AT_JOINT)


def _mistake_at_operator(text: str, start: int, left: str, position: int) -> Mistake:
    if left.lower() == "not":
        says = f"there is no `{left}`: turn the operator around, e.g. `!=`"
        return Mistake(start, start + len(left), says)
    expected = f"an operator after `{_shown(left)}`"
    if glued := _GLUED_OPERATOR.search(left):
        fix = f"put a blank before `{glued[1]}`"
        return _mistake(text, position, expected, fix=fix)
    return _mistake(text, position, expected, _AT_OPERATOR)


def _mistake_in_value(text: str, operator: str, position: int) -> Mistake:
    expected = f"a value after `{operator}`"
    mark = text[position : position + 1]
    if mark not in _QUOTED:
        word = _WORD.match(text, position)
        if word and VALUE.fullmatch(word[0]) and not _habit(text, position, _AT_VALUE):
            return _mistake(text, word.end(), f"a blank after `{_shown(word[0])}`", _AT_JOINT)
        return _mistake(text, position, expected, _AT_VALUE)
    quoted = _QUOTED[mark].match(text, position)
    end = quoted.end() if quoted else position
    if end == len(text):
        says = f"{expected}: the quote {mark} that opens here is never closed"
        return Mistake(position, position + 1, f"expected {says}")
    says = f"after a backslash comes {mark} or another backslash: write \\\\ for one backslash"
    return Mistake(end, min(end + 2, len(text)), says)


def _mistake(
    text: str, position: int, expected: str, habits: Iterable[_Habit] = (), *, fix: str = ""
) -> Mistake:
    """`fix` is for what none of the `habits` knows."""
    habit = _habit(text, position, (*_ANYWHERE, *habits))
    token = _TOKEN.match(text, position)
    end = token.end() if token else len(text)
    hint = habit.fix if habit else fix
    says = f"expected {expected}, found {_found(text[position:end])}"
    return Mistake(position, end, f"{says}: {hint}" if hint else says)


def _habit(text: str, position: int, habits: Iterable[_Habit]) -> _Habit | None:
    return next((habit for habit in habits if habit.pattern.match(text, position)), None)


def _context(text: str, start: int) -> str:
    before = _WORD_BEFORE.search(text, max(0, start - 100), start)
    return f" after `{before[1]}`" if before else ""


def _found(token: str) -> str:
    if token in _NAMED:
        return _NAMED[token]
    if token.isprintable():
        return f"`{_shown(token)}`"
    return f"U+{ord(token):04X} {unicodedata.name(token, '')}".rstrip()


def _shown(text: str) -> str:
    return text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}…"
