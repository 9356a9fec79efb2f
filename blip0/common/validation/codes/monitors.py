"""Codes of monitors: what they watch, and when they match."""

from blip0.common.validation.codes.registry import describe

describe(
    "monitor.name",
    "error",
    "runtime",
    "The monitor has no name.",
    kind="monitor",
    example='{"name": ""}',
    fix="Name it.",
)
describe(
    "monitor.networks",
    "error",
    "runtime",
    "The monitor watches no network.",
    kind="monitor",
    example='{"networks": []}',
    fix="Name at least one.",
)
describe(
    "monitor.unknown_network",
    "error",
    "policy",
    "There is no network of this slug. The runtime would refuse to start.",
    kind="monitor",
    example='{"networks": ["ethereum_mainet"]}',
    fix="Name one of the catalogue.",
)
describe(
    "monitor.repeated_network",
    "error",
    "policy",
    "A network is named twice.",
    kind="monitor",
    example='{"networks": ["ethereum_mainnet", "ethereum_mainnet"]}',
    fix="Remove one.",
)
describe(
    "monitor.unknown_trigger",
    "error",
    "policy",
    "There is no trigger of this slug. The runtime would refuse to start.",
    kind="monitor",
    example='{"triggers": ["slak"]}',
    fix="Name one of your own.",
)
describe(
    "monitor.repeated_trigger",
    "error",
    "policy",
    "A trigger is named twice and would send every message twice.",
    kind="monitor",
    example='{"triggers": ["ops", "ops"]}',
    fix="Remove one.",
)
describe(
    "monitor.repeated_address",
    "error",
    "policy",
    "An address stands there twice; the runtime uses one spec of the two.",
    kind="monitor",
    example='{"addresses": [{"address": "0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48"}, '
    '{"address": "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48"}]}',
    fix="Remove one.",
)
describe(
    "monitor.unfiltered",
    "error",
    "policy",
    "On Stellar and Midnight a monitor without functions and events matches every transaction of "
    "the network, whatever its addresses.",
    example="A Stellar monitor with transaction conditions only, of a tenant that staff haven't "
    "allowed this.",
    fix="Add a function or event, or ask support.",
)
describe(
    "viewing_keys.not_allowed",
    "error",
    "policy",
    "The runtime pools viewing keys over all monitors of a network, so only tenants that staff "
    "allow may have them.",
    example="A Midnight monitor with `viewing_keys` of a tenant that isn't allowed them.",
    fix="Leave them out, or ask support.",
)
describe(
    "alerting.threshold",
    "error",
    "policy",
    "A threshold of 0.",
    example='`{"alerting": {"threshold": {"amount": 0, "window_s": 60}}}`',
    fix="Write 1 or more, or leave `threshold` out.",
)
describe(
    "plan.addresses",
    "error",
    "policy",
    "The monitor has more addresses than the plan allows.",
    example="Two addresses in a plan of one.",
    fix="Remove some, split the monitor, or change the plan.",
)
describe(
    "plan.conditions",
    "error",
    "policy",
    "The monitor has more conditions than the plan allows.",
    example="Two conditions in a plan of one.",
    fix="Remove some, split the monitor, or change the plan.",
)
describe(
    "plan.triggers",
    "error",
    "policy",
    "The monitor has more triggers than the plan allows.",
    example="Two triggers in a plan of one.",
    fix="Remove some, or change the plan.",
)
describe(
    "address.form",
    "error",
    "policy",
    "The text is not an address on any of the monitor's networks.",
    kind="monitor",
    example='{"addresses": [{"address": "0x1234"}]}',
    fix="Write it in the form that the message names.",
)
describe(
    "address.checksum",
    "warning",
    "policy",
    "The capitals of an EVM address don't match its checksum (EIP-55): a digit may be wrong.",
    kind="monitor",
    example='{"addresses": [{"address": "0xA0B86991c6218b36c1d19D4a2e9Eb0cE3606eB48"}]}',
    fix="Compare it with its source; if all digits are right, write the spelling of the message.",
)
describe(
    "signature.blank",
    "error",
    "policy",
    "A signature is blank.",
    kind="monitor",
    example='{"match_conditions": {"events": [{"signature": " "}]}}',
    fix="Write one.",
)
describe(
    "signature.form",
    "error",
    "policy",
    "On EVM, Stellar and Midnight a signature must be `name(types)`. The runtime would refuse to "
    "start.",
    kind="monitor",
    example='{"match_conditions": {"events": [{"signature": "Transfer"}]}}',
    fix="Write name and types, like `Transfer(address,address,uint256)`.",
)
describe(
    "expression.syntax",
    "error",
    ("runtime", "policy"),
    "An expression doesn't parse; inside a monitor the runtime only says so in its log, each time "
    "that it should have matched.",
    kind="expression",
    example='"value > 1000 && to == 0xAb"',
    fix="Write what the message suggests at that column; [Expressions](expressions.md) has the "
    "grammar.",
)
describe(
    "expression.blank",
    "error",
    ("runtime", "policy"),
    "An expression is blank and would never match.",
    kind="monitor",
    example='{"match_conditions": {"transactions": [{"status": "Any", "expression": ""}]}}',
    fix="Leave it out.",
)
describe(
    "expression.size",
    "error",
    "policy",
    "An expression is longer than 4096 bytes.",
    kind="expression",
    example='"' + "value == 1 or " * 300 + 'value == 1"',
    fix="Split it over several conditions.",
)
describe(
    "expression.conditions",
    "error",
    ("policy", "runtime"),
    "An expression has more than 256 conditions; some thousands end the process of the runtime.",
    kind="expression",
    example='"' + "a==1 or " * 256 + 'a==1"',
    fix="Split it over several conditions.",
)
describe(
    "expression.nesting",
    "error",
    ("policy", "runtime"),
    "Parentheses are nested deeper than 32; a few hundred end the process of the runtime.",
    kind="expression",
    example='"' + "(" * 33 + "value == 1" + ")" * 33 + '"',
    fix="Flatten it.",
)
describe(
    "monitor.size",
    "error",
    "policy",
    "The document that the runtime reads of this monitor, with its contract specs and all that its "
    "triggers send, would have more than 1 MiB. The finding stands at the part that takes most.",
    example="A monitor of twenty contracts, each with an ABI of 60 KiB.",
    fix="Leave out of the specs what the conditions don't need, name fewer triggers, or split the "
    "monitor.",
)
describe(
    "revert.missing",
    "error",
    "policy",
    "A change is to be undone, and the history doesn't hold all that was replaced.",
    example="The contract spec was replaced since, and no monitor has the old one any more.",
    fix="Send what the message names, in `secrets` or `contract_specs`.",
)
describe(
    "revert.spare",
    "error",
    "policy",
    "A secret or contract spec was sent with a revert that has no use for it.",
    example='`{"entry": 12, "secrets": {"unknown": "…"}}`',
    fix="Remove it; an error names what is needed.",
)
