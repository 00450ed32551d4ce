"""Need to know: every relation a person can have to a case, held against every act, page, list, export and hint.

The case is `lege`'s of the legevakt, sent to indremedisin at `hf`, taken by `spesialist`. Its texts are canaries: words
that stand nowhere else, so that one of them in an answer is a leak. `scripts/mutations.py` deletes the checks of
`henvendelser/access.py` one by one and demands that these tests notice.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from portal.core.aktor import Aktor, Rolle
from portal.core.clock import now
from portal.core.db import db, transactional
from portal.core.errors import IkkeFunnet, IkkeTilgang, UgyldigOvergang
from portal.henvendelser import access
from portal.henvendelser.forloep import Handling, Side, Status
from portal.henvendelser.models import (
    Deltaker,
    Hendelse,
    Henvendelse,
    Innsyn,
    Saksinvitasjon,
    Utskrivning,
    Vedlegg,
)
from portal.henvendelser.service import deling, flyt, innsending, lesing, meldinger
from portal.identitet.models import Enhet, Medlemskap, Person
from tests.bygg import (
    Scene,
    koble_til,
    lag_aktor,
    lag_enhet,
    lag_hf,
    lag_organisasjon,
    lagre,
    logg_over,
    ny_sesjon,
    toem,
)

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
    # no clinicians, whatever rows they have
    "koordinator_deltar": "c",
    "koordinator_grunn": "C",
    "koordinator_i_enheten": "e",
    "administrator": "D",
    "innsyn": "r",
    "systemadministrator": "y",
    # other organisations, whatever rows they have
    "fremmed_lege": "1",
    "fremmed_spesialist": "2",
    "fremmed_grunn": "3",
    "fremmed_vaktleder": "4",
    "forrige_mottaker": "5",  # of a hospital that had the case before
}
_HODE = "lksSTVWd iojbB uxtpq aKh cCeDry 12345"

#: Acts by `Handling`, while `spesialist` has the case. + may, - is told that it is another's, 0 «finnes ikke»,
#: 9 the right person at the wrong time.
RETT = """
                    lksSTVWd iojbB uxtpq aKh cCeDry 12345
se                  ++++++++ +++++ 00000 000 000000 00000
skriv               ++++++++ ----- 00000 000 000000 00000
oppdater            +++----- ----- 00000 000 000000 00000
eksporter           ++++++++ ----- 00000 000 000000 00000
inviter             ++++++++ ----- 00000 000 000000 00000
identitet           ++++++++ ----- 00000 000 000000 00000
utskrivning         -------- ----- 00000 000 000000 00000
overlever           ---+-+-- ----- 00000 000 000000 00000
aksepter            ---99--- ----- 00000 000 000000 00000
gi_tilbake          ---+-+-- ----- 00000 000 000000 00000
videresend          ---+-+-- ----- 00000 000 000000 00000
besvar              ---+---- ----- 00000 000 000000 00000
trenger_mer         999----- ----- 00000 000 000000 00000
lukk                999----- ----- 00000 000 000000 00000
lukk_som_ansvarlig  ---99--- ----- 00000 000 000000 00000
tiden_er_ute        +++----- ----- 00000 000 000000 00000
trekk               +++----- ----- 00000 000 000000 00000
gjenaapne           99999--- ----- 00000 000 000000 00000
foelg_opp           99999999 ----- 00000 000 000000 00000
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


def _kanari(sted: str) -> str:
    return f"kanari{sted}{uuid4().hex[:12]}"


class Behov(Scene):
    """The scene with one case and somebody in every relation to it, each with a running login."""

    def __init__(self) -> None:
        super().__init__()
        self.kanarier: dict[str, str] = {}
        self.tokener: dict[str, str] = {}
        self._flere()
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

    def _lag_sak(self) -> None:
        """Sent to another hospital first, and forwarded from there: who answered there has no part any more."""
        tekster = {f: _kanari(f) for f in innsending.FRITEKST}
        self.kanarier |= tekster
        self.sak_id = self.send(mottaker_id=self.annet_hf.id, fagomraade="kirurgi", **tekster)
        flyt.aksepter(self.forrige_mottaker, self.sak_id)
        for sted, hvem in (("melding", self.lege), ("fra_forrige", self.forrige_mottaker)):
            self.kanarier[sted] = _kanari(sted)
            meldinger.send_melding(hvem, self.sak_id, uuid4(), f"Hei {self.kanarier[sted]} hei")
        self.kanarier["hvorfor"] = _kanari("hvorfor")
        flyt.videresend(
            self.forrige_mottaker, self.sak_id, self.hf.id, "indremedisin", self.kanarier["hvorfor"]
        )
        flyt.aksepter(self.spesialist, self.sak_id)
        self.saksnummer = self.les(self.sak_id).saksnummer

    @transactional
    def _knytt(self) -> None:
        naa, sak = now(), self.sak_id
        self.kanarier["grunn"] = _kanari("grunn")
        self.kanarier["filnavn"] = _kanari("filnavn")

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


@pytest.fixture(scope="module")
def behov(_app: Flask) -> Iterator[Behov]:
    with _app.app_context():
        yield Behov()
        db.session.rollback()
        db.session.remove()
        toem(db.engine)


def _tegn(gjoer: Callable[[], object]) -> str:
    try:
        gjoer()
    except IkkeFunnet:
        return "0"
    except IkkeTilgang:
        return "-"
    except UgyldigOvergang:
        return "9"
    return "+"


# --- acts ------------------------------------------------------------------------------------------------


def test_hver_handling_og_hver_relasjon_staar_i_tabellen() -> None:
    assert set(TABELL) == {str(h) for h in Handling}
    assert all(set(rad) == set(RELASJONER) for rad in TABELL.values())


@pytest.mark.parametrize("handling", list(Handling))
def test_rett(handling: Handling, behov: Behov) -> None:
    fikk = {}
    for navn in RELASJONER:
        fikk[navn] = _tegn(lambda n=navn: access.hent(behov.aktor(n), handling, behov.sak_id))  # type: ignore[misc]
        db.session.rollback()
    assert fikk == TABELL[str(handling)]


def test_knappene_er_de_handlingene_en_har(behov: Behov) -> None:
    """The page shows the buttons of what `hent` would let through, and no other."""
    sak = behov.les(behov.sak_id)
    for navn in SER:
        ventet = {h for h, rad in TABELL.items() if rad[navn] == "+"}
        assert access.mulige_handlinger(behov.aktor(navn), sak) == ventet, navn


def test_ledig_sak(behov: Behov) -> None:
    """A case that waits is on call's and the vaktleder's to take or send on; looking in gives no such right."""
    sak = behov.send()
    for handling, faar in (
        (Handling.AKSEPTERE, {"spesialist", "spesialist2"}),
        (Handling.VIDERESENDE, {"spesialist", "spesialist2", "vaktleder"}),
    ):
        for navn in RELASJONER:
            tegn = _tegn(lambda n=navn, h=handling: access.hent(behov.aktor(n), h, sak))  # type: ignore[misc]
            assert (tegn == "+") == (navn in faar), (handling, navn, tegn)
            db.session.rollback()
    # Nobody has it yet, so nobody can hand it over.
    assert _tegn(lambda: access.hent(behov.vaktleder, Handling.OVERLEVERE, sak)) == "9"
    db.session.rollback()


def test_fra_sykehuset_til_kommunen(behov: Behov) -> None:
    """The other way the same rule holds; and a discharge is its two sides' to keep, where there is one."""
    svarer = lag_aktor(Rolle.HELSEPERSONELL, behov.kommune, fag=("sykehjem",))
    uten_omraade = lag_aktor(Rolle.HELSEPERSONELL, behov.kommune)
    annet_omraade = lag_aktor(Rolle.HELSEPERSONELL, behov.kommune, fag=("legevakt",))
    nabo = lag_aktor(Rolle.HELSEPERSONELL, behov.annen_kommune, fag=("sykehjem",))
    sak = behov.send(
        behov.spesialist, mottaker_id=behov.kommune.id, fagomraade="sykehjem", plan_uten_raad="vet_ikke"
    )
    folk = {
        "innmelder": (behov.spesialist, "+++", "-+"),
        "uten del": (behov.spesialist2, "000", "00"),
        "vaktleder": (behov.vaktleder, "+++", "--"),
        "svarer": (svarer, "+++", "+-"),
        "vaktleder i kommunen": (behov.vaktleder_kommune, "+++", "--"),
        "annet område": (annet_omraade, "000", "00"),
        "uten område": (uten_omraade, "000", "00"),
        "i nabokommunen": (nabo, "000", "00"),
        "koordinator": (behov.koordinator_grunn, "000", "00"),
    }
    flyttinger = (Handling.AKSEPTERE, Handling.TREKKE)
    lest = (Handling.SE, Handling.SKRIVE, Handling.UTSKRIVNING)

    def fikk(aktor: Aktor, handlinger: tuple[Handling, ...]) -> str:
        return "".join(_tegn(lambda h=h: access.hent(aktor, h, sak)) for h in handlinger)  # type: ignore[misc]

    for navn, (aktor, ser, gjoer) in folk.items():
        # No timeline, no steps to take.
        assert fikk(aktor, lest) == ser.replace("+++", "++-"), navn
        assert fikk(aktor, flyttinger) == gjoer, navn
    transactional(lambda: lagre(Utskrivning(henvendelse_id=sak, innlagt=now())))()
    for navn, (aktor, ser, _gjoer) in folk.items():
        assert fikk(aktor, lest) == ser, navn
    db.session.rollback()


def test_innmelderen_har_saken_ogsaa_uten_aa_delta(behov: Behov) -> None:
    """Whoever asked never loses the case, whatever became of the row of the participation."""
    lege = lag_aktor(Rolle.LEGE_KOMMUNE, behov.kommune)
    sak = behov.send(lege)
    transactional(
        lambda: db.session.execute(
            sa.update(Deltaker).where(Deltaker.henvendelse_id == sak).values(til=now())
        )
    )()
    assert _tegn(lambda: access.hent(lege, Handling.TREKKE, sak)) == "+"
    db.session.rollback()


def test_uten_enhet_er_ingen_av_samme_enhet(behov: Behov) -> None:
    """Two who have no unit are not of one unit: a specialist's request is that specialist's alone."""
    lag_aktor(Rolle.HELSEPERSONELL, behov.kommune, fag=("sykehjem",))
    sak = behov.send(
        behov.kirurg, mottaker_id=behov.kommune.id, fagomraade="sykehjem", plan_uten_raad="vet_ikke"
    )
    assert behov.kirurg.enhet_id is None
    for aktor in (behov.deltaker, behov.vaktleder_kommune):
        assert not access.er_innmeldersiden(aktor, behov.les(sak))
    assert _tegn(lambda: access.hent(behov.vaktleder, Handling.TREKKE, sak)) == "-"
    assert _tegn(lambda: access.hent(behov.kirurg, Handling.TREKKE, sak)) == "+"
    db.session.rollback()


def test_i_en_lukket_sak_er_det_bare_aa_lese(behov: Behov) -> None:
    """What is done in an open case waits for it to be opened again; copying and following up do not."""
    sak = behov.sak(Status.LUKKET)
    for handling, ventet in (
        (Handling.SE, "+"),
        (Handling.EKSPORTERE, "+"),
        (Handling.FOELGE_OPP, "+"),
        (Handling.SKRIVE, "9"),
        (Handling.OPPDATERE, "9"),
        (Handling.INVITERE, "9"),
        (Handling.IDENTITET, "9"),
    ):
        assert _tegn(lambda h=handling: access.hent(behov.lege, h, sak)) == ventet, handling  # type: ignore[misc]
        db.session.rollback()


def test_naar_den_ansvarlige_er_borte(behov: Behov) -> None:
    """Then those on call may put the case back; another who takes part may not."""
    borte = lag_aktor(Rolle.SPESIALIST, behov.hf, fag=("indremedisin",))
    sak = behov.send()
    flyt.aksepter(borte, sak)

    @transactional
    def slutter() -> None:
        d = behov.deltaker
        lagre(
            Deltaker(
                henvendelse_id=sak,
                person_id=d.person_id,
                medlemskap_id=d.medlemskap_id,
                side=Side.MOTTAKER,
                fra=now(),
            )
        )
        db.session.get_one(Medlemskap, borte.medlemskap_id).gyldig_til = now()

    folk = {"spesialist2": "-+", "deltaker": "0-", "lege": "--"}
    for navn, (foer, _etter) in folk.items():
        assert _tegn(lambda n=navn: access.hent(behov.aktor(n), Handling.GI_TILBAKE, sak)) == foer  # type: ignore[misc]
        db.session.rollback()
    slutter()
    for navn, (_foer, etter) in folk.items():
        assert _tegn(lambda n=navn: access.hent(behov.aktor(n), Handling.GI_TILBAKE, sak)) == etter  # type: ignore[misc]
        db.session.rollback()


def test_med_grunn_ses_bare_den_ene_saken(behov: Behov) -> None:
    annen = behov.send()
    for navn in ("grunn_lege", "grunn_spesialist", "invitert", "overtaker", "deltaker"):
        assert _tegn(lambda n=navn: access.hent(behov.aktor(n), Handling.SE, annen)) == "0", navn  # type: ignore[misc]
        db.session.rollback()


def test_lukkede_saker_og_vakta(behov: Behov) -> None:
    """Being on call ends with the case: 72 hours after it, only those who had a part in it see it."""
    from portal.core.clock import som_om

    sak = behov.sak(Status.LUKKET)
    for timer, ser in ((71, True), (73, False)):
        with som_om(now() + timedelta(hours=timer)):
            assert (_tegn(lambda: access.hent(behov.spesialist2, Handling.SE, sak)) == "+") is ser
            assert _tegn(lambda: access.hent(behov.spesialist, Handling.SE, sak)) == "+"
            db.session.rollback()


def test_invitasjonen_aapner_bare_en_aapen_sak(behov: Behov) -> None:
    """Whoever has not answered the invitation before the case ends has no need to know any more."""
    sak = behov.sak(Status.BESVART)

    @transactional
    def inviter() -> None:
        lagre(
            Saksinvitasjon(
                henvendelse_id=sak,
                slag="kollega",
                fra_person_id=behov.spesialist.person_id,
                til_person_id=behov.invitert.person_id,
                til_medlemskap_id=behov.invitert.medlemskap_id,
                opprettet=now(),
            )
        )

    inviter()
    assert _tegn(lambda: access.hent(behov.invitert, Handling.SE, sak)) == "+"
    flyt.lukk(behov.lege, sak, "annet")
    assert _tegn(lambda: access.hent(behov.invitert, Handling.SE, sak)) == "0"
    # Also one that a mistake had left waiting.
    inviter()
    assert _tegn(lambda: access.hent(behov.invitert, Handling.SE, sak)) == "0"


def test_bare_partene_kan_oppgi_en_grunn(behov: Behov) -> None:
    """A number and a reason open nothing for others than clinicians of the two organisations."""
    kan = SER | {"annen_lege", "kirurg", "kommuneoverlege", "grunn_utloept", "avslo", "forlot"}
    for navn in RELASJONER:
        tegn = _tegn(lambda n=navn: access.hent_for_innsyn(behov.aktor(n), behov.saksnummer))  # type: ignore[misc]
        assert (tegn == "+") == (navn in kan), navn
        db.session.rollback()


# --- lists -----------------------------------------------------------------------------------------------


def test_lister_og_par_er_de_samme(behov: Behov) -> None:
    """The list, the pairs of the tick and the opening agree about everybody."""
    for navn in RELASJONER:
        a = behov.aktor(navn)
        assert a.medlemskap_id is not None
        ventet = {behov.sak_id} if navn in SER else set()
        i_liste = set(
            db.session.scalars(
                access.synlige(a).where(Henvendelse.id == behov.sak_id).with_only_columns(Henvendelse.id)
            )
        )
        par = {s for _, s in access.synlige_par([(a.medlemskap_id, behov.sak_id)])}
        assert (i_liste, par) == (ventet, ventet), navn
        visning = lesing.hent_koe(a)
        koe = {s.id for s in (*visning.ventende, *visning.mine, *visning.andres)}
        assert (behov.sak_id in koe) == (navn in {"spesialist", "spesialist2", "vaktleder"}), navn
        db.session.rollback()


def test_det_overtatte_staar_i_koen(behov: Behov) -> None:
    """A case taken over from another fagområde is among one's own, though that fagområde's queue is not."""
    sak = behov.sak(Status.AKSEPTERT)
    assert behov.kirurg.medlemskap_id is not None
    deling.tilby_overlevering(behov.spesialist, sak, behov.kirurg.medlemskap_id)
    (invitasjon,) = [i for i in deling.invitasjoner_til(behov.kirurg) if i.henvendelse_id == sak]
    deling.svar_invitasjon(behov.kirurg, invitasjon.id, ja=True)
    visning = lesing.hent_koe(behov.kirurg)
    assert [s.id for s in visning.mine] == [sak] and sak not in {s.id for s in visning.ventende}


def test_koen_er_for_dem_noe_kan_vente_paa(behov: Behov) -> None:
    svarer = {n for n in RELASJONER if behov.aktor(n).rolle in (Rolle.SPESIALIST, Rolle.VAKTLEDER)}
    slapp_inn = set()
    for navn in RELASJONER:
        aktor = behov.aktor(navn)
        if _tegn(lambda a=aktor: access.krev_koe(a)) == "+":  # type: ignore[misc]
            slapp_inn.add(navn)
    assert slapp_inn == svarer
    kommunal = lag_aktor(Rolle.HELSEPERSONELL, behov.kommune, fag=("hjemmetjeneste",))
    assert _tegn(lambda: access.krev_koe(kommunal)) == "+"


def test_hvem_som_teller_hva(behov: Behov) -> None:
    """Figures are one's own organisation's on either side, and a region's of what lies under it; nobody else's."""
    region = lag_organisasjon("rhf", "Region som teller")
    sykehus = lag_hf("Sykehuset som telles", overordnet_id=region.id)
    spoerrer = lag_aktor(Rolle.SPESIALIST, sykehus, fag=("geriatri",))
    lag_aktor(Rolle.HELSEPERSONELL, behov.annen_kommune, fag=("sykehjem",))
    behov.send(behov.fremmed_lege, mottaker_id=sykehus.id, fagomraade="geriatri")
    behov.send(spoerrer, mottaker_id=behov.annen_kommune.id, fagomraade="sykehjem", plan_uten_raad="vet_ikke")
    for aktor, ventet in (
        (lag_aktor(Rolle.INNSYN, region), 2),
        (lag_aktor(Rolle.INNSYN, sykehus), 2),
        (lag_aktor(Rolle.KOORDINATOR, sykehus), 2),
        # A coordinator of the region is no observer: only what the region itself takes part in.
        (lag_aktor(Rolle.KOORDINATOR, region), 0),
        (lag_aktor(Rolle.INNSYN, lag_organisasjon("rhf", "En annen region")), 0),
    ):
        assert lesing.hent_tall(aktor)["antall"] == ventet, (aktor.rolle, aktor.organisasjon_navn)


# --- every page, with canaries ---------------------------------------------------------------------------


def nettleser(app: Flask, behov: Behov, navn: str) -> FlaskClient:
    klient = app.test_client()
    with klient.session_transaction() as kapsel:
        kapsel["_user_id"] = behov.tokener[navn]
    return klient


def _adresser(app: Flask, behov: Behov) -> list[str]:
    """Every GET address there is, about this case where it is about one."""
    person = behov.lege.person_id
    steder: dict[str, object] = {
        "henvendelse_id": behov.sak_id,
        "vedlegg_id": behov.vedlegg_id,
        "organisasjon_id": behov.hf.id,
        "enhet_id": behov.enhet.id,
        "person_id": person,
        "sesjon_id": uuid4(),
        "medlemskap_id": behov.lege.medlemskap_id,
        "invitasjon_id": uuid4(),
        "token": "ikke-en-lenke",
        "dag": 3,
        "filename": "ikon.svg",
    }
    adresser = []
    for regel in app.url_map.iter_rules():
        if "GET" not in (regel.methods or set()):
            continue
        adresse = re.sub(r"<(?:\w+:)?(\w+)>", lambda m: str(steder[m[1]]), regel.rule)
        adresser.append(adresse)
    # Lists with everything in them, searched for what stands in the texts too.
    sok = behov.kanarier["situasjon"]
    adresser += [
        "/henvendelser/?filter=alle",
        f"/henvendelser/?sok={sok}",
        f"/henvendelser/?sok={behov.saksnummer}",
    ]
    return adresser


@pytest.mark.parametrize("navn", RELASJONER)
def test_ingen_side_forteller_mer_enn_den_skal(navn: str, _app: Flask, behov: Behov) -> None:
    """Every GET address of the portal, asked by everybody: no canary, case number or id where there is no need."""
    klient = nettleser(_app, behov, navn)
    sett = set()
    for adresse in _adresser(_app, behov):
        svar = klient.get(adresse, buffered=True)
        hele = f"{svar.headers}\n{svar.get_data(as_text=True) if svar.mimetype != 'application/pdf' else ''}"
        # What was searched for may be said back.
        hele = hele.replace(adresse.partition("sok=")[2] or "\0", "")
        if behov.lekker(hele):
            sett.add(adresse)
        if navn in SER:
            continue
        assert behov.lekker(hele) == [], (navn, adresse)
        # An address that was asked for may be said back; the number of a case was never told, but to those who
        # keep the log of the organisation, where it stands for the case.
        i_loggen = adresse.startswith(("/revisjon", "/innsyn")) and navn in LOGGFOERERE
        if behov.saksnummer not in adresse and not i_loggen:
            assert behov.saksnummer not in hele, (navn, adresse)
        if str(behov.sak_id) not in adresse:
            assert str(behov.sak_id) not in hele, (navn, adresse)
    # Whoever may see the case finds its texts on its page: the canaries are where they should be.
    assert (f"/henvendelser/{behov.sak_id}" in sett) == (navn in SER)


def test_det_sokes_ikke_i_kliniske_tekster(_app: Flask, behov: Behov) -> None:
    """Nobody finds a case by its texts, not even the one who wrote them: they will be encrypted at rest."""
    for navn in SER:
        klient = nettleser(_app, behov, navn)
        kort = f'id="sak-{behov.sak_id}"'
        assert kort in klient.get(f"/henvendelser/?filter=alle&sok={behov.saksnummer}").text, navn
        for sted in ("situasjon", "bakgrunn", "melding", "hvorfor", "filnavn"):
            svar = klient.get(f"/henvendelser/?filter=alle&sok={behov.kanarier[sted]}")
            assert svar.status_code == 200 and kort not in svar.text, (navn, sted)


# --- sockets ---------------------------------------------------------------------------------------------


def test_ingen_sokkel_hoerer_mer_enn_den_skal(_app: Flask, behov: Behov) -> None:
    """Everybody connects and asks for the case; then it is written in, measured and looked at. Who has no need to
    know hears nothing of it: no row, no receipt, no typing, no hint."""
    sokler = {n: koble_til(_app, nettleser(_app, behov, n)) for n in RELASJONER}
    inne = {n: s for n, s in sokler.items() if s.is_connected()}
    # A session whose person is shut out or whose membership has ended lets nobody in.
    assert set(RELASJONER) - set(inne) == {"sluttet", "stengt"}
    for navn, sokkel in inne.items():
        svar = sokkel.emit("henvendelse.abonner", {"id": str(behov.sak_id), "etter": 0}, callback=True)
        assert svar["ok"] == (navn in SER), (navn, svar)
        assert bool(behov.lekker(str(svar))) == (navn in SER), navn
        sokkel.get_received()
    ord_ = behov.kanarier["live"] = _kanari("live")
    meldinger.send_melding(behov.lege, behov.sak_id, uuid4(), f"Ny {ord_}")
    innsending.apne(behov.kollega, behov.sak_id)
    meldinger.kvitter(behov.kollega, behov.sak_id, lest=2)
    inne["lege"].emit("henvendelse.skriver", {"id": str(behov.sak_id)})
    from portal.henvendelser import sockets

    sockets._varsle({behov.sak_id})
    hoerte_meldingen = set()
    for navn, sokkel in inne.items():
        hoert = str(sokkel.get_received())
        if ord_ in hoert:
            hoerte_meldingen.add(navn)
        if navn not in SER:
            assert str(behov.sak_id) not in hoert and behov.lekker(hoert) == [], (navn, hoert)
    assert hoerte_meldingen == SER
    for sokkel in inne.values():
        sokkel.disconnect()


def test_retten_som_tar_slutt_tar_slutt_i_sokkelen(_app: Flask, behov: Behov) -> None:
    """A reason that runs out, an invitation that is withdrawn, a participation that ends: out at the next tick."""
    from portal.core import realtime

    sak = behov.sak(Status.AKSEPTERT)
    folk = ("deltaker", "invitert", "grunn_lege")

    @transactional
    def slipp_inn() -> None:
        naa = now()
        d, i, g = (behov.aktor(n) for n in folk)
        lagre(
            Deltaker(
                henvendelse_id=sak,
                person_id=d.person_id,
                medlemskap_id=d.medlemskap_id,
                side=Side.MOTTAKER,
                fra=naa,
            ),
            Saksinvitasjon(
                henvendelse_id=sak,
                slag="kollega",
                fra_person_id=behov.spesialist.person_id,
                til_person_id=i.person_id,
                til_medlemskap_id=i.medlemskap_id,
                opprettet=naa,
            ),
            Innsyn(
                henvendelse_id=sak,
                person_id=g.person_id,
                medlemskap_id=g.medlemskap_id,
                grunn="konsultert",
                begrunnelse="Ringt av lege på vakt.",
                tidspunkt=naa,
                utloeper=naa + timedelta(hours=1),
            ),
        )

    @transactional
    def slipp_ut() -> None:
        naa = now()
        for utsagn in (
            sa.update(Deltaker)
            .where(Deltaker.henvendelse_id == sak, Deltaker.medlemskap_id == behov.deltaker.medlemskap_id)
            .values(til=naa),
            sa.update(Saksinvitasjon)
            .where(Saksinvitasjon.henvendelse_id == sak)
            .values(tilstand="trukket", avgjort=naa),
            sa.update(Innsyn).where(Innsyn.henvendelse_id == sak).values(utloeper=naa - timedelta(seconds=1)),
        ):
            db.session.execute(utsagn)

    slipp_inn()
    sokler = {n: koble_til(_app, nettleser(_app, behov, n)) for n in folk}
    for sokkel in sokler.values():
        assert sokkel.emit("henvendelse.abonner", {"id": str(sak), "etter": 0}, callback=True)["ok"]
        sokkel.get_received()
    slipp_ut()
    realtime.tikk_en_gang()
    for navn, sokkel in sokler.items():
        mistet = [m for m in sokkel.get_received() if m["name"] == "varsel"]
        assert [m["args"][0]["type"] for m in mistet] == ["tilgang_mistet"], navn
    meldinger.send_melding(behov.lege, sak, uuid4(), "Er dere der?")
    for navn, sokkel in sokler.items():
        assert not [m for m in sokkel.get_received() if m["name"] == "hendelse"], navn
        sokkel.disconnect()


# --- the batch writer judges by itself -------------------------------------------------------------------


def test_meldinger_fra_hver_relasjon(behov: Behov) -> None:
    """The hot path has a query of its own: it must say the same as the rule."""
    for navn in RELASJONER:
        foer = len(logg_over(behov.sak_id))
        tegn = _tegn(
            lambda n=navn: meldinger.send_melding(behov.aktor(n), behov.sak_id, uuid4(), "Hei.")  # type: ignore[misc]
        )
        assert tegn == TABELL["skriv"][navn], navn
        assert len(logg_over(behov.sak_id)) == foer + (tegn == "+"), navn
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Hendelse).where(Hendelse.tekst == "Hei."))
    assert db.session.get(Enhet, behov.enhet.id) is not None
