"""One column to numbers and back."""

from __future__ import annotations

import math
import statistics

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flux_studio import locations
from flux_studio.data.columns import Column
from flux_studio.data.encoders import CategoryEncoder, Encoder, NumberEncoder, YesNoEncoder
from flux_studio.data.fitting import fit_encoder
from flux_studio.data.readers import read_table
from flux_studio.errors import DataError

from .strategies import table_of

_values = st.floats(-1e100, 1e100).map(lambda value: 0.0 if abs(value) < 1e-100 else value)


def table_with(cells):
    return table_of(["x"], [(str(cell),) for cell in cells])


def fit(cells, rows=None, **settings):
    rows = np.arange(len(cells)) if rows is None else np.array(rows)
    return fit_encoder(table_with(cells), Column("x", **settings), rows)


def encode(encoder, cells):
    return encoder.encode(table_with(cells), np.arange(len(cells)))


def test_standard_scaling_against_the_standard_library():
    table = read_table(locations.sample("iris.csv"))
    rows = np.arange(0, 150, 3)
    for name in table.names[:4]:
        values = [float(cell) for cell in table.column(name)]
        training = values[::3]
        encoder = fit_encoder(table, Column(name), rows)
        assert encoder.offset == pytest.approx(statistics.fmean(training), rel=1e-12)
        assert encoder.scale == pytest.approx(statistics.pstdev(training), rel=1e-12)
        encoded = encoder.encode(table, rows)[:, 0].tolist()
        assert statistics.fmean(encoded) == pytest.approx(0, abs=1e-12)
        assert statistics.pstdev(encoded) == pytest.approx(1, rel=1e-12)


@settings(deadline=None)
@given(st.lists(_values, min_size=2, unique=True))
def test_standard_scaling_of_any_numbers(values):
    encoder = fit(values)
    mean, deviation = statistics.mean(values), statistics.pstdev(values)
    assert encoder.offset == pytest.approx(mean, rel=1e-9, abs=1e-9 * max(map(abs, values)))
    assert encoder.scale == pytest.approx(deviation, rel=1e-6, abs=1e-12 * max(map(abs, values)))


@pytest.mark.parametrize("scale", [1e-200, 1e200])
def test_squares_neither_vanish_nor_overflow(scale):
    encoder = fit([1 * scale, 2 * scale, 3 * scale])
    assert encoder.scale == pytest.approx(scale * math.sqrt(2 / 3), rel=1e-12)


def test_min_max_none_and_constant():
    assert fit([2, 4, 10], scaling="min_max") == NumberEncoder("x", 2.0, 8.0)
    assert encode(fit([2, 4, 10], scaling="min_max"), [2, 4, 10]).tolist() == [[0.0], [0.25], [1.0]]
    assert fit([2, 4, 10], scaling="none") == NumberEncoder("x", 0.0, 1.0)
    for scaling in ("standard", "min_max"):
        constant = fit([0.1] * 7, scaling=scaling)
        assert constant == NumberEncoder("x", 0.1, 1.0)
        assert encode(constant, [0.1, 1.1]).tolist() == [[0.0], [1.0]]


def test_only_training_rows_scale():
    assert fit([1, 3, 1000], rows=[0, 1]) == NumberEncoder("x", 2.0, 1.0)
    assert fit([1, 3, 1000], rows=[0, 1], scaling="min_max") == NumberEncoder("x", 1.0, 2.0)
    assert fit([1, "NA", 3], rows=[0, 1, 2]) == NumberEncoder("x", 2.0, 1.0)


@settings(deadline=None)
@given(st.lists(_values, min_size=1, max_size=20), st.sampled_from(["standard", "min_max", "none"]))
def test_numbers_come_back(values, scaling):
    encoder = fit(values, scaling=scaling)
    decoded = encoder.decode(encode(encoder, values))
    np.testing.assert_allclose(decoded, values, rtol=1e-9, atol=1e-12 * max(map(abs, values)))


@settings(deadline=None)
@given(
    st.lists(st.text("abcXYZ 019-", min_size=1, max_size=3).map(lambda text: "w" + text.strip()), min_size=1)
)
def test_words_come_back(words):
    encoder = fit(words, kind="category")
    encoded = encode(encoder, words)
    assert encoded.sum(axis=1).tolist() == [1.0] * len(words)
    assert set(np.unique(encoded)) <= {0.0, 1.0}
    assert encoder.decode(encoded) == words
    if len(set(words)) <= 2:
        yes_no = fit(words, kind="yes_no")
        assert yes_no.decode(encode(yes_no, words)) == words


def test_categories_come_from_all_rows_in_order():
    encoder = fit(["b", "c", "a"], rows=[0, 1], kind="category")
    assert encoder == CategoryEncoder("x", ("a", "b", "c"))
    assert encoder.names == ("x=a", "x=b", "x=c")
    assert encode(encoder, ["c", "a"]).tolist() == [[0, 0, 1], [1, 0, 0]]
    assert fit(["10", "9", "2"], kind="category").categories == ("2", "9", "10")


@pytest.mark.parametrize(
    ("values", "no", "yes"),
    [
        (["1", "0"], "0", "1"),
        (["1", "-1"], "-1", "1"),
        (["10", "9"], "9", "10"),
        (["yes", "no"], "no", "yes"),
        (["YES", "no"], "no", "YES"),
        (["TRUE", "FALSE"], "FALSE", "TRUE"),
        (["+", "-"], "-", "+"),
        (["ja", "nein"], "nein", "ja"),
        (["spam", "ham"], "ham", "spam"),
        # Only one of the two is there.
        (["1"], "0", "1"),
        (["0"], "0", "1"),
        (["Yes"], "No", "Yes"),
        (["FALSE"], "FALSE", "TRUE"),
        (["setosa"], "not setosa", "setosa"),
    ],
)
def test_which_value_is_yes(values, no, yes):
    assert fit(values, kind="yes_no") == YesNoEncoder("x", no, yes)


def test_yes_no_numbers():
    encoder = YesNoEncoder("x", "no", "yes")
    assert encode(encoder, ["yes", "no"]).tolist() == [[1.0], [0.0]]
    outputs = np.array([[0.5], [0.49], [0.9]])
    assert encoder.decode(outputs) == ["yes", "no", "yes"]
    np.testing.assert_allclose(encoder.shares(outputs), [[0.5, 0.5], [0.51, 0.49], [0.1, 0.9]])


NUMBER = NumberEncoder("x", 0.0, 1e-300)


@pytest.mark.parametrize(
    ("encoder", "cells", "fragment"),
    [
        (NUMBER, ["0", ""], "made.csv, line 3, column 'x': the cell has no value; fill it in"),
        (NUMBER, ["0", "b"], "made.csv, line 3, column 'x': 'b' is not a number"),
        (NUMBER, ["0", "1e300"], "made.csv, line 3, column 'x': '1e300' is too large to be scaled"),
        (
            CategoryEncoder("x", ("a", "b")),
            ["a", "c"],
            "line 3, column 'x': the network does not know 'c', only a, b",
        ),
        (CategoryEncoder("x", ("a", "b")), ["NA", "a"], "line 2, column 'x': the cell has no value"),
        (YesNoEncoder("x", "no", "yes"), ["no", "No"], "line 3, column 'x': the network does not know 'No'"),
    ],
)
def test_cells_that_cannot_be_encoded(encoder, cells, fragment):
    with pytest.raises(DataError) as caught:
        encode(encoder, cells)
    assert fragment in str(caught.value)


@pytest.mark.parametrize(
    ("cells", "settings", "fragment"),
    [
        (["", "1"], {"rows": [0]}, "made.csv, column 'x': no training row has a value; ignore this column"),
        (["", "NA"], {"kind": "category"}, "made.csv, column 'x': no row has a value"),
        (["1.7e308", "-1.7e308"], {"scaling": "min_max"}, "its numbers are too far apart to be scaled"),
        (["1.7e308", "1.6e308"], {}, "its numbers are too far apart to be scaled"),
        (["a", "b", "c"], {"kind": "yes_no"}, "'c' is a third value"),
    ],
)
def test_columns_that_cannot_be_fitted(cells, settings, fragment):
    with pytest.raises(DataError) as caught:
        fit(cells, **settings)
    assert fragment in str(caught.value)


@pytest.mark.parametrize(
    "encoder",
    [NumberEncoder("x", 0.1 + 0.2, 1 / 3), CategoryEncoder("x", ("ä", "b")), YesNoEncoder("x", "no", "yes")],
)
def test_encoders_are_kept_as_json(encoder):
    assert msgspec.json.decode(msgspec.json.encode(encoder), type=Encoder) == encoder


@pytest.mark.parametrize(
    "text",
    [
        '{"kind":"number","column":"x","offset":0,"scale":0}',
        '{"kind":"category","column":"x","categories":[]}',
        '{"kind":"word","column":"x"}',
        '{"kind":"yes_no","column":"x","no":"a","yes":"b","maybe":"c"}',
    ],
)
def test_damaged_encoders_are_refused(text):
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(text, type=Encoder)
