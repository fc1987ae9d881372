"""NumPy as a careful person writes it: each product, sum or activation is one call with ``out=``."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tests.benchmarks.workloads import Floats, Workload


class PlainNumpy:
    """Full-batch gradient descent on the mean squared error; nothing is allocated while it trains."""

    def __init__(self, workload: Workload) -> None:
        parameters = [each.copy() for each in workload.parameters()]
        self.weights, self.biases = parameters[::2], parameters[1::2]
        self.activations = [_ACTIVATIONS[name] for name in workload.activations]
        self.inputs, self.targets = workload.data
        self.rate = np.float32(workload.rate)
        self.share = np.float32(2 / len(self.inputs))
        shapes = [(len(self.inputs), weight.shape[1]) for weight in self.weights]
        self.outputs = [np.empty(shape, np.float32) for shape in shapes]
        self.slopes = [np.empty(shape, np.float32) for shape in shapes]
        self.deltas = [np.empty(shape, np.float32) for shape in shapes]
        self.weight_gradients = [np.empty_like(weight) for weight in self.weights]
        self.bias_gradients = [np.empty_like(bias) for bias in self.biases]
        self.errors = np.empty_like(self.targets)
        self.squares = np.empty_like(self.targets)

    def train(self, iterations: int) -> None:
        for _ in range(iterations):
            self._forward()
            self._loss()
            self._backward()
            for parameters, gradients in (
                (self.weights, self.weight_gradients),
                (self.biases, self.bias_gradients),
            ):
                for parameter, gradient in zip(parameters, gradients, strict=True):
                    np.multiply(gradient, self.rate, out=gradient)
                    np.subtract(parameter, gradient, out=parameter)

    def loss(self) -> float:
        self._forward()
        return self._loss()

    def _forward(self) -> None:
        x = self.inputs
        for weight, bias, output, slope, activation in zip(
            self.weights, self.biases, self.outputs, self.slopes, self.activations, strict=True
        ):
            np.dot(x, weight, out=output)
            np.add(output, bias, out=output)
            activation(output, slope)
            x = output

    def _loss(self) -> float:
        np.subtract(self.outputs[-1], self.targets, out=self.errors)
        np.multiply(self.errors, self.errors, out=self.squares)
        return float(self.squares.sum()) / len(self.inputs)

    def _backward(self) -> None:
        last = len(self.weights) - 1
        for index in range(last, -1, -1):
            delta = self.deltas[index]
            if index == last:
                np.multiply(self.errors, self.share, out=delta)
            else:
                np.dot(self.deltas[index + 1], self.weights[index + 1].T, out=delta)
            np.multiply(delta, self.slopes[index], out=delta)
            x = self.inputs if index == 0 else self.outputs[index - 1]
            np.dot(x.T, delta, out=self.weight_gradients[index])
            np.sum(delta, axis=0, keepdims=True, out=self.bias_gradients[index])


def _leaky_relu(output: Floats, slope: Floats) -> None:
    np.greater(output, 0, out=slope)
    np.maximum(slope, np.float32(0.01), out=slope)
    np.multiply(output, slope, out=output)


def _sigmoid(output: Floats, slope: Floats) -> None:
    np.negative(output, out=output)
    np.exp(output, out=output)
    np.add(output, np.float32(1), out=output)
    np.reciprocal(output, out=output)
    np.subtract(np.float32(1), output, out=slope)
    np.multiply(slope, output, out=slope)


def _tanh(output: Floats, slope: Floats) -> None:
    np.tanh(output, out=output)
    np.multiply(output, output, out=slope)
    np.subtract(np.float32(1), slope, out=slope)


_ACTIVATIONS: dict[str, Callable[[Floats, Floats], None]] = {
    "leaky_relu": _leaky_relu,
    "sigmoid": _sigmoid,
    "tanh": _tanh,
}
