"""Coverage-guided fuzzing of parser and formatter; not collected by pytest.

    pip install atheris
    python -m monitors.tests.expressions.fuzz_parsing -max_total_time=600 -max_len=600

The arguments are libFuzzer's. It starts from the reference data; what it finds becomes a test.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["monitors.expressions"]):
    from monitors.expressions.formatting import format_expression
    from monitors.expressions.parsing import ExpressionError, parse
    from monitors.expressions.tree import conditions
from monitors.tests.expressions.support import VECTORS, parsed_or_refused, without_offsets


def one_input(data: bytes) -> None:
    text = data.decode(errors="surrogateescape")
    tree, limited = parsed_or_refused(text, None), parsed_or_refused(text)
    for error in (tree, limited):
        if isinstance(error, ExpressionError):
            assert 0 <= error.start <= error.end <= len(text)
            assert error.message.isprintable()
    if isinstance(tree, ExpressionError):
        assert isinstance(limited, ExpressionError)
        return
    assert isinstance(limited, ExpressionError) or limited == tree
    written = format_expression(tree)
    again = parse(written, limits=None)
    assert without_offsets(again) == without_offsets(tree)
    assert again.as_vector() == tree.as_vector()
    assert format_expression(again) == written
    for condition in conditions(tree):
        value = condition.value
        assert text[value.start : value.end] == f"{value.quote}{value.text}{value.quote}"
        assert text[condition.start : condition.end].startswith(condition.name)


def main() -> None:
    with tempfile.TemporaryDirectory() as corpus:
        for number, line in enumerate(VECTORS):
            (Path(corpus) / str(number)).write_text(line["input"], encoding="utf-8")
        atheris.Setup([*sys.argv, corpus], one_input)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
