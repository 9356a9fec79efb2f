// Keeps transactions that create a contract (they have no receiver) and drops the others.
// In: {"monitor_match": {"EVM": {"transaction": {"to": null or "0x…"}}}, "args": […]} on stdin.
// Out: "true" drops the match, "false" keeps it. Anything unexpected keeps it.
let drop = false;
try {
  const given = JSON.parse(require("fs").readFileSync(0, "utf8"));
  drop = Boolean(given.monitor_match.EVM.transaction.to);
} catch (problem) {
  console.error(`kept, since it cannot be judged: ${problem.message}`);
}
console.log(drop ? "true" : "false");
