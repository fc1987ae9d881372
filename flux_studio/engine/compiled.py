"""The compiled executor: a loop, made by Numba, that interprets programs without holding Python's lock.

Every operation's kernel is compiled on its own and called from one generated interpreter. Numba does not notice
that a function in another file changed, so the interpreter lies in a cache folder whose name is a hash of all
sources and versions it was made from.
"""

from __future__ import annotations

import atexit
import hashlib
import importlib.util
import inspect
import os
import shutil
import sys
import tempfile
import textwrap
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any

import llvmlite
import numba
import numpy as np

from flux_studio import locations
from flux_studio.engine import operations, subnormals, tiles, vectorised, vectors
from flux_studio.engine.executors import Executor, Feed, loss_place
from flux_studio.engine.operations.base import Array, Elementwise, Operation
from flux_studio.engine.program import Program
from flux_studio.engine.slots import Slot
from flux_studio.errors import ProgramError

OPTIONS = vectors.OPTIONS
_NO_TABLE = np.empty((0, 9), np.uint64)
_NO_ROWS = np.empty(0, np.int64)
_NONE = np.uint64(0)
_NOWHERE = Slot(0, 0, 0)


class CompiledExecutor(Executor):
    """Interprets programs in compiled code; see :mod:`flux_studio.engine.compiled`."""

    name = "compiled"

    def __init__(self, arena: Array) -> None:
        super().__init__(arena)
        self._work = interpreter().work
        self._nothing = np.empty(0, arena.dtype)
        self._no_watch = (_NO_TABLE, _NONE, _NONE, self._nothing)
        no_rows = np.empty((0, 1), arena.dtype)
        self._no_feed = (_NO_TABLE, _NONE, _NONE, no_rows, no_rows, *[_NONE] * 4, _NO_ROWS, _NO_ROWS)

    def run(self, program: Program, start: int, stop: int, iteration: int = 0) -> None:
        span = np.uint64(start), np.uint64(stop), np.uint64(iteration)
        self._work(self.arena, program.table, *span, self._nothing, _NONE, *self._no_feed, *self._no_watch)

    def iterate(
        self,
        training: Program,
        losses: Array,
        iteration: int = 0,
        validation: Program | None = None,
        every: int = 0,
        validation_losses: Array | None = None,
        feed: Feed | None = None,
    ) -> tuple[int, int]:
        if not len(losses):
            return 0, 0
        watch = self._no_watch
        if validation is not None and validation_losses is not None:
            place = np.uint64(loss_place(validation))
            watch = (validation.table, place, np.uint64(every), validation_losses)
        span = _NONE, _NONE, np.uint64(iteration)
        place = np.uint64(loss_place(training))
        fed = self._no_feed if feed is None else _fed(training, feed)
        done, validated = self._work(self.arena, training.table, *span, losses, place, *fed, *watch)
        return int(done), int(validated)


def _fed(training: Program, feed: Feed) -> tuple[Any, ...]:
    """What the interpreter needs to know of mini-batches: the smaller program, the rows, where they go, and which."""
    small = feed.remainder or training
    places = []
    for program in (training, small):
        if program.targets is None:
            raise ProgramError("a program without targets cannot be trained")
        places += [np.uint64(program.inputs.offset), np.uint64(program.targets.offset)]
    smaller = small.table, np.uint64(loss_place(small)), np.uint64(small.rows)
    return *smaller, feed.inputs, feed.targets, *places, feed.order, feed.bounds


def warm(dtype: type[np.floating[Any]]) -> None:
    """Compile the interpreter for a type, or load it from the cache: a second or ten the first time."""
    nothing = Program(
        rows=0, instructions=(), table=_NO_TABLE, phases={}, matrices={}, constants=(), inputs=_NOWHERE,
        targets=None, outputs=_NOWHERE, loss=None,
    )  # fmt: skip
    CompiledExecutor(np.zeros(8, dtype)).run(nothing, 0, 0)


def is_warm() -> bool:
    """Whether the cache holds compiled code of the present sources, without importing it."""
    folder = _folder()
    return (folder / "interpreter.py").is_file() and any(folder.glob("__pycache__/*.nbc"))


@lru_cache(maxsize=1)
def interpreter() -> ModuleType:
    """The generated module with the compiled function ``work``: a single one, for each is optimised by itself."""
    folder = _folder()
    try:
        path = _write(folder)
    except OSError:
        # A home that cannot be written to costs the compilation at each start, nothing else.
        own = Path(tempfile.mkdtemp(prefix="flux-studio-"))
        atexit.register(shutil.rmtree, own, ignore_errors=True)
        path = _write(own)
    name = f"flux_studio_interpreter_{folder.name.rsplit('-', 1)[-1]}"
    specification = importlib.util.spec_from_file_location(name, path)
    if specification is None or specification.loader is None:
        raise ProgramError(f"the compiled interpreter cannot be loaded from {path}: delete that folder")
    module = importlib.util.module_from_spec(specification)
    sys.modules[name] = module
    specification.loader.exec_module(module)
    return module


def kernels() -> tuple[Callable[..., None], ...]:
    """One compiled kernel for each operation by its code, and behind them those that are made of tiles."""
    loops = [_kernel(operation) for operation in operations.OPERATIONS]
    return (*loops, *(tiles.TILED[product.name] for product in operations.PRODUCTS))


def _kernel(operation: Operation) -> Callable[..., None]:
    # Left to itself, LLVM does not inline them all, and each call of the others costs 5 ns. What takes long itself is
    # better off alone: inlined into the interpreter its loops lose the code for the last few cells.
    put_in = numba.njit(forceinline=True, **OPTIONS)
    jit = numba.njit(**OPTIONS) if operation.is_long else put_in
    if isinstance(operation, Elementwise):
        return _elementwise(put_in(operation.arithmetic()), jit)
    compiled: Callable[..., None] = jit(type(operation).kernel)
    return compiled


def _elementwise(cell: Callable[..., Any], jit: Callable[..., Any]) -> Callable[..., None]:
    def kernel(A: Any, o: Any, a: Any, b: Any, c: Any, d: Any, m: Any, k: Any, n: Any, t: Any) -> None:
        zero = A.dtype.type(0)
        one = A.dtype.type(1)
        first = A[c]
        second = A[d]
        for i in range(m):
            A[o + i] = cell(A[a + i], A[b + i], first, second, zero, one)

    compiled: Callable[..., None] = jit(kernel)
    return compiled


def _source() -> str:
    """Python source of the interpreter: one branch an operation, which LLVM turns into a jump table."""
    branches = "\n".join(
        f"        {'if' if code == 0 else 'elif'} op == {code}:  # {operation.name}\n"
        f"            k{code}(A, o, a, b, c, d, m, k, n, t)"
        for code, operation in enumerate((*operations.OPERATIONS, *operations.PRODUCTS))
    )
    names = ", ".join(f"k{code}" for code in range(len(operations.OPERATIONS) + len(operations.PRODUCTS)))
    return _TEMPLATE.format(names=names, branches=branches)


_TEMPLATE = textwrap.dedent(
    '''\
    """Made by flux_studio.engine.compiled; delete the folder to have it made again."""

    import numpy as np
    from numba import njit, uint64

    from flux_studio.engine.compiled import OPTIONS, kernels
    from flux_studio.engine.subnormals import flush, put_back
    from flux_studio.engine.tiles import gather

    {names} = kernels()


    @njit(**OPTIONS)
    def carry_out(A, T, start, stop, t):
        for pc in range(start, stop):
            op = T[pc, 0]
            o = T[pc, 1]
            a = T[pc, 2]
            b = T[pc, 3]
            c = T[pc, 4]
            d = T[pc, 5]
            m = T[pc, 6]
            k = T[pc, 7]
            n = T[pc, 8]
    {branches}


    @njit(cache=True, **OPTIONS)
    def work(
        A, T, start, stop, t, losses, loss, T2, loss2, small, X, Y, x, y, x2, y2, order, bounds,
        V, validation_loss, every, validation_losses,
    ):
        before = flush()
        if len(losses) == 0:
            carry_out(A, T, start, stop, t)
        fed = len(bounds) > 0
        done = 0
        validated = 0
        while done < len(losses):
            P, place = T, loss
            if fed:
                first = uint64(bounds[done])
                rows = uint64(bounds[done + 1] - bounds[done])
                inputs, targets = x, y
                if rows == small:
                    P, place, inputs, targets = T2, loss2, x2, y2
                gather(A, inputs, X, order, first, rows)
                gather(A, targets, Y, order, first, rows)
            t += uint64(1)
            carry_out(A, P, start, uint64(len(P)), t)
            losses[done] = A[place]
            done += 1
            if not np.isfinite(losses[done - 1]):
                break
            if every > 0 and t % every == 0:
                carry_out(A, V, start, uint64(len(V)), t)
                validation_losses[validated] = A[validation_loss]
                validated += 1
        put_back(before)
        return done, validated
    '''
)


def _folder() -> Path:
    """The cache folder for exactly these sources, versions and options."""
    digest = hashlib.sha256()
    for path in sorted(Path(inspect.getfile(operations)).parent.glob("*.py")):
        digest.update(path.read_bytes())
    for module in (__file__, subnormals.__file__, tiles.__file__, vectorised.__file__, vectors.__file__):
        digest.update(Path(module).read_bytes())
    for version in (sys.version, np.__version__, numba.__version__, llvmlite.__version__):
        digest.update(version.encode())
    return locations.cache_folder() / f"kernels-{digest.hexdigest()[:16]}"


def _write(folder: Path) -> Path:
    """Put the source into the folder, whole or not at all; an existing one is left alone, with its time stamp."""
    kept = folder / "__pycache__"
    kept.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=kept):
        pass  # this is where Numba keeps what it compiled; where it cannot, it refuses to compile
    path = folder / "interpreter.py"
    if not path.exists():
        handle, name = tempfile.mkstemp(dir=folder, suffix=".py")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(_source())
        os.replace(name, path)
    return path
