"""Codes of a line of input of `manage.py validate_config` that can't be looked at."""

from blip0.common.validation.codes.registry import describe

describe(
    "line.json",
    "error",
    "policy",
    "The line is not JSON in UTF-8.",
    example="`{kind: abi}` as a line of `validate_config`.",
    fix="Write an object in JSON on one line.",
)
describe(
    "line.shape",
    "error",
    "policy",
    "The line is JSON, and no object.",
    example='`["abi", "[]"]` as a line of `validate_config`.',
    fix='Write `{"kind": …, "input_text": …}`.',
)
describe(
    "line.text",
    "error",
    "policy",
    "`input_text` is missing or no text.",
    example='`{"kind": "abi", "input_text": []}` as a line of `validate_config`.',
    fix="Give the document as text: its JSON once more in quotes.",
)
describe(
    "line.kind",
    "error",
    "policy",
    "`kind` is missing or unknown.",
    example='`{"kind": "ABI", "input_text": "[]"}` as a line of `validate_config`.',
    fix="Take one of the kinds that the message lists.",
)
describe(
    "line.length",
    "error",
    "policy",
    "The line is longer than any document may be.",
    example="A line of 40 MiB.",
    fix="Split the document.",
)
describe(
    "line.failed",
    "error",
    "policy",
    "The check of this line failed, which it never should.",
    example="Any: standard error has the traceback.",
    fix="Report it, with the line.",
)
