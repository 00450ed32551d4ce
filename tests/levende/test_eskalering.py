"""Worker processes that are killed, and two at once: every step of every ladder is taken once."""

from __future__ import annotations

import random
import subprocess
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from portal.core.clock import now
from portal.henvendelser.eskalering.models import Eskalering, Eskaleringstrinn
from portal.henvendelser.models import Hendelse
from portal.identitet.demo import DEMO
from portal.identitet.models import Medlemskap, Person
from portal.vakt.models import Nivaa, Vakt, Vaktplan
from portal.varsler.models import Varsel
from tests.levende.conftest import Folk
from tests.levende.test_arbeider import start_arbeider
from tests.levende.tjener import VENT, Hus

FAG = "indremedisin"


@pytest.fixture
def vaktlag(hus: Hus, finnmark: UUID) -> Iterator[None]:
    """The demo's two specialists are on call for a day, and nobody else; afterwards nobody is."""
    naa = now()
    finn = sa.select(Vaktplan.id).where(Vaktplan.organisasjon_id == finnmark, Vaktplan.fagomraade == FAG)
    if not hus.rader(finn):
        hus.endre(
            sa.insert(Vaktplan).values(
                id=uuid4(), organisasjon_id=finnmark, fagomraade=FAG, opprettet=naa, versjon=1
            )
        )
    plan = hus.verdi(finn)
    _avlys(hus, plan)
    for nivaa, hvem in (
        (Nivaa.VAKTHAVENDE, "spesialist"),
        (Nivaa.BAKVAKT, "spesialist_hjerte"),
        (Nivaa.VAKTLEDER, "spesialist"),
    ):
        (rad,) = hus.rader(
            sa.select(Person.id, Medlemskap.id.label("medlemskap"))
            .join(Medlemskap, Medlemskap.person_id == Person.id)
            .where(Person.epost == DEMO[hvem], Medlemskap.organisasjon_id == finnmark)
        )
        hus.endre(
            sa.insert(Vakt).values(
                id=uuid4(),
                vaktplan_id=plan,
                nivaa=nivaa,
                person_id=rad.id,
                medlemskap_id=rad.medlemskap,
                fra=naa - timedelta(hours=1),
                til=naa + timedelta(hours=23),
                kilde="enkelt",
                opprettet=naa,
            )
        )
    yield
    _avlys(hus, plan)


def _avlys(hus: Hus, plan: UUID) -> None:
    with hus.motor.begin() as forbindelse:
        gjelder = sa.and_(Vakt.vaktplan_id == plan, Vakt.avlyst.is_(None))
        forbindelse.execute(sa.update(Vakt).where(gjelder).values(avlyst=now()))


def si(arbeider: subprocess.Popen[str], tid: datetime) -> None:
    assert arbeider.stdin
    arbeider.stdin.write(f"{tid.isoformat()}\n")
    arbeider.stdin.flush()


def svar(arbeider: subprocess.Popen[str]) -> None:
    assert arbeider.stdout and arbeider.stdout.readline()


def trinn(hus: Hus, saker: list[str]) -> dict[str, list[tuple[int, str]]]:
    """(number, level) of the steps until somebody takes each case, in order."""
    rader = hus.rader(
        sa.select(Eskalering.henvendelse_id, Eskaleringstrinn.nummer, Eskaleringstrinn.nivaa)
        .join(Eskaleringstrinn, Eskaleringstrinn.eskalering_id == Eskalering.id)
        .where(Eskalering.henvendelse_id.in_([UUID(s) for s in saker]), Eskalering.slag == "aksept")
        .order_by(Eskaleringstrinn.nummer)
    )
    return {s: [(n, nivaa) for sak, n, nivaa in rader if str(sak) == s] for s in saker}


def kontroller(hus: Hus, saker: list[str], antall: int) -> None:
    """So many steps of each, and as many notices to those on call and rows in the log."""
    stige = [str(n) for n in Nivaa]
    ventet = [(n + 1, stige[n % 3]) for n in range(antall)]
    assert trinn(hus, saker) == dict.fromkeys(saker, ventet)
    for sak in saker:
        varsler = sa.select(sa.func.count()).where(
            Varsel.gjelder == f"henvendelse:{sak}", Varsel.kode == "henvendelse.ny"
        )
        assert hus.verdi(varsler) == antall
        logg = hus.rader(
            sa.select(Hendelse.sekvens, Hendelse.type)
            .where(Hendelse.henvendelse_id == UUID(sak))
            .order_by(Hendelse.sekvens)
        )
        assert [tuple(h) for h in logg] == [(1, "sendt"), *((n + 2, "eskalert") for n in range(antall))]


def avslutt(arbeidere: list[subprocess.Popen[str]]) -> None:
    for a in arbeidere:
        assert a.stdin and a.stdout
        if a.poll() is None:
            a.stdin.close()
            assert a.wait(VENT) == 0
        a.stdout.close()


def test_to_arbeidere_og_hvert_trinn_en_gang(hus: Hus, folk: Folk, finnmark: UUID, vaktlag: None) -> None:
    arbeidere = [start_arbeider(hus, hus.mappe / f"eskalering{n}.log") for n in range(2)]
    try:
        for a in arbeidere:
            svar(a)
        start = now()
        saker = [folk("sykehjemslege").send_henvendelse(finnmark, hastegrad="akutt") for _ in range(4)]
        kontroller(hus, saker, 1)
        for runde in range(1, 5):
            # Both at the same moment; and once more, for what the one had locked when the other came.
            for ekstra in (0, 1):
                for a in arbeidere:
                    si(a, start + timedelta(minutes=6 * runde, seconds=ekstra))
                for a in arbeidere:
                    svar(a)
            kontroller(hus, saker, 1 + runde)
        assert folk("spesialist").gjoer(saker[0], "aksepter").status == 200
        si(arbeidere[0], start + timedelta(minutes=31))
        svar(arbeidere[0])
        kontroller(hus, saker[1:], 6)
        assert len(trinn(hus, saker)[saker[0]]) == 5
    finally:
        avslutt(arbeidere)
        for sak in saker[1:]:
            folk("sykehjemslege").gjoer(sak, "trekk")
    for n in range(2):
        logg = (hus.mappe / f"eskalering{n}.log").read_text()
        assert "eskalering_feilet" not in logg and "jobb_feilet" not in logg, logg


def test_en_drept_arbeider_dobler_og_glemmer_ingenting(
    hus: Hus, folk: Folk, finnmark: UUID, vaktlag: None
) -> None:
    """SIGKILL somewhere in the round; whoever comes next takes what was left, and nothing twice."""
    start = now()
    saker = [folk("sykehjemslege").send_henvendelse(finnmark, hastegrad="akutt") for _ in range(6)]
    tilfeldig = random.Random(4)
    try:
        for runde in range(1, 4):
            tid = start + timedelta(minutes=6 * runde)
            offer = start_arbeider(hus, hus.mappe / f"offer{runde}.log")
            svar(offer)
            si(offer, tid)
            time.sleep(tilfeldig.uniform(0.01, 0.12))
            offer.kill()
            offer.wait(VENT)
            assert offer.stdin and offer.stdout
            offer.stdin.close()
            offer.stdout.close()
            tatt = [len(t) for t in trinn(hus, saker).values()]
            assert set(tatt) <= {runde, runde + 1}
            arvtaker = start_arbeider(hus, hus.mappe / f"arvtaker{runde}.log")
            svar(arvtaker)
            for sekund in (1, 2):
                si(arvtaker, tid + timedelta(seconds=sekund))
                svar(arvtaker)
            avslutt([arvtaker])
            kontroller(hus, saker, 1 + runde)
    finally:
        for sak in saker:
            folk("sykehjemslege").gjoer(sak, "trekk")
    hus.kontroller_revisjon()
