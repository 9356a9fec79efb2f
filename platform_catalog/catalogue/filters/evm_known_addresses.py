"""Drops matches in which every address among the matched arguments is one of `args`.

So with the spenders, receivers or owners that you trust as arguments, only strangers are left.
In: {"monitor_match": {"EVM": {"matched_on_args": {"events": [{"args": [{"name", "value"}]}]}}},
"args": ["spender=0x…", …]}: an argument `name=` restricts it to values of that name.
Out: "true" drops the match, "false" keeps it. Anything unexpected keeps it.
"""

import json
import sys

try:
    given = json.load(sys.stdin)
    known = [argument.lower().rpartition("=")[::2] for argument in given["args"]]
    names = {name for name, _ in known if name}
    trusted = {address for _, address in known}
    groups = given["monitor_match"]["EVM"]["matched_on_args"]
    found = [
        argument["value"].lower()
        for group in ("functions", "events")
        for matched in groups.get(group) or []
        for argument in matched.get("args") or []
        if str(argument["value"]).startswith("0x") and len(argument["value"]) == 42
        if not names or argument["name"].lower() in names
    ]
    drop = bool(found) and all(address in trusted for address in found)
except (ValueError, KeyError, TypeError, AttributeError) as problem:
    sys.stderr.write(f"kept, since it cannot be judged: {problem!r}\n")
    drop = False
sys.stdout.write("true\n" if drop else "false\n")
