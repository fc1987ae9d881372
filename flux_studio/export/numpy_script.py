"""A Python script that needs NumPy only: table in, answers out, with the weights inside."""

from __future__ import annotations

import pprint
from collections.abc import Iterator

from flux_studio.export.lowering import Lowered
from flux_studio.export.numpy_text import (
    NumpyWriter,
    assignments,
    indented,
    safe,
    script,
    statement_lines,
)
from flux_studio.export.subject import Subject

_ABOUT = """{summary}

It needs NumPy only. On the command line it writes a line of predictions for each {row} of a table:

    python3 {name}.py TABLE.csv

In Python, with the cells of each column, as numbers or as text:

    from {name} import predict
    predict({{{example}}})

Behind it: encode() makes numbers of cells, network() has every matrix by its name, answers() reads the outputs.
"""

_READING = '''def numbers(columns, name, gaps=False):
    """The cells of a column as numbers; with gaps, NaN where a value is missing."""
    cells = [str(cell).strip() for cell in _cells(columns, name)]
    missing = np.array([_missing(cell) for cell in cells], bool)
    try:
        found = np.array(["nan" if gap else cell for cell, gap in zip(cells, missing)], float)
    except ValueError as error:
        raise ValueError(f"column {name!r}: {error}") from None
    if not np.isfinite(found[~missing]).all() or (missing.any() and not gaps):
        place = int((np.isfinite(found) | (missing & gaps)).argmin())
        raise ValueError(f"column {name!r}, row {place + 1}: {cells[place]!r} is no number")
    return found


def words(columns, name, known):
    """The cells of a column as text; each must be one that the network has learnt, "" where a value is missing."""
    cells = [str(cell).strip() for cell in _cells(columns, name)]
    cells = ["" if _missing(cell) else cell for cell in cells]
    for place, cell in enumerate(cells):
        if cell not in known:
            raise ValueError(f"column {name!r}, row {place + 1}: {cell!r} is none of {', '.join(known)}")
    return np.array(cells, object)


def _missing(cell):
    return cell.lower() in ("", "na", "nan", "null")


def _cells(columns, name):
    if name not in columns:
        raise ValueError(f"there is no column {name!r}")
    return columns[name]
'''

_USING = '''def windows(encoded):
    """Successive rows side by side, oldest first: M rows become M - WINDOW + 1."""
    if len(encoded) < WINDOW:
        raise ValueError(f"{len(encoded)} rows are too few: a prediction is made from {WINDOW}")
    count = len(encoded) - WINDOW + 1
    return np.hstack([encoded[step : step + count] for step in range(WINDOW)])


def predict(columns):
    """What the network says of a table, given as a dictionary of columns: a list for each kind of answer."""
    return answers(network(windows(encode(columns))))


def main():
    if len(sys.argv) != 2:
        sys.exit(f"usage: {sys.argv[0]} TABLE.csv")
    try:
        with open(sys.argv[1], encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
        found = predict({name: [row[name] or "" for row in rows] for name in (rows[0] if rows else {})})
    except (OSError, ValueError) as error:
        sys.exit(f"{sys.argv[1]}: {error}")
    writer = csv.writer(sys.stdout, lineterminator="\\n")
    writer.writerow(found)
    writer.writerows(zip(*found.values()))


if __name__ == "__main__":
    main()
'''


def make(subject: Subject) -> bytes:
    """The script's source, UTF-8."""
    lowered, flow = subject.lowered, subject.flow
    about = _ABOUT.format(
        summary=safe(subject.summary),
        row=("row" if lowered.window == 1 else f"window of {lowered.window} rows") + lowered.ahead_words,
        name=subject.name,
        example=safe(", ".join(f"{each.name!r}: [...]" for each in lowered.columns)),
    )
    weights = assignments((flow.parameters[key].name, array) for key, array in subject.weights.items())
    network = (
        f'def network(input_matrix):\n    """Every matrix on the way from inputs N×{flow.inputs.columns} '
        f'to outputs N×{flow.outputs.columns}."""\n    input_matrix = np.asarray(input_matrix, DTYPE)\n'
        '    with np.errstate(over="ignore"):  # e^x may be infinite where the result is 0 or 1 all the same\n'
        + indented(statement_lines(flow.statements), 2)
        + f"\n    return {flow.outputs.name}\n"
    )
    parts = [
        f"WINDOW = {lowered.window}  # successive rows that go in together, oldest first",
        f"METADATA = {pprint.pformat(subject.metadata, width=110, sort_dicts=False)}",
        "\n".join(weights) + "\n",
        _READING,
        "\n".join(_encode(lowered)) + "\n",
        network,
        "\n".join(_answers(lowered)) + "\n",
        _USING,
    ]
    return script(about, "\n\n".join(parts), subject.dtype)


def _encode(lowered: Lowered) -> Iterator[str]:
    yield "def encode(columns):"
    yield '    """The cells of each row as numbers for the network, in the order of METADATA[\'inputs\']."""'
    yield "    x = {"
    for raw in lowered.columns:
        known = f", {list(raw.words)!r}" if raw.words else ""
        known += ", gaps=True" if raw.name in lowered.with_gaps else ""
        yield f"        {raw.name!r}: {'words' if raw.words else 'numbers'}(columns, {raw.name!r}{known}),"
    yield "    }"
    writer = NumpyWriter(lambda raw: f"x[{raw.name!r}]")
    yield "    encoded = ["
    for term in lowered.numbers:
        yield f"        {writer.text(term)},"
    yield "    ]"
    yield "    return np.stack(encoded, axis=1).astype(DTYPE)"


def _answers(lowered: Lowered) -> Iterator[str]:
    titles = iter(lowered.titles())
    writer = NumpyWriter(lambda outputs: "part")
    yield "def answers(outputs):"
    yield '    """The outputs as people read them: classes or numbers in their own units, then shares of classes."""'
    yield "    outputs, found = np.asarray(outputs, np.float64), {}"
    for answer in lowered.answers:
        yield f"    part = outputs[:, {answer.place.start}:{answer.place.stop}]  # {answer.column!r}"
        written = f"({writer.text(answer.term)}).ravel().tolist()"
        if answer.classes:
            yield f"    names = {list(answer.classes)!r}"
            written = f"[names[int(place)] for place in {written}]"
        yield f"    found[{next(titles)!r}] = {written}"
    for answer in lowered.answers:
        if answer.shares:
            yield f"    part = outputs[:, {answer.place.start}:{answer.place.stop}]"
        for share in answer.shares:
            yield f"    found[{next(titles)!r}] = ({writer.text(share)}).ravel().tolist()"
    yield "    return found"
