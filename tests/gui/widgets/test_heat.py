"""Pictures of matrices: the right colours, extremes that survive shrinking, and a colour of its own for NaN."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PySide6.QtGui import QImage

from flux_studio.gui.theme import DARK, LIGHT, Theme
from flux_studio.gui.widgets import heat


def pixels(image: QImage) -> np.ndarray:
    return np.array(
        [[image.pixel(x, y) for x in range(image.width())] for y in range(image.height())], np.uint32
    )


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)
def test_levels_get_the_ends_of_the_scale_and_zero_its_middle(theme: Theme) -> None:
    table = heat.colour_table(theme)
    shown = pixels(heat.heat_image(np.array([[-2.0, 0.0, 2.0, 99.0]]), 2.0, theme))[0]
    assert shown.tolist() == [table[1], table[128], table[255], table[255]]


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.int8, np.int64, np.bool_])
def test_every_kind_of_number_is_taken(dtype: type) -> None:
    matrix = heat.as_matrix(np.array([[0, 1], [1, 0]], dtype=dtype))
    table = heat.colour_table(LIGHT)
    assert pixels(heat.heat_image(matrix, 1.0, LIGHT)).tolist() == [
        [table[128], table[255]],
        [table[255], table[128]],
    ]


def test_nan_and_infinities_have_a_colour_outside_the_scale() -> None:
    table = heat.colour_table(LIGHT)
    shown = pixels(heat.heat_image(np.array([[np.nan, np.inf, -np.inf, 0.0]]), 1.0, LIGHT))[0]
    assert shown.tolist() == [table[0], table[0], table[0], table[128]]
    assert table[0] not in table[1:]


@pytest.mark.parametrize("level", [1e-300, 1e-40, 1e40, 1e300])
def test_extreme_levels_keep_zero_at_zero(level: float) -> None:
    matrix = np.array([[0.0, level, -level]])
    assert heat.colour_indices(matrix, level).tolist() == [[128, 255, 1]]


def test_an_empty_matrix_has_no_picture() -> None:
    assert heat.heat_image(np.empty((0, 4)), 1.0, LIGHT).isNull()


@given(
    arrays(np.float64, st.tuples(st.integers(1, 40), st.integers(1, 40)), elements=st.floats(-9, 9)),
    st.integers(1, 15),
    st.integers(1, 15),
)
@settings(max_examples=60)
def test_shrinking_keeps_the_extreme_of_every_block(matrix: np.ndarray, rows: int, columns: int) -> None:
    small = heat.shrink(matrix, rows, columns)
    assert small.shape == (min(rows, matrix.shape[0]), min(columns, matrix.shape[1]))
    assert np.abs(small).max() == np.abs(matrix).max()
    assert np.isin(np.abs(small), np.abs(matrix)).all()


def test_shrinking_by_whole_blocks_is_the_extreme_of_each() -> None:
    matrix = np.random.default_rng(0).normal(size=(60, 40))
    blocks = matrix.reshape(12, 5, 10, 4).swapaxes(1, 2).reshape(12, 10, 20)
    expected = np.take_along_axis(blocks, np.abs(blocks).argmax(axis=2)[..., None], axis=2)[..., 0]
    np.testing.assert_array_equal(heat.shrink(matrix, 12, 10), expected)
    np.testing.assert_array_equal(heat.shrink(np.asfortranarray(matrix), 12, 10), expected)


def test_one_nan_among_many_numbers_survives_shrinking() -> None:
    matrix = np.zeros((100, 100))
    matrix[37, 81] = np.nan
    assert np.isnan(heat.shrink(matrix, 10, 10)).sum() == 1


@pytest.mark.parametrize(
    ("matrix", "expected"),
    [
        (np.array([[-3.0, 2.0]]), (3.0, True)),
        (np.array([[np.nan, -4.0, np.inf]]), (4.0, False)),
        (np.array([[np.nan]]), (0.0, False)),
        (np.empty((0, 3)), (0.0, True)),
        (np.zeros((2, 2)), (0.0, True)),
    ],
)
def test_magnitude(matrix: np.ndarray, expected: tuple[float, bool]) -> None:
    assert heat.magnitude(matrix) == expected


@pytest.mark.parametrize(
    ("cells", "room", "largest", "length"),
    [(8, 64, 8, 64), (10, 64, 8, 60), (1, 64, 8, 10), (65, 64, 8, 64), (4, 64, 8, 32)],
)
def test_cells_are_whole_pixels(cells: int, room: int, largest: int, length: int) -> None:
    assert heat.fitted(cells, room, largest) == length


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)
def test_text_is_dark_on_light_cells_and_light_on_dark_ones(theme: Theme) -> None:
    inks, table = heat.ink_table(theme), heat.colour_table(theme)
    lightness = [sum((int(value) >> shift) & 0xFF for shift in (16, 8, 0)) for value in table]
    lightest, darkest = int(np.argmax(lightness)), int(np.argmin(lightness))
    assert inks[lightest].lightness() < 64
    assert inks[darkest].lightness() > 192


@pytest.mark.parametrize("shape", [(1, 1), (7, 5), (64, 64), (33, 100), (2, 513)])
@pytest.mark.parametrize("size", [1, 2, 3, 8, 64])
@pytest.mark.parametrize("order", ["C", "F"])
def test_each_block_keeps_its_extreme(shape: tuple[int, int], size: int, order: str) -> None:
    matrix = np.asarray(np.random.default_rng(3).normal(size=shape), order=order)  # type: ignore[call-overload]
    matrix[-1, -1] = np.nan
    found = heat.blocks(matrix, size)
    assert found.shape == (-(-shape[0] // size), -(-shape[1] // size))
    for row, column in np.ndindex(*found.shape):
        block = matrix[row * size : (row + 1) * size, column * size : (column + 1) * size].ravel()
        wanted = np.nan if np.isnan(block).any() else block[np.abs(block).argmax()]
        np.testing.assert_equal(found[row, column], wanted)
