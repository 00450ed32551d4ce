"""Everybody in every relation to one case, whose texts are canaries: the world of test_behov_for_aa_vite.py."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from portal.core.aktor import Aktor, Rolle
from portal.core.clock import now
from portal.core.db import db, transactional
from portal.core.errors import IkkeFunnet, IkkeTilgang, UgyldigOvergang
from portal.henvendelser.eskalering.models import Kanari, Kanarikjoering, Vaktskifte, Vaktskiftesak
from portal.henvendelser.forloep import Side
from portal.henvendelser.models import (
    Deltaker,
    Innsyn,
    Saksinvitasjon,
    Utskrivning,
    Vedlegg,
)
from portal.henvendelser.service import flyt, innsending, meldinger
from portal.identitet.models import Medlemskap, Person
from portal.vakt.models import Nivaa
from tests.bygg import (
    Scene,
    lag_aktor,
    lag_enhet,
    lagre,
    ny_sesjon,
    toem,
)
from tests.vakthjelp import lag_vakt, lag_vaktplan, lag_vakttelefon

#: Every relation, by the sign at the top of the table.
RELASJONER = {
    # the case is theirs
    "lege": "l",  # the requester
    "kollega": "k",  # of the requester's unit
    "sykepleier": "s",  # of the requester's unit, no physician
    "spesialist": "S",  # took it
    "spesialist2": "T",  # answers for the fagområde too
    "vaktleder": "V",  # of the receiver
    "vaktleder_kommune": "W",  # of the sender
    "deltaker": "d",  # another fagområde, has been let into the case
    "paa_vaktplan": "v",  # on call at the receiver for the fagområde
    "neste_i_skiftet": "n",  # whom the case waits for since the change of shift
    # only to look at
    "invitert": "i",  # asked to take part
    "overtaker": "o",  # asked to take over
    "invitert_lege": "j",  # on the requester's side, asked to take part
    "grunn_lege": "b",  # has stated a reason, of the kommune
    "grunn_spesialist": "B",  # has stated a reason, of the hospital
    # not any more
    "grunn_utloept": "u",
    "avslo": "x",  # was asked and declined
    "forlot": "t",  # took part once
    "sluttet": "p",  # takes part, in a membership that has ended
    "stengt": "q",  # takes part, and is shut out of the portal
    # of the two organisations, without a reason
    "annen_lege": "a",
    "kirurg": "K",
    "kommuneoverlege": "h",
    "mistet_omraadet": "m",  # on the roster at the receiver, and answers for the fagområde no more
    # no clinicians, whatever rows they have
    "koordinator_deltar": "c",
    "koordinator_grunn": "C",
    "koordinator_i_enheten": "e",
    "administrator": "D",
    "innsyn": "r",
    "systemadministrator": "y",
    "foerer_planen": "g",  # a coordinator who keeps the roster
    # other organisations, whatever rows they have
    "fremmed_lege": "1",
    "fremmed_spesialist": "2",
    "fremmed_grunn": "3",
    "fremmed_vaktleder": "4",
    "forrige_mottaker": "5",  # of a hospital that had the case before
    "vakt_hos_annen": "w",  # on call for the fagområde at another hospital
}
_HODE = "lksSTVWdvn iojbB uxtpq aKhm cCeDryg 12345w"

#: Acts by `Handling`, while `spesialist` has the case. + may, - is told that it is another's, 0 «finnes ikke»,
#: 9 the right person at the wrong time.
RETT = """
                    lksSTVWdvn iojbB uxtpq aKhm cCeDryg 12345w
se                  ++++++++++ +++++ 00000 0000 0000000 000000
skriv               ++++++++++ ----- 00000 0000 0000000 000000
oppdater            +++------- ----- 00000 0000 0000000 000000
eksporter           ++++++++++ ----- 00000 0000 0000000 000000
inviter             ++++++++++ ----- 00000 0000 0000000 000000
identitet           ++++++++++ ----- 00000 0000 0000000 000000
utskrivning         ---------- ----- 00000 0000 0000000 000000
overlever           ---+-+---- ----- 00000 0000 0000000 000000
aksepter            ---99---99 ----- 00000 0000 0000000 000000
gi_tilbake          ---+-+---- ----- 00000 0000 0000000 000000
videresend          ---+-+---- ----- 00000 0000 0000000 000000
besvar              ---+------ ----- 00000 0000 0000000 000000
trenger_mer         999------- ----- 00000 0000 0000000 000000
lukk                999------- ----- 00000 0000 0000000 000000
lukk_som_ansvarlig  ---99---99 ----- 00000 0000 0000000 000000
tiden_er_ute        +++------- ----- 00000 0000 0000000 000000
trekk               +++------- ----- 00000 0000 0000000 000000
gjenaapne           99999---99 ----- 00000 0000 0000000 000000
foelg_opp           9999999999 ----- 00000 0000 0000000 000000
hold_plass          +++------- ----- 00000 0000 0000000 000000
styr_plass          +++------- ----- 00000 0000 0000000 000000
"""


def _tabell() -> dict[str, dict[str, str]]:
    tegn_til_navn = {t: n for n, t in RELASJONER.items()}
    hode, *linjer = [linje for linje in RETT.splitlines() if linje.strip()]
    assert hode.strip() == _HODE
    tabell = {}
    for linje in linjer:
        tegn = linje[-len(_HODE) :]
        assert len(linje) == len(hode), linje
        tabell[linje[: -len(_HODE)].strip()] = {
            tegn_til_navn[h]: t for h, t in zip(_HODE, tegn, strict=True) if h != " "
        }
    return tabell


TABELL = _tabell()
#: Who may see the case.
SER = {n for n, t in TABELL["se"].items() if t == "+"}


#: Who reads the log of an organisation: what was done to which case, by whom, and no word of any.
LOGGFOERERE = {"administrator", "systemadministrator"}


def kanari(sted: str) -> str:
    return f"kanari{sted}{uuid4().hex[:12]}"


class Behov(Scene):
    """The scene with one case and somebody in every relation to it, each with a running login."""

    def __init__(self) -> None:
        super().__init__()
        self.kanarier: dict[str, str] = {}
        self.tokener: dict[str, str] = {}
        self._flere()
        self._vaktplaner()
        self._lag_sak()
        self._knytt()
        self._logg_inn()

    @transactional
    def _flere(self) -> None:
        hf, kommune = self.hf, self.kommune
        for navn in ("deltaker", "invitert", "overtaker", "grunn_spesialist", "avslo", "forlot", "stengt"):
            setattr(self, navn, lag_aktor(Rolle.SPESIALIST, hf, fag=("ortopedi",)))
        self.sluttet = lag_aktor(Rolle.SPESIALIST, hf, fag=("indremedisin",))
        for navn in ("invitert_lege", "grunn_lege", "grunn_utloept"):
            setattr(self, navn, lag_aktor(Rolle.LEGE_KOMMUNE, kommune, self.annen_enhet))
        self.vaktleder_kommune = lag_aktor(Rolle.VAKTLEDER, kommune)
        self.koordinator_deltar = lag_aktor(Rolle.KOORDINATOR, hf)
        self.koordinator_grunn = lag_aktor(Rolle.KOORDINATOR, kommune)
        self.koordinator_i_enheten = lag_aktor(Rolle.KOORDINATOR, kommune, self.enhet)
        self.fremmed_grunn = lag_aktor(Rolle.SPESIALIST, self.annet_hf, fag=("geriatri",))
        self.forrige_mottaker = lag_aktor(Rolle.SPESIALIST, self.annet_hf, fag=("kirurgi",))
        self.rom = lag_enhet(hf, "avdeling", "Medisinsk post")
        for navn in ("paa_vaktplan", "neste_i_skiftet", "mistet_omraadet"):
            setattr(self, navn, lag_aktor(Rolle.SPESIALIST, hf, fag=("indremedisin",)))
        self.vakt_hos_annen = lag_aktor(Rolle.SPESIALIST, self.annet_hf, fag=("indremedisin",))
        self.foerer_planen = lag_aktor(Rolle.KOORDINATOR, hf)

    @transactional
    def _vaktplaner(self) -> None:
        """Rosters from before the case. Whoever has lost the fagområde since, stands there still."""
        self.plan = lag_vaktplan(self.hf.id)
        lag_vakt(self.plan, self.mistet_omraadet, Nivaa.VAKTHAVENDE)
        self.vakt = lag_vakt(self.plan, self.paa_vaktplan, Nivaa.BAKVAKT)
        lag_vakt(lag_vaktplan(self.annet_hf.id), self.vakt_hos_annen)
        lag_vakttelefon(self.plan, Nivaa.BAKVAKT, tale=True)
        self.kanari = Kanari(
            organisasjon_id=self.hf.id, fagomraade="indremedisin", hver_minutter=60, neste=now()
        )
        lagre(self.kanari)
        db.session.flush()
        lagre(Kanarikjoering(kanari_id=self.kanari.id, start=now(), frist=now()))
        for omraade in db.session.get_one(Medlemskap, self.mistet_omraadet.medlemskap_id).fag:
            omraade.fagomraade = "kirurgi"
        self.mistet_omraadet = replace(self.mistet_omraadet, fagomraader=frozenset({"kirurgi"}))

    def _lag_sak(self) -> None:
        """Sent to another hospital first, and forwarded from there: who answered there has no part any more."""
        tekster = {f: kanari(f) for f in innsending.FRITEKST}
        self.kanarier |= tekster
        self.sak_id = self.send(mottaker_id=self.annet_hf.id, fagomraade="kirurgi", **tekster)
        flyt.aksepter(self.forrige_mottaker, self.sak_id)
        for sted, hvem in (("melding", self.lege), ("fra_forrige", self.forrige_mottaker)):
            self.kanarier[sted] = kanari(sted)
            meldinger.send_melding(hvem, self.sak_id, uuid4(), f"Hei {self.kanarier[sted]} hei")
        self.kanarier["hvorfor"] = kanari("hvorfor")
        flyt.videresend(
            self.forrige_mottaker, self.sak_id, self.hf.id, "indremedisin", self.kanarier["hvorfor"]
        )
        flyt.aksepter(self.spesialist, self.sak_id)
        self.saksnummer = self.les(self.sak_id).saksnummer

    @transactional
    def _knytt(self) -> None:
        naa, sak = now(), self.sak_id
        self.skifte_id = uuid4()
        lagre(
            Vaktskifte(
                id=self.skifte_id,
                vaktplan_id=self.plan.id,
                nivaa=Nivaa.VAKTHAVENDE,
                fra_medlemskap_id=self.spesialist.medlemskap_id,
                til_medlemskap_id=self.neste_i_skiftet.medlemskap_id,
                tidspunkt=naa,
            )
        )
        db.session.flush()
        lagre(Vaktskiftesak(vaktskifte_id=self.skifte_id, henvendelse_id=sak))
        self.kanarier["grunn"] = kanari("grunn")
        self.kanarier["filnavn"] = kanari("filnavn")

        def deltar(navn: str, side: Side = Side.MOTTAKER, til: Any = None) -> Deltaker:
            a = self.aktor(navn)
            return Deltaker(
                henvendelse_id=sak,
                person_id=a.person_id,
                medlemskap_id=a.medlemskap_id,
                side=side,
                fra=naa - timedelta(hours=1),
                til=til,
            )

        def grunn(navn: str, utloeper: Any) -> Innsyn:
            a = self.aktor(navn)
            return Innsyn(
                henvendelse_id=sak,
                person_id=a.person_id,
                medlemskap_id=a.medlemskap_id,
                grunn="konsultert",
                begrunnelse=self.kanarier["grunn"],
                tidspunkt=naa,
                utloeper=utloeper,
            )

        def invitasjon(navn: str, slag: str, tilstand: str = "venter") -> Saksinvitasjon:
            a = self.aktor(navn)
            return Saksinvitasjon(
                henvendelse_id=sak,
                slag=slag,
                tilstand=tilstand,
                fra_person_id=self.spesialist.person_id,
                til_person_id=a.person_id,
                til_medlemskap_id=a.medlemskap_id,
                opprettet=naa,
                avgjort=None if tilstand == "venter" else naa,
            )

        om_litt = naa + timedelta(hours=1)
        lagre(
            deltar("deltaker"),
            deltar("forlot", til=naa),
            deltar("sluttet"),
            deltar("stengt"),
            deltar("koordinator_deltar"),
            grunn("grunn_lege", om_litt),
            grunn("grunn_spesialist", om_litt),
            grunn("grunn_utloept", naa - timedelta(seconds=1)),
            grunn("koordinator_grunn", om_litt),
            grunn("fremmed_grunn", om_litt),
            invitasjon("invitert", "kollega"),
            invitasjon("invitert_lege", "kollega"),
            invitasjon("overtaker", "overlevering"),
            invitasjon("avslo", "kollega", "avslaatt"),
            Utskrivning(henvendelse_id=sak, innlagt=naa),
            Vedlegg(
                id=uuid4(),
                henvendelse_id=sak,
                sekvens=1,
                lagret_som=uuid4().hex,
                navn=f"{self.kanarier['filnavn']}.png",
                innholdstype="image/png",
                stoerrelse=1,
                sendt_hash="0" * 64,
                lagret_hash="0" * 64,
                tidspunkt=naa,
            ),
        )

    @transactional
    def _logg_inn(self) -> None:
        for navn in RELASJONER:
            aktor, self.tokener[navn] = ny_sesjon(self.aktor(navn))
            setattr(self, navn, aktor)
        db.session.flush()
        # Both had their login open when it happened.
        sluttet = db.session.get_one(Medlemskap, self.sluttet.medlemskap_id)
        sluttet.gyldig_til = now() - timedelta(seconds=1)
        db.session.get_one(Person, self.stengt.person_id).aktiv = False

    def aktor(self, navn: str) -> Aktor:
        aktor = getattr(self, navn)
        assert isinstance(aktor, Aktor)
        return aktor

    @property
    def vedlegg_id(self) -> UUID:
        return db.session.scalars(sa.select(Vedlegg.id).where(Vedlegg.henvendelse_id == self.sak_id)).one()

    def lekker(self, tekst: str) -> list[str]:
        """Which of the case's canaries stand in an answer."""
        return [sted for sted, ord_ in self.kanarier.items() if ord_ in tekst]


def nettleser(app: Flask, behov: Behov, navn: str) -> FlaskClient:
    klient = app.test_client()
    with klient.session_transaction() as kapsel:
        kapsel["_user_id"] = behov.tokener[navn]
    return klient


def tegn_for(gjoer: Callable[[], object]) -> str:
    try:
        gjoer()
    except IkkeFunnet:
        return "0"
    except IkkeTilgang:
        return "-"
    except UgyldigOvergang:
        return "9"
    return "+"


@contextmanager
def et_behov(app: Flask) -> Iterator[Behov]:
    """The world for one file of tests; the house is empty after it."""
    with app.app_context():
        yield Behov()
        db.session.rollback()
        db.session.remove()
        toem(db.engine)
