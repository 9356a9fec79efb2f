"""Files of variables: strict, and the same text back."""

from __future__ import annotations

from pathlib import Path

import pytest
from environ import Env
from hypothesis import given
from hypothesis import strategies as st

from monitors.openzeppelin.envfile import BadEnvFile, env_text, parse_env, read_env


def test_parse_env__every_form__gives_the_text() -> None:
    text = """
# a comment
PLAIN=value
export EXPORTED = spaced out   # a comment
EMPTY=
HASH=a#b
SINGLE='$literal \\n #1'  # a comment
DOUBLE="line\\nnext \\"quoted\\" \\$HOME \\\\"
"""

    assert parse_env(text) == {
        "PLAIN": "value",
        "EXPORTED": "spaced out",
        "EMPTY": "",
        "HASH": "a#b",
        "SINGLE": "$literal \\n #1",
        "DOUBLE": 'line\nnext "quoted" $HOME \\',
    }


@pytest.mark.parametrize(
    "line",
    ["novalue-hidden", "1A=hidden", "A B=hidden", "A='hidden", 'A="hidden', 'A="hid\\den"'],
)
def test_parse_env__bad_line__names_its_number_and_never_its_text(line: str) -> None:
    with pytest.raises(BadEnvFile, match="Line 2") as refused:
        parse_env(f"GOOD=1\n{line}")

    assert "hid" not in str(refused.value)


def test_parse_env__name_twice__refused() -> None:
    with pytest.raises(BadEnvFile, match="sets A a second time"):
        parse_env("A=1\nA=2")


@given(st.dictionaries(st.from_regex(r"[A-Z_][A-Z0-9_]{0,8}", fullmatch=True), st.text()))
def test_env_text__any_values__are_read_back(values: dict[str, str]) -> None:
    assert parse_env(env_text(values)) == values


def test_env_text__ordinary_values__mean_the_same_to_another_reader(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    value = "p#ss w$rd=/+é"
    (tmp_path / ".env").write_text(env_text({"BLIP0_TEST_OF_ENV": value}))
    monkeypatch.setattr(Env, "ENVIRON", {})

    Env.read_env(tmp_path / ".env")

    assert Env.ENVIRON["BLIP0_TEST_OF_ENV"] == value


def test_read_env__not_utf8__refused_without_its_bytes(tmp_path: Path) -> None:
    (tmp_path / "env").write_bytes(b"A=hidden\xff")

    with pytest.raises(BadEnvFile, match="not UTF-8") as refused:
        read_env(tmp_path / "env")

    assert refused.value.__cause__ is None


def test_read_env__missing__refused(tmp_path: Path) -> None:
    with pytest.raises(BadEnvFile, match="No such file"):
        read_env(tmp_path / "env")
