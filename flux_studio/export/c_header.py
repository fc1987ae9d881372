"""A single C header (C99) that needs ``math.h`` only: rows of the table in, answers out, with the weights inside."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator

from flux_studio.engine.expressions import Term
from flux_studio.engine.operations import BATCH, BESIDE, Columns, Operation, Shape, Zeros
from flux_studio.engine.operations.base import Array, Elementwise
from flux_studio.errors import ExportError
from flux_studio.export.c_kernels import Function, function, number, terms
from flux_studio.export.flow import Statement, Variable, word
from flux_studio.export.lowering import Answer, Raw
from flux_studio.export.subject import Subject

MOST_NUMBERS = 5_000_000
"""Of more numbers as text a compiler makes nothing in bearable time."""

_KEYWORDS = frozenset(
    each
    for line in (
        "auto bool break case char class const continue default delete do double else enum extern false float for",
        "friend goto if inline int long mutable namespace new operator private protected public register restrict",
        "return short signed sizeof static struct switch template this throw true try typedef typename union unsigned",
        "using virtual void volatile while",
        "linux unix",  # macros of some compilers
    )
    for each in line.split()
)

_HEAD = """/* {summary}
 *
 * A single header, C99 or C++, that needs math.h only (link with -lm). Give {given}:
 *
 *     {name}_row {rows};
 *     {name}_answer answer;
 *     if ({name}_predict({first}, &answer) == 0)
 *         ...
 *
 * {name}_predict returns 0, or the number of the column, from 1, in which a category is unknown.{ahead}
 * Matrices are kept in static memory; define {NAME}_STORAGE as nothing before you include this file
 * to have them on the stack, so that several threads may predict at a time.
{about} */
#ifndef {NAME}_H
#define {NAME}_H

#include <math.h>

#ifndef {NAME}_STORAGE
#define {NAME}_STORAGE static
#endif
#define {NAME}_WINDOW {window}

typedef {real} {name}_real;
"""


def check(subject: Subject) -> None:
    """Raise :class:`ExportError` for preprocessing that cannot be written, and for weights that are too many."""
    _ = subject.lowered
    count = sum(array.size for array in subject.weights.values())
    if count > MOST_NUMBERS:
        raise ExportError(
            f"{count:,} weights are too many for a C header ({MOST_NUMBERS:,} at most): choose ONNX or safetensors"
        )


def make(subject: Subject) -> bytes:
    """The header's source, UTF-8."""
    return _Header(subject).text().encode()


class Names:
    """What the header calls its columns, categories and answers; the same for whoever includes it."""

    def __init__(self, subject: Subject) -> None:
        self.name = subject.name.lower()
        lowered = subject.lowered
        self.fields: dict[str, str] = {}
        known = {*_KEYWORDS, "outputs"}
        for column in [raw.name for raw in lowered.columns] + [each.column for each in lowered.answers]:
            if column not in self.fields:
                self.fields[column] = word(column.lower(), taken=known)
                known.add(self.fields[column])
        self.words: dict[tuple[str, str], str] = {}
        taken: set[str] = {f"{self.name.upper()}_{each}" for each in ("H", "STORAGE", "WINDOW")}
        listed = [(raw.name, raw.words) for raw in lowered.columns] + [
            (answer.column, answer.classes) for answer in lowered.answers
        ]
        for column, words in listed:
            for each in words:
                if (column, each) not in self.words:
                    found = word(f"{self.name}_{column}_{each or 'missing'}".upper(), taken=taken)
                    taken.add(found)
                    self.words[column, each] = found


class _Header:
    def __init__(self, subject: Subject) -> None:
        self.subject, self.names = subject, Names(subject)
        self.name, self.NAME = self.names.name, self.names.name.upper()
        self.real = {"float32": "float", "float64": "double"}[subject.dtype]
        self.functions: dict[str, Function] = {}
        self.numbers: dict[float, str] = {}

    def text(self) -> str:
        subject = self.subject
        weights = [
            self._array(self._weight(subject.flow.parameters[key]), array)
            for key, array in subject.weights.items()
        ]
        network = "\n".join(self._network())
        constants = [
            f"static const {self.name}_real {name} = {number(value, self.real)};"
            for value, name in self.numbers.items()
        ]
        kernels = [each.text for each in self.functions.values()]
        return "\n".join(
            [
                self._head(),
                *self._types(),
                *weights,
                *constants,
                "",
                *kernels,
                network,
                *self._encode(),
                *self._predict(),
                "#endif",
                "",
            ]
        )

    def _head(self) -> str:
        subject, lowered = self.subject, self.subject.lowered
        window = lowered.window
        return _HEAD.format(
            summary=comment(subject.summary),
            name=self.name,
            NAME=self.NAME,
            given=("a row" if window == 1 else f"{window} successive rows, the oldest first,")
            + " of the table as it is",
            ahead=f" The answer is for what stands{lowered.ahead_words.lstrip(',')}."
            if lowered.ahead
            else "",
            rows=f"row = {{{', '.join('...' for _ in lowered.columns)}}}"
            if window == 1
            else f"rows[{window}]",
            first="&row" if window == 1 else "rows",
            window=window,
            real=self.real,
            about=self._about(),
        )

    def _about(self) -> str:
        """What the other formats call metadata."""
        metadata = self.subject.metadata
        lines = [f"data: {metadata['data']}", f"inputs: {', '.join(metadata['inputs'])}"]
        lines.append(f"outputs: {', '.join(metadata['outputs'])}")
        for target, told in metadata["metrics"].items():
            for part, numbers in told.items():
                if isinstance(numbers, dict):
                    shown = ", ".join(
                        f"{name} {value:g}"
                        for name, value in numbers.items()
                        if isinstance(value, (int, float))
                    )
                    lines.append(f"{target}, {part}: {shown}")
        wrapped = [part for line in lines for part in textwrap.wrap(comment(line), 110)]
        return "".join(f" * {line}\n" for line in ["", *wrapped]).replace(" * \n", " *\n")

    def _types(self) -> Iterator[str]:
        lowered = self.subject.lowered
        done: set[str] = set()
        kinds = [(raw.name, raw.words, self.names.fields[raw.name]) for raw in lowered.columns]
        kinds += [(each.column, each.classes, self.names.fields[each.column]) for each in lowered.answers]
        for column, words, field in kinds:
            if not words or column in done:
                continue
            done.add(column)
            yield "enum {"
            for place, each in enumerate(words):
                yield f"    {self.names.words[column, each]} = {place}, /* {comment(each or 'no value')} */"
            yield "};"
            quoted = ", ".join(map(string, words))
            yield f"static const char *const {self.name}_{field}_names[] = {{{quoted}}};\n"
        yield "typedef struct {"
        for raw in lowered.columns:
            yield f"    {'int' if raw.words else 'double'} {self.names.fields[raw.name]}; /* {comment(raw.name)} */"
        yield f"}} {self.name}_row;\n"
        yield "typedef struct {"
        for answer in lowered.answers:
            kind = "int" if answer.classes else "double"
            yield f"    {kind} {self.names.fields[answer.column]}; /* {comment(answer.column)} */"
        outputs = ", ".join(self.subject.metadata["outputs"])
        yield f"    {self.name}_real outputs[{self.subject.flow.outputs.columns}]; /* {comment(outputs)} */"
        yield f"}} {self.name}_answer;\n"

    def _array(self, name: str, array: Array) -> str:
        end = "f" if self.real == "float" else ""
        cells = ", ".join(f"{value!s}{end}" for value in array.ravel())
        shape = "×".join(map(str, array.shape))
        return (
            f"static const {self.name}_real {name}[{array.size}] = {{ /* {shape} */\n"
            + textwrap.fill(
                cells, 110, initial_indent="    ", subsequent_indent="    ", break_on_hyphens=False
            )
            + "\n};"
        )

    def _weight(self, variable: Variable) -> str:
        return f"{self.name}_{variable.name}"

    def _network(self) -> Iterator[str]:
        flow = self.subject.flow
        real = f"{self.name}_real"
        yield f"/* Every matrix on the way from {flow.inputs.columns} inputs to {flow.outputs.columns} outputs. */"
        yield f"static inline void {self.name}_network(const {real} *{flow.inputs.name}, {real} *outputs)"
        yield "{"
        before = ""
        for statement in flow.statements:
            if statement.layer != before:
                yield f"    /* {comment(statement.layer)} */"
                before = statement.layer
            yield from (f"    {line}" for line in self._statement(statement))
        yield f"    for (int i = 0; i < {flow.outputs.columns}; i++)"
        yield f"        outputs[i] = {flow.outputs.name}[i];"
        yield "}\n"

    def _statement(self, statement: Statement) -> Iterator[str]:
        operation, target = statement.operation, statement.target
        real = f"{self.name}_real"
        if isinstance(operation, Columns):
            yield f"const {real} *const {target.name} = {statement.inputs[0].name} + {operation.start};"
            return
        yield f"{self.NAME}_STORAGE {real} {target.name}[{target.columns}];"
        if isinstance(operation, Zeros):
            yield f"for (int i = 0; i < {target.columns}; i++) {target.name}[i] = 0;"
        elif operation is BESIDE:
            start = 0
            for piece in statement.inputs:
                place = f"{start} + i" if start else "i"
                yield f"for (int i = 0; i < {piece.columns}; i++) {target.name}[{place}] = {piece.name}[i];"
                start += piece.columns
        else:
            yield self._call(statement)

    def _call(self, statement: Statement) -> str:
        operation, target = statement.operation, statement.target
        made = self._function(operation)
        matrices = operation.matrices if isinstance(operation, Elementwise) else len(statement.inputs)
        places = [*"abcd"[:matrices], *"cd"] if isinstance(operation, Elementwise) else [*"abcd"]
        given = dict(zip(places, map(self._argument, statement.inputs), strict=False))
        sizes = operation.sizes(_single(target), *(_single(each) for each in statement.inputs))
        values = {"o": target.name, **given, **dict(zip("mkn", map(str, sizes), strict=True))}
        arguments = ", ".join(values[each] for each in made.parameters)
        return f"{self.name}_{word(operation.name)}({arguments});"

    def _function(self, operation: Operation) -> Function:
        if operation.name not in self.functions:
            name = f"{self.name}_{word(operation.name)}"
            self.functions[operation.name] = function(operation, name, self.real)
        return self.functions[operation.name]

    def _argument(self, variable: Variable) -> str:
        if variable.number is not None:
            value = variable.number.value
            return "&" + self.numbers.setdefault(value, f"{self.name}_number_{len(self.numbers) + 1}")
        return self._weight(variable) if variable.key is not None else variable.name

    def _encode(self) -> Iterator[str]:
        lowered = self.subject.lowered
        yield "/* The cells of a row as numbers for the network. */"
        yield f"static inline int {self.name}_encode(const {self.name}_row *row, {self.name}_real *encoded)"
        yield "{"
        for place, raw in enumerate(lowered.columns, start=1):
            if raw.words:
                cell = f"row->{self.names.fields[raw.name]}"
                yield f"    if ({cell} < 0 || {cell} >= {len(raw.words)})"
                yield f"        return {place};"

        def leaf(raw: Raw) -> str:
            return f"row->{self.names.fields[raw.name]}"

        writer = terms("double", leaf)
        for place, term in enumerate(lowered.numbers):
            yield f"    encoded[{place}] = ({self.name}_real)({writer.text(self._named(term))});"
        yield "    return 0;"
        yield "}\n"

    def _named(self, term: Term) -> Term:
        """The term with categories compared by their constants."""
        if term.kind == "is":
            constant = self.names.words[term.parts[0].value.name, term.value]
            return Term("is", term.parts, constant)
        return Term(term.kind, tuple(map(self._named, term.parts)), term.value)

    def _predict(self) -> Iterator[str]:
        lowered, name = self.subject.lowered, self.name
        width = len(lowered.numbers)
        if any(each.term.kind == "largest" for each in lowered.answers):
            yield "/* Where the largest of n numbers stands, the first of equal ones. */"
            yield f"static inline int {name}_largest(const {name}_real *numbers, int n)"
            yield "{\n    int found = 0;\n    for (int i = 1; i < n; i++)"
            yield "        if (numbers[i] > numbers[found])\n            found = i;\n    return found;\n}\n"
        yield f"/* The answer for {name.upper()}_WINDOW successive rows, the oldest first. */"
        yield f"static inline int {name}_predict(const {name}_row *rows, {name}_answer *answer)"
        yield "{"
        yield f"    {self.NAME}_STORAGE {name}_real inputs[{width * lowered.window}];"
        yield f"    for (int step = 0; step < {name.upper()}_WINDOW; step++) {{"
        yield f"        int unknown = {name}_encode(rows + step, inputs + step * {width});"
        yield "        if (unknown)\n            return unknown;"
        yield "    }"
        yield f"    {name}_network(inputs, answer->outputs);"
        for answer in lowered.answers:
            yield f"    answer->{self.names.fields[answer.column]} = {self._answer(answer)};"
        yield "    return 0;"
        yield "}\n"

    def _answer(self, answer: Answer) -> str:
        outputs = f"answer->outputs + {answer.place.start}"
        if answer.term.kind == "largest":
            return f"{self.name}_largest({outputs}, {answer.place.stop - answer.place.start})"
        text = terms("double", lambda _: f"(double)answer->outputs[{answer.place.start}]").text(answer.term)
        return text.replace("? 1.0 : 0.0", "? 1 : 0") if answer.classes else text


def _single(variable: Variable) -> Shape:
    """The shape for a single row."""
    return (1 if variable.shape[0] == BATCH else variable.shape[0]), variable.columns


def comment(text: str) -> str:
    """Text that ends no comment and no line."""
    return " ".join(text.replace("*/", "* /").replace("/*", "/ *").split())


def string(text: str) -> str:
    """Text as a C string, UTF-8."""
    escaped = re.sub(r'[\\"?]', r"\\\g<0>", text)
    return '"' + "".join(each if each.isprintable() else f"\\{ord(each):03o}" for each in escaped) + '"'
