"""Keeps matches with an argument in a range: `args` are its name, the least and the most value.

In: {"monitor_match": {"EVM": {"matched_on_args": {"events": [{"args": [{"name", "value"}]}]}}},
"args": ["value", "1000000", "5000000"]}; an empty text or nothing means no bound.
Out: "true" drops the match, "false" keeps it. Anything unexpected keeps it.
"""

import json
import sys

try:
    given = json.load(sys.stdin)
    name, *bounds = given["args"]
    least, most = (int(bound) if bound else None for bound in [*bounds, "", ""][:2])
    groups = given["monitor_match"]["EVM"]["matched_on_args"]
    values = [
        int(str(argument["value"]), 0)
        for group in ("functions", "events")
        for matched in groups.get(group) or []
        for argument in matched.get("args") or []
        if argument["name"] == name
    ]
    drop = bool(values) and not any(
        (least is None or value >= least) and (most is None or value <= most) for value in values
    )
except (ValueError, KeyError, TypeError, AttributeError) as problem:
    sys.stderr.write(f"kept, since it cannot be judged: {problem!r}\n")
    drop = False
sys.stdout.write("true\n" if drop else "false\n")
