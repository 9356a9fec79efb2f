"""The runtime's secret: `{"type": "Plain" | "Environment" | "HashicorpCloudVault", "value": …}`.

Checks get documents in the resolved view: a stored `sealed:…` text has been opened by the caller.
A text that still begins with `sealed:` was therefore written by hand, and is refused everywhere
in a document by `scan`, because the runtime opens such texts wherever they stand.
"""

from __future__ import annotations

from blip0.common.strict_json import repeated_keys
from blip0.common.validation.context import CheckContext
from blip0.common.validation.findings import Findings, Path, label
from blip0.common.validation.shapes import listed, refuse, repeated_message, unknown_word

PLAIN, ENVIRONMENT, VAULT = "Plain", "Environment", "HashicorpCloudVault"
KINDS = {kind.lower(): kind for kind in (PLAIN, ENVIRONMENT, VAULT)}
"""Lower-case spelling → the form that the runtime writes back."""

EXAMPLE = '{"type": "Plain", "value": "…"}'


class Secret:
    """A shape. Extra keys are ignored by the runtime, a repeated key's last value counts."""

    noun = f"a secret like {EXAMPLE}"

    def check(self, value: object, at: Path, out: Findings) -> bool:
        if not isinstance(value, dict):
            return refuse(self.noun, value, at, out)
        for key in repeated_keys(value):
            out.policy("json.repeated_key", (at, key), repeated_message(key))
        parses = True
        for key in ("type", "value"):
            if key not in value:
                parses = out.parse_error(
                    "shape.missing", at, f"The field `{key}` is missing; write {self.noun}."
                )
        # The runtime reads every `type` that stands here, but only the last `value`.
        kinds = repeated_keys(value).get("type", [value["type"]] if "type" in value else [])
        for kind in kinds:
            parses = (isinstance(kind, str) or refuse("text", kind, (at, "type"), out)) and parses
        kind = value.get("type")
        if isinstance(kind, str) and kind.lower() not in KINDS:
            parses = unknown_word(kind, tuple(KINDS.values()), (at, "type"), out)
        if "value" in value and not isinstance(value["value"], str):
            parses = refuse("text", value["value"], (at, "value"), out)
        for key in value:
            if key not in ("type", "value"):
                out.advise(
                    "shape.ignored",
                    (at, key),
                    f"A secret has the fields {listed(('type', 'value'))} only; remove this one.",
                )
        return parses


def kind_of(value: object) -> str | None:
    """The kind of a secret in its proper spelling, or None where it has none."""
    kind = value.get("type") if isinstance(value, dict) else None
    return KINDS.get(kind.lower()) if isinstance(kind, str) else None


def text_of(value: object) -> str | None:
    """The raw text of a secret, which is what the runtime's checks compare."""
    text = value.get("value") if isinstance(value, dict) else None
    return text if isinstance(text, str) else None


def check_author(value: object, at: Path, out: Findings, context: CheckContext) -> None:
    """Tenants write plain secrets only: a reference would read the platform's own secrets."""
    kind = kind_of(value)
    if context.author == "tenant" and kind not in (PLAIN, None):
        out.policy(
            "secret.reference",
            (at, "type"),
            f"{label(at)} refers to a secret of the platform ({kind}). Write the value itself, "
            f"as {EXAMPLE}; it is encrypted when it is saved.",
        )


def check_secret(value: object, at: Path, out: Findings, context: CheckContext) -> None:
    """The check of the kind `secret`."""
    Secret().check(value, at, out)
    check_author(value, at, out, context)
