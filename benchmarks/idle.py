"""Many browsers that only keep a page open: what each costs the server, and what they cost those who write.

    python -m benchmarks.idle

reads the port and the headers of the people as a line of JSON, then lines with a number each: so many connections are
to stand. It answers each with a line when they do. One process on asyncio, with nothing but a buffer a connection:
on a machine with two cores the client must leave the server alone.
"""

from __future__ import annotations

import asyncio
import base64
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

import orjson
import psutil

from benchmarks.load import Phase, frame
from benchmarks.servers import ROOT, BenchError, Generator, PortalServer
from tests.postgres import new_database

STEPS = (1_000, 5_000, 10_000)
CONVERSATIONS = 16
#: Connections that are being made at the same moment.
AT_ONCE = 32
#: How long a connection may take to be let in, and so many of them to stand, in seconds.
PATIENCE, STANDING = 30.0, 240.0
#: A quiet while after they stand: the server's tick has seen them all, and its memory is what it will be.
SETTLE = 6.0
PHASE = Phase(name="50/s", rate=50, warmup=1, seconds=8)
SHORT = Phase(name="50/s", rate=50, warmup=0.5, seconds=2.5)


class Step(NamedTuple):
    """With so many idle connections: memory of each in KB, and ms from sending until the receiver has the message."""

    connections: int
    kb_each: float
    p50: float
    p95: float
    seconds: float


def raise_limit() -> None:
    """As many open files as the system lets this process and its children have."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def measure(folder: Path, postgres_url: str, *, short: bool, say: Callable[[str], None]) -> list[Step]:
    """The portal without idle connections, and with more and more of them."""
    steps, phase = ((200, 1_000), SHORT) if short else (STEPS, PHASE)
    raise_limit()
    if resource.getrlimit(resource.RLIMIT_NOFILE)[0] < steps[-1] + 500:
        raise BenchError(f"this system lets a process have too few open files for {steps[-1]} connections")
    place = folder / "idle"
    place.mkdir()
    with ExitStack() as stack:
        say("idle connections: starting the portal")
        server = PortalServer(place, new_database(postgres_url, "idle"), CONVERSATIONS, steps[-1])
        stack.callback(server.stop)
        generator = Generator(server)
        stack.callback(generator.stop)
        crowd = Crowd(server)
        stack.callback(crowd.stop)
        process = psutil.Process(server.process.pid)
        generator.run(SHORT)  # what a server takes once, it takes before it is weighed
        time.sleep(SETTLE)
        empty = process.memory_info().rss
        taken = [_step(generator, phase, 0, 0.0, 0.0)]
        for number in steps:
            say(f"idle connections: {number:,}")
            start = time.monotonic()
            crowd.grow(number)
            seconds = time.monotonic() - start
            time.sleep(SETTLE)
            taken.append(
                _step(generator, phase, number, (process.memory_info().rss - empty) / number / 1024, seconds)
            )
        crowd.grow(steps[-1])  # all of them are there still
        return taken


def _step(generator: Generator, phase: Phase, number: int, kb: float, seconds: float) -> Step:
    answer = generator.run(phase)
    if answer["lost"]:
        raise BenchError(
            f"{answer['lost']} of {answer['sent']} messages were lost with {number} idle connections"
        )
    return Step(number, kb, answer["p50"], answer["p95"], seconds)


class Crowd:
    """The process of the idle connections."""

    def __init__(self, server: PortalServer) -> None:
        self._server = server
        self.process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.idle"], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self._write(orjson.dumps({"port": server.port, "people": server.idle}))

    def _write(self, line: bytes) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(line + b"\n")
        self.process.stdin.flush()

    def grow(self, number: int) -> None:
        """So many connections stand, and none has been lost."""
        self._write(str(number).encode())
        assert self.process.stdout is not None
        answer = orjson.loads(self.process.stdout.readline() or b'{"error": "it ended"}')
        if answer.get("standing") != number:
            raise BenchError(f"idle connections: {answer}\n{self._server.tail()}")

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            assert pipe is not None
            pipe.close()


# --- the process -----------------------------------------------------------------------------------------


class Line(asyncio.Protocol):
    """One connection: the handshake, the login, and then an answer to each of the server's pings."""

    __slots__ = ("_buffer", "_host", "_people", "_ready", "_transport", "inside")

    def __init__(
        self, port: int, headers: dict[str, str], ready: asyncio.Future[None], inside: list[int]
    ) -> None:
        self._host, self._people, self._ready, self.inside = f"127.0.0.1:{port}", headers, ready, inside
        self._buffer = bytearray()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        lines = {
            "Host": self._host,
            "Upgrade": "websocket",
            "Connection": "Upgrade",
            "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(),
            "Origin": f"http://{self._host}",
        } | self._people
        head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        transport.write(f"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\n{head}\r\n".encode())

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if self._buffer.startswith(b"HTTP/"):
            head, end, rest = bytes(self._buffer).partition(b"\r\n\r\n")
            if not end:
                return
            if not head.startswith(b"HTTP/1.1 101"):
                self._fail(f"handshake refused: {head[:100]!r}")
                return
            self._buffer[:] = rest
        for opcode, text in self._frames():
            self._take(opcode, text)

    def _frames(self) -> list[tuple[int, bytes]]:
        frames, buffer, at = [], self._buffer, 0
        while len(buffer) - at >= 2:
            size, start = buffer[at + 1], at + 2
            if size == 126:
                size, start = int.from_bytes(buffer[at + 2 : at + 4], "big"), at + 4
            elif size == 127:
                size, start = int.from_bytes(buffer[at + 2 : at + 10], "big"), at + 10
            if len(buffer) < start + size or start > len(buffer):
                break
            frames.append((buffer[at] & 15, bytes(buffer[start : start + size])))
            at = start + size
        del buffer[:at]
        return frames

    def _take(self, opcode: int, text: bytes) -> None:
        assert self._transport is not None
        if opcode == 9:
            self._transport.write(frame(text, 10))
        elif opcode == 8:
            self._transport.close()
        elif text.startswith(b"0{"):
            self._transport.write(frame(b"40"))
        elif text.startswith(b"40{"):
            self.inside[0] += 1
            if not self._ready.done():
                self._ready.set_result(None)
        elif text.startswith(b"44"):
            self._fail(f"not let in: {text[:100]!r}")
        elif text == b"2":
            self._transport.write(frame(b"3"))

    def _fail(self, why: str) -> None:
        if not self._ready.done():
            self._ready.set_exception(ConnectionError(why))
        if self._transport is not None:
            self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._ready.done() and self._ready.exception() is None:
            self.inside[0] -= 1
        self._fail("the server closed a connection")


async def crowd() -> None:
    raise_limit()
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=1 << 26)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    plan = orjson.loads(await reader.readline())
    people, inside, made = plan["people"], [0], 0
    at_once = asyncio.Semaphore(AT_ONCE)

    async def connect(headers: dict[str, str]) -> None:
        async with at_once:
            ready: asyncio.Future[None] = loop.create_future()
            await loop.create_connection(
                lambda: Line(plan["port"], headers, ready, inside), "127.0.0.1", plan["port"]
            )
            await asyncio.wait_for(ready, PATIENCE)

    while line := await reader.readline():
        number = int(line)
        answer: dict[str, Any]
        try:
            await asyncio.wait_for(asyncio.gather(*(connect(h) for h in people[made:number])), STANDING)
            made = number
            answer = {"standing": inside[0]}
        except (OSError, TimeoutError) as error:
            answer = {"error": f"{type(error).__name__}: {error}", "standing_then": inside[0]}
        sys.stdout.buffer.write(orjson.dumps(answer, option=orjson.OPT_APPEND_NEWLINE))
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    asyncio.run(crowd())
