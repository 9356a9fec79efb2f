"""Expressions evaluated from the left, as far as the runtime reads them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from blip0.common.strict_json import NotStrictJSON
from blip0.common.validation.findings import shorten
from monitors.expressions.evaluation import evm, solana, stellar
from monitors.expressions.evaluation.comparing import Comparer, Operands, UnreadableValue
from monitors.expressions.evaluation.trace import (
    CombinationTrace,
    ConditionTrace,
    Outcome,
    Trace,
    Trouble,
    Variable,
)
from monitors.expressions.evaluation.words import it_is, left_hand_side, operator_problem, verdict
from monitors.expressions.integers import NotAnInteger
from monitors.expressions.json_values import (
    JsonTexts,
    NoSuchPlace,
    text_of,
    walk,
)
from monitors.expressions.kinds import Chain, Family, Kind, kind_of, literal_problem
from monitors.expressions.tree import Condition, Expression

_DECIDED = "Not looked at: what stands before it has decided."
_STOPPED = "Not looked at: an error before it has stopped the evaluation."
_IGNORED = "The runtime reads no expressions on this chain; it matches as if there were none."


@dataclass(frozen=True, slots=True)
class _Rules:
    kind_of_json: Callable[[object], str]
    comparers: Mapping[Family, Comparer]


_RULES: Mapping[Chain, _Rules] = {
    "EVM": _Rules(evm.kind_of_json, evm.COMPARERS),
    "Stellar": _Rules(stellar.kind_of_json, stellar.COMPARERS),
    "Solana": _Rules(solana.kind_of_json, solana.COMPARERS),
}


def evaluate(expression: Expression, variables: Mapping[str, Variable], chain: Chain) -> Trace:
    """What the runtime makes of `expression` when it sees `variables`.

    Whatever the variables hold, this raises nothing: errors stand in the trace and mean no match.
    Time grows with the expression times the values. The expression is within the parser's limits.
    """
    rules = _RULES.get(chain)
    if rules is None:
        return _skipped(expression, "ignored", _IGNORED)
    return _Evaluation(chain, rules, variables).trace(expression)


def _skipped(expression: Expression, outcome: Outcome, why: str) -> Trace:
    if isinstance(expression, Condition):
        return ConditionTrace(expression, outcome, why)
    terms = tuple(_skipped(term, outcome, why) for term in expression.terms)
    return CombinationTrace(expression.operator, outcome, terms)


class _Trouble(Exception):
    """The condition is an error for the runtime."""

    def __init__(self, trouble: Trouble, why: str) -> None:
        super().__init__(why)
        self.trouble = trouble
        self.why = why


class _Evaluation:
    """One expression over one set of variables."""

    def __init__(self, chain: Chain, rules: _Rules, variables: Mapping[str, Variable]) -> None:
        self._chain = chain
        self._rules = rules
        self._variables = variables
        self._json = JsonTexts()

    def trace(self, expression: Expression) -> Trace:
        if isinstance(expression, Condition):
            return self._condition(expression)
        deciding: Outcome = "false" if expression.operator == "and" else "true"
        outcome: Outcome = "true" if expression.operator == "and" else "false"
        terms: list[Trace] = []
        for term in expression.terms:
            if outcome == "error":
                terms.append(_skipped(term, "not_evaluated", _STOPPED))
            elif terms and outcome == deciding:
                terms.append(_skipped(term, "not_evaluated", _DECIDED))
            else:
                terms.append(self.trace(term))
                outcome = terms[-1].outcome
        return CombinationTrace(expression.operator, outcome, tuple(terms))

    def _condition(self, condition: Condition) -> ConditionTrace:
        saw = None
        try:
            saw = self._value(condition)
            holds = self._compare(condition, saw)
        except _Trouble as error:
            return ConditionTrace(condition, "error", error.why, saw, error.trouble)
        why = verdict(condition, saw.text, holds=holds)
        return ConditionTrace(condition, "true" if holds else "false", why, saw)

    def _value(self, condition: Condition) -> Variable:
        variable = self._variables.get(condition.name)
        if variable is None:
            raise _Trouble("unknown_variable", f"There is no variable `{condition.name}` here.")
        text = variable.text
        if "map" in variable.kind.lower():
            text = self._json.quoted_map(text)
        if not condition.path:
            return Variable(variable.kind, text)
        try:
            found = walk(self._json.read(text), condition.name, condition.path)
        except NotStrictJSON as error:
            raise _Trouble(
                "path",
                f"`{condition.name}` is {shorten(variable.text)}, which is not JSON, "
                "so no path leads into it.",
            ) from error
        except NoSuchPlace as error:
            raise _Trouble("path", str(error)) from error
        return Variable(self._rules.kind_of_json(found), text_of(found))

    def _compare(self, condition: Condition, saw: Variable) -> bool:
        kind = self._comparable(condition, saw.kind)
        operands = Operands(
            chain=self._chain,
            kind=kind,
            kind_name=saw.kind,
            text=saw.text,
            operator=condition.operator,
            literal=condition.value.text,
            json=self._json,
        )
        try:
            return self._rules.comparers[kind.family](operands)
        except (NotAnInteger, UnreadableValue) as error:
            raise _Trouble(
                "value",
                f"{it_is(condition, saw.text)}, which is no {saw.kind}: {error}.",
            ) from error

    def _comparable(self, condition: Condition, kind: str) -> Kind:
        """How `kind` is compared, if the operator and the literal fit it."""
        known = kind_of(self._chain, kind)
        if known is None:
            raise _Trouble(
                "kind",
                f"{left_hand_side(condition)} is of type {kind}, "
                "which the runtime compares with nothing.",
            )
        if condition.operator not in known.operators:
            raise _Trouble("operator", operator_problem(kind, known, condition.operator))
        problem = literal_problem(self._chain, kind, condition.operator, condition.value)
        if problem is not None:
            raise _Trouble("literal", problem)
        return known
