"""What encoders learn from training rows: scales and what stands for missing values, against other sources."""

from __future__ import annotations

import statistics

import msgspec
import numpy as np
import pytest

from flux_studio.data.columns import Column, Derived, check_columns, suggest_columns
from flux_studio.data.dataset import prepare
from flux_studio.data.derived import usual_derived
from flux_studio.data.encoders import (
    CategoryEncoder,
    DateEncoder,
    DerivedEncoder,
    Encoder,
    IndicatorEncoder,
    NumberEncoder,
    OrdinalEncoder,
    YesNoEncoder,
)
from flux_studio.data.fields import input_fields, usual_row
from flux_studio.data.fitting import fit_encoder
from flux_studio.data.preprocessing import Preprocessor
from flux_studio.data.readers import parse_table
from flux_studio.data.windows import Windowing
from flux_studio.errors import DataError

from .strategies import table_of


def fit(cells, rows=None, **settings):
    table = table_of(["x"], [(str(cell),) for cell in cells])
    rows = np.arange(len(cells)) if rows is None else np.array(rows)
    return fit_encoder(table, Column("x", **settings), rows)


def encoded(encoder, cells):
    return encoder.encode(table_of(["x"], [(str(cell),) for cell in cells]), np.arange(len(cells))).tolist()


def test_robust_scaling_against_the_standard_library():
    values = [3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 1000]
    low, median, high = statistics.quantiles(values, n=4, method="inclusive")
    encoder = fit(values, scaling="robust")
    assert (encoder.offset, encoder.scale) == pytest.approx((median, high - low))
    # Half of the values are the same: the span scales, not zero.
    assert fit([0, 0, 0, 0, 8], scaling="robust") == NumberEncoder("x", 0.0, 8.0)


@pytest.mark.parametrize(
    ("missing", "fill", "expected"),
    [("mean", "", 3.75), ("median", "", 2.5), ("most_common", "", 2), ("constant", "-1", -1)],
)
def test_what_stands_for_a_missing_number(missing, fill, expected):
    cells = ["2", "NA", "2", "8", "3", "1000"]
    encoder = fit(cells, rows=[0, 1, 2, 3, 4], missing=missing, fill=fill, scaling="none")
    assert encoder == NumberEncoder("x", 0.0, 1.0, expected)
    assert encoded(encoder, ["", "7"]) == [[expected], [7.0]]


def test_the_scale_is_that_of_what_the_network_reads():
    encoder = fit(["1", "NA", "4", "4"], missing="mean")
    read = [1, 3, 4, 4]
    assert (encoder.fill, encoder.offset) == (3, 3)
    assert encoder.scale == pytest.approx(statistics.pstdev(read))


def test_what_stands_for_a_missing_word():
    cells = ["b", "a", "a", "b", "NA", "c", "c", "c"]
    assert fit(cells, rows=range(5), kind="category", missing="most_common") == CategoryEncoder(
        "x", ("a", "b", "c"), "a"
    )
    own = fit(cells, kind="category", missing="constant", fill="none")
    assert own == CategoryEncoder("x", ("a", "b", "c", "none"), "none")
    assert encoded(own, ["", "c"]) == [[0, 0, 0, 1], [0, 0, 1, 0]]
    yes_no = fit(["no", "yes", "", "yes"], kind="yes_no", missing="most_common")
    assert yes_no == YesNoEncoder("x", "no", "yes", "yes")
    assert encoded(yes_no, ["NA", "no"]) == [[1.0], [0.0]]


def test_words_in_an_order():
    cells = ["low", "high", "medium", "low", ""]
    order = ("low", "medium", "high")
    settings = {"kind": "category", "encoding": "ordinal", "missing": "most_common"}
    encoder = fit(cells, order=order, scaling="min_max", **settings)
    assert encoder == OrdinalEncoder("x", order, 0.0, 2.0, "low")
    assert encoded(encoder, ["low", "medium", "high", ""]) == [[0.0], [0.5], [1.0], [0.0]]
    assert encoder.decode(np.array([[-3.0], [0.3], [0.9], [7.0]])) == ["low", "medium", "high", "high"]
    assert fit(["10", "9", "2"], kind="category", encoding="ordinal").categories == ("2", "9", "10")


def test_dates_become_a_few_numbers():
    cells = ["1.1.2021", "2.1.2021", "13.1.2021", "NA"]
    encoder = fit(cells, kind="date", parts=("days", "weekday"), scaling="min_max", missing="median")
    assert encoder.names == ("x days", "x weekday (sin)", "x weekday (cos)")
    friday = 2 * np.pi * 4 / 7
    np.testing.assert_allclose(encoded(encoder, ["1.1.2021"])[0], [0, np.sin(friday), np.cos(friday)])
    np.testing.assert_allclose(encoded(encoder, ["13.1.2021", ""])[0][0], 1.0)
    np.testing.assert_allclose(encoded(encoder, ["13.1.2021", ""])[1][0], 1 / 12)


@pytest.mark.parametrize(
    ("cells", "settings", "fragment"),
    [
        (["a", ""], {"kind": "category", "missing": "mean"}, "words have no mean"),
        (["1", ""], {"missing": "constant", "fill": "one"}, "but 'one' is not a number"),
        (
            ["1", ""],
            {"missing": "constant"},
            "a constant is to stand for missing values, but nothing is said",
        ),
        (
            ["a", "b"],
            {"kind": "yes_no", "missing": "constant", "fill": "c"},
            "'c' is to stand for missing values",
        ),
        (["a", "b"], {"kind": "category", "encoding": "ordinal", "order": ("a",)}, "'b' has no place"),
        (["a"], {"kind": "category", "encoding": "ordinal", "order": ("a", "a")}, "'a' stands twice"),
        (["2021-01-01", "soon"], {"kind": "date"}, "line 3, column 'x': 'soon' is not a date"),
        (["13/4/2021", "4/13/2021"], {"kind": "date"}, "column 'x': '13/4/2021' begins with the day"),
    ],
)
def test_columns_that_cannot_be_fitted(cells, settings, fragment):
    table = table_of(["x", "y"], [(cell, "1") for cell in cells])
    with pytest.raises(DataError) as caught:
        check_columns([Column("x", **settings), Column("y", "target")], table)
    assert fragment in str(caught.value)


@pytest.mark.parametrize(
    "column", [Column("x", "target", "category", encoding="ordinal"), Column("x", "target", "date")]
)
def test_targets_that_cannot_be(column):
    table = table_of(["x", "y"], [(f"2021-01-0{day}", str(day)) for day in range(1, 9)])
    with pytest.raises(DataError, match="cannot be a target; make it a category, a number, or an input"):
        prepare(table, [column, Column("y")], 0.0, np.random.default_rng(0))


GAPS = parse_table("a,b,y\n1,x,0\nNA,y,1\n3,,0\n5,x,NA\n7,z,1\n", "gaps.csv")


def test_filled_rows_stay_and_rows_without_a_target_go():
    columns = [
        Column("a", scaling="none", missing="mean", indicator=True),
        Column("b", kind="category", missing="most_common"),
        Column("y", "target", "yes_no", missing="most_common"),
    ]
    data = prepare(GAPS, columns, 0.0, np.random.default_rng(0))
    assert data.table_rows.tolist() == [0, 1, 2, 4]
    assert [drop.reason for drop in data.dropped] == ["gaps.csv, line 5: no value in 'y'"]
    assert data.preprocessor.input_names == ("a", "a missing", "b=x", "b=y", "b=z")
    mean = 11 / 3
    assert data.inputs == pytest.approx(
        np.array([[1, 0, 1, 0, 0], [mean, 1, 0, 1, 0], [3, 0, 1, 0, 0], [7, 0, 0, 0, 1]])
    )
    new = parse_table("b,a\n,\n", "new.csv")
    assert data.preprocessor.inputs(new).tolist() == [pytest.approx([mean, 1, 1, 0, 0])]


def test_validation_rows_say_nothing_of_what_fills():
    rows = [(str(value) if value % 4 else "", str(value % 2)) for value in range(40)]
    table = table_of(["x", "y"], rows)
    columns = [Column("x", missing="mean"), Column("y", "target")]
    data = prepare(table, columns, 0.5, np.random.default_rng(1))
    training = [float(table.column("x")[row]) for row in data.table_rows[data.training] if row % 4]
    assert data.preprocessor.input_encoders[0].fill == pytest.approx(statistics.fmean(training))


def test_windows_hold_filled_rows():
    columns = [Column("a", "both", scaling="none", missing="constant", fill="0"), Column("y", "ignore")]
    data = prepare(GAPS, columns, 0.0, np.random.default_rng(0), windowing=Windowing(2, 1))
    # The gap is read as 0 and never predicted.
    assert data.inputs.tolist() == [[1.0, 0.0], [0.0, 3.0], [3.0, 5.0]]
    assert data.targets.ravel().tolist() == [3.0, 5.0, 7.0]


PLANE = table_of(
    ["x1", "x2", "y"], [(str(a / 2), str(b - 2), str(a * b)) for a in range(5) for b in range(5)]
)


def test_derived_inputs_are_their_formulas():
    columns = [Column("x1"), Column("x2", scaling="none"), Column("y", "target")]
    derived = [msgspec.structs.replace(each, scaling="none") for each in usual_derived(("x1", "x2"))]
    derived.append(Derived("cosine", ("x2",)))
    data = prepare(PLANE, columns, 0.2, np.random.default_rng(0), derived=derived)
    x1, x2 = (np.array([float(cell) for cell in PLANE.column(name)]) for name in ("x1", "x2"))
    assert data.preprocessor.input_names[2:] == ("x1²", "x2²", "x1·x2", "sin x1", "sin x2", "cos x2")
    expected = np.stack([x1**2, x2**2, x1 * x2, np.sin(x1), np.sin(x2)], axis=1)
    np.testing.assert_allclose(data.inputs[:, 2:7], expected, atol=1e-12)
    cosine = data.training_inputs[:, 7]
    assert (cosine.mean(), cosine.std()) == pytest.approx((0, 1), abs=1e-12)


def test_derived_inputs_follow_where_others_are_changed():
    columns = [Column("x1"), Column("x2"), Column("y", "target")]
    derived = (Derived("product", ("x1", "x2")), Derived("square", ("x1",)))
    data = prepare(PLANE, columns, 0.0, np.random.default_rng(0), derived=derived)
    changed = data.inputs[1:].copy()
    changed[:, 2:] = data.inputs[:-1, 2:]
    np.testing.assert_allclose(data.preprocessor.complete(changed), data.inputs[1:], atol=1e-12)
    assert [field.name for field in input_fields(data)] == ["x1", "x2"]
    usual = usual_row(data)
    mean = np.mean([float(cell) for cell in PLANE.column("x1")])
    square = data.preprocessor.input_encoders[3]
    assert usual[3] == pytest.approx((mean**2 - square.offset) / square.scale)
    assert usual[3] != pytest.approx(data.inputs[:, 3].mean(), abs=1e-3)


def test_an_input_is_derived_once():
    columns, twice = [Column("x1"), Column("y", "target")], Derived("square", ("x1",))
    with pytest.raises(DataError, match="x1² is derived twice; take one away"):
        prepare(PLANE, columns, 0.0, np.random.default_rng(0), derived=[twice, twice])


@pytest.mark.parametrize(
    ("derived", "fragment"),
    [
        (Derived("tangent", ("x1",)), "there is no derived input 'tangent'; choose one of square"),
        (Derived("product", ("x1",)), "a product takes 2 columns, not 1"),
        (Derived("square", ("y",)), "a square of 'y' needs an input that is a number; choose one of x1"),
    ],
)
def test_derived_inputs_that_cannot_be(derived, fragment):
    with pytest.raises(DataError) as caught:
        prepare(
            PLANE, [Column("x1"), Column("y", "target")], 0.0, np.random.default_rng(0), derived=[derived]
        )
    assert fragment in str(caught.value)


def test_a_series_can_be_predicted_wherever_gaps_are_filled():
    columns = [
        Column("a", missing="mean"),
        Column("b", "ignore"),
        Column("y", "both", missing="drop"),
    ]
    derived = [Derived("square", ("a",)), Derived("product", ("a", "y"))]
    fitted = Preprocessor.fit(GAPS, columns, [1, 2], Windowing(2, 1), derived)
    assert [encoder.needs for encoder in fitted.input_encoders] == [(), ("y",), (), ("y",)]
    # Row 3 lacks y, so no window may hold it; row 1 lacks only what is filled.
    assert fitted.predictable(GAPS).tolist() == [1, 2]


def test_fields_of_every_kind_give_back_what_is_put():
    rows = [(str(n), "abc"[n % 3], "no" if n % 2 else "yes", f"2021-0{n}-01", str(n)) for n in range(1, 9)]
    table = table_of(["n", "w", "b", "d", "y"], [("NA", *rows[0][1:]), *rows[1:]])
    columns = [
        Column("n", missing="median", indicator=True),
        Column("w", kind="category", encoding="ordinal"),
        Column("b", kind="yes_no"),
        Column("d", kind="date"),
        Column("y", "target"),
    ]
    data = prepare(table, columns, 0.0, np.random.default_rng(0))
    fields = {field.name: field for field in input_fields(data)}
    assert list(fields)[:4] == ["n", "n missing", "w", "b"]
    assert [name for name, field in fields.items() if not field.varies] == ["w"]
    row = usual_row(data)
    for name, value in {"n": 2.5, "n missing": "yes", "w": "c", "b": "no", "d days": 18_700.0}.items():
        fields[name].put(row, value)
        assert fields[name].value(row) == (value if isinstance(value, str) else pytest.approx(value))


@pytest.mark.parametrize(
    "encoder",
    [
        NumberEncoder("x", 0.5, 2.0, -1.0),
        OrdinalEncoder("x", ("a", "b"), 0.5, 0.5, "a"),
        IndicatorEncoder("x"),
        DateEncoder("x", "day_first", ("days",), (1.0,), (2.0,), 3.0),
        DerivedEncoder("x²", "square", ("x",), 0.0, 1.0, (None,)),
    ],
)
def test_encoders_are_kept_as_json(encoder):
    assert msgspec.json.decode(msgspec.json.encode(encoder), type=Encoder) == encoder


def test_an_old_preprocessor_can_still_be_read():
    text = (
        '{"input_encoders":[{"kind":"number","column":"x","offset":1.0,"scale":2.0}],'
        '"target_encoders":[{"kind":"yes_no","column":"y","no":"a","yes":"b"}]}'
    )
    old = msgspec.json.decode(text, type=Preprocessor)
    assert old.input_encoders == (NumberEncoder("x", 1.0, 2.0),)


def test_suggestions_fill_gaps_and_see_dates():
    lines = [
        f"{n if n % 5 else ''},{'ab'[n % 2] if n != 7 else 'NA'},{n % 28 + 1}/2/2021,{n}" for n in range(40)
    ]
    table = parse_table("\n".join(["number,word,day,y", *lines]), "made.csv")
    number, word, day, _ = suggest_columns(table)
    assert (number.missing, number.indicator) == ("median", True)
    assert (word.missing, word.indicator) == ("most_common", False)
    assert (day.kind, day.role) == ("date", "input")
