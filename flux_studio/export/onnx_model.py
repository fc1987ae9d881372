"""An ONNX model: opset 17, IR 8, elementary operators that runtimes have for float32 and float64.

Each column of the table is an input of its own, N×1 (N×T where T successive rows go in, oldest first): numbers as
float64, words as text. Each target is an output as people read it, beside the network's raw ``outputs`` N×O.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from flux_studio.data.table import listed
from flux_studio.engine.expressions import Term
from flux_studio.engine.operations.base import Array
from flux_studio.errors import ExportError
from flux_studio.export.flow import Statement, Variable, word
from flux_studio.export.lowering import Answer, Lowered, Raw
from flux_studio.export.subject import Subject

if TYPE_CHECKING:
    from onnx import ModelProto, NodeProto

OPSET, ML_OPSET, IR = 17, 3, 8
LARGEST = 2**31 - 2**20
"""Bytes: a protocol buffer holds less than 2 GB."""

_ERF_PLACES = 40
_ERF_END = 6.0
"""Beyond it the error function is 1 to the last digit; up to it, so many places give 15 digits."""

_PLAIN = {
    "add": "Add",
    "subtract": "Sub",
    "multiply": "Mul",
    "divide": "Div",
    "power": "Pow",
    "product": "MatMul",
    "negative": "Neg",
    "abs": "Abs",
    "exp": "Exp",
    "log": "Log",
    "tanh": "Tanh",
    "erf": "Erf",
    "sin": "Sin",
    "cos": "Cos",
    "sqrt": "Sqrt",
    "floor": "Floor",
    "greater": "Greater",
    "greater_equal": "GreaterOrEqual",
    "less": "Less",
    "less_equal": "LessOrEqual",
    "is_missing": "IsNaN",
    "where": "Where",
    "transpose": "Transpose",
}
"""Kinds of term that are one operator on their parts."""


def check(subject: Subject) -> None:
    """Raise :class:`ExportError` for preprocessing that cannot be written, and for weights that are too many."""
    _ = subject.lowered
    if sum(array.nbytes for array in subject.weights.values()) > LARGEST:
        raise ExportError(
            "the weights take more than 2 GB, the most that an ONNX file holds: choose safetensors"
        )


def make(subject: Subject) -> bytes:
    """The model's bytes."""
    content: bytes = model(subject).SerializeToString(deterministic=True)
    return content


def model(subject: Subject) -> ModelProto:
    """The model as ONNX's own object, checked by ONNX."""
    import onnx
    from onnx import TensorProto, helper

    lowered, flow = subject.lowered, subject.flow
    names = input_names(subject)
    graph = Graph(subject.dtype, {*_own_names(subject), *names})
    for key, array in subject.weights.items():
        graph.keep(flow.parameters[key].name, array)
    columns = {raw.name: name for raw, name in zip(lowered.columns, names, strict=True)}
    graph.node("Identity", [graph.encode(lowered, columns)], flow.inputs.name)
    for statement in flow.statements:
        graph.state(statement)
    # The last matrix keeps its own name inside, too.
    graph.node("Identity", [flow.outputs.name], "outputs")
    number = TensorProto.FLOAT if subject.dtype == "float32" else TensorProto.DOUBLE
    made = [helper.make_tensor_value_info("outputs", number, ["N", flow.outputs.columns])]
    for name, answer in zip(answer_names(lowered), lowered.answers, strict=True):
        graph.answer(name, answer)
        kind = TensorProto.STRING if answer.classes else TensorProto.DOUBLE
        made.append(
            helper.make_tensor_value_info(
                name, kind, ["N", 1], f"Prediction of {answer.column}, as people read it"
            )
        )
    made_graph = helper.make_graph(
        graph.nodes, subject.name, _inputs(subject), made, graph.kept, doc_string=subject.summary
    )
    whole = helper.make_model(
        made_graph,
        opset_imports=[helper.make_opsetid("", OPSET), helper.make_opsetid("ai.onnx.ml", ML_OPSET)],
        ir_version=IR,
        producer_name="Flux Studio",
        producer_version=subject.metadata["made_by"].rpartition(" ")[2],
        doc_string=subject.summary,
    )
    helper.set_model_props(
        whole,
        {
            name: value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            for name, value in subject.metadata.items()
        },
    )
    onnx.checker.check_model(whole)
    return whole


def input_names(subject: Subject) -> list[str]:
    """What the model calls its inputs: the columns' own names, with a mark behind those that mean a matrix inside."""
    taken = _own_names(subject)
    names = []
    for raw in subject.lowered.columns:
        name = raw.name
        while name in taken:
            name += "_"
        taken.add(name)
        names.append(name)
    return names


def _own_names(subject: Subject) -> set[str]:
    """What things inside the model are called."""
    flow = subject.flow
    return {
        "outputs",
        flow.inputs.name,
        *(each.name for each in flow.parameters.values()),
        *(statement.target.name for statement in flow.statements),
        *answer_names(subject.lowered),
    }


def answer_names(lowered: Lowered) -> list[str]:
    """What the model calls its answers: ``prediction``, or ``prediction(NAME)`` for each of several targets."""
    return list(lowered.titles()[: len(lowered.answers)])


def _inputs(subject: Subject) -> list[Any]:
    from onnx import TensorProto, helper

    found = []
    for raw, name in zip(subject.lowered.columns, input_names(subject), strict=True):
        kind = TensorProto.STRING if raw.words else TensorProto.DOUBLE
        words = f", one of {listed(raw.words)}" if raw.words else ""
        about = f"The column {raw.name}{words}, as it is"
        found.append(helper.make_tensor_value_info(name, kind, ["N", subject.lowered.window], about))
    return found


class Graph:
    """Nodes and kept tensors, as they come."""

    def __init__(self, dtype: str, taken: set[str]) -> None:
        self.nodes: list[NodeProto] = []
        self.kept: list[Any] = []
        self.taken = taken
        self.dtype = dtype
        self._numbers: dict[tuple[float, str], str] = {}
        self._places: dict[tuple[int, ...], str] = {}

    def keep(self, name: str, array: Any) -> str:
        from onnx import numpy_helper

        # Asked to be contiguous, a single number would become a vector.
        whole = np.ascontiguousarray(array) if np.ndim(array) else np.asarray(array)
        self.kept.append(numpy_helper.from_array(whole, name))
        return name

    def node(self, operator: str, inputs: list[str], output: str, domain: str = "", **attributes: Any) -> str:
        from onnx import helper

        made = helper.make_node(operator, inputs, [output], name=f"{output}:{operator}", domain=domain)
        made.attribute.extend(
            helper.make_attribute(name, value) for name, value in attributes.items() if value is not None
        )
        self.nodes.append(made)
        return output

    def number(self, value: float, dtype: str) -> str:
        """A number, kept once."""
        if (value, dtype) not in self._numbers:
            name = self.free(f"number_{value:g}")
            self._numbers[value, dtype] = self.keep(name, np.array(value, dtype))
        return self._numbers[value, dtype]

    def whole_numbers(self, *values: int) -> str:
        """Places and sizes, kept once."""
        if values not in self._places:
            name = self.free("_".join(map(str, ("places", *values))))
            self._places[values] = self.keep(name, np.array(values, np.int64))
        return self._places[values]

    def free(self, name: str) -> str:
        found = word(name, taken=self.taken)
        self.taken.add(found)
        return found

    def state(self, statement: Statement) -> None:
        """One statement: by the operator that is the same, or by elementary ones."""
        operation, target = statement.operation, statement.target
        numbers = [each.number.value for each in statement.inputs if each.number is not None]
        # Few runtimes have all of these operators for float64.
        if operation.in_onnx and self.dtype == "float32":
            operator, *names = operation.in_onnx
            matrices = [each.name for each in statement.inputs if each.number is None]
            self.node(operator, matrices, target.name, **dict(zip(names, numbers, strict=True)))
            return

        def leaf(variable: Variable) -> str:
            return variable.name

        Nodes(self, leaf, self.dtype, target.name).write(statement.expression)

    def encode(self, lowered: Lowered, columns: Mapping[str, str]) -> str:
        """The inputs of the network, N×(T·F), of the columns of the table, N×T each, by what the model calls them."""
        codes: dict[str, str] = {}

        def leaf(raw: Raw) -> str:
            if not raw.words:
                return columns[raw.name]
            if raw.name not in codes:
                # Words have no comparison in this opset: they become places first.
                codes[raw.name] = self.node(
                    "LabelEncoder",
                    [columns[raw.name]],
                    self.free(f"{raw.name} code"),
                    "ai.onnx.ml",
                    keys_strings=list(raw.words),
                    values_int64s=list(range(len(raw.words))),
                    default_int64=-1,
                )
            return codes[raw.name]

        parts = []
        for place, term in enumerate(lowered.numbers):
            done = Nodes(self, leaf, "float64", self.free(f"encoded_{place + 1}")).write(term)
            parts.append(
                self.node("Unsqueeze", [done, self.whole_numbers(2)], self.free(f"{done}_as_column"))
            )
        together = self.node("Concat", parts, self.free("encoded"), axis=2)
        width = lowered.window * len(lowered.numbers)
        flat = self.node("Reshape", [together, self.whole_numbers(-1, width)], self.free("encoded_rows"))
        return self._cast(flat, self.dtype)

    def answer(self, name: str, answer: Answer) -> None:
        """An output as people read it."""
        part = Nodes(self, lambda _: "outputs", self.dtype, self.free(f"outputs of {answer.column}")).write(
            Term("matrix").columns(answer.place.start, answer.place.stop)
        )
        part = self._cast(part, "float64")
        if not answer.classes:
            found = Nodes(self, lambda _: part, "float64", self.free(f"{name} value")).write(answer.term)
            self.node("Identity", [found], name)
            return
        place = Nodes(self, lambda _: part, "float64", self.free(f"{name} place")).write(answer.term)
        self.node(
            "LabelEncoder",
            [self._cast(place, "int64")],
            name,
            "ai.onnx.ml",
            keys_int64s=list(range(len(answer.classes))),
            values_strings=list(answer.classes),
        )

    def _cast(self, name: str, dtype: str) -> str:
        from onnx import helper

        to = helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
        return self.node("Cast", [name], self.free(f"{name}_as_{dtype}"), to=to)


class Nodes:
    """Writes a term as nodes, of which the last one gives ``output``; what occurs twice is computed once."""

    def __init__(self, graph: Graph, leaf: Callable[[Any], str], dtype: str, output: str) -> None:
        self.graph, self.leaf, self.dtype, self.output = graph, leaf, dtype, output
        self._done: dict[int, str] = {}

    def write(self, term: Term) -> str:
        if term.kind in ("matrix", "number"):
            return self.graph.node("Identity", [self._name(term)], self.output)
        return self._node(term, self.output)

    def _name(self, term: Term) -> str:
        if term.kind == "matrix":
            return self.leaf(term.value)
        if term.kind == "number":
            return self.graph.number(term.value, self.dtype)
        if id(term) not in self._done:
            self._done[id(term)] = self._node(term, self.graph.free(f"{self.output}_{term.kind}"))
        return self._done[id(term)]

    def _node(self, term: Term, output: str) -> str:
        graph, kind = self.graph, term.kind
        if kind == "erf" and self.dtype == "float64":
            return self._error_function(self._name(term.parts[0]), output)
        if kind in _PLAIN:
            return graph.node(_PLAIN[kind], [self._name(part) for part in term.parts], output)
        if kind == "is":
            place = term.parts[0].value.words.index(term.value)
            return graph.node("Equal", [self._name(term.parts[0]), graph.whole_numbers(place)], output)
        if kind == "expm1":
            return self._node(term.parts[0].exp() - 1, output)
        if kind == "log1p":
            return self._node((term.parts[0] + 1).log(), output)
        parts = [self._name(part) for part in term.parts]
        if kind == "row_sums":
            return graph.node("ReduceSum", [*parts, graph.whole_numbers(1)], output, keepdims=1)
        if kind == "row_tops":
            return graph.node("ReduceMax", parts, output, axes=[1], keepdims=1)
        if kind == "largest":
            return graph.node("ArgMax", parts, output, axis=1, keepdims=1)
        if kind == "beside":
            return graph.node("Concat", parts, output, axis=1)
        if kind == "columns":
            start, stop = (graph.whole_numbers(place) for place in term.value)
            return graph.node("Slice", [*parts, start, stop, graph.whole_numbers(1)], output)
        if kind == "zeros":
            rows = graph.node("Shape", parts, graph.free(f"{output}_rows"), start=0, end=1)
            shape = graph.node(
                "Concat", [rows, graph.whole_numbers(term.value)], graph.free(f"{output}_shape"), axis=0
            )
            from onnx import numpy_helper

            zero: Array = np.zeros(1, self.dtype)
            return graph.node("ConstantOfShape", [shape], output, value=numpy_helper.from_array(zero))
        raise ExportError(f"{kind} cannot be written as ONNX; choose another format")

    def _error_function(self, x: str, output: str) -> str:
        """erf x = 2/√π · x · ∫₀¹ exp(−x²s²) ds by Gauss and Legendre's rule: runtimes have Erf in float32 only."""
        graph = self.graph
        places, shares = np.polynomial.legendre.leggauss(_ERF_PLACES)
        squares = graph.keep(graph.free("erf_places"), -((places + 1) ** 2) / 4)
        weights = graph.keep(graph.free("erf_weights"), shares / np.sqrt(np.pi))
        ends = [graph.number(end, self.dtype) for end in (-_ERF_END, _ERF_END)]

        def node(operator: str, *inputs: str) -> str:
            return graph.node(operator, list(inputs), graph.free(f"{output}_erf"))

        x = node("Clip", x, *ends)
        square = node("Unsqueeze", node("Mul", x, x), graph.whole_numbers(2))
        integral = node("MatMul", node("Exp", node("Mul", square, squares)), weights)
        return graph.node("Mul", [x, integral], output)
