"""Tables to matrices and a network's outputs to answers."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from flux_studio.data.columns import Column
from flux_studio.data.encoders import CategoryEncoder, NumberEncoder, YesNoEncoder
from flux_studio.data.preprocessing import Preprocessor
from flux_studio.data.readers import parse_table
from flux_studio.errors import DataError, ShapeError

TABLE = parse_table(
    "size,colour,smoker,price,species,ill\n"
    "1,red,no,10,setosa,0\n"
    "3,blue,yes,30,virginica,1\n"
    "5,red,no,20,versicolor,0\n",
    "made.csv",
)
INPUTS = (
    Column("size", scaling="min_max"),
    Column("colour", kind="category"),
    Column("smoker", kind="yes_no"),
    Column("price", "ignore"),
)
PRICE = Column("price", "target", scaling="none")
SPECIES = Column("species", "target", "category")
ILL = Column("ill", "target", "yes_no")


def fit(*targets):
    return Preprocessor.fit(TABLE, [*INPUTS[: -1 if PRICE in targets else None], *targets], [0, 1, 2])


def test_inputs_and_their_names():
    preprocessor = fit(SPECIES)
    assert preprocessor.input_names == ("size", "colour=blue", "colour=red", "smoker")
    inputs = preprocessor.inputs(TABLE)
    assert inputs.tolist() == [[0, 0, 1, 0], [0.5, 1, 0, 1], [1, 0, 1, 0]]
    assert inputs.dtype == np.float64
    assert inputs.flags.c_contiguous
    assert preprocessor.inputs(TABLE, np.array([2, 1])).tolist() == inputs[[2, 1]].tolist()


def test_targets_and_their_names():
    several = fit(PRICE, SPECIES, ILL)
    assert several.target_names == (
        "price",
        "species=setosa",
        "species=versicolor",
        "species=virginica",
        "ill",
    )
    assert several.targets(TABLE).tolist() == [[10, 1, 0, 0, 0], [30, 0, 0, 1, 1], [20, 0, 1, 0, 0]]


@pytest.mark.parametrize(
    ("targets", "task"),
    [
        ([SPECIES], "classes"),
        ([ILL], "yes_no"),
        ([PRICE], "numbers"),
        ([ILL, SPECIES], "numbers"),
        ([PRICE, ILL], "numbers"),
    ],
)
def test_task(targets, task):
    assert fit(*targets).task == task


def test_a_table_to_predict_may_be_another():
    new = parse_table("smoker,extra,colour,size\nyes,?,blue,5\n", "new.csv")
    assert fit(SPECIES).inputs(new).tolist() == [[1.0, 1.0, 0.0, 1.0]]


@pytest.mark.parametrize(
    ("text", "fragment"),
    [
        ("smoker,Colour,size\nyes,blue,5\n", "new.csv has no column 'colour'; did you mean 'Colour'?"),
        ("smoker,size\nyes,5\n", "new.csv has no column 'colour'; its columns are: smoker, size"),
        (
            "colour,smoker,size\nred,no,1\ngreen,no,1\n",
            "new.csv, line 3, column 'colour': the network does not know",
        ),
        ("colour,smoker,size\nred,no,\n", "new.csv, line 2, column 'size': the cell has no value"),
        ("colour,smoker,size\nred,no,big\n", "new.csv, line 2, column 'size': 'big' is not a number"),
    ],
)
def test_a_table_that_cannot_be_predicted(text, fragment):
    with pytest.raises(DataError) as caught:
        fit(SPECIES).inputs(parse_table(text, "new.csv"))
    assert fragment in str(caught.value)


def test_classes_are_decoded_with_a_share_each():
    outputs = np.array([[0.9, 0.2, 0.7], [0.1, 0.25, 0.75]], dtype=np.float32)
    predictions = fit(SPECIES).decode(outputs)
    assert predictions.header == ("prediction", "p(setosa)", "p(versicolor)", "p(virginica)")
    assert [row[0] for row in predictions.rows] == ["setosa", "virginica"]
    # As the network gives them: these do not add to 1.
    np.testing.assert_array_equal([row[1:] for row in predictions.rows], outputs.astype(np.float64))


def test_yes_no_is_decoded_with_both_shares():
    predictions = fit(ILL).decode(np.array([[0.25], [0.5]]))
    assert predictions.header == ("prediction", "p(0)", "p(1)")
    assert predictions.rows == [("0", 0.75, 0.25), ("1", 0.5, 0.5)]


def test_numbers_are_decoded_in_their_units():
    preprocessor = Preprocessor((), (NumberEncoder("price", 20.0, 10.0),))
    predictions = preprocessor.decode(np.array([[0.0], [-1.5]], dtype=np.float32))
    assert predictions.header == ("prediction",)
    assert predictions.rows == [(20.0,), (5.0,)]
    assert all(type(value) is float for row in predictions.rows for value in row)


def test_several_targets_are_decoded_by_name():
    predictions = fit(PRICE, SPECIES, ILL).decode(np.array([[12.5, 0.0, 0.25, 0.125, 1.0]]))
    assert predictions.header == (
        *("prediction(price)", "prediction(species)", "prediction(ill)"),
        *("p(species=setosa)", "p(species=versicolor)", "p(species=virginica)", "p(ill=0)", "p(ill=1)"),
    )
    assert predictions.rows == [(12.5, "versicolor", "1", 0.0, 0.25, 0.125, 0.0, 1.0)]


def test_targets_decode_to_the_cells_they_came_from():
    preprocessor = fit(PRICE, SPECIES, ILL)
    rows = preprocessor.decode(preprocessor.targets(TABLE)).rows
    assert [row[:3] for row in rows] == [
        (10.0, "setosa", "0"),
        (30.0, "virginica", "1"),
        (20.0, "versicolor", "0"),
    ]


def test_no_rows_decode_to_no_rows():
    assert fit(SPECIES).decode(np.zeros((0, 3))).rows == []


def test_outputs_that_do_not_fit():
    with pytest.raises(ShapeError, match="outputs are 2×1, but its targets need N×3"):
        fit(SPECIES).decode(np.zeros((2, 1)))
    with pytest.raises(ShapeError, match="2×3 and targets 1×3"):
        fit(SPECIES).right(np.zeros((2, 3)), np.zeros((1, 3)))
    with pytest.raises(
        DataError, match="output for row 2, 'species=versicolor', is not finite; train it again"
    ):
        fit(SPECIES).decode(np.array([[0, 0, 0], [0, np.nan, 0]]))


def test_right():
    classes = fit(SPECIES).right(np.array([[0.4, 0.3, 0], [0.4, 0.3, 0.5]]), np.array([[1, 0, 0], [0, 1, 0]]))
    assert classes.tolist() == [True, False]
    yes_no = fit(ILL).right(np.array([[0.5], [0.49], [0.9]]), np.array([[1.0], [1.0], [1.0]]))
    assert yes_no.tolist() == [True, False, True]
    assert yes_no.dtype == np.bool_
    assert fit(PRICE).right(np.zeros((1, 1)), np.zeros((1, 1))) is None


def test_it_is_kept_as_json_exactly():
    preprocessor = Preprocessor(
        (NumberEncoder("a", 1 / 3, 2 / 3), CategoryEncoder("b", ("x", "y"))),
        (YesNoEncoder("c", "no", "yes"),),
    )
    again = msgspec.json.decode(msgspec.json.encode(preprocessor), type=Preprocessor)
    assert again == preprocessor
    assert again.input_names == ("a", "b=x", "b=y")
