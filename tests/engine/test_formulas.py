"""Formulas are read from their one line of text, whatever says them, and written as LaTeX and as MathML."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

from flux_studio.engine.formulas import lines, read, replaced, result
from flux_studio.engine.letters import latex_words
from flux_studio.engine.losses import LOSSES
from flux_studio.engine.matrices import MATRIX_KINDS
from flux_studio.engine.notation import Cell, Gradient, Name, Words
from flux_studio.engine.operations import OPERATIONS
from flux_studio.engine.updating import OPTIMIZERS

EVERY = sorted(
    {each.formula for each in (*OPERATIONS, *LOSSES.values(), *OPTIMIZERS.values())}
    | {text for kind in MATRIX_KINDS.values() for text in (kind.formula, kind.symbol)}
)


@pytest.mark.parametrize("text", EVERY)
def test_every_formula_is_read_whole(text: str) -> None:
    for line in lines(text):
        written = line.latex()
        assert written.isascii()
        assert written.count("{") == written.count("}")
        for piece in (line.mathml(), *(each for _, each in (*line.pieces(), *line.pieces(deep=True)))):
            ET.fromstring(piece)
        # What is no mathematics would have become words: only letters may be.
        words = [each.text or "" for each in ET.fromstring(line.mathml()).iter("mtext")]
        assert all(letter.isalpha() or letter in " '-" for word in words for letter in word)


@pytest.mark.parametrize(
    ("text", "latex"),
    [
        ("∂C/∂w = xᵀ·∂C/∂a", r"\frac{\partial C}{\partial w} = x^{\top} \cdot \frac{\partial C}{\partial a}"),
        ("h = 1 / (1 + e^(−a))", r"h = \frac{1}{1 + e^{-a}}"),
        ("θ − η·m̂ / (√v̂ + ε)", r"\theta - \frac{\eta \cdot \hat{m}}{\sqrt{\hat{v}} + \varepsilon}"),
        ("Σₖ x[5,k]·w[k,2]", r"\sum_{k} x_{5,k} \cdot w_{k,2}"),
        ("(x·w)[5,2] + b[2]", r"(x \cdot w)_{5,2} + b_{2}"),
        ("(∂C/∂x (F))[5,2]", r"\left.\frac{\partial C}{\partial x_{5,2}}\right|_{F}"),
        ("∂h/∂a[1,0]", r"\frac{\partial h_{1,0}}{\partial a_{1,0}}"),
        ("1 − tanh² c", r"1 - \tanh^{2} c"),
        ("w[3,1]′", r"w_{3,1}^{\prime}"),
        ("hₜ₋₁·u", r"h_{t-1} \cdot u"),
        ("1e−08", r"1 \cdot 10^{-8}"),
        ("a where a > 0, else 2·a", r"a\; \text{where}\; a > 0 ,\; \text{else}\; 2 \cdot a"),
    ],
)
def test_what_latex_it_becomes(text: str, latex: str) -> None:
    assert read(text).latex() == latex


def test_what_stands_for_something_keeps_its_source() -> None:
    found = ET.fromstring(read("w[3,1] − η·(∂C/∂w[3,1])").mathml())
    assert [each.get("data-symbol") for each in found.iter() if each.get("data-symbol")] == [
        "w[3,1]",
        "η",
        "∂C/∂w[3,1]",
    ]


def test_letters_are_replaced_by_what_they_mean() -> None:
    product = result(read("y = x·w"))
    known = {read("x"): read("f·g"), read("w"): Cell(Name("u"), read("u[1,2]").index)}  # type: ignore[attr-defined]
    assert replaced(product, known).latex() == r"(f \cdot g) \cdot u_{1,2}"
    gradient = replaced(read("θ − η·∂C/∂θ"), {read("θ"): read("w")})
    assert gradient == read("w − η·∂C/∂w")
    assert isinstance(read("∂C/∂w"), Gradient)


def test_no_text_is_refused() -> None:
    assert read("the sum of both parts") == Words("the sum of both parts")
    for text in ("", "((", "a +", "∂", "√", "x[5", "/", "Σ", "a / ", "§$%&", "^", "]", ")", "−"):
        read(text).latex()
        ET.fromstring(read(text).mathml())


def test_words_keep_to_what_latex_allows() -> None:
    assert latex_words("100 % of a_b & σ") == r"100 \% of a\_b \& \ensuremath{\sigma}"
