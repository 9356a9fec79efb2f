"""Codes of contract specs: EVM ABIs, Stellar spec entries, Solana IDLs."""

from blip0.common.validation.codes.registry import describe

describe(
    "abi.name",
    "error",
    "runtime",
    "A name is not one that Solidity could have.",
    kind="abi",
    example='[{"type": "error", "name": "not-a-name", "inputs": []}]',
    fix="Use letters, digits, `_` and `$`, without a digit first.",
)
describe(
    "abi.type",
    "error",
    "runtime",
    "A parameter's type is not written like one.",
    kind="abi",
    example='[{"type": "error", "name": "E", "inputs": [{"type": "uint256[0]"}]}]',
    fix="Write one like `uint256`, `address[]` or `bytes32[2]`, without blanks.",
)
describe(
    "abi.tuple",
    "error",
    "runtime",
    "A parameter has components, but its type isn't `tuple`.",
    kind="abi",
    example='[{"type": "error", "name": "E", "inputs": [{"type": "uint256", '
    '"components": [{"type": "bool"}]}]}]',
    fix="Write `tuple`, `tuple[]` or `tuple[n]`, or remove `components`.",
)
describe(
    "abi.indexed",
    "error",
    "runtime",
    "`indexed` stands on a parameter that isn't an event's.",
    kind="abi",
    example='[{"type": "error", "name": "E", "inputs": [{"type": "bool", "indexed": false}]}]',
    fix="Remove it.",
)
describe(
    "abi.repeated",
    "error",
    "runtime",
    "A second constructor, fallback or receive function.",
    kind="abi",
    example='[{"type": "fallback"}, {"type": "fallback"}]',
    fix="Keep one.",
)
describe(
    "abi.mutability",
    "error",
    "runtime",
    "A function is both `payable` and `constant`.",
    kind="abi",
    example='[{"type": "fallback", "payable": true, "constant": true}]',
    fix="Remove one of the two.",
)
describe(
    "stellar.escape",
    "error",
    "runtime",
    "A backslash in a text of a Stellar spec begins no escape.",
    kind="spec",
    example='[{"function_v0": {"doc": "a\\\\q", "name": "f", "inputs": [], "outputs": []}}]',
    fix="Write two backslashes for one.",
)
describe(
    "stellar.length",
    "error",
    "runtime",
    "A text of a Stellar spec is longer than its type allows.",
    kind="spec",
    example='[{"function_v0": {"doc": "", "name": "'
    + "f" * 33
    + '", "inputs": [], "outputs": []}}]',
    fix="Shorten it.",
)
describe(
    "spec.chain",
    "warning",
    "policy",
    "The spec is for another chain than the monitor's networks; the runtime skips it.",
    kind="monitor",
    example='{"networks": ["stellar_mainnet"], "addresses": [{"address": '
    '"CDLZFC3SYJYDZT7K67VZ75HPJVIEUVNIXF47ZG2FB2RMQQVU2HHGCYSC", '
    '"contract_spec": [{"type": "fallback"}]}]}',
    fix="Use the spec of the contract on that network.",
)
describe(
    "spec.number",
    "error",
    "policy",
    "A number of the spec is not an integer of 64 bits, and can't be carried unchanged.",
    kind="spec",
    example='[{"type": "fallback", "version": 0.8}]',
    fix="Remove it, or write it as text.",
)
describe(
    "spec.canonical",
    "error",
    "policy",
    "The spec holds a value that can't be stored.",
    example="A text with half of a surrogate pair.",
    fix="Remove it.",
)
describe(
    "spec.size",
    "error",
    "policy",
    "The spec has more bytes than the plan allows.",
    example="An ABI of 600 KiB in a plan of 512.",
    fix="Leave out what the monitor's conditions don't need.",
)
