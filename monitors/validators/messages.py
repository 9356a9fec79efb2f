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
            _check_message(name, templates[name], watch, (at, index), out)


def _check_message(name: str, template: str, watch: Watch, at: Path, out: Findings) -> None:
    told = 0
    for one in variables(template):
        if told == MAX_REPORTED:
            return
        says = (
            f"The message of `{shorten(name)}` names `${{{shorten(one.text)}}}`, which stays as it "
            "is:"
        )
        if why := _never_set(one, watch):
            out.advise("message.never_set", at, f"{says} {why}")
            told += 1
        elif why := _past_the_last(one, watch):
            out.advise("message.index", at, f"{says} {why}")
            told += 1


def _never_set(one: Variable, watch: Watch) -> str:
    """Why the runtime doesn't replace the variable here; "" if it does, or may."""
    if without := [chain for chain in sorted(watch.chains) if any(unset([one], chain))]:
        return f"it does not exist on {' and '.join(without)}."
    for group in _GROUPS:
        if one.group == group and one.index is not None:
            return _never_matched(one, group, watch)
    return ""


def _never_matched(one: Variable, group: ConditionList, watch: Watch) -> str:
    conditions = watch.of(group)
    if not conditions:
        return f"the monitor has no {group}."
    for chain in sorted(watch.chains):
        if _most(chain, group, len(conditions)) == 0:
            return f"on {chain} the runtime matches no {group}."
    found = [condition.items.get("EVM") for condition in conditions]
    if not one.name or watch.chains != {"EVM"} or not all(found):
        return ""
    names = {name for items in found for item in items or () for name in item.variables}
    if one.name in names:
        return ""
    guess = did_you_mean(one.name, names)
    return f"none of its {group} has a parameter `{shorten(one.name)}`.{guess}"


def _past_the_last(one: Variable, watch: Watch) -> str:
    """Why a match never holds so many; "" if it may."""
    for group in _GROUPS:
        if one.group != group or one.index is None:
            continue
        for chain in sorted(watch.chains):
            most = _most(chain, group, len(watch.of(group)))
            if most is not None and one.index >= most:
                return (
                    f"on {chain} a match holds at most {most}, so the last is {group}.{most - 1}."
                )
    return ""


def _most(chain: str, group: ConditionList, conditions: int) -> int | None:
    """How many of these a match holds at most; None where that is up to the transaction.

    An event is matched each time that it occurs, but on Solana, where a condition is looked for
    once in the log. On EVM a transaction calls one function, and the first condition that fits it
    counts; on Stellar it calls one, and all that fit do.
    """
    if chain == "Solana":
        return conditions if group == "events" else 0
    if chain == "Midnight":
        return 0 if group == "events" else None
    if group == "events":
        return None
    return 1 if chain == "EVM" else conditions
