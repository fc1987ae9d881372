"""Tables for property tests."""

from __future__ import annotations

from hypothesis import strategies as st

from flux_studio.data.table import Table

# Everything a cell can hold, with what CSV finds difficult drawn often.
_characters = st.one_of(
    st.sampled_from("\",;\t| \r\n'"), st.characters(exclude_characters="\0", codec="utf-8")
)
cells = st.text(_characters, max_size=8).map(str.strip)


@st.composite
def tables(draw: st.DrawFn) -> Table:
    """Any table: odd characters, empty cells, one column, one row."""
    names = draw(st.lists(cells.filter(bool), min_size=1, max_size=4, unique=True))
    rows = draw(st.lists(st.tuples(*[cells] * len(names)), min_size=1, max_size=5))
    return table_of(names, rows)


def table_of(names: list[str], rows: list[tuple[str, ...]], source: str = "made.csv") -> Table:
    """A table whose rows stand on the lines below its header."""
    return Table(source, tuple(names), tuple(zip(*rows, strict=True)), tuple(range(2, len(rows) + 2)))
