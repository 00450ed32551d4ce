"""The processes that are measured, and the generators that measure them."""

from __future__ import annotations

import os
import re
import select
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any
from uuid import uuid4

import orjson

from benchmarks.load import Conversation, Phase, Plan
from portal.identitet.demo import DEMO_PASSORD, PERSONER

ROOT = Path(__file__).resolve().parents[1]
#: How long a server may take to start, and a generator to connect or to run one phase, in seconds.
START_SECONDS, ANSWER_SECONDS = 60.0, 90.0


class BenchError(Exception):
    """A part of the benchmark did not work; the text tells which, with the end of its log."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Server:
    """A server process on a free port, with its output in a file."""

    def __init__(self, name: str, command: list[str], log: Path, **env: str) -> None:
        self.name, self.log = name, log
        with log.open("ab") as out:
            self.process = subprocess.Popen(command, cwd=ROOT, stdout=out, stderr=out, env=os.environ | env)

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
    def __init__(self, folder: Path, database_url: str) -> None:
        self.port = free_port()
        command = [sys.executable, "-m", "benchmarks.limit", str(self.port), database_url]
        super().__init__("the limit", command, folder / "limit.log")
        self.wait_for(self.port)

    def plan(self, number: int) -> Plan:
        conversations = [Conversation(id=f"s{i}", sender={}, receiver={}) for i in range(number)]
        return Plan(dialect="bare", port=self.port, conversations=conversations)


class Browser:
    """As much of a browser as a login and a few calls of the API need."""

    def __init__(self, address: str) -> None:
        self._address, self._jar = address, CookieJar()
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self._jar))
        self._token = ""

    def _open(self, path: str, data: bytes | None = None, **headers: str) -> bytes:
        request = urllib.request.Request(
            self._address + path, data, {k.replace("_", "-"): v for k, v in headers.items()}
        )
        try:
            with self._opener.open(request, timeout=30) as answer:
                body: bytes = answer.read()
                return body
        except urllib.error.HTTPError as error:
            raise BenchError(f"{path}: {error.code} {error.read()[:500]!r}") from error

    def _read_token(self, path: str) -> bytes:
        page = self._open(path, Accept="text/html")
        match = re.search(rb'name="csrf-token" content="([^"]+)"', page)
        if match is None:
            raise BenchError(f"{path} has no csrf-token")
        self._token = match[1].decode()
        return page

    def log_in(self, epost: str, passord: str) -> None:
        self._read_token("/innlogging")
        form = {"csrf_token": self._token, "epost": epost, "passord": passord, "neste": "/"}
        self._open("/innlogging", urllib.parse.urlencode(form).encode(), Accept="text/html")
        self._read_token("/")

    def post(self, path: str, body: dict[str, Any]) -> Any:
        headers = {"Content_Type": "application/json", "X_CSRFToken": self._token, "Referer": self._address}
        return orjson.loads(self._open(path, orjson.dumps(body), Accept="application/json", **headers))

    def cookie(self) -> str:
        return "; ".join(f"{cookie.name}={cookie.value}" for cookie in self._jar)


class PortalServer(Server):
    """The portal as ``python app.py`` serves it, in demo mode, on a database of its own."""

    def __init__(self, folder: Path, database_url: str) -> None:
        self.port = free_port()
        env = {
            "PORTAL_MODUS": "demo",
            "PORTAL_INSTANS": str(folder / "instans"),
            "PORTAL_DATABASE_URL": database_url,
            "PORTAL_HOST": "127.0.0.1",
            "PORTAL_PORT": str(self.port),
            "PORTAL_OPPHAV": f"http://127.0.0.1:{self.port}",
            "PORTAL_REDIS_URL": "",
        }
        (folder / "instans").mkdir()
        flask = [sys.executable, "-m", "flask", "--app", "portal.factory:create_app", "portal", "start-data"]
        made = subprocess.run(flask, cwd=ROOT, env=os.environ | env, capture_output=True, text=True, check=False)
        if made.returncode:
            raise BenchError(f"start-data failed.\n{made.stdout[-1000:]}{made.stderr[-2000:]}")
        super().__init__("the portal", [sys.executable, "app.py"], folder / "portal.log", **env)
        self.wait_for(self.port)

    def plan(self, number: int) -> Plan:
        """Make ``number`` cases between the demo's physician and specialist, each accepted and open."""
        address = f"http://127.0.0.1:{self.port}"
        people = {}
        for key in ("lege", "spesialist"):
            people[key] = Browser(address)
            people[key].log_in(next(p.epost for p in PERSONER if p.noekkel == key), DEMO_PASSORD)
        conversations = []
        for _ in range(number):
            case = people["lege"].post(
                "/api/v1/henvendelser",
                {
                    "klient_id": str(uuid4()),
                    "fagomraade": "indremedisin",
                    "hastegrad": "vanlig",
                    "plan_uten_raad": "vet_ikke",
                    "tilbakeringing": "900 00 000",
                    "situasjon": "Slapp og tungpust siden i natt.",
                },
            )
            people["spesialist"].post(f"/api/v1/henvendelser/{case['id']}/aksepter", {})
            cookies = [{"Cookie": people[key].cookie()} for key in ("lege", "spesialist")]
            conversations.append(Conversation(id=case["id"], sender=cookies[0], receiver=cookies[1]))
        return Plan(dialect="portal", port=self.port, conversations=conversations)


class Generator:
    """A load generator's process, connected to one server for as long as the benchmark lasts."""

    def __init__(self, server: Server, plan: Plan) -> None:
        self._server = server
        self.process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.load"], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self._ask(plan)

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
