"""The letter of an assignment and its calendar entry: who gets them, when, and what they say."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC
from io import BytesIO
from typing import Any
from uuid import UUID, uuid4

import icalendar
import pikepdf
import pytest
from flask.testing import FlaskClient

from portal.core.aktor import Aktor, Rolle
from portal.core.clock import hele_sekunder, oslo
from portal.core.db import db, transactional
from portal.identitet.models import Enhet, Organisasjon, Person
from portal.omdisponering.forloep import LOVFELT, Status
from portal.omdisponering.models import Omdisponering
from portal.omdisponering.ressursmodeller import Ressursperson
from portal.omdisponering.service import flyt, utkast
from tests import pdftekst
from tests.bygg import lag_aktor, om, revisjon
from tests.omdisponering.hjelp import LOV, Utlaan, lag_vedtak

Som = Callable[[Aktor], FlaskClient]


@pytest.fixture
def u(scene: object) -> Utlaan:
    return Utlaan(scene)  # type: ignore[arg-type]


def _linje(u: Utlaan, id_: UUID, navn: str = "Máret Somby") -> UUID:
    return next(li.id for li in u.les(id_).linjer if li.ressursperson and li.ressursperson.navn == navn)


@transactional
def _gi_bruker(u: Utlaan, nr: int = 0, spraak: str = "nb", **felt: Any) -> Aktor:
    """A user of the portal of whom a lent person is: a nurse at a third place, who has no part in it otherwise."""
    aktor = lag_aktor(Rolle.HELSEPERSONELL, u.scene.annen_kommune, navn="Máret Somby")
    db.session.flush()
    person = db.session.get_one(Ressursperson, u.personer[nr].id)
    person.person_id = aktor.person_id
    for navn, verdi in felt.items():
        setattr(person, navn, verdi)
    db.session.get_one(Person, aktor.person_id).spraak = spraak
    return aktor


def brev(id_: UUID, linje: UUID) -> str:
    return f"/omdisponering/{id_}/brev/{linje}.pdf"


def ics(id_: UUID, linje: UUID) -> str:
    return f"/omdisponering/{id_}/{linje}.ics"


def tekst(data: bytes) -> tuple[int, str]:
    """(pages, all text, `tett`): where lines and words are broken is the compiler's."""
    with pikepdf.open(BytesIO(data)) as dok:
        sider = len(dok.pages)
    return sider, tett(pdftekst.skrift(data))


def tett(ord_: str) -> str:
    """Without spaces, hyphens and places to break at."""
    return re.sub(r"[\s\-\u00ad\u2010\u2011\u200b]", "", ord_)


def _hendelse(svar: Any) -> Any:
    assert svar.status_code == 200, svar.status_code
    assert svar.content_type == "text/calendar; charset=utf-8"
    (h,) = icalendar.Calendar.from_ical(svar.data).walk("VEVENT")
    return h


# --- the letter ------------------------------------------------------------------------------------------


def test_brevet_sier_alt_paa_en_side(u: Utlaan, som: Som) -> None:
    @transactional
    def telefoner() -> None:
        db.session.get_one(Enhet, u.oehd.id).telefon = "78480010"
        db.session.get_one(Organisasjon, u.scene.hf.id).telefon = "78421000"
        db.session.get_one(Ressursperson, u.personer[0].id).hpr = "7654321"

    telefoner()
    id_ = u.til(Status.GODKJENT_MOTTAKER, merknad="Oppmøte ved hovedinngangen, spør etter Berit.")
    omd = u.les(id_)
    svar = som(u.mottaker).get(brev(id_, _linje(u, id_)))
    assert svar.status_code == 200 and svar.mimetype == "application/pdf"
    assert svar.headers["Content-Disposition"] == f"attachment; filename=oppdragsbrev-{omd.nummer}.pdf"
    sider, alt = tekst(svar.data)
    assert sider == 1
    fra = oslo(omd.fra)
    for ventet in (
        omd.nummer,
        "Máret Somby",
        "HPR-nummer 7654321",
        "Sykepleier",
        f"Medisinsk post, {u.scene.hf.navn}",
        "Telefon 78 42 10 00",
        f"ØHD Guovdageaidnu, {u.scene.kommune.navn}",
        "Telefon 78 48 00 10",
        f"kl. {fra:%H:%M}",
        "100 %",
        "Oppmøte ved hovedinngangen, spør etter Berit.",
        "Frivillig. Personen sa ja",
        *(f"Avklart: {felt}." for felt in LOVFELT),
        "versjon 1",
        "Omdisponering av personell",
        u.avgiver.navn,
        u.mottaker.navn,
    ):
        assert tett(ventet) in alt, (ventet, alt)
    assert omd.innhold_hash in alt
    # Whoever else is lent is in another letter.
    assert tett("Åse Ørn") not in alt and tett("Máret Somby") in alt


def test_brevet_er_merket_for_skjermlesere(u: Utlaan, som: Som) -> None:
    id_ = u.til(Status.GODKJENT_MOTTAKER)
    with pikepdf.open(BytesIO(som(u.avgiver).get(brev(id_, _linje(u, id_))).data)) as dok:
        assert bool(dok.Root.MarkInfo.Marked)
        assert "/StructTreeRoot" in dok.Root
        assert str(dok.Root.Lang).startswith("nb")
        assert u.les(id_).nummer in str(dok.docinfo["/Title"])


def test_brevet_er_paa_personens_spraak(u: Utlaan, som: Som) -> None:
    selv = _gi_bruker(u, spraak="en")
    id_ = u.til(Status.GODKJENT_MOTTAKER)
    for hvem in (u.avgiver, selv):
        with pikepdf.open(BytesIO(som(hvem).get(brev(id_, _linje(u, id_))).data)) as dok:
            assert str(dok.Root.Lang).startswith("en")


def test_den_som_er_beordret_leser_etter_hvilket_vedtak(u: Utlaan, som: Som) -> None:
    vedtak = lag_vedtak(u.scene.hf)
    id_ = utkast.opprett(
        u.avgiver,
        u.behov.id,
        [utkast.Ny(ressursperson_id=u.personer[0].id, beordret=True)],
        **{**LOV, "bestemmelse_id": u.bestemmelse.id, "vedtak_id": vedtak.id},
    )
    flyt.foreslaa(u.avgiver, id_)
    flyt.godkjenn(u.avgiver, id_, lest=u.les(id_).innhold_hash)
    flyt.godkjenn(u.mottaker, id_, lest=u.les(id_).innhold_hash)
    _sider, alt = tekst(som(u.mottaker).get(brev(id_, _linje(u, id_))).data)
    assert tett("Beordret etter helseberedskapsloven § 4-1. Vedtak av Departementet") in alt
    assert tett("sak 26/1234") in alt and "Frivillig." not in alt


@pytest.mark.parametrize(
    ("navn", "vilkaar", "merknad"),
    [
        ("Anne-Máret Biret Inga " * 9, "Avgiver svarer. " * 20, ""),
        ("Nordhålogalandssamhandlingskoordinator" * 5, "Uten_mellomrom" * 60, "x" * 900),
        ("Kort Navn", "Avgiver har arbeidsgiveransvaret og svarer for lønn. " * 400, "Oppmøte. " * 800),
    ],
)
def test_brevet_er_alltid_en_side(u: Utlaan, som: Som, navn: str, vilkaar: str, merknad: str) -> None:
    navn = navn[:200].strip()
    _gi_bruker(u, navn=navn)
    id_ = u.til(Status.GODKJENT_MOTTAKER, **dict.fromkeys(LOVFELT, vilkaar), merknad=merknad)
    sider, alt = tekst(som(u.avgiver).get(brev(id_, _linje(u, id_, navn))).data)
    assert sider == 1
    assert tett(navn) in alt
    assert u.les(id_).innhold_hash in alt
    assert ("forkortether" in alt) == (len(vilkaar) > 5_000)


def test_hvem_som_faar_brevet(u: Utlaan, som: Som) -> None:
    """Both sides and the person itself, once both have agreed; a colleague not, and nobody else knows of it."""
    selv = _gi_bruker(u)
    kollega = lag_aktor(Rolle.SPESIALIST, u.scene.hf)
    id_ = u.til(Status.GODKJENT_AVGIVER)
    linje = _linje(u, id_)
    for hvem, ventet in ((u.avgiver, 409), (u.mottaker, 409), (selv, 404), (kollega, 404), (u.fremmed, 404)):
        for adresse in (brev(id_, linje), ics(id_, linje)):
            assert som(hvem).get(adresse).status_code == ventet, (hvem.navn, adresse)
    flyt.godkjenn(u.mottaker, id_, lest=u.les(id_).innhold_hash)
    for hvem, ventet in ((u.avgiver, 200), (u.mottaker, 200), (selv, 200), (kollega, 403), (u.fremmed, 404)):
        for adresse in (brev(id_, linje), ics(id_, linje)):
            assert som(hvem).get(adresse).status_code == ventet, (hvem.navn, adresse)
    # The other one's letter is not the person's.
    for adresse in (brev(id_, _linje(u, id_, "Åse Ørn")), ics(id_, _linje(u, id_, "Åse Ørn"))):
        assert som(selv).get(adresse).status_code == 404
    assert som(u.avgiver).get(brev(id_, uuid4())).status_code == 404
    assert som(u.avgiver).get(brev(uuid4(), linje)).status_code == 404


def test_et_forslag_roeper_ingen_linje(u: Utlaan, som: Som) -> None:
    """Before the lender has approved, the receiver hears the same whether the line is there or not of whom it is."""
    id_ = u.til(Status.FORESLAATT)
    svar = som(u.mottaker).get(brev(id_, _linje(u, id_)))
    assert svar.status_code == 409
    assert "Somby" not in svar.text


def test_aapningen_staar_i_loggen(u: Utlaan, som: Som) -> None:
    id_ = u.til(Status.GODKJENT_MOTTAKER)
    linje = _linje(u, id_)
    som(u.mottaker).get(brev(id_, linje))
    som(u.mottaker).get(ics(id_, linje))
    rader = [r for r in revisjon() if r.objekt_id == str(id_) and r.handling.endswith("_hentet")]
    assert [(r.handling, r.utfall) for r in rader] == [
        ("omdisponering.brev_hentet", "ok"),
        ("omdisponering.kalender_hentet", "ok"),
    ]
    assert "Somby" not in str([r.detaljer for r in rader])


def test_et_trukket_oppdrag_har_ikke_brev(u: Utlaan, som: Som) -> None:
    id_ = u.til(Status.GODKJENT_MOTTAKER)
    flyt.trekk(u.avgiver, id_, grunn="Syk selv.")
    svar = som(u.avgiver).get(brev(id_, _linje(u, id_)))
    assert svar.status_code == 409 and "trukket" in svar.text


# --- the calendar ----------------------------------------------------------------------------------------


def test_kalenderen_har_oppdraget(u: Utlaan, som: Som) -> None:
    selv = _gi_bruker(u)
    id_ = u.til(Status.GODKJENT_MOTTAKER)
    linje = _linje(u, id_)
    svar = som(selv).get(ics(id_, linje))
    h = _hendelse(svar)
    omd = u.les(id_)
    assert h["UID"] == f"{linje}@omdisponering.samhandlingsportalen"
    assert h["DTSTART"].dt.astimezone(UTC) == hele_sekunder(omd.fra)
    assert h["DTEND"].dt.astimezone(UTC) == hele_sekunder(omd.til)
    assert h["STATUS"] == "CONFIRMED"
    assert h["SUMMARY"] == "Oppdrag hos ØHD Guovdageaidnu"
    assert u.scene.kommune.navn in h["LOCATION"]
    assert omd.nummer in h["DESCRIPTION"]
    # Nobody is named, neither the person nor the others.
    assert not re.search("Somby|Máret|Åse", svar.text)


def test_kalenderen_avlyses_for_den_som_hadde_oppdraget(u: Utlaan, som: Som) -> None:
    selv = _gi_bruker(u)
    id_ = u.til(Status.GODKJENT_MOTTAKER)
    linje = _linje(u, id_)
    foer = _hendelse(som(selv).get(ics(id_, linje)))
    flyt.trekk(u.avgiver, id_, grunn="Syk selv.")
    for hvem in (selv, u.avgiver, u.mottaker):
        h = _hendelse(som(hvem).get(ics(id_, linje)))
        assert h["UID"] == foer["UID"]
        assert h["SEQUENCE"] > foer["SEQUENCE"]
        assert h["STATUS"] == "CANCELLED"
        assert str(h["SUMMARY"]).startswith("Avlyst")
    assert som(u.fremmed).get(ics(id_, linje)).status_code == 404


def test_kalenderen_slutter_naar_oppdraget_sluttet(u: Utlaan, som: Som) -> None:
    id_ = u.til(Status.IVERKSATT)
    linje = _linje(u, id_)
    foer = _hendelse(som(u.avgiver).get(ics(id_, linje)))
    with om(days=2):
        flyt.avslutt(u.avgiver, id_, grunn="Toppen er over.")
    h = _hendelse(som(u.avgiver).get(ics(id_, linje)))
    avsluttet = db.session.get_one(Omdisponering, id_, populate_existing=True).avsluttet
    assert avsluttet is not None
    assert h["DTEND"].dt.astimezone(UTC) == hele_sekunder(avsluttet) < foer["DTEND"].dt
    assert h["SEQUENCE"] > foer["SEQUENCE"]
    assert h["STATUS"] == "CONFIRMED"
