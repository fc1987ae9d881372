"""Every operation, written in NumPy, ONNX and C, computes what it computes here."""

from __future__ import annotations

import ctypes
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import helper
from onnx.reference import ReferenceEvaluator

from flux_studio.engine import operations as ops
from flux_studio.engine.expressions import ONE, Term, lifted, matrix
from flux_studio.engine.operations import BATCH, OPERATIONS, UPDATE_OPERATIONS, Operation
from flux_studio.engine.operations.activations import ActivationOperation
from flux_studio.engine.operations.base import Elementwise
from flux_studio.errors import ExportError
from flux_studio.export import verification
from flux_studio.export.c_kernels import Function, function, terms
from flux_studio.export.flow import Variable
from flux_studio.export.numpy_text import NumpyWriter, script
from flux_studio.export.onnx_model import Graph, Nodes
from flux_studio.export.text import TextWriter
from tests.engine.operations.test_arithmetic import draw
from tests.engine.single import Array, input_shapes

RECORDED = [operation for operation in OPERATIONS if operation not in UPDATE_OPERATIONS]
NAMES = [operation.name for operation in RECORDED]
ROWS, INPUTS, OUTPUTS = 5, 3, 4


def drawn(operation: Operation, seed: int = 3) -> list[Array]:
    shapes = input_shapes(operation, INPUTS, OUTPUTS)
    values = draw(operation, shapes, ROWS, seed, 2.0, np.float64)
    if operation is ops.DROPOUT_MASK:
        values[1][...] = 0  # programs in other languages predict
    if operation is ops.LOG_SOFTMAX:
        values[1] = ops.ACTIVATIONS["softmax"].value(values[0])
    return values


def expression(operation: Operation) -> Term:
    shapes = input_shapes(operation, INPUTS, OUTPUTS)
    return operation.expression(*(matrix(Variable(f"x{place}", shape)) for place, shape in enumerate(shapes)))


def kinds(term: Term) -> set[str]:
    """Every kind of term that occurs."""
    return {term.kind}.union(*(kinds(part) for part in term.parts))


@pytest.mark.parametrize("operation", RECORDED, ids=NAMES)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_in_numpy(operation: Operation, dtype: str) -> None:
    values = [value.astype(dtype) for value in drawn(operation)]
    text = NumpyWriter(lambda variable: variable.name).text(expression(operation))
    given: dict[str, Any] = {f"x{place}": value for place, value in enumerate(values)}
    exec(script("", f"found = {text}", dtype), given)
    found = given["found"]
    expected = operation.value(*values)
    assert found.dtype == dtype
    assert found.shape == expected.shape
    close = 1e-12 if dtype == "float64" else 2e-5
    np.testing.assert_allclose(found, expected, rtol=close, atol=close)


IN_ONNX = [
    each
    for each in RECORDED
    if not {"spread", "column_sums", "total", "below_each_other"} & kinds(expression(each))
]
"""Those that are used to predict, and whatever else can be written."""


@pytest.mark.parametrize("operation", IN_ONNX, ids=lambda each: each.name)
def test_in_onnx(operation: Operation) -> None:
    """By the general rule, in float64."""
    values = drawn(operation)
    graph = Graph("float64", set())
    Nodes(graph, lambda variable: variable.name, "float64", "y").write(expression(operation))
    kind = onnx.TensorProto.DOUBLE
    inputs = [helper.make_tensor_value_info(f"x{place}", kind, None) for place in range(len(values))]
    made = helper.make_graph(
        graph.nodes, "g", inputs, [helper.make_tensor_value_info("y", kind, None)], graph.kept
    )
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    feeds = {f"x{place}": value for place, value in enumerate(values)}
    with np.errstate(over="ignore"):
        (found,) = ReferenceEvaluator(model).run(None, feeds)
    np.testing.assert_allclose(found, operation.value(*values), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(
    "operation", [each for each in ops.ACTIVATIONS.values() if each.in_onnx], ids=lambda each: each.name
)
def test_the_operator_of_onnx_is_the_same(operation: ActivationOperation) -> None:
    values = [value.astype(np.float32) for value in drawn(operation)]
    for value, (_, constant) in zip(values[1:], operation.constants, strict=True):
        value[...] = constant
    operator, *names = operation.in_onnx
    attributes = dict(zip(names, (float(value[0, 0]) for value in values[1:]), strict=True))
    node = helper.make_node(operator, ["x"], ["y"], **attributes)
    ends = [helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None) for name in "xy"]
    graph = helper.make_graph([node], "g", ends[:1], ends[1:])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    (found,) = ReferenceEvaluator(model).run(None, {"x": values[0]})
    np.testing.assert_allclose(found, operation.value(*values), rtol=1e-6, atol=1e-6)


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """All operations in one library, compiled once, without a warning."""
    compiler = verification.compiler()
    if compiler is None:
        pytest.skip("there is no C compiler here")
    folder = tmp_path_factory.mktemp("kernels")
    text = "\n".join(made(operation).text for operation in _in_c()).replace("static inline ", "")
    prototypes = "\n".join(line + ";" for line in text.splitlines() if line.startswith("void "))
    (folder / "all.c").write_text(f"#include <math.h>\n{prototypes}\n{text}")
    options = ["-std=c99", "-O1", "-fPIC", "-shared", "-Wall", "-Wextra", "-Werror", "-pedantic"]
    subprocess.run([compiler, *options, "all.c", "-o", "all.so", "-lm"], cwd=folder, check=True)
    return ctypes.CDLL(str(folder / "all.so"))


def made(operation: Operation) -> Function:
    return function(operation, f"op_{operation.name}", "double")


def _in_c() -> list[Operation]:
    refused = (ops.SUM_OF_PRODUCTS, ops.DROPOUT_MASK, ops.ACTIVATION_OPERATIONS["identity"].slope)
    return [operation for operation in RECORDED if operation not in refused]


@pytest.mark.parametrize("operation", _in_c(), ids=lambda each: each.name)
def test_in_c(library: Any, operation: Operation) -> None:
    """On several rows at once, stored as the compiled executor has them."""
    values = drawn(operation)
    shapes = input_shapes(operation, INPUTS, OUTPUTS)
    expected = operation.value(*values)
    by_feature = operation.shape(*shapes)[0] == BATCH
    result = np.full(expected.size, np.nan)
    kept = [
        np.ascontiguousarray((value.T if shape[0] == BATCH else value).ravel())
        for value, shape in zip(values, shapes, strict=True)
    ]
    cells = operation.matrices if isinstance(operation, Elementwise) else len(kept)
    places = dict(zip([*"abcd"[:cells], *"cd"] if cells < len(kept) else "abcd", kept, strict=False))
    sizes = dict(zip("mkn", operation.sizes(expected.shape, *(value.shape for value in values)), strict=True))
    pointers = {name: array.ctypes.data_as(ctypes.c_void_p) for name, array in places.items()}
    arguments = {"o": result.ctypes.data_as(ctypes.c_void_p), **pointers}
    arguments |= {name: ctypes.c_int(int(size)) for name, size in sizes.items()}
    library[f"op_{operation.name}"](*(arguments[name] for name in made(operation).parameters))
    found = result.reshape(expected.T.shape).T if by_feature else result.reshape(expected.shape)
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)


def test_what_c_cannot_have_is_refused() -> None:
    for operation in (ops.SUM_OF_PRODUCTS, ops.DROPOUT_MASK):
        with pytest.raises(ExportError, match="cannot be written in C"):
            made(operation)
    with pytest.raises(ExportError, match="choose another format"):
        TextWriter("C", {}, str, str).text(matrix(Variable("x", (1, 1))).tanh())


class TestText:
    writer = NumpyWriter(lambda variable: variable.name)
    x = matrix(Variable("x", (BATCH, 1)))

    def test_brackets_stand_where_they_are_needed(self) -> None:
        x = self.x
        for term, text in (
            (x - (x - 1), "x - (x - 1)"),
            ((x + 1) * x / (x * 2), "(x + 1) * x / (x * 2)"),
            (-(x + 1), "-(x + 1)"),
            ((-x) ** 2, "(-x) ** 2"),
            (x ** (-x), "x ** (-x)"),
            (ONE / (ONE + (-x).exp()), "1 / (1 + np.exp(-x))"),
            ((x + 1).T @ x, "(x + 1).T @ x"),
            (lifted(-2) * x, "-2 * x"),
        ):
            assert self.writer.text(term) == text
            given = np.array([[1.5], [2.0]])
            plain = eval(text, {"np": np, "x": given})
            assert np.isfinite(plain).all()


COMING = {
    "fill": lambda x: x.is_missing().where(0.5, x),
    "indicator": lambda x: x.is_missing().where(1, 0),
    "sine": lambda x: (x * 2).sin() + x.cos(),
    "floor": lambda x: x.floor() * abs(x),
    "logarithms": lambda x: (x * x + 1).log() + (x * x).log1p(),
    "a power": lambda x: (x * x) ** 0.5,
}
"""What preprocessing is made of, or soon may be."""


@pytest.mark.parametrize("make", COMING.values(), ids=COMING)
def test_what_encoders_may_need(tmp_path: Path, make: Callable[[Term], Term]) -> None:
    """The same in three languages, a missing value among the numbers."""
    x = np.array([[0.25], [-1.5], [np.nan], [3.0]])
    term = make(matrix(Variable("x", (BATCH, 1))))
    given: dict[str, Any] = {"x": x}
    exec(script("", f"found = {NumpyWriter(lambda leaf: leaf.name).text(term)}", "float64"), given)
    expected = given["found"]
    graph = Graph("float64", set())
    Nodes(graph, lambda leaf: leaf.name, "float64", "y").write(term)
    ends = [helper.make_tensor_value_info(name, onnx.TensorProto.DOUBLE, None) for name in "xy"]
    made_graph = helper.make_graph(graph.nodes, "g", ends[:1], ends[1:], graph.kept)
    model = helper.make_model(made_graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    (found,) = ReferenceEvaluator(model).run(None, {"x": x})
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    if (compiler := verification.compiler()) is not None:
        text = terms("double", lambda leaf: "x[i]").text(term)
        main = f"""#include <math.h>
            #include <stdio.h>
            int main(void) {{
                double x[] = {{0.25, -1.5, NAN, 3.0}};
                for (int i = 0; i < 4; i++) printf("%.17g\\n", (double)({text}));
                return 0;
            }}"""
        (tmp_path / "a.c").write_text(main)
        subprocess.run([compiler, "-std=c99", "a.c", "-o", "a", "-lm"], cwd=tmp_path, check=True)
        printed = subprocess.run([str(tmp_path / "a")], capture_output=True, check=True).stdout.split()
        np.testing.assert_allclose([float(each) for each in printed], expected[:, 0], rtol=1e-12)
