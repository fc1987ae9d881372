"""Any cells with anything said of their columns: finite numbers, or one sentence that says what is wrong."""

from __future__ import annotations

import contextlib

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flux_studio.data.columns import Column, Derived, suggest_columns
from flux_studio.data.dataset import prepare
from flux_studio.data.facts import all_facts
from flux_studio.data.fields import input_fields, usual_row
from flux_studio.data.suspicions import suspicions
from flux_studio.errors import DataError

from .strategies import table_of

_CELLS = st.one_of(
    st.sampled_from(
        ["", "NA", "0", "1", "-1", "2.5", "1e308", "-1e308", "1e-320", "yes", "no", "red", "blue", "green"]
    ),
    st.sampled_from(
        ["2021-02-03", "3/4/2021", "13/4/21", "4.3.2021 18:30", "March 4, 2021", "31/02/2021", "inf"]
    ),
    st.integers(-9, 9).map(str),
)
_COLUMNS = st.builds(
    Column,
    name=st.just("x"),
    role=st.sampled_from(["input", "ignore"]),
    kind=st.sampled_from(["number", "category", "yes_no", "date"]),
    scaling=st.sampled_from(["standard", "min_max", "robust", "none"]),
    missing=st.sampled_from(["drop", "mean", "median", "most_common", "constant"]),
    fill=st.sampled_from(["", "1", "red", "2021-02-03"]),
    indicator=st.booleans(),
    encoding=st.sampled_from(["one_hot", "ordinal"]),
)


@settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(_CELLS, min_size=1, max_size=12),
    _COLUMNS,
    st.sampled_from(
        [(), (Derived("square", ("x",)),), (Derived("sine", ("x",)), Derived("product", ("x", "z")))]
    ),
)
def test_numbers_or_a_sentence(cells, column, derived):
    rows = [(cell, str(n / 7), "ab"[n % 2]) for n, cell in enumerate(cells)]
    table = table_of(["x", "z", "y"], rows)
    for columns in ((column, Column("z"), Column("y", "target", "category")), suggest_columns(table, ["y"])):
        facts, data = all_facts(table, columns), None
        with contextlib.suppress(DataError):
            data = prepare(table, columns, 0.2, np.random.default_rng(0), derived=derived)
        if data is not None:
            assert np.isfinite(data.inputs).all()
            assert data.inputs.shape[1] == len(data.preprocessor.input_names)
            assert np.isfinite(usual_row(data)).all()
            row = data.inputs[0].copy()
            for field in input_fields(data):
                field.put(row, field.value(row))
            again = data.preprocessor.complete(row[None])[0]
            if "308" not in "".join(cells):  # the sine of such a number is anything
                np.testing.assert_allclose(again, data.inputs[0], rtol=1e-6, atol=1e-6)
        for each in suspicions(table, columns, facts, data):
            assert each.what
            assert each.advice
