"""Small networks that many tests train, and the arithmetic of one as plain loops over lists."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import numpy as np

from flux_studio.engine import Dense, MSELoss, Network
from flux_studio.engine.executors import ExecutorName
from flux_studio.engine.flux import NeuralNetwork, form_network

EXECUTORS: tuple[ExecutorName, ...] = ("compiled", "reference")
PARITY_INPUTS = np.array(list(itertools.product((0.0, 1.0), repeat=4)))
PARITY_TARGETS = PARITY_INPUTS.sum(axis=1, keepdims=True) % 2


def parity(executor: ExecutorName = "compiled", dtype: type = np.float32, seed: int = 0) -> NeuralNetwork:
    """FLUX's 4-bit parity problem with 8-4-1 neurons."""
    return form_network(
        [8, 4, 1],
        PARITY_INPUTS,
        PARITY_TARGETS,
        "leaky_relu",
        "sigmoid",
        seed=seed,
        dtype=dtype,
        executor=executor,
    )


def dense(
    *widths: int,
    activation: str = "tanh",
    rows: int = 7,
    seed: int = 0,
    executor: ExecutorName = "reference",
    dtype: type = np.float64,
    validation_rows: int = 0,
) -> Network:
    """Dense layers of those widths (inputs first) on random rows."""
    generator = np.random.default_rng(seed)

    def batch(count: int) -> tuple[np.ndarray, np.ndarray]:
        return generator.normal(size=(count, widths[0])), generator.normal(size=(count, widths[-1]))

    layers = [
        (f"layer-{number}", Dense(n_inputs, n_outputs, activation, generator=generator))
        for number, (n_inputs, n_outputs) in enumerate(itertools.pairwise(widths), start=1)
    ]
    inputs, targets = batch(rows)
    validation = batch(validation_rows) if validation_rows else None
    return Network(layers, MSELoss(), inputs, targets, validation=validation, dtype=dtype, executor=executor)


@dataclass
class ByHand:
    """A 2-2-1 network with tanh and sigmoid, in Python's own arithmetic: one number at a time."""

    w1: list[list[float]]
    b1: list[float]
    w2: list[float]
    b2: float

    def back_propagation(self, rows: list[tuple[float, float]], targets: list[float]) -> dict[str, object]:
        """Every number of one pass forward and backward, under the names of the matrices."""
        n = len(rows)
        xw1, a1, h1, xw2, a2, h2 = [], [], [], [], [], []
        for x in rows:
            xw1.append([x[0] * self.w1[0][j] + x[1] * self.w1[1][j] for j in range(2)])
            a1.append([xw1[-1][j] + self.b1[j] for j in range(2)])
            h1.append([math.tanh(a) for a in a1[-1]])
            xw2.append(h1[-1][0] * self.w2[0] + h1[-1][1] * self.w2[1])
            a2.append(xw2[-1] + self.b2)
            h2.append(1 / (1 + math.exp(-a2[-1])))
        loss = sum((h - y) ** 2 for h, y in zip(h2, targets, strict=True)) / n
        dy2 = [2 * (h - y) / n for h, y in zip(h2, targets, strict=True)]
        slope2 = [h * (1 - h) for h in h2]
        da2 = [d * s for d, s in zip(dy2, slope2, strict=True)]
        dy1 = [[d * w for w in self.w2] for d in da2]
        slope1 = [[1 - h * h for h in row] for row in h1]
        da1 = [[dy1[i][j] * slope1[i][j] for j in range(2)] for i in range(n)]
        return {
            "loss": loss,
            "first": {
                "input_matrix": [list(x) for x in rows],
                "weights_matrix": self.w1,
                "bias_matrix": [self.b1],
                "weight_and_input_matrix": xw1,
                "weight_input_bias_matrix": a1,
                "activated_output_matrix": h1,
                "dC_dy_matrix": dy1,
                "dh_da_matrix": slope1,
                "dC_da_matrix": da1,
                "dC_dw_matrix": [
                    [sum(rows[i][k] * da1[i][j] for i in range(n)) for j in range(2)] for k in range(2)
                ],
                "dC_db_matrix": [[sum(da1[i][j] for i in range(n)) for j in range(2)]],
            },
            "second": {
                "input_matrix": h1,
                "weights_matrix": [[w] for w in self.w2],
                "bias_matrix": [[self.b2]],
                "weight_and_input_matrix": [[v] for v in xw2],
                "weight_input_bias_matrix": [[v] for v in a2],
                "activated_output_matrix": [[v] for v in h2],
                "dC_dy_matrix": [[v] for v in dy2],
                "dh_da_matrix": [[v] for v in slope2],
                "dC_da_matrix": [[v] for v in da2],
                "dC_dw_matrix": [[sum(h1[i][k] * da2[i] for i in range(n))] for k in range(2)],
                "dC_db_matrix": [[sum(da2)]],
            },
        }
