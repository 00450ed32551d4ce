"""A client of raw frames and a server to try it on: the tools of test_websocket.py.

A library would refuse to send most of what the tests send.
"""

from __future__ import annotations

import base64
import json
import os
import signal
import socket
import struct
import subprocess
import sys
import time
import urllib.request
from contextlib import suppress
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
TEXT, BINARY, CLOSE, PING, PONG, CONT = 1, 2, 8, 9, 10, 0


def frame(
    payload: bytes | str = b"",
    opcode: int = TEXT,
    fin: bool = True,
    rsv: int = 0,
    mask: bool = True,
    length: int | None = None,
) -> bytes:
    """One client frame; ``length`` is what the header declares when it is to lie."""
    data = payload.encode() if isinstance(payload, str) else payload
    n = len(data) if length is None else length
    head = bytes([fin << 7 | rsv << 4 | opcode])
    bit = mask << 7
    if n < 126:
        head += bytes([bit | n])
    elif n < 65536:
        head += struct.pack("!BH", bit | 126, n)
    else:
        head += struct.pack("!BQ", bit | 127, n)
    key = b"\x01\x02\x03\x04" if mask else b""
    if not mask:
        return head + data
    return head + key + bytes(b ^ key[i % 4] for i, b in enumerate(data))


#: Every client's socket, for the test to close.
opened: list[socket.socket] = []


class Client:
    """A websocket client of raw frames, with a short patience."""

    def __init__(
        self,
        server: Server,
        join: bool = True,
        auth: str = "",
        receive_buffer: int | None = None,
        **headers: str,
    ) -> None:
        self.sock = socket.socket()
        opened.append(self.sock)
        if receive_buffer:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.sock.settimeout(5)
        self.sock.connect(("127.0.0.1", server.port))
        self.buffer = bytearray()
        self.head = server.handshake(self.sock, **headers)
        assert self.head.startswith("HTTP/1.1 101"), self.head
        assert self.text().startswith('0{"sid"')
        if join:
            self.send("40" + auth)
            assert self.text().startswith("40")

    def raw(self, data: bytes) -> None:
        self.sock.sendall(data)

    def send(self, text: str) -> None:
        self.raw(frame(text))

    def event(self, name: str, body: Any, ack: int | None = None) -> Any:
        self.send(f"42{'' if ack is None else ack}{json.dumps([name, body])}")
        return self.ack(ack) if ack is not None else None

    def ack(self, number: int) -> Any:
        while True:
            text = self.text()
            if text.startswith(f"43{number}["):
                return json.loads(text[len(f"43{number}") :])[0]

    def _exactly(self, n: int) -> bytes:
        while len(self.buffer) < n:
            data = self.sock.recv(65536)
            if not data:
                raise EOFError
            self.buffer += data
        out = bytes(self.buffer[:n])
        del self.buffer[:n]
        return out

    def frame(self) -> tuple[int, bytes]:
        first, n = self._exactly(2)
        assert first & 0x70 == 0 and first & 0x80, "a reserved bit or a fragment from the server"
        if n == 126:
            (n,) = struct.unpack("!H", self._exactly(2))
        elif n == 127:
            (n,) = struct.unpack("!Q", self._exactly(8))
        return first & 15, self._exactly(n)

    def text(self) -> str:
        opcode, payload = self.frame()
        assert opcode == TEXT, (opcode, payload)
        return payload.decode()

    def closed(self) -> int:
        """The close code, after skipping what came before it; then the end of the stream must follow."""
        while True:
            opcode, payload = self.frame()
            if opcode == CLOSE:
                code = struct.unpack("!H", payload[:2])[0] if payload else 1005
                while self.sock.recv(65536):
                    pass  # a reset here would raise: the goodbye must not be cut off by what we sent too much
                return code

    def gone(self, within: float = 5.0) -> bool:
        """Whether the server ends the connection in time, with or without a goodbye. Reads everything."""
        self.sock.settimeout(within)
        try:
            while self.sock.recv(65536):
                pass
        except TimeoutError:
            return False
        except ConnectionError:
            pass
        return True

    def reset(self) -> None:
        """Vanish with a TCP reset."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()


class Server:
    def __init__(self, log: Path, kind: str, **env: str) -> None:
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            self.port = s.getsockname()[1]
        command = [sys.executable, str(HERE / "ws_tjener.py"), str(self.port)]
        if kind == "gunicorn":
            command = [
                sys.executable,
                "-m",
                "gunicorn",
                "-k",
                "gevent",
                "-b",
                f"127.0.0.1:{self.port}",
                "--chdir",
                str(HERE),
                "--config",
                os.devnull,
                "--no-control-socket",
                "--graceful-timeout",
                "1",
                "ws_tjener:app",
            ]
        self.log, self.origin = log, f"http://127.0.0.1:{self.port}"
        with log.open("wb") as out:
            self.process = subprocess.Popen(command, stdout=out, stderr=out, env=os.environ | env)
        for _ in range(100):
            with suppress(OSError):
                self.state()
                return
            time.sleep(0.1)
        raise AssertionError(log.read_text())

    def state(self) -> dict[str, Any]:
        with urllib.request.urlopen(f"{self.origin}/tilstand", timeout=5) as answer:
            return json.load(answer)

    def settled(self, live: int = 0) -> dict[str, Any]:
        """The figures, once only ``live`` connections are left, and Engine.IO has let go of the others."""
        for _ in range(60):
            state = self.state()
            if state["live"] <= live and state["eio"] <= live and state["environ"] <= live:
                return state
            time.sleep(0.1)
        raise AssertionError(state)

    def handshake(
        self,
        sock: socket.socket,
        path: str = "/socket.io/?EIO=4&transport=websocket",
        method: str = "GET",
        **changed: str | None,
    ) -> str:
        """Send a handshake with headers changed (``None`` leaves one out); the answer's head."""
        headers: dict[str, str | None] = {
            "Host": f"127.0.0.1:{self.port}",
            "Upgrade": "websocket",
            "Connection": "keep-alive, Upgrade",
            "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(),
            "Origin": self.origin,
        }
        headers |= {name.replace("_", "-"): value for name, value in changed.items()}
        lines = "".join(f"{k}: {v}\r\n" for k, v in headers.items() if v is not None)
        sock.sendall(f"{method} {path} HTTP/1.1\r\n{lines}\r\n".encode())
        head = b""
        while b"\r\n\r\n" not in head:
            more = sock.recv(1)
            if not more:
                break
            head += more
        return head.decode()

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
