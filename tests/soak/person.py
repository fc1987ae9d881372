"""Somebody at the application who is never quiet: edits, trains, undoes and saves, and says what stands on screen.

python -m tests.soak.person FILE --seed N --mark M

After each deed the project gets a mark of its own, its number of iterations, which only ever grows: whoever finds the
project again can tell from mark and iteration how much is missing.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from pathlib import Path

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from flux_studio.gui import app
from flux_studio.gui.main_window import MainWindow

MARKS = 10**12
_DEED_MS = 120
_TELL_MS = 25


class Person:
    """Does something every few milliseconds, and writes down what the window knows."""

    def __init__(self, window: MainWindow, file: Path, seed: int, mark: int, saves: float) -> None:
        self._window, self._file, self._mark = window, file, mark
        self._random, self._saves = random.Random(seed), saves
        self._deeds = QTimer(window, interval=_DEED_MS)
        self._deeds.timeout.connect(self._do)
        self._tells = QTimer(window, interval=_TELL_MS)
        self._tells.timeout.connect(self.tell)
        self._deeds.start()
        self._tells.start()

    def tell(self) -> None:
        """One line: the mark and the iteration that the window shows, and when."""
        mark = self._window.workbench.specification.iterations
        line = {"time": time.monotonic(), "mark": mark, "iteration": self._window.trainer.iteration}
        sys.stdout.write(json.dumps(line) + "\n")
        sys.stdout.flush()

    def _do(self) -> None:
        bench, chance = self._window.workbench, self._random.random()
        if self._random.random() < self._saves:
            self._window.saving.save(self._file)
            return
        if chance < 0.3:
            bench.set_learning_rate(self._random.choice((0.1, 0.2, 0.3)))
        elif chance < 0.34:
            bench.change_layer("layer-3", "activation", self._random.choice(("sigmoid", "tanh")))
        elif chance < 0.37:
            self._window.document.undo_stack.undo()
        elif chance < 0.39:
            bench.start_over(self._random.random() < 0.5)
        elif chance < 0.6 or not self._window.trainer.running:
            bench.toggle_training()
        else:
            return
        self._mark += 1
        bench.set_iterations(MARKS + self._mark)


def main() -> int:
    """Open the file, or else the sample with hidden layers of so many units, and go on until killed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("file", type=Path)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--mark", type=int, required=True)
    parser.add_argument("--units", type=int, default=8)
    parser.add_argument("--saves", type=float, default=0.2, help="share of all deeds")
    options = parser.parse_args()
    people: list[Person] = []

    def begin() -> None:
        window = next(each for each in QApplication.topLevelWidgets() if isinstance(each, MainWindow))
        if window.autosave.left:
            window.autosave.recover(window.autosave.left[0])
        for layer in ("layer-1", "layer-2"):
            window.workbench.change_layer(layer, "units", options.units)
        window.workbench.set_pace(None)
        people.append(Person(window, options.file, options.seed, options.mark, options.saves))

    app.make_application()
    QTimer.singleShot(0, begin)
    return app.run(options.file if options.file.exists() else None)


if __name__ == "__main__":
    sys.exit(main())
