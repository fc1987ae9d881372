"""Reports: every target on every part, in its own units, and the test rows only where they are asked for."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from flux_studio.data.columns import Column
from flux_studio.data.readers import parse_table
from flux_studio.data.windows import Windowing
from flux_studio.project.defaults import new_project
from flux_studio.project.project import Project
from flux_studio.training.evaluation import Evaluation
from flux_studio.training.events import Finished, StartOver, Step, TakeReport
from flux_studio.training.metrics import ClassMetrics, NumberMetrics
from flux_studio.training.report import Measure, Report, lines, score
from flux_studio.training.session import Session
from tests.project.projects import number_project, parity_project
from tests.training.sessions import Clock, obey, one, session_of

SEVERAL = "x,price,kind\n" + "".join(f"{n / 10},{100 + 50 * n},{'abc'[n % 3]}\n" for n in range(40))


def with_parts(project: Project, validation: float, test: float) -> Project:
    data = project.specification.data
    data = msgspec.structs.replace(data, validation_fraction=validation, test_fraction=test)
    return project.with_specification(project.specification.replace(data=data))


def several() -> Project:
    """A number, standard scaled, and a class; both predicted from one column."""
    columns = (Column("x"), Column("price", "target"), Column("kind", "target", "category"))
    return new_project(parse_table(SEVERAL, "several.csv"), columns=columns, validation=0.25, test=0.25)


def test_every_target_is_scored_on_every_part_in_its_own_units() -> None:
    project = several()
    network, data = project.network("reference"), project.dataset()
    found = score(network, data, 7)
    assert (found.iteration, dict(found.rows)) == (7, {"training": 20, "validation": 10, "test": 10})
    price, kind = found.targets
    assert (price.name, price.classes, kind.name, kind.classes) == ("price", (), "kind", ("a", "b", "c"))
    cells = np.array([float(cell) for cell in project.table.column("price")])
    for part, rows in (("training", data.training), ("validation", data.validation), ("test", data.test)):
        outputs = network.predict(data.inputs[rows])
        predicted = data.preprocessor.decode(outputs).rows
        errors = np.array([float(row[0]) for row in predicted]) - cells[rows]
        metrics = price.metrics[part]  # type: ignore[index]
        assert isinstance(metrics, NumberMetrics)
        assert metrics.mae == pytest.approx(np.abs(errors).mean(), rel=1e-6)
        assert metrics.rmse == pytest.approx(np.sqrt((errors**2).mean()), rel=1e-6)
        spread = ((cells[rows] - cells[rows].mean()) ** 2).sum()
        assert metrics.r2 == pytest.approx(1 - (errors**2).sum() / spread, rel=1e-6)
        classes = kind.metrics[part]  # type: ignore[index]
        assert isinstance(classes, ClassMetrics)
        right = [
            row[1] == project.table.column("kind")[place] for row, place in zip(predicted, rows, strict=True)
        ]
        assert classes.accuracy == pytest.approx(np.mean(right))
        assert classes.confusion.sum() == len(rows)


def test_scoring_touches_no_matrix() -> None:
    network = several().network("reference")
    network.rest()
    before = network.arena.copy()
    score(network, several().dataset(), 0)
    np.testing.assert_array_equal(network.arena, before)


def test_rows_beyond_a_chunk_keep_their_order() -> None:
    text = "x,y\n" + "".join(f"{n % 97},{n % 97}\n" for n in range(9_000))
    columns = (Column("x", scaling="none"), Column("y", "target", scaling="none"))
    project = new_project(parse_table(text, "long.csv"), columns=columns, validation=0.0)
    network, data = project.network("reference"), project.dataset()
    (target,) = score(network, data, 0).targets
    errors = network.predict(data.inputs) - data.targets
    assert target.metrics["training"].mae == pytest.approx(np.abs(errors).mean(), rel=1e-6)  # type: ignore[union-attr]


def test_the_end_of_a_run_scores_the_test_rows_and_nothing_before_does() -> None:
    project = with_parts(number_project(iterations=50), 0.2, 0.3)
    session, _ = session_of(project)
    asked, *_ = obey(session, TakeReport())
    assert isinstance(asked, Report)
    assert asked.parts == ("training", "validation", "test")
    assert list(asked.targets[0].metrics) == ["training", "validation"]
    assert not asked.is_tested
    finished = one(list(Session(project, "reference").train(50)), Finished)
    assert finished.report.iteration == 50
    assert list(finished.report.targets[0].metrics) == ["training", "validation", "test"]
    assert finished.report.is_tested


def test_the_test_rows_change_nothing_about_training() -> None:
    """The same rows train and validate; only what the test rows say differs."""
    project = with_parts(number_project(iterations=40), 0.2, 0.3)
    data = project.dataset()
    cells = list(project.table.column("y"))
    for row in data.test.tolist():
        cells[row] = "0.123"
    table = type(project.table)(
        project.table.source,
        project.table.names,
        (*project.table.columns[:2], tuple(cells)),
        project.table.lines,
    )
    runs = []
    for each in (project, Project(project.specification, table)):
        session = Session(each, "reference")
        report = one(list(session.train(40)), Finished).report
        runs.append((session.run(), report))
    (one_run, one_report), (other_run, other_report) = runs
    for key, value in one_run.parameters.items():
        np.testing.assert_array_equal(value, other_run.parameters[key])
    assert one_run.validation_curve is not None
    assert other_run.validation_curve is not None
    np.testing.assert_array_equal(one_run.validation_curve.array(), other_run.validation_curve.array())
    assert one_report.targets[0].metrics["validation"] == other_report.targets[0].metrics["validation"]
    assert one_report.targets[0].metrics["test"] != other_report.targets[0].metrics["test"]


def test_on_demand_the_test_rows_are_scored_at_any_rest() -> None:
    session, _ = session_of(with_parts(number_project(), 0.2, 0.3))
    plain, tested, again = (
        event
        for event in obey(session, Step(3), TakeReport(), TakeReport(True), TakeReport())
        if isinstance(event, Report)
    )
    assert [report.iteration for report in (plain, tested, again)] == [3, 3, 3]
    assert (plain.is_tested, tested.is_tested) == (False, True)
    assert again is tested


def test_starting_over_forgets_the_report_of_other_weights() -> None:
    session, _ = session_of(parity_project())
    begin, _, end, _, fresh = obey(session, TakeReport(), Step(2), TakeReport(), StartOver(), TakeReport())
    assert (begin.iteration, end.iteration, fresh.iteration) == (0, 2, 0)  # type: ignore[union-attr]
    assert fresh is not begin


def test_while_training_a_dear_report_stands_for_twenty_times_its_cost() -> None:
    project, clock = parity_project(), Clock(tick=0.5)  # each look at the clock takes half a second
    evaluation = Evaluation(project.network("reference"), project.dataset(), clock)
    first = evaluation.report(1, training=True, test=False)
    cost = 1.0
    clock.now += 20 * cost - 2.0
    assert evaluation.report(2, training=True, test=False) is first
    clock.now += 3.0
    later = evaluation.report(3, training=True, test=False)
    assert later.iteration == 3
    assert evaluation.report(4, training=False, test=False).iteration == 4


def test_windows_are_scored_like_rows() -> None:
    text = "x\n" + "".join(f"{np.sin(n / 3):.4f}\n" for n in range(80))
    project = new_project(parse_table(text, "sine.csv"), windowing=Windowing(4, 1), validation=0.2, test=0.2)
    assert dict(score(project.network("reference"), project.dataset(), 0).rows) == {
        "training": 38,
        "validation": 15,
        "test": 15,
    }


def test_as_text_the_parts_stand_side_by_side() -> None:
    found = list(
        lines(score(several().network("reference"), several().dataset(), 0, ("training", "validation")))
    )
    assert found[0].split() == ["training", "validation", "test"]
    assert found[1].split() == ["rows", "20", "10", "10"]
    assert [line.split()[0] for line in found[2:]] == [
        "price",
        "MAE",
        "RMSE",
        "R²",
        "kind",
        "accuracy",
        "balanced",
        "F1,",
    ]
    assert found[3].endswith("–")
    assert len({len(line) for line in found if len(line) > 20}) == 1


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (0.01234567, "0.01235"),
        (0.0099999, "0.010000"),
        (1.5, "1.500"),
        (123.456, "123.5"),
        (98765.4, "98765"),
        (1234567.0, "1.23e+06"),
        (0.00001234, "1.23e-05"),
        (-0.75, "−0.7500"),
        (-float("inf"), "−∞"),
        (float("nan"), "NaN"),
    ],
)
def test_numbers_for_people_are_short(value: float, text: str) -> None:
    measure = Measure("r2", "R²", "")
    assert measure.text(NumberMetrics(0.0, 0.0, value)) == text
