"""Monitors that never fire or always, and messages that such a monitor can't fill."""

import pytest

from blip0.tests.validation.helpers import examine, found, messages
from blip0.tests.validation.samples import MONITOR, USDC
from monitors.tests.watching import ADDRESSES, STELLAR_SPEC, SUBMIT, checked, codes_of
from monitors.validators.monitor import check_monitor

# -- dead and flooding ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("chains", "changes", "codes"),
    [
        (["EVM"], {"transactions": ["value > 1"], "addresses": []}, ["monitor.no_addresses"]),
        (["Stellar"], {"functions": ["f()"], "addresses": []}, []),
        (["EVM"], {}, ["monitor.matches_all"]),
        (["Solana"], {}, ["monitor.matches_all"]),
        (["Stellar"], {}, []),
        (["EVM"], {"transactions": [None]}, []),
        (["Solana"], {"functions": ["swap"]}, ["monitor.solana_functions"]),
        (["Solana"], {"functions": ["swap"], "events": ["Swap"]}, ["monitor.solana_functions"]),
        (["Solana"], {"events": ["(u64)"]}, ["signature.solana_text"]),
        (["Solana"], {"events": ["Swap(u64)"]}, []),
        (["Midnight"], {"events": ["e()"]}, ["monitor.midnight_events"]),
        (["Midnight"], {"functions": ["f()"]}, []),
    ],
)
def test_monitor__that_never_fires_or_always__is_told(chains, changes, codes):
    assert codes_of(checked(*chains, **changes)) == codes


def test_monitor__solana_functions_alone__match_everything():
    assert "every transaction of the program" in messages(checked("Solana", functions=["f"]))
    assert "matches by the rest" in messages(checked("Solana", functions=["f"], events=["e"]))


def test_address__without_an_abi__never_matches_functions_and_events():
    transfer = "Transfer(address,address,uint256)"
    bare = {"address": USDC}
    other = {"address": "0xdAC17F958D2ee523a2206206994597C13D831ec7"}

    assert found(checked("EVM", events=[transfer], addresses=[bare, other])) == [
        ("warning", "monitor.no_abi", "/addresses")
    ]
    assert found(checked("EVM", events=[transfer], addresses=[ADDRESSES["EVM"], other])) == [
        ("warning", "address.no_abi", "/addresses/1")
    ]
    assert codes_of(checked("EVM", transactions=["value > 1"], addresses=[bare, other])) == []


def test_address__with_a_broken_or_foreign_spec__has_one_finding():
    foreign = {"address": USDC, "contract_spec": STELLAR_SPEC}
    broken = {"address": USDC, "contract_spec": [{"type": "event"}]}

    assert codes_of(checked("EVM", events=["e()"], addresses=[foreign])) == ["spec.chain"]
    report = checked("EVM", events=["e()"], addresses=[broken])
    assert {f.level for f in report.findings} == {"error"}


def test_network__of_another_type_without_an_address__is_told():
    report = checked("EVM", "Stellar", functions=[SUBMIT], addresses=[ADDRESSES["EVM"]])

    assert found(report) == [("warning", "monitor.network_without_address", "/networks/1")]
    assert codes_of(checked("EVM", "Stellar", functions=[SUBMIT])) == []
    # On Stellar transactions match whatever the addresses say.
    assert (
        codes_of(
            checked("EVM", "Stellar", transactions=["value > 1"], addresses=[ADDRESSES["EVM"]])
        )
        == []
    )


def test_meaning__networks_unknown__is_not_judged():
    document = {**MONITOR, "addresses": [], "networks": ["somewhere"]}

    assert examine(check_monitor, document).findings == ()


# -- messages ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("template", "chains", "conditions", "missing"),
    [
        ("${monitor.name} ${transaction.hash} ${events}", ["EVM"], {"transactions": [None]}, 0),
        ("${transaction.hash}", ["Solana"], {"events": ["Swap"]}, 1),
        ("${transaction.signature}", ["Solana"], {"events": ["Swap"]}, 0),
        ("${transaction.value}", ["EVM", "Stellar"], {"transactions": [None]}, 1),
        ("${events.0.signature}", ["EVM"], {"transactions": [None]}, 1),
        ("${functions.0.args.to}", ["EVM"], {"events": ["Transfer(address,address,uint256)"]}, 1),
        ("${events.0.args.value}", ["EVM"], {"events": ["Transfer(address,address,uint256)"]}, 0),
        ("${events.0.args.amount}", ["EVM"], {"events": ["Transfer(address,address,uint256)"]}, 1),
        ("${functions.0.args.anything}", ["Stellar"], {"functions": ["f(I128)"]}, 0),
        ("${nonsense}", ["EVM"], {"transactions": [None]}, 0),
        ("${functions.0.signature}", ["Solana"], {"functions": ["f()"]}, 1),
        ("${functions}", ["Solana"], {"functions": ["f()"]}, 0),
        ("${events.0.signature}", ["Midnight"], {"events": ["E()"], "functions": ["f()"]}, 1),
    ],
)
def test_message__variables_the_monitor_never_sets__are_told(template, chains, conditions, missing):
    report = checked(*chains, **conditions, trigger_templates={"ops": template})

    told = [(f.code, f.pointer) for f in report.findings if f.code == "message.never_set"]
    assert told == [("message.never_set", "/triggers/0")] * missing


@pytest.mark.parametrize(
    ("template", "chains", "conditions", "last"),
    [
        ("${functions.0.signature}", ["EVM"], {"functions": [SUBMIT]}, None),
        ("${functions.1.signature}", ["EVM"], {"functions": [SUBMIT, SUBMIT]}, "functions.0"),
        ("${functions.1.signature}", ["Stellar"], {"functions": ["f()", "g()"]}, None),
        ("${functions.2.signature}", ["Stellar"], {"functions": ["f()", "g()"]}, "functions.1"),
        ("${functions.9.signature}", ["Midnight"], {"functions": ["f()"]}, None),
        ("${events.0.args.log}", ["Solana"], {"events": ["Swap"]}, None),
        ("${events.1.args.log}", ["Solana"], {"events": ["Swap"]}, "events.0"),
        # Each log of a transaction is a match of its own.
        ("${events.7.signature}", ["EVM"], {"events": ["Transfer(address,address,uint256)"]}, None),
        ("${events.7.signature}", ["Stellar"], {"events": ["E()"]}, None),
        (f"${{functions.{'9' * 5000}.signature}}", ["EVM"], {"functions": [SUBMIT]}, "functions.0"),
    ],
)
def test_message__index__is_held_against_what_a_match_can_hold(template, chains, conditions, last):
    report = checked(*chains, **conditions, trigger_templates={"ops": template})

    told = [f for f in report.findings if f.code.startswith("message.")]
    assert [(f.level, f.code, f.pointer) for f in told] == (
        [("warning", "message.index", "/triggers/0")] if last else []
    )
    assert all(f.message.endswith(f"the last is {last}.") for f in told)


def test_message__many_bad_variables__are_told_up_to_a_number():
    template = "".join(f"${{events.{n}.signature}}" for n in range(50))

    report = checked("Solana", events=["Swap"], trigger_templates={"ops": template})

    assert codes_of(report) == ["message.index"] * 5


def test_message__misspelt_parameter__gets_a_suggestion():
    report = checked(
        "EVM",
        events=["Transfer(address,address,uint256)"],
        trigger_templates={"ops": "${events.0.args.valu}"},
    )

    assert "has a parameter `valu`. Did you mean `value`?" in messages(report)
