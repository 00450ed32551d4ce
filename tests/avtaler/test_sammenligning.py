"""«Versjoner og forskjeller»: what differs between two versions, who did it, and what nobody else may see of it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from portal.avtaler import access
from portal.avtaler.access import Handling
from portal.avtaler.ordforskjell import Op
from portal.avtaler.service import avtaler, forslag, godkjenning, klausuler, parter
from portal.avtaler.service.sammenligning import Sammenligning, Versjonsside, hva_er_nytt, sammenlign
from portal.core.aktor import Aktor, Rolle
from portal.core.db import db
from portal.core.errors import IkkeFunnet
from portal.identitet.models import Person
from tests.avtaler.godkjenninghjelp import Bord, beskriv
from tests.avtaler.motorhjelp import klausul, les, lest_hash, noekler, nytt_utkast
from tests.bygg import Scene, lag_aktor

Klient = Callable[[Aktor], FlaskClient]


@pytest.fixture
def bord(scene: Scene, motpart: Aktor) -> Bord:
    return Bord(scene, motpart)


def html(svar: TestResponse, status: int = 200) -> str:
    assert svar.status_code == status, svar.get_data(as_text=True)[:2000]
    return svar.get_data(as_text=True)


def tekst(side: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", side).split())


def forskjell(aktor: Aktor, avtale_id: UUID, fra: int | None = None, til: int | None = None) -> Sammenligning:
    les(avtale_id)
    sm = sammenlign(aktor, avtale_id, fra, til).sammenligning
    assert sm is not None
    return sm


def side(aktor: Aktor, avtale_id: UUID, *numre: int) -> Versjonsside:
    les(avtale_id)
    return sammenlign(aktor, avtale_id, *numre)


def overskrifter(sm: Sammenligning, op: str) -> list[str]:
    return [k.vist["overskrift"] for k in sm.klausuler if k.op == op]


def godta(av: Aktor, fra: Aktor, avtale_id: UUID, noekkel: UUID, data: dict[str, Any]) -> None:
    """A proposal of one that the other takes up."""
    nummer = les(avtale_id).siste_nummer
    lest = lest_hash(avtale_id, noekkel, nummer)
    id_ = forslag.foreslaa(fra, avtale_id, noekkel, "endre", data, "Vi rekker det ikke.", lest)
    forslag.svar(av, id_, True)


def endre(aktor: Aktor, avtale_id: UUID, noekkel: UUID, data: dict[str, Any]) -> None:
    klausuler.skriv(aktor, avtale_id, noekkel, data)


# --- what differs ----------------------------------------------------------------------------------------


@pytest.fixture
def endret(bord: Bord) -> UUID:
    """In force with four clauses; the draft of the next has one changed, one struck, one new, one first."""
    avtale_id = nytt_utkast(
        bord.scene,
        bestemmelser=[
            klausul(overskrift=navn, nummer=str(n), tekst=f"Om {navn.lower()}.")
            for n, navn in enumerate(["Innleggelse", "Utskrivning", "Møter", "Varsel"], 1)
        ],
    )
    parter.inviter(bord.eier, avtale_id, [bord.scene.kommune.id])
    avtaler.send_til_forhandling(bord.eier, avtale_id)
    parter.svar(bord.motpart, avtale_id, True)
    beskriv(avtale_id, "Brukerutvalget.", None)
    bord.send(avtale_id)
    bord.godkjenn_alle(avtale_id)
    avtaler.ny_versjon(bord.eier, avtale_id)
    inn, ut, _moeter, varsel = noekler(avtale_id, 2)
    endre(bord.eier, avtale_id, inn, {"tekst": "Om rask innleggelse."})
    klausuler.stryk(bord.eier, avtale_id, ut, lest_hash(avtale_id, ut, 2))
    klausuler.skriv(bord.eier, avtale_id, None, klausul(overskrift="Transport", nummer="5"))
    klausuler.flytt(bord.eier, avtale_id, varsel, inn)
    return avtale_id


def test_hver_bestemmelse_er_endret_ny_stroeket_flyttet_eller_uendret(bord: Bord, endret: UUID) -> None:
    sm = forskjell(bord.eier, endret)
    assert (sm.fra.nummer, sm.til.nummer) == (1, 2)
    assert overskrifter(sm, Op.ENDRET) == ["Innleggelse"]
    assert overskrifter(sm, Op.UT) == ["Utskrivning"]
    assert overskrifter(sm, Op.INN) == ["Transport"]
    assert [k.vist["overskrift"] for k in sm.omnummerert] == ["Varsel"] and sm.antall_flyttet == 1
    assert [b.overskrift for b in sm.uendrede] == ["Møter"]
    assert sm.opplysninger == {} and not sm.like
    # In the order of the newer; what is struck stands where it stood.
    assert [k.vist["overskrift"] for k in sm.klausuler] == ["Innleggelse", "Utskrivning", "Transport"]


def test_siden_merker_ordene_og_teller(bord: Bord, som: Klient, endret: UUID) -> None:
    s = html(som(bord.eier).get(f"/avtaler/{endret}/sammenlign"))
    assert "Fra versjon 1 til versjon 2" in s
    assert re.search(r'<ins class="ordmerke"><span class="ds-sr-only">\[satt inn: </span>rask ', s)
    lest = tekst(s)
    for del_ in ("1 bestemmelse er endret", "1 er ny", "1 er strøket", "1 er flyttet", "1 er uendret"):
        assert del_ in lest, del_
    assert "1 bestemmelse har bare et annet nummer eller en annen plass" in lest
    # Both ways round it is the newer that is compared with the older.
    assert "Fra versjon 1 til versjon 2" in html(
        som(bord.eier).get(f"/avtaler/{endret}/sammenlign?fra=2&til=1")
    )


def test_tittel_og_medvirkning_er_med(bord: Bord, som: Klient) -> None:
    avtale_id = bord.i_kraft()
    avtaler.ny_versjon(bord.eier, avtale_id)
    felt = {"nummer": "", "notat": "Kortere frister.", "oensket_fra": None, "lest": None}
    avtaler.endre(
        bord.eier, avtale_id, tittel="Innleggelse", medvirkning="Brukerutvalget og ungdomsrådet.", **felt
    )
    sm = forskjell(bord.eier, avtale_id)
    assert set(sm.opplysninger) == {"tittel", "medvirkning"} and not sm.klausuler
    lest = tekst(html(som(bord.eier).get(f"/avtaler/{avtale_id}/sammenlign")))
    assert "[satt inn: og ungdomsrådet ]" in lest.replace("  ", " ") or "ungdomsrådet" in lest
    assert "Kortere frister." in lest


def test_lister_og_valg_leses_i_ord(bord: Bord, som: Klient) -> None:
    avtale_id = bord.i_kraft()
    avtaler.ny_versjon(bord.eier, avtale_id)
    data = {
        "art": "utskrivning",
        "punkt": 5,
        "faser": 1 << 4,
        "fagomraader": ["psykiatri"],
        "kriterier": [{"kriterium": "NEWS2 over 5", "hvem": "Vakthavende", "frist": "straks"}],
        "matrise": [{"oppgave": "Transport", "foretak": "A", "kommune": ""}],
        "forpliktelser": [{"tekst": "Møte", "hyppighet": "halvaarlig", "frist": "", "sider": ["kommune"]}],
        "tiltak": [{"navn": "Felles team", "ansvarsforhold": "Sykehuset"}],
        "trinn": ["varsel"],
    }
    endre(bord.eier, avtale_id, noekler(avtale_id, 2)[0], data)
    lest = tekst(html(som(bord.eier).get(f"/avtaler/{avtale_id}/sammenlign")))
    for ord_ in (
        *("[strøket: Innleggelse ]", "[satt inn: Utskrivning ]", "[satt inn: § 6-2 nr. 5: Utskrivning ]"),
        *("[strøket: 1 (enkelttilfeller) ]", "4 (epidemitopp)", "[strøket: Alle ]", "[satt inn: Psykiatri ]"),
        *("NEWS2 over 5", "Ansvarlig", "Hvert halvår", "Kommunen", "Felles team", "[satt inn: § 8: Varsel"),
    ):
        assert ord_ in lest, ord_
    for kode in ("halvaarlig", "{&#39;", "psykiatri ", "0b"):
        assert kode not in lest, kode


def test_bare_nummeret_er_ikke_en_endring_av_innholdet(bord: Bord) -> None:
    avtale_id = bord.i_kraft()
    avtaler.ny_versjon(bord.eier, avtale_id)
    endre(bord.eier, avtale_id, noekler(avtale_id, 2)[1], {"nummer": "7"})
    sm = forskjell(bord.eier, avtale_id)
    assert not sm.klausuler and [k.bare_nummer for k in sm.omnummerert] == [True] and not sm.like


def test_det_som_ble_endret_og_endret_tilbake_er_likt(bord: Bord) -> None:
    avtale_id = bord.i_kraft()
    avtaler.ny_versjon(bord.eier, avtale_id)
    noekkel = noekler(avtale_id, 2)[0]
    for ord_ in ("Noe annet.", "Ring først."):
        endre(bord.eier, avtale_id, noekkel, {"tekst": ord_})
    assert forskjell(bord.eier, avtale_id).like


# --- which versions --------------------------------------------------------------------------------------


def test_uten_valg_er_det_den_som_gjelder_mot_den_som_er_under_arbeid(bord: Bord) -> None:
    avtale_id = nytt_utkast(bord.scene)
    assert side(bord.eier, avtale_id).sammenligning is None
    gjeldende = bord.i_kraft()
    for _gang in range(2):
        bord.ny_versjon(gjeldende)
        bord.send(gjeldende)
        nummer = godkjenning.aapne_igjen(bord.eier, gjeldende)
        avtaler.forkast(bord.eier, gjeldende)
    s = side(bord.eier, gjeldende)
    assert nummer == 5 and (s.fra, s.til) == (4, 5)
    bord.ny_versjon(gjeldende)
    s = side(bord.eier, gjeldende)
    assert (s.fra, s.til) == (1, 6)
    assert [v.nummer for v in s.versjoner] == [6, 5, 4, 3, 2, 1]
    # One named: against the one in force; that one: against the one before, else after.
    assert (side(bord.eier, gjeldende, 3).fra, side(bord.eier, gjeldende, 3).til) == (1, 3)
    assert side(bord.eier, gjeldende, 1).til == 2
    assert side(bord.eier, gjeldende, 2, 2).sammenligning is None


def test_et_utkast_som_er_forkastet_uten_spor_kan_ikke_velges(bord: Bord, som: Klient) -> None:
    avtale_id = bord.i_kraft()
    avtaler.ny_versjon(bord.eier, avtale_id)
    endre(bord.eier, avtale_id, noekler(avtale_id, 2)[0], {"tekst": "Forkastet."})
    avtaler.forkast(bord.eier, avtale_id)
    bord.ny_versjon(avtale_id)
    s = side(bord.eier, avtale_id)
    assert s.uten_tekst == {2} and [v.nummer for v in s.kan_velges] == [3, 1]
    lest = tekst(html(som(bord.eier).get(f"/avtaler/{avtale_id}/sammenlign?til=2")))
    assert "Teksten er ikke tatt vare på" in lest and "Forkastet." not in lest.replace("Forkastet før", "")
    # What it had changed is no part of how the next came to be.
    endre(bord.eier, avtale_id, noekler(avtale_id, 3)[0], {"tekst": "Ny."})
    [k] = forskjell(bord.eier, avtale_id).klausuler
    assert [e.nummer for e in k.historie] == [3]


@pytest.mark.parametrize("spurt", ["?fra=9", "?til=9", "?fra=1&til=9"])
def test_en_versjon_som_ikke_finnes(bord: Bord, som: Klient, spurt: str) -> None:
    avtale_id = bord.i_kraft()
    assert som(bord.eier).get(f"/avtaler/{avtale_id}/sammenlign{spurt}").status_code == 404
    assert som(bord.eier).get(f"/avtaler/{avtale_id}/sammenlign?fra=en").status_code == 422
    assert som(bord.eier).get(f"/avtaler/{avtale_id}/sammenlign?fra=&til=").status_code == 200


# --- who did it ------------------------------------------------------------------------------------------


def test_hvem_som_endret_hva_og_hvilket_forslag_det_kom_fra(bord: Bord, som: Klient) -> None:
    avtale_id = bord.i_kraft()
    avtaler.ny_versjon(bord.eier, avtale_id)
    avtaler.send_til_forhandling(bord.eier, avtale_id)
    noekkel = noekler(avtale_id, 2)[0]
    godta(bord.eier, bord.motpart, avtale_id, noekkel, {"tekst": "Ring innen en time."})
    godta(bord.motpart, bord.eier, avtale_id, noekkel, {"tekst": "Ring innen to timer."})
    [k] = forskjell(bord.eier, avtale_id).klausuler
    assert [(e.person, e.forslag and e.forslag.person and e.forslag.person.navn) for e in k.historie] == [
        ("Kåre Kommune", _navn(bord.eier)),
        (_navn(bord.eier), "Kåre Kommune"),
    ]
    for aktor in (bord.eier, bord.motpart):
        lest = tekst(html(som(aktor).get(f"/avtaler/{avtale_id}/sammenlign")))
        assert "Hvem endret dette (2 ganger)" in lest
        assert "Kåre Kommune" in lest and "Vi rekker det ikke." in lest


def _navn(aktor: Aktor) -> str:
    return db.session.get_one(Person, aktor.person_id).navn


def test_veien_foelger_teksten_og_ikke_det_som_ble_forkastet(bord: Bord) -> None:
    """Version 2 was dropped after the parties had seen it: the next begins from the one in force, without its words."""
    avtale_id = bord.i_kraft()
    avtaler.ny_versjon(bord.eier, avtale_id)
    noekkel = noekler(avtale_id, 2)[0]
    endre(bord.eier, avtale_id, noekkel, {"tekst": "Bare i to."})
    avtaler.send_til_forhandling(bord.eier, avtale_id)
    avtaler.forkast(bord.eier, avtale_id)
    avtaler.ny_versjon(bord.eier, avtale_id)
    endre(bord.eier, avtale_id, noekkel, {"tekst": "I tre."})
    endre(bord.eier, avtale_id, noekkel, {"tekst": "I tre, igjen."})
    [k] = forskjell(bord.eier, avtale_id, 1, 3).klausuler
    assert [(e.nummer, (e.foer or {})["tekst"]) for e in k.historie] == [(3, "I tre."), (3, "Ring først.")]


# --- what nobody else may see ----------------------------------------------------------------------------


def test_utkastet_er_eierens_ogsaa_her(bord: Bord, som: Klient) -> None:
    avtale_id = bord.i_kraft()
    avtaler.ny_versjon(bord.eier, avtale_id)
    endre(bord.eier, avtale_id, noekler(avtale_id, 2)[0], {"tekst": "Hemmelig formulering."})
    for aktor in (bord.motpart, bord.scene.kommuneoverlege, bord.scene.spesialist):
        s = html(som(aktor).get(f"/avtaler/{avtale_id}/sammenlign"))
        assert "Hemmelig" not in s and "Versjon 2" not in s
        assert som(aktor).get(f"/avtaler/{avtale_id}/sammenlign?til=2").status_code == 404
        with pytest.raises(IkkeFunnet):
            sammenlign(aktor, avtale_id, 1, 2)
    assert "Hemmelig formulering." in tekst(
        html(som(bord.direktoer).get(f"/avtaler/{avtale_id}/sammenlign"))
    ).replace("[satt inn: ", "").replace(" ] ", "")


def test_det_som_ble_skrevet_foer_den_ble_sendt_ut_er_ett(bord: Bord, som: Klient) -> None:
    """What the owner tried out before sending shows to the owner alone; the others see what came out of it."""
    avtale_id = bord.i_kraft()
    avtaler.ny_versjon(bord.eier, avtale_id)
    noekkel = noekler(avtale_id, 2)[0]
    for ord_ in ("Hemmelig forsøk.", "Svar innen to døgn."):
        endre(bord.eier, avtale_id, noekkel, {"tekst": ord_})
    proevd = klausuler.skriv(bord.eier, avtale_id, None, klausul(overskrift="Hemmelig klausul"))
    klausuler.stryk(bord.eier, avtale_id, proevd, lest_hash(avtale_id, proevd, 2))
    avtaler.send_til_forhandling(bord.eier, avtale_id)
    godta(bord.eier, bord.motpart, avtale_id, noekkel, {"tekst": "Svar innen ett døgn."})
    [k] = forskjell(bord.motpart, avtale_id).klausuler
    assert [(e.person, e.organisasjon) for e in k.historie] == [
        (_navn(bord.eier), bord.scene.hf.kortnavn),
        ("", bord.scene.hf.kortnavn),
    ]
    assert (k.historie[1].foer or {})["tekst"] == "Ring først."
    assert (k.historie[1].etter or {})["tekst"] == "Svar innen to døgn."
    s = html(som(bord.motpart).get(f"/avtaler/{avtale_id}/sammenlign"))
    assert "Hemmelig" not in s and "skrev dette før versjon 2 ble sendt ut" in s
    [k] = forskjell(bord.eier, avtale_id).klausuler
    assert len(k.historie) == 3


def test_det_som_ble_proevd_og_tatt_tilbake_foer_den_ble_sendt_ut_er_ingenting(bord: Bord) -> None:
    avtale_id = bord.i_kraft()
    avtaler.ny_versjon(bord.eier, avtale_id)
    noekkel = noekler(avtale_id, 2)[0]
    for ord_ in ("Hemmelig forsøk.", "Ring først."):
        endre(bord.eier, avtale_id, noekkel, {"tekst": ord_})
    avtaler.send_til_forhandling(bord.eier, avtale_id)
    godta(bord.eier, bord.motpart, avtale_id, noekkel, {"tekst": "Svar innen ett døgn."})
    [k] = forskjell(bord.motpart, avtale_id).klausuler
    assert [e.person for e in k.historie] == [_navn(bord.eier)]


def test_den_som_ikke_ser_arbeidet_ser_forskjellene_og_ingen_navn(bord: Bord, som: Klient) -> None:
    avtale_id = bord.i_kraft()
    bord.ny_versjon(avtale_id)
    avtaler.send_til_forhandling(bord.eier, avtale_id)
    forfatter = lag_aktor(Rolle.KOORDINATOR, bord.scene.hf, navn="Frida Forfatter")
    godta(forfatter, bord.motpart, avtale_id, noekler(avtale_id, 2)[0], {"tekst": "Ring innen en time."})
    bord.send(avtale_id)
    bord.godkjenn_alle(avtale_id)
    s = side(bord.scene.spesialist, avtale_id)
    assert s.laget_av == {} and s.sammenligning and [k.historie for k in s.sammenligning.klausuler] == [[]]
    lest = html(som(bord.scene.spesialist).get(f"/avtaler/{avtale_id}/sammenlign"))
    assert "innen en time" in lest
    for ord_ in ("Frida Forfatter", "Kåre Kommune", "Vi rekker det ikke", "Hvem endret"):
        assert ord_ not in lest, ord_
    assert "Frida Forfatter" in html(som(bord.motpart).get(f"/avtaler/{avtale_id}/sammenlign"))


def test_en_fremmed_finner_den_ikke(bord: Bord, som: Klient) -> None:
    avtale_id = bord.i_kraft()
    assert som(bord.scene.fremmed_vaktleder).get(f"/avtaler/{avtale_id}/sammenlign").status_code == 404


# --- for those who approve -------------------------------------------------------------------------------


def _nytt(bord: Bord, avtale_id: UUID) -> Sammenligning | None:
    avtale = les(avtale_id)
    avtale = access.hent(bord.direktoer, Handling.SE, avtale_id)
    versjon = max(avtale.versjoner, key=lambda v: v.nummer)
    return hva_er_nytt(bord.direktoer, avtale, versjon)


def test_den_som_skal_godkjenne_ser_hva_som_er_nytt(bord: Bord, som: Klient) -> None:
    foerste = bord.til_godkjenning()
    assert _nytt(bord, foerste) is None
    assert "Hva er nytt" not in html(som(bord.direktoer).get(f"/avtaler/{foerste}/godkjenning"))
    bord.godkjenn_alle(foerste)
    assert _nytt(bord, foerste) is None
    bord.ny_versjon(foerste)
    avtaler.send_til_forhandling(bord.eier, foerste)
    godta(bord.eier, bord.motpart, foerste, noekler(foerste, 2)[0], {"tekst": "Ring alltid først."})
    bord.send(foerste)
    s = html(som(bord.direktoer).get(f"/avtaler/{foerste}/godkjenning"))
    assert "Hva er nytt siden versjonen som gjelder" in s and "alltid" in s
    assert f"/avtaler/{foerste}/sammenlign?til=2" in s


def test_etter_en_endring_som_opphevet_godkjenningene_er_det_mot_den_som_var_sendt(
    bord: Bord, som: Klient
) -> None:
    avtale_id = bord.i_kraft()
    bord.ny_versjon(avtale_id)
    avtaler.send_til_forhandling(bord.eier, avtale_id)
    godta(bord.eier, bord.motpart, avtale_id, noekler(avtale_id, 2)[0], {"tekst": "Ring alltid først."})
    bord.send(avtale_id)
    assert godkjenning.aapne_igjen(bord.eier, avtale_id) == 3
    godta(bord.eier, bord.motpart, avtale_id, noekler(avtale_id, 3)[0], {"tekst": "Ring alltid aller først."})
    sm = _nytt(bord, avtale_id)
    assert sm is not None and (sm.fra.nummer, sm.til.nummer) == (2, 3)
    [k] = sm.klausuler
    assert (k.foer or {})["tekst"] == "Ring alltid først." and len(k.historie) == 1
    bord.send(avtale_id)
    s = html(som(bord.direktoer).get(f"/avtaler/{avtale_id}/godkjenning"))
    assert "Hva er nytt siden versjon 2, som ble tatt tilbake" in s
    assert re.search(r"\[satt inn: </span>aller ", s)


# --- two who write the same clause -----------------------------------------------------------------------


def test_konflikten_merker_ordene(bord: Bord, som: Klient) -> None:
    avtale_id = nytt_utkast(bord.scene)
    noekkel = noekler(avtale_id)[0]
    lest = lest_hash(avtale_id, noekkel)
    kollega = lag_aktor(Rolle.KOORDINATOR, bord.scene.hf, navn="Kari Kjapp")
    klausuler.skriv(kollega, avtale_id, noekkel, {"tekst": "Ring først og skriv etterpå."}, lest)
    mitt = {
        "nummer": "1",
        "overskrift": "Innleggelse",
        "tekst": "Ring alltid først.",
        "art": "innleggelse",
        "punkt": "3",
        "faser": ["4", "5"],
        "kriterier-0-kriterium": "NEWS2 over 5",
        "lest": lest,
        "gjoer": "lagre",
    }
    s = html(som(bord.eier).post(f"/avtaler/{avtale_id}/bestemmelser/{noekkel}", data=mitt), 409)
    konflikt = s[s.index('id="konflikt-ditt"') : s.index("<form", s.index('id="konflikt-ditt"'))]
    lest_ = tekst(konflikt)
    assert "[satt inn: alltid ]" in lest_ and "[strøket: og skriv etterpå ]" in lest_
    assert "[satt inn: § 6-2 nr. 3: Innleggelse ]" in lest_ and "[strøket: 1 (enkelttilfeller) ]" in lest_
    assert "NEWS2 over 5" in lest_
