"""How the command line tells what happens in training: as a progress bar, or one JSON object a line."""

from __future__ import annotations

import json
import math
import sys
from typing import Any

from flux_studio.training import report
from flux_studio.training.events import Event, Failed, Finished, Progress, Started


def tell_json(event: Event) -> None:
    """Print one event as one line of JSON; events that are not for the command line say nothing."""
    line: dict[str, Any]
    match event:
        case Started():
            line = {"event": "started", "iteration": event.iteration, "executor": event.executor}
        case Progress():
            line = {
                "event": "progress",
                "iteration": event.iteration,
                "loss": event.loss,
                "validation_loss": event.validation_loss,
                "learning_rate": event.learning_rate,
                "iterations_per_second": event.iterations_per_second,
            }
        case Finished():
            line = {
                "event": "finished",
                "iteration": event.progress.iteration,
                "loss": event.progress.loss,
                "validation_loss": event.progress.validation_loss,
                "seconds": event.seconds,
            }
            if event.scores.accuracy is not None:
                line["accuracy"] = event.scores.accuracy
                line["validation_accuracy"] = event.scores.validation_accuracy
            if event.report is not None:
                line["metrics"] = report.record(event.report)
        case Failed():
            line = {"event": "failed", "iteration": event.iteration, "message": event.message}
        case _:
            return
    print(json.dumps(_told(line)), flush=True)


def _told(value: Any) -> Any:
    """JSON knows no infinity, which a loss can be before the first update."""
    if isinstance(value, dict):
        return {name: _told(each) for name, each in value.items()}
    return None if isinstance(value, float) and not math.isfinite(value) else value


class ProgressBar:
    """A bar on a terminal; plain lines, a tenth apart, everywhere else."""

    def __init__(self, how: str, start: int, until: int) -> None:
        self.how = how
        self.start = start
        self.until = until
        self._last_tenth = -1
        self._live = sys.stdout.isatty()

    def tell(self, event: Event) -> None:
        """Show one event."""
        if isinstance(event, Started):
            print(f"training with {self.how}, from iteration {self.start:,} to {self.until:,}", flush=True)
        elif isinstance(event, Progress):
            self._show(event)
        elif isinstance(event, Finished):
            self._show(event.progress)
            self._end_line()
            print(f"finished in {event.seconds:.2f} s{_right(event.scores.right, event.scores.rows)}", end="")
            if event.scores.validation_accuracy is not None:
                print(f", {event.scores.validation_accuracy:.1%} of the validation rows right", end="")
            print()
            for line in report.lines(event.report) if event.report else ():
                print(line)
        elif isinstance(event, Failed):
            self._end_line()

    def _end_line(self) -> None:
        if self._live:
            print(flush=True)

    def _show(self, progress: Progress) -> None:
        share = (progress.iteration - self.start) / max(1, self.until - self.start)
        text = f"iteration {progress.iteration:>9,}  loss {progress.loss:<12.6g}"
        if progress.validation_loss is not None:
            text += f"  validation {progress.validation_loss:<12.6g}"
        if self._live:
            full = round(24 * share)
            print(f"\r{'█' * full}{'·' * (24 - full)}  {text}", end="", flush=True)
        elif int(share * 10) > self._last_tenth:
            self._last_tenth = int(share * 10)
            print(f"{share:>4.0%}  {text}", flush=True)


def _right(right: int | None, rows: int | None) -> str:
    return "" if right is None else f", {right:,} of {rows:,} right"
