"""A report: the metrics of every target on the rows to train, to validate and to test."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from flux_studio.data.dataset import Dataset
from flux_studio.data.encoders import NumberEncoder
from flux_studio.engine.network import Network
from flux_studio.engine.operations.base import Array
from flux_studio.project.project import Project
from flux_studio.training.metrics import ClassMetrics, Metrics, NumberMetrics, class_metrics, number_metrics

Part = Literal["training", "validation", "test"]
PARTS: tuple[Part, ...] = ("training", "validation", "test")
_CHUNK = 256


@dataclass(frozen=True)
class Measure:
    """One number of the metrics: its name in them, the words for it, and what it means."""

    name: str
    title: str
    meaning: str
    is_share: bool = False

    def text(self, metrics: Metrics) -> str:
        """The number for people, in eight characters or so: ``97.8 %``, ``0.01234``."""
        value = float(getattr(metrics, self.name))
        if not math.isfinite(value):
            return "NaN" if math.isnan(value) else "∞" if value > 0 else "−∞"
        text = f"{100 * value:.1f} %" if self.is_share else _four_digits(value)
        return text.replace("-", "−", 1) if value < 0 else text


CLASS_MEASURES = (
    Measure("accuracy", "accuracy", "Share of right answers", is_share=True),
    Measure(
        "balanced_accuracy",
        "balanced accuracy",
        "The mean over classes of the share of its rows that are recognised; rare classes count as much as others",
        is_share=True,
    ),
    Measure(
        "f1",
        "F1, mean",
        "The mean over classes of 2·precision·recall / (precision + recall)",
        is_share=True,
    ),
)
NUMBER_MEASURES = (
    Measure("mae", "MAE", "Mean absolute error, in the target's own units: the mean of |ŷ − y|"),
    Measure(
        "rmse",
        "RMSE",
        "Root mean squared error, in the target's own units: the square root of the mean of (ŷ − y)²",
    ),
    Measure(
        "r2",
        "R²",
        "1 − Σ(ŷ − y)² / Σ(y − ȳ)²: 1 is perfect, 0 no better than always saying the mean, below that worse",
    ),
)


@dataclass(frozen=True, eq=False)
class TargetReport:
    """The metrics of one target, by part; a part without rows, or not scored yet, is not there."""

    name: str
    classes: tuple[str, ...]
    """What it tells apart; empty for numbers."""
    metrics: Mapping[Part, Metrics]

    @property
    def measures(self) -> tuple[Measure, ...]:
        """What is measured of it."""
        return CLASS_MEASURES if self.classes else NUMBER_MEASURES


@dataclass(frozen=True, eq=False)
class Report:
    """How well the network fits at an iteration, as it predicts: dropout is off."""

    iteration: int
    rows: Mapping[Part, int]
    """How many rows each part has; parts without rows are not there."""
    targets: tuple[TargetReport, ...]

    @property
    def parts(self) -> tuple[Part, ...]:
        """The parts that have rows, scored or not."""
        return tuple(part for part in PARTS if part in self.rows)

    @property
    def is_tested(self) -> bool:
        """Whether the test rows are scored, if there are any."""
        return all("test" in target.metrics for target in self.targets) or "test" not in self.rows


def score(network: Network, dataset: Dataset, iteration: int, parts: Collection[Part] = PARTS) -> Report:
    """Score the network's present weights on the rows of these parts; its matrices are not touched."""
    rows = {"training": dataset.training, "validation": dataset.validation, "test": dataset.test}
    counts = {part: len(rows[part]) for part in PARTS if len(rows[part])}
    # Chunk by chunk: a copy of all rows could be as large as the data, and small matrices stay in the cache.
    outputs = {
        part: np.concatenate(
            [
                network.predict(dataset.inputs[rows[part][start : start + _CHUNK]])
                for start in range(0, counts[part], _CHUNK)
            ]
        )
        for part in counts
        if part in parts
    }
    targets = []
    for encoder, place in dataset.preprocessor.target_places():
        unit = encoder.scale if isinstance(encoder, NumberEncoder) else None
        metrics = {
            part: _metrics(found[:, place], dataset.targets[rows[part], place], unit)
            for part, found in outputs.items()
        }
        targets.append(TargetReport(encoder.column, encoder.classes, metrics))
    return Report(iteration, counts, tuple(targets))


def _metrics(outputs: Array, targets: Array, unit: float | None) -> ClassMetrics | NumberMetrics:
    return class_metrics(outputs, targets) if unit is None else number_metrics(outputs, targets, unit)


def of(project: Project) -> dict[str, dict[str, Any]]:
    """How well a project's weights do, as :func:`record` has it; nothing for one that was never trained."""
    if project.run is None:
        return {}
    return record(score(project.network("reference"), project.dataset(), project.run.iteration))


def record(report: Report) -> dict[str, dict[str, Any]]:
    """The metrics of each target as JSON has them: by part, under the names that they have in the program.

    What is not finite, which JSON does not know, is ``None``.
    """
    return {target.name: _record(report, target) for target in report.targets}


def _record(report: Report, target: TargetReport) -> dict[str, Any]:
    told: dict[str, Any] = {"classes": list(target.classes)} if target.classes else {}
    for part, metrics in target.metrics.items():
        values = {measure.name: float(getattr(metrics, measure.name)) for measure in target.measures}
        finite = {name: value if math.isfinite(value) else None for name, value in values.items()}
        told[part] = {"rows": report.rows[part], **finite}
        if isinstance(metrics, ClassMetrics):
            told[part]["confusion"] = metrics.confusion.tolist()
    return told


def lines(report: Report) -> Iterator[str]:
    """The report as a short table of text, its parts side by side."""
    yield _line("", report.parts)
    yield _line("rows", [f"{count:,}" for count in report.rows.values()])
    for target in report.targets:
        if len(report.targets) > 1:
            yield target.name
        for measure in target.measures:
            cells = [
                measure.text(target.metrics[part]).replace(" ", "") if part in target.metrics else "–"
                for part in report.parts
            ]
            yield _line(measure.title, cells)


def _line(title: str, cells: Collection[str]) -> str:
    return f"{title:<18}" + "".join(f"{cell:>12}" for cell in cells)


def _four_digits(value: float) -> str:
    if value == 0:
        return "0"
    if not 1e-3 <= abs(value) < 1e5:
        return f"{value:.2e}"
    return f"{value:.{max(0, 3 - math.floor(math.log10(abs(value))))}f}"
