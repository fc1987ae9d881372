"""What fields for numbers take, how they write it, and where a step leads."""

import pytest

from flux_studio.gui.widgets.number_range import NumberRange, WholeRange

PENALTY = NumberRange("L2 penalty", 1e-12, 1e3, off=0.001)
ROWS = WholeRange("batch", 1, 120, off=32, off_word="all")
SEED = WholeRange("seed", 0, 10**12)


@pytest.mark.parametrize(
    ("text", "value"), [("", 0.0), (" ", 0.0), ("off", 0.0), ("OFF", 0.0), ("0", 0.0), ("0.5", 0.5), ("1e-3", 0.001)]
)  # fmt: skip
def test_what_can_be_off(text: str, value: float) -> None:
    assert PENALTY.read(text) == value


def test_off_is_written_as_nothing() -> None:
    assert (PENALTY.text(0.0), PENALTY.text(0.25), ROWS.text(0), SEED.text(0)) == ("", "0.25", "", "0")


def test_a_refusal_tells_how_to_switch_off() -> None:
    with pytest.raises(ValueError, match="must lie between 1e-12 and 1000, or be empty for off, not -1"):
        PENALTY.read("-1")
    with pytest.raises(ValueError, match="must lie between 1 and 120, or be empty for all, not 121"):
        ROWS.read("121")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("5000", 5000),
        ("5,000", 5000),
        ("1,234,567", 1234567),
        ("10k", 10000),
        ("1e4", 10000),
        ("2 000", 2000),
        ("all", 0),
    ],
)
def test_whole_numbers(text: str, value: int) -> None:
    takes = WholeRange("number", 1, 10**9, off=1, off_word="all")
    assert takes.read(text) == value
    assert isinstance(takes.read(text), int) or value == 0


@pytest.mark.parametrize("text", ["1.5", "1,5", "many", "1e400", "nan", "12,34", "k"])
def test_what_is_no_whole_number(text: str) -> None:
    with pytest.raises(ValueError, match=r"the seed must be a whole number such as 1,000, not "):
        SEED.read(text)


def test_large_whole_numbers_stay_exact() -> None:
    assert SEED.read("999999999999") == 999_999_999_999
    assert SEED.text(999_999_999_999) == "999,999,999,999"


@pytest.mark.parametrize(
    ("takes", "value", "factor", "expected"),
    [
        (PENALTY, 0.0, 1.1, 0.001),
        (PENALTY, 0.0, 0.1, 0.0),
        (PENALTY, 0.1, 10.0, 1.0),
        (PENALTY, 900.0, 10.0, 1000.0),
        (SEED, 0, 1.1, 1),
        (SEED, 1, 1 / 1.1, 0),
        (SEED, 0, 0.1, 0),
        (SEED, 7, 1.1, 8),
        (SEED, 7, 10.0, 70),
        (ROWS, 0, 1.1, 32),
        (ROWS, 119, 1.1, 120),
    ],
)
def test_steps(takes: NumberRange, value: float, factor: float, expected: float) -> None:
    assert takes.stepped(value, factor) == pytest.approx(expected)
