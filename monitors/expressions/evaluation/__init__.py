"""What the runtime makes of an expression when it sees certain values, and why.

`evaluate` returns a trace of all conditions; `in_words` says one for people.
"""

from monitors.expressions.evaluation.evaluator import evaluate
from monitors.expressions.evaluation.trace import (
    CombinationTrace,
    ConditionTrace,
    Outcome,
    Trace,
    Trouble,
    Variable,
)
from monitors.expressions.evaluation.words import in_words

__all__ = [
    "CombinationTrace",
    "ConditionTrace",
    "Outcome",
    "Trace",
    "Trouble",
    "Variable",
    "evaluate",
    "in_words",
]
