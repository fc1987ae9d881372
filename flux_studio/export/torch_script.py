"""A Python script that rebuilds the network in PyTorch, of its own modules where it has them, with the weights inside.

A kind of layer is a function here; one that has none is refused. PyTorch keeps weights transposed, biases as vectors
and an LSTM's gates in the order input, forget, candidate, output.
"""

from __future__ import annotations

import pprint
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from functools import singledispatch

from flux_studio.engine.expressions import Term
from flux_studio.engine.layers import (
    GATES,
    LSTM,
    RNN,
    Activation,
    Dense,
    Dropout,
    GatedLinear,
    Layer,
    LayerNorm,
    Residual,
)
from flux_studio.engine.layers.dense import Linear
from flux_studio.engine.operations import ACTIVATIONS
from flux_studio.engine.recording import below
from flux_studio.errors import ExportError
from flux_studio.export.flow import word
from flux_studio.export.numpy_text import assignments, number, safe, script
from flux_studio.export.subject import Subject
from flux_studio.export.text import TextWriter
from flux_studio.project.catalogue import titled

GATES_IN_TORCH = ("input", "forget", "candidate", "output")

_FUNCTIONS = {
    **{
        name: f"torch.{name}({{0}})"
        for name in (
            "exp", "expm1", "log", "log1p", "tanh", "erf", "sin", "cos", "sqrt", "floor", "abs", "where",
        )
    },
    "where": "torch.where({0}, {1}, {2})",
    "row_sums": "{0}.sum(dim=1, keepdim=True)",
    "row_tops": "{0}.amax(dim=1, keepdim=True)",
}  # fmt: skip

_ABOUT = """{summary}

It needs PyTorch and NumPy. In Python:

    from {name}_torch import network
    network(torch.tensor([...]))  # N×{inputs}, preprocessed as METADATA["preprocessing"] says

The weights have the names that they have in Flux Studio; PyTorch keeps them transposed.
"""
_IMPORTS = ("from collections import OrderedDict", "import torch", "from torch import nn")

_CLASSES = {
    "Steps": '''class Steps(nn.Module):
    """A recurrent layer on rows that hold a sequence's steps side by side; gives the last state, or all of them."""

    def __init__(self, layer, all_steps):
        super().__init__()
        self.layer, self.all_steps = layer, all_steps

    def forward(self, x):
        states, _ = self.layer(x.reshape(len(x), -1, self.layer.input_size))
        return states.flatten(1) if self.all_steps else states[:, -1]
''',
    "RecurrentLayer": '''class RecurrentLayer(nn.Module):
    """What nn.RNN does, with an activation of one's own."""

    def __init__(self, input_size, hidden_size, activation):
        super().__init__()
        self.input_size, self.activation = input_size, activation
        self.weight_ih_l0 = nn.Parameter(torch.zeros(hidden_size, input_size))
        self.weight_hh_l0 = nn.Parameter(torch.zeros(hidden_size, hidden_size))
        self.bias_ih_l0 = nn.Parameter(torch.zeros(hidden_size))
        self.bias_hh_l0 = nn.Parameter(torch.zeros(hidden_size))

    def forward(self, x):
        state, states = x.new_zeros(len(x), len(self.bias_ih_l0)), []
        for step in x.unbind(1):
            sums = step @ self.weight_ih_l0.T + self.bias_ih_l0 + state @ self.weight_hh_l0.T + self.bias_hh_l0
            state = self.activation(sums)
            states.append(state)
        return torch.stack(states, 1), state
''',
    "Gated": '''class Gated(nn.Module):
    """One weighted sum times another that says, between 0 and 1, how much of it may pass."""

    def __init__(self, value, gate):
        super().__init__()
        self.value, self.gate = value, gate

    def forward(self, x):
        return self.value(x) * torch.sigmoid(self.gate(x))
''',
    "Residual": '''class Residual(nn.Module):
    """Layers with a way past them."""

    def __init__(self, layers, skip=None):
        super().__init__()
        self.layers, self.skip = layers, skip

    def forward(self, x):
        return self.layers(x) + (x if self.skip is None else self.skip(x))
''',
}

_GATE_FUNCTION = '''def gates(matrix):
    """Blocks of columns in the order that PyTorch has: {torch} (Flux Studio: {ours})."""
    blocks = np.hsplit(matrix, {count})
    return np.hstack([blocks[place] for place in {places}])
'''

_TAIL = """
STATE = {{
{state}
}}
network.load_state_dict({{name: torch.tensor(np.ascontiguousarray(array)) for name, array in STATE.items()}})
network.eval()

if __name__ == "__main__":
    print(network)
"""


@dataclass(frozen=True)
class Module:
    """How a layer is made in PyTorch."""

    text: str
    state: tuple[tuple[str, str], ...] = ()
    """Of each of its tensors: PyTorch's name, and the expression of its value."""
    classes: tuple[str, ...] = ()
    """Which classes of the script it needs, or the source of one of its own."""


def make(subject: Subject) -> bytes:
    """The script's source, UTF-8."""
    found = modules(subject)
    classes = dict.fromkeys(each for module in found.values() for each in module.classes)
    weights = assignments(
        (subject.flow.parameters[key].name, array) for key, array in subject.weights.items()
    )
    parts = [
        f"METADATA = {pprint.pformat(subject.metadata, width=110, sort_dicts=False)}",
        "\n".join(weights) + "\n",
    ]
    if any("gates(" in value for module in found.values() for _, value in module.state):
        places = [GATES.index(gate) for gate in GATES_IN_TORCH]
        parts.append(
            _GATE_FUNCTION.format(
                torch=", ".join(GATES_IN_TORCH), ours=", ".join(GATES), count=len(GATES), places=places
            )
        )
    parts += [_CLASSES.get(each, each) for each in classes]
    double = ".double()" if subject.dtype == "float64" else ""
    parts.append(f"network = {_sequence(found)}{double}\n")
    state = [
        f"    {f'{name}.{tensor}'!r}: {value},"
        for name, module in found.items()
        for tensor, value in module.state
    ]
    parts.append(_TAIL.format(state="\n".join(state)))
    about = _ABOUT.format(
        summary=safe(subject.summary), name=subject.name, inputs=subject.flow.inputs.columns
    )
    return script(about, "\n\n".join(parts), subject.dtype, _IMPORTS)


def modules(subject: Subject) -> dict[str, Module]:
    """The layers by their names; :class:`ExportError` for a kind that PyTorch cannot have."""
    return {
        _word(subject, identity): _module(layer, identity, subject)
        for identity, layer in subject.network.layers
    }


def _word(subject: Subject, identity: str) -> str:
    return word(titled(subject.named, identity).rpartition("·")[2].strip().lower())


def _sequence(made: dict[str, Module]) -> str:
    lines = ",\n".join(f"{name}={module.text}" for name, module in made.items())
    return f"nn.Sequential(OrderedDict(\n{textwrap.indent(lines, '    ')},\n))"


@singledispatch
def _module(layer: Layer, identity: str, subject: Subject) -> Module:
    """How a layer of the network is made in PyTorch."""
    raise ExportError(
        f"{titled(subject.named, identity)}: this kind of layer cannot be written for PyTorch yet; "
        "choose ONNX, or the NumPy script"
    )


def _parameter(subject: Subject, identity: str, name: str) -> str:
    return subject.flow.parameters[identity, name].name


def _activation(name: str) -> Module:
    operation = ACTIVATIONS[name]
    values = [value for _, value in operation.constants]
    if operation.in_torch:
        return Module(operation.in_torch.format(*map(number, values)))
    leaf = Term("matrix")
    numbers = [Term("number", value=value) for value in values]
    written = TextWriter("PyTorch", _FUNCTIONS, lambda _: "a", number).text(
        operation.expression(leaf, *numbers)
    )
    title = word(operation.title.title()).replace("_", "")
    source = (
        f'class {title}(nn.Module):\n    """{operation.formula}"""\n\n'
        f"    def forward(self, a):\n        return {written}\n"
    )
    return Module(f"{title}()", classes=(source,))


def _linear(layer: Linear, identity: str, subject: Subject) -> Module:
    inputs, outputs = layer.weight.shape
    weight = ("weight", f"{_parameter(subject, identity, 'weights_matrix')}.T")
    if layer.bias is None:
        return Module(f"nn.Linear({inputs}, {outputs}, bias=False)", (weight,))
    bias = ("bias", f"{_parameter(subject, identity, 'bias_matrix')}[0]")
    return Module(f"nn.Linear({inputs}, {outputs})", (weight, bias))


def _inside(name: str, module: Module) -> Iterator[tuple[str, str]]:
    return ((f"{name}.{tensor}", value) for tensor, value in module.state)


@_module.register
def _(layer: Dense, identity: str, subject: Subject) -> Module:
    linear, activation = _linear(layer.linear, identity, subject), _activation(layer.activation)
    return Module(
        f"nn.Sequential({linear.text}, {activation.text})", tuple(_inside("0", linear)), activation.classes
    )


@_module.register
def _(layer: Activation, identity: str, subject: Subject) -> Module:
    return _activation(layer.activation)


@_module.register
def _(layer: Dropout, identity: str, subject: Subject) -> Module:
    return Module(f"nn.Dropout({number(layer.rate)})")


@_module.register
def _(layer: LayerNorm, identity: str, subject: Subject) -> Module:
    state = (
        ("weight", f"{_parameter(subject, identity, 'gain_matrix')}[0]"),
        ("bias", f"{_parameter(subject, identity, 'shift_matrix')}[0]"),
    )
    return Module(f"nn.LayerNorm({layer.gain.shape[1]}, eps={number(layer.epsilon)})", state)


@_module.register
def _(layer: GatedLinear, identity: str, subject: Subject) -> Module:
    value = _linear(layer.value, below(identity, "value"), subject)
    gate = _linear(layer.gate.linear, below(identity, "gate"), subject)
    state = (*_inside("value", value), *_inside("gate", gate))
    return Module(f"Gated(value={value.text}, gate={gate.text})", state, ("Gated",))


@_module.register
def _(layer: Residual, identity: str, subject: Subject) -> Module:
    inside = {}
    for name, inner in zip(layer.names, layer.layers, strict=True):
        own = below(identity, name)
        inside[_word(subject, own)] = _module(inner, own, subject)
    state = [
        (f"layers.{name}.{tensor}", value)
        for name, module in inside.items()
        for tensor, value in module.state
    ]
    classes = [each for module in inside.values() for each in module.classes]
    skip = ""
    if layer.projection is not None:
        projection = _linear(layer.projection, below(identity, "skip"), subject)
        skip = f", skip={projection.text}"
        state += _inside("skip", projection)
    return Module(f"Residual({_sequence(inside)}{skip})", tuple(state), ("Residual", *classes))


@_module.register
def _(layer: LSTM, identity: str, subject: Subject) -> Module:
    bias = f"gates({_parameter(subject, identity, 'bias_matrix')})[0]"
    state = (
        ("layer.weight_ih_l0", f"gates({_parameter(subject, identity, 'weights_matrix')}).T"),
        ("layer.weight_hh_l0", f"gates({_parameter(subject, identity, 'recurrent_weights_matrix')}).T"),
        ("layer.bias_ih_l0", bias),
        ("layer.bias_hh_l0", f"0 * {bias}"),
    )
    made = f"nn.LSTM({layer.n_inputs}, {layer.n_hidden}, batch_first=True)"
    return Module(f"Steps({made}, all_steps={layer.all_steps})", state, ("Steps",))


@_module.register
def _(layer: RNN, identity: str, subject: Subject) -> Module:
    weights = f"{_parameter(subject, identity, 'weights_matrix')}.T"
    recurrent = f"{_parameter(subject, identity, 'recurrent_weights_matrix')}.T"
    bias = f"{_parameter(subject, identity, 'bias_matrix')}[0]"
    sizes = f"{layer.n_inputs}, {layer.n_hidden}"
    classes: tuple[str, ...] = ("Steps",)
    if layer.cell.activation in ("tanh", "relu"):
        made = f"nn.RNN({sizes}, nonlinearity={layer.cell.activation!r}, batch_first=True)"
    else:
        activation = _activation(layer.cell.activation)
        made = f"RecurrentLayer({sizes}, {activation.text})"
        classes = ("Steps", "RecurrentLayer", *activation.classes)
    state = (
        ("layer.weight_ih_l0", weights),
        ("layer.weight_hh_l0", recurrent),
        ("layer.bias_ih_l0", bias),
        ("layer.bias_hh_l0", f"0 * {bias}"),
    )
    return Module(f"Steps({made}, all_steps={layer.all_steps})", state, classes)
