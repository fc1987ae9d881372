"""FLUX's own vocabulary on our engine: form a network, run it forward, back-propagate, learn.

>>> net = form_network([8, 4, 1], inputs, outputs, "leaky_relu", "sigmoid", seed=0)
>>> curve = learn(net, learning_rate=0.5, iterations=10_000)
>>> net.neural_layers[0].weights_matrix
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from flux_studio.engine.executors import ExecutorName
from flux_studio.engine.layers import Dense
from flux_studio.engine.losses import MSELoss
from flux_studio.engine.matrices import DENSE_MATRICES
from flux_studio.engine.matrix import as_matrix
from flux_studio.engine.matrix import data_preprocessor as matrix_data_preprocessor
from flux_studio.engine.network import Network
from flux_studio.engine.operations import ACTIVATION_OPERATIONS
from flux_studio.engine.operations.base import Array
from flux_studio.errors import ShapeError, SpecificationError

__all__ = [
    "NeuralLayer",
    "NeuralNetwork",
    "back_propagation",
    "form_network",
    "forward_pass",
    "learn",
    "matrix_data_preprocessor",
]


class NeuralLayer:
    """One layer's eleven matrices, each a view into the network: what is written to weights or biases counts."""

    def __init__(self, network: Network, identity: str, activation: str) -> None:
        self._network = network
        self._identity = identity
        self.activation_type = activation

    def _matrix(self, name: str) -> Array:
        return self._network.matrix((self._identity, name))

    @property
    def input_matrix(self) -> Array:
        """x, N×I: what came in."""
        return self._matrix("input_matrix")

    @property
    def weights_matrix(self) -> Array:
        """w, I×O."""
        return self._matrix("weights_matrix")

    @weights_matrix.setter
    def weights_matrix(self, values: ArrayLike) -> None:
        self._network.set_parameters({(self._identity, "weights_matrix"): as_matrix(values)})

    @property
    def bias_matrix(self) -> Array:
        """b, 1×O."""
        return self._matrix("bias_matrix")

    @bias_matrix.setter
    def bias_matrix(self, values: ArrayLike) -> None:
        self._network.set_parameters({(self._identity, "bias_matrix"): as_matrix(values)})

    @property
    def weight_and_input_matrix(self) -> Array:
        """x·w, N×O."""
        return self._matrix("weight_and_input_matrix")

    @property
    def weight_input_bias_matrix(self) -> Array:
        """a = x·w + b, N×O."""
        return self._matrix("weight_input_bias_matrix")

    @property
    def activated_output_matrix(self) -> Array:
        """h(a), N×O."""
        return self._matrix("activated_output_matrix")

    @property
    def dh_da_matrix(self) -> Array:
        """∂h/∂a, N×O."""
        return self._matrix("dh_da_matrix")

    @property
    def dC_dy_matrix(self) -> Array:
        """∂C/∂h, N×O: the gradient that arrives."""
        return self._matrix("dC_dy_matrix")

    @property
    def dC_da_matrix(self) -> Array:
        """∂C/∂a, N×O."""
        return self._matrix("dC_da_matrix")

    @property
    def dC_dw_matrix(self) -> Array:
        """∂C/∂w, I×O."""
        return self._matrix("dC_dw_matrix")

    @property
    def dC_db_matrix(self) -> Array:
        """∂C/∂b, 1×O."""
        return self._matrix("dC_db_matrix")

    @property
    def matrices(self) -> dict[str, Array]:
        """All eleven by name."""
        return {kind.name: self._matrix(kind.name) for kind in DENSE_MATRICES}

    def activate(self, activation_type: str | None = None) -> Array:
        """Write h(a) of the present a into ``activated_output_matrix``, with this layer's activation or another."""
        operation = ACTIVATION_OPERATIONS[_known(activation_type or self.activation_type)]
        a = self.weight_input_bias_matrix
        with np.errstate(all="ignore"):
            self.activated_output_matrix[...] = operation.value(a, *_constants(operation, a))
        return self.activated_output_matrix

    def dh_da_function(self, is_last_layer: bool = False) -> Array:
        """Write the activation's slope at the present a into ``dh_da_matrix``.

        FLUX asks whether the layer is the last one, which chooses the output activation there; here every layer
        knows its own activation, so both answers give the same slope.
        """
        operation = ACTIVATION_OPERATIONS[self.activation_type]
        a = self.weight_input_bias_matrix
        with np.errstate(all="ignore"):
            self.dh_da_matrix[...] = operation.slope_value(
                a, self.activated_output_matrix, *_constants(operation, a)
            )
        return self.dh_da_matrix


class NeuralNetwork:
    """What :func:`form_network` makes: the layers, and predictions for other rows."""

    def __init__(self, network: Network, layers: Sequence[NeuralLayer]) -> None:
        self.network = network
        self.neural_layers = tuple(layers)

    def predict(self, new_inputs: ArrayLike) -> Array:
        """The network's outputs for other rows, with the present weights."""
        return self.network.predict(as_matrix(new_inputs))


def form_network(
    layers: Sequence[int],
    input_matrix: ArrayLike,
    output_matrix: ArrayLike,
    hidden_activation: str = "leaky_relu",
    output_activation: str = "sigmoid",
    *,
    seed: int | None = None,
    dtype: Any = np.float32,
    executor: ExecutorName = "compiled",
) -> NeuralNetwork:
    """A network of dense layers: ``layers`` are their widths, the input width is implicit in the data.

    ``[8, 4, 1]`` on inputs of 4 columns means 4-8-4-1: three layers of weights. Weights are Xavier uniform from
    ``seed`` (fresh entropy without one), biases zero, the loss is the mean squared error.
    """
    if not layers:
        raise SpecificationError("form_network: name at least one layer, such as [8, 4, 1]")
    inputs, outputs = as_matrix(input_matrix), as_matrix(output_matrix)
    if len(inputs) != len(outputs):
        raise ShapeError(
            f"form_network: inputs have {len(inputs)} rows and outputs {len(outputs)}; they must be the same rows"
        )
    generator = np.random.default_rng(seed)
    widths = [inputs.shape[1], *layers]
    kinds = [_known(hidden_activation)] * (len(layers) - 1) + [_known(output_activation)]
    dense = [
        (f"layer-{index + 1}", Dense(widths[index], widths[index + 1], activation, generator=generator))
        for index, activation in enumerate(kinds)
    ]
    network = Network(dense, MSELoss(), inputs, outputs, dtype=dtype, executor=executor)
    return NeuralNetwork(
        network, [NeuralLayer(network, identity, layer.activation) for identity, layer in dense]
    )


def forward_pass(net: NeuralNetwork) -> Array:
    """Run all layers forward on the training rows; returns the last layer's output."""
    net.network.forward()
    return net.network.outputs


def back_propagation(net: NeuralNetwork) -> float:
    """Fill every gradient for the present forward pass and return the mean squared error; updates nothing."""
    net.network.executor.run(net.network.program, *net.network.program.span("loss", "backward"))
    return net.network.loss


def learn(net: NeuralNetwork, learning_rate: float = 0.01, iterations: int = 1) -> Array:
    """Gradient descent for ``iterations`` updates.

    Returns the mean squared errors as an array of that length: value t belongs to the weights after t updates of
    this call. The network then rests at the weights after the last update, with all matrices belonging to them.
    """
    network = net.network
    if iterations < 0:
        raise SpecificationError(f"learn: the number of iterations cannot be {iterations}")
    if not np.isfinite(learning_rate):
        raise SpecificationError(f"learn: the learning rate cannot be {learning_rate}")
    network.learning_rate = learning_rate
    losses = np.empty(iterations + 1, network.dtype)
    losses[0] = network.rest()
    done, _ = network.iterate(losses[1:])
    losses[1 + done :] = np.nan
    return losses[:-1] if iterations else losses[:0]


def _known(activation: str) -> str:
    if activation not in ACTIVATION_OPERATIONS:
        raise SpecificationError(
            f"activation {activation!r} is not known; choose one of {', '.join(ACTIVATION_OPERATIONS)}"
        )
    return activation


def _constants(operation: Any, like: Array) -> list[Array]:
    return [np.full((1, 1), value, like.dtype) for _, value in operation.constants]
