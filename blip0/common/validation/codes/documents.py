"""Codes of any document: JSON, shape, size, secrets, names."""

from blip0.common.validation.codes.registry import describe

describe(
    "json.syntax",
    "error",
    "runtime",
    "The text is not JSON.",
    kind="retry",
    example='{"max_retries": 3,}',
    fix="Correct the text at the line and column that the message names.",
)
describe(
    "json.number",
    "error",
    "runtime",
    "A number is out of range, or is `NaN` or `Infinity`, which JSON has not.",
    kind="retry",
    example='{"max_retries": NaN}',
    fix="Write a number, or null where it is allowed.",
)
describe(
    "json.text",
    "error",
    "runtime",
    "A text holds half of a surrogate pair, which UTF-8 can't carry.",
    kind="secret",
    example='{"type": "Plain", "value": "\\ud800"}',
    fix="Write the whole character.",
)
describe(
    "json.depth",
    "error",
    "runtime",
    "Lists and objects are nested deeper than the runtime's reader goes.",
    kind="spec",
    example="[" * 128 + "]" * 128,
    fix="Flatten the document.",
)
describe(
    "json.type",
    "error",
    "runtime",
    "A value is none that JSON knows; only a caller in Python can send one.",
    example='`{"value": b"bytes"}`',
    fix="Use objects with text keys, lists, text, numbers, true, false and null.",
)
describe(
    "json.repeated_key",
    "error",
    ("runtime", "policy"),
    "A key stands in an object more than once; the runtime refuses that, or takes the last one.",
    kind="retry",
    example='{"max_retries": 1, "max_retries": 2}',
    fix="Keep one of them.",
)
describe(
    "limits.text",
    "error",
    "policy",
    "The text of a document is longer than what is read at all.",
    example="A text of 5 MiB.",
    fix="Split it, or leave out what isn't needed (of an ABI, most of it).",
)
describe(
    "limits.nodes",
    "error",
    "policy",
    "The document holds more values than are examined.",
    example="A list of a million numbers.",
    fix="Split it.",
)
describe(
    "limits.depth",
    "error",
    "policy",
    "The document is nested deeper than is allowed, though the runtime could read it.",
    kind="spec",
    example="[" * 65 + "]" * 65,
    fix="Flatten it.",
)
describe(
    "limits.column",
    "error",
    "policy",
    "A text is longer than the database keeps, or holds the character U+0000.",
    example="A trigger's `chat_id` of 1000 characters.",
    fix="Shorten it, or remove the character.",
)
describe(
    "report.truncated",
    "error",
    "policy",
    "There are more than 200 findings, and the rest is left out. A warning where none is an error.",
    example="A list of 5000 wrong entries.",
    fix="Mend those that are shown, and check again.",
)
describe(
    "shape.type",
    "error",
    ("runtime", "policy"),
    "A value is of another type than the field wants.",
    kind="monitor",
    example='{"paused": "no"}',
    fix="Write the type that the message names, here `false` without quotes.",
)
describe(
    "shape.missing",
    "error",
    ("runtime", "policy"),
    "A required field is not there.",
    kind="secret",
    example='{"type": "Plain"}',
    fix="Add the field.",
)
describe(
    "shape.unknown",
    "error",
    ("runtime", "policy"),
    "A field that the document doesn't have; the runtime refuses the whole document for it.",
    kind="monitor",
    example='{"adresses": []}',
    fix="Correct its name, or remove it.",
)
describe(
    "shape.ignored",
    "warning",
    "policy",
    "A field that the runtime ignores without a word.",
    kind="retry",
    example='{"retries": 3}',
    fix="Correct its name, or remove it.",
)
describe(
    "shape.choice",
    "error",
    "runtime",
    "A word is none of those that are known; upper and lower case count.",
    kind="network",
    example='{"network_type": "evm"}',
    fix="Write one of the words, as they are spelled.",
)
describe(
    "shape.range",
    "error",
    "runtime",
    "An integer is outside of the range that the runtime can hold.",
    kind="retry",
    example='{"max_retries": -1}',
    fix="Write an integer of the range.",
)
describe(
    "shape.length",
    "error",
    "runtime",
    "A list has more entries than the runtime takes.",
    kind="spec",
    example='[{"function_v0": {"doc": "", "name": "f", "inputs": [], "outputs": ["u32", "u32"]}}]',
    fix="Remove some.",
)
describe(
    "shape.one_key",
    "error",
    "runtime",
    "An object must have exactly one key, which says what it is.",
    kind="spec",
    example='[{"function_v0": {}, "event_v0": {}}]',
    fix="Split it into one object a key.",
)
describe(
    "shape.spelling",
    "error",
    "policy",
    "The runtime takes this way of writing it, but nobody should: an object as a list, or "
    '`{"word": null}` for a word.',
    kind="network",
    example='{"network_type": {"EVM": null}}',
    fix="Write the ordinary form, which the message shows.",
)
describe(
    "read_only",
    "error",
    "policy",
    "A field that the platform writes was sent with another value.",
    example='`{"version": 7}` in a change of a monitor that reads `"version": 6`.',
    fix="Leave it out, or send it back as it was read.",
)
describe(
    "secret.sealed_input",
    "error",
    "policy",
    "A text begins with `sealed:`, as encrypted secrets do; the runtime would open it.",
    kind="secret",
    example='{"type": "Plain", "value": "sealed:v1:AAAA"}',
    fix="Write the secret itself; it is encrypted when it is saved.",
)
describe(
    "secret.reference",
    "error",
    "policy",
    "A tenant's secret refers to the environment or vault of the runtime, which is the platform's.",
    kind="secret",
    example='{"type": "Environment", "value": "SLACK_URL"}',
    fix="Write the value itself, with the type `Plain`.",
)
describe(
    "secret.unreadable",
    "error",
    "policy",
    "A stored secret can't be opened any more.",
    example="A trigger whose URL was sealed under a key that has left the keyring.",
    fix="Write the secret anew.",
)
describe(
    "secret.not_stored",
    "error",
    "policy",
    "A change keeps a secret that was never stored.",
    example='`{"secret": {"set": true}}` for a webhook that has no `secret` yet.',
    fix="Write the secret.",
)
describe(
    "secret.missing",
    "error",
    "policy",
    "A trigger that was imported without the value of a secret is to be enabled.",
    example="An imported Slack trigger with an empty `slack_url`.",
    fix="Write the secret, then enable the trigger.",
)
describe(
    "name.blank",
    "error",
    "policy",
    "A name consists of blanks.",
    kind="monitor",
    example='{"name": " "}',
    fix="Write a name.",
)
describe(
    "name.length",
    "error",
    "policy",
    "A name has more than 200 characters.",
    kind="monitor",
    example='{"name": "' + "x" * 201 + '"}',
    fix="Shorten it.",
)
describe(
    "name.control",
    "error",
    "policy",
    "A name holds a line break or a control character, which would break logs and messages.",
    kind="monitor",
    example='{"name": "one\\ntwo"}',
    fix="Remove it.",
)
describe(
    "slug.format",
    "error",
    "policy",
    "A slug has a character that it can't have, or is too long.",
    kind="slug",
    example='"My monitor"',
    fix="Use lower-case letters, digits, `_` and (but for networks and scripts) `-`.",
)
describe(
    "description.length",
    "error",
    "policy",
    "A description is too long.",
    example="A monitor's `description` of 20,000 characters.",
    fix="Shorten it.",
)
describe(
    "description.control",
    "error",
    "policy",
    "A description holds a control character other than a line break or tab.",
    example='`{"description": "bell: \\u0007"}`',
    fix="Remove it.",
)
describe(
    "text.nul",
    "error",
    "policy",
    "A text holds the character U+0000, which the database can't keep.",
    example='A signature with `"\\u0000"` in it.',
    fix="Remove it.",
)
describe(
    "text.length",
    "error",
    "policy",
    "A text is longer than the database keeps.",
    example="An address of 300 characters.",
    fix="Shorten it.",
)
