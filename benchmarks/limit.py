"""The limit: as little as a server can do and still keep its promise – a bare websocket and one committed insert.

    python -m benchmarks.limit PORT DATABASE_URL

It takes a frame, inserts one row in a transaction of its own, commits, and then sends the frame on to the
receiver and an ack to the sender. No login, no access check, no audit, no sequence under lock, no Socket.IO. The
fastest honest parts in Python: uvloop, the websockets library without compression, asyncpg with a prepared
statement; for SQLite the standard library's module in one thread, in WAL with ``synchronous=FULL``.
"""

from __future__ import annotations

import asyncio
import gc
import signal
import sqlite3
import sys
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor

import asyncpg  # type: ignore[import-untyped]
import orjson
import uvloop
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

#: Connections to PostgreSQL: as many as gave the most at full load on two cores (8: 4,500/s, 32: 6,600/s).
POOL = 32
Insert = Callable[[str, str], Awaitable[int]]


async def postgres(url: str) -> Insert:
    """One insert a transaction (autocommit), over a pool of connections."""
    dsn = url.replace("postgresql+psycopg://", "postgresql://")
    async with asyncpg.create_pool(dsn, min_size=1, max_size=1) as first:
        await first.execute(
            "CREATE TABLE IF NOT EXISTS grense (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,"
            " samtale text NOT NULL, tekst text NOT NULL, tidspunkt timestamptz NOT NULL DEFAULT now())"
        )
    pool = await asyncpg.create_pool(dsn, min_size=POOL, max_size=POOL)

    async def insert(samtale: str, tekst: str) -> int:
        return await pool.fetchval(
            "INSERT INTO grense (samtale, tekst) VALUES ($1, $2) RETURNING id", samtale, tekst
        )

    return insert


async def sqlite(path: str) -> Insert:
    thread = ThreadPoolExecutor(1)
    loop = asyncio.get_running_loop()

    def connect() -> sqlite3.Connection:
        connection = sqlite3.connect(path, isolation_level=None)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute(
            "CREATE TABLE IF NOT EXISTS grense (id INTEGER PRIMARY KEY, samtale TEXT NOT NULL,"
            " tekst TEXT NOT NULL, tidspunkt TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP)"
        )
        return connection

    connection = await loop.run_in_executor(thread, connect)

    def write(samtale: str, tekst: str) -> int:
        cursor = connection.execute("INSERT INTO grense (samtale, tekst) VALUES (?, ?)", (samtale, tekst))
        return cursor.lastrowid or 0

    async def insert(samtale: str, tekst: str) -> int:
        return await loop.run_in_executor(thread, write, samtale, tekst)

    return insert


async def main(port: int, url: str) -> None:
    insert = await (sqlite(url.removeprefix("sqlite:///")) if url.startswith("sqlite") else postgres(url))
    receivers: dict[str, ServerConnection] = {}
    sequences: dict[str, int] = {}

    async def handle(connection: ServerConnection) -> None:
        assert connection.request is not None
        _, side, samtale = connection.request.path.split("/")
        if side == "receiver":
            receivers[samtale] = connection
        await connection.send("{}")
        try:
            async for text in connection:
                body = orjson.loads(text)
                await insert(body["id"], body["tekst"])
                sequences[samtale] = body["sekvens"] = sequences.get(samtale, 0) + 1
                await receivers[samtale].send(orjson.dumps(body), text=True)
                await connection.send(b'{"ack":%d}' % body["n"], text=True)
        except ConnectionClosed:
            pass

    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    async with serve(handle, "127.0.0.1", port, compression=None, max_size=65536, ping_interval=None):
        gc.collect()
        gc.freeze()
        await stop.wait()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1]), sys.argv[2]))
