"""A cell in a few words, for the pointer that rests on it: how its number was made, in symbols and in numbers."""

from __future__ import annotations

import math
import re

from flux_studio.training.explaining import CellStory, Part

_MOST_TERMS = 4
_SHOWN_TERMS = 3
_LONGEST_LINE = 72
_DOUBLE = re.compile(r"\(\((−[^()]*)\)\)")
_FIRST = re.compile(r"^\((−[^()]*)\)(?![²³])")
_ROWS = {"N": "sample", "I": "input"}
_COLUMNS = {"O": "neuron", "I": "input"}


def brief(story: CellStory) -> str:
    """``a[5,2] = (x·w)[5,2] + b[2] = −0.945 + 0.378 = −0.567``; of a number that is given, where it comes from."""
    if not story.told:
        return story.origin
    told = story.told[-1]
    part = told.parts[-1]
    earlier = {each.name: each.value for each in told.parts[:-1]}
    steps = [
        f"{part.name} = {part.symbols}",
        _FIRST.sub(r"\1", _in_numbers(part, earlier)),
        _number(part.value),
    ]
    # What is just another number, such as a slope of 1, is not said twice.
    steps = [step for place, step in enumerate(steps) if step not in steps[:place]]
    one_line = " = ".join(steps)
    lines = [one_line] if len(one_line) <= _LONGEST_LINE else [steps[0], f"= {' = '.join(steps[1:])}"]
    if story.is_ahead:
        lines.insert(0, "the next update:" if told.phase == "update" else "the next operation:")
    lines += [f"because {test}" for test in part.because]
    return "\n".join(lines)


def sides(shape: str) -> tuple[str, str]:
    """What the rows and the columns of a matrix are, one of each; ``shape`` is written like N×O."""
    down, across = shape.partition(" or ")[0].split("×")
    return _ROWS.get(down, ""), _COLUMNS.get(across, "")


def _in_numbers(part: Part, earlier: dict[str, float]) -> str:
    if part.terms:
        shown = part.terms if part.count <= _MOST_TERMS else part.terms[:_SHOWN_TERMS]
        words = [term.form.format(*(_factor(link.value) for link in term.links)) for term in shown]
        more = part.count - len(shown)
        return " + ".join([*words, *([f"{more:,} more"] if more else [])])
    values = {**earlier, **{link.text: link.value for link in part.links}}
    if not values:
        return part.symbols
    # The longest first: a[0,0] stands in ∂C/∂a[0,0], too.
    texts = sorted(values, key=len, reverse=True)
    known = re.compile("|".join(rf"(?<![\w∂/]){re.escape(text)}(?![^\W²³]|[\[⁽])" for text in texts))
    return _DOUBLE.sub(r"(\1)", known.sub(lambda found: _factor(values[found[0]]), part.symbols))


def _factor(value: float) -> str:
    """A number in a formula: a negative one is bracketed."""
    return f"({_number(value)})" if value < 0 else _number(value)


def _number(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    return f"{value:.4g}".replace("-", "−")
