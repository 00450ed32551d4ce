"""Several take the same case at once: exactly one gets it, and the others are told who."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from uuid import UUID

import pytest
import sqlalchemy as sa

from portal.henvendelser.models import Hendelse, Henvendelse
from portal.identitet.models import Person
from tests.levende.conftest import Folk
from tests.levende.folk import ny_person
from tests.levende.klient import Person as Innlogget
from tests.levende.klient import Svar, vent
from tests.levende.tjener import Hus, Tjener


@pytest.fixture(scope="module")
def spesialister(hus: Hus, tjener: Tjener, folk: Folk, finnmark: UUID) -> Sequence[Innlogget]:
    """Ten of the same fagområde at the same hospital: the demo's two, and eight made for this."""
    nye = [ny_person(hus, "spesialist", finnmark, "indremedisin").epost for _ in range(8)]
    return [folk("spesialist"), folk("spesialist_hjerte"), *(Innlogget.logg_inn(tjener, e) for e in nye)]


def paa_en_gang(folk: Sequence[Innlogget], sak: str, *handlinger: str) -> list[Svar]:
    """Everybody takes their move at the same moment; the answers in the order of the people."""
    start = Barrier(len(folk))

    def gjoer(hvem: Innlogget, handling: str) -> Svar:
        start.wait()
        return hvem.gjoer(sak, handling)

    with ThreadPoolExecutor(len(folk)) as traader:
        ventende = [
            traader.submit(gjoer, h, handlinger[min(i, len(handlinger) - 1)]) for i, h in enumerate(folk)
        ]
        return [v.result() for v in ventende]


@pytest.mark.parametrize(("antall", "runder"), [(2, 14), (10, 4)])
def test_noeyaktig_en_faar_saken(
    hus: Hus, folk: Folk, finnmark: UUID, spesialister: Sequence[Innlogget], antall: int, runder: int
) -> None:
    vinnere = set()
    for runde in range(runder):
        sak = folk("sykehjemslege").send_henvendelse(finnmark)
        # Another order each time: the first to be asked must not be the one to win by rule.
        kappes = [spesialister[(runde + i) % antall] for i in range(antall)]
        svar = paa_en_gang(kappes, sak, "aksepter")
        assert sorted(s.status for s in svar) == [200] + [409] * (antall - 1)
        (vinner,) = [hvem for hvem, s in zip(kappes, svar, strict=True) if s.status == 200]
        (rad,) = hus.rader(
            sa.select(Person.epost, Person.navn, Henvendelse.status)
            .join(Henvendelse, Henvendelse.ansvarlig_id == Person.id)
            .where(Henvendelse.id == UUID(sak))
        )
        assert (rad.epost, rad.status) == (vinner.epost, "akseptert")
        for s in svar:
            if s.status == 409:
                assert s.json["kode"] == "opptatt" and s.json["ansvarlig"] == rad.navn
                assert rad.navn in s.json["melding"]
        logg = hus.rader(
            sa.select(Hendelse.type, Hendelse.sekvens)
            .where(Hendelse.henvendelse_id == UUID(sak))
            .order_by(Hendelse.sekvens)
        )
        assert [tuple(h) for h in logg] == [("sendt", 1), ("eskalert", 2), ("akseptert", 3)]
        # Again by the winner, whose answer was lost: still hers, and nothing new in the log.
        assert vinner.gjoer(sak, "aksepter").json["hode"] == 3
        vinnere.add(vinner.epost)
    assert len(vinnere) > 1


def test_innmelderen_og_koeen_ser_hvem_som_tok_den(
    folk: Folk, finnmark: UUID, spesialister: Sequence[Innlogget]
) -> None:
    sak = folk("sykehjemslege").send_henvendelse(finnmark)
    innmelder, koe = folk("sykehjemslege").sokkel(), folk("vaktleder").sokkel()
    innmelder.abonner(sak)
    paa_en_gang(spesialister[:3], sak, "aksepter")
    (hendelse,) = vent(lambda: innmelder.mottatt("hendelse"), "hendelsen", innmelder, koe)
    assert (hendelse["type"], hendelse["sekvens"]) == ("akseptert", 3)
    assert hendelse["avsender"]["navn"].startswith(hendelse["data"]["ansvarlig"])
    vent(lambda: koe.mottatt("koe"), "køen", innmelder, koe)
    innmelder.lukk()
    koe.lukk()


def test_tatt_og_trukket_paa_en_gang(hus: Hus, folk: Folk, finnmark: UUID) -> None:
    """Whichever comes first, the log tells one story that the table of moves allows."""
    for _ in range(6):
        sak = folk("sykehjemslege").send_henvendelse(finnmark)
        tok, trakk = paa_en_gang([folk("spesialist"), folk("sykehjemslege")], sak, "aksepter", "trekk")
        logg = hus.rader(
            sa.select(Hendelse.type).where(Hendelse.henvendelse_id == UUID(sak)).order_by(Hendelse.sekvens)
        )
        assert [h.type for h in logg][:2] == ["sendt", "eskalert"]
        typer = [h.type for h in logg][2:]
        status = hus.verdi(sa.select(Henvendelse.status).where(Henvendelse.id == UUID(sak)))
        assert trakk.status == 200 and status == "trukket"
        assert typer == (["akseptert", "trukket"] if tok.status == 200 else ["trukket"]), tok.tekst
        assert tok.status == 200 or tok.json["kode"] == "ugyldig_overgang"
