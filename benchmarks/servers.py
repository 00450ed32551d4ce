"""The processes that are measured, and the generators that measure them."""

from __future__ import annotations

import os
import select
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import orjson

from benchmarks.load import Conversation, Phase, Plan

ROOT = Path(__file__).resolve().parents[1]
#: How long a server may take to start, and a generator to connect or to run one phase, in seconds.
START_SECONDS, ANSWER_SECONDS = 60.0, 90.0
#: How long a database may take to be filled.
SEED_SECONDS = 300.0


class BenchError(Exception):
    """A part of the benchmark did not work; the text tells which, with the end of its log."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Server:
    """A server's process, with its output in a file."""

    port: int

    def __init__(self, name: str, words: list[str], log: Path, env: dict[str, str]) -> None:
        self.name, self.log = name, log
        with log.open("ab") as out:
            self.process = subprocess.Popen(
                [sys.executable, *words], cwd=ROOT, stdin=subprocess.DEVNULL, stdout=out, stderr=out, env=env
            )

    def wait_for(self, port: int) -> None:
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                return
            except OSError:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    raise BenchError(f"{self.name} did not start.\n{self.tail()}") from None
                time.sleep(0.05)

    def tail(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")[-2000:]

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class LimitServer(Server):
    def __init__(self, folder: Path, database_url: str, number: int) -> None:
        self.port = free_port()
        self._number = number
        words = ["-m", "benchmarks.limit", str(self.port), database_url]
        super().__init__("the limit", words, folder / "limit.log", dict(os.environ))
        self.wait_for(self.port)

    def plan(self) -> Plan:
        conversations = [Conversation(id=f"s{i}", sender={}, receiver={}) for i in range(self._number)]
        return Plan(dialect="bare", port=self.port, conversations=conversations)


class Portal(Server):
    """The portal as ``python app.py`` serves it, in demo mode, on a database of its own."""

    def __init__(self, folder: Path, database_url: str, *seed: str, worker: bool = True) -> None:
        """``seed`` is the module that fills the database after `start-data`, with its arguments. Without ``worker``
        the process serves pages alone, as each of production's web processes does."""
        self.port = free_port()
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("PORTAL_", "FLASK_"))} | {
            "PORTAL_MODUS": "demo",
            "PORTAL_INSTANS": str(folder / "instans"),
            "PORTAL_DATABASE_URL": database_url,
            "PORTAL_HOST": "127.0.0.1",
            "PORTAL_PORT": str(self.port),
            "PORTAL_ARBEIDER_I_WEB": str(int(worker)),
            "PYTHONUNBUFFERED": "1",
        }
        (folder / "instans").mkdir()
        finish("-m", "flask", "--app", "portal.factory:create_app", "portal", "start-data", env=environment)
        self.seeded = orjson.loads(finish("-m", *seed, env=environment))
        super().__init__("the portal", ["app.py"], folder / "portal.log", environment)
        self.wait_for(self.port)


class PortalServer(Portal):
    """With conversations, see `benchmarks.seed`, and people who will only be connected."""

    def __init__(self, folder: Path, database_url: str, number: int, idle: int = 0) -> None:
        super().__init__(folder, database_url, "benchmarks.seed", str(number), str(idle))

    def plan(self) -> Plan:
        return Plan(dialect="portal", port=self.port, conversations=self.seeded["conversations"])

    @property
    def idle(self) -> list[dict[str, str]]:
        """The headers of those who will only be connected."""
        return list(self.seeded["idle"])


class WorldServer(Portal):
    """With a country of cases, see `benchmarks.world`."""

    def __init__(self, folder: Path, database_url: str, cases: int, waiting: int) -> None:
        super().__init__(folder, database_url, "benchmarks.world", str(cases), str(waiting))
        self.people: dict[str, dict[str, Any]] = self.seeded["people"]


def finish(*words: str, env: dict[str, str], patience: float = SEED_SECONDS) -> bytes:
    """Run Python with ``words`` to its end; what it printed."""
    done = subprocess.run([sys.executable, *words], cwd=ROOT, env=env, capture_output=True, timeout=patience)
    if done.returncode:
        output = (done.stdout + done.stderr).decode(errors="replace")
        raise BenchError(f"{' '.join(words)} failed.\n{output[-3000:]}")
    return done.stdout


class Generator:
    """A load generator's process, connected to one server for as long as the benchmark lasts."""

    def __init__(self, server: LimitServer | PortalServer) -> None:
        self._server = server
        self.process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.load"], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self._ask(server.plan())

    def run(self, phase: Phase) -> dict[str, Any]:
        return self._ask(phase)

    def _ask(self, question: Any) -> dict[str, Any]:
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write(orjson.dumps(question, option=orjson.OPT_APPEND_NEWLINE))
        self.process.stdin.flush()
        if not select.select([self.process.stdout], [], [], ANSWER_SECONDS)[0]:
            raise BenchError(f"no answer from the generator for {self._server.name}")
        answer: dict[str, Any] = orjson.loads(self.process.stdout.readline() or b'{"error": "it ended"}')
        if "error" in answer:
            raise BenchError(f"{self._server.name}: {answer['error']}\n{self._server.tail()}")
        return answer

    def stop(self) -> None:
        for pipe in (self.process.stdin, self.process.stdout):
            assert pipe is not None
            pipe.close()
        self.process.kill()
        self.process.wait()
