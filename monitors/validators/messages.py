"""Variables in the messages of a monitor's triggers that this monitor never sets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from blip0.common.validation.findings import Findings, Path, shorten
from monitors.validators.items import Group
from monitors.validators.watch import Watch
from triggers.validators.templates import Variable, unset, variables

_GROUPS: tuple[Group, ...] = ("functions", "events")
MAX_REPORTED = 5
"""Findings a trigger."""


@dataclass(frozen=True, slots=True)
class _Matches:
    """What a match holds of one list: `most` of them by chain, None where any number.

    `parameters` are the names of all their arguments, None where these aren't known for sure.
    """

    conditions: int
    most: Mapping[str, int | None]
    parameters: Mapping[str, None] | None

    @classmethod
    def of(cls, group: Group, watch: Watch) -> _Matches:
        conditions = watch.of(group)
        most = {chain: _most(chain, group, len(conditions)) for chain in sorted(watch.chains)}
        return cls(len(conditions), most, _parameters(group, watch))


def check_messages(
    names: list[object], templates: Mapping[str, str], watch: Watch, at: Path, out: Findings
) -> None:
    """`names` are the monitor's triggers; `templates` their texts, as far as they are known."""
    if not watch.chains or not templates:
        return
    matches = {group: _Matches.of(group, watch) for group in _GROUPS}
    for index, name in enumerate(names):
        if isinstance(name, str) and name in templates:
            _check_message(name, templates[name], watch, matches, (at, index), out)


def _check_message(
    name: str,
    template: str,
    watch: Watch,
    matches: Mapping[Group, _Matches],
    at: Path,
    out: Findings,
) -> None:
    told = 0
    for one in variables(template):
        why = _never_set(one, watch, matches, out)
        past = "" if why else _past_the_last(one, matches)
        if not (why or past):
            continue
        says = f"The message of `{shorten(name)}` names `${{{shorten(one.text)}}}`, which stays as"
        if why:
            out.advise("message.never_set", at, f"{says} it is: {why}")
        else:
            out.advise("message.index", at, f"{says} it is: {past}")
        told += 1
        if told == MAX_REPORTED:
            return


def _never_set(
    one: Variable, watch: Watch, matches: Mapping[Group, _Matches], out: Findings
) -> str:
    """Why the runtime doesn't replace the variable here; "" if it does, or may."""
    if one.group == "transaction":
        without = [chain for chain in sorted(watch.chains) if any(unset([one], chain))]
        return f"it does not exist on {' and '.join(without)}." if without else ""
    for group in _GROUPS:
        if one.group == group and one.index is not None:
            return _never_matched(one, group, matches[group], out)
    return ""


def _never_matched(one: Variable, group: Group, matches: _Matches, out: Findings) -> str:
    if not matches.conditions:
        return f"the monitor has no {group}."
    for chain, most in matches.most.items():
        if most == 0:
            return f"on {chain} the runtime matches no {group}."
    if not one.name or matches.parameters is None or one.name in matches.parameters:
        return ""
    guess = out.did_you_mean(one.name, matches.parameters)
    return f"none of its {group} has a parameter `{shorten(one.name)}`.{guess}"


def _past_the_last(one: Variable, matches: Mapping[Group, _Matches]) -> str:
    """Why a match never holds so many; "" if it may."""
    for group in _GROUPS:
        if one.group != group or one.index is None:
            continue
        for chain, most in matches[group].most.items():
            if most is not None and one.index >= most:
                return (
                    f"on {chain} a match holds at most {most}, so the last is {group}.{most - 1}."
                )
    return ""


def _parameters(group: Group, watch: Watch) -> Mapping[str, None] | None:
    conditions = watch.of(group)
    if watch.chains != {"EVM"} or not all("EVM" in condition.items for condition in conditions):
        return None
    index = watch.indexes["EVM"]
    # Conditions of one signature share their parameters.
    shared = (index.variables(group, one.signature or "") for one in conditions)
    return dict.fromkeys(
        name for names in {id(one): one for one in shared}.values() for name in names
    )


def _most(chain: str, group: Group, conditions: int) -> int | None:
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
