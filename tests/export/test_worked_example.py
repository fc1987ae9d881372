"""The worked example of an iteration: its numbers are those of the arena, and LaTeX takes it."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from flux_studio import locations
from flux_studio.engine import Network
from flux_studio.engine.worked import MOST_ROWS, work_out
from flux_studio.errors import ExportError
from flux_studio.export.worked_example import save, worked_example
from flux_studio.project import files
from flux_studio.project.catalogue import titles
from flux_studio.training.session import Session
from tests.engine.layers import stacks
from tests.engine.networks import dense
from tests.engine.test_explain import RULES, train, updated

_MARK = re.compile(
    r"^% (?P<what>\d+ \w+|given|before|gradient|kept|after) (?P<key>.*) (?P<rows>\d+)x(?P<columns>\d+)$"
)
_GRID = re.compile(r"\\begin\{array\}\{.*?\}\n(.*?)\n\\end\{array\}", re.DOTALL)
DIGITS = 6


def numbers(text: str) -> list[list[float | None]]:
    """The last matrix, or the last number, of a displayed formula."""

    def value(cell: str) -> float | None:
        cell = re.sub(r" ?\\cdot 10\^\{(-?\d+)\}", r"e\1", cell.strip())
        return None if "dots" in cell else float(cell)

    if grids := _GRID.findall(text):
        return [[value(cell) for cell in line.split("&")] for line in grids[-1].split("\\\\\n")]
    return [[value(re.split(r"=", text.split(r"\end{align*}")[0].replace(r"\]", ""))[-1])]]


def results(document: str) -> list[tuple[str, tuple[str, str], list[list[float | None]]]]:
    """Every marked result: what it is, of which matrix, and its numbers."""
    found, written = [], document.splitlines()
    for place, line in enumerate(written):
        if (mark := _MARK.match(line)) is None:
            continue
        end = next(i for i in range(place, len(written)) if written[i].endswith((r"\]", r"\end{align*}")))
        owner, _, name = mark["key"].rpartition(" ")
        found.append((mark["what"], (owner, name), numbers("\n".join(written[place + 1 : end + 1]))))
    return found


def check_matrix(shown: list[list[float | None]], matrix: np.ndarray) -> None:
    """All numbers that are shown stand where they belong; corners are left out in the middle."""
    rows, columns = matrix.shape
    clipped = None in shown[0]
    for row, line in enumerate(shown):
        for column, value in enumerate(line):
            if value is not None:
                i = row if row < 3 or rows <= MOST_ROWS else rows - len(shown) + row
                j = column if column < 3 or not clipped else columns - len(line) + column
                assert value == pytest.approx(float(matrix[i, j]), rel=10.0 ** (1 - DIGITS), abs=1e-30)


def check(network: Network, iteration: int) -> str:
    """Every number of the document, against the arena and what the network makes of the next update."""
    document = worked_example(work_out(network, iteration), {}, "trial", DIGITS)
    found = results(document)
    told = {key for what, key, _ in found if what[0].isdigit() and "update" not in what}
    for what, key, shown in found:
        # Gradients that an update has clipped are of the copy that it was carried out on.
        now = what in ("given", "before") or (what[0].isdigit() and "update" not in what)
        # A second update of the same parameter begins where the first has ended.
        again = what == "before" and [each for each, other, _ in found if other == key].count("before") > 1
        if key in network.shapes() and not again and (now or (what == "gradient" and key[0])):
            check_matrix(shown, network.matrix(key))
    wanted = {(each.layer, each.output) for each in network.program.instructions if each.phase != "update"}
    # Steps in the middle of a long sequence are passed over.
    assert len(told) >= len({layer for layer, _ in wanted if "/step-" not in layer})
    before = network.arena.copy()
    start, stop = network.program.phases["update"]
    network.executor.run(network.program, start, stop, iteration + 1)
    # With weight decay, the weights are changed twice: the last time counts.
    changed = {key: shown for what, key, shown in found if what in ("kept", "after")}
    for key, shown in changed.items():
        check_matrix(shown, network.matrix(key))
    assert set(changed) >= set(network.layout.parameters)
    network.arena[...] = before
    balanced(document)
    return document


def balanced(document: str) -> None:
    """What LaTeX would complain of first."""
    text = re.sub(r"(?<!\\)%.*", "", document)
    assert text.isascii() or all(ord(letter) < 0x180 for letter in text)
    bare = text.replace(r"\{", "").replace(r"\}", "")
    assert bare.count("{") == bare.count("}")
    assert len(re.findall(r"\\left[^a-z]", text)) == len(re.findall(r"\\right[^a-z]", text))
    opened: list[str] = []
    for kind, name in re.findall(r"\\(begin|end)\{(\w+\*?)\}", text):
        if kind == "begin":
            opened.append(name)
        else:
            assert opened.pop() == name
    assert not opened


@pytest.mark.parametrize("kind", stacks.KINDS)
def test_every_kind_of_layer(kind: str) -> None:
    network = stacks.network(stacks.KINDS[kind])
    train(network, 3)
    before = network.arena.copy()
    check(network, 3)
    assert (network.arena == before).all()


@pytest.mark.parametrize("name", RULES)
def test_every_way_to_change_the_weights(name: str) -> None:
    network = updated(RULES[name])
    train(network, 4)
    check(network, 4)


def test_large_matrices_show_their_corners() -> None:
    network = dense(30, 24, 2, rows=40)
    train(network, 2)
    document = check(network, 2)
    shown = {key: values for _, key, values in results(document)}
    weights = shown["layer-1", "weights_matrix"]
    assert (len(weights), len(weights[0])) == (6, 6)
    assert weights[3] == [None] * 6
    assert re.search(r"\\ldots \\quad \\text\{\(24 more\)\}", document)


def test_products_are_filled_in() -> None:
    network = dense(2, 3, 1, rows=4)
    train(network, 1)
    document = worked_example(work_out(network, 1), {"layer-1": "Dense 1"}, "trial", 4)
    weighted = document.split("forward layer-1 weight_and_input_matrix 4x3\n")[1].split(r"\end{align*}")[0]
    assert len(_GRID.findall(weighted)) == 3
    assert r"\cdot \left(" in weighted
    assert r"\subsection*{Dense 1}" in document
    # Cell by cell is not the product of two matrices, and is not written as one.
    delta = document.split("layer-1 dC_da_matrix 4x3\n")[1].split(r"\end{align*}")[0]
    assert r"\odot" in delta
    assert r"\cdot" not in re.sub(r"\\cdot 10", "", delta)


@pytest.mark.parametrize("digits", [1, 10])
def test_so_many_digits_are_refused(digits: int) -> None:
    network = dense(2, 1)
    network.rest()
    with pytest.raises(ExportError, match="2 to 9 digits"):
        worked_example(work_out(network, 0), {}, "trial", digits)


def test_it_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    network = dense(2, 1)
    network.rest()
    save(tmp_path / "step.tex", work_out(network, 0), {}, "trial")
    assert (tmp_path / "step.tex").read_text(encoding="utf-8").endswith("\\end{document}\n")
    with pytest.raises(ExportError):
        save(tmp_path / "missing" / "step.tex", work_out(network, 0), {}, "trial")


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="needs a TeX")
@pytest.mark.parametrize("name", ["xor", "iris", "mackey-glass"])
def test_latex_takes_it(name: str, tmp_path: Path) -> None:
    project = files.load(locations.sample(f"{name}.flux"))
    session = Session(project, "reference")
    list(session.train(3))
    named = titles(project.specification)
    save(tmp_path / "step.tex", work_out(session.network, 3), named, f"{name} 100 % _&#")
    done = subprocess.run(
        ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "step.tex"],
        cwd=tmp_path,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout.decode(errors="replace")[-2000:]
    assert b"Overfull" not in done.stdout
