#!/bin/sh
# Keeps the matches of even ledgers and drops those of odd ones: a way to halve a flood.
# In: {"monitor_match": {"Stellar": {"ledger": {"sequence": 123}}}, "args": […]} on stdin.
# Out: "true" drops the match, "false" keeps it. Without a ledger the match is kept.
last_digit=$(tr -d '\n' | sed -n \
    's/.*"ledger"[[:space:]]*:[[:space:]]*{[^}]*"sequence"[[:space:]]*:[[:space:]]*[0-9]*\([0-9]\).*/\1/p')
case "$last_digit" in
    [13579]) echo "true" ;;
    *) echo "false" ;;
esac
