"""The question about a cell: its answer holds words, numbers and places, and keeps the terms that are looked at."""

from __future__ import annotations

import numpy as np
import pytest

from flux_studio import locations
from flux_studio.errors import FluxError
from flux_studio.project import files
from flux_studio.training.events import Answered, Ask, Close, StepBy
from flux_studio.training.explaining import FEW_TERMS, LARGEST_TERMS, CellStory, ExplainCell
from flux_studio.training.questions import Moment
from flux_studio.training.session import Session


@pytest.fixture(scope="module")
def session() -> Session:
    made = Session(files.load(locations.sample("iris.flux")), "reference")
    list(made.train(20))
    return made


def ask(session: Session, question: ExplainCell) -> CellStory:
    moment = Moment(session.project, session.dataset, session.network, session.iteration, training=False)
    return question.answer(moment)


def test_a_short_sum_is_told_whole(session: Session) -> None:
    story = ask(session, ExplainCell(("layer-1", "weight_and_input_matrix"), (5, 2)))
    ((part,),) = (told.parts for told in story.told)
    assert (part.name, part.symbols) == ("(x·w)[5,2]", "Σₖ x[5,k]·w[k,2]")
    assert [link.text for term in part.terms for link in term.links][:4] == [
        "x[5,0]",
        "w[0,2]",
        "x[5,1]",
        "w[1,2]",
    ]
    assert (part.left, part.count) == (0, 4)
    assert part.value == pytest.approx(sum(term.value for term in part.terms))
    assert story.told[0].is_same


def test_a_short_sum_inside_is_told_along(session: Session) -> None:
    story = ask(session, ExplainCell(("layer-1", "weight_input_bias_matrix"), (5, 2)))
    inner, outer = story.told[0].parts
    assert (inner.name, inner.symbols) == ("(x·w)[5,2]", "Σₖ x[5,k]·w[k,2]")
    assert (outer.name, outer.symbols) == ("a[5,2]", "(x·w)[5,2] + b[2]")
    assert outer.links[0].value == pytest.approx(inner.value, rel=1e-5)
    assert outer.value == pytest.approx(inner.value + outer.links[1].value, rel=1e-5)


def test_other_steps_of_a_sequence_are_named() -> None:
    made = Session(files.load(locations.sample("mackey-glass.flux")), "reference")
    gradient = ask(made, ExplainCell(("layer-1", "dC_du_matrix"), (0, 1), whole=True))
    names = {link.text for term in gradient.told[0].parts[0].terms for link in term.links}
    assert {"h⁽¹⁾[0,0]", "h⁽⁷⁾[0,0]"} <= names
    state = ask(made, ExplainCell(("layer-1/step-3", "cell_state_matrix"), (1, 1)))
    assert state.told[0].parts[-1].symbols == "(f ⊙ c₋)[1,1] + (i ⊙ g)[1,1]"
    assert "(f ⊙ c₋)⁽⁴⁾[1,1]" in {use.link.text for use in state.uses}


def test_a_long_sum_shows_the_largest_and_tells_the_rest(session: Session) -> None:
    key, cell = ("layer-1", "dC_dw_matrix"), (1, 1)
    short, whole = ask(session, ExplainCell(key, cell)), ask(session, ExplainCell(key, cell, whole=True))
    (part,), (all_of_it,) = short.told[0].parts, whole.told[0].parts
    rows = len(session.dataset.training)
    assert rows > FEW_TERMS
    assert (len(part.terms), part.left) == (LARGEST_TERMS, rows - LARGEST_TERMS)
    assert sum(term.value for term in part.terms) + part.left_value == pytest.approx(part.value)
    assert (len(all_of_it.terms), all_of_it.left) == (rows, 0)
    largest = sorted((abs(term.value) for term in all_of_it.terms), reverse=True)[:LARGEST_TERMS]
    np.testing.assert_allclose(sorted((abs(term.value) for term in part.terms), reverse=True), largest)


def test_the_terms_that_are_asked_for_stay(session: Session) -> None:
    key = ("layer-1", "dC_dw_matrix")
    story = ask(session, ExplainCell(key, (1, 1), shown=((3, 7, 10_000),)))
    (part,) = story.told[0].parts
    assert part.places == (3, 7)
    assert [term.links[0].cell for term in part.terms] == [(3, 1), (7, 1)]


def test_what_it_was_made_from_has_no_constants(session: Session) -> None:
    story = ask(session, ExplainCell(("", "loss_matrix"), (0, 0)))
    assert {link.key for link in story.made_from} == {("", "error_matrix")}


def test_the_next_update_is_told_as_such(session: Session) -> None:
    story = ask(session, ExplainCell(("layer-2", "bias_matrix"), (0, 1)))
    assert story.is_ahead
    assert story.origin == "made by the update of iteration 20"
    assert story.told[0].parts[-1].name == "b[1]′"
    assert "layer-2" in {link.key[0] for link in story.made_from if link.key}


def test_questions_about_what_is_not_there_are_refused(session: Session) -> None:
    with pytest.raises(FluxError, match="cells; there is none"):
        ask(session, ExplainCell(("layer-1", "weights_matrix"), (99, 0)))


def test_between_two_rests_the_next_operation_is_told_ahead() -> None:
    made = Session(files.load(locations.sample("parity-4.flux")), "reference")
    weight, total = ("layer-1", "weights_matrix"), ("layer-1", "weight_and_input_matrix")
    asked = [Ask(ExplainCell(key, (1, 2))) for key in (weight, total)]
    for command in (*asked, StepBy("operation"), *asked, StepBy("operation"), *asked, Close()):
        made.send(command)
    answers = [event.answer for event in made.events() if isinstance(event, Answered)]
    rest, after_update, after_product = answers[:2], answers[2:4], answers[4:]
    assert [story.is_ahead for story in rest] == [True, False]
    assert after_update[0].origin.startswith("made just now by the update of iteration")
    assert after_update[0].value == rest[0].told[0].stored
    assert (after_update[1].is_ahead, after_update[1].told[0].operation) == (True, "multiply")
    assert after_product[1].value == after_update[1].told[0].stored
    assert not after_product[1].is_ahead
    assert after_product[1].told[0].is_same
