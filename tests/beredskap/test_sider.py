"""The pages: what each sees, forms that lose nothing, one click to answer, and the drill over every page."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape
from io import BytesIO
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from portal.beredskap.models import Faseperiode
from portal.beredskap.service import forslag, oevelser
from portal.core.aktor import Aktor, Rolle
from portal.core.clock import now, oslo
from portal.core.db import db
from portal.varsler.models import Varsel
from tests.avtalehjelp import lag_fase
from tests.beredskap.hjelp import DAG, T, foreslaa, i_kriseledelsen, kl, mottaker, perioder, sett
from tests.bygg import Scene, lag_aktor, lag_kommune, om
from tests.skjemaer import Skjemaer

Som = Callable[[Aktor], FlaskClient]
FORLAT = "/beredskap/oevelser/forlat"


def tekst(svar: Any) -> str:
    """What a page says, as one line of words."""
    assert svar.status_code in (200, 409, 422), svar.status_code
    hoved = svar.get_data(as_text=True).split('<main id="innhold"', 1)[1].split("</main>", 1)[0]
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", hoved)).split())


def skjema(**felt: str) -> dict[str, str]:
    return {
        "fase": "4",
        "nivaa": "roed",
        "kilde": "FHI uke 10",
        "begrunnelse": "Mange er syke og flere ventes.",
        **felt,
    }


@pytest.fixture
def overlege(scene: Scene, som: Som) -> FlaskClient:
    return som(scene.kommuneoverlege)


# --- setting -----------------------------------------------------------------------------------------------


def test_fra_skjema_over_forhaandsvisning_til_satt(overlege: FlaskClient, scene: Scene) -> None:
    """The preview carries phase, level and source; the rest waits in the browser's session."""
    lest = re.search(r'name="lest" value="([^"]+)"', overlege.get("/beredskap/ny").get_data(as_text=True))
    assert lest
    svar = overlege.post("/beredskap/ny", data=skjema(lest=lest[1]))
    sted = urlsplit(svar.headers["Location"])
    assert (svar.status_code, sted.path) == (303, "/avtaler/faseskifte")
    sporring = {k: v[0] for k, v in parse_qs(sted.query).items()}
    assert sporring == {
        "organisasjon": str(scene.kommune.id),
        "fase": "4",
        "nivaa": "roed",
        "kilde": "FHI uke 10",
    }
    assert perioder(scene.kommune.id) == []
    assert overlege.post("/beredskap/faser", data=sporring).status_code == 303
    db.session.rollback()
    rad = db.session.scalars(sa.select(Faseperiode)).one()
    assert (rad.fase, rad.begrunnelse) == (4, "Mange er syke og flere ventes.")
    side = tekst(overlege.get("/beredskap"))
    assert "Fase 4 (Epidemitopp) gjelder fra nå." in side
    assert "Fase 4: Epidemitopp" in side and "Rød beredskap" in side and "FHI uke 10" in side


def test_feil_i_skjemaet_mister_ingenting(overlege: FlaskClient, scene: Scene) -> None:
    svar = overlege.post("/beredskap/ny", data=skjema(fase="", fra="i morgen"))
    html = svar.get_data(as_text=True)
    assert svar.status_code == 422
    assert (
        "Mange er syke og flere ventes." in html
        and 'value="FHI uke 10"' in html
        and 'value="i morgen"' in html
    )
    assert "31.12.2026 15:30" in tekst(svar)
    assert "Dette må fylles ut." in tekst(overlege.post("/beredskap/ny", data=skjema(kilde="  ")))
    assert "høyst 500 tegn" in tekst(overlege.post("/beredskap/ny", data=skjema(begrunnelse="x" * 501)))
    assert perioder(scene.kommune.id) == []


def test_overlapp_sies_foer_forhaandsvisningen(overlege: FlaskClient, scene: Scene) -> None:
    sett(scene.kommuneoverlege, 5, fra=now() + 2 * DAG)
    side = tekst(overlege.post("/beredskap/ny", data=skjema()))
    assert "er fase 5 planlagt" in side and "Mange er syke" in side


def test_en_annen_var_foerst(overlege: FlaskClient, scene: Scene) -> None:
    overlege.get("/beredskap/ny")
    overlege.post("/beredskap/ny", data=skjema(lest="0.0"))
    sett(scene.kommuneoverlege, 3)
    svar = overlege.post("/beredskap/faser", data={"fase": "4", "nivaa": "roed", "kilde": "FHI"})
    html = svar.get_data(as_text=True)
    assert svar.status_code == 409 and "Noen har satt en fase" in html
    # What was written stands there, and the form has now seen the other's.
    assert "Mange er syke og flere ventes." in html and 'name="lest" value="1.0"' in html
    assert [p[0] for p in perioder(scene.kommune.id)] == [3]


def test_uten_det_som_mangler_spoer_skjemaet(overlege: FlaskClient, scene: Scene) -> None:
    svar = overlege.post("/beredskap/faser", data={"fase": "4", "nivaa": "roed", "kilde": "FHI"})
    assert svar.status_code == 422 and "Begrunnelse" in tekst(svar)
    annen = overlege.post(
        "/beredskap/faser", data=skjema(organisasjon=str(scene.annen_kommune.id), begrunnelse="x")
    )
    assert annen.status_code == 422 and "annen organisasjon" in tekst(annen)
    assert perioder(scene.kommune.id) == perioder(scene.annen_kommune.id) == []


def test_tider_er_oslos(overlege: FlaskClient, scene: Scene) -> None:
    """Written by Oslo's wall clock, kept in UTC, shown by Oslo's again; also on both sides of the change of clocks."""
    aar = oslo(now()).year + (1 if oslo(now()).month >= 3 else 0)
    dag = next(f"{aar}-07-{d:02}" for d in (1,)) if now().month < 7 else f"{oslo(now() + DAG):%Y-%m-%d}"
    assert overlege.post("/beredskap/faser", data=skjema(fra=f"{dag}T08:15")).status_code == 303
    assert perioder(scene.kommune.id)[0][1] == kl(f"{dag} 08:15")
    side = tekst(overlege.get("/beredskap"))
    assert "Planlagt" in side and "kl. 08:15" in side
    assert "er planlagt" in side


def test_en_planlagt_tas_tilbake_med_ett_klikk(overlege: FlaskClient, scene: Scene) -> None:
    id_ = sett(scene.kommuneoverlege, 4, fra=now() + T)
    assert f"/beredskap/faser/{id_}/trekk" in overlege.get("/beredskap").get_data(as_text=True)
    assert overlege.post(f"/beredskap/faser/{id_}/trekk").status_code == 303
    assert "er tatt tilbake" in tekst(overlege.get("/beredskap")) and perioder(scene.kommune.id) == []
    ny = sett(scene.kommuneoverlege, 4, fra=now() + T / 30)
    with om(minutes=3):
        overlege.post(f"/beredskap/faser/{ny}/trekk")
        assert "Sett en ny fase i stedet" in tekst(overlege.get("/beredskap"))


def test_historikken_staar_og_grunnen_er_organisasjonens_egen(scene: Scene, som: Som) -> None:
    lag_fase(scene.kommune, 2, nivaa="groenn", fra=now() - 9 * DAG, til=now() - 5 * DAG)
    lag_fase(scene.kommune, 3, nivaa="gul", fra=now() - 5 * DAG)
    adresse = f"/beredskap/organisasjoner/{scene.kommune.id}"
    inne = tekst(som(scene.kommuneoverlege).get(adresse))
    assert "Fase 2: Klynger" in inne and "Fase 3: Spredning" in inne and "Mange syke." in inne
    for andre in (scene.spesialist, scene.lege):
        ute = tekst(som(andre).get(adresse))
        assert "Fase 2: Klynger" in ute and "Kriseledelsen" in ute and "Mange syke." not in ute
    assert som(scene.lege).get(f"/beredskap/organisasjoner/{UUID(int=1)}").status_code == 404


def test_ingen_satt_sier_det(scene: Scene, som: Som) -> None:
    side = tekst(som(scene.lege).get("/beredskap"))
    # Not «not set» and a phase beside it.
    assert "Ingen fase er satt" in side and "regnes den som fase 1 med normal drift" in side
    assert "Enkelttilfeller" not in side and "Sett fase" not in side
    uten = lag_aktor(Rolle.INNSYN, scene.rhf)
    assert som(uten).get("/beredskap").status_code == 200


# --- proposals -----------------------------------------------------------------------------------------------


def test_foretaket_foreslaar_og_kommunen_bekrefter_med_ett_klikk(scene: Scene, som: Som) -> None:
    hf, kommune = som(scene.koordinator), som(scene.kommuneoverlege)
    svar = hf.post(
        "/beredskap/forslag/nytt",
        data=skjema(organisasjoner=[str(scene.kommune.id), str(scene.annen_kommune.id)]),  # type: ignore[arg-type]
    )
    assert svar.status_code == 303
    side = svar.headers["Location"]
    assert "Forslaget er sendt til 2 kommuner." in tekst(hf.get(side))
    m = mottaker(UUID(side.rsplit("/", 1)[1]), scene.kommune.id)
    ramme = kommune.get("/beredskap").get_data(as_text=True)
    assert '<span class="hovedmeny__antall">1</span>' in ramme and "Venter på svar fra dere" in ramme
    varsel = db.session.scalars(
        sa.select(Varsel).where(Varsel.person_id == scene.kommuneoverlege.person_id)
    ).one()
    assert varsel.lenke == f"/beredskap/svar/{m.id}"
    assert "Foreslått: Fase 4: Epidemitopp" in tekst(kommune.get(varsel.lenke))
    assert kommune.post(f"/beredskap/svar/{m.id}/bekreft").status_code == 303
    etterpaa = kommune.get("/beredskap")
    assert "Bekreftet. Guovdageaidnu: fase 4 (Epidemitopp)." in tekst(etterpaa)
    assert 'class="hovedmeny__antall">1' not in etterpaa.get_data(as_text=True)
    oversikten = tekst(hf.get(side))
    assert "Bekreftet: 1" in oversikten and "Venter på svar: 1" in oversikten
    # Once more: told who answered, and nothing happens.
    kommune.post(f"/beredskap/svar/{m.id}/bekreft")
    assert "har alt svart: Bekreftet" in tekst(kommune.get("/beredskap"))
    assert len(perioder(scene.kommune.id)) == 1


def test_avslag_med_merknad(scene: Scene, som: Som) -> None:
    m = mottaker(foreslaa(scene.koordinator, scene.kommune.id), scene.kommune.id)
    kommune = som(scene.kommuneoverlege)
    for_lang = kommune.post(f"/beredskap/svar/{m.id}/avslaa", data={"merknad": "x" * 501})
    assert for_lang.status_code == 422 and "høyst 500 tegn" in tekst(for_lang)
    assert "x" * 501 in for_lang.get_data(as_text=True)
    kommune.post(f"/beredskap/svar/{m.id}/avslaa", data={"merknad": "To syke hos oss."})
    assert "«To syke hos oss.»" in tekst(som(scene.koordinator).get(f"/beredskap/forslag/{m.forslag_id}"))
    # Somebody was first: what was written stands on the page, to be copied.
    sent = kommune.post(f"/beredskap/svar/{m.id}/avslaa", data={"merknad": "Tre syke nå."})
    assert sent.status_code == 409 and "har alt svart" in tekst(sent)
    assert "readonly>\nTre syke nå.</textarea>" in sent.get_data(as_text=True)


def test_bekreftelse_i_veien_for_en_planlagt(scene: Scene, som: Som) -> None:
    sett(scene.kommuneoverlege, 5, fra=now() + 5 * DAG)
    m = mottaker(foreslaa(scene.koordinator, scene.kommune.id), scene.kommune.id)
    svar = som(scene.kommuneoverlege).post(f"/beredskap/svar/{m.id}/bekreft")
    assert svar.status_code == 422 and "er fase 5 planlagt" in tekst(svar)


def test_forslag_uten_kommune_beholder_det_som_er_skrevet(scene: Scene, som: Som) -> None:
    svar = som(scene.koordinator).post("/beredskap/forslag/nytt", data=skjema())
    html = svar.get_data(as_text=True)
    assert svar.status_code == 422 and "Velg minst én kommune." in html and "Mange er syke og flere" in html


def test_koordinatorens_forslag_gjelder_egen_kommune_alene(scene: Scene, som: Som) -> None:
    koordinator = som(lag_aktor(Rolle.KOORDINATOR, scene.kommune))
    assert koordinator.get("/beredskap/ny").status_code == 403
    # Whatever the form is made to bring.
    svar = koordinator.post(
        "/beredskap/forslag/nytt", data=skjema(organisasjoner=str(scene.annen_kommune.id))
    )
    id_ = UUID(svar.headers["Location"].rsplit("/", 1)[1])
    assert mottaker(id_, scene.kommune.id).svar == "venter"
    assert "1 av 1 har svart" not in tekst(koordinator.get("/beredskap/forslag"))
    assert koordinator.post(f"/beredskap/forslag/{id_}/trekk").status_code == 303
    assert mottaker(id_, scene.kommune.id).svar == "trukket"


def test_tabellen_over_kommunene(scene: Scene, som: Som) -> None:
    for n in range(40):
        k = lag_kommune(f"Kommune {n:02}", helseforetak_id=scene.hf.id)
        if n < 5:
            lag_fase(k, 4)
    foreslaa(scene.koordinator, scene.kommune.id)
    html = som(scene.koordinator).get("/beredskap").get_data(as_text=True)
    tabell = html.split('class="ds-table fasetabell"')[1].split("</table>")[0]
    assert tabell.count("<tr") == 43 and "42 kommuner" in html
    assert tabell.count("Fase 4: Epidemitopp") == 5 and tabell.count("Et forslag venter på svar") == 1
    assert tabell.count("Ingen der kan bekrefte ennå") == 41
    # A specialist of the trust reads the phases; what is proposed is the insiders' own.
    andres = som(scene.spesialist).get("/beredskap").get_data(as_text=True)
    assert "42 kommuner" in andres and "Et forslag venter" not in andres
    assert "fasetabell" not in som(scene.kommuneoverlege).get("/beredskap").get_data(as_text=True)


def test_hvor_ingen_kan_bekrefte_staar_foer_den_velges(scene: Scene, som: Som) -> None:
    """Those in which nobody can confirm stand together, under what that means; and nobody's phase is made up."""
    html = som(scene.koordinator).get("/beredskap/forslag/nytt").get_data(as_text=True)
    kan, uten = html.split("I 1 kommune kan ingen bekrefte ennå.")
    assert f'value="{scene.kommune.id}"' in kan and "Ingen der kan bekrefte" not in kan
    assert (
        f'value="{scene.annen_kommune.id}"' in uten.split("</ul>")[0]
        and "Ingen der kan bekrefte ennå." in uten
    )
    assert "Ikke satt: regnes som fase 1" in kan and "Fase 1: Enkelttilfeller" not in html
    lag_fase(scene.kommune, 4)
    assert "Fase 4: Epidemitopp" in som(scene.koordinator).get("/beredskap/forslag/nytt").text


def test_forslaget_holder_seg_ferskt(scene: Scene, som: Som) -> None:
    """The page says where it is fetched from, and which part of it changes; the answer stands there at once."""
    id_ = foreslaa(scene.koordinator, scene.kommune.id)
    klient = som(scene.koordinator)
    adresse = f"/beredskap/forslag/{id_}"
    html = klient.get(adresse).text
    assert f'data-forhandling data-kilde="{adresse}"' in html
    forslag.bekreft(scene.kommuneoverlege, mottaker(id_, scene.kommune.id).id)
    del_ = klient.get(adresse).text.split('data-forhandlingsdel="svar"')[1]
    assert "Bekreftet: 1" in del_ and scene.kommuneoverlege.navn in del_


# --- the kriseledelse ------------------------------------------------------------------------------------


def test_administratoren_oppnevner_og_tar_ut(scene: Scene, som: Som) -> None:
    admin = som(lag_aktor(Rolle.ADMINISTRATOR, scene.kommune))
    assert "Ingen sitter i kriseledelsen" in tekst(admin.get("/beredskap/kriseledelse"))
    admin.post("/beredskap/kriseledelse", data={"medlemskap_id": str(scene.sykepleier.medlemskap_id)})
    side = admin.get("/beredskap/kriseledelse")
    assert scene.sykepleier.navn in tekst(side)
    assert som(scene.sykepleier).get("/beredskap/ny").status_code == 200
    admin.post(f"/beredskap/kriseledelse/{scene.sykepleier.medlemskap_id}/fjern")
    assert som(scene.sykepleier).get("/beredskap/ny").status_code == 403
    feil = admin.post("/beredskap/kriseledelse", data={"medlemskap_id": "hvem"})
    assert feil.status_code == 422
    assert (
        "Oppnevn"
        not in tekst(som(scene.kommuneoverlege).get("/beredskap/kriseledelse")).split("oppnevner.", 1)[1]
    )


# --- drills ----------------------------------------------------------------------------------------------


@pytest.fixture
def oevelse(scene: Scene) -> UUID:
    return oevelser.lag(
        scene.koordinator,
        navn="Øvelse Nord",
        til=now() + timedelta(hours=4),
        organisasjoner=[scene.kommune.id],
        fase=4,
        nivaa="roed",
    )


def test_en_oevelse_lages_i_skjemaet(scene: Scene, som: Som) -> None:
    hf = som(scene.koordinator)
    til = f"{oslo(now() + 3 * T):%Y-%m-%dT%H:%M}"
    feil = hf.post("/beredskap/oevelser/ny", data={"navn": "Nord", "til": "", "fase": "4", "nivaa": "roed"})
    assert feil.status_code == 422 and 'value="Nord"' in feil.get_data(as_text=True)
    svar = hf.post(
        "/beredskap/oevelser/ny",
        data={
            "navn": "Nord",
            "til": til,
            "fase": "3",
            "nivaa": "gul",
            "organisasjoner": str(scene.kommune.id),
        },
    )
    assert svar.status_code == 303
    side = tekst(hf.get(svar.headers["Location"]))
    assert "Nord" in side and "2 organisasjoner er med" in side
    assert "Nord" in tekst(som(scene.lege).get("/beredskap/oevelser"))


def test_banneret_staar_paa_hver_side_til_man_gaar_ut(scene: Scene, som: Som, oevelse: UUID) -> None:
    lege = som(scene.lege)
    assert "oevelseslinje" not in lege.get("/beredskap").get_data(as_text=True)
    assert lege.post(f"/beredskap/oevelser/{oevelse}/se").status_code == 303
    for adresse in ("/beredskap", "/henvendelser/", "/vakt", "/organisasjoner", "/finnes-ikke"):
        html = lege.get(adresse).get_data(as_text=True)
        assert "oevelseslinje" in html and "Øvelse Nord" in html, adresse
    side = tekst(lege.get("/beredskap"))
    assert "Spilt i øvelse" in side and "Fase 4: Epidemitopp" in side and "Virkelig: Fase 1" in side
    # Another browser of the same kommune sees what is real.
    assert "Fase 4" not in tekst(som(scene.kollega).get("/beredskap"))
    lege.post("/beredskap/oevelser/forlat")
    html = lege.get("/beredskap").get_data(as_text=True)
    assert "oevelseslinje" not in html and "Fase 4" not in html


def test_banneret_slutter_med_oevelsen(scene: Scene, som: Som, oevelse: UUID) -> None:
    lege = som(scene.lege)
    lege.post(f"/beredskap/oevelser/{oevelse}/se")
    oevelser.avslutt(scene.koordinator, oevelse)
    assert "oevelseslinje" not in lege.get("/beredskap").get_data(as_text=True)
    with lege.session_transaction() as kapsel:
        assert "oevelse" not in kapsel
    assert lege.post(f"/beredskap/oevelser/{oevelse}/se").status_code == 303
    assert "Øvelsen går ikke nå." in tekst(lege.get("/beredskap"))


def test_ingenting_virkelig_settes_mens_man_ser_paa_en_oevelse(scene: Scene, som: Som, oevelse: UUID) -> None:
    m = mottaker(foreslaa(scene.koordinator, scene.kommune.id), scene.kommune.id)
    overlege = som(scene.kommuneoverlege)
    overlege.post(f"/beredskap/oevelser/{oevelse}/se")
    for adresse, data in (
        ("/beredskap/faser", skjema()),
        ("/beredskap/ny", skjema()),
        (f"/beredskap/svar/{m.id}/bekreft", {}),
        (f"/beredskap/svar/{m.id}/avslaa", {}),
    ):
        svar = overlege.post(adresse, data=data)
        assert svar.status_code == 409 and "Du ser på en øvelse" in tekst(svar), adresse
    side = tekst(overlege.get("/beredskap"))
    assert "Gå ut av øvelsen for å svare." in side and "Bekreft" not in side and "Sett fase" not in side
    assert perioder(scene.kommune.id) == [] and mottaker(m.forslag_id, scene.kommune.id).svar == "venter"
    # The drill's own is played all the same.
    svar = overlege.post(
        f"/beredskap/oevelser/{oevelse}/spill",
        data={"organisasjon_id": str(scene.kommune.id), "fase": "5", "nivaa": "gul"},
    )
    assert svar.status_code == 303
    assert "Fase 5: Nedgang" in tekst(overlege.get("/beredskap"))
    overlege.post("/beredskap/oevelser/forlat")
    assert overlege.post(f"/beredskap/svar/{m.id}/bekreft").status_code == 303
    assert [p[0] for p in perioder(scene.kommune.id)] == [4]


def test_det_som_er_skrevet_foelger_med_ut_av_oevelsen(scene: Scene, som: Som, oevelse: UUID) -> None:
    """Nothing typed is lost by the refusal: it stands there, goes along out of the drill, and is sent once more."""
    overlege = som(scene.kommuneoverlege)
    overlege.post(f"/beredskap/oevelser/{oevelse}/se")
    inn = skjema(begrunnelse='Mange er syke:\r\n\r\n  «flere» <b>ventes</b> & "noen" er borte.')
    svar = overlege.post("/beredskap/ny", data=inn)
    assert svar.status_code == 409 and "&lt;b&gt;ventes" in svar.text and "FHI uke 10" in svar.text
    assert "<li>roed</li>" not in svar.text, "what nobody has written is not shown"
    assert perioder(scene.kommune.id) == []
    # Whichever of the ways out is taken, that of the red line over every page too.
    assert svar.text.count(f'action="{FORLAT}"') == svar.text.count('<textarea name="utkast"') == 2
    svar = overlege.post(FORLAT, data=Skjemaer(svar.text).skjemaer[FORLAT])
    assert svar.status_code == 200 and "Du er ute av øvelsen." in tekst(svar)
    assert "oevelseslinje" not in svar.text
    sendt = Skjemaer(svar.text).skjemaer["/beredskap/ny"]
    assert {k: v for k, v in sendt.items() if k != "csrf_token"} == inn
    svar = overlege.post("/beredskap/ny", data=sendt)
    assert svar.status_code == 303 and svar.headers["Location"].startswith("/avtaler/faseskifte")


def test_et_forslag_om_fase_og_en_avtale_beholdes_ogsaa(scene: Scene, som: Som, oevelse: UUID) -> None:
    """With a field that comes many times, and an address with a query: as it was sent."""
    foretaket = som(scene.koordinator)
    foretaket.post(f"/beredskap/oevelser/{oevelse}/se")
    kommuner = [str(scene.kommune.id), str(scene.annen_kommune.id)]
    svar = foretaket.post("/beredskap/forslag/nytt?fra=x", data={**skjema(), "organisasjoner": kommuner})
    assert svar.status_code == 409
    utkast = Skjemaer(svar.text).skjemaer[FORLAT]
    ut = foretaket.post(FORLAT, data=utkast).text
    assert 'action="/beredskap/forslag/nytt?fra=x"' in ut
    assert all(f"\n{k}</textarea>" in ut for k in kommuner)
    # An agreement's title; and a file, which cannot go along.
    foretaket.post(f"/beredskap/oevelser/{oevelse}/se")
    data = {"tittel": "Samarbeid om utskrivning", "fil": (BytesIO(b"PK"), "avtale.docx")}
    svar = foretaket.post("/avtaler/ny", data=data)
    assert svar.status_code == 409 and "Samarbeid om utskrivning" in svar.text
    assert "Fila følger ikke med" in svar.text
    utkast = Skjemaer(svar.text).skjemaer[FORLAT]
    assert "Fila følger ikke med" in foretaket.post(FORLAT, data=utkast).text


def test_en_knapp_et_program_og_et_tuklet_utkast(scene: Scene, som: Som, oevelse: UUID) -> None:
    foretaket = som(scene.koordinator)
    foretaket.post(f"/beredskap/oevelser/{oevelse}/se")
    # Nothing was written: the page that says so, and no form to send without looking again.
    svar = foretaket.post(f"/avtaler/{uuid4()}/forkast", data={"lest": "0a" * 32})
    assert svar.status_code == 409 and "i_oevelse" in svar.text and "utkast" not in svar.text
    svar = foretaket.post("/avtaler/ny", data={"tittel": "Ny avtale"}, headers={"Accept": "application/json"})
    assert svar.status_code == 409 and svar.json["kode"] == "i_oevelse"
    stor = foretaket.post("/avtaler/ny", data={"tittel": "Å " * 60_000})
    assert stor.status_code == 409 and "i_oevelse" in stor.text
    # What the browser carries is of no account but to who carries it, and leads nowhere else.
    for tull in ("", "x", "[]", "{}", '{"maal": "/", "felter": [1], "fil": 0}', "[" * 5000):
        assert foretaket.post("/beredskap/oevelser/forlat", data={"utkast": tull}).status_code == 303
    ute = '{"maal": "//ond.example/", "felter": [["<x>", "</textarea><script>"]], "fil": false}'
    side = foretaket.post("/beredskap/oevelser/forlat", data={"utkast": ute}).text
    assert "ond.example" not in side and "<script>" not in side.split("<main", 1)[1].split("</main>")[0]


def test_en_henvendelse_stoppes_aldri_av_en_oevelse(scene: Scene, som: Som, oevelse: UUID) -> None:
    lege = som(scene.lege)
    lege.post(f"/beredskap/oevelser/{oevelse}/se")
    assert lege.post("/henvendelser/ny", data={}).status_code == 422
    assert lege.post("/spraak", data={"spraak": "nn", "neste": "/"}).status_code in (302, 303)


def test_en_fremmed_oevelse_finnes_ikke(scene: Scene, som: Som, oevelse: UUID) -> None:
    fremmed = som(scene.fremmed_lege)
    for svar in (
        fremmed.get(f"/beredskap/oevelser/{oevelse}"),
        fremmed.post(f"/beredskap/oevelser/{oevelse}/se"),
        fremmed.post(f"/beredskap/oevelser/{oevelse}/avslutt"),
        fremmed.post(f"/beredskap/oevelser/{oevelse}/inviter", data={"organisasjoner": str(scene.hf.id)}),
    ):
        assert svar.status_code == 404
    with fremmed.session_transaction() as kapsel:
        kapsel["oevelse"] = str(oevelse)
    assert "oevelseslinje" not in fremmed.get("/beredskap").get_data(as_text=True)


# --- programs --------------------------------------------------------------------------------------------


def test_fasen_som_json(scene: Scene, som: Som, oevelse: UUID) -> None:
    klient = som(scene.spesialist)
    adresse = f"/api/v1/beredskap/{scene.kommune.id}"
    assert klient.get(adresse).get_json()["satt"] is False
    sett(scene.kommuneoverlege, 3, "gul")
    sett(scene.kommuneoverlege, 4, fra=now() + DAG)
    klient.post(f"/beredskap/oevelser/{oevelse}/se")
    kropp = klient.get(adresse).get_json()
    assert (kropp["fase"], kropp["nivaa"], kropp["satt"], kropp["kilde"]) == (3, "gul", True, "FHI uke 10")
    assert kropp["fra"].endswith("+00:00") and [p["fase"] for p in kropp["planlagt"]] == [4]
    assert "begrunnelse" not in kropp
    assert klient.get(f"{adresse}?x=1").status_code == 422
    assert klient.get(f"/api/v1/beredskap/{UUID(int=3)}").status_code == 404


def test_et_medlem_av_kriseledelsen_ser_tallet_i_menyen(scene: Scene, som: Som) -> None:
    foreslaa(scene.koordinator, scene.kommune.id)
    # A physician reads the phase where it is used: no entry in the menu, but the page is open.
    html = som(scene.lege).get("/organisasjoner").get_data(as_text=True)
    assert 'href="/beredskap"' not in html
    i_kriseledelsen(scene.lege)
    assert 'class="hovedmeny__antall">1<' in som(scene.lege).get("/beredskap").get_data(as_text=True)
