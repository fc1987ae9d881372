"""Sets Flux Studio up and starts it: one file, the standard library only, the same command every time.

python3 studio.py         open the window; without a display, train the parity sample and save a picture
python3 studio.py test    run all checks
python3 studio.py bench   measure against other libraries, side by side
python3 studio.py soak    kill it at 100 random instants, then let it live for 30 minutes; --help tells how to do less

Packages go into ``.venv`` beside this file; a stamp in there says what is done, so that nothing is done twice.
System libraries come from apt where that is allowed; else the one command that helps is printed.
"""

import sys

if sys.version_info < (3, 11):  # before anything that an older Python cannot run
    this = ".".join(map(str, sys.version_info[:2]))
    sys.exit("studio.py: Flux Studio runs on Python 3.11 to 3.14, and this is " + this)

import argparse
import contextlib
import ctypes
import hashlib
import importlib.util
import json
import os
import shlex
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import NoReturn

ROOT = Path(__file__).resolve().parent
NEWEST_PYTHON = (3, 14)

# The system libraries that each of Qt's platforms is linked to, and the Debian packages that hold them.
LIBRARIES = {
    "offscreen": {
        "libEGL.so.1": "libegl1",
        "libGL.so.1": "libgl1",
        "libxkbcommon.so.0": "libxkbcommon0",
        "libdbus-1.so.3": "libdbus-1-3",
        "libfontconfig.so.1": "libfontconfig1",
        "libglib-2.0.so.0": "libglib2.0-0",
    },
    "xcb": {
        "libX11-xcb.so.1": "libx11-xcb1",
        "libxcb-cursor.so.0": "libxcb-cursor0",
        "libxcb-icccm.so.4": "libxcb-icccm4",
        "libxcb-keysyms.so.1": "libxcb-keysyms1",
        "libxcb-randr.so.0": "libxcb-randr0",
        "libxcb-shape.so.0": "libxcb-shape0",
        "libxcb-sync.so.1": "libxcb-sync1",
        "libxcb-xfixes.so.0": "libxcb-xfixes0",
        "libxcb-xkb.so.1": "libxcb-xkb1",
        "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    },
}

# Run by the new environment's Python: Qt really starts, and the files that open a window really load.
QT_CHECK = """
import ctypes, pathlib, sys
import PySide6
from PySide6 import QtSvg, QtWidgets
application = QtWidgets.QApplication(["studio", "-platform", "offscreen"])
plugins = pathlib.Path(PySide6.__file__).parent / "Qt" / "plugins" / "platforms"
for platform in sys.argv[1:]:
    ctypes.CDLL(str(plugins / f"libq{platform}.so"))
"""

STEPS = {
    "packages": "installing the packages",
    "dev": "installing the development tools",
    "bench": "installing PyTorch, JAX and scikit-learn, for comparison only",
}
CHECKS = (
    ("ruff check", ("ruff", "check", ".")),
    ("ruff format", ("ruff", "format", "--check", ".")),
    ("mypy", ("mypy",)),
    ("import walls", ("lint-imports", "--no-logo")),
    ("pytest", ("pytest",)),
)

# One BLAS thread: with more, steps of middling size become slower and the window stalls.
THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
# Settings of other Pythons that would lead ours, or pip, out of ``.venv``.
LEADING_ASTRAY = ("PYTHONHOME", "PYTHONPATH", "PIP_USER", "PIP_TARGET", "PIP_PREFIX")


class SetUpError(Exception):
    """Something that keeps Flux Studio from starting; the message says what to do."""


def child_environment(**more: str) -> dict[str, str]:
    """The variables of everything we start: these, one BLAS thread, nothing that leads out of ``.venv``."""
    kept = {name: value for name, value in os.environ.items() if name not in LEADING_ASTRAY}
    return dict.fromkeys(THREADS, "1") | kept | more


@contextlib.contextmanager
def ended(child: subprocess.Popen[bytes]) -> Iterator[None]:
    """Leave no child behind when something goes wrong here."""
    try:
        yield
    finally:
        if child.poll() is None:
            with contextlib.suppress(PermissionError):  # sudo is root's; Ctrl+C reaches it all the same
                child.terminate()
            child.wait()


def run(command: Sequence[str | Path], environment: Mapping[str, str] | None = None) -> int:
    """Run a program on this terminal until it ends; its exit code."""
    child = subprocess.Popen(command, cwd=ROOT, env=environment or child_environment())
    with ended(child):
        try:
            return child.wait()
        except KeyboardInterrupt:
            # The terminal sent the same Ctrl+C to the child, which may have things to tidy up.
            with contextlib.suppress(KeyboardInterrupt):  # a second one ends it
                child.wait()
            raise


def run_logged(title: str, command: Sequence[str | Path], log: Path) -> None:
    """Run a noisy program: its lines go to the log, and one line with the time to the terminal."""
    start = time.monotonic()
    width = shutil.get_terminal_size().columns - 1 if sys.stdout.isatty() else 0
    print(f"  {title} ...", end="", flush=True)
    lines: list[str] = []
    variables = child_environment(PYTHONUNBUFFERED="1", PYTHONIOENCODING="utf-8")
    try:
        with (
            log.open("a", encoding="utf-8") as file,
            subprocess.Popen(
                command,
                cwd=ROOT,
                env=variables,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                close_fds=False,  # see alone()
            ) as child,
            ended(child),
        ):
            print(f"\n$ {shlex.join(map(str, command))}", file=file, flush=True)
            for raw in child.stdout or ():
                lines.append(raw.decode("utf-8", "replace").rstrip())
                print(lines[-1], file=file)
                if width:
                    shown = f"  {title} ... {lines[-1].strip()}"
                    print(f"\r{shown[:width]:<{width}}", end="", flush=True)
            code = child.wait()
    except BaseException:
        print()
        raise
    again = f"\r{'':<{width}}\r  {title} ..." if width else ""
    print(f"{again} {'failed' if code else 'done'} in {time.monotonic() - start:.1f} s", flush=True)
    if code:
        raise CommandFailedError(title, lines, log)


class CommandFailedError(SetUpError):
    """A program that the set-up needs did not succeed."""

    def __init__(self, title: str, lines: list[str], log: Path) -> None:
        self.lines = lines
        text = "\n".join(lines)
        errors = [line for line in lines if line.startswith(("ERROR: ", "E: "))]
        raised = [line.strip() for line in lines if "Error: " in line]
        if "No space left on device" in text:
            reason = "no space left on device"
        elif "NewConnectionError" in text or "Temporary failure" in text:
            reason = "the network cannot be reached"
        else:
            told = errors[:1] or raised[-1:] or lines[-1:] or ["it said nothing"]
            reason = told[0].removeprefix("ERROR: ")
        super().__init__(f"{title} failed: {reason} (everything it said is in {log})")


def check_python(version: tuple[int, ...] = sys.version_info[:2]) -> None:
    """Refuse a Python that is newer than its packages; older ones do not come this far."""
    if version <= NEWEST_PYTHON:
        return
    known = (f"python3.{minor}" for minor in range(NEWEST_PYTHON[1], 10, -1))
    found = next((name for name in known if shutil.which(name)), None)
    advice = f"start it with {found} studio.py" if found else "install one of those"
    this = ".".join(map(str, version))
    raise SetUpError(f"Flux Studio runs on Python 3.11 to 3.14, and this is {this}: {advice}")


def has_display() -> bool:
    """Whether a window can be opened here."""
    shown = os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    return bool(shown) or not sys.platform.startswith("linux")


def platforms(display: bool) -> tuple[str, ...]:
    """The platforms of Qt that have to load here; elsewhere than on Linux, Qt brings all it needs."""
    if not sys.platform.startswith("linux"):
        return ()
    return ("offscreen", "xcb") if display else ("offscreen",)


def loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def base_python() -> str:
    """The interpreter outside of any virtual environment; ours may be about to be made again."""
    return getattr(sys, "_base_executable", None) or sys.executable


def missing_packages(python: str, qt_platforms: Sequence[str]) -> list[str]:
    """Names of the Debian packages that this machine lacks: found by trying to load what is in them."""
    missing = []
    importlib.invalidate_caches()
    if importlib.util.find_spec("ensurepip") is None:
        if not Path(python).is_relative_to("/usr/bin"):
            raise SetUpError(f"{python} cannot make virtual environments (no ensurepip): use another Python")
        missing.append(f"python3.{sys.version_info.minor}-venv")
    for name in qt_platforms:
        missing += [package for library, package in LIBRARIES[name].items() if not loads(library)]
    return missing


def install_packages(packages: Sequence[str], log: Path) -> None:
    """Install Debian packages, or say how."""
    if not packages:
        return
    names = " ".join(packages)
    if shutil.which("apt-get") is None:
        raise SetUpError(f"install these first, or what your system calls them (Debian's names): {names}")
    # Updating fails on a machine without a network, where what is needed may still be at hand.
    script = f"apt-get update; apt-get install -y --no-install-recommends -o DPkg::Lock::Timeout=120 {names}"
    command = ["env", "DEBIAN_FRONTEND=noninteractive", "sh", "-c", script]
    if os.geteuid() != 0:
        sudo = shutil.which("sudo")
        if not sudo or subprocess.run([sudo, "-n", "true"], capture_output=True, check=False).returncode:
            by_hand = f"{'sudo sh' if sudo else 'su'} -c 'apt-get update && apt-get install -y {names}'"
            message = "system packages are missing; install them with this, then start again"
            raise SetUpError(f"{message}:\n\n  {by_hand}\n")
        command = [sudo, "-n", *command]
    title = "1 system package" if len(packages) == 1 else f"{len(packages)} system packages"
    run_logged(f"installing {title} with apt", command, log)


class Environment:
    """The project's own Python environment in ``.venv``, and the stamp that says what is done in there."""

    def __init__(self, root: Path = ROOT) -> None:
        self.root = root
        self.folder = root / ".venv"
        self.log = self.folder / "set-up.log"
        self.stamp = self.folder / "flux-studio.json"
        self.scripts = self.folder / ("Scripts" if os.name == "nt" else "bin")
        self.python = self.scripts / ("python.exe" if os.name == "nt" else "python")
        # Scripts and the link to the project hold absolute paths, so a moved folder needs a new environment.
        self.identity = f"{self.folder} on Python {sys.version_info.major}.{sys.version_info.minor}"
        self.made_as: str | None = None  # unknown when somebody else made it
        self.busy: str | None = None
        self.done: dict[str, str] = {}
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            stamp = json.loads(self.stamp.read_text(encoding="utf-8"))
            self.made_as, self.busy, self.done = stamp["made as"], stamp["busy"], dict(stamp["done"])

    def save(self, busy: str | None = None) -> None:
        """Write the stamp; one that says ``busy`` belongs to an environment that is half made."""
        self.made_as, self.busy = self.identity, busy
        new = self.stamp.with_suffix(".new")
        stamp = {"made as": self.made_as, "busy": busy, "done": self.done}
        new.write_text(json.dumps(stamp, indent=1), encoding="utf-8")
        new.replace(self.stamp)

    def finish(self, step: str, key: str) -> None:
        self.done[step] = key
        self.save()

    def why_unusable(self) -> str | None:
        """The reason to make ``.venv`` (again), or None when it can be used as it is."""
        if not self.folder.exists():
            return "there is none yet"
        if self.busy:
            return "the last set-up did not finish"
        if self.made_as is None:
            return None if self._works() else "the one that is there does not work"
        if self.made_as != self.identity:
            return "the folder was moved, or Python is another one"
        return None if self.python.exists() else "its Python is gone"

    def _works(self) -> bool:
        """Whether a ``.venv`` that someone made by hand can be taken over."""
        code = "import sys, pip; print(sys.version_info[:2], sys.prefix != sys.base_prefix)"
        try:
            answer = subprocess.run([self.python, "-c", code], capture_output=True, text=True, check=False)
        except OSError:
            return False
        return answer.stdout.strip() == f"{sys.version_info[:2]} True"

    def clear(self) -> None:
        """An empty ``.venv``, which stays unusable until ``make`` has filled it."""
        if self.folder.is_symlink() or self.folder.is_file():
            self.folder.unlink()
        elif self.folder.exists():
            shutil.rmtree(self.folder)
        self.folder.mkdir()
        self.done = {}
        self.save(busy="making .venv")

    def make(self, python: str) -> None:
        run_logged("making .venv", [python, "-m", "venv", self.folder], self.log)
        self.save()

    def pip(self, title: str, *arguments: str) -> None:
        """Run pip; when it is cut off while it writes, the stamp says so and the next start begins afresh."""
        self.save(busy=title)
        pip = (self.python, "-m", "pip", "--disable-pip-version-check", "--no-input", "--no-color")
        try:
            run_logged(title, [*pip, "install", "--progress-bar", "off", *arguments], self.log)
        except CommandFailedError as error:
            if not any(line.startswith("Installing collected packages") for line in error.lines):
                self.save()  # it failed before it wrote anything: what is there still works
            raise
        self.save()


def digest(*files: Path, more: str = "") -> str:
    total = hashlib.sha256(more.encode())
    for file in files:
        total.update(file.name.encode() + file.read_bytes())
    return total.hexdigest()


def requirements(root: Path, step: str) -> list[str]:
    """What ``pyproject.toml`` asks for in one step: to build and run (``packages``), or a dependency group."""
    import tomllib  # costs a start that has nothing to do

    text = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    if step == "packages":
        return [*text["build-system"]["requires"], *text["project"]["dependencies"]]
    return list(text["dependency-groups"][step])


def set_up(environment: Environment, groups: Sequence[str], qt_platforms: Sequence[str]) -> None:
    """Do what is not done yet: system packages, ``.venv``, its packages, a check of Qt, the kernels."""
    root = environment.root
    reason = environment.why_unusable()
    if reason:
        print(f"Setting up Flux Studio in .venv ({reason}); the first time takes a minute or two", flush=True)
        environment.clear()

    lock = root / ".ci" / "requirements.txt"
    key = digest(lock, root / "pyproject.toml", more=environment.identity)
    qt = " ".join(("qt", *qt_platforms))
    if environment.done.get(qt) != key:
        python = base_python()
        install_packages(missing_packages(python, qt_platforms), environment.log)
        if reason:
            environment.make(python)

    for step in ("packages", *groups):
        if environment.done.get(step) != key:
            wanted = requirements(root, step)
            environment.pip(STEPS[step], "--only-binary", ":all:", "--constraint", str(lock), *wanted)
            if step == "packages":
                ours = ("--no-deps", "--no-build-isolation", "--editable", str(root))
                environment.pip("installing Flux Studio itself", *ours)
            environment.finish(step, key)

    if environment.done.get(qt) != key:
        check_qt(environment, qt_platforms)
        environment.finish(qt, key)

    package = root / "flux_studio"
    kernels = sorted([*(package / "engine").rglob("*.py"), *(package / "data").glob("scanning.py")])
    kernels_key = digest(*kernels, more=key + cache_place())
    if environment.done.get("kernels") != kernels_key:
        if run([environment.python, "-m", "flux_studio", "warm"]) != 0:
            raise SetUpError("compiling the kernels failed: the lines above say why")
        environment.finish("kernels", kernels_key)


def check_qt(environment: Environment, qt_platforms: Sequence[str]) -> None:
    """Start Qt in a child process: a library that is missing is named, and an abort stays out of here."""
    try:
        python = str(environment.python)
        run_logged("checking that Qt starts", [python, "-c", QT_CHECK, *qt_platforms], environment.log)
    except CommandFailedError as error:
        said = error.lines[-1] if error.lines else "it said nothing"
        raise SetUpError(f"Qt does not start here: {said} (all of it is in {environment.log})") from None


def cache_place() -> str:
    """What decides where compiled kernels are kept: another place has to be filled anew."""
    names = ("FLUX_STUDIO_CACHE", "XDG_CACHE_HOME", "HOME", "LOCALAPPDATA")
    return "|".join(os.environ.get(name, "") for name in names)


@contextlib.contextmanager
def alone() -> Iterator[None]:
    """One set-up at a time in this folder; the lock ends with the process and with those that it started."""
    try:
        import fcntl
    except ImportError:  # not on Windows
        yield
        return
    with Path(__file__).open("rb") as file:
        os.set_inheritable(file.fileno(), True)  # a pip that outlives us keeps the next set-up waiting
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("another set-up is at work in this folder: waiting for it", flush=True)
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def ready(*groups: str, display: bool = False) -> Environment:
    """The environment, with everything in it that these dependency groups ask for."""
    with alone():
        environment = Environment()
        set_up(environment, groups, platforms(display))
    return environment


def start() -> int:
    """Open the window; without a display, train the parity sample, export it and save a picture."""
    display = has_display()
    python = ready(display=display).python
    if not display:
        return run([python, "-m", "flux_studio", "demo", "--output", "flux-studio-run"])
    code = run([python, "-m", "flux_studio"])
    if code < 0:
        name = signal.Signals(-code).name
        shown_on = os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY") or "this machine"
        raise SetUpError(f"the window was ended by {name}: can windows be opened on {shown_on}?")
    return code


def test() -> int:
    """Run every check, in order of their cost, up to the first that fails."""
    environment = ready("dev")
    variables = child_environment(QT_QPA_PLATFORM="offscreen", **dict.fromkeys(THREADS, "1"))
    results, failed = list[str](), 0
    for name, (program, *arguments) in CHECKS:
        if failed:
            results.append(f"  {name:<14} not run")
            continue
        print(f"\n== {name}", flush=True)
        begin = time.monotonic()
        failed = run([environment.scripts / program, *arguments], variables)
        results.append(f"  {name:<14} {'FAILED' if failed else 'passed'} {time.monotonic() - begin:7.1f} s")
    print("\n== a check failed" if failed else "\n== all checks passed", *results, sep="\n", flush=True)
    return 1 if failed else 0


def bench() -> int:
    return run([ready("bench").python, "-m", "tests.benchmarks"])


def soak(*options: str) -> int:
    """Kill the application at random instants, and let it live for long."""
    return run([ready("dev").python, "-m", "tests.soak", *options])


COMMANDS: dict[str, Callable[..., int]] = {"start": start, "test": test, "bench": bench, "soak": soak}


def _end(number: int, _frame: FrameType | None) -> NoReturn:
    raise SystemExit(128 + number)


def main(arguments: Sequence[str] | None = None) -> int:
    layout = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser("studio.py", description=__doc__, formatter_class=layout)
    parser.add_argument("command", nargs="?", default="start", choices=sorted(COMMANDS))
    first, *own = (sys.argv[1:] if arguments is None else arguments) or ["start"]
    chosen = parser.parse_args([first] if first == "soak" else [first, *own])  # which has options of its own
    signal.signal(signal.SIGTERM, _end)  # so that a child never outlives us
    try:
        check_python()
        return COMMANDS[chosen.command](*own)
    except SetUpError as error:
        print(f"studio.py: {error}", file=sys.stderr)
    except OSError as error:
        print(f"studio.py: {error.strerror or error}: {error.filename or ROOT}", file=sys.stderr)
    except KeyboardInterrupt:
        print("\nstudio.py: stopped", file=sys.stderr)
        return 130
    return 1


if __name__ == "__main__":
    sys.exit(main())
