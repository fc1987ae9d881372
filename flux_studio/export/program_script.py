"""The program as NumPy: one iteration, forward and backward, a line for each matrix and each matrix by its name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from flux_studio.export.flow import Flow, there_and_back
from flux_studio.export.numpy_text import (
    assignments,
    indented,
    safe,
    script,
    statement_lines,
)
from flux_studio.export.subject import Subject

ROWS_SHOWN = 16
"""How many training rows the script brings along to work on."""

_ABOUT = """{summary}

The program behind it, printed: how a batch becomes outputs and a loss, and how the loss becomes the gradient of every
weight. Each line computes one matrix. It needs NumPy only; run it to see the loss fall over a few steps of gradient
descent on {rows} rows of the data. Dropout leaves nothing out here.
"""

_TAIL = """

if __name__ == "__main__":
    for number in range(5):
        found, gradients = iteration(input_matrix, target_matrix)
        print(f"iteration {{number}}: loss {{found['loss_matrix'].item():.6g}}")
        for name, gradient in gradients.items():
            parameters[name] = parameters[name] - DTYPE({rate}) * gradient
"""


def flow(subject: Subject) -> Flow:
    """What the script computes."""
    return there_and_back(subject.recording, subject.named)


def make(subject: Subject) -> bytes:
    """The script's source, UTF-8."""
    found, dataset = flow(subject), subject.project.dataset()
    rows = min(ROWS_SHOWN, len(dataset.training))
    names: Mapping[str, str] = {
        variable.name: found.gradients[key].name for key, variable in found.parameters.items()
    }
    arrays = [(found.parameters[key].name, array) for key, array in subject.weights.items()]
    shown = [
        (name, values[dataset.training[:rows]].astype(subject.dtype))
        for name, values in (("input_matrix", dataset.inputs), ("target_matrix", dataset.targets))
    ]
    parts = [
        "\n".join(assignments([*arrays, *shown])),
        "parameters = {\n" + _entries(list(names), list(names)) + "\n}\n",
        _iteration(found, names),
        _TAIL.format(rate=subject.project.specification.optimizer.learning_rate),
    ]
    about = _ABOUT.format(summary=safe(subject.summary), rows=rows)
    return script(about, "\n\n".join(parts), subject.dtype)


def _iteration(found: Flow, names: Mapping[str, str]) -> str:
    unpacked = "\n".join(f'    {name} = parameters["{name}"]' for name in names)
    return (
        "def iteration(input_matrix, target_matrix):\n"
        '    """Every matrix by its name, and the gradient of every parameter by the parameter\'s."""\n'
        f"{unpacked}\n    N = len(input_matrix)\n"
        '    with np.errstate(over="ignore"):  # e^x may be infinite where the result is 0 or 1 all the same\n'
        + indented(statement_lines(found.statements), 2)
        + "\n    gradients = {\n"
        + _entries(list(names), list(names.values()), 2)
        + "\n    }\n"
        "    return {name: value for name, value in locals().items() if isinstance(value, np.ndarray)}, gradients\n"
    )


def _entries(names: Sequence[str], values: Sequence[str], depth: int = 1) -> str:
    return indented((f'"{name}": {value},' for name, value in zip(names, values, strict=True)), depth)
