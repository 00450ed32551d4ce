"""The administrator's pages for people: who is shown, what may be done, and what nobody is told."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from portal.core.aktor import Aktor, Rolle
from portal.core.clock import now, som_om
from portal.core.db import db, transactional
from portal.core.errors import UgyldigData
from portal.identitet import access, roller, steps
from portal.identitet.models import Engangslenke, Medlemskap, Person
from portal.identitet.roller import Rolleoppdrag, Tilstand
from portal.identitet.service import folkeendring, personer
from portal.varsler.models import Utsending
from tests.bygg import Opptak, Scene, lag_aktor, lag_medlemskap, lag_person
from tests.identitet.hjelp import SYSTEM, gi_passord, logg_inn_uten_passord, revisjon

Som = Callable[[Aktor], FlaskClient]


@pytest.fixture
def admin(scene: Scene, som: Som) -> FlaskClient:
    """A browser of the hospital's administrator."""
    return som(scene.administrator)


def finn(epost: str) -> Person | None:
    db.session.rollback()
    db.session.expire_all()
    return db.session.scalars(sa.select(Person).where(Person.epost == epost)).one_or_none()


def rolle_av(person_id: UUID | None) -> Medlemskap:
    db.session.rollback()
    db.session.expire_all()
    return db.session.scalars(sa.select(Medlemskap).where(Medlemskap.person_id == person_id)).one()


def navn_i(side: str) -> list[str]:
    return re.findall(r'folkeliste__navn" href="[^"]*">([^<]+)<', side)


NY = {"navn": "Láilá Øvergård", "epost": "Laila@Eksempel.example", "rolle": "koordinator"}

# --- the list --------------------------------------------------------------------------------------------


def test_lista_viser_bare_egne(scene: Scene, admin: FlaskClient) -> None:
    svar = admin.get("/folk")
    assert svar.status_code == 200
    navn = navn_i(svar.text)
    assert "Siri Spesialist" in navn and len(navn) == 7
    for fremmed in ("Ingrid Lege", "Kari Kollega"):
        assert fremmed not in svar.text
    assert 'href="/folk"' in svar.text, "in the menu"
    assert f"/organisasjoner/{scene.hf.id}" in svar.text, "units and telephone numbers are one step away"
    assert 'href="/folk"' not in admin.application.test_client().get("/innlogging").text


def test_menyen_er_for_administratorer(scene: Scene, som: Som) -> None:
    assert 'href="/folk"' in som(scene.systemadministrator).get("/organisasjoner").text
    for hvem in (scene.lege, scene.koordinator, scene.vaktleder, scene.innsyn):
        assert 'href="/folk"' not in som(hvem).get("/organisasjoner").text


@pytest.mark.parametrize(
    "hvem", ["lege", "kommuneoverlege", "sykepleier", "spesialist", "vaktleder", "koordinator", "innsyn"]
)
def test_andre_roller_slipper_ikke_inn(scene: Scene, som: Som, hvem: str) -> None:
    klient, offer = som(getattr(scene, hvem)), scene.spesialist
    for adresse in ("/folk", "/folk/ny", "/folk/import", "/folk/import/mal", f"/folk/{offer.person_id}"):
        assert klient.get(adresse).status_code == 403, adresse
    for adresse in (
        *(
            "ny",
            "import",
            f"{offer.person_id}/steng",
            f"{offer.person_id}/aapne",
            f"{offer.person_id}/inviter",
        ),
        *(f"{offer.person_id}/{x}" for x in ("opplysninger", "roller", "totrinn", "logg-ut")),
        *(f"{offer.person_id}/roller/{offer.medlemskap_id}/{x}" for x in ("avslutt", "sluttdato")),
    ):
        assert klient.post(f"/folk/{adresse}", data=NY).status_code == 403, adresse
    assert {r.utfall for r in revisjon("identitet.gi_roller")} == {"avslag"}
    assert rolle_av(offer.person_id).gyldig_til is None


def test_andres_folk_finnes_ikke(scene: Scene, admin: FlaskClient) -> None:
    for offer in (scene.fremmed_spesialist, scene.lege):
        person, rolle = offer.person_id, offer.medlemskap_id
        assert admin.get(f"/folk/{person}").status_code == 404
        for hva in ("steng", "aapne", "inviter", "totrinn", "logg-ut", "opplysninger", "roller",
                    f"roller/{rolle}/avslutt", f"roller/{rolle}/sluttdato"):  # fmt: skip
            assert admin.post(f"/folk/{person}/{hva}", data={**NY, "til": ""}).status_code == 404, hva
        # Nor by way of one of one's own people.
        assert admin.post(f"/folk/{scene.kirurg.person_id}/roller/{rolle}/avslutt").status_code == 404
        assert rolle_av(person).gyldig_til is None
    annet = scene.annet_hf.id
    assert admin.get(f"/folk?organisasjon={annet}").status_code == 403
    assert admin.post("/folk/ny", data={**NY, "organisasjon": str(annet)}).status_code == 403
    mellom = f"/folk/{scene.kirurg.person_id}/roller/{scene.spesialist.medlemskap_id}"
    assert admin.post(f"{mellom}/avslutt").status_code == 404, "another person's role"
    assert admin.post(f"{mellom}/sluttdato", data={"til": ""}).status_code == 404
    assert admin.get(f"/folk/{uuid4()}").status_code == 404


def test_systemadministrator_velger_organisasjon(scene: Scene, som: Som) -> None:
    klient = som(scene.systemadministrator)
    assert "Siri Spesialist" in navn_i(klient.get("/folk").text)
    side = klient.get(f"/folk?organisasjon={scene.kommune.id}").text
    assert "Ingrid Lege" in navn_i(side) and "Siri Spesialist" not in navn_i(side)
    lenke = re.search(r'folkeliste__navn" href="([^"]+)">Ingrid Lege', side)
    assert lenke and f"organisasjon={scene.kommune.id}" in lenke[1]
    assert klient.get(lenke[1]).status_code == 200
    # Without the organisation: where the person has a role.
    assert "Guovdageaidnu" in klient.get(f"/folk/{scene.lege.person_id}").text
    data = {**NY, "rolle": "systemadministrator", "organisasjon": str(scene.kommune.id)}
    assert klient.post("/folk/ny", data=data).status_code == 303
    ny = finn("laila@eksempel.example")
    assert ny and rolle_av(ny.id).organisasjon_id == scene.kommune.id


def test_tilstander_og_utvalg(scene: Scene, admin: FlaskClient) -> None:
    gi_passord(scene.spesialist.person_id or uuid4())
    personer.sett_aktiv(scene.administrator, scene.kirurg.person_id or uuid4(), False)
    slutt = lag_person("Gamle Erik")
    lag_medlemskap(slutt, Rolle.KOORDINATOR, scene.hf, til=now() - timedelta(days=1))
    db.session.rollback()

    @transactional
    def inviter() -> None:
        steps.inviter(SYSTEM, db.session.get_one(Person, scene.spesialist2.person_id))

    inviter()
    venter = {
        Tilstand.AKTIV: {scene.spesialist.navn},
        Tilstand.STENGT: {scene.kirurg.navn},
        Tilstand.INVITERT: {scene.spesialist2.navn},
        Tilstand.UTEN_ROLLE: {"Gamle Erik"},
    }
    for tilstand, navn in venter.items():
        side = admin.get(f"/folk?tilstand={tilstand}").text
        assert set(navn_i(side)) == navn, tilstand
        merke = re.findall(r'<span class="ds-tag" data-color="\w+"><svg.*?</svg>([^<]+)</span>', side)
        with admin.application.test_request_context():
            from portal.core.web import etikett

            assert merke == [etikett("persontilstand", tilstand)]
    assert len(navn_i(admin.get("/folk?tilstand=ikke_invitert").text)) == 4
    alle = navn_i(admin.get("/folk?tilstand=alle").text)
    assert "Gamle Erik" in alle and "Gamle Erik" not in navn_i(admin.get("/folk").text)
    assert navn_i(admin.get("/folk?sok=gamle").text) == ["Gamle Erik"]
    assert navn_i(admin.get("/folk?rolle=vaktleder").text) == [scene.vaktleder.navn]
    for galt in ("rolle=x", "tilstand=x", "side=0", "enhet=x", "organisasjon=x", "ukjent=1"):
        assert admin.get(f"/folk?{galt}").status_code == 422, galt
    assert "Ingen passer" in admin.get("/folk?sok=xyzzy").text


def test_soek_enhet_sider_og_rekkefoelge(scene: Scene, som: Som) -> None:
    admin = som(lag_aktor(Rolle.ADMINISTRATOR, scene.kommune, navn="Aa Først"))
    assert set(navn_i(admin.get(f"/folk?enhet={scene.annen_enhet.id}").text)) == {scene.annen_lege.navn}
    for n in range(60):
        lag_medlemskap(
            lag_person(f"Åge {n:02}", epost=f"aage{n}@eksempel.example"), Rolle.HELSEPERSONELL, scene.kommune
        )
    lag_medlemskap(lag_person("Ćelot Žižá"), Rolle.HELSEPERSONELL, scene.kommune)
    side = admin.get("/folk?sok=åge").text
    navn = navn_i(side)
    assert navn == [f"Åge {n:02}" for n in range(50)]
    neste = re.search(r'rel="next" href="([^"]+)"', side)
    assert neste and len(navn_i(admin.get(neste[1].replace("&amp;", "&")).text)) == 10
    assert navn_i(admin.get("/folk?sok=celot ziza").text) == ["Ćelot Žižá"]
    assert navn_i(admin.get("/folk?sok=aage33").text) == ["Åge 33"]
    assert navn_i(admin.get("/folk").text)[0] == "Aa Først"


def test_slutter_snart_merkes(scene: Scene, admin: FlaskClient) -> None:
    lag_medlemskap(lag_person("Snart Slutt"), Rolle.KOORDINATOR, scene.hf, til=now() + timedelta(days=29))
    lag_medlemskap(lag_person("Lenge Igjen"), Rolle.KOORDINATOR, scene.hf, til=now() + timedelta(days=40))
    rader = admin.get("/folk").text.split('class="folkeliste__rad"')
    (snart,) = [r for r in rader if "Snart Slutt" in r]
    (lenge,) = [r for r in rader if "Lenge Igjen" in r]
    assert "Slutter " in snart and 'data-color="warning"><svg' in snart.split("folkeliste__tilstand")[0]
    assert "Til og med " in lenge and "Slutter " not in lenge


def test_innlogging_et_annet_sted_fortelles_ikke(scene: Scene, admin: FlaskClient) -> None:
    person = lag_person("To Steder")
    her = lag_medlemskap(person, Rolle.KOORDINATOR, scene.hf)
    der = lag_medlemskap(person, Rolle.KOORDINATOR, scene.annet_hf)
    logg_inn_uten_passord(person, der)
    assert "Har ikke logget inn her" in admin.get(f"/folk/{person.id}").text
    assert scene.annet_hf.navn not in admin.get(f"/folk/{person.id}").text.split("<main")[1]
    logg_inn_uten_passord(person, her)
    assert "Har ikke logget inn her" not in admin.get(f"/folk/{person.id}").text


# --- a new person ----------------------------------------------------------------------------------------


def test_ny_person_inviteres_og_lenken_vises_en_gang(scene: Scene, admin: FlaskClient) -> None:
    svar = admin.post(
        "/folk/ny",
        data={**NY, "rolle": "spesialist", "fagomraader": ["geriatri", "kirurgi"], "telefon": "78 42 10 00",
              "hpr_nummer": "1234567", "inviter": "1"},
    )  # fmt: skip
    assert svar.status_code == 200
    lenke = re.search(r'value="(https?://[^"]+/lenke/([^"]+))"', svar.text)
    assert lenke and "Kopier lenken" in svar.text
    person = finn("laila@eksempel.example")
    assert person and (person.navn, person.hpr_nummer, person.passord_hash) == (
        "Láilá Øvergård",
        "1234567",
        None,
    )
    assert rolle_av(person.id).fagomraader == {"geriatri", "kirurgi"}
    rad = db.session.scalars(sa.select(Engangslenke)).one()
    assert rad.token_hash == steps.hash_token(lenke[2])
    post = db.session.scalars(sa.select(Utsending)).one()
    assert post.til == "laila@eksempel.example" and lenke[1] in post.tekst
    assert lenke[2] not in admin.get(f"/folk/{person.id}").text
    assert lenke[2] not in repr([(r.handling, r.detaljer) for r in revisjon("person.invitert")])
    apen = admin.application.test_client().get(f"/lenke/{lenke[2]}")
    assert apen.status_code == 200


def test_ny_person_uten_invitasjon(scene: Scene, admin: FlaskClient) -> None:
    svar = admin.post("/folk/ny", data=NY)
    assert svar.status_code == 303
    assert "Láilá Øvergård er lagt til." in admin.get(svar.location).text
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Utsending)) == 0


def test_feil_i_skjemaet_sies_samlet_og_ingenting_lagres(scene: Scene, admin: FlaskClient) -> None:
    data = {"navn": " ", "epost": "tull", "telefon": "ring", "hpr_nummer": "12", "rolle": "spesialist",
            "fra": "", "til": ""}  # fmt: skip
    svar = admin.post("/folk/ny", data=data)
    assert svar.status_code == 422
    for felt in ("navn", "epost", "telefon", "hpr_nummer", "fagomraader"):
        assert f'href="#{felt}"' in svar.text, felt
    assert 'value="tull"' in svar.text
    for galt in (
        {"rolle": "systemadministrator"},
        {"rolle": "lege_kommune"},
        {"rolle": "tull"},
        {"rolle": ""},
        {"enhet": str(scene.enhet.id)},
        {"fagomraader": "geriatri"},
        {"til": "2020-01-01"},
        {"til": "31.02.2030"},
        {"fra": "2030-01-02", "til": "2030-01-01"},
        {"ukjent": "1"},
    ):
        kode = 403 if galt == {"rolle": "systemadministrator"} else 422
        assert admin.post("/folk/ny", data={**NY, **galt}).status_code == kode, galt
    assert finn("laila@eksempel.example") is None


def test_adresse_i_bruk_et_annet_sted(scene: Scene, admin: FlaskClient) -> None:
    fremmed = db.session.get_one(Person, scene.fremmed_spesialist.person_id)
    fremmed_epost, fremmed_navn = fremmed.epost, fremmed.navn
    data = {**NY, "epost": fremmed_epost.upper(), "inviter": "1", "hpr_nummer": "7654321"}
    svar = admin.post("/folk/ny", data=data)
    assert svar.status_code == 409 and "E-postadressen er i bruk" in svar.text
    assert (
        fremmed_navn not in svar.text
        and str(fremmed.id) not in svar.text
        and "Annet sykehus" not in svar.text
    )
    # The offer counts for the address it was made for, and no other.
    annen = finn(db.session.get_one(Person, scene.lege.person_id).epost)
    assert annen
    assert admin.post("/folk/ny", data={**data, "bruk_eksisterende": annen.epost}).status_code == 409
    assert admin.post("/folk/ny", data={**data, "bruk_eksisterende": fremmed_epost}).status_code == 303
    db.session.rollback()
    roller_ = {
        m.organisasjon_id
        for m in db.session.scalars(sa.select(Medlemskap).where(Medlemskap.person_id == fremmed.id))
    }
    assert roller_ == {scene.hf.id, scene.annet_hf.id}
    igjen = finn(fremmed_epost)
    assert igjen and (igjen.navn, igjen.hpr_nummer) == (fremmed_navn, None), "what is theirs stays as it is"
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Engangslenke)) == 0
    # Now the person is of this house: the page links to her, and says why she is out of reach.
    svar = admin.post("/folk/ny", data=data)
    assert svar.status_code == 409 and f"/folk/{fremmed.id}" in svar.text
    side = admin.get(f"/folk/{fremmed.id}").text
    assert "rolle et annet sted" in side and "Annet sykehus" not in side
    opplysninger = {"navn": "Nytt", "epost": fremmed_epost}
    for hva in ("steng", "inviter", "totrinn", "logg-ut"):
        assert f"/folk/{fremmed.id}/{hva}" not in side
        assert admin.post(f"/folk/{fremmed.id}/{hva}").status_code == 403, hva
    assert admin.post(f"/folk/{fremmed.id}/opplysninger", data=opplysninger).status_code == 403
    dobbelt = admin.post("/folk/ny", data={**data, "bruk_eksisterende": fremmed_epost})
    assert dobbelt.status_code == 422 and "har denne rollen" in dobbelt.text


def test_opptatt_hpr_nummer(scene: Scene, admin: FlaskClient) -> None:
    lag_person("Noen Andre", hpr_nummer="7654321")
    svar = admin.post("/folk/ny", data={**NY, "hpr_nummer": "7654321"})
    assert svar.status_code == 409 and 'href="#hpr_nummer"' in svar.text and "Noen Andre" not in svar.text
    assert finn("laila@eksempel.example") is None


# --- dates -----------------------------------------------------------------------------------------------


def test_til_og_med_er_hele_dagen_i_oslo(scene: Scene, admin: FlaskClient) -> None:
    aar = now().year + 1
    data = {**NY, "fra": f"{aar}-03-01", "til": f"31.10.{aar}"}
    assert admin.post("/folk/ny", data=data).status_code == 303
    person = finn("laila@eksempel.example")
    assert person
    m = rolle_av(person.id)
    # Winter time on both days; in summer Oslo is two hours ahead.
    assert (m.gyldig_fra, m.gyldig_til) == (
        datetime(aar, 2, 28, 23, tzinfo=UTC) if aar % 4 else datetime(aar, 2, 29, 23, tzinfo=UTC),
        datetime(aar, 10, 31, 23, tzinfo=UTC),
    )
    side = admin.get(f"/folk/{person.id}").text
    assert f"31. okt. {aar}" in side and f'value="{aar}-10-31"' in side


def test_dager() -> None:
    naa = datetime(2026, 6, 15, 22, 30, tzinfo=UTC)  # 00:30 the next day in Oslo
    assert roller.slutter(date(2026, 6, 16), naa) == datetime(2026, 6, 16, 22, tzinfo=UTC)
    with pytest.raises(UgyldigData):
        roller.slutter(date(2026, 6, 15), naa)
    assert roller.begynner(date(2026, 1, 1), naa) == naa
    assert roller.begynner(date(2026, 12, 1), naa) == datetime(2026, 11, 30, 23, tzinfo=UTC)
    assert roller.siste_dag(datetime(2026, 6, 16, 22, tzinfo=UTC)) == date(2026, 6, 16)
    assert roller.siste_dag(None) is None


def test_rollen_slutter_av_seg_selv(scene: Scene) -> None:
    opp = folkeendring.oppdrag(
        scene.hf, rolle=Rolle.KOORDINATOR, enhet=None, fagomraader=(), fra="", til=_iso(3)
    )
    person = folkeendring.legg_til(scene.administrator, opp, navn="Vikar", epost="vikar@eksempel.example")
    assert len(steps.gyldige_medlemskap(person.person_id)) == 1
    with som_om(now() + timedelta(days=5)):
        assert steps.gyldige_medlemskap(person.person_id) == []


def _iso(dager: int) -> str:
    return (now() + timedelta(days=dager)).date().isoformat()


# --- changes ---------------------------------------------------------------------------------------------


def test_endre_opplysninger(scene: Scene, admin: FlaskClient) -> None:
    id_ = scene.spesialist.person_id
    epost = db.session.get_one(Person, id_).epost
    ny = {"navn": "Siri  Nytt-Navn", "epost": epost, "telefon": "+47 900 00 000", "hpr_nummer": "1234567"}
    assert admin.post(f"/folk/{id_}/opplysninger", data=ny).status_code == 303
    person = finn(epost)
    assert person and (person.navn, person.telefon, person.hpr_nummer) == (
        "Siri Nytt-Navn",
        "+47 900 00 000",
        "1234567",
    )
    assert len(revisjon("person.endret")) == 1
    assert admin.post(f"/folk/{id_}/opplysninger", data=ny).status_code == 303
    assert len(revisjon("person.endret")) == 1, "nothing has changed"
    galt = admin.post(f"/folk/{id_}/opplysninger", data={**ny, "telefon": "ring"})
    assert galt.status_code == 422 and 'value="ring"' in galt.text and "<details" in galt.text
    opptatt = admin.post(
        f"/folk/{scene.kirurg.person_id}/opplysninger", data={**ny, "epost": "k@eksempel.example"}
    )
    assert opptatt.status_code == 409


def test_to_som_retter_til_samme_hpr_nummer_samtidig(
    scene: Scene, admin: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database judges last: who was second is told how to go on, and what was typed stands."""
    a, b = (lag_person(f"Person {n}", epost=f"{n}@eksempel.example") for n in "ab")
    for p in (a, b):
        lag_medlemskap(p, Rolle.SPESIALIST, scene.hf, fag=("geriatri",))
    data = {"telefon": "", "hpr_nummer": "1234567"}
    assert (
        admin.post(f"/folk/{a.id}/opplysninger", data={**data, "navn": a.navn, "epost": a.epost}).status_code
        == 303
    )
    monkeypatch.setattr("portal.identitet.steps.krev_ledig_hpr", lambda *_: None)
    svar = admin.post(f"/folk/{b.id}/opplysninger", data={**data, "navn": "Nytt navn", "epost": b.epost})
    side = svar.get_data(as_text=True)
    assert svar.status_code == 409 and "samtidig" in side and 'value="Nytt navn"' in side


def test_adressen_rettes_bare_foer_foerste_passord(scene: Scene, admin: FlaskClient) -> None:
    svar = admin.post("/folk/ny", data={**NY, "epost": "feil@eksempel.example", "inviter": "1"})
    assert svar.status_code == 200
    person = finn("feil@eksempel.example")
    assert person
    data = {"navn": person.navn, "epost": "rett@eksempel.example", "telefon": "", "hpr_nummer": ""}
    tatt = db.session.get_one(Person, scene.lege.person_id).epost
    assert admin.post(f"/folk/{person.id}/opplysninger", data={**data, "epost": tatt}).status_code == 409
    assert admin.post(f"/folk/{person.id}/opplysninger", data=data).status_code == 303
    db.session.rollback()
    db.session.expire_all()
    assert db.session.scalars(sa.select(Engangslenke)).one().trukket is not None, "the letter went astray"
    gi_passord(person.id)
    svar = admin.post(f"/folk/{person.id}/opplysninger", data={**data, "epost": "tredje@eksempel.example"})
    assert svar.status_code == 422 and finn("tredje@eksempel.example") is None


def test_gi_endre_og_avslutte_rolle(scene: Scene, admin: FlaskClient, opptak: Opptak) -> None:
    id_ = scene.kirurg.person_id
    data = {"rolle": "vaktleder", "fra": "", "til": ""}
    assert admin.post(f"/folk/{id_}/roller", data=data).status_code == 303
    dobbelt = admin.post(f"/folk/{id_}/roller", data=data)
    assert dobbelt.status_code == 422 and "har denne rollen" in dobbelt.text
    # Whoever ends the one may have the other follow it.
    m = scene.kirurg.medlemskap_id
    sluttdato = f"/folk/{id_}/roller/{m}/sluttdato"
    assert admin.post(sluttdato, data={"til": _iso(10)}).status_code == 303
    db.session.rollback()
    assert roller.siste_dag(db.session.get_one(Medlemskap, m).gyldig_til) is not None
    galt = admin.post(sluttdato, data={"til": "2020-01-01"})
    assert galt.status_code == 422 and f'href="#til-{m}"' in galt.text and f'id="til-{m}-feil"' in galt.text
    assert admin.post(sluttdato, data={"til": ""}).status_code == 303
    db.session.rollback()
    db.session.expire_all()
    assert db.session.get_one(Medlemskap, m).gyldig_til is None
    assert admin.post(f"/folk/{id_}/roller/{m}/avslutt").status_code == 303
    assert "Tidligere roller" in admin.get(f"/folk/{id_}").text
    assert admin.post(sluttdato, data={"til": _iso(10)}).status_code == 422, "what has ended stays so"
    assert len(revisjon("medlemskap.sluttdato_endret")) == 2
    assert len(steps.gyldige_medlemskap(id_ or uuid4())) == 1


def test_etter_hverandre_er_ikke_det_samme(scene: Scene) -> None:
    person = lag_person()
    lag_medlemskap(person, Rolle.KOORDINATOR, scene.hf, til=now() + timedelta(days=10))
    senere = Rolleoppdrag(scene.hf.id, Rolle.KOORDINATOR, gyldig_fra=now() + timedelta(days=10))
    assert folkeendring.gi_rolle(scene.administrator, person.id, senere)
    with pytest.raises(UgyldigData):
        folkeendring.gi_rolle(
            scene.administrator,
            person.id,
            Rolleoppdrag(scene.hf.id, Rolle.KOORDINATOR, gyldig_til=now() + timedelta(days=1)),
        )


def test_ingen_stenger_seg_selv_ute(scene: Scene, admin: FlaskClient) -> None:
    meg, m = scene.administrator.person_id, scene.administrator.medlemskap_id
    side = admin.get(f"/folk/{meg}").text
    assert f"/folk/{meg}/steng" not in side and f"/roller/{m}/avslutt" not in side
    assert admin.post(f"/folk/{meg}/steng").status_code == 422
    assert admin.post(f"/folk/{meg}/roller/{m}/avslutt").status_code == 422
    assert admin.post(f"/folk/{meg}/roller/{m}/sluttdato", data={"til": _iso(1)}).status_code == 422
    assert admin.get("/folk").status_code == 200


def test_administrator_roerer_ikke_systemadministratoren(scene: Scene, admin: FlaskClient) -> None:
    over, m = scene.systemadministrator.person_id, scene.systemadministrator.medlemskap_id
    side = admin.get(f"/folk/{over}").text
    assert "Personen er systemadministrator" in side and f"/roller/{m}/avslutt" not in side
    for hva in ("steng", f"roller/{m}/avslutt", "inviter"):
        assert admin.post(f"/folk/{over}/{hva}").status_code == 403, hva
    assert 'value="systemadministrator"' not in admin.get("/folk/ny").text


def test_uten_rolle_gis_en_ny(scene: Scene, admin: FlaskClient) -> None:
    person = lag_person("Kom Tilbake", telefon="900 00 000")
    lag_medlemskap(person, Rolle.KOORDINATOR, scene.hf, til=now() - timedelta(days=1))
    side = admin.get(f"/folk/{person.id}").text
    assert "ingen rolle som gjelder" in side and "900 00 000" not in side
    assert admin.post(f"/folk/{person.id}/steng").status_code == 403
    assert admin.post(f"/folk/{person.id}/roller", data={"rolle": "koordinator"}).status_code == 303
    assert admin.post(f"/folk/{person.id}/steng").status_code == 303


def test_hindrene(scene: Scene) -> None:
    person = lag_person()
    assert access.hinder(scene.administrator, person) == access.Hinder.UTEN_ROLLE
    lag_medlemskap(person, Rolle.KOORDINATOR, scene.hf)
    assert access.hinder(scene.administrator, person) is None
    assert access.hinder(scene.vaktleder, person) == access.Hinder.IKKE_ADMINISTRATOR
    lag_medlemskap(person, Rolle.KOORDINATOR, scene.annet_hf, fra=now() + timedelta(days=1))
    assert access.hinder(scene.administrator, person) == access.Hinder.ANNET_STED
    assert access.hinder(scene.systemadministrator, person) is None
