"""Word-level differences: nothing is lost, nothing is marked for nothing, and it is never slow."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from blip0.common.admin.diffs import MAX_LINES, MAX_WORDS, _joined, hunks
from blip0.testing.speed import cpu_seconds


def _sides(left: str, right: str) -> tuple[str, str]:
    found = hunks(left, right)
    return (
        "".join(piece for hunk in found for _, piece in hunk.left),
        "".join(piece for hunk in found for _, piece in hunk.right),
    )


TEXTS = st.text(st.sampled_from("ab \n{},"), max_size=80)


@given(TEXTS, TEXTS)
def test_hunks__of_any_texts__hold_both_whole(left: str, right: str) -> None:
    assert _sides(left, right) == (left, right)


@given(TEXTS)
def test_hunks__of_equal_texts__one_that_is_equal(text: str) -> None:
    assert [hunk.equal for hunk in hunks(text, text)] == ([True] if text else [])


def test_hunks__one_word_of_a_line__it_alone_is_marked() -> None:
    before, changed, after = hunks('{\n  "a": "red fish",\n}\n', '{\n  "a": "blue fish",\n}\n')

    assert (before.equal, before.text) == (True, "{\n")
    assert changed.left == [(False, '  "a": "'), (True, "red"), (False, ' fish",\n')]
    assert changed.right == [(False, '  "a": "'), (True, "blue"), (False, ' fish",\n')]
    assert (after.equal, after.text) == (True, "}\n")


def test_hunks__two_changes_far_apart__both_found_at_once() -> None:
    lines = [f"line {n}\n" if n % 3 else "{\n" for n in range(30_000)]
    changed = [*lines]
    changed[10], changed[29_990] = "here\n", "there\n"

    assert cpu_seconds(lambda: hunks("".join(lines), "".join(changed)), enough=2) < 2
    found = hunks("".join(lines), "".join(changed))
    assert [hunk.text for hunk in found if not hunk.equal] == [lines[10], lines[29_990]]
    assert _sides("".join(lines), "".join(changed)) == ("".join(lines), "".join(changed))


@given(st.lists(st.sampled_from("abcdefgh")), st.lists(st.sampled_from("abcdefgh")))
def test_blocks__by_landmarks__hold_both_whole_in_turn(left: list[str], right: list[str]) -> None:
    blocks = list(_joined(left, right, 2))

    assert [item for _, i, j, _, _ in blocks for item in left[i:j]] == left
    assert [item for _, _, _, m, n in blocks for item in right[m:n]] == right
    assert all(left[i:j] == right[m:n] for equal, i, j, m, n in blocks if equal)
    kinds = [equal for equal, *_ in blocks]
    assert all(one != other for one, other in pairwise(kinds))


def test_html__hostile_text_and_indentation__escaped_and_not_marked() -> None:
    [hunk] = hunks("", "  <script>\n    x\n")

    assert hunk.left_html == ""
    mark = '<del class="bg-red-100 dark:bg-red-500/20">'
    assert hunk.right_html == f"  {mark}&lt;script&gt;</del>\n    {mark}x</del>\n"


def test_hunks__too_many_changed_lines_or_words__whole_and_at_once() -> None:
    left = "".join(f"line {n}\n" for n in range(20 * MAX_LINES))
    right = "".join(f"zeile {n}\n" for n in range(20 * MAX_LINES))
    words = " ".join(str(n) for n in range(20 * MAX_WORDS))

    assert cpu_seconds(lambda: hunks(left, right), enough=1) < 1
    assert cpu_seconds(lambda: hunks(words, words.replace(" ", "-")), enough=1) < 1
    [lines] = hunks(left, right)
    [line] = hunks(words, words.replace(" ", "-"))
    assert (lines.text, lines.left[0][0]) == (left, True)
    assert not line.equal
