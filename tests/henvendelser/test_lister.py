"""The lists: whose cases, in which order, a page at a time, searched by metadata, and as a table to keep."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal.core.aktor import KLINIKERE, Aktor, Rolle
from portal.core.clock import now, oslo
from portal.core.db import db, transactional
from portal.henvendelser import access
from portal.henvendelser.access import Omfang
from portal.henvendelser.forloep import AAPNE, GJENAAPNES_INNEN, INNSYN_VARER, Status, Utfall
from portal.henvendelser.models import Deltaker, Henvendelse, Innsyn, Saksinvitasjon
from portal.henvendelser.schemas import Plassfelt, plass_ut
from portal.henvendelser.service import flyt, lesing, lister
from portal.henvendelser.service.lister import Plass, Utvalg
from tests.bygg import Opptak, Scene, lag_aktor, lag_enhet, om, toem, uten_spor

Som = Callable[[Aktor], FlaskClient]


def _ider(html: str) -> list[UUID]:
    return list(dict.fromkeys(UUID(u) for u in re.findall(r'href="/henvendelser/([0-9a-f-]{36})"', html)))


def _lenke(html: str, rel: str) -> str:
    funnet = re.search(rf'rel="{rel}" href="([^"]+)"', html)
    assert funnet is not None, rel
    return unescape(funnet[1])


def _alle(aktor: Aktor, utvalg: Utvalg) -> list[UUID]:
    """Every page, one after the other."""
    ider: list[UUID] = []
    side = lister.hent_side(aktor, utvalg)
    while True:
        ider += [s.id for s in side.saker]
        if side.neste is None:
            return ider
        side = lister.hent_side(aktor, utvalg, etter=side.neste)
        assert side.saker, "a link to an empty page"


# --- the quick list is the rule --------------------------------------------------------------------------


class Verden:
    """Two hospitals, two kommuner with units, people of all kinds, and cases as chance will have them."""

    @transactional
    def __init__(self, trekk: Any) -> None:
        self.scene = s = Scene.__new__(Scene)
        Scene._lag.__wrapped__(s)  # type: ignore[attr-defined]
        s.kommunal = lag_aktor(  # type: ignore[attr-defined]
            Rolle.HELSEPERSONELL, s.kommune, s.annen_enhet, fag=("sykehjem",)
        )
        s.leder = lag_aktor(Rolle.VAKTLEDER, s.kommune)  # type: ignore[attr-defined]
        s.avdeling = lag_enhet(s.hf, "avdeling", "Medisinsk avdeling")  # type: ignore[attr-defined]
        s.paa_avdeling = lag_aktor(Rolle.SPESIALIST, s.hf, s.avdeling)  # type: ignore[attr-defined]
        self.folk = [v for v in vars(s).values() if isinstance(v, Aktor)]
        klinikere = [a for a in self.folk if a.rolle in KLINIKERE]
        naa = now()
        organisasjoner = [s.hf, s.annet_hf, s.kommune, s.annen_kommune]
        for nr in range(trekk(st.integers(1, 14))):
            innmelder = trekk(st.sampled_from(klinikere))
            status = trekk(st.sampled_from(list(Status)))
            ansvarlig = trekk(st.sampled_from(klinikere))
            # Ties in time, and closings around the moment when those on call lose sight of the case.
            sendt = naa - timedelta(days=5) + timedelta(minutes=trekk(st.integers(0, 5)))
            ferdig = naa - GJENAAPNES_INNEN + timedelta(hours=trekk(st.sampled_from([-1, 1])))
            sak = Henvendelse(
                id=uuid4(),
                saksnummer=f"26-{nr:06d}",
                klient_id=uuid4(),
                status=status,
                hastegrad=trekk(st.sampled_from(["akutt", "haster", "vanlig"])),
                fagomraade=trekk(st.sampled_from(["indremedisin", "kirurgi", "geriatri", "sykehjem"])),
                avsender_id=innmelder.organisasjon_id,
                avsender_enhet_id=innmelder.enhet_id,
                innmelder_id=innmelder.person_id,
                innmelder_medlemskap_id=innmelder.medlemskap_id,
                tilbakeringing="900 00 000",
                mottaker_id=trekk(st.sampled_from(organisasjoner)).id,
                plan_uten_raad="vet_ikke",
                opprettet=sendt,
                ventet_fra=sendt,
                frist=sendt,
            )
            if status in (Status.AKSEPTERT, Status.BESVART, Status.LUKKET):
                sak.ansvarlig_id, sak.ansvarlig_medlemskap_id = ansvarlig.person_id, ansvarlig.medlemskap_id
            if status not in AAPNE:
                sak.lukket_tid = ferdig
                sak.utfall = Utfall.ANNET if status == Status.LUKKET else None
            db.session.add(sak)
            db.session.flush()
            for deltar in trekk(st.lists(st.sampled_from(klinikere), max_size=3, unique=True)):
                db.session.add(
                    Deltaker(
                        henvendelse_id=sak.id,
                        person_id=deltar.person_id,
                        medlemskap_id=deltar.medlemskap_id,
                        side="mottaker",
                        fra=sendt,
                        til=trekk(st.sampled_from([None, None, naa])),
                    )
                )
            for invitert in trekk(st.lists(st.sampled_from(klinikere), max_size=2, unique=True)):
                venter = trekk(st.booleans())
                db.session.add(
                    Saksinvitasjon(
                        henvendelse_id=sak.id,
                        slag="kollega",
                        tilstand="venter" if venter else "avslaatt",
                        avgjort=None if venter else naa,
                        fra_person_id=innmelder.person_id,
                        til_person_id=invitert.person_id,
                        til_medlemskap_id=invitert.medlemskap_id,
                        opprettet=sendt,
                    )
                )
            for ser in trekk(st.lists(st.sampled_from(klinikere), max_size=2, unique=True)):
                oppgitt = naa - INNSYN_VARER + timedelta(hours=trekk(st.sampled_from([-1, 1])))
                db.session.add(
                    Innsyn(
                        henvendelse_id=sak.id,
                        person_id=ser.person_id,
                        medlemskap_id=ser.medlemskap_id,
                        grunn="annet",
                        begrunnelse="Skal overta i morgen.",
                        tidspunkt=oppgitt,
                        utloeper=oppgitt + INNSYN_VARER,
                    )
                )


@settings(
    max_examples=10,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
def test_lista_er_regelen(app: Any, monkeypatch: pytest.MonkeyPatch, data: st.DataObject) -> None:
    """On random worlds every list holds exactly what `synlige` lets through, in the one order, on pages of any size
    and in both directions; and the three kinds of lists together say nothing more."""
    monkeypatch.setattr(lesing, "SIDESTOERRELSE", data.draw(st.integers(1, 5)))
    try:
        verden = Verden(data.draw)
        for aktor in verden.folk:
            synlige = list(db.session.scalars(access.synlige(aktor)))
            orden = sorted(synlige, key=lambda s: s.id, reverse=True)
            orden.sort(key=lambda s: s.opprettet, reverse=True)
            orden.sort(
                key=lambda s: ["akutt", "haster", "vanlig"].index(s.hastegrad) if s.status in AAPNE else 3
            )
            fasit = {
                "alle": [s.id for s in orden],
                "aapne": [s.id for s in orden if s.status in AAPNE],
                "lukkede": [s.id for s in orden if s.status not in AAPNE],
            }
            for filter_, rett in fasit.items():
                assert _alle(aktor, Utvalg(filter=filter_)) == rett, (aktor.rolle, filter_)
                assert lister.finn_for_eksport(aktor, Utvalg(filter=filter_)) == rett
            _baklengs(aktor, fasit["alle"])
            mine, enheten = (
                set(_alle(aktor, Utvalg(filter="alle", omfang=o))) for o in (Omfang.MINE, Omfang.ENHETEN)
            )
            assert mine | enheten <= set(fasit["alle"])
            assert {s.id for s in synlige if s.innmelder_medlemskap_id == aktor.medlemskap_id} <= mine
    finally:
        db.session.rollback()
        db.session.remove()
        toem(db.engine)


def _baklengs(aktor: Aktor, rett: list[UUID]) -> None:
    """From the end back to the beginning: no case twice, none left out."""
    if not rett:
        return
    sak = db.session.get_one(Henvendelse, rett[-1])
    rang = ["akutt", "haster", "vanlig"].index(sak.hastegrad) if sak.status in AAPNE else 3
    sett: list[UUID] = [sak.id]
    plass: Plass | None = Plass(rang, sak.opprettet, sak.id)
    while plass is not None:
        side = lister.hent_side(aktor, Utvalg(filter="alle"), foer=plass)
        nye = [s.id for s in side.saker if s.id not in sett]
        sett = nye + sett
        plass = side.forrige
    assert sett == rett


def test_et_soek_finner_ikke_mer_enn_regelen(scene: Scene) -> None:
    """A name, a number and a place find nothing for whom the case is no concern."""
    sak = scene.sak(Status.AKSEPTERT)
    nummer = scene.les(sak).saksnummer
    for sok in (nummer, "Ingrid", "Siri", "Legevakta", "Guovdageaidnu", "Indremedisin"):
        assert _alle(scene.kollega, Utvalg(filter="alle", sok=sok)) == [sak], sok
        for fremmed in (scene.fremmed_lege, scene.annen_lege, scene.kirurg, scene.fremmed_vaktleder):
            assert _alle(fremmed, Utvalg(filter="alle", sok=sok)) == [], sok


# --- which cases -----------------------------------------------------------------------------------------


def test_mine_enhetens_og_alle(scene: Scene, som: Som) -> None:
    min_ = scene.send()
    kollegas = scene.send(scene.kollega)
    assert _alle(scene.lege, Utvalg(omfang=Omfang.MINE)) == [min_]
    assert set(_alle(scene.lege, Utvalg(omfang=Omfang.ENHETEN))) == {min_, kollegas}
    # Whoever takes a case, or writes in it, has it among the own.
    assert _alle(scene.spesialist, Utvalg(omfang=Omfang.MINE)) == []
    flyt.aksepter(scene.spesialist, kollegas)
    assert _alle(scene.spesialist, Utvalg(omfang=Omfang.MINE)) == [kollegas]
    assert set(_alle(scene.spesialist, Utvalg(omfang=Omfang.ENHETEN))) == {min_, kollegas}
    assert _alle(scene.kirurg, Utvalg()) == []
    assert set(_alle(scene.vaktleder, Utvalg(omfang=Omfang.ENHETEN))) == {min_, kollegas}
    klient = som(scene.lege)
    assert _ider(klient.get("/henvendelser/?omfang=mine").text) == [min_]
    assert set(_ider(klient.get("/henvendelser/?omfang=enheten").text)) == {min_, kollegas}


def test_den_inviterte_finner_saken_blant_sine(scene: Scene) -> None:
    sak = scene.sak(Status.AKSEPTERT)

    @transactional
    def inviter() -> None:
        db.session.add(
            Saksinvitasjon(
                henvendelse_id=sak,
                slag="kollega",
                tilstand="venter",
                fra_person_id=scene.spesialist.person_id,
                til_person_id=scene.kirurg.person_id,
                til_medlemskap_id=scene.kirurg.medlemskap_id,
                opprettet=now(),
            )
        )

    assert _alle(scene.kirurg, Utvalg()) == []
    inviter()
    assert _alle(scene.kirurg, Utvalg(omfang=Omfang.MINE)) == [sak]
    assert _alle(scene.kirurg, Utvalg(venter=True)) == [sak]
    assert _alle(scene.kirurg, Utvalg(omfang=Omfang.ENHETEN)) == []


def test_filtrene(scene: Scene, som: Som) -> None:
    akutt = scene.send(hastegrad="akutt", fagomraade="kirurgi")
    vanlig = scene.send(hastegrad="vanlig")
    annet = scene.send(hastegrad="haster", mottaker_id=scene.annet_hf.id)
    lukket = scene.sak(Status.LUKKET)
    klient = som(scene.lege)

    def ser(sporring: str) -> list[UUID]:
        svar = klient.get(f"/henvendelser/?{sporring}")
        assert svar.status_code == 200, sporring
        return _ider(svar.text)

    assert ser("") == [akutt, annet, vanlig]
    assert ser("filter=lukkede") == [lukket]
    assert ser("filter=alle") == [akutt, annet, vanlig, lukket]
    assert ser("hastegrad=akutt") == [akutt]
    assert ser("fagomraade=kirurgi") == [akutt]
    assert ser(f"motpart={scene.annet_hf.id}") == [annet]
    assert ser("filter=alle&hastegrad=haster&fagomraade=indremedisin") == [annet, lukket]
    with om(days=2):
        senere = scene.send(hastegrad="akutt")
    i_morgen = f"{oslo(now()) + timedelta(days=1):%Y-%m-%d}"
    assert ser(f"fra={i_morgen}") == [senere]
    assert ser(f"til={i_morgen}") == [akutt, annet, vanlig]
    # A search is among all of them, when nothing else is said.
    assert lukket in ser("sok=Ingrid") and lukket not in ser("sok=Ingrid&filter=aapne")


def test_venter_paa_meg(scene: Scene) -> None:
    ny = scene.send()
    besvart = scene.sak(Status.BESVART)
    tatt = scene.sak(Status.AKSEPTERT)
    venter = Utvalg(venter=True)
    # The queue waits for all of those on call, an answer for the one who took the case, the closing for who asked.
    assert set(_alle(scene.spesialist, venter)) == {ny, tatt}
    assert _alle(scene.spesialist2, venter) == [ny]
    assert _alle(scene.vaktleder, venter) == [ny]
    assert _alle(scene.lege, venter) == [besvart]
    assert _alle(scene.kollega, venter) == []
    assert _alle(scene.kirurg, venter) == []


@pytest.mark.parametrize(
    ("sok", "finner"),
    [
        ("{nummer}", True),
        ("{slutten}", True),
        ("{begynnelsen}", True),
        ("ingrid", True),
        ("INGRID lege", True),
        ("siri", True),
        ("guovdageaidnu", True),
        ("testfjord", True),
        ("legevakta", True),
        ("ndremed", True),
        ("indremedisin siri", True),
        ("indremedisin kirurgi", False),
        ("99-999999", False),
        ("Tungpust", False),  # in the text of the case
        ("%", False),
        ("_", False),
        ("'", False),
    ],
)
def test_det_soekes_i_metadata(scene: Scene, sok: str, finner: bool) -> None:
    sak = scene.sak(Status.AKSEPTERT)
    nummer = scene.les(sak).saksnummer
    sok = sok.format(
        nummer=nummer, slutten=nummer.lstrip("0123456789-")[-3:] or nummer[-3:], begynnelsen=nummer[:6]
    )
    assert _alle(scene.lege, Utvalg(filter="alle", sok=sok)) == ([sak] if finner else []), sok


def test_store_og_smaa_samiske_bokstaver(scene: Scene) -> None:
    """SQLite knows the capitals of ASCII alone."""
    person = lag_aktor(Rolle.LEGE_KOMMUNE, scene.kommune, scene.enhet, navn="Áilu Čáppát Šaŋŋá")
    sak = scene.send(person)
    for sok in ("áilu", "ÁILU", "čáppát", "Šaŋŋá"):
        assert _alle(scene.lege, Utvalg(sok=sok)) == [sak], sok


# --- a page at a time ------------------------------------------------------------------------------------


def test_sidene_staar_stille_mens_nye_saker_kommer(
    scene: Scene, som: Som, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lesing, "SIDESTOERRELSE", 2)
    saker = []
    for minutter in range(5):
        with om(minutes=minutter):
            saker.append(scene.send(hastegrad="haster"))
    saker.reverse()
    klient = som(scene.lege)
    foerste = klient.get("/henvendelser/").text
    assert _ider(foerste) == saker[:2] and 'rel="prev"' not in foerste
    neste = _lenke(foerste, "next")
    andre = klient.get(neste).text
    assert _ider(andre) == saker[2:4]
    # What the live client fetches is the page that is shown.
    assert unescape(re.search(r'data-kilde="(/henvendelser/[^"]+)"', andre)[1]) == neste  # type: ignore[index]
    with om(minutes=9):
        ny = scene.send(hastegrad="haster")
    assert _ider(klient.get(neste).text) == saker[2:4]
    siste = klient.get(_lenke(andre, "next")).text
    assert _ider(siste) == saker[4:] and 'rel="next"' not in siste
    assert _ider(klient.get(_lenke(siste, "prev")).text) == saker[2:4]
    # Before the beginning is the first page, and it is full.
    assert _ider(klient.get(_lenke(andre, "prev")).text) in ([ny, saker[0]], saker[:2])
    assert _ider(klient.get("/henvendelser/").text) == [ny, saker[0]]


def test_antallet_sies_naar_det_er_billig(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lesing, "SIDESTOERRELSE", 2)
    for _nr in range(2):
        scene.send()
    assert lister.hent_side(scene.lege, Utvalg()).antall == 2
    scene.send()
    assert lister.hent_side(scene.lege, Utvalg()).antall is None
    assert lister.hent_side(scene.lege, Utvalg(sok="Ingrid")).antall == 3
    monkeypatch.setattr(lister, "TELLES_TIL", 1)
    assert lister.hent_side(scene.lege, Utvalg(sok="Ingrid")).antall == 2


def test_en_tuklet_peker_er_ingen_feil_hos_oss(scene: Scene, som: Som, opptak: Opptak) -> None:
    scene.send()
    klient = som(scene.lege)
    god = plass_ut(Plass(0, now(), uuid4()))
    assert god is not None
    assert Plassfelt().deserialize(god) == Plass(*Plassfelt().deserialize(god))
    with uten_spor(opptak):
        for daarlig in (
            "x",
            god[:-4],
            god + "AAAA",
            "æøå",
            "////",
            "A" * 34,
            "_" * 34,
            god.replace(god[3], "!"),
        ):
            for retning in ("etter", "foer"):
                svar = klient.get("/henvendelser/", query_string={retning: daarlig})
                assert svar.status_code in (200, 422), daarlig
        assert klient.get(f"/henvendelser/?etter={god}&foer={god}").status_code == 422


@pytest.mark.parametrize(
    "sporring",
    [
        "omfang=andres",
        "filter=slettet",
        "hastegrad=straks",
        "fagomraade=astrologi",
        "motpart=Oslo",
        "fra=i+fjor",
        "fra=2026-02-01&til=2026-01-01",
        "venter=kanskje",
        "sok=" + "a" * 101,
        "side=2",
    ],
)
def test_daarlige_valg_avvises(scene: Scene, som: Som, opptak: Opptak, sporring: str) -> None:
    klient = som(scene.lege)
    with uten_spor(opptak):
        assert klient.get(f"/henvendelser/?{sporring}").status_code == 422
        assert klient.get(f"/henvendelser/csv?{sporring}").status_code == 422


def test_adressen_sier_bare_det_som_er_valgt(scene: Scene, som: Som) -> None:
    """A form sends empty fields too; a chip takes its own filter away and leaves the others."""
    scene.send(hastegrad="akutt")
    klient = som(scene.lege)
    svar = klient.get("/henvendelser/?sok=&hastegrad=akutt&fagomraade=&motpart=&fra=&til=&omfang=mine")
    assert svar.status_code == 302
    assert svar.headers["Location"] == "/henvendelser/?hastegrad=akutt&omfang=mine"
    html = klient.get("/henvendelser/?hastegrad=akutt&omfang=mine&venter=1").text
    brikker = [unescape(h) for h in re.findall(r'<a class="brikke" href="([^"]+)"', html)]
    assert set(brikker) == {
        "/henvendelser/?omfang=mine&hastegrad=akutt",
        "/henvendelser/?omfang=mine&venter=1",
    }
