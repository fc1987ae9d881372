"""From a table to the rows that are trained on and those that are kept away."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flux_studio import locations
from flux_studio.data.columns import Column, suggest_columns
from flux_studio.data.dataset import DroppedRow, prepare
from flux_studio.data.readers import parse_table, read_table
from flux_studio.errors import DataError

from .strategies import table_of

X, Y = Column("x"), Column("y", "target", scaling="none")


def iris(fraction, seed=0):
    table = read_table(locations.sample("iris.csv"))
    return prepare(table, suggest_columns(table), fraction, np.random.default_rng(seed))


def counted(rows, y=str):
    return table_of(["x", "y"], [(str(index), y(index)) for index in range(rows)])


def test_without_validation_all_rows_train_in_order_and_nothing_is_drawn():
    generator = np.random.default_rng(0)
    before = generator.bit_generator.state
    data = prepare(counted(5), [X, Y], 0.0, generator)
    assert generator.bit_generator.state == before
    assert data.training.tolist() == [0, 1, 2, 3, 4]
    assert data.table_rows.tolist() == [0, 1, 2, 3, 4]
    assert data.targets[:, 0].tolist() == [0, 1, 2, 3, 4]
    assert data.validation_inputs.shape == (0, 1)
    assert data.validation_targets.shape == (0, 1)


@settings(deadline=None)
@given(st.integers(1, 60), st.floats(0, 0.999), st.integers(1, 4), st.booleans())
def test_every_row_is_on_one_side(rows, fraction, classes, by_class):
    table = counted(rows, lambda index: f"c{index * index % classes}")
    target = Column("y", "target", "category") if by_class else Column("y", "ignore")
    columns = [X, target] if by_class else [X, target, Column("x2", "target")]
    if not by_class:
        table = table_of(["x", "y", "x2"], [(*row, "1") for row in zip(*table.columns, strict=True)])
    data = prepare(table, columns, fraction, np.random.default_rng(rows))
    assert sorted([*data.training, *data.validation]) == list(range(rows))
    assert (np.diff(data.training) > 0).all()
    assert (np.diff(data.validation) > 0).all()
    assert len(data.training) >= 1
    if fraction == 0 or rows == 1:
        assert len(data.validation) == 0
    elif not by_class:
        assert len(data.validation) == min(max(1, round(fraction * rows)), rows - 1)
    else:
        assert set(data.training_targets.argmax(axis=1)) == set(data.targets.argmax(axis=1))


def test_classes_give_equal_shares():
    data = iris(0.2)
    assert data.training_inputs.shape == (120, 4)
    assert data.training_targets.sum(axis=0).tolist() == [40, 40, 40]
    assert data.validation_targets.sum(axis=0).tolist() == [10, 10, 10]
    unequal = table_of(["x", "y"], [(str(index), "ab"[index % 10 == 0]) for index in range(100)])
    split = prepare(unequal, [X, Column("y", "target", "yes_no")], 0.25, np.random.default_rng(0))
    assert len(split.validation) == 25
    assert split.validation_targets.sum() in (2, 3)


def test_the_generator_alone_decides():
    assert iris(0.2).validation.tolist() == iris(0.2).validation.tolist()
    assert iris(0.2).fingerprint == iris(0.2).fingerprint
    assert iris(0.2, seed=1).validation.tolist() != iris(0.2).validation.tolist()
    assert len({iris(0.2).fingerprint, iris(0.2, seed=1).fingerprint, iris(0.0).fingerprint}) == 3


def test_every_row_is_validated_on_by_some_seed():
    seen = {row for seed in range(40) for row in iris(0.2, seed).validation.tolist()}
    assert len(seen) == 150


def test_only_training_rows_are_fitted():
    data = iris(0.3)
    np.testing.assert_allclose(data.training_inputs.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(data.training_inputs.std(axis=0), 1, rtol=1e-12)
    assert np.abs(data.validation_inputs.mean(axis=0)).max() > 1e-3
    assert data.inputs.shape == (150, 4)
    assert data.preprocessor.task == "classes"


def test_a_preprocessor_that_is_given_is_kept():
    fitted = prepare(counted(5), [X, Y], 0.0, np.random.default_rng(0)).preprocessor
    other = table_of(["x", "y"], [("2", "7"), ("12", "8")])
    data = prepare(other, [X, Y], 0.0, np.random.default_rng(0), fitted)
    assert data.preprocessor is fitted
    np.testing.assert_allclose(data.inputs[:, 0], [0.0, 10 / np.sqrt(2)])


def test_a_category_of_validation_rows_only_has_its_place():
    table = table_of(["x", "colour", "y"], [(str(index), f"c{index}", str(index)) for index in range(10)])
    columns = [X, Column("colour", kind="category"), Y]
    data = prepare(table, columns, 0.3, np.random.default_rng(0))
    assert data.inputs.shape == (10, 11)
    unseen = data.training_inputs.sum(axis=0)[1:] == 0
    assert unseen.sum() == 3
    assert data.validation_inputs[:, 1:][:, unseen].sum() == 3


def test_rows_without_a_value_are_dropped_with_the_reason():
    text = "x,y,note\n1,2,\n,5,a\n3,NA,b\nnan,null,c\n4,9,d\n"
    columns = [X, Y, Column("note", "ignore")]
    data = prepare(parse_table(text, "made.csv"), columns, 0.0, np.random.default_rng(0))
    assert data.table_rows.tolist() == [0, 4]
    assert data.targets.tolist() == [[2.0], [9.0]]
    assert data.dropped == (
        DroppedRow(1, "made.csv, line 3: no value in 'x'"),
        DroppedRow(2, "made.csv, line 4: no value in 'y'"),
        DroppedRow(3, "made.csv, line 5: no value in 'x', 'y'"),
    )


def test_no_row_left():
    table = parse_table("x,y\n1,\n2,NA\n,3\n", "made.csv")
    with pytest.raises(
        DataError, match=r"^made\.csv: no row has a value in every used column; column 'y' lacks 2 of 3"
    ):
        prepare(table, [X, Y], 0.0, np.random.default_rng(0))


@pytest.mark.parametrize("fraction", [-0.1, 1, 1.5, float("nan")])
def test_impossible_fractions(fraction):
    with pytest.raises(DataError, match="must be at least 0 and below 1"):
        prepare(counted(5), [X, Y], fraction, np.random.default_rng(0))


def test_columns_are_checked():
    with pytest.raises(DataError, match=r"made\.csv, line 2, column 'y': 'c0' is not a number"):
        prepare(counted(3, lambda index: f"c{index}"), [X, Y], 0.0, np.random.default_rng(0))


@pytest.mark.parametrize("kind", ["number", "category", "yes_no"])
def test_one_row_and_constant_columns(kind):
    for rows in (1, 4):
        table = table_of(["x", "y"], [("7", "1")] * rows)
        data = prepare(table, [X, Column("y", "target", kind)], 0.5, np.random.default_rng(0))
        assert data.inputs.tolist() == [[0.0]] * rows
        assert data.targets.tolist() == [[0.0 if kind == "number" else 1.0]] * rows
        assert len(data.training) == (1 if rows == 1 else 2)


def test_arrays_cannot_be_written_to():
    data = iris(0.2)
    arrays = [
        *(data.inputs, data.targets, data.training, data.validation, data.table_rows),
        *(data.training_inputs, data.training_targets, data.validation_inputs, data.validation_targets),
        *(iris(0.0).training_inputs, iris(0.0).validation_inputs),
    ]
    assert not any(array.flags.writeable for array in arrays)
    assert all(array.flags.c_contiguous for array in arrays)
    with pytest.raises(ValueError, match="read-only"):
        data.inputs[0, 0] = 1


def test_the_range_of_inputs_is_that_of_the_training_rows():
    data = iris(0.3)
    low, mean, high = data.input_range
    np.testing.assert_array_equal(low, data.training_inputs.min(axis=0))
    np.testing.assert_allclose(mean, data.training_inputs.mean(axis=0), atol=1e-12)
    np.testing.assert_array_equal(high, data.training_inputs.max(axis=0))
    assert not data.is_of_bits
