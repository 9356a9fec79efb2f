#!/bin/sh
# Keeps the matches whose transaction failed and drops the successful ones.
# In: {"monitor_match": {"EVM": {"receipt": {"status": "0x0" or "0x1"}}}, "args": […]} on stdin.
# Out: "true" drops the match, "false" keeps it. Without a status the match is kept.
if tr -d '\n' | grep -q '"status"[[:space:]]*:[[:space:]]*"0x1"'; then
    echo "true"
else
    echo "false"
fi
