"""Facts of columns against the standard library's statistics."""

from __future__ import annotations

import math
import statistics
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flux_studio import locations
from flux_studio.data.columns import Column, suggest_columns
from flux_studio.data.facts import BARS, all_facts, column_facts
from flux_studio.data.readers import read_table

from .strategies import table_of


def facts_of(cells, **settings):
    return column_facts(table_of(["x", "y"], [(str(cell), "1") for cell in cells]), Column("x", **settings))


def test_numbers_of_iris():
    table = read_table(locations.sample("iris.csv"))
    for own in all_facts(table, suggest_columns(table))[:4]:
        values = [float(cell) for cell in table.column(own.name)]
        of = own.numbers
        assert (of.smallest, of.largest) == (min(values), max(values))
        assert of.mean == pytest.approx(statistics.fmean(values))
        assert of.median == pytest.approx(statistics.median(values))
        assert of.deviation == pytest.approx(statistics.pstdev(values))
        low, _, high = statistics.quantiles(values, method="inclusive")
        assert of.quartiles == pytest.approx((low, high))
        assert own.common[0][1] == max(Counter(table.column(own.name)).values())
        assert (own.missing, own.different) == (0, len(set(values)))
        assert (of.edges[0], of.edges[-1]) == (min(values), max(values))
        assert sum(of.counts) == 150


def test_words_and_gaps():
    own = facts_of(["b", "a", "", "b", "NA", "c"], kind="category")
    assert (own.rows, own.missing, own.present, own.different) == (6, 2, 4, 3)
    assert own.common == (("b", 2), ("a", 1), ("c", 1))
    assert own.balance == 0.5
    assert own.numbers is None


def test_numbers_are_the_same_however_they_are_written():
    own = facts_of(["2", "1.0", "1", "NaN", "2e0", "1"])
    assert own.common == (("1.0", 3), ("2", 2))
    assert (own.different, own.missing) == (2, 1)


def test_what_cannot_be_read_is_looked_at_as_words():
    own = facts_of(["1", "two", "1"])
    assert (own.common, own.numbers) == ((("1", 2), ("two", 1)), None)


def test_nothing_and_a_constant():
    assert facts_of(["", "NA"]).balance == 0
    own = facts_of(["3", "3"])
    assert (own.numbers.edges, own.numbers.counts, own.numbers.deviation) == ((3, 3), (2,), 0)


def test_dates_are_days():
    own = facts_of(["2.1.1970", "3.1.1970", "2.1.1970"], kind="date")
    assert (own.numbers.smallest, own.numbers.largest) == (1, 2)
    assert own.common == (("2.1.1970", 2), ("3.1.1970", 1))


def test_few_whole_numbers_have_a_bar_each():
    own = facts_of([3, 3, 4, 8, 6, 3])
    assert len(own.numbers.counts) == 6
    assert own.numbers.counts == (3, 1, 0, 1, 0, 1)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.floats(-1e308, 1e308), min_size=1, max_size=60))
def test_any_numbers_have_facts(values):
    own = facts_of([repr(value) for value in values])
    of = own.numbers
    assert sum(of.counts) == len(values)
    assert len(of.edges) == len(of.counts) + 1 <= BARS + 1
    assert of.smallest <= of.median <= of.largest
    if max(map(abs, values)) < 1e100:
        assert math.isfinite(of.mean)
        assert np.all(np.diff(of.edges) >= 0)
