"""Sample values: of each kind one as the runtime renders it, to begin a trial with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from monitors.expressions.evaluation.trace import Variable
from monitors.expressions.kinds import (
    Chain,
    Family,
    base_kind,
    declared_range,
    kind_of,
    transaction_variables,
)

_NUMBER: Final = 1_000_000_000
_HASH: Final = f"0x{'ab' * 32}"
_ADDRESS: Final[Mapping[Chain, str]] = {
    "EVM": "0x28C6c06298d514Db089934071355E5743bf21d60",
    "Stellar": "GAAZI4TCR3TY5OJHCTJC2A4QSY6CJWJH5IAJTGKIN2ER7LBNVKOCCWN7",
    "Solana": "9WzDXwBbmkg8ZTbNMqUxvQRAyrZzDsGYdLVL9zYtAWWM",
}
_OF_TRANSACTIONS: Final[Mapping[tuple[Chain, str], str]] = {
    ("EVM", "to"): "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48",
    ("EVM", "hash"): _HASH,
    ("EVM", "gas_limit"): "100000",
    ("EVM", "gas_used"): "65000",
    ("EVM", "nonce"): "42",
    ("EVM", "transaction_index"): "7",
    ("EVM", "input"): "0xa9059cbb",
    ("Stellar", "hash"): "ab" * 32,
    ("Stellar", "ledger"): "55000000",
    ("Solana", "signature"): "5VERv8NMvzbJMEkV8xnrLkEaWRtSz9CosKDYjCJjBRnbJLgp8uirBgmQpjKhoR4tjF3Z",
    ("Solana", "slot"): "250000000",
    ("Solana", "fee"): "5000",
    ("Solana", "accounts"): f'["{_ADDRESS["Solana"]}"]',
}
"""Where the kind alone says little."""
_BY_KIND: Final[Mapping[str, str]] = {"bytes": "0xdeadbeef", "bytes32": _HASH}
_BARE: Final[frozenset[Family]] = frozenset({"unsigned", "signed", "bool", "tuple"})
"""Families whose values stand in a list without quotes."""
_BY_FAMILY: Final[Mapping[Family, str]] = {
    "whole_text": str(_NUMBER),
    "bool": "true",
    "text": "hello",
    "tuple": '(1,"hello")',
    "array": "[1,2,3]",
    "vec": "[1,2,3]",
    "map": '{"key":"value"}',
}


def sample(chain: Chain, kind: str, name: str = "") -> Variable:
    """A value of `kind`; an empty one where the runtime compares it with nothing."""
    is_of_transaction = transaction_variables(chain).get(name) == kind
    known = _OF_TRANSACTIONS.get((chain, name)) if is_of_transaction else None
    return Variable(kind, known or _text(chain, kind))


def _text(chain: Chain, kind: str) -> str:
    base = base_kind(chain, kind)
    known = kind_of(chain, kind)
    if known is None:
        return ""
    if base.endswith("[]"):
        inner = base.removesuffix("[]")
        element, of = _text(chain, inner), kind_of(chain, inner)
        return f"[{element}]" if of and of.family in _BARE else f'["{element}"]'
    if base in ("address", "pubkey"):
        return _ADDRESS.get(chain, "")
    if limits := declared_range(chain, kind):
        return str(min(limits[1], _NUMBER))
    return _BY_KIND.get(base) or _BY_FAMILY.get(known.family, str(_NUMBER))
