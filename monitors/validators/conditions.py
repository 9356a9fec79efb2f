"""Match conditions: signatures. The runtime takes any text for one when it loads a monitor, so
all of this is policy.
"""

from __future__ import annotations

from collections.abc import Collection

from blip0.common.validation.findings import Findings, Path, shorten
from blip0.common.validation.text import WHITESPACE, is_blank

WITH_PARENTHESES = frozenset({"EVM", "Stellar", "Midnight"})
"""Network types on which the runtime's reference check wants `name(types)`."""


def check_signature(signature: str, chains: Collection[str], at: Path, out: Findings) -> bool:
    """Whether we take the signature. `chains` are the types of the networks, where known."""
    if is_blank(signature):
        out.policy("signature.blank", at, "`signature` is blank; write one.")
        return False
    wanting = sorted(WITH_PARENTHESES.intersection(chains))
    text = signature.strip(WHITESPACE)
    if wanting and not (text.endswith(")") and "(" in text):
        out.policy(
            "signature.form",
            at,
            f"On {', '.join(wanting)} a signature has the form `name(type,type)`; "
            f"`{shorten(signature)}` has not.",
        )
        return False
    return True
