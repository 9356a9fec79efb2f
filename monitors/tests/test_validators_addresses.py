import base64

import pytest

from blip0.common.validation.findings import Findings
from blip0.tests.validation.helpers import found, messages
from monitors.validators.addresses import (
    check_address,
    is_evm,
    is_midnight,
    is_solana,
    is_stellar,
    with_checksum,
)

USDC = "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48"
SOROBAN = "CA6PUJLBYKZKUEKLZJMKBZLEKP2OTHANDEOWSFF44FTSYLKQPIICCJBE"
LOADER = "BPFLoaderUpgradeab1e11111111111111111111111"


def _check(address, *chains):
    out = Findings()
    check_address(address, chains, None, out)
    return out.report("address")


@pytest.mark.parametrize(
    "address",
    [
        USDC,
        "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
        "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
        "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB",
        "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
    ],
)
def test_checksum__published_examples__are_reproduced(address):
    assert with_checksum(address.lower()) == address
    assert _check(address, "EVM").findings == ()


@pytest.mark.parametrize("address", [USDC.lower(), "0x" + USDC[2:].upper()])
def test_evm__one_case__carries_no_checksum(address):
    assert _check(address, "EVM").findings == ()


def test_evm__wrong_capitals__is_a_warning_with_the_right_ones():
    report = _check("0xa" + USDC[3:], "EVM")

    assert found(report) == [("warning", "address.checksum", "")]
    assert USDC in messages(report)


@pytest.mark.parametrize("address", ["", "0x0", USDC[2:], "0X" + USDC[2:], USDC + "0", USDC + "\n"])
def test_evm__other_forms__are_none(address):
    assert not is_evm(address)


def test_stellar__contract_account_and_muxed__are_addresses():
    assert is_stellar(SOROBAN)
    assert is_stellar("GA7QYNF7SOWQ3GLR2BGMZEHXAVIRZA4KVWLTJJFC7MGXUA74P7UJVSGZ")
    assert is_stellar("MA7QYNF7SOWQ3GLR2BGMZEHXAVIRZA4KVWLTJJFC7MGXUA74P7UJUAAAAAAAAAAAACJUQ")


@pytest.mark.parametrize(
    "address",
    [
        "",
        "C",
        SOROBAN[:-1],
        SOROBAN[:-1] + "F",
        SOROBAN.lower(),
        SOROBAN[0] + "B" + SOROBAN[2:],
        SOROBAN + "=",
        "é" * 56,
        "SBCVMMCBEDB64TVJZFYJOJAERZC4YVVUOE6SYR2Y76CBTENGUSGWRRVO",
        base64.b32encode(bytes(35)).decode(),
    ],
)
def test_stellar__altered_secret_or_foreign__is_none(address):
    assert not is_stellar(address)


@pytest.mark.parametrize(
    "address", [LOADER, "1" * 32, "So11111111111111111111111111111111111111112"]
)
def test_solana__32_bytes_in_base58__is_an_address(address):
    assert is_solana(address)


@pytest.mark.parametrize("address", ["", "1" * 31, "1" * 33, LOADER[:-1], "0" * 32, "z" * 44, USDC])
def test_solana__another_length_or_alphabet__is_none(address):
    assert not is_solana(address)


def test_midnight__hexadecimal__is_an_address():
    assert is_midnight("020200048fe17c5b2ae77e7154ff983dc37f18736a61aaef774c7a997935e84abe8361")
    assert not is_midnight("0202")
    assert not is_midnight("z" * 64)


def test_check__mixed_networks__one_of_the_forms_is_enough():
    assert _check(SOROBAN, "EVM", "Stellar").findings == ()
    report = _check(LOADER, "EVM", "Stellar")

    assert (report.verdict, found(report)) == ("ok", [("error", "address.form", "")])
    assert "40 hexadecimal digits (EVM) or a contract" in messages(report)


def test_check__unknown_networks__accepts_anything():
    assert _check("whatever").findings == ()
