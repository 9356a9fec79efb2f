"""Codes of triggers: where messages go, and what they say."""

from blip0.common.validation.codes.registry import describe

describe(
    "trigger.name",
    "error",
    "runtime",
    "The trigger has no name.",
    kind="trigger",
    example='{"name": ""}',
    fix="Name it.",
)
describe(
    "trigger.type_mismatch",
    "error",
    "policy",
    "`config` is that of another type than `trigger_type` says; the runtime then checks nothing.",
    kind="trigger",
    example='{"trigger_type": "slack", "config": {"discord_url": {"type": "Plain", '
    '"value": "https://discord.com/api/webhooks/1/a"}, "message": {"title": "t", "body": "b"}}}',
    fix="Correct the one or the other.",
)
describe(
    "trigger.url",
    "error",
    "runtime",
    "The URL doesn't begin as the receiver's URLs do.",
    kind="trigger",
    example='{"trigger_type": "slack", "config": {"slack_url": {"type": "Plain", '
    '"value": "https://slack.example.org/x"}}}',
    fix="Copy it from the receiver's settings.",
)
describe(
    "trigger.insecure_url",
    "warning",
    "runtime",
    "The message is sent without encryption.",
    kind="trigger",
    example='{"config": {"url": {"type": "Plain", "value": "http://hooks.example.org"}}}',
    fix="Use https://.",
)
describe(
    "trigger.script",
    "error",
    "policy",
    "Script triggers run on the platform's machines, so only staff may have them.",
    kind="trigger",
    example='{"trigger_type": "script", "config": {"language": "Bash", '
    '"script_path": "config/filters/a.sh", "timeout_ms": 1000}}',
    fix="Use a webhook, and a script of the catalogue as the monitor's condition.",
)
describe(
    "trigger.target_url",
    "error",
    "policy",
    "A webhook's URL has no host, or one that two programs would read differently.",
    kind="trigger",
    example='{"config": {"url": {"type": "Plain", "value": "https://10.0.0.1\\\\@example.org/"}}}',
    fix="Write an ordinary URL, without blanks, line breaks and backslashes.",
)
describe(
    "trigger.target",
    "error",
    "policy",
    "A webhook or mail server at an address or name that isn't of the public internet: private, "
    "loopback, link-local, metadata services, multicast, reserved, however it is written.",
    kind="trigger",
    example='{"config": {"url": {"type": "Plain", "value": "https://0x7f000001/hook"}}}',
    fix="Name a public host. Staff can allow single hosts.",
)
describe(
    "message.unknown_variable",
    "warning",
    "policy",
    "The message names a variable that the runtime has on no chain; it leaves it as it is.",
    kind="trigger",
    example='{"config": {"message": {"body": "in block ${block.number}"}}}',
    fix="Use `monitor.name`, `transaction.hash`, `events.0.args.NAME` and the like.",
)
describe(
    "message.unclosed_variable",
    "warning",
    "policy",
    "A `${` without a name and `}` after it.",
    kind="trigger",
    example='{"config": {"message": {"body": "in ${transaction.hash"}}}',
    fix="Complete it.",
)
describe(
    "message.subject_variable",
    "warning",
    "policy",
    "A variable in the title of a mail: the subject is sent as it is written.",
    kind="trigger",
    example='{"trigger_type": "email", "config": {"message": {"title": "${monitor.name}"}}}',
    fix="Use variables in `body` only.",
)
describe(
    "message.title",
    "error",
    "runtime",
    "The message has no title.",
    kind="trigger",
    example='{"config": {"message": {"title": " "}}}',
    fix="Write one.",
)
describe(
    "message.body",
    "error",
    "runtime",
    "The message has no body.",
    kind="trigger",
    example='{"config": {"message": {"body": ""}}}',
    fix="Write one.",
)
describe(
    "message.body_length",
    "error",
    "runtime",
    "The body has more bytes than the receiver takes: 2000 for Discord, 4096 for Telegram.",
    kind="trigger",
    example='{"trigger_type": "discord", "config": {"message": {"body": "' + "x" * 2001 + '"}}}',
    fix="Shorten it, and leave room for what the variables become.",
)
describe(
    "email.address",
    "error",
    "runtime",
    "The text is not an e-mail address.",
    kind="email",
    example='"ops@@example.org"',
    fix="Correct it.",
)
describe(
    "email.host",
    "error",
    "runtime",
    "`host` is not the name of a mail server: letters, digits, hyphens and at least one dot.",
    kind="trigger",
    example='{"trigger_type": "email", "config": {"host": "smtp_server"}}',
    fix="Write the name alone, without port.",
)
describe(
    "email.username",
    "error",
    "runtime",
    "`username` is empty or holds a control character.",
    kind="trigger",
    example='{"trigger_type": "email", "config": {"username": {"type": "Plain", "value": ""}}}',
    fix="Write the mail server's user.",
)
describe(
    "email.password",
    "error",
    "runtime",
    "`password` is blank.",
    kind="trigger",
    example='{"trigger_type": "email", "config": {"password": {"type": "Plain", "value": " "}}}',
    fix="Write the password.",
)
describe(
    "email.recipients",
    "error",
    "runtime",
    "Nobody would get the mail.",
    kind="trigger",
    example='{"trigger_type": "email", "config": {"recipients": []}}',
    fix="Name at least one address.",
)
describe(
    "email.subject_length",
    "error",
    "runtime",
    "The subject has more than 998 bytes.",
    kind="trigger",
    example='{"trigger_type": "email", "config": {"message": {"title": "' + "x" * 999 + '"}}}',
    fix="Shorten the title.",
)
describe(
    "email.subject",
    "error",
    "runtime",
    "The subject holds a control character.",
    kind="trigger",
    example='{"trigger_type": "email", "config": {"message": {"title": "bell \\u0007"}}}',
    fix="Remove it.",
)
describe(
    "email.body",
    "error",
    "runtime",
    "The body holds a control character other than a line break or tab.",
    kind="trigger",
    example='{"trigger_type": "email", "config": {"message": {"body": "bell \\u0007"}}}',
    fix="Remove it.",
)
describe(
    "email.port",
    "warning",
    "runtime",
    "The port isn't one of the encrypted ones.",
    kind="trigger",
    example='{"trigger_type": "email", "config": {"port": 25}}',
    fix="Use 465 or 587.",
)
describe(
    "telegram.token",
    "error",
    "runtime",
    "The text is not a bot's token.",
    kind="trigger",
    example='{"trigger_type": "telegram", "config": {"token": {"type": "Plain", "value": "abc"}}}',
    fix="Copy it from BotFather.",
)
describe(
    "telegram.chat",
    "error",
    "runtime",
    "`chat_id` is blank.",
    kind="trigger",
    example='{"trigger_type": "telegram", "config": {"chat_id": ""}}',
    fix="Write the chat's id.",
)
describe(
    "webhook.method",
    "error",
    "runtime",
    "The method is none of GET, POST, PUT and DELETE.",
    kind="trigger",
    example='{"config": {"method": "PATCH"}}',
    fix="Write one of these.",
)
describe(
    "webhook.method_case",
    "error",
    "policy",
    "The runtime accepts a method in lower case and sends it so, which servers refuse.",
    kind="trigger",
    example='{"config": {"method": "post"}}',
    fix="Write it in upper case.",
)
describe(
    "webhook.secret",
    "error",
    "policy",
    "`secret` is empty; the runtime then fails at each message.",
    kind="trigger",
    example='{"config": {"secret": {"type": "Plain", "value": ""}}}',
    fix="Write a secret, or leave it out.",
)
describe(
    "webhook.authentication",
    "warning",
    "runtime",
    "Neither `X-API-Key` nor `Authorization` is among the headers, in this very spelling.",
    kind="trigger",
    example='{"config": {"headers": null}}',
    fix="Add one of them, or set `secret` and let the receiver check the signature.",
)
describe(
    "webhook.header_name",
    "error",
    "policy",
    "The text can't be the name of a header; the runtime would fail at each message.",
    kind="trigger",
    example='{"config": {"headers": {"My header": "x"}}}',
    fix="Use letters, digits and `-`.",
)
describe(
    "webhook.header_reserved",
    "error",
    "policy",
    "A header that the runtime sets: its signature and time, or what concerns the connection.",
    kind="trigger",
    example='{"config": {"headers": {"X-Signature": "0123"}}}',
    fix="Remove it.",
)
describe(
    "webhook.message_ignored",
    "info",
    "policy",
    "With `payload_mode` raw the message isn't sent.",
    kind="trigger",
    example='{"config": {"payload_mode": "raw"}}',
    fix="Leave `message` out.",
)
describe(
    "webhook.header_value",
    "error",
    "policy",
    "The value of a header holds a line break or another character than printable ASCII.",
    kind="trigger",
    example='{"config": {"headers": {"X-Note": "one\\r\\ntwo"}}}',
    fix="Remove it.",
)
describe(
    "retry.range",
    "error",
    "policy",
    "A pause between two tries is longer than a day. Such numbers overflow in the runtime.",
    kind="retry",
    example='{"max_backoff": {"secs": 86401, "nanos": 0}}',
    fix="Lower it.",
)
describe(
    "retry.backoff",
    "error",
    "policy",
    "`initial_backoff` exceeds `max_backoff`. The runtime accepts this, and its whole process ends "
    "at the first message.",
    kind="retry",
    example='{"initial_backoff": {"secs": 20, "nanos": 0}}',
    fix="Lower the one or raise the other (left out, they are 0.25 s and 10 s).",
)
describe(
    "retry.overflow",
    "error",
    "runtime",
    "A duration is longer than the runtime can hold.",
    kind="retry",
    example='{"max_backoff": {"secs": 18446744073709551615, "nanos": 1000000000}}',
    fix="Write a shorter one.",
)
describe(
    "trigger.too_long",
    "error",
    "policy",
    "A text of the trigger is longer than any receiver takes; every document that names the "
    "trigger would hold it.",
    example="A Slack message with a body of 70 KiB.",
    fix="Shorten it: 64 KiB for a message's body, 128 bytes for a header's name, else 4 KiB.",
)
describe(
    "trigger.too_many",
    "error",
    "policy",
    "An email has more than 50 recipients, or a webhook more than 50 headers.",
    example="A mail to every customer.",
    fix="Leave some out: a mailing list has one address.",
)
describe(
    "trigger.monitor_size",
    "error",
    "policy",
    "A monitor names this trigger, and with the change its document would have more than 1 MiB.",
    example="A message of 60 KiB in a trigger that a monitor with large contract specs names.",
    fix="Shorten the trigger's message or headers, or take it out of the monitor.",
)
