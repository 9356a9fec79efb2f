"""Triggers: the runtime's `Trigger` object.

The runtime takes the first configuration that fits, whatever `trigger_type` says, and reports
any mistake in it as "did not match any variant". Here the author's intention is found first, and
the report is about that configuration; a type that disagrees with it is an error of policy.
"""

from __future__ import annotations

from collections.abc import Mapping

from blip0.common.validation.context import CheckContext
from blip0.common.validation.findings import Findings, Path
from blip0.common.validation.secrets import check_author
from blip0.common.validation.shapes import Anything, Choice, Struct, Text, chosen, refuse
from blip0.common.validation.text import check_name
from triggers.validators.retry import check_backoff
from triggers.validators.sizes import check_sizes
from triggers.validators.templates import check_subject, check_template
from triggers.validators.types import TRIGGER_TYPES, TriggerType
from triggers.validators.types.base import message_of

TRIGGER = Struct(
    "a trigger",
    {
        "name": Text(),
        "trigger_type": Choice(tuple(TRIGGER_TYPES)),
        "config": Anything("the configuration"),
    },
    hints={"type": "trigger_type", "configuration": "config"},
)


def check_trigger(value: object, at: Path, out: Findings, context: CheckContext) -> None:
    """The check of the kind `trigger`."""
    TRIGGER.check(value, at, out)
    trigger = TRIGGER.named(value)
    _check_name(trigger.get("name"), (at, "name"), out)
    if "config" not in trigger:
        return
    declared = TRIGGER_TYPES.get(chosen(trigger.get("trigger_type")))
    place: Path = (at, "config")
    config = trigger["config"]
    if not isinstance(config, dict):
        refuse("an object", config, place, out)
        return
    found = _recognise(config, declared, place, out)
    if found is None:
        return
    if declared is not None and found is not declared:
        out.policy(
            "trigger.type_mismatch",
            (at, "trigger_type"),
            f"`trigger_type` is `{declared.name}`, but `config` is that of a `{found.name}` "
            "trigger. Correct the one or the other: the runtime would check nothing.",
        )
    elif declared is not None:
        found.validate(config, place, out, context)
    _check_policy(found, config, place, out, context)


def _check_name(name: object, at: Path, out: Findings) -> None:
    if name == "":
        out.invalid("trigger.name", at, "`name` is empty; name the trigger.")
    check_name(name, at, out)


def _recognise(
    config: Mapping[str, object], declared: TriggerType | None, at: Path, out: Findings
) -> TriggerType | None:
    """The type whose configuration this is; None, with findings, where it is none."""
    meant = max(
        TRIGGER_TYPES.values(),
        key=lambda kind: (sum(key in kind.shape.fields for key in config), kind is declared),
    )
    trial = Findings()
    if meant.shape.check(config, at, trial):
        out.absorb(trial)
        return meant
    for kind in TRIGGER_TYPES.values():
        other = Findings()
        if kind is not meant and kind.shape.check(config, at, other):
            out.absorb(other)
            return kind
    out.absorb(trial)
    return None


def _check_policy(
    kind: TriggerType,
    config: Mapping[str, object],
    at: Path,
    out: Findings,
    context: CheckContext,
) -> None:
    check_sizes(config, at, out)
    kind.advise(config, at, out, context)
    _check_message(kind, config, (at, "message"), out)
    for field in kind.secrets:
        check_author(config.get(field), (at, field), out, context)
    if "retry_policy" in config:
        check_backoff(config["retry_policy"], (at, "retry_policy"), out)


def _check_message(
    kind: TriggerType, config: Mapping[str, object], at: Path, out: Findings
) -> None:
    if "message" not in config or chosen(config.get("payload_mode")) == "raw":
        return
    title, body = message_of(config)
    check_title = check_subject if kind.name == "email" else check_template
    check_title(title, (at, "title"), out)
    check_template(body, (at, "body"), out)
