"""How data and training are described in words: for the command line, the read-outs and the names of edits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from flux_studio.data.choices import CHOICES
from flux_studio.data.columns import Column
from flux_studio.data.dataset import Dataset
from flux_studio.data.encodings import ENCODINGS
from flux_studio.data.formats import DELIMITERS, THOUSANDS, TableFormat
from flux_studio.engine.matrices import MATRIX_KINDS
from flux_studio.engine.operations.updates import MEANINGS
from flux_studio.engine.slots import MatrixKey
from flux_studio.engine.updating import OPTIMIZERS, SCHEDULES
from flux_studio.project.catalogue import titled, titles
from flux_studio.project.project import LearningRateChange, WeightSet
from flux_studio.project.specification import (
    OptimizerSpecification,
    ScheduleSpecification,
    Specification,
    StopSpecification,
)


def data_lines(source: str, dataset: Dataset, rows: int) -> Iterator[tuple[str, str]]:
    """Where the rows come from, how they make samples and what these are for: a name and its words."""
    series = dataset.windowing.is_series
    yield "data", f"{source}, {rows:,} rows" + (f", {dataset.windowing.text}" if series else "")
    words = f"{len(dataset.training):,} to train on, {len(dataset.validation):,} to validate"
    if len(dataset.test):
        words += f", {len(dataset.test):,} to test"
    yield "", words
    if dataset.across:
        yield "", f"{counted(dataset.across, 'window')} across the border of two parts left out"
    if dataset.dropped:
        yield "", f"{counted(len(dataset.dropped), 'row')} without a value left out"
    if gaps := [f"{name} {value}" for name, value in dataset.preprocessor.stand_ins()]:
        yield "gaps", f"filled with {', '.join(gaps)}"


def sample_noun(specification: Specification) -> str:
    """What a sample is: a row of the table, or a window of rows."""
    return "window" if specification.data.windowing.window > 1 else "row"


def batch_text(specification: Specification, rows: int) -> str:
    """Which of so many samples each iteration looks at: ``all 16 rows``, ``32 of 1,437 windows``."""
    samples = counted(rows, sample_noun(specification))
    if is_whole(specification.batch, rows):
        return f"all {samples}" if rows != 1 else samples
    return f"{specification.batch:,} of {samples}"


def is_whole(batch: int | None, rows: int) -> bool:
    """Whether every iteration looks at all rows."""
    return batch is None or batch >= rows


def epoch_text(batch: int | None, rows: int, noun: str = "row") -> str:
    """How many iterations an epoch has, and whether its last batch is smaller."""
    if batch is None or is_whole(batch, rows):
        return "each iteration is an epoch"
    count, rest = -(-rows // batch), rows % batch
    last = f", the last of {counted(rest, noun)}" if rest else ""
    return f"{count:,} batches an epoch{last}"


def optimizer_text(optimizer: OptimizerSpecification) -> str:
    """The optimizer with its rate and those settings that are not the usual ones: ``Adam, learning rate 0.01``."""
    kind = OPTIMIZERS[optimizer.kind]
    others = (
        f"{kind.symbol(name)} {value:g}"
        for name, value in optimizer.settings.items()
        if value != kind.settings.get(name)
    )
    return ", ".join((kind.title, f"learning rate {optimizer.learning_rate:g}", *others))


def schedule_text(schedule: ScheduleSpecification) -> str:
    """The schedule with what it reads: ``cosine, period 5000, floor 0, warm-up 100 updates``."""
    kind = SCHEDULES[schedule.kind]
    parts = [kind.title, *(f"{name} {getattr(schedule, name):g}" for name in kind.fields)]
    if schedule.warm_up:
        parts.append(f"warm-up {counted(schedule.warm_up, 'update')}")
    return ", ".join(parts)


def limits(optimizer: OptimizerSpecification) -> tuple[str, ...]:
    """Penalties and clipping, each in a few words; nothing for what is off."""
    named = (
        ("L1 penalty", optimizer.l1),
        ("L2 penalty", optimizer.l2),
        ("clipped to value", optimizer.clip_value),
        ("clipped to norm", optimizer.clip_norm),
    )
    return tuple(f"{words} {value:g}" for words, value in named if value)


def stop_text(stop: StopSpecification) -> str:
    """What may end training before its last iteration; empty where nothing does."""
    parts = []
    if stop.loss is not None:
        parts.append(f"at a loss of {stop.loss:g}")
    if stop.patience is not None:
        parts.append(f"after {counted(stop.patience, 'validation')} without a better loss")
    if stop.seconds is not None:
        parts.append(f"after {stop.seconds:g} s")
    return ", ".join(parts)


def training_text(specification: Specification, rows: int) -> str:
    """How a project is trained on so many rows, in one line."""
    return f"{optimizer_text(specification.optimizer)}, {batch_text(specification, rows)}"


def training_lines(specification: Specification, rows: int) -> Iterator[tuple[str, str]]:
    """How a project is trained on so many rows: a name and its words for each thing that applies."""
    optimizer, schedule = specification.optimizer, specification.optimizer.schedule
    yield "optimizer", optimizer_text(optimizer)
    if schedule.kind != "constant" or schedule.warm_up:
        yield "schedule", schedule_text(schedule)
    if found := limits(optimizer):
        yield "limits", ", ".join(found)
    batch, noun = batch_text(specification, rows), sample_noun(specification)
    whole = is_whole(specification.batch, rows)
    yield "batch", batch if whole else f"{batch}, {epoch_text(specification.batch, rows, noun)}"
    if stop := stop_text(specification.stop):
        yield "stops", stop


def optimizer_change(before: OptimizerSpecification, after: OptimizerSpecification) -> str:
    """What an edit of the optimizer changed, for the list of edits: ``Optimizer Adam``, ``L2 penalty 0.01``."""
    return next(_changes(before, after), "Optimizer")


def columns_change(before: Sequence[Column], after: Sequence[Column]) -> str:
    """What an edit of the columns changed, for the list of edits: ``age: median for missing values``."""
    known = {column.name: column for column in before}
    changed = [column for column in after if known.get(column.name, column) != column]
    if not changed:
        return "Change columns"
    column = changed[0]
    old = known[column.name]
    field = next(name for name in _SAID if getattr(column, name) != getattr(old, name))
    value = getattr(column, field)
    words = _SAID[field] if isinstance(value, (bool, tuple)) else f"{_SAID[field]} {value or 'found'}"
    if field in CHOICES and isinstance(value, str):
        words = f"{_SAID[field]} {next(word for known, word, _ in CHOICES[field] if known == value).lower()}"
    return f"{column.name if len(changed) == 1 else counted(len(changed), 'column')}: {words}"


_SAID = {
    "role": "role",
    "kind": "kind",
    "missing": "missing",
    "fill": "missing values are",
    "indicator": "tell what is missing",
    "encoding": "encoding",
    "order": "order",
    "parts": "parts of dates",
    "date_order": "dates read as",
    "scaling": "scaling",
}
"""The fields of a column in words, those first on which others depend."""


def _changes(before: OptimizerSpecification, after: OptimizerSpecification) -> Iterator[str]:
    kind = OPTIMIZERS[after.kind]
    if before.kind != after.kind:
        yield f"Optimizer {kind.title}"
    if before.learning_rate != after.learning_rate:
        yield f"Learning rate {after.learning_rate:g}"
    for name, usual in kind.settings.items():
        value = after.settings.get(name, usual)
        if before.settings.get(name, usual) != value:
            title, _ = MEANINGS.get(name, (name, ""))
            yield f"{title.capitalize()} {kind.symbol(name)} {value:g}"
    if before.schedule != after.schedule:
        yield from _schedule_changes(before.schedule, after.schedule)
    for words, name in (
        ("L1 penalty", "l1"),
        ("L2 penalty", "l2"),
        ("Clip gradient to value", "clip_value"),
        ("Clip gradient to norm", "clip_norm"),
    ):
        value = getattr(after, name)
        if getattr(before, name) != value:
            yield f"{words} {value:g}" if value else f"{words}: off"


def _schedule_changes(before: ScheduleSpecification, after: ScheduleSpecification) -> Iterator[str]:
    if before.kind != after.kind:
        yield f"Schedule {SCHEDULES[after.kind].title}"
    for name in ("factor", "period", "floor", "warm_up"):
        if getattr(before, name) != getattr(after, name):
            yield f"Schedule: {name.replace('_', '-')} {getattr(after, name):g}"


def counted(count: int, noun: str) -> str:
    """``1 row``, ``1,437 rows``."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def read_as(format: TableFormat) -> str:
    """How a table was read, such as ``comma, header, decimal comma``; what goes without saying is not said."""
    if format.layout in ("arrays", "idx"):
        words = ["arrays" if format.layout == "arrays" else "IDX", *filter(None, [format.sheet])]
    elif format.layout == "records":
        words = ["JSON records"]
    else:
        text = DELIMITERS.get(format.delimiter, repr(format.delimiter))
        words = [text if format.layout == "text" else f"sheet {format.sheet}" if format.sheet else "workbook"]
        words.append("header" if format.header else "no header")
    if format.decimal != ".":
        words.append("decimal comma")
    if format.thousands:
        words.append(f"thousands {THOUSANDS.get(format.thousands, format.thousands)}")
    if format.encoding.lower() not in ("utf-8", "utf-8-sig", "ascii"):
        words.append(ENCODINGS.get(format.encoding, format.encoding).partition(",")[0])
    if format.comment:
        words.append(f"comments {format.comment}")
    if format.skip:
        words.append(f"{format.skip:,} skipped")
    return ", ".join(words)


def cell_name(specification: Specification, key: MatrixKey, cell: tuple[int, int]) -> str:
    """One number of a matrix, such as ``w[3,1] of Dense 2``."""
    kind = MATRIX_KINDS.get(key[1])
    symbol = key[1] if kind is None else kind.symbol
    return f"{symbol}[{cell[0]},{cell[1]}] of {titled(titles(specification), key[0])}"


def by_hand(specification: Specification, change: LearningRateChange | WeightSet) -> str:
    """What was changed on the way of a run."""
    if isinstance(change, LearningRateChange):
        return f"learning rate {change.learning_rate:g} from here on"
    name = cell_name(specification, (change.layer, change.matrix), (change.row, change.column))
    return f"{name} set to {change.value:.4g}"
