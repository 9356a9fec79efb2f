"""Codes of the catalogue: networks, schedules, scripts."""

from blip0.common.validation.codes.registry import describe

describe(
    "network.name",
    "error",
    "runtime",
    "The network has no name.",
    kind="network",
    example='{"name": ""}',
    fix="Name it.",
)
describe(
    "network.slug",
    "error",
    "runtime",
    "The slug has other characters than lower-case letters, digits and underscores.",
    kind="network",
    example='{"slug": "Ethereum-Mainnet"}',
    fix="Write it like `ethereum_mainnet`.",
)
describe(
    "network.block_time",
    "error",
    "runtime",
    "`block_time_ms` is below 100.",
    kind="network",
    example='{"block_time_ms": 12}',
    fix="Write the time between blocks in milliseconds.",
)
describe(
    "network.confirmations",
    "error",
    "runtime",
    "`confirmation_blocks` is 0.",
    kind="network",
    example='{"confirmation_blocks": 0}',
    fix="Write 1 or more.",
)
describe(
    "network.confirmations_range",
    "error",
    "policy",
    "`confirmation_blocks` is so large that the runtime's arithmetic overflows.",
    kind="network",
    example='{"confirmation_blocks": 18446744073709551615}',
    fix="Write at most 1,000,000.",
)
describe(
    "network.max_past_blocks",
    "error",
    "runtime",
    "`max_past_blocks` is 0.",
    kind="network",
    example='{"max_past_blocks": 0}',
    fix='Write 1 or more or "unlimited", or leave it out.',
)
describe(
    "network.max_past_blocks_low",
    "warning",
    "runtime",
    "More blocks come between two runs of the schedule than `max_past_blocks`, and the runtime "
    "skips the others for ever.",
    kind="network",
    example='{"block_time_ms": 1000, "max_past_blocks": 10, "cron_schedule": "0 */5 * * * *"}',
    fix="Raise it to the number of the message, run the schedule more often, or leave it out.",
)
describe(
    "network.store_unlimited",
    "warning",
    "runtime",
    'With `store_blocks`, "unlimited" can write a whole backlog to the disk.',
    kind="network",
    example='{"max_past_blocks": "unlimited", "store_blocks": true}',
    fix="Set a number, or don't store blocks.",
)
describe(
    "network.endpoint_type",
    "error",
    "runtime",
    "An endpoint's `type_` isn't that of the network's type: `ws_rpc` for Midnight, else `rpc`.",
    kind="network",
    example='{"rpc_urls": [{"type_": "ws_rpc", "weight": 100, '
    '"url": {"type": "Plain", "value": "https://rpc.example.org"}}]}',
    fix="Write the one that the message names.",
)
describe(
    "network.endpoint_weight",
    "error",
    "runtime",
    "An endpoint's weight is above 100.",
    kind="network",
    example='{"rpc_urls": [{"type_": "rpc", "weight": 101, '
    '"url": {"type": "Plain", "value": "https://rpc.example.org"}}]}',
    fix="Write 0 to 100.",
)
describe(
    "network.endpoint_url",
    "error",
    "runtime",
    "An endpoint's URL doesn't begin as it must; on Midnight only `wss://` and `ws://` do.",
    kind="network",
    example='{"rpc_urls": [{"type_": "rpc", "weight": 100, '
    '"url": {"type": "Plain", "value": "rpc.example.org"}}]}',
    fix="Write the whole URL, its scheme in lower case.",
)
describe(
    "network.no_endpoint",
    "warning",
    "policy",
    "The runtime drops endpoints of the weight 0, so the network can't be watched.",
    kind="network",
    example='{"rpc_urls": []}',
    fix="Add an endpoint with a weight above 0.",
)
describe(
    "network.insecure_url",
    "warning",
    "runtime",
    "An endpoint is reached without encryption.",
    kind="network",
    example='{"rpc_urls": [{"type_": "rpc", "weight": 100, '
    '"url": {"type": "Plain", "value": "http://rpc.example.org"}}]}',
    fix="Use https:// or wss://.",
)
describe(
    "network.websocket",
    "warning",
    "policy",
    "The runtime speaks HTTP to EVM endpoints; a WebSocket passes its validation and never works.",
    kind="network",
    example='{"rpc_urls": [{"type_": "rpc", "weight": 100, '
    '"url": {"type": "Plain", "value": "wss://rpc.example.org"}}]}',
    fix="Use https://.",
)
describe(
    "network.url",
    "error",
    "policy",
    "An endpoint's text is not a URL with a host.",
    kind="network",
    example='{"rpc_urls": [{"type_": "rpc", "weight": 100, '
    '"url": {"type": "Plain", "value": "https://"}}]}',
    fix="Correct it.",
)
describe(
    "network.url_credentials",
    "error",
    "policy",
    "A plain URL, which all readers of the catalogue see, holds a user or password.",
    kind="network",
    example='{"rpc_urls": [{"type_": "rpc", "weight": 100, '
    '"url": {"type": "Plain", "value": "https://user:pass@rpc.example.org"}}]}',
    fix="Put the URL into an `Environment` or vault secret of the runtime and name that.",
)
describe(
    "network.url_key",
    "error",
    "policy",
    "The query of a plain URL seems to hold a key.",
    kind="network",
    example='{"rpc_urls": [{"type_": "rpc", "weight": 100, '
    '"url": {"type": "Plain", "value": "https://rpc.example.org/?apikey=1234"}}]}',
    fix="Put the URL into an `Environment` or vault secret of the runtime and name that.",
)
describe(
    "network.url_key_path",
    "warning",
    "policy",
    "The path of a plain URL may hold a key.",
    kind="network",
    example='{"rpc_urls": [{"type_": "rpc", "weight": 100, '
    '"url": {"type": "Plain", "value": "https://rpc.example.org/v2/abcdefgh12345678"}}]}',
    fix="If it does: put the URL into an `Environment` or vault secret and name that.",
)
describe(
    "network.recovery_idle",
    "warning",
    "policy",
    "Recovery is enabled with a limit of 0, so that nothing is recovered.",
    kind="network",
    example='{"recovery_config": {"enabled": true, "cron_schedule": "0 */5 * * * *", '
    '"max_blocks_per_run": 0, "max_block_age": 100, "max_retries": 3, "retry_delay_ms": 100}}',
    fix="Raise the limit, or disable recovery.",
)
describe(
    "network.disabled",
    "error",
    "policy",
    "A monitor is to watch a network that is disabled at present.",
    example='`{"networks": ["ethereum_mainnet"]}` while staff have disabled that network.',
    fix="Choose another network.",
)
describe(
    "cron.empty",
    "error",
    ("runtime", "policy"),
    "The schedule is empty.",
    kind="cron",
    example='""',
    fix="Write one like `0 */1 * * * *`: once a minute.",
)
describe(
    "cron.syntax",
    "error",
    ("runtime", "policy"),
    "The schedule can't be read. In `recovery_config` only policy refuses it, because there it "
    "would stop the watch of the whole network.",
    kind="cron",
    example='"*/5 * * * *"',
    fix="Write six fields: seconds, minutes, hours, days, months, weekdays.",
)
describe(
    "cron.unsafe",
    "error",
    "policy",
    "The runtime validates a schedule with one library and runs it with another, and this one they "
    "read differently.",
    kind="cron",
    example='"0 0 9 * * 1"',
    fix="Write six fields of numbers, and weekdays as SUN, MON, TUE, WED, THU, FRI or SAT.",
)
describe(
    "cron.never",
    "warning",
    "policy",
    "The schedule never fires.",
    kind="cron",
    example='"0 0 0 30 2 *"',
    fix="Choose a day that the months have.",
)
describe(
    "script.missing",
    "error",
    "runtime",
    "There is no script at this path.",
    kind="monitor",
    example='{"trigger_conditions": [{"script_path": "filters/gone.sh", "language": "Bash", '
    '"timeout_ms": 1000}]}',
    fix="Name a script of the catalogue by its path.",
)
describe(
    "script.extension",
    "error",
    "runtime",
    "The path's extension isn't that of the language: `.py`, `.js` or `.sh`, in lower case.",
    kind="monitor",
    example='{"trigger_conditions": [{"script_path": "config/filters/a.sh", "language": "Python", '
    '"timeout_ms": 1000}]}',
    fix="Correct the path or the language.",
)
describe(
    "script.timeout",
    "error",
    ("runtime", "policy"),
    "`timeout_ms` is 0, or larger than the database keeps.",
    kind="monitor",
    example='{"trigger_conditions": [{"script_path": "config/filters/a.sh", "language": "Bash", '
    '"timeout_ms": 0}]}',
    fix="Write 1 or more milliseconds.",
)
describe(
    "script.schema",
    "error",
    "runtime",
    "The document of a script has another `schema` than 1.",
    kind="filter_script",
    example='{"schema": 2}',
    fix="Write 1.",
)
describe(
    "script.version",
    "error",
    "runtime",
    "The version of a script is 0.",
    kind="filter_script",
    example='{"version": 0}',
    fix="Count from 1.",
)
describe(
    "script.path",
    "error",
    "runtime",
    "`script_path` doesn't follow from the script's name and language.",
    kind="filter_script",
    example='{"script_path": "filters/other.sh"}',
    fix="Write the path that the message names.",
)
describe(
    "script.digest",
    "error",
    "runtime",
    "`sha256` is not the digest of `content`.",
    kind="filter_script",
    example='{"content": "echo changed"}',
    fix="Compute it anew.",
)
describe(
    "script.signature",
    "error",
    "runtime",
    "The script is not signed.",
    kind="filter_script",
    example='{"signature": ""}',
    fix="Sign it.",
)
describe(
    "script.syntax",
    "warning",
    "policy",
    "A Python script can't be parsed: it fails on every match, and drops none.",
    kind="filter_script",
    example='{"language": "Python", "content": "if x"}',
    fix="Mend the line that the message names, or roll back.",
)
