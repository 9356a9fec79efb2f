"""A monitor's conditions in plain words, chain by chain."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args

from blip0.common.validation import Finding
from monitors.expressions.checking import Problem, possible_outcomes, problems
from monitors.expressions.explaining import Line, outline, pointed_out
from monitors.expressions.kinds import Chain
from monitors.expressions.parsing import ExpressionError, parse
from monitors.validators.addresses import FORMS
from monitors.validators.items import Index, indexes
from monitors.validators.meaning import EXPRESSIVE, WITH_SPECS, variables_of
from monitors.validators.monitor import GROUPS
from monitors.validators.watch import Watch, WatchedCondition


@dataclass(frozen=True, kw_only=True, slots=True)
class ExplainedLine:
    """A line of an expression's outline. `problem` is why its condition is never, or always, true;
    `dead` whether it is never."""

    line: Line
    problem: str
    dead: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class OnChain:
    """A condition on one of the monitor's chains.

    `found_on` are the addresses whose spec has the signature, `missing_on` those whose spec hasn't;
    both are empty where the chain has no specs. `variables` are kinds by name, "" where only the
    name is known; None if nothing is. `never` says why it can't match there, "" if it can.
    `note` is what the runtime leaves out of it there. `reads_expression`: elsewhere it is ignored.
    """

    chain: Chain
    found_on: Sequence[str]
    missing_on: Sequence[str]
    variables: Mapping[str, str] | None
    reads_expression: bool
    lines: Sequence[ExplainedLine]
    note: str
    never: str

    @property
    def known_variables(self) -> Mapping[str, str]:
        """Those of which the kind is known, too."""
        return {name: kind for name, kind in (self.variables or {}).items() if kind}


@dataclass(frozen=True, kw_only=True, slots=True)
class ConditionExplained:
    """`group` is `functions`, `events` or `transactions`; `subject` its signature or status.

    `mistake` points at what is wrong in an expression that doesn't parse. `findings` are those of
    the monitor that point here, such as another signature that may be meant; what they say about
    the expression is told with its lines.
    """

    group: str
    index: int
    subject: str
    expression: str | None
    mistake: str
    chains: Sequence[OnChain]
    findings: Sequence[Finding]

    @property
    def pointer(self) -> str:
        return f"{self.group}/{self.index}"

    @property
    def never(self) -> bool:
        """Whether it can match on none of the chains."""
        return bool(self.chains) and all(one.never for one in self.chains)


def conditions_explained(
    document: Mapping[str, Any], watch: Watch, findings: Sequence[Finding]
) -> Iterator[ConditionExplained]:
    """In the order of the document, which `watch` is of. No queries."""
    specs = _specs(watch)
    conditions = iter(watch.conditions)
    for group in GROUPS:
        for number, entry in enumerate(document["match_conditions"][group]):
            condition = next(conditions)
            place = f"/match_conditions/{group}/{number}"
            yield ConditionExplained(
                group=group,
                index=number,
                subject=entry["status"] if group == "transactions" else entry["signature"],
                expression=entry.get("expression"),
                mistake=_mistake(entry.get("expression")),
                chains=tuple(
                    _on_chain(condition, chain, watch, specs)
                    for chain in get_args(Chain)
                    if chain in watch.chains
                ),
                findings=[
                    one
                    for one in findings
                    if one.pointer.startswith(f"{place}/")
                    and not one.code.startswith("expression.")
                ],
            )


def _specs(watch: Watch) -> list[tuple[str, str, Index]]:
    """Address, chain and items of each spec; equal specs are read once."""
    read: dict[int, Index] = {}
    found: list[tuple[str, str, Index]] = []
    for address in watch.addresses:
        if address.form not in WITH_SPECS or address.form not in watch.chains:
            continue
        if id(address.spec) not in read:
            read[id(address.spec)] = indexes([(address.form, address.spec)])[address.form]
        if FORMS[address.form][0](address.text):
            found.append((address.text, address.form, read[id(address.spec)]))
    return found


def _on_chain(
    condition: WatchedCondition, chain: Chain, watch: Watch, specs: list[tuple[str, str, Index]]
) -> OnChain:
    found_on: list[str] = []
    missing_on: list[str] = []
    if condition.group != "transactions" and condition.signature is not None:
        for address, form, index in specs:
            if form == chain:
                has = index.find(condition.group, condition.signature)
                (found_on if has else missing_on).append(address)
    variables = variables_of(condition, chain, watch)
    reads = chain in EXPRESSIVE and (chain != "Solana" or condition.group == "transactions")
    lines: list[ExplainedLine] = []
    never = _never_at_all(condition, chain, found_on, missing_on)
    if condition.expression is not None and reads:
        known = variables or {}
        told = [] if variables is None else list(problems(condition.expression, chain, known))
        lines = list(_lines(condition, told, known))
        if not never and "true" not in possible_outcomes(condition.expression, told):
            never = "Its expression can never be true."
    elif condition.has_expression and condition.expression is None and reads:
        never = never or "Its expression doesn't parse."
    return OnChain(
        chain=chain,
        found_on=found_on,
        missing_on=missing_on,
        variables=variables,
        reads_expression=reads,
        lines=lines,
        note=_note(condition, chain, reads=reads),
        never=never,
    )


def _never_at_all(
    condition: WatchedCondition, chain: Chain, found_on: list[str], missing_on: list[str]
) -> str:
    """Why it can't match on this chain, whatever its expression is."""
    if chain == "Midnight" and condition.group == "events":
        return "On Midnight the runtime matches no events."
    if chain == "EVM" and missing_on and not found_on:
        return "No spec of the monitor's addresses has its signature."
    return ""


def _note(condition: WatchedCondition, chain: Chain, *, reads: bool) -> str:
    if chain == "Solana" and condition.group == "functions":
        return "The runtime ignores functions here."
    if condition.has_expression and not reads:
        return "The runtime ignores the expression here: it matches as if there were none."
    return ""


def _lines(
    condition: WatchedCondition, told: Sequence[Problem], variables: Mapping[str, str]
) -> Iterator[ExplainedLine]:
    if condition.expression is None:
        return
    by_start = {problem.start: problem for problem in told}
    for line in outline(condition.expression, variables):
        problem = by_start.get(line.condition.start) if line.condition else None
        yield ExplainedLine(
            line=line,
            problem=problem.message if problem else "",
            dead=problem is not None and not problem.always,
        )


def _mistake(expression: str | None) -> str:
    if expression is None:
        return ""
    try:
        parse(expression)
    except ExpressionError as error:
        return f"{pointed_out(expression, error)}\n{error.message}"
    return ""
