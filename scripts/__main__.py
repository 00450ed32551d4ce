"""The commands behind the Makefile: `python -m scripts COMMAND`. Standard library only; start it by start.sh.

Ends with 0 when all went well, 1 with a sentence when it did not, 130 when it was interrupted.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from scripts import checks
from scripts.console import Failure, Progress, explain_os_error
from scripts.environment import Environment
from scripts.guards import FolderLock, check_port, check_writable, take_serving_lock

ROOT = Path(__file__).resolve().parent.parent
WAIT_SECONDS = 180.0


@contextlib.contextmanager
def set_up(root: Path, total: int, *, dev: bool) -> Iterator[Environment]:
    """The whole environment of the clone, made or mended, while nobody else does the same here."""
    state = check_writable(root)
    lock = FolderLock(state / "oppsett.laas")
    lock.take(
        lambda holder: print(f"Waiting for another set-up in this folder (process {holder}) …", flush=True),
        WAIT_SECONDS,
    )
    try:
        (state / "logg.txt").write_bytes(b"")
        environment = Environment(root, state, Progress(total), dev=dev, lock_fd=lock.fd)
        environment.ensure()
        yield environment
    finally:
        lock.release()


def command_run() -> None:
    """Serve the portal from this folder; returns never, or raises Failure."""
    check_port(os.environ)
    check_writable(ROOT)
    serving = take_serving_lock(ROOT, os.environ)
    with set_up(ROOT, 5, dev=False) as environment:
        environment.prepare_database()
    # The install may have taken minutes: the port may be somebody else's by now.
    check_port(os.environ)
    if serving is not None:
        os.set_inheritable(serving.fd, True)
    print("Starting the portal. Stop it with Ctrl-C.", flush=True)
    os.chdir(ROOT)
    os.execv(environment.python, [str(environment.python), "app.py"])


def command_install() -> None:
    """Everything that the tests need but Chromium."""
    with set_up(ROOT, 4, dev=True):
        pass


def with_sections(choose: Callable[[Environment], list[checks.Section]], *, browser: bool = False) -> None:
    """Set up, then run the chosen sections of the test command, and stop at the first that fails."""
    with set_up(ROOT, 5 if browser else 4, dev=True) as environment:
        if browser:
            checks.ensure_chromium(environment)
    checks.run_sections(choose(environment))


def tool(*command: str, browser: bool = False) -> Callable[[], None]:
    """A command that sets up and then becomes one of the project's own programs."""

    def become() -> None:
        with set_up(ROOT, 5 if browser else 4, dev=True) as environment:
            if browser:
                checks.ensure_chromium(environment)
        os.chdir(ROOT)
        os.execv(environment.python, [str(environment.python), *command])

    return become


COMMANDS: dict[str, Callable[[], None]] = {
    "run": command_run,
    "install": command_install,
    "test": lambda: with_sections(checks.everything, browser=True),
    "lint": lambda: with_sections(checks.static_sections),
    "test-sqlite": lambda: with_sections(lambda clone: [checks.pytest_section(clone, "sqlite")]),
    "test-postgres": lambda: with_sections(lambda clone: [checks.pytest_section(clone, "postgresql")]),
    "test-nettleser": lambda: with_sections(lambda clone: [checks.browser_section(clone)], browser=True),
    "format": lambda: with_sections(checks.format_sections),
    "bench": tool("-m", "benchmarks"),
    "skjermbilder": tool("scripts/skjermbilder.py", browser=True),
    "translations": tool("-m", "scripts.translations", "update"),
    "lock": tool("-m", "scripts.locking"),
}


def interrupted(signum: int, frame: object) -> None:
    raise KeyboardInterrupt


def main(arguments: list[str]) -> int:
    if len(arguments) != 1 or arguments[0] not in COMMANDS:
        print(f"Usage: sh scripts/start.sh {'|'.join(COMMANDS)}", file=sys.stderr)
        return 2
    for stream in (sys.stdout, sys.stderr):
        # A terminal with an older character set shows a question mark rather than ending the set-up.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    signal.signal(signal.SIGTERM, interrupted)
    if hasattr(signal, "SIGHUP"):
        signal.signal(signal.SIGHUP, interrupted)
    try:
        COMMANDS[arguments[0]]()
    except Failure as failure:
        print(f"\n{failure}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        # Whoever read our output has left; so must the interpreter's own last flush.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        print(f"\n{explain_os_error(error)}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nInterrupted. What is unfinished is mended by the next start.", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
