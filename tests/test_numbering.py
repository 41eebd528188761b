"""Numbers: the Coworks number where it is free, `-CWx` where it is not, 21 characters at most."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.numbering import Taken, base, counted_number, free_number, is_coworks_prefix, prefix
from toolkit.problems import Problem

N = "C957F1A7-0009"


@pytest.mark.parametrize(
    ("taken", "given_out"),
    [
        ((), N),
        (("C957F1A7-0008",), N),
        ((N,), f"{N}-CW1"),
        (("c957f1a7-0009",), f"{N}-CW1"),
        ((f" {N} ",), f"{N}-CW1"),
        ((N, f"{N}-CW1"), f"{N}-CW2"),
        ((N, f"{N}-cw1", f"{N}-CW3"), f"{N}-CW2"),
        ((f"{N}-CW1",), N),
        ((N, *(f"{N}-CW{count}" for count in range(1, 12))), f"{N}-CW12"),
    ],
)
def test_the_first_free_number_is_given_out(taken: tuple[str, ...], given_out: str) -> None:
    assert free_number(N, taken) == given_out
    assert free_number(N, Taken(taken)) == given_out


@pytest.mark.parametrize(
    ("wanted", "taken", "code"),
    [
        ("", (), "no-number"),
        ("A" * 22, (), "number-too-long"),
        ("A" * 18, ("A" * 18,), "number-too-long"),
    ],
)
def test_what_cannot_be_numbered_is_a_problem_never_shortened(wanted: str, taken: tuple[str, ...], code: str) -> None:
    found = free_number(wanted, taken)
    assert isinstance(found, Problem)
    assert found.code == code


@pytest.mark.parametrize(
    ("suffix", "first", "taken", "given_out"),
    [
        ("CM", 1, (), f"{N}-CM1"),
        ("RF", 1, (), f"{N}-RF1"),
        ("RF", 2, (), f"{N}-RF2"),
        ("CM", 1, (f"{N}-cm1",), f"{N}-CM2"),
        ("RF", 2, (f"{N}-RF2",), f"{N}-RF3"),
    ],
)
def test_credit_memos_and_refunds_are_counted(suffix: str, first: int, taken: tuple[str, ...], given_out: str) -> None:
    assert counted_number(N, suffix, taken, first) == given_out


@given(st.from_regex(r"[A-Z0-9]{1,16}-[0-9]{1,4}", fullmatch=True), st.sets(st.integers(0, 30)))
def test_a_given_number_fits_and_was_free(wanted: str, held: set[int]) -> None:
    """Whatever is held, the answer is short enough and nobody's, or there is none."""
    taken = Taken(wanted if count == 0 else f"{wanted}-CW{count}" for count in held)
    found = free_number(wanted, taken)
    if isinstance(found, str):
        assert len(found) <= 21
        assert found not in taken
    else:
        assert len(wanted) + len("-CW1") > 21 or len(f"{wanted}-CW{max(held)}") >= 21


def test_a_number_that_was_taken_stays_taken() -> None:
    """Two documents of one plan never share a number."""
    taken = Taken([N])
    first = free_number(N, taken)
    assert isinstance(first, str)
    taken.take(first)
    assert (first, free_number(N, taken)) == (f"{N}-CW1", f"{N}-CW2")
    assert (len(taken), sorted(taken)) == (2, ["c957f1a7-0009", "c957f1a7-0009-cw1"])


@pytest.mark.parametrize(
    ("number", "bare", "before"),
    [
        (N, "c957f1a7-0009", "C957F1A7"),
        (f"{N}-CW1", "c957f1a7-0009", "C957F1A7"),
        (f"{N}-RF12", "c957f1a7-0009", "C957F1A7"),
        ("1001", "1001", ""),
        ("INV-7", "inv-7", "INV"),
        ("", "", ""),
    ],
)
def test_what_a_number_and_its_twins_have_in_common(number: str, bare: str, before: str) -> None:
    assert (base(number), prefix(number)) == (bare, before)


@pytest.mark.parametrize(
    ("text", "is_one"), [("C957F1A7", True), ("INV", False), ("INVOICES", False), ("", False), ("C957F1A78", False)]
)
def test_only_the_processors_own_prefix_identifies_a_customer(text: str, is_one: bool) -> None:
    assert is_coworks_prefix(text) is is_one
