"""Codes of what a monitor would do: conditions that never match, or always."""

from blip0.common.validation.codes.registry import describe

_TRANSACTION = '{"match_conditions": {"transactions": [{"status": "Any", "expression": "%s"}]}}'
_FUNCTION = (
    '{"match_conditions": {"functions": [{"expression": "%s",\n'
    '  "signature": "submit(uint24,uint256[],(address),bool)"}]}}'
)

describe(
    "expression.unknown_variable",
    "warning",
    "policy",
    "The expression names a variable that isn't there, so that it never matches. Variables have "
    "bare names: those of the transaction, or of the function's or event's parameters. "
    "`transaction.value`, which the runtime's manual shows, never resolves.",
    kind="monitor",
    example=_TRANSACTION % "transaction.value > 100",
    fix="Write one of the variables that the message lists, here `value > 100`.",
)
describe(
    "expression.path",
    "warning",
    "policy",
    "A path like `name[0]` or `name.key` leads nowhere, so that the condition never matches.",
    kind="monitor",
    example=_FUNCTION % "order.maker == 0x0000000000000000000000000000000000000000",
    fix="Compare the whole value, with `contains` where it is a list or tuple.",
)
describe(
    "expression.kind",
    "warning",
    "policy",
    "The runtime compares values of this type with nothing: `uint24`, `bytes4`, `T[3]` and so on.",
    kind="monitor",
    example=_FUNCTION % "fee > 3000",
    fix="Use another parameter, or a script.",
)
describe(
    "expression.operator",
    "warning",
    "policy",
    "The type knows no such operator, so that the condition never matches.",
    kind="monitor",
    example=_TRANSACTION % "value contains 5",
    fix="Use one of those that the message lists.",
)
describe(
    "expression.literal",
    "warning",
    "policy",
    "The value on the right can't be compared with the type on the left.",
    kind="monitor",
    example=_TRANSACTION % "value > 1.5",
    fix="Write a value of that type: integers without decimals, texts in quotes.",
)
describe(
    "expression.constant",
    "warning",
    "policy",
    "The comparison is the same for every value of its type: always true, or never.",
    kind="monitor",
    example=_TRANSACTION % "value >= 0",
    fix="Correct the literal, or remove the condition.",
)
describe(
    "expression.ignored",
    "warning",
    "policy",
    "The runtime ignores expressions on Midnight, and on Solana those of functions and events.",
    kind="monitor",
    example='{"networks": ["solana_mainnet"], "match_conditions": {"events": '
    '[{"signature": "Swap", "expression": "amount > 1"}]}}',
    fix="Remove it, and filter with a script.",
)
describe(
    "signature.not_in_spec",
    "warning",
    "policy",
    "No contract spec of the monitor has this signature, so that the condition never matches. The "
    "runtime compares without blanks and case, but with the full types: `uint256`, not `uint`, and "
    "tuples as `(address,uint256)`.",
    kind="monitor",
    example='{"match_conditions": {"events": [{"signature": "Transfer(address,address,uint)"}]}}',
    fix="Take the signature of the spec; the message shows what was probably meant.",
)
describe(
    "signature.wrong_list",
    "warning",
    "policy",
    "A function stands among the events, or an event among the functions.",
    kind="monitor",
    example='{"match_conditions": {"events": [{"signature": "transfer(address,uint256)"}]}}',
    fix="Move it to the other list.",
)
describe(
    "signature.solana_text",
    "warning",
    "policy",
    "On Solana an event is looked for as text in the program's log, and this text is empty: "
    "everything matches.",
    kind="monitor",
    example='{"networks": ["solana_mainnet"], '
    '"match_conditions": {"events": [{"signature": "(u64)"}]}}',
    fix="Write the event's name.",
)
describe(
    "address.no_abi",
    "warning",
    "policy",
    "An EVM address without an ABI beside others that have one: functions and events never match "
    "at it.",
    kind="monitor",
    example='{"addresses": [{"address": "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48", '
    '"contract_spec": [{"type": "event", "name": "Transfer", "anonymous": false, "inputs": []}]}, '
    '{"address": "0xdAC17F958D2ee523a2206206994597C13D831ec7"}]}',
    fix="Give the ABI of that contract as `contract_spec`.",
)
describe(
    "monitor.no_abi",
    "warning",
    "policy",
    "No EVM address has an ABI, so that functions and events never match.",
    kind="monitor",
    example='{"addresses": [{"address": "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48"}]}',
    fix="Give the contract's ABI as `contract_spec`.",
)
describe(
    "monitor.no_addresses",
    "warning",
    "policy",
    "On EVM a monitor without addresses matches nothing.",
    kind="monitor",
    example='{"addresses": []}',
    fix="Add the contracts or accounts to watch.",
)
describe(
    "monitor.network_without_address",
    "warning",
    "policy",
    "Of networks of several types, one has no address of its form among the monitor's.",
    kind="monitor",
    example='{"networks": ["ethereum_mainnet", "stellar_mainnet"]}',
    fix="Add an address of that network, or remove the network.",
)
describe(
    "monitor.matches_all",
    "warning",
    "policy",
    "Without conditions every transaction that touches an address matches.",
    kind="monitor",
    example='{"match_conditions": {"events": [], "transactions": []}}',
    fix="Add a function, event or transaction.",
)
describe(
    "monitor.solana_functions",
    "warning",
    "policy",
    "The runtime ignores functions on Solana; a monitor of functions alone matches every "
    "transaction of the program.",
    kind="monitor",
    example='{"networks": ["solana_mainnet"], "match_conditions": '
    '{"functions": [{"signature": "upgrade"}], "events": [], "transactions": []}}',
    fix="Use events, transactions, or a script.",
)
describe(
    "monitor.midnight_events",
    "warning",
    "policy",
    "The runtime matches no events on Midnight.",
    kind="monitor",
    example='{"networks": ["midnight_testnet"]}',
    fix="Use functions.",
)
describe(
    "message.never_set",
    "warning",
    "policy",
    "The message of a trigger names a variable that this monitor never sets: one of another chain, "
    "of a list of conditions that is empty or that the runtime passes over, or of a parameter that "
    "none of them has.",
    example="`${events.0.args.amount}` in the message of a trigger, and a monitor of "
    "`Transfer(address,address,uint256)`, whose parameters are `from`, `to` and `value`.",
    fix="Use the variables that the monitor sets, or another trigger for it.",
)
describe(
    "message.index",
    "warning",
    "policy",
    "The message of a trigger counts further than any match does. On EVM a match holds one "
    "function, on Stellar as many as the monitor has, on Solana as many events as the monitor has; "
    "events on EVM and Stellar are as many as the transaction emits.",
    example="`${functions.1.signature}` in the message of a trigger, and a monitor on EVM.",
    fix="Count from 0, or write `${functions}` for all of them.",
)
