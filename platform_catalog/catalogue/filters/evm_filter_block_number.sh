#!/bin/sh
# Keeps the matches of even blocks and drops those of odd ones: a way to halve a flood.
# In: {"monitor_match": {"EVM": {"transaction": {"blockNumber": "0x…"}}}, "args": […]} on stdin.
# Out: "true" drops the match, "false" keeps it. Without a block number the match is kept.
last_digit=$(tr -d '\n' |
    sed -n 's/.*"blockNumber"[[:space:]]*:[[:space:]]*"0x[0-9a-fA-F]*\([0-9a-fA-F]\)".*/\1/p')
case "$last_digit" in
    [13579bdfBDF]) echo "true" ;;
    *) echo "false" ;;
esac
