"""SIGKILL of the web process in the middle of a stream of messages: what was acknowledged is there, once."""

from __future__ import annotations

import random
import select
import time
from collections import Counter
from contextlib import suppress
from uuid import UUID, uuid4

import sqlalchemy as sa

from portal.henvendelser.models import Hendelse, HenvendelseHode
from portal.revisjon.models import Revisjon
from tests.levende.conftest import Folk
from tests.levende.klient import Person, Sokkel
from tests.levende.tjener import VENT, Hus, Tjener

BAADE = ("sykehjemslege", "sykepleier", "spesialist", "spesialist_hjerte")
#: Messages that each sender has under way at a time.
UNDERVEIS = 25


class Avsender:
    """Sends as fast as the answers come, and sends again, with the same UUID, what has no answer."""

    def __init__(self, person: Person, saker: list[str]) -> None:
        self.person, self.saker = person, saker
        #: klient_id → (case, text) of all that was ever sent.
        self.sendt: dict[str, tuple[str, str]] = {}
        #: klient_id → the number it was acknowledged with.
        self.bekreftet: dict[str, int] = {}
        self._venter: dict[int, str] = {}
        self._sokkel: Sokkel | None = None

    @property
    def sokkel(self) -> Sokkel:
        assert self._sokkel is not None
        return self._sokkel

    def kobl(self) -> None:
        self._sokkel = self.person.sokkel()
        self._venter.clear()
        for klient_id in [k for k in self.sendt if k not in self.bekreftet]:
            self._send(klient_id)

    def _send(self, klient_id: str) -> None:
        sak, tekst = self.sendt[klient_id]
        kropp = {"id": sak, "klient_id": klient_id, "tekst": tekst}
        self._venter[self.sokkel.send("henvendelse.meld", kropp)] = klient_id

    def arbeid(self, *, nye: bool) -> None:
        """Takes in the answers, and sends on. Raises OSError when the line is dead."""
        if self.sokkel.lukket:
            raise ConnectionError
        self.sokkel.pump()
        for nummer in list(self.sokkel.svar):
            svar, klient_id = self.sokkel.svar.pop(nummer), self._venter.pop(nummer)
            if svar["ok"]:
                assert self.bekreftet.setdefault(klient_id, svar["sekvens"]) == svar["sekvens"]
            else:
                # The allowance of a second is spent; the same is sent again.
                assert svar["kode"] == "for_mange", svar
                self._send(klient_id)
        while nye and len(self._venter) < UNDERVEIS:
            klient_id = str(uuid4())
            self.sendt[klient_id] = (random.choice(self.saker), f"Linje {len(self.sendt)}")
            self._send(klient_id)

    @property
    def ferdig(self) -> bool:
        return len(self.bekreftet) == len(self.sendt)


def stroem(avsendere: list[Avsender], til: int) -> None:
    """Lets everybody send until so many are acknowledged."""
    frist = time.monotonic() + VENT
    while sum(len(a.bekreftet) for a in avsendere) < til:
        assert time.monotonic() < frist
        for a in avsendere:
            a.arbeid(nye=True)
        select.select([a.sokkel for a in avsendere], [], [], 0.05)


def test_drap_midt_i_stroemmen(hus: Hus, tjener: Tjener, folk: Folk, finnmark: UUID) -> None:
    innmelder, spesialist = folk("sykehjemslege"), folk("spesialist")
    saker = [innmelder.send_henvendelse(finnmark) for _ in range(3)]
    for sak in saker:
        assert spesialist.gjoer(sak, "aksepter").status == 200
    avsendere = [Avsender(folk(hvem), saker) for hvem in BAADE]
    bekreftet_foer_drapet = avbrutt = 0
    for _ in range(3):
        for a in avsendere:
            a.kobl()
        stroem(avsendere, bekreftet_foer_drapet + 150)
        # Messages are under way in every direction at this moment.
        tjener.drep()
        for a in avsendere:
            # What had reached the client's machine before the kill counts as acknowledged.
            with suppress(OSError):
                while True:
                    a.arbeid(nye=False)
            a.sokkel.slipp()
        bekreftet_foer_drapet = sum(len(a.bekreftet) for a in avsendere)
        avbrutt += sum(len(a.sendt) - len(a.bekreftet) for a in avsendere)
        # Before anybody resends: each acknowledged message is there, with the number it was given.
        lagret = {
            str(r.klient_id): (str(r.henvendelse_id), r.tekst, r.sekvens)
            for r in hus.rader(
                sa.select(
                    Hendelse.klient_id, Hendelse.henvendelse_id, Hendelse.tekst, Hendelse.sekvens
                ).where(Hendelse.henvendelse_id.in_([UUID(s) for s in saker]), Hendelse.type == "melding")
            )
        }
        for a in avsendere:
            for klient_id, sekvens in a.bekreftet.items():
                assert lagret[klient_id] == (*a.sendt[klient_id], sekvens)
        tjener.start()
    assert avbrutt, "ingenting var underveis da prosessen ble drept"
    for a in avsendere:
        a.kobl()
    frist = time.monotonic() + VENT
    while not all(a.ferdig for a in avsendere):
        assert time.monotonic() < frist
        for a in avsendere:
            a.arbeid(nye=False)
        select.select([a.sokkel for a in avsendere], [], [], 0.05)
    alle = Counter(v for a in avsendere for v in a.sendt.values())
    funnet: Counter[tuple[str, str]] = Counter()
    for sak in saker:
        rader = hus.rader(
            sa.select(Hendelse.sekvens, Hendelse.type, Hendelse.tekst)
            .where(Hendelse.henvendelse_id == UUID(sak))
            .order_by(Hendelse.sekvens)
        )
        assert [r.sekvens for r in rader] == list(range(1, len(rader) + 1))
        assert hus.verdi(
            sa.select(HenvendelseHode.sekvens).where(HenvendelseHode.henvendelse_id == UUID(sak))
        ) == len(rader)
        funnet.update((sak, r.tekst) for r in rader if r.type == "melding")
        revidert = hus.verdi(
            sa.select(sa.func.count()).where(
                Revisjon.kjede == f"sak:{sak}", Revisjon.handling == "henvendelse.melding"
            )
        )
        assert revidert == sum(r.type == "melding" for r in rader)
    assert funnet == alle
    hus.kontroller_revisjon()
    for a in avsendere:
        a.sokkel.lukk()
