"""JAX with the whole training loop in one compiled function, on one thread."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from flux_studio.engine.batches import Batches
from tests.benchmarks.workloads import Workload

Tree = Any
"""Arrays in tuples, as JAX takes and gives them."""

_ACTIVATIONS = {
    "leaky_relu": lambda a: jnp.where(a > 0, a, 0.01 * a),  # its own has the slope 1 at zero, all others 0.01
    "relu": jax.nn.relu,
    "sigmoid": jax.nn.sigmoid,
    "tanh": jnp.tanh,
    "softmax": lambda a: a,  # the loss takes the logits
    "identity": lambda a: a,
}


class Jax:
    """``fori_loop`` over full batches, or over the batches of an epoch in our order, gathered inside of it."""

    def __init__(self, workload: Workload) -> None:
        self.workload = workload
        self.inputs, self.targets = (jnp.asarray(each) for each in workload.data)
        if workload.steps:
            rows = len(self.inputs)
            self.inputs = self.inputs.reshape(rows, workload.steps, -1).transpose(1, 0, 2)
        parameters = tuple(jnp.asarray(each) for each in workload.parameters())
        zeros = jax.tree.map(jnp.zeros_like, parameters)
        self.state: Tree = (parameters, zeros, zeros, jnp.float32(0))
        rows, self.size = len(self.targets), workload.batch or len(self.targets)
        self.batches = Batches(rows, workload.batch, seed=0) if workload.batch else None
        self.iteration = 0
        self._cost = jax.jit(self._loss)
        self._full = jax.jit(self._run_full)
        self._some = jax.jit(self._run_batches)
        self._rest = jax.jit(self._run_rest)

    def train(self, iterations: int) -> None:
        if self.batches is None:
            self.state = self._full(self.state, self.inputs, self.targets, iterations)
        else:
            end, whole = self.iteration + iterations, self.batches.rows // self.size
            while self.iteration < end:
                epoch, first = divmod(self.iteration, self.batches.steps)
                last = min(self.batches.steps, first + end - self.iteration)
                order, _ = self.batches.window(epoch * self.batches.steps, self.batches.steps)
                rows = jnp.asarray(order[: self.batches.rows].astype(np.int32))
                work = (self.state, self.inputs, self.targets, rows)
                if first < whole:
                    self.state = self._some(*work, first, min(last, whole))
                if last > whole:
                    self.state = self._rest(self.state, *work[1:])
                self.iteration += last - first
        jax.block_until_ready(self.state)

    def loss(self) -> float:
        return float(self._cost(self.state[0], self.inputs, self.targets))

    def _run_full(self, state: Tree, inputs: Any, targets: Any, iterations: int) -> Tree:
        return lax.fori_loop(0, iterations, lambda _, each: self._step(each, inputs, targets), state)

    def _run_batches(self, state: Tree, inputs: Any, targets: Any, order: Any, first: int, last: int) -> Tree:
        def step(index: Any, each: Tree) -> Tree:
            chosen = lax.dynamic_slice_in_dim(order, index * self.size, self.size)
            return self._step(each, inputs[chosen], targets[chosen])

        return lax.fori_loop(first, last, step, state)

    def _run_rest(self, state: Tree, inputs: Any, targets: Any, order: Any) -> Tree:
        chosen = order[len(order) // self.size * self.size :]
        return self._step(state, inputs[chosen], targets[chosen])

    def _step(self, state: Tree, inputs: Any, targets: Any) -> Tree:
        parameters, first, second, count = state
        gradients = jax.grad(self._loss)(parameters, inputs, targets)
        rate = self.workload.rate
        if self.workload.optimizer == "sgd":
            parameters = jax.tree.map(lambda w, g: w - rate * g, parameters, gradients)
        elif self.workload.optimizer == "momentum":
            first = jax.tree.map(lambda v, g: 0.9 * v + g, first, gradients)
            parameters = jax.tree.map(lambda w, v: w - rate * v, parameters, first)
        else:
            count = count + 1
            first = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, first, gradients)
            second = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, second, gradients)
            rate = rate / (1 - 0.9**count)
            root = jnp.sqrt(1 - 0.999**count)
            parameters = jax.tree.map(
                lambda w, m, v: w - rate * m / (jnp.sqrt(v) / root + 1e-8), parameters, first, second
            )
        return parameters, first, second, count

    def _loss(self, parameters: Tree, inputs: Any, targets: Any) -> Any:
        outputs = self._forward(parameters, inputs)
        if self.workload.loss == "cross_entropy":
            return -(targets * jax.nn.log_softmax(outputs)).sum() / len(targets)
        return ((outputs - targets) ** 2).sum() / len(targets)

    def _forward(self, parameters: Tree, x: Any) -> Any:
        activations = self.workload.activations
        if self.workload.steps:
            x = _last_step(*parameters[:3], x)
            parameters, activations = parameters[3:], activations[1:]
        for index, activation in enumerate(activations):
            weight, bias = parameters[2 * index : 2 * index + 2]
            x = _ACTIVATIONS[activation](x @ weight + bias)
        return x


def _last_step(w: Any, u: Any, b: Any, x: Any) -> Any:
    """The hidden state N×H behind the last of T×N×F; the products with the inputs are made all at once."""
    weighted = x @ w + b
    begin = jnp.zeros((x.shape[1], u.shape[0]), x.dtype)

    def step(carry: Any, a: Any) -> Any:
        hidden, cell = carry
        i, f, g, o = jnp.split(a + hidden @ u, 4, axis=1)
        cell = jax.nn.sigmoid(f) * cell + jax.nn.sigmoid(i) * jnp.tanh(g)
        return (jax.nn.sigmoid(o) * jnp.tanh(cell), cell), None

    (hidden, _), _ = lax.scan(step, (begin, begin), weighted)
    return hidden
