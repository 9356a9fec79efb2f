"""Variables in the messages of a monitor's triggers that this monitor never sets."""

from __future__ import annotations

from collections.abc import Mapping

from blip0.common.validation.findings import Findings, Path, shorten
from blip0.common.validation.text import did_you_mean
from monitors.validators.watch import ConditionList, Watch
from triggers.validators.templates import Variable, unset, variables

_GROUPS: tuple[ConditionList, ...] = ("functions", "events")
MAX_REPORTED = 5
"""Findings a trigger."""


def check_messages(
    names: list[object], templates: Mapping[str, str], watch: Watch, at: Path, out: Findings
) -> None:
    """`names` are the monitor's triggers; `templates` their texts, as far as they are known."""
    if not watch.chains:
        return
    for index, name in enumerate(names):
        if isinstance(name, str) and name in templates:
            found = variables(templates[name])
            missing = [(one, why) for one in found if (why := _never_set(one, watch))]
            for one, why in missing[:MAX_REPORTED]:
                out.advise(
                    "message.never_set",
                    (at, index),
                    f"The message of `{shorten(name)}` names `${{{shorten(one.text)}}}`, which "
                    f"stays as it is: {why}",
                )


def _never_set(one: Variable, watch: Watch) -> str:
    """Why the runtime doesn't replace the variable here; "" if it does, or may."""
    if without := [chain for chain in sorted(watch.chains) if any(unset([one], chain))]:
        return f"it does not exist on {' and '.join(without)}."
    for group in _GROUPS:
        if one.group == group and one.text != group:
            return _never_matched(one, group, watch)
    return ""


def _never_matched(one: Variable, group: ConditionList, watch: Watch) -> str:
    conditions = watch.of(group)
    if not conditions:
        return f"the monitor has no {group}."
    found = [condition.items.get("EVM") for condition in conditions]
    if not one.name or watch.chains != {"EVM"} or not all(found):
        return ""
    names = {name for items in found for item in items or () for name in item.variables}
    if one.name in names:
        return ""
    guess = did_you_mean(one.name, names)
    return f"none of its {group} has a parameter `{shorten(one.name)}`.{guess}"
