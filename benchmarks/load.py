"""The load generator: a process of its own that sends messages and times their arrival.

    python -m benchmarks.load

reads a plan, then one phase after the other, a line of JSON each, and answers each with a line: ``{}`` when
the connections of the plan are up, then the result of each phase. Between phases it keeps the connections
alive.

It speaks two dialects over raw websockets: ``bare`` (the limit, see `benchmarks.limit`) and ``portal``
(Socket.IO, ``henvendelse.abonner`` / ``henvendelse.meld`` / ``hendelse``). Each conversation has two
connections, the sender's and the receiver's, and everything is driven by one loop over epoll: on two cores
the generator must cost the server as little as it can, so frames are built and parsed here by hand and the
mask key is zero.

A phase with a rate is an open loop: messages leave by the clock, and the latency runs from the moment a
message *should* have left, so that a server that falls behind cannot hide it. A phase without a rate is a
closed loop: every conversation has one message under way, the next leaves with the ack of the last. Times in
the result are in ms.
"""

from __future__ import annotations

import base64
import math
import os
import select
import socket
import struct
import sys
import time
from collections import deque
from typing import Any, Literal, TypedDict

import orjson

#: What is written: about as long as a message in a real conversation, and free of long digit runs.
TEXT = (
    "Pasienten er klar, men slapp. NEWS2 har steget siden i natt, og vi vurderer intravenøs behandling her. "
    "Hva tenker dere om å avvente innleggelse til i morgen?"
)
#: How long a phase waits for its last messages, and how long anything else may take, in seconds.
PATIENCE = 10.0


Side = Literal["sender", "receiver"]


class Conversation(TypedDict):
    id: str
    sender: dict[str, str]  # extra headers of the handshake: the cookie
    receiver: dict[str, str]


class Phase(TypedDict):
    name: str
    rate: float | None  # messages a second; None is a closed loop
    warmup: float  # seconds that are not counted
    seconds: float


class Plan(TypedDict):
    dialect: str
    port: int
    conversations: list[Conversation]


class Broken(Exception):
    """The server did something that makes the measurement worthless."""


def frame(payload: bytes, opcode: int = 1) -> bytes:
    """A client frame with a zero mask key, which leaves the payload as it is."""
    n = len(payload)
    head = bytes((0x80 | opcode, 0x80 | n)) if n < 126 else struct.pack("!BBH", 0x80 | opcode, 0xFE, n)
    return head + b"\0\0\0\0" + payload


class Line:
    """One websocket: handshake with patience, afterwards whole text messages as they come."""

    def __init__(self, port: int, path: str, headers: dict[str, str]) -> None:
        self.sock = socket.create_connection(("127.0.0.1", port), PATIENCE)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._buffer = bytearray()
        self._waiting: deque[bytes] = deque()
        lines = {
            "Host": f"127.0.0.1:{port}",
            "Upgrade": "websocket",
            "Connection": "Upgrade",
            "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(),
            "Origin": f"http://127.0.0.1:{port}",
        } | headers
        self.sock.sendall(
            (
                f"GET {path} HTTP/1.1\r\n" + "".join(f"{k}: {v}\r\n" for k, v in lines.items()) + "\r\n"
            ).encode()
        )
        while b"\r\n\r\n" not in self._buffer:
            self._fill()
        head, _, rest = bytes(self._buffer).partition(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 101"):
            raise Broken(f"handshake refused: {(head + rest)[:300]!r}")
        self._buffer[:] = rest

    def _fill(self) -> None:
        data = self.sock.recv(262144)
        if not data:
            raise Broken("the server closed a connection")
        self._buffer += data

    def _take(self) -> list[bytes]:
        """The whole messages in the buffer; pings are answered, a close is an error."""
        messages = []
        buffer, at, end = self._buffer, 0, len(self._buffer)
        while end - at >= 2:
            n, start = buffer[at + 1], at + 2
            if n == 126:
                n, start = int.from_bytes(buffer[at + 2 : at + 4], "big"), at + 4
            elif n == 127:
                n, start = int.from_bytes(buffer[at + 2 : at + 10], "big"), at + 10
            if end - start < n or start > end:
                break
            opcode, payload = buffer[at] & 15, bytes(buffer[start : start + n])
            at = start + n
            if opcode == 1:
                messages.append(payload)
            elif opcode == 8:
                raise Broken(f"the server said goodbye: {payload!r}")
            elif opcode == 9:
                self.send(payload, 10)
        del buffer[:at]
        return messages

    def read(self) -> list[bytes]:
        """What has come; call when the socket is readable."""
        self._fill()
        return self._take()

    def next(self) -> bytes:
        """Wait for one message, during set-up."""
        self._waiting.extend(self._take())
        while not self._waiting:
            self._fill()
            self._waiting.extend(self._take())
        return self._waiting.popleft()

    def send(self, payload: bytes, opcode: int = 1) -> None:
        self.sock.sendall(frame(payload, opcode))


class Bare:
    """The limit's dialect: ``{"id","n","tekst"}`` out, ``{"ack": n}`` and ``{"n", "sekvens", …}`` back."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan

    def open(self, conversation: Conversation, side: Side) -> Line:
        line = Line(self._plan["port"], f"/{side}/{conversation['id']}", conversation[side])
        assert line.next() == b"{}"
        return line

    def message(self, conversation: Conversation, n: int) -> bytes:
        return orjson.dumps({"id": conversation["id"], "n": n, "tekst": TEXT})

    def read(self, text: bytes, line: Line) -> tuple[str, int, int]:
        body = orjson.loads(text)
        return ("ack", body["ack"], 0) if "ack" in body else ("delivered", body["n"], body["sekvens"])


class Portal:
    """The portal's dialect: Socket.IO 5 over Engine.IO 4, as DESIGN.md's table of events says."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._run = os.urandom(4).hex()  # so that a klient_id is new in each run

    def open(self, conversation: Conversation, side: Side) -> Line:
        line = Line(self._plan["port"], "/socket.io/?EIO=4&transport=websocket", conversation[side])
        assert line.next().startswith(b"0{")
        line.send(b"40")
        while (answer := line.next()).startswith(b"42["):
            pass  # what is sent to its rooms may come before the answer
        if not answer.startswith(b"40{"):
            raise Broken(f"not let in: {answer!r}")
        line.send(b'420["henvendelse.abonner",' + orjson.dumps({"id": conversation["id"], "etter": 0}) + b"]")
        while not (answer := line.next()).startswith(b"430["):
            pass  # hints such as `hode` may come first
        if not orjson.loads(answer[3:])[0].get("ok"):
            raise Broken(f"henvendelse.abonner: {answer!r}")
        return line

    def message(self, conversation: Conversation, n: int) -> bytes:
        body = {"id": conversation["id"], "klient_id": f"{self._run}-0000-4000-8000-{n:012x}", "tekst": TEXT}
        return b'42%d["henvendelse.meld",' % n + orjson.dumps(body) + b"]"

    def read(self, text: bytes, line: Line) -> tuple[str, int, int]:
        if text.startswith(b"43"):
            at = text.index(b"[")
            answer = orjson.loads(text[at:])[0]
            if answer.get("ok") is not True:
                raise Broken(f"henvendelse.meld: {answer}")
            return "ack", int(text[2:at]), 0
        if text.startswith(b'42["hendelse",'):
            body = orjson.loads(text[2:])[1]
            klient_id = str(body.get("klient_id") or "")
            if klient_id.startswith(self._run):
                return "delivered", int(klient_id[-12:], 16), body["sekvens"]
        elif text == b"2":
            line.send(b"3")
        elif text[:2] not in (b"42",):
            raise Broken(f"unexpected packet: {text[:200]!r}")
        return "other", 0, 0


class Generator:
    """Runs the phases of a plan over one set of connections."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._dialect = Bare(plan) if plan["dialect"] == "bare" else Portal(plan)
        self._epoll = select.epoll()
        self._lines: dict[int, tuple[Line, int, bool]] = {}  # fd → line, conversation, whether the receiver's
        self._senders: list[Line] = []
        for index, conversation in enumerate(plan["conversations"]):
            sides: tuple[Side, Side] = ("receiver", "sender")
            for side in sides:
                line = self._dialect.open(conversation, side)
                self._lines[line.sock.fileno()] = (line, index, side == "receiver")
                self._epoll.register(line.sock.fileno(), select.EPOLLIN)
                if side == "sender":
                    self._senders.append(line)
        self._last: list[int | None] = [None] * len(self._senders)  # the last sekvens each receiver saw
        self._number = 0
        self._start_phase()

    def _start_phase(self) -> None:
        self._intended: dict[int, float] = {}  # number → the moment it should have left
        self._acked: dict[int, float] = {}
        self._delivered: dict[int, float] = {}
        self._late = 0.0

    def _send(self, index: int, intended: float) -> None:
        self._number += 1
        self._intended[self._number] = intended
        self._senders[index].send(self._dialect.message(self._plan["conversations"][index], self._number))

    def _receive(self, wait: float) -> list[int]:
        """Take in what comes within ``wait`` seconds; gives the conversations whose sender got an ack."""
        # select on the epoll descriptor: it counts in microseconds where epoll rounds up to a millisecond.
        if not select.select([self._epoll], [], [], max(wait, 0.0))[0]:
            return []
        acked = []
        for fd, _ in self._epoll.poll(0):
            line, index, receiver = self._lines[fd]
            for text in line.read():
                now = time.perf_counter()
                kind, number, sekvens = self._dialect.read(text, line)
                if kind == "ack":
                    self._acked[number] = now
                    acked.append(index)
                elif kind == "delivered" and receiver:
                    self._on_delivery(index, number, sekvens, now)
        return acked

    def _on_delivery(self, index: int, number: int, sekvens: int, now: float) -> None:
        if number in self._delivered:
            raise Broken("a message was delivered twice")
        last = self._last[index]
        if last is not None and sekvens != last + 1:
            raise Broken(f"sekvens {sekvens} after {last}")
        self._last[index] = sekvens
        self._delivered[number] = now

    def idle(self, requests: int) -> None:
        """Answer the server's pings until the descriptor ``requests`` can be read."""
        watched: list[Any] = [requests, self._epoll]
        while requests not in select.select(watched, [], [])[0]:
            self._receive(0)

    def run(self, phase: Phase) -> dict[str, Any]:
        self._start_phase()
        start = time.perf_counter() + 0.01
        begin, end = start + phase["warmup"], start + phase["warmup"] + phase["seconds"]
        if phase["rate"] is not None:
            self._open_loop(start, end, phase["rate"])
        else:
            self._closed_loop(end)
        deadline = time.perf_counter() + PATIENCE
        while len(self._acked) < len(self._intended) or len(self._delivered) < len(self._intended):
            if time.perf_counter() > deadline:
                break
            self._receive(0.05)
        return self._result(phase, begin, end)

    def _open_loop(self, start: float, end: float, rate: float) -> None:
        sent, total = 0, int((end - start) * rate)
        while sent < total:
            due = start + sent / rate
            now = time.perf_counter()
            if now >= due:
                self._send(sent % len(self._senders), due)
                self._late = max(self._late, now - due)
                sent += 1
            else:
                self._receive(due - now)

    def _closed_loop(self, end: float) -> None:
        for index in range(len(self._senders)):
            self._send(index, time.perf_counter())
        while (now := time.perf_counter()) < end:
            for index in self._receive(min(end - now, 0.05)):
                self._send(index, time.perf_counter())

    def _result(self, phase: Phase, begin: float, end: float) -> dict[str, Any]:
        whole = {n: t for n, t in self._delivered.items() if n in self._acked}
        if phase["rate"] is None:
            # Committed and delivered within the window, whenever they were sent.
            counted = [n for n, t in whole.items() if begin <= max(t, self._acked[n]) < end]
        else:
            counted = [n for n in whole if begin <= self._intended[n] < end]
        times = sorted((self._delivered[n] - self._intended[n]) * 1000 for n in counted)
        acks = sorted((self._acked[n] - self._intended[n]) * 1000 for n in counted)
        return {
            "name": phase["name"],
            "sent": len(self._intended),
            "lost": len(self._intended) - len(whole),
            "counted": len(counted),
            "per_second": len(counted) / phase["seconds"],
            "generator_late": self._late * 1000,
            **{f"p{p}": percentile(times, p) for p in (50, 95, 99)},
            "max": times[-1] if times else 0.0,
            "ack_p50": percentile(acks, 50),
        }


def percentile(ordered: list[float], p: float) -> float:
    """The nearest-rank percentile of an ordered list; 0 of an empty one."""
    if not ordered:
        return 0.0
    return ordered[max(0, math.ceil(len(ordered) * p / 100) - 1)]


def main() -> None:
    requests, waiting = sys.stdin.fileno(), b""

    def answer(value: dict[str, Any]) -> None:
        sys.stdout.buffer.write(orjson.dumps(value, option=orjson.OPT_APPEND_NEWLINE))
        sys.stdout.buffer.flush()

    generator: Generator | None = None
    try:
        while True:
            while b"\n" not in waiting:
                if generator is not None:
                    generator.idle(requests)
                more = os.read(requests, 1 << 20)
                if not more:
                    return
                waiting += more
            line, _, waiting = waiting.partition(b"\n")
            if generator is None:
                generator = Generator(orjson.loads(line))
                answer({})
            else:
                answer(generator.run(orjson.loads(line)))
    except (Broken, OSError, AssertionError) as error:
        answer({"error": f"{type(error).__name__}: {error}"})


if __name__ == "__main__":
    main()
