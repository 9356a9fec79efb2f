"""Keeps transactions that move at least `args[0]` wei of the native coin and drops the others.

In: {"monitor_match": {"EVM": {"transaction": {"value": "0x…"}}}, "args": ["1000000000000000000"]}.
Out: "true" drops the match, "false" keeps it. Anything unexpected keeps it.
"""

import json
import sys

try:
    given = json.load(sys.stdin)
    value = int(str(given["monitor_match"]["EVM"]["transaction"]["value"]), 0)
    drop = value < int(given["args"][0])
except (ValueError, KeyError, TypeError, IndexError) as problem:
    sys.stderr.write(f"kept, since it cannot be judged: {problem!r}\n")
    drop = False
sys.stdout.write("true\n" if drop else "false\n")
