"""Every file is tried before it is put in place: read back, run on rows of the data, and compared with what we predict.

Each function runs a file in the way its readers would. It is a generator, so that progress can be shown and that it can
be given up: it yields while it works, and closing it ends what it has started.
"""

from __future__ import annotations

import importlib.util
import io
import json
import shutil
import sys
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from flux_studio.data.cells import is_missing
from flux_studio.engine.network import make_executor
from flux_studio.engine.operations.base import Array
from flux_studio.engine.program import lay_out
from flux_studio.engine.slots import MatrixKey
from flux_studio.errors import DataError, ExportError, FluxError
from flux_studio.export import c_header, program_script
from flux_studio.export.archives import full_name
from flux_studio.export.lowering import NO_WORD
from flux_studio.export.onnx_model import answer_names, input_names
from flux_studio.export.processes import run
from flux_studio.export.subject import Subject

MOST_ROWS = 1_000
_BOUNDS = {"float32": 1e-5, "float64": 1e-12}
_ROUNDING = 50
"""How many times what our own network's rounding makes of the outputs a file may differ, where that is more."""
_CHUNK = 100


@dataclass(frozen=True, eq=False)
class Found:
    """What a file has made of the sample's rows."""

    outputs: Array | None = None
    """N×O; ``None`` where it could not be run here."""
    answers: Sequence[Sequence[str | float]] | None = None
    """A row of answers for each row, without shares of classes or with them; ``None`` where it gives none."""
    difference: float = 0.0
    """What else was compared, and how far it was off."""
    rows: int | None = None
    """How many rows it was run on, where these were not the sample's."""
    words: str = ""
    """What was not done, and why."""


Verifying = Generator[None, None, Found]


class Sample:
    """Rows of the data, evenly taken, as they stand in the table and as numbers, and what our network says of them."""

    def __init__(self, subject: Subject) -> None:
        dataset = subject.project.dataset()
        count = len(dataset.inputs)
        chosen = np.unique(np.linspace(0, count - 1, min(count, MOST_ROWS)).astype(np.intp))
        self.subject = subject
        self.inputs: Array = dataset.inputs[chosen]
        self.places = dataset.windowing.places(dataset.table_rows[chosen])
        self.outputs = np.concatenate([*_predictions(subject, self.inputs)])

    @property
    def rows(self) -> int:
        """How many there are."""
        return len(self.inputs)

    @cached_property
    def cells(self) -> dict[str, list[list[str]]]:
        """The cells of each column that goes in: N×T, oldest first."""
        table = self.subject.project.table
        found = {}
        for raw in self.subject.lowered.columns:
            column = table.column(raw.name)
            cells = [[column[row] for row in rows] for rows in self.places.tolist()]
            gap = NO_WORD if raw.words else "nan"
            cells = [[gap if is_missing(cell) else cell for cell in row] for row in cells]
            found[raw.name] = cells
        return found

    def flat(self) -> dict[str, list[str]]:
        """The same, one window behind the other."""
        return {name: [cell for row in rows for cell in row] for name, rows in self.cells.items()}


def verify(found: Found, sample: Sample) -> float:
    """The largest difference; :class:`ExportError` where it is more than rounding."""
    if found.outputs is None:
        return found.difference
    difference = max(_difference(found.outputs, sample.outputs), found.difference)
    if not difference <= _bound(sample) and not difference <= own_rounding(sample):
        raise ExportError(
            f"what was written does not predict the same: the largest difference is {difference:.1g}, so it is not "
            "put in place; choose another format, and report this"
        )
    if found.answers is not None and np.isfinite(found.outputs).all():
        _check_answers(found, sample.subject)
    return difference


def _predictions(subject: Subject, inputs: Array) -> Iterator[Array]:
    for start in range(0, len(inputs), _CHUNK):
        yield subject.network.predict(inputs[start : start + _CHUNK])


def _difference(theirs: Array, ours: Array) -> float:
    """How far apart they are at most; infinite where they do not even have the same shape or the same gaps."""
    if theirs.shape != ours.shape:
        return float("inf")
    finite = np.isfinite(ours)
    if not np.array_equal(finite, np.isfinite(theirs)):
        return float("inf")
    return float(np.abs(theirs.astype(np.float64)[finite] - ours[finite]).max(initial=0.0))


def _bound(sample: Sample) -> float:
    finite = sample.outputs[np.isfinite(sample.outputs)]
    return _BOUNDS[sample.subject.dtype] * max(1.0, float(np.abs(finite).max(initial=0.0)))


def own_rounding(sample: Sample) -> float:
    """What rounding makes of our own outputs: large where numbers that are much larger cancel each other inside."""
    project, dtype = sample.subject.project, sample.subject.dtype
    other = {"float32": "float64", "float64": "float32"}[dtype]
    try:
        outputs = project.network("reference", dtype=other, rows=1).predict(sample.inputs)
    except FluxError:
        return 0.0  # numbers that the other type cannot hold
    apart = _difference(outputs, sample.outputs) * _ROUNDING
    return apart if dtype == "float32" else apart * float(np.finfo("float64").eps / np.finfo("float32").eps)


def _check_answers(found: Found, subject: Subject) -> None:
    """What a file says of its own outputs must be what we say of them."""
    assert found.outputs is not None
    assert found.answers is not None
    try:
        expected = subject.project.dataset().preprocessor.decode(found.outputs).rows
    except DataError as error:
        raise ExportError(str(error)) from error
    for row, (ours, theirs) in enumerate(zip(expected, found.answers, strict=True), start=1):
        for one, other in zip(ours, theirs, strict=False):
            if not _same(one, other):
                raise ExportError(
                    f"what was written says {other!r} where we say {one!r} (row {row}), so it is not put in place; "
                    "choose another format, and report this"
                )


def _same(one: str | float, other: str | float) -> bool:
    if isinstance(one, str) or isinstance(other, str):
        return one == other
    return bool(np.isclose(one, other, rtol=1e-9, atol=1e-12))


def weights(read: Callable[[Path], Mapping[str, Any]]) -> Callable[[Path, Sample], Verifying]:
    """For formats that hold the weights: what ``read`` finds takes the place of our own."""

    def verifying(path: Path, sample: Sample) -> Verifying:
        subject = sample.subject
        own = subject.weights
        arrays = read(path)
        if set(arrays) - {"metadata"} != set(map(full_name, own)):
            raise ExportError("not all of the weights were written, so the file is not put in place")
        yield
        difference = max(
            (_difference(arrays[full_name(key)], array) for key, array in own.items()), default=0.0
        )
        if difference:
            raise ExportError("the weights read back are not those that were written; choose another format")
        outputs = []
        subject.network.set_parameters({key: arrays[full_name(key)] for key in own})
        try:
            for part in _predictions(subject, sample.inputs):
                outputs.append(part)
                yield
        finally:
            subject.network.set_parameters(own)
        return Found(np.concatenate(outputs), difference=difference)

    return verifying


_LOAD = """
import importlib.util, json, sys
import numpy as np
found = importlib.util.spec_from_file_location("exported", sys.argv[1])
exported = importlib.util.module_from_spec(found)
found.loader.exec_module(exported)
"""

_SCRIPT = """
given = json.load(sys.stdin)
encoded = exported.encode(given["columns"])
outputs = exported.network(encoded.reshape(given["rows"], -1))
answers = exported.answers(outputs)
first = {name: cells[: exported.WINDOW] for name, cells in given["columns"].items()}
assert list(exported.predict(first)) == list(answers)
json.dump({"outputs": outputs.tolist(), "answers": list(zip(*answers.values()))}, sys.stdout)
"""

_TORCH = """
import torch
inputs = torch.tensor(np.load(sys.argv[2]))
with torch.no_grad():
    np.save(sys.argv[3], exported.network(inputs).numpy())
"""

_PROGRAM = """
given = np.load(sys.argv[2])
matrices, gradients = exported.iteration(given["inputs"], given["targets"])
np.savez(sys.argv[3], loss_matrix=matrices["loss_matrix"], **gradients)
"""


def _python(code: str, *arguments: str | Path) -> list[str]:
    # Isolated: nothing of the folder it runs in, and no other module of the same name.
    return [sys.executable or "python3", "-I", "-c", _LOAD + code, *map(str, arguments)]


def numpy_script(path: Path, sample: Sample) -> Verifying:
    """In a Python of its own, with the cells as they stand in the table."""
    given = json.dumps({"columns": sample.flat(), "rows": sample.rows}).encode()
    printed = json.loads((yield from run(_python(_SCRIPT, path), path.parent, given)))
    return Found(np.array(printed["outputs"]).reshape(sample.outputs.shape), printed["answers"])


def torch_script(path: Path, sample: Sample) -> Verifying:
    """In a Python of its own, where PyTorch is installed; else the weights are read back."""
    if importlib.util.find_spec("torch") is None:
        namespace: dict[str, Any] = {}
        # All that does not need PyTorch: weights and metadata stand before its first class.
        source = path.read_text(encoding="utf-8").replace("import torch\nfrom torch import nn\n", "")
        exec(
            compile(source.partition("\nnetwork = ")[0].partition("\nclass ")[0], path.name, "exec"),
            namespace,
        )
        yield
        own = sample.subject.weights
        variables = sample.subject.flow.parameters
        difference = max(_difference(namespace[variables[key].name], own[key]) for key in own) if own else 0.0
        return Found(
            difference=difference,
            rows=0,
            words="weights read back; not run, because PyTorch is not installed here",
        )
    given, out = path.parent / "inputs.npy", path.parent / "outputs.npy"
    np.save(given, sample.inputs.astype(sample.subject.dtype))
    yield from run(_python(_TORCH, path, given, out), path.parent)
    return Found(np.load(out))


def program(path: Path, sample: Sample) -> Verifying:
    """In a Python of its own: the loss and every gradient, beside those of our own program."""
    subject, dataset = sample.subject, sample.subject.project.dataset()
    chosen = dataset.training[:MOST_ROWS]
    inputs, targets = (values[chosen].astype(subject.dtype) for values in (dataset.inputs, dataset.targets))
    given, out = path.parent / "given.npz", path.parent / "found.npz"
    np.savez(given, inputs=inputs, targets=targets)
    yield from run(_python(_PROGRAM, path, given, out), path.parent)
    loss, gradients = there_and_back(subject, inputs, targets)
    variables = program_script.flow(subject).parameters
    # Gradients may be large where the loss is: what counts is how far they are off beside the largest.
    size = max([1.0, abs(loss), *(float(np.abs(each).max(initial=0.0)) for each in gradients.values())])
    with np.load(out) as found:
        apart = [_difference(found["loss_matrix"], np.array([[loss]]))]
        apart += [_difference(found[variables[key].name], own) for key, own in gradients.items()]
    if not max(apart) <= 100 * _BOUNDS[subject.dtype] * size:
        raise ExportError(
            f"what was printed does not compute the same: it is off by {max(apart):.1g}, so it is not put in place"
        )
    return Found(difference=max(apart), rows=len(chosen))


def there_and_back(subject: Subject, inputs: Array, targets: Array) -> tuple[float, dict[MatrixKey, Array]]:
    """The loss and the gradients of a pass in which dropout leaves nothing out."""
    recording = subject.recording
    still = {replace(each, training=0.0): symbol for each, symbol in recording.constants.items()}
    layout = lay_out(replace(recording, constants=still), [(len(inputs), ("forward", "loss", "backward"))])
    program = layout.programs[0]
    arena: Array = np.zeros(layout.size, subject.dtype)
    layout.prepare(arena)
    for key, array in subject.weights.items():
        layout.parameters[key].view(arena)[...] = array
    program.inputs.view(arena)[...] = inputs
    assert program.targets is not None
    assert program.loss is not None
    program.targets.view(arena)[...] = targets
    make_executor("reference", arena).run(program, 0, len(program.instructions))
    gradients = {key: slot.view(arena) for key, slot in layout.gradients.items()}
    return float(arena[program.loss.offset]), gradients


def onnx_model(path: Path, sample: Sample) -> Verifying:
    """By ONNX's own reference, with the cells as they stand in the table."""
    from onnx import load
    from onnx.reference import ReferenceEvaluator

    evaluator = ReferenceEvaluator(load(path))
    lowered = sample.subject.lowered
    names = ["outputs", *answer_names(lowered)]
    feeds = {
        name: np.array(sample.cells[raw.name], np.str_ if raw.words else np.float64)
        for raw, name in zip(lowered.columns, input_names(sample.subject), strict=True)
    }
    found: list[list[Any]] = []
    for start in range(0, sample.rows, _CHUNK):
        yield
        part = {name: cells[start : start + _CHUNK] for name, cells in feeds.items()}
        with np.errstate(over="ignore"):
            found.append(list(evaluator.run(names, part)))
    outputs, *answers = (np.concatenate(parts) for parts in zip(*found, strict=True))
    return Found(outputs, list(zip(*(each.ravel().tolist() for each in answers), strict=True)))


def compiler() -> str | None:
    """The system's C compiler, where there is one."""
    return next(filter(None, map(shutil.which, ("cc", "gcc", "clang"))), None)


def c_header_file(path: Path, sample: Sample) -> Verifying:
    """Compiled by the system's compiler, where there is one."""
    found = compiler()
    if found is None:
        return Found(rows=0, words="not run, because there is no C compiler here")
    subject, folder = sample.subject, path.parent
    (folder / "main.c").write_text(_c_main(path, sample), encoding="utf-8")
    program = folder / "program"
    command = [found, "-std=c99", "-O1", "-o", str(program), str(folder / "main.c"), "-lm"]
    yield from run(command, folder)
    lowered = subject.lowered
    columns = [
        [[str(raw.words.index(cell)) for cell in row] for row in sample.cells[raw.name]]
        if raw.words
        else sample.cells[raw.name]
        for raw in lowered.columns
    ]
    cells = (" ".join(each) for rows in zip(*columns, strict=True) for each in zip(*rows, strict=True))
    printed = yield from run([str(program)], folder, "\n".join(cells).encode())
    numbers = np.loadtxt(io.BytesIO(printed), ndmin=2)
    width = sample.outputs.shape[1]
    answers = [
        [
            dict(enumerate(answer.classes)).get(int(cell), "no class") if answer.classes else cell
            for answer, cell in zip(lowered.answers, row, strict=True)
        ]
        for row in numbers[:, width:].tolist()
    ]
    return Found(numbers[:, :width], answers)


def _c_main(path: Path, sample: Sample) -> str:
    """A program that reads rows and prints outputs and answers."""
    names, lowered = c_header.Names(sample.subject), sample.subject.lowered
    reading = []
    for raw in lowered.columns:
        field = f"&rows[step].{names.fields[raw.name]}"
        reading.append(f'scanf("{"%d" if raw.words else "%lf"}", {field}) != 1')
    printing = [
        f'printf("%.17g ", (double)answer.{names.fields[answer.column]});' for answer in lowered.answers
    ]
    width = sample.outputs.shape[1]
    return f"""#include <stdio.h>
#include "{path.name}"
int main(void)
{{
    {names.name}_row rows[{lowered.window}];
    {names.name}_answer answer;
    for (int row = 0; row < {sample.rows}; row++) {{
        for (int step = 0; step < {lowered.window}; step++)
            if ({" || ".join(reading)})
                return 2;
        if ({names.name}_predict(rows, &answer))
            return 3;
        for (int i = 0; i < {width}; i++)
            printf("%.17g ", (double)answer.outputs[i]);
        {" ".join(printing)}
        printf("\\n");
    }}
    return 0;
}}
"""
