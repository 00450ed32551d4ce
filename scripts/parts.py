"""The tests in parts that go side by side: what each of them runs, how many at once, and how they are shown.

Standard library only. A part is one run of pytest over some folders on one database, with a house and a database of
its own. The browser and the real servers wait for half of their time, which the others use.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from scripts.console import Failure, stop_group
from scripts.environment import Environment

DATABASES = ("sqlite", "postgresql")
#: So much test code of the rooms makes a part: more rooms become more parts, and each costs some seconds to start.
ROOM_BYTES = 450_000
#: A test that hangs must not hang the machine that waits for the answer.
PYTEST_MINUTES = 70
PULSE_SECONDS = 20.0
PERCENT = re.compile(rb"\[ *(\d+)%\]")


@dataclass(frozen=True)
class Part:
    """One run of pytest among several: its name on the screen, its database, and the paths of its tests."""

    name: str
    database: str
    paths: tuple[str, ...]

    @property
    def title(self) -> str:
        return f"{self.name} on {self.database}"

    def command(self, environment: Environment) -> list[str]:
        # The parts go at once: each has a cache of its own.
        cache = f"cache_dir=.pytest_cache/{re.sub(r'[^a-z]+', '-', self.title)}"
        return [str(environment.python), "-m", "pytest", "-o", cache, *self.paths]


def cores() -> int:
    """How many processors this process may use, where a container's limit counts too."""
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text(encoding="ascii").split()
        count = min(count, max(1, round(int(quota) / int(period))))
    except (OSError, ValueError):
        # No such file here, or «max»: no limit.
        pass
    return count


def lanes() -> int:
    """How many parts go at once: one more than there are processors, since some of them mostly wait."""
    return cores() + 1


def all_parts(root: Path) -> list[Part]:
    """Every test file of `tests/` in exactly one part for each database, the longest parts first.

    Twice where the database matters: the browser and the set-up know one only.
    """
    folders = sorted(
        folder.name for folder in (root / "tests").iterdir() if folder.is_dir() and any(_test_files(folder))
    )
    house = tuple(f"tests/{file.name}" for file in sorted((root / "tests").glob("test_*.py")))
    rooms = [name for name in folders if name not in ("levende", "nettleser", "scripts")]
    parts = [Part("nettleser", "sqlite", ("tests/nettleser",))]
    # Those who work beside those who wait.
    for database in reversed(DATABASES):
        parts += [Part("house", database, house), Part("levende", database, ("tests/levende",))]
    for names in _alike({name: _size(root / "tests" / name) for name in rooms}):
        for database in reversed(DATABASES):
            parts.append(Part(", ".join(names), database, tuple(f"tests/{name}" for name in names)))
    return [*parts, Part("scripts", "sqlite", ("tests/scripts",))]


def _test_files(folder: Path) -> list[Path]:
    return sorted(folder.rglob("test_*.py"))


def _size(folder: Path) -> int:
    return sum(file.stat().st_size for file in _test_files(folder))


def _alike(sizes: Mapping[str, int]) -> list[list[str]]:
    """The names in groups of about the same size, the largest group first."""
    count = max(1, round(sum(sizes.values()) / ROOM_BYTES))
    groups: list[list[str]] = [[] for _ in range(count)]

    def weight(group: list[str]) -> int:
        return sum(sizes[name] for name in group)

    for name in sorted(sizes, key=lambda name: -sizes[name]):
        min(groups, key=weight).append(name)
    return sorted((sorted(group) for group in groups if group), key=lambda group: -weight(group))


@dataclass
class Run:
    """A part that has been started, with its output in a file."""

    part: Part
    output: Path
    process: subprocess.Popen[bytes]
    began: float = field(default_factory=time.monotonic)
    seconds: float = 0.0

    def done(self) -> bool:
        """Whether it has ended; its time is taken the first time."""
        if self.process.poll() is not None and not self.seconds:
            self.seconds = time.monotonic() - self.began
        return bool(self.seconds)

    def state(self) -> str:
        found = PERCENT.findall(self.output.read_bytes())
        return f"{self.part.title} {int(found[-1]) if found else 0} %"


def run_parts(environment: Environment, env: Mapping[str, str], parts: Sequence[Part], at_once: int) -> None:
    """Run the parts, `at_once` of them at a time, and show them in turn, failed ones last. Raises Failure then."""
    waiting, runs = list(parts), list[Run]()
    began = told = time.monotonic()
    try:
        while waiting or not all(run.done() for run in runs):
            while waiting and sum(not run.done() for run in runs) < at_once:
                runs.append(_start(environment, env, waiting.pop(0), len(runs)))
            time.sleep(0.2)
            now = time.monotonic()
            if now - told >= PULSE_SECONDS:
                told = now
                under_way = ", ".join(run.state() for run in runs if not run.done())
                print(f"      … {len(runs)} of {len(parts)} begun: {under_way}", flush=True)
            if now - began > PYTEST_MINUTES * 60:
                waiting.clear()
                for run in runs:
                    # Python's fault handler then writes where each thread stands.
                    if not run.done():
                        os.kill(run.process.pid, signal.SIGABRT)
                        run.process.wait()
    except BaseException:
        for run in runs:
            stop_group(run.process)
        raise
    _show(runs)
    failed = [run.part.title for run in runs if run.process.returncode != 0]
    never = [part.title for part in parts if part not in [run.part for run in runs]]
    if failed:
        left = f" Not run: {', '.join(never)}." if never else ""
        raise Failure(f"The tests failed: {'; '.join(failed)}. The output is above.{left}")


def _start(environment: Environment, env: Mapping[str, str], part: Part, number: int) -> Run:
    output = environment.state / f"pytest-{number + 1}.txt"
    with output.open("wb") as sink:
        process = subprocess.Popen(
            part.command(environment),
            cwd=environment.root,
            env={**env, "PORTAL_TEST_DB": part.database},
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=subprocess.STDOUT,
            process_group=0,
        )
    return Run(part, output, process)


def _show(runs: Sequence[Run]) -> None:
    """The output of all, failed ones last, and how long each took."""
    for run in sorted(runs, key=lambda run: run.process.returncode != 0):
        text = run.output.read_text(encoding="utf-8", errors="replace")
        print(f"\n--- {run.part.title} ---\n{text}", flush=True)
    for run in sorted(runs, key=lambda run: -run.seconds):
        word = "ok" if run.process.returncode == 0 else "FAILED"
        print(f"   {run.seconds:5.0f} s  {run.part.title}: {word}", flush=True)
