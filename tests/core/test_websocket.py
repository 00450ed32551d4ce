"""The websocket against hostile, slow and broken clients, on a real server in a process of its own.

The client is a raw socket with frames made by hand (`ws_klient.py`), the server `ws_tjener.py`.
"""

from __future__ import annotations

import json
import os
import random
import re
import socket
import struct
import time
from collections.abc import Iterator
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.core.packets import FastJSON, InvalidEvent, Packet, QuietLog, Violation
from portal.core.websocket import handshake_error, opphav_tillatt
from tests.core.ws_klient import BINARY, CLOSE, CONT, PING, PONG, TEXT, Client, Server, frame, opened


@pytest.fixture(autouse=True)
def hang_up() -> Iterator[None]:
    """Close every client of a test, so that the next one counts from nothing."""
    yield
    while opened:
        opened.pop().close()


@pytest.fixture(scope="module")
def pywsgi(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The server of ``python app.py``. In the end its log must hold no traceback but the one asked for."""
    server = Server(tmp_path_factory.mktemp("ws") / "log", "pywsgi")
    yield server
    server.stop()
    log = server.log.read_text()
    assert log.count("Traceback") == log.count("with intent"), log


@pytest.fixture(scope="module")
def gunicorn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The server of production, with an allow list of origins and pings every second."""
    server = Server(
        tmp_path_factory.mktemp("ws") / "log", "gunicorn", TILLATT="https://portal.example", PING="1"
    )
    server.origin_header = "https://portal.example"  # type: ignore[attr-defined]
    yield server
    server.stop()
    log = server.log.read_text()
    assert "Traceback" not in log, log
    assert "Error" not in log, log


@pytest.fixture(params=["pywsgi", "gunicorn"])
def either(request: pytest.FixtureRequest) -> tuple[Server, str]:
    server = request.getfixturevalue(request.param)
    return server, getattr(server, "origin_header", server.origin)


# The ordinary


def test_event_gets_its_ack(either: tuple[Server, str]) -> None:
    server, origin = either
    client = Client(server, Origin=origin)
    for n in range(3):
        assert client.event("ekko", {"n": n, "tekst": "blodtrykk æøå"}, n) == {
            "ok": True,
            "n": n,
            "lengde": 13,
        }
    client.raw(frame(struct.pack("!H", 1000), CLOSE))
    assert client.closed() == 1000
    server.settled()


def test_compression_is_never_agreed_to(pywsgi: Server) -> None:
    client = Client(pywsgi, Sec_WebSocket_Extensions="permessage-deflate; client_max_window_bits")
    assert "extensions" not in client.head.lower()
    assert client.event("ekko", {"n": 1}, 1)["ok"]


def test_ping_is_answered_between_the_fragments_of_a_message(pywsgi: Server) -> None:
    client = Client(pywsgi)
    whole = '427["ekko",{"tekst":"hjertesvikt é"}]'.encode()
    cut = whole.index("é".encode()) + 1  # in the middle of a character
    client.raw(frame(whole[:cut], fin=False))
    client.raw(frame(b"hei", PING))
    assert client.frame() == (PONG, b"hei")
    for byte in frame(whole[cut:], CONT):  # a byte at a time: a header in pieces must not be counted twice
        client.raw(bytes([byte]))
    assert client.ack(7)["lengde"] == 13


def test_messages_sent_in_one_burst_are_all_served_in_order(pywsgi: Server) -> None:
    client = Client(pywsgi)
    client.raw(b"".join(frame(f'42{n}["ekko",{{"n":{n}}}]') for n in range(500)))
    assert [client.ack(n)["n"] for n in range(500)] == list(range(500))


# Who may open a websocket


def test_only_our_own_pages_open_a_websocket(pywsgi: Server, gunicorn: Server) -> None:
    ours = pywsgi.origin
    for origin, more, status in [
        (ours, {}, "101"),
        (None, {}, "403"),
        ("null", {}, "403"),
        ("http://ond.example", {}, "403"),
        ("http://ond.example", {"X_Forwarded_Host": "ond.example", "X_Forwarded_Proto": "http"}, "403"),
        (ours.replace("http:", "https:"), {}, "403"),
        (ours + ".ond.example", {}, "403"),
        (f"http://localhost:{pywsgi.port}", {}, "403"),
    ]:
        with socket.create_connection(("127.0.0.1", pywsgi.port), 5) as sock:
            head = pywsgi.handshake(sock, Origin=origin, **more)
            assert head.split(" ")[1] == status, (origin, head)
    for origin, status in [("https://portal.example", "101"), (gunicorn.origin, "403"), (None, "403")]:
        with socket.create_connection(("127.0.0.1", gunicorn.port), 5) as sock:
            assert gunicorn.handshake(sock, Origin=origin).split(" ")[1] == status, origin


def test_origin_rule() -> None:
    environ = {"HTTP_ORIGIN": "http://a.no", "HTTP_HOST": "a.no", "wsgi.url_scheme": "http"}
    assert opphav_tillatt(environ, frozenset())
    assert not opphav_tillatt(environ, frozenset({"http://b.no"}))
    assert not opphav_tillatt(environ | {"wsgi.url_scheme": "https"}, frozenset())
    assert not opphav_tillatt({"HTTP_ORIGIN": "http://", "wsgi.url_scheme": "http"}, frozenset())
    assert not opphav_tillatt({"HTTP_HOST": "a.no"}, frozenset({""}))
    assert handshake_error({}) is not None


@pytest.mark.parametrize(
    ("status", "changed"),
    [
        ("400", {"Connection": "keep-alive"}),
        ("400", {"Upgrade": None}),
        ("400", {"Upgrade": "h2c"}),
        ("400", {"Sec_WebSocket_Key": None}),
        ("400", {"Sec_WebSocket_Key": "kort"}),
        ("426", {"Sec_WebSocket_Version": "8"}),
        ("400", {"Content_Length": "5"}),
        ("400", {"Transfer_Encoding": "chunked"}),
        ("400", {"method": "POST"}),
        ("400", {"path": "/socket.io/?EIO=4&transport=polling"}),
        ("400", {"path": "/socket.io/?EIO=3&transport=websocket"}),
        ("400", {"path": "/socket.io/?EIO=4&transport=websocket&sid=abc"}),
        ("400", {"path": "/socket.io/?EIO=4&transport=websocket&j=x"}),
        ("400", {"path": "/socket.io/?" + "&".join(f"a{i}=1" for i in range(50))}),
    ],
)
def test_half_a_handshake_is_refused_in_plain_text(
    either: tuple[Server, str], status: str, changed: dict[str, str | None]
) -> None:
    server, origin = either
    with socket.create_connection(("127.0.0.1", server.port), 5) as sock:
        head = server.handshake(sock, **({"Origin": origin} | changed))  # type: ignore[arg-type]
    assert head.split(" ")[1] == status, head
    if "Transfer_Encoding" not in changed:
        assert "text/plain" in head
    server.settled()


# Size


OVERSIZED = {
    "declared 64 KB and one": [frame(b"4", length=65537)],
    "declared 2 GB": [frame(b"", length=2**31)],
    "declared in fragments": [frame(b"4" * 40000, fin=False), frame(b"", CONT, length=40000)],
    "too many fragments": [frame(b"4", fin=False), *[frame(b"4", CONT, fin=False)] * 100],
    "empty fragments for ever": [frame(b"", fin=False), *[frame(b"", CONT, fin=False)] * 100],
    "sent in full": [frame(b"4" * 300_000)],
}


@pytest.mark.parametrize("name", OVERSIZED)
def test_oversized_message_is_refused_by_its_declared_length(either: tuple[Server, str], name: str) -> None:
    server, origin = either
    client = Client(server, Origin=origin)
    start = time.monotonic()
    for part in OVERSIZED[name]:
        client.raw(part)
    assert client.closed() == 1009
    assert time.monotonic() - start < 2


def test_client_still_sending_gets_the_close_code_and_not_a_reset(either: tuple[Server, str]) -> None:
    server, origin = either
    client = Client(server, Origin=origin)
    client.raw(frame(b"", length=300_000))
    for _ in range(40):
        client.raw(b"x" * 2000)
        time.sleep(0.01)
    assert client.closed() == 1009


def test_exactly_the_limit_is_let_through(pywsgi: Server) -> None:
    client = Client(pywsgi)
    text = '421["ekko",{"tekst":"' + "x" * (65536 - 24) + '"}]'
    assert len(text) == 65536
    client.send(text)
    assert client.ack(1)["lengde"] == 65536 - 24


def test_memory_is_flat_after_oversized_and_broken_clients(pywsgi: Server) -> None:
    def attack(n: int) -> None:
        for i in range(n):
            client = Client(pywsgi)
            with suppress(ConnectionError, EOFError):
                client.raw(frame(os.urandom(8192), length=[70_000, 10_000_000][i % 2], fin=i % 3 > 0))
                client.raw(b"z" * 100_000)
                client.closed()
            client.sock.close()

    attack(20)
    before = pywsgi.settled()
    attack(200)
    after = pywsgi.settled()
    assert after["rss_mb"] - before["rss_mb"] < 12, (before, after)


# Frames against the protocol


BROKEN = {
    "compressed without agreement": (frame(b"\xaaV*.-R", rsv=4), 1002),
    "another reserved bit": (frame(b"40", rsv=2), 1002),
    "unknown opcode": (frame(b"40", 3), 1002),
    "unknown control opcode": (frame(b"40", 11), 1002),
    "unmasked": (frame(b"40", mask=False), 1002),
    "ping in fragments": (frame(b"x", PING, fin=False), 1002),
    "ping too long": (frame(b"x" * 126, PING), 1002),
    "continuation of nothing": (frame(b"x", CONT), 1002),
    "new message inside a message": (frame(b"4", fin=False) + frame(b"4"), 1002),
    "length not in its shortest form": (b"\x81\xfe\x00\x02\x01\x02\x03\x0444", 1002),
    "length with its top bit set": (b"\x81\xff\xff" + b"\xff" * 7 + b"\x01\x02\x03\x04", 1009),
    "broken UTF-8": (frame(b"42\xff\xfe"), 1007),
    "half a character": (frame(b"42\xc3"), 1007),
    "close with one byte": (frame(b"\x03", CLOSE), 1002),
    "close with an illegal code": (frame(struct.pack("!H", 1005), CLOSE), 1002),
    "close with broken text": (frame(struct.pack("!H", 1000) + b"\xff", CLOSE), 1007),
    "binary": (frame(b"\x04abc", BINARY), 1003),
    "empty message": (frame(b""), 1002),
    "no Engine.IO type": (frame("xyz"), 1002),
    "base64 binary": (frame("b!!!"), 1002),
    "upgrade probe": (frame("2probe"), 1002),
    "Engine.IO upgrade": (frame("5"), 1002),
    "Engine.IO message of JSON": (frame('4{"a":1}'), 1002),
    "superscript two": (frame('4²["ekko",{}]'), 1002),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_frame_closes_the_connection(pywsgi: Server, name: str) -> None:
    data, code = BROKEN[name]
    client = Client(pywsgi)
    client.raw(data)
    if code == 1009:
        assert client.closed() in (1002, 1009)
    else:
        assert client.closed() == code


def test_control_frames_are_rationed(pywsgi: Server) -> None:
    client = Client(pywsgi)
    client.raw(b"".join(frame(b"", opcode) for opcode in [PING, PONG] * 20))
    assert client.closed() == 1008


# Packets against the protocol


VIOLATIONS = [
    "4", "44", "46", "47", "4x",
    "451-[\"ekko\",{\"_placeholder\":true,\"num\":0}]", "45999999999-[\"ekko\",{}]", "461-1[]",
    "43", "431[]", "4399999[{}]", "44{\"message\":\"x\"}",
    "40/admin,", "40/admin,{}", "40[]", "40{", "41/x,",
    "42", "42[", "42{}", "42\"ekko\"", "42[]", "42[1,{}]", "42[null,{}]", "42[[\"ekko\"],{}]", "42[{},{}]",
    "42/admin,[\"ekko\",{}]", "42[\"connect\",{\"REMOTE_ADDR\":\"x\"}]",
    "42[\"disconnect\",{}]", "42[\"*\",{}]",
    "42" + "9" * 16 + "[\"ekko\",{}]", "42" + "1" * 60000, "421[\"ekko\",{\"n\":NaN}]",
    "421[\"ekko\",{\"tekst\":\"\\ud800\"}]", "421[\"ekko\",{\"n\":" + "[" * 30000 + "]" * 30000 + "}]",
    "421[\"ekko\",{\"n\":" + "[" * 500 + "]" * 500 + "}]", "421[\"ekko\",{\"n\":1}]x",
]  # fmt: skip


@pytest.mark.parametrize("text", VIOLATIONS, ids=range(len(VIOLATIONS)))
def test_packet_outside_the_protocol_closes_the_connection(pywsgi: Server, text: str) -> None:
    before = pywsgi.state()["ekko"]
    client = Client(pywsgi)
    client.send(text)
    assert client.closed() in (1002, 1008)
    assert pywsgi.state()["ekko"] == before


def test_readable_but_invalid_event_gets_a_clear_answer(pywsgi: Server) -> None:
    client = Client(pywsgi)
    for number, (event, kode) in enumerate([
        ('["finnes_ikke",{}]', "ukjent_hendelse"), ('["ekko"]', "ugyldig"), ('["ekko",1]', "ugyldig"),
        ('["ekko",null]', "ugyldig"), ('["ekko",{},{}]', "ugyldig"), ('["ekko",["x"]]', "ugyldig"),
    ]):  # fmt: skip
        client.send(f"42{number}{event}")
        answer = client.ack(number)
        assert answer["ok"] is False and answer["kode"] == kode and answer["melding"], answer
        client.send(f"42{event}")  # without an ack number it is ignored
    assert client.event("ekko", {"n": 1}, 99)["ok"], "the connection lives on"
    for _ in range(20):
        client.send('42["finnes_ikke",{}]')
    assert client.closed() == 1008


def test_failing_handler_still_answers(pywsgi: Server) -> None:
    client = Client(pywsgi)
    assert client.event("feil", {}, 1)["kode"] == "intern_feil"
    assert client.event("feil", {"kjent": True}, 2) == {
        "ok": False, "kode": "opptatt", "melding": "Noen andre var først."}  # fmt: skip
    assert client.event("ekko", {"n": 1}, 3)["ok"]


def test_event_before_connect_is_refused(pywsgi: Server) -> None:
    client = Client(pywsgi, join=False)
    client.send('421["ekko",{}]')
    assert client.closed() == 1008


def test_connect_is_rationed(pywsgi: Server) -> None:
    before = pywsgi.state()["connect"]
    client = Client(pywsgi, join=False)
    for _ in range(10):
        client.send('40{"nei":true}')
    assert client.closed() == 1008
    assert pywsgi.state()["connect"] - before == 3


def test_whoever_is_not_let_in_is_closed(pywsgi: Server) -> None:
    silent, refused = Client(pywsgi, join=False), Client(pywsgi, join=False)
    refused.send('40{"nei":true}')
    assert refused.text().startswith("44")
    assert silent.closed() == 1008
    assert refused.closed() == 1008
    pywsgi.settled()


@given(st.text() | st.from_regex(r"[0-6][0-9]{0,3}[\[{\"].*", fullmatch=True))
def test_decoding_raises_only_its_own_errors(text: str) -> None:
    with suppress(Violation, InvalidEvent):
        pkt = Packet(encoded_packet=text)
        assert not text or pkt.packet_type in (0, 1, 2)


# Sending


def test_large_messages_from_several_greenlets_arrive_whole(either: tuple[Server, str]) -> None:
    """simple-websocket's ``sock.send`` sends a part of such a message and drops the rest of it.

    Pings while the writer is in the middle of a message bring a second greenlet to the same socket.
    """
    server, origin = either
    client = Client(server, receive_buffer=4096, Origin=origin)
    client.event("stor", {"antall": 8, "lengde": 120_000})
    for _ in range(8):
        time.sleep(0.05)
        client.raw(frame(b"p" * 125, PING))
    seen: set[str] = set()
    pongs = 0
    while len(seen) < 8 or pongs < 8:
        opcode, payload = client.frame()
        if opcode == PONG:
            assert payload == b"p" * 125
            pongs += 1
        elif payload == b"2":
            client.send("3")
        else:
            name, body = json.loads(payload[2:])
            assert (opcode, name, body["tekst"]) == (TEXT, "stor", body["hvem"] * 120_000)
            seen.add(body["hvem"])
    assert client.event("ekko", {"n": 5}, 5)["n"] == 5


def test_a_message_larger_than_the_bound_is_sent_when_nothing_waits(pywsgi: Server) -> None:
    client = Client(pywsgi)
    client.event("stor", {"antall": 1, "lengde": 3_000_000})
    assert len(client.text()) > 3_000_000


def test_client_that_does_not_read_is_cut_and_costs_no_memory(pywsgi: Server) -> None:
    deaf = [Client(pywsgi, receive_buffer=4096) for _ in range(3)]
    reader, driver = Client(pywsgi), Client(pywsgi)
    for number, client in enumerate([*deaf, reader]):
        assert client.event("navn", {"navn": str(number)}, 1)["ok"]
    before = pywsgi.state()
    driver.send('421["flom",{"antall":2000,"lengde":8000}]')  # 16 MB to each
    numbers: list[int] = []
    while len(numbers) < 2000:
        numbers.append(json.loads(reader.text()[2:])[1]["n"])
    assert numbers == list(range(2000)), "the one who reads gets everything, in order"
    assert driver.ack(1)["ok"]
    state = pywsgi.settled(live=2)
    assert state["live"] == 2, "the deaf ones are cut, nobody else"
    assert state["rss_mb"] - before["rss_mb"] < 15, (before, state)
    assert all(client.gone() for client in deaf)
    assert driver.event("ekko", {"n": 1}, 2)["ok"]


def test_thrown_out_at_once_even_when_not_reading(pywsgi: Server) -> None:
    deaf, reader, driver = Client(pywsgi, receive_buffer=4096), Client(pywsgi), Client(pywsgi)
    deaf.event("navn", {"navn": "doev"}, 1)
    driver.event("flom", {"antall": 150, "lengde": 6000}, 2)  # fills the deaf one's buffers, not its queue
    reader.event("navn", {"navn": "leser"}, 1)
    start = time.monotonic()
    assert driver.event("kast", {"navn": "leser"}, 3)["ok"]
    assert driver.event("kast", {"navn": "doev"}, 4)["ok"]
    assert time.monotonic() - start < 0.5, "whoever throws out does not wait"
    assert reader.text() == "41"
    assert reader.gone(1.0)
    driver.sock.close()
    assert pywsgi.settled()["live"] == 0


def test_clients_that_vanish_leave_nothing_behind(pywsgi: Server) -> None:
    before = pywsgi.settled()
    clients = [Client(pywsgi) for _ in range(60)]
    for client in clients:
        if random.random() < 0.5:
            client.raw(frame(b"4" * 100, length=5000)[:50])
        client.reset()
    after = pywsgi.settled()
    assert after["disconnect"] - before["disconnect"] == 60
    # Engine.IO's ping greenlet of each sleeps out its interval; nothing else may remain.
    assert after["greenlets"] - before["greenlets"] <= 62


def test_ping_timeout_ends_a_silent_client_and_keeps_an_answering_one(gunicorn: Server) -> None:
    silent, alive = (Client(gunicorn, Origin="https://portal.example") for _ in range(2))
    start = time.monotonic()
    while time.monotonic() - start < 3.5:
        if alive.text() == "2":
            alive.send("3")
    assert alive.event("ekko", {"n": 1}, 1)["ok"]
    assert silent.gone(0.2)


# The log


def test_log_is_rationed_and_holds_no_content(pywsgi: Server) -> None:
    for _ in range(30):
        client = Client(pywsgi)
        client.send("42hemmelig")
        client.closed()
    log = pywsgi.log.read_text()
    assert 1 <= len(re.findall("unreadable or unsupported Socket.IO packet", log)) <= 10
    assert "hemmelig" not in log


def test_quiet_log_tells_how_many_it_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    log = QuietLog(lines=2, period=0.05)
    for _ in range(5):
        log.note("rusk")
    time.sleep(0.06)
    log.note("rusk")
    out = "".join(capsys.readouterr())
    assert out.count("rusk") == 4 and "left_out=3" in re.sub(r"\x1b\[[0-9;]*m", "", out)


def test_fast_json_speaks_like_the_library_expects() -> None:
    assert FastJSON.loads(FastJSON.dumps({"a": ["æ", 1]}, separators=(",", ":"))) == {"a": ["æ", 1]}
    assert isinstance(FastJSON.dumps([]), str)
