r"""The runtime's grammar: one for all chains, a PEG with ordered choice.

    expression := and-chain ( "or" and-chain )*          `and` binds tighter; both left-associative
    and-chain  := term ( "and" term )*
    term       := "(" expression ")" | condition
    condition  := name accessor* operator value

The patterns below are the parts of a condition; spaces and tabs may stand between these parts and
around terms, nothing else may. What surprises in them is the runtime's doing, e.g. that `a==1AND`
compares with the word `1AND`. Their quantifiers are possessive where a PEG doesn't step back:
`acontains 5` must not become `a contains 5`. So they also take linear time.
"""

from __future__ import annotations

import re

_KEYWORD = r"(?ai:true|false|and|or|contains|starts_with|ends_with)"
_BLANK = r"[ \t]*+"
_WORD_ENDS = r"(?![A-Za-z0-9_-])"
_VALUE_ENDS = r"(?=[ \t)(,=!><&|\]]|\Z)"

_NAME = rf"""(?:
    (?!{_KEYWORD}(?![A-Za-z0-9_])) [A-Za-z_][A-Za-z0-9_]*+
  | [0-9]++ (?= [\[.\ \t><] | == | != | \Z )
)"""

_ACCESSOR = r"""(?:
    \[ [0-9]++ \]
  | \. (?: [A-Za-z_][A-Za-z0-9_]*+ | [0-9]++ ) (?= [ \t\[.=!><()] | \Z )
)"""

_OPERATOR = r"(?: (?ai:contains|starts_with|ends_with) | >= | <= | == | != | > | < )"

_VALUE = rf"""(?:
    ' (?P<single> [^'\\]*+ (?: \\['\\] [^'\\]*+ )* ) '
  | " (?P<double> [^"\\]*+ (?: \\["\\] [^"\\]*+ )* ) "
  | (?P<boolean> true | false ) {_VALUE_ENDS}
  | (?P<hexadecimal> 0[xX][0-9A-Fa-f]++ ) {_VALUE_ENDS}
  | (?P<number> [+-]?[0-9]++ (?: \.[0-9]++ )? ) {_VALUE_ENDS}
  | (?P<bare>
        (?! {_KEYWORD} {_WORD_ENDS} )
        (?! [0-9-]++ {_WORD_ENDS} )
        (?! 0[xX][0-9A-Fa-f]*+ {_WORD_ENDS} )
        [A-Za-z0-9_-]++
    )
)"""


def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.VERBOSE)


NAME = _compiled(_NAME)
ACCESSOR = _compiled(_ACCESSOR)
OPERATOR = _compiled(_OPERATOR)
VALUE = _compiled(_VALUE)

CONDITION = _compiled(
    rf"""
    (?P<name> {_NAME} )
    (?P<path> {_ACCESSOR}* )
    {_BLANK} (?P<operator> {_OPERATOR} )
    {_BLANK} {_VALUE}
    """
)
"""A whole condition. Its last group is the one of the value's kind."""

TERM = _compiled(rf"{_BLANK} (?: (?P<open> \( ) | {CONDITION.pattern} )")
"""How a term begins: a parenthesis, or a whole condition."""

JOINT = _compiled(
    rf"{_BLANK} (?: (?P<and> (?ai:and) ) | (?P<or> (?ai:or) ) | (?P<close> \) ) | (?P<end> \Z ) )"
)
"""What may follow a term. No blank needs to stand after the words."""

MAX_INDEX = 2**64 - 1

_BLANKS = _compiled(_BLANK)


def after_blanks(text: str, position: int) -> int:
    blanks = _BLANKS.match(text, position)
    return blanks.end() if blanks else position
