"""A new activation and a new kind of layer bring their exports with them: nothing in ``export`` knows of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from flux_studio.engine import operations as ops
from flux_studio.engine.expressions import matrix
from flux_studio.engine.layers import Dense, Layer
from flux_studio.engine.losses import make_loss
from flux_studio.engine.network import Network
from flux_studio.engine.operations import BATCH
from flux_studio.engine.operations.activations import ActivationOperation
from flux_studio.export import torch_script
from flux_studio.export.c_kernels import function
from flux_studio.export.flow import Variable, predicting
from flux_studio.export.numpy_text import NumpyWriter, script, statement_lines


class Softsign(ActivationOperation):
    """a over 1 + |a|: an activation as somebody might write it, with what engine and explanations need and no more."""

    name = "softsign"
    title = "soft sign"
    formula = "h = s·a / (1 + |a|)"
    slope_formula = "∂h/∂a = s / (1 + |a|)²"
    constants = (("s", 1.5),)

    def value(self, *inputs: Any) -> Any:
        return inputs[1] * inputs[0] / (1 + np.abs(inputs[0]))

    @staticmethod
    def cell(x: Any, y: Any, s: Any, t: Any, zero: Any, one: Any) -> Any:
        return s * x / (one + abs(x))


class Doubled(Layer):
    """h = 2·(x ⊙ x), by operations that are there."""

    def forward(self, x: Any) -> Any:
        x = x.named("input_matrix")
        return (
            (x * x).named("squared_matrix").scale(x.constant("2", fixed=2.0)).named("activated_output_matrix")
        )


def test_an_activation_in_all_languages(monkeypatch: pytest.MonkeyPatch) -> None:
    operation = Softsign()
    a, s = (matrix(Variable(name, (BATCH, 1))) for name in "as")
    text = NumpyWriter(lambda variable: variable.name).text(operation.expression(a, s))
    assert text == "s * a / (1 + np.abs(a))"
    made = function(operation, "softsign", "float")
    assert made.parameters == "oacm"
    assert "o[i] = *c * a[i] / (1.0f + fabsf(a[i]));" in made.text
    monkeypatch.setitem(ops.ACTIVATIONS, "softsign", operation)
    module = torch_script._activation("softsign")
    assert module.text == "SoftSign()"
    assert "return 1.5 * a / (1 + torch.abs(a))" in module.classes[0]


def test_a_layer_without_a_word_about_it() -> None:
    generator = np.random.default_rng(2)
    inputs = generator.normal(size=(5, 3))
    layers: list[tuple[str, Layer]] = [
        ("in", Dense(3, 4, "tanh", generator=generator)),
        ("new", Doubled()),
        ("out", Dense(4, 2, "identity", generator=generator)),
    ]
    network = Network(
        layers, make_loss("mse"), inputs, np.zeros((5, 2)), dtype=np.float64, executor="reference"
    )
    flow = predicting(network.recording, {"new": "Doubled 1"})
    lines = list(statement_lines(flow.statements))
    assert "# Doubled 1" in lines
    assert "doubled_1_activated_output_matrix = 2 * doubled_1_squared_matrix" in lines
    given: dict[str, Any] = {"input_matrix": inputs}
    given |= {flow.parameters[key].name: array for key, array in network.parameters().items()}
    exec(script("", "\n".join(lines), "float64"), given)
    np.testing.assert_allclose(given[flow.outputs.name], network.predict(inputs), rtol=1e-15)
