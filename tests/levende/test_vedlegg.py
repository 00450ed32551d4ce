"""Attachments on the real server: cut, far too large, many at once; and what the others notice of it."""

from __future__ import annotations

import http.client
import json
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

import pytest
import sqlalchemy as sa

from portal.henvendelser.models import Hendelse, Vedlegg
from tests.henvendelser import filer
from tests.levende.klient import Person, Svar
from tests.levende.tjener import Hus, Tjener, vent_til

Folk = Callable[[str], Person]


def kropp(data: bytes, navn: str = "bilde.jpg", klient_id: str = "") -> tuple[bytes, str]:
    """A multipart body with one file, and its content type."""
    grense = "grense-som-ikke-er-i-fila"
    deler = (
        f'--{grense}\r\nContent-Disposition: form-data; name="klient_id"\r\n\r\n{klient_id or uuid4()}\r\n'
        f'--{grense}\r\nContent-Disposition: form-data; name="fil"; filename="{navn}"\r\n'
        "Content-Type: image/jpeg\r\n\r\n"
    ).encode()
    return deler + data + f"\r\n--{grense}--\r\n".encode(), f"multipart/form-data; boundary={grense}"


def hoder(person: Person, slag: str) -> dict[str, str]:
    return {"Content-Type": slag, "Accept": "application/json", "X-CSRFToken": person._csrf}


def last_opp(person: Person, sak: str, data: bytes, klient_id: str = "") -> Svar:
    innhold, slag = kropp(data, klient_id=klient_id)
    return person.be("POST", f"/henvendelser/{sak}/vedlegg", innhold, hoder(person, slag))


def raa(tjener: Tjener, person: Person, sak: str, lengde: int, slag: str) -> socket.socket:
    """A connection on which the head of an upload has been sent."""
    forbindelse = socket.create_connection(("127.0.0.1", tjener.port), timeout=20)
    linjer = {
        **hoder(person, slag),
        "Host": f"127.0.0.1:{tjener.port}",
        "Cookie": "; ".join(f"{k}={v}" for k, v in person.kapsler.items()),
        "Content-Length": str(lengde),
    }
    hode = "".join(f"{k}: {v}\r\n" for k, v in linjer.items())
    forbindelse.sendall(f"POST /henvendelser/{sak}/vedlegg HTTP/1.1\r\n{hode}\r\n".encode())
    return forbindelse


def filene(hus: Hus) -> set[Path]:
    return {f for f in (hus.mappe / "vedlegg").rglob("*") if f.is_file()}


def antall(hus: Hus) -> int:
    return int(hus.verdi(sa.select(sa.func.count()).select_from(Vedlegg)))


def test_sendt_og_hentet(hus: Hus, folk: Folk, sak: str) -> None:
    svar = last_opp(folk("sykehjemslege"), sak, filer.bilde_med_sted())
    assert svar.status == 201, svar.tekst
    hentet = folk("spesialist").get(f"/henvendelser/{sak}/vedlegg/{svar.json['vedlegg_id']}")
    assert hentet.status == 200 and hentet.kropp.startswith(b"\xff\xd8") and filer.KANARI not in hentet.kropp
    hus.kontroller_revisjon()


def test_en_kuttet_opplasting_etterlater_ingenting(hus: Hus, tjener: Tjener, folk: Folk, sak: str) -> None:
    lege = folk("sykehjemslege")
    foer, rader = filene(hus), antall(hus)
    innhold, slag = kropp(filer.foto(9 * 2**20))
    for del_ in (0, 1, 300, len(innhold) // 2, len(innhold) - 1):
        with raa(tjener, lege, sak, len(innhold), slag) as forbindelse:
            forbindelse.sendall(innhold[:del_])
            time.sleep(0.1)
    # The next one is served, so the cut ones are over.
    assert last_opp(lege, sak, filer.bilde()).status == 201
    vent_til(lambda: len(filene(hus)) == len(foer) + 1, "bare den hele fila er der")
    assert antall(hus) == rader + 1
    apne = [f.path for f in tjener.prosess.open_files() if "vedlegg" in f.path]
    assert apne == []


def test_ti_gigabyte_faar_svar_med_en_gang(hus: Hus, tjener: Tjener, folk: Folk, sak: str) -> None:
    lege = folk("sykehjemslege")
    foer = filene(hus)
    start, minne = time.monotonic(), tjener.rss
    with raa(tjener, lege, sak, 10 * 2**30, "multipart/form-data; boundary=x") as forbindelse:
        svar = http.client.HTTPResponse(forbindelse)
        svar.begin()
        assert svar.status == 413 and json.loads(svar.read())["kode"] == "for_stor"
        assert time.monotonic() - start < 10
        # Whoever sends on all the same fills nothing.
        with suppress(OSError):
            for _ in range(300):
                forbindelse.sendall(bytes(2**17))
    assert tjener.rss < minne + 60
    assert filene(hus) == foer


def test_uten_lengde_stanser_den_ved_grensen(hus: Hus, tjener: Tjener, folk: Folk, sak: str) -> None:
    """A body in chunks tells no size: it is read to the limit and no further."""
    lege = folk("sykehjemslege")
    foer = filene(hus)
    innhold, slag = kropp(bytes(11 * 2**20))
    forbindelse = http.client.HTTPConnection("127.0.0.1", tjener.port, timeout=30)
    kapsler = "; ".join(f"{k}={v}" for k, v in lege.kapsler.items())
    biter = (innhold[i : i + 65536] for i in range(0, len(innhold), 65536))
    forbindelse.request(
        "POST",
        f"/henvendelser/{sak}/vedlegg",
        body=biter,
        headers={**hoder(lege, slag), "Cookie": kapsler},
        encode_chunked=True,
    )
    svar = forbindelse.getresponse()
    assert svar.status == 413 and json.loads(svar.read())["kode"] == "for_stor"
    forbindelse.close()
    assert filene(hus) == foer


def test_tjeneren_drept_midt_i_en_opplasting(hus: Hus, tjener: Tjener, folk: Folk, sak: str) -> None:
    lege = folk("sykehjemslege")
    foer, rader = filene(hus), antall(hus)
    innhold, slag = kropp(filer.foto(9 * 2**20))
    with raa(tjener, lege, sak, len(innhold), slag) as forbindelse:
        forbindelse.sendall(innhold[: len(innhold) // 2])
        time.sleep(0.3)
        tjener.drep()
    tjener.start()
    assert filene(hus) == foer and antall(hus) == rader
    klient_id = str(uuid4())
    bilde = filer.bilde()
    # Sent, the answer lost, sent again.
    foerste = last_opp(lege, sak, bilde, klient_id)
    igjen = last_opp(lege, sak, bilde, klient_id)
    assert foerste.status == 201 and igjen.json == foerste.json


def test_de_andre_merker_lite_av_store_vedlegg(hus: Hus, tjener: Tjener, folk: Folk, sak: str) -> None:
    """While files of 10 MB are received, cleaned and fetched, messages go through: nobody waits for a file."""
    lege, spesialist = folk("sykehjemslege"), folk("spesialist")
    stort = filer.foto(10 * 2**20)
    svar: list[Svar] = []
    ferdig = threading.Event()
    minne = tjener.rss

    def last() -> None:
        for _ in range(2):
            lastet = last_opp(lege, sak, stort)
            svar.append(lastet)
            svar.append(lege.get(f"/henvendelser/{sak}/vedlegg/{lastet.json['vedlegg_id']}"))

    def alle() -> None:
        traader = [threading.Thread(target=last) for _ in range(3)]
        for t in traader:
            t.start()
        for t in traader:
            t.join()
        ferdig.set()

    threading.Thread(target=alle).start()
    tider, hoeyest = [], 0.0
    while not ferdig.is_set():
        begynt = time.perf_counter()
        assert spesialist.get("/helse/klar").status == 200
        tider.append(time.perf_counter() - begynt)
        hoeyest = max(hoeyest, tjener.rss)
        time.sleep(0.005)
    assert [s.status for s in svar].count(201) == 6 and [s.status for s in svar].count(200) == 6
    tider.sort()
    print(
        f"n={len(tider)} p50={tider[len(tider) // 2] * 1e3:.1f} p99={tider[int(len(tider) * 0.99)] * 1e3:.1f} ms"
    )
    # The decoders and this client share the cores with it, so generous: a server that received or cleaned on the hub
    # would answer nobody for seconds, again and again.
    assert len(tider) > 20 and tider[len(tider) // 2] < 0.25 and tider[int(len(tider) * 0.9)] < 1.0
    assert hoeyest < minne + 60, (minne, hoeyest)
    assert hus.verdi(
        sa.select(sa.func.count()).select_from(Hendelse).where(Hendelse.type == "vedlegg")
    ) == antall(hus)


@pytest.mark.parametrize("metode", ["GET", "PUT"])
def test_adressen_for_opplasting_gir_ingenting_annet(folk: Folk, sak: str, metode: str) -> None:
    assert folk("spesialist").be(metode, f"/henvendelser/{sak}/vedlegg").status == 405
