"""What is exported: a project with its weights, and what is said of it beside the numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import msgspec

import flux_studio
from flux_studio.engine.network import Network
from flux_studio.engine.operations.base import Array
from flux_studio.engine.recording import Recording
from flux_studio.engine.slots import MatrixKey
from flux_studio.export.flow import Flow, predicting, word
from flux_studio.export.lowering import Lowered, lower
from flux_studio.project.catalogue import layer_kind, titles
from flux_studio.project.project import Project
from flux_studio.project.specification import LayerSpecification


def weights(project: Project) -> dict[MatrixKey, Array]:
    """The project's parameters by layer identity and matrix name: trained, or else the start weights."""
    if project.run is not None:
        return dict(project.run.parameters)
    return project.network("reference", rows=1).parameters()


def _today() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


@dataclass(frozen=True, eq=False)
class Subject:
    """A project on its way out. Its network, statements and description are made once, when they are asked for."""

    project: Project
    metrics: Mapping[str, Any] = field(default_factory=dict)
    """How well it does, by target and part, for those who read the file."""
    date: str = field(default_factory=_today)
    """When it is exported, as ISO 8601."""

    @cached_property
    def named(self) -> dict[str, str]:
        """What people call each layer, by identity."""
        return titles(self.project.specification)

    @cached_property
    def network(self) -> Network:
        """The network with its weights; it is only asked to predict."""
        return self.project.network("reference", rows=1)

    @property
    def recording(self) -> Recording:
        """What its layers do."""
        return self.network.recording

    @cached_property
    def weights(self) -> dict[MatrixKey, Array]:
        """The parameters, in the network's order and type."""
        return self.network.parameters()

    @cached_property
    def flow(self) -> Flow:
        """What it computes to predict."""
        return predicting(self.recording, self.named)

    @cached_property
    def lowered(self) -> Lowered:
        """Its preprocessing; :class:`~flux_studio.errors.ExportError` where that cannot be lowered."""
        return lower(self.project.dataset().preprocessor)

    @property
    def dtype(self) -> str:
        """``float32`` or ``float64``."""
        return self.project.specification.dtype

    @cached_property
    def name(self) -> str:
        """The data's name as one word: ``iris``."""
        return word(Path(self.project.specification.data.source).stem.lower())

    @cached_property
    def metadata(self) -> dict[str, Any]:
        """What a reader needs beside the numbers to predict with them."""
        dataset, specification = self.project.dataset(), self.project.specification
        preprocessor = dataset.preprocessor
        classes = {each.column: list(each.classes) for each in preprocessor.target_encoders if each.classes}
        return {
            "made_by": f"Flux Studio {flux_studio.__version__}",
            "date": self.date,
            "data": specification.data.source,
            "iteration": 0 if self.project.run is None else self.project.run.iteration,
            "dtype": specification.dtype,
            "loss": specification.loss,
            "inputs": list(preprocessor.input_names),
            "outputs": list(preprocessor.target_names),
            "classes": classes,
            "metrics": dict(self.metrics),
            "preprocessing": msgspec.to_builtins(preprocessor),
            "layers": [self._layer(layer) for layer in specification.layers],
        }

    def _layer(self, layer: LayerSpecification) -> dict[str, Any]:
        kind = layer_kind(layer.kind)
        described: dict[str, Any] = {
            "identity": layer.identity,
            "title": self.named[layer.identity],
            "kind": layer.kind,
            "settings": kind.complete(layer.settings),
        }
        if kind.blocks:
            described["columns"] = list(kind.blocks)
        if layer.layers:
            described["layers"] = [self._layer(inner) for inner in layer.layers]
        return described

    @property
    def summary(self) -> str:
        """One line on what it is, for the head of a file."""
        inputs, outputs = self.flow.inputs.columns, self.flow.outputs.columns
        shape = f"{inputs:,} input{'s' * (inputs > 1)}, {outputs:,} output{'s' * (outputs > 1)}"
        return (
            f"A network for {self.project.specification.data.source}: {shape}, {self.dtype}. Made by "
            f"Flux Studio {flux_studio.__version__} on {self.date}, iteration {self.metadata['iteration']:,}."
        )
