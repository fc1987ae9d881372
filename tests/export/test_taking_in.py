"""Weights from elsewhere, beside the network's own: what fits, what must be asked, and what then predicts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file

from flux_studio.errors import ExportError
from flux_studio.export.exporters import export
from flux_studio.export.subject import weights
from flux_studio.export.taking_in import Comparison, Source, chosen, compare, lines, take_in
from flux_studio.project.project import Project, Run
from tests.export.projects import mixed, random_project, stack, trained

Arrays = dict[str, np.ndarray[Any, Any]]


def project_of(*layers: tuple[str, dict[str, Any]], dtype: str = "float64") -> Project:
    project = mixed(dtype)
    return project.with_specification(project.specification.replace(layers=stack(*layers)))


def two_dense(hidden: int = 4) -> Project:
    return project_of(
        ("dense.v1", {"units": hidden, "activation": "tanh"}),
        ("dense.v1", {"units": 2, "activation": "identity"}),
    )


def saved(path: Path, arrays: Arrays) -> Path:
    if path.suffix == ".npz":
        np.savez(path, **arrays)
    else:
        save_file({name: np.ascontiguousarray(array) for name, array in arrays.items()}, path)
    return path


def numbers(seed: int, *shape: int) -> np.ndarray[Any, Any]:
    return np.random.default_rng(seed).normal(size=shape)


def sources(comparison: Comparison) -> dict[str, Source | None]:
    return {".".join(match.key): match.source for match in comparison.matches}


@pytest.mark.parametrize("suffix", [".npz", ".safetensors"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_our_own_files_come_back(tmp_path: Path, suffix: str, dtype: str) -> None:
    project = trained(mixed(dtype), 5)
    export(project, tmp_path / f"w{suffix}")
    fresh = project.with_run(None)
    comparison = compare(fresh, tmp_path / f"w{suffix}")
    assert {match.words for match in comparison.matches} == {"as it is"}
    assert comparison.unused == ()
    taken = take_in(fresh, tmp_path / f"w{suffix}")
    for key, array in weights(project).items():
        np.testing.assert_array_equal(weights(taken)[key], array, strict=True)
    assert taken.run is not None
    assert taken.run.iteration == 0
    assert fresh.run is None


@pytest.mark.parametrize("seed", range(5))
def test_those_of_random_networks_too(tmp_path: Path, seed: int) -> None:
    project = random_project(seed, "float32")
    export(project, tmp_path / "w.safetensors")
    taken = take_in(project.with_run(None), tmp_path / "w.safetensors")
    inputs = project.dataset().inputs
    np.testing.assert_array_equal(
        taken.network("reference").predict(inputs), project.network("reference").predict(inputs)
    )


def test_pytorch_is_known_by_its_names(tmp_path: Path) -> None:
    """Transposed also where the matrix is square, in the order in which people count, biases as vectors."""
    project = two_dense(hidden=6)
    arrays: Arrays = {
        "10.weight": numbers(3, 2, 6),
        "10.bias": numbers(4, 2),
        "2.weight": numbers(1, 6, 6),
        "2.bias": numbers(2, 6),
    }
    path = saved(tmp_path / "w.safetensors", arrays)
    found = sources(compare(project, path))
    assert found == {
        "box 0.weights_matrix": Source(("2.weight",), turned=True),
        "box 0.bias_matrix": Source(("2.bias",)),
        "box 1.weights_matrix": Source(("10.weight",), turned=True),
        "box 1.bias_matrix": Source(("10.bias",)),
    }
    inputs = project.dataset().inputs
    hidden = np.tanh(inputs @ arrays["2.weight"].T + arrays["2.bias"])
    expected = hidden @ arrays["10.weight"].T + arrays["10.bias"]
    found_outputs = take_in(project, path).network("reference").predict(inputs)
    np.testing.assert_allclose(found_outputs, expected, rtol=1e-12, atol=1e-12)


def test_a_bias_comes_from_the_module_of_its_weights(tmp_path: Path) -> None:
    """Two layers of one shape: names, and not only shapes, say what belongs together."""
    project = project_of(
        ("dense.v1", {"units": 6}),
        ("dense.v1", {"units": 6}),
        ("dense.v1", {"units": 2, "activation": "identity"}),
    )
    arrays: Arrays = {}
    for number, name in enumerate(("fc1", "fc2", "fc3")):
        arrays[f"{name}.bias"] = numbers(number, 2 if name == "fc3" else 6)
        arrays[f"{name}.weight"] = numbers(number + 9, 2 if name == "fc3" else 6, 6)
    found = sources(compare(project, saved(tmp_path / "w.npz", arrays)))
    assert [source.names[0] for source in found.values() if source] == [
        f"fc{number}.{what}" for number in (1, 2, 3) for what in ("weight", "bias")
    ]


def test_a_recurrent_layer_of_pytorch(tmp_path: Path) -> None:
    """Gates in PyTorch's order input, forget, candidate, output, and two biases that are added up."""
    project = project_of(
        ("lstm.v1", {"units": 3, "steps": 2}), ("dense.v1", {"units": 2, "activation": "identity"})
    )
    arrays: Arrays = {
        "rnn.weight_ih_l0": numbers(1, 12, 3),
        "rnn.weight_hh_l0": numbers(2, 12, 3),
        "rnn.bias_ih_l0": numbers(3, 12),
        "rnn.bias_hh_l0": numbers(4, 12),
        "head.weight": numbers(5, 2, 3),
        "head.bias": numbers(6, 2),
    }
    path = saved(tmp_path / "w.safetensors", arrays)
    comparison = compare(project, path)
    assert [match.words for match in comparison.matches] == [
        "transposed, gates reordered",
        "transposed, gates reordered",
        "gates reordered, added up",
        "transposed",
        "as it is",
    ]
    h, c = np.zeros((6, 3)), np.zeros((6, 3))
    inputs = project.dataset().inputs
    for step in np.hsplit(inputs, 2):
        sums = step @ arrays["rnn.weight_ih_l0"].T + h @ arrays["rnn.weight_hh_l0"].T
        let_in, forget, candidate, out = np.hsplit(
            sums + arrays["rnn.bias_ih_l0"] + arrays["rnn.bias_hh_l0"], 4
        )
        c = c / (1 + np.exp(-forget)) + np.tanh(candidate) / (1 + np.exp(-let_in))
        h = np.tanh(c) / (1 + np.exp(-out))
    expected = h @ arrays["head.weight"].T + arrays["head.bias"]
    found = take_in(project, path).network("reference").predict(inputs)
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)


def test_a_square_matrix_of_another_name_is_asked_about(tmp_path: Path) -> None:
    project = two_dense(hidden=6)
    arrays: Arrays = {
        "w0": numbers(1, 6, 6),
        "w1": numbers(2, 2, 6),
        "b0": numbers(3, 6),
        "b1": numbers(4, 1, 2),
    }
    path = saved(tmp_path / "w.npz", arrays)
    comparison = compare(project, path)
    assert [match.words for match in comparison.matches] == [
        "fits either way: say whether it is transposed",
        "as it is",
        "transposed",
        "as it is",
    ]
    with pytest.raises(ExportError, match=r"'w0' fits box 0\.weights_matrix either way: say whether"):
        take_in(project, path)
    for answer, array in (("yes", arrays["w0"].T), ("no", arrays["w0"])):
        taken = take_in(project, path, chosen(comparison, transposed=answer))
        np.testing.assert_array_equal(weights(taken)["box 0", "weights_matrix"], array)


def test_what_does_not_fit_stays_and_is_told(tmp_path: Path) -> None:
    project = two_dense()
    path = saved(tmp_path / "w.npz", {"0.weight": numbers(1, 4, 6), "head.weight": numbers(2, 10, 4)})
    comparison = compare(project, path)
    assert comparison.unused == (("head.weight", (10, 4)),)
    text = "\n".join(lines(comparison, comparison.mapping))
    assert "box 0.weights_matrix  6×4    0.weight     transposed" in text
    assert "nothing fits; it stays as it is" in text
    assert "10×4   head.weight  goes nowhere" in text
    before, after = weights(project), weights(take_in(project, path))
    changed = {key for key in before if not np.array_equal(before[key], after[key])}
    assert changed == {("box 0", "weights_matrix")}


def test_a_person_may_say_what_goes_where(tmp_path: Path) -> None:
    project = two_dense()
    path = saved(tmp_path / "w.npz", {"a": numbers(1, 6, 4), "b": numbers(2, 6, 4)})
    comparison = compare(project, path)
    mapping = chosen(comparison, ["box 0.weights_matrix=b"])
    np.testing.assert_array_equal(
        weights(take_in(project, path, mapping))["box 0", "weights_matrix"], numbers(2, 6, 4)
    )
    for word, told in (
        ("box 9.weights_matrix=b", "no parameter 'box 9.weights_matrix'; it has box 0.weights_matrix"),
        ("box 0.weights_matrix=c", "no array 'c' in the file; it has "),
    ):
        with pytest.raises(ExportError, match=told):
            chosen(comparison, [word])


@pytest.mark.parametrize(
    ("mapping", "told"),
    [
        ({("box 0", "weights_matrix"): Source(("b",))}, "'b' is 4×6, but box 0.weights_matrix is 6×4"),
        (
            {("box 0", "weights_matrix"): Source(("deep",))},
            "'deep' is 2×2×2, but box 0.weights_matrix is 6×4",
        ),
        (
            {("box 0", "bias_matrix"): Source(("b",), reordered=True)},
            "'b' is 4×6, but box 0.bias_matrix is 1×4",
        ),
        ({("box 0", "bias_matrix"): Source(("v", "b"))}, "'b' is 4×6, but box 0.bias_matrix is 1×4"),
        ({("box 0", "weights_matrix"): Source(("x",))}, "there is no array 'x' in it"),
        (
            {("nobody", "weights_matrix"): Source(("b",))},
            "the network has no parameter 'nobody.weights_matrix'",
        ),
        ({("box 0", "weights_matrix"): Source(("wild",))}, "'wild' holds a number that is not finite"),
        ({}, "nothing in it fits this network"),
    ],
)
def test_a_mapping_that_cannot_be_is_told(tmp_path: Path, mapping: Any, told: str) -> None:
    arrays: Arrays = {"b": numbers(1, 4, 6), "wild": np.full((6, 4), np.inf)}
    arrays |= {"deep": np.zeros((2, 2, 2)), "v": np.zeros(4)}
    path = saved(tmp_path / "w.npz", arrays)
    with pytest.raises(ExportError, match=told):
        take_in(two_dense(), path, mapping)


def test_numbers_beyond_float32_are_told(tmp_path: Path) -> None:
    project = project_of(("dense.v1", {"units": 2, "activation": "identity"}), dtype="float32")
    path = saved(tmp_path / "w.npz", {"0.weight": np.full((2, 6), 1e300)})
    with pytest.raises(ExportError, match="not finite"):
        take_in(project, path)


def test_the_run_that_was_is_left_alone(tmp_path: Path) -> None:
    project = trained(two_dense(), 5)
    path = saved(tmp_path / "w.npz", {"0.weight": numbers(1, 4, 6)})
    taken = take_in(project, path)
    assert isinstance(taken.run, Run)
    assert project.run is not None
    assert (taken.run.iteration, project.run.iteration) == (0, 5)
    assert taken.run.parameters["box 1", "bias_matrix"] is not project.run.parameters["box 1", "bias_matrix"]
