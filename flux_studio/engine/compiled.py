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
from flux_studio.errors import ProgramError

OPTIONS = vectors.OPTIONS


class CompiledExecutor(Executor):
    """Interprets programs in compiled code; see :mod:`flux_studio.engine.compiled`."""

    name = "compiled"

    def __init__(self, arena: Array) -> None:
        super().__init__(arena)
        self._interpreter = interpreter()
        self._nothing = np.empty(0, arena.dtype)
        self._no_table = np.empty((0, 9), np.uint64)

    def run(self, program: Program, start: int, stop: int, iteration: int = 0) -> None:
        self._interpreter.execute(
            self.arena, program.table, np.uint64(start), np.uint64(stop), np.uint64(iteration)
        )

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
        if validation is None or validation_losses is None:
            watch = (self._no_table, 0, 0, self._nothing)
        else:
            watch = (validation.table, loss_place(validation), every, validation_losses)
        if feed is None:
            work = (self.arena, training.table, loss_place(training), losses, iteration)
            done, validated = self._interpreter.iterate(*work, *watch)
        else:
            small = feed.remainder or training
            done, validated = self._interpreter.iterate_batches(
                self.arena,
                *_places(training),
                *_places(small),
                small.rows,
                feed.inputs,
                feed.targets,
                feed.order,
                feed.bounds,
                losses,
                iteration,
                *watch,
            )
        return int(done), int(validated)


def _places(program: Program) -> tuple[Any, ...]:
    """What the interpreter needs to know of a program that is fed: table, inputs, targets and loss."""
    if program.targets is None:
        raise ProgramError("a program without targets cannot be trained")
    return program.table, program.inputs.offset, program.targets.offset, loss_place(program)


def warm(dtype: type[np.floating[Any]]) -> None:
    """Compile the interpreter for a type, or load it from the cache: a second or ten the first time."""
    arena, losses = np.zeros(8, dtype), np.empty(0, dtype)
    table = np.empty((0, 9), np.uint64)
    module = interpreter()
    module.execute(arena, table, np.uint64(0), np.uint64(0), np.uint64(0))
    module.iterate(arena, table, 0, losses, 0, table, 0, 0, losses)
    rows, numbers = np.empty((0, 1), dtype), np.zeros(1, np.int64)
    program = (table, 0, 0, 0)
    watch = (table, 0, 0, losses)
    module.iterate_batches(arena, *program, *program, 0, rows, rows, numbers, numbers, losses, 0, *watch)


def is_warm() -> bool:
    """Whether the cache holds compiled code of the present sources, without importing it."""
    folder = _folder()
    return (folder / "interpreter.py").is_file() and any(folder.glob("__pycache__/*.nbc"))


@lru_cache(maxsize=1)
def interpreter() -> ModuleType:
    """The generated module with the compiled functions ``execute`` and ``iterate``."""
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


    @njit(**OPTIONS)
    def iterate_all(A, T, loss, losses, iteration, V, validation_loss, every, validation_losses):
        validated = 0
        begin = uint64(0)
        end = uint64(len(T))
        validation_end = uint64(len(V))
        for i in range(len(losses)):
            carry_out(A, T, begin, end, uint64(iteration + i + 1))
            losses[i] = A[loss]
            if not np.isfinite(losses[i]):
                return i + 1, validated
            if every > 0 and (iteration + i + 1) % every == 0:
                carry_out(A, V, begin, validation_end, uint64(iteration + i + 1))
                validation_losses[validated] = A[validation_loss]
                validated += 1
        return len(losses), validated


    @njit(**OPTIONS)
    def iterate_all_batches(
        A, T, x, y, loss, T2, x2, y2, loss2, small, X, Y, order, bounds, losses, iteration,
        V, validation_loss, every, validation_losses,
    ):
        validated = 0
        begin = uint64(0)
        end = uint64(len(T))
        end2 = uint64(len(T2))
        validation_end = uint64(len(V))
        for i in range(len(losses)):
            first = uint64(bounds[i])
            rows = uint64(bounds[i + 1] - bounds[i])
            t = uint64(iteration + i + 1)
            if rows == uint64(small):
                gather(A, uint64(x2), X, order, first, rows)
                gather(A, uint64(y2), Y, order, first, rows)
                carry_out(A, T2, begin, end2, t)
                losses[i] = A[loss2]
            else:
                gather(A, uint64(x), X, order, first, rows)
                gather(A, uint64(y), Y, order, first, rows)
                carry_out(A, T, begin, end, t)
                losses[i] = A[loss]
            if not np.isfinite(losses[i]):
                return i + 1, validated
            if every > 0 and (iteration + i + 1) % every == 0:
                carry_out(A, V, begin, validation_end, t)
                validation_losses[validated] = A[validation_loss]
                validated += 1
        return len(losses), validated


    @njit(cache=True, **OPTIONS)
    def execute(A, T, start, stop, t):
        before = flush()
        carry_out(A, T, start, stop, t)
        put_back(before)


    @njit(cache=True, **OPTIONS)
    def iterate(A, T, loss, losses, iteration, V, validation_loss, every, validation_losses):
        before = flush()
        done = iterate_all(A, T, loss, losses, iteration, V, validation_loss, every, validation_losses)
        put_back(before)
        return done


    @njit(cache=True, **OPTIONS)
    def iterate_batches(
        A, T, x, y, loss, T2, x2, y2, loss2, small, X, Y, order, bounds, losses, iteration,
        V, validation_loss, every, validation_losses,
    ):
        before = flush()
        done = iterate_all_batches(
            A, T, x, y, loss, T2, x2, y2, loss2, small, X, Y, order, bounds, losses, iteration,
            V, validation_loss, every, validation_losses,
        )
        put_back(before)
        return done
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
