// Keeps transactions of the senders that `args` name, in any case, and drops those of all others.
// In: {"monitor_match": {"EVM": {"transaction": {"from": "0x…"}}}, "args": ["0x…", …]} on stdin.
// Out: "true" drops the match, "false" keeps it. Anything unexpected keeps it.
let drop = false;
try {
  const given = JSON.parse(require("fs").readFileSync(0, "utf8"));
  const senders = new Set(given.args.map((address) => address.toLowerCase()));
  drop = !senders.has(given.monitor_match.EVM.transaction.from.toLowerCase());
} catch (problem) {
  console.error(`kept, since it cannot be judged: ${problem.message}`);
}
console.log(drop ? "true" : "false");
