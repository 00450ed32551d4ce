"""Many browsers with the board open: when each of them has heard of each change.

    python -m benchmarks.boards

reads the port, the people's headers and the board's version as a line of JSON, and connects them all; then lines with
changes, [[version, moment], …]: how long it took, on each board, from that moment until it had that version. Moments
are of the machine's own clock, which all its processes share. One process on asyncio, as `benchmarks.idle`.
"""

from __future__ import annotations

import asyncio
import sys
import time
from bisect import bisect_left
from typing import Any

import orjson

from benchmarks.idle import AT_ONCE, PATIENCE, STANDING, Line, raise_limit
from benchmarks.load import frame, percentile

#: How long the last change may take to reach the last board, in seconds.
LATE = 10.0


class Board(Line):
    """A connection that has the board open, and notes each version when it comes."""

    __slots__ = ("moments", "version", "versions")

    def __init__(self, *rest: Any, version: int) -> None:
        super().__init__(*rest)
        self.version = version
        #: Versions heard of, growing, and when.
        self.versions: list[int] = []
        self.moments: list[float] = []

    def _take(self, opcode: int, text: bytes) -> None:
        assert self._transport is not None
        if text.startswith(b'42["plasser",'):
            at = text.index(b'"versjon":') + 10
            version = int(text[at : text.index(b",", at)])
            if not self.versions or version > self.versions[-1]:
                self.versions.append(version)
                self.moments.append(time.perf_counter())
        elif text.startswith(b"40{"):
            body = orjson.dumps({"etter": self.version})
            self._transport.write(frame(b'420["plasser.abonner",' + body + b"]"))
        elif text.startswith(b"430["):
            if b'"ok":true' not in text:
                self._fail(f"plasser.abonner: {text[:100]!r}")
            else:
                super()._take(1, b"40{}")
        else:
            super()._take(opcode, text)

    def taken(self, version: int, since: float) -> float | None:
        """Milliseconds until it had that version; None: it has not."""
        at = bisect_left(self.versions, version)
        return None if at == len(self.versions) else (self.moments[at] - since) * 1000


async def crowd() -> None:
    raise_limit()
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=1 << 26)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    plan = orjson.loads(await reader.readline())
    inside, boards = [0], []
    at_once = asyncio.Semaphore(AT_ONCE)

    def answer(value: dict[str, Any]) -> None:
        sys.stdout.buffer.write(orjson.dumps(value, option=orjson.OPT_APPEND_NEWLINE))
        sys.stdout.buffer.flush()

    async def connect(headers: dict[str, str]) -> None:
        async with at_once:
            ready: asyncio.Future[None] = loop.create_future()
            board = Board(plan["port"], headers, ready, inside, version=plan["version"])
            await loop.create_connection(lambda: board, "127.0.0.1", plan["port"])
            await asyncio.wait_for(ready, PATIENCE)
            boards.append(board)

    try:
        await asyncio.wait_for(asyncio.gather(*(connect(h) for h in plan["people"])), STANDING)
    except (OSError, TimeoutError) as error:
        answer({"error": f"{type(error).__name__}: {error}", "standing_then": inside[0]})
        return
    answer({"standing": inside[0]})
    while line := await reader.readline():
        changes = orjson.loads(line)
        deadline = time.perf_counter() + LATE
        last = changes[-1][0]
        while any(not b.versions or b.versions[-1] < last for b in boards):
            if time.perf_counter() > deadline:
                break
            await asyncio.sleep(0.05)
        taken = [b.taken(version, since) for version, since in changes for b in boards]
        there = sorted(t for t in taken if t is not None)
        answer(
            {
                "standing": inside[0],
                "missing": len(taken) - len(there),
                "frames": sum(len(b.versions) for b in boards),
                **{f"p{p}": percentile(there, p) for p in (50, 95, 99)},
                "max": there[-1] if there else 0.0,
            }
        )


if __name__ == "__main__":
    asyncio.run(crowd())
