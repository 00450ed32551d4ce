"""The roster pages, as a browser without JavaScript meets them: what they show, keep and refuse."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from portal.core.aktor import Aktor, Rolle
from portal.core.clock import now, oslo, som_om
from portal.core.db import db, transactional
from portal.identitet.models import Medlemskap, Person
from portal.vakt.models import Fravaer, Nivaa, Rotasjon, Vakt, Vaktbytte, Vaktplan, Vakttelefon
from portal.vakt.routes.felles import feltverdi, ukenavn
from portal.vakt.service import bytte, fravaer, vakter
from portal.varsler.models import Kanal
from tests.bygg import Scene, lag_aktor, lag_medlemskap, setninger, som_aktor
from tests.skjemaer import Skjemaer
from tests.vakt.hjelp import lag_fravaer
from tests.vakthjelp import lag_kanal, lag_vakt, lag_vaktplan, lag_vakttelefon

Klient = Callable[[Aktor], FlaskClient]


@pytest.fixture
def plan(scene: Scene) -> Vaktplan:
    return lag_vaktplan(scene.hf.id)


def om_timer(timer: float) -> datetime:
    return now().replace(minute=0, second=0, microsecond=0) + timedelta(hours=timer)


def skjema(aktor: Aktor, fra: datetime, til: datetime, **mer: str) -> dict[str, str]:
    return {"medlemskap_id": str(aktor.medlemskap_id), "fra": feltverdi(fra), "til": feltverdi(til), **mer}


def holder() -> list[Vakt]:
    """The shifts that hold, by time, as the database has them now."""
    db.session.rollback()
    db.session.expire_all()
    return list(db.session.scalars(sa.select(Vakt).where(Vakt.avlyst.is_(None)).order_by(Vakt.fra)))


def tekst(svar: str) -> str:
    """What a page says, without its markup."""
    return " ".join(re.sub(r"<[^>]+>", " ", svar).split())


# --- now -------------------------------------------------------------------------------------------------


def test_forsiden_sier_hvem_som_har_vakt(som: Klient, scene: Scene, plan: Vaktplan) -> None:
    vakt = lag_vakt(plan, scene.spesialist)
    lag_vakttelefon(plan, Nivaa.BAKVAKT, "+4790000055")
    klient = som(scene.spesialist2)
    side = klient.get("/vakt").text
    assert f'href="/vakt/vakter/{vakt.id}"' in side and "Siri Spesialist" in side
    assert 'href="tel:+4790000055"' in side and "Ingen har vakt" in tekst(side)
    # Nobody has shown that the one on call can be woken; then somebody has.
    assert "Varslene er ikke prøvd" in side
    lag_kanal(scene.spesialist, Kanal.PUSH, "https://push.example/x")
    assert "Varslene er ikke prøvd" not in klient.get("/vakt").text


def test_forsiden_koster_det_samme_for_mange_planer(som: Klient, scene: Scene, plan: Vaktplan) -> None:
    lag_vakt(plan, scene.spesialist)
    klient = som(scene.koordinator)
    klient.get("/vakt")
    antall = setninger(lambda: klient.get("/vakt"))
    for fag in ("geriatri", "kirurgi", "ortopedi", "nevrologi"):
        lag_vakt(
            lag_vaktplan(scene.hf.id, fag), lag_aktor(Rolle.SPESIALIST, scene.hf, fag=(fag,), navn=f"I {fag}")
        )
    assert setninger(lambda: klient.get("/vakt")) <= antall
    side = tekst(klient.get("/vakt").text)
    assert all(f"I {fag}" in side for fag in ("geriatri", "kirurgi", "ortopedi", "nevrologi"))


def test_ta_vakten_naa(som: Klient, scene: Scene, plan: Vaktplan) -> None:
    lag_vakt(plan, scene.spesialist)
    klient = som(scene.spesialist2)
    assert "Ta vakten nå" in klient.get("/vakt").text
    # First from whom, and until when; nothing is taken by looking.
    adresse = f"/vakt/planer/{plan.id}/ta"
    side = klient.get(f"{adresse}?nivaa=vakthavende").text
    assert "Ta vakten fra Siri Spesialist" in side and holder()[-1].person_id == scene.spesialist.person_id
    felt = dict(re.findall(r'name="(nivaa|fra_vakt_id|til)" value="([^"]*)"', side))
    assert klient.post(adresse, data={"nivaa": "vakthavende"}).status_code == 422
    svar = klient.post(adresse, data=felt, follow_redirects=True)
    assert svar.status_code == 200 and "Du har vakten som vakthavende" in svar.text
    assert holder()[-1].person_id == scene.spesialist2.person_id
    # Who cannot have it is not offered it, and is refused.
    assert "Gi vakten tilbake til Siri Spesialist" in svar.text
    kirurg = som(scene.kirurg)
    assert "Ta vakten nå" not in kirurg.get("/vakt").text
    assert kirurg.get(f"{adresse}?nivaa=vakthavende").status_code == 403
    assert kirurg.post(adresse, data=felt).status_code == 403
    # One's own list offers it too; the list of who may not have it, or of who has it in another role, does not.
    vakt_id = holder()[-1].id
    gi_tilbake = f"/vakt/vakter/{vakt_id}/gi-tilbake"
    mine = klient.get("/vakt/mine").text
    assert "Gi vakten tilbake til Siri Spesialist" in mine and gi_tilbake in Skjemaer(mine).skjemaer
    assert "Gi vakten tilbake" not in som(scene.spesialist).get("/vakt/mine").text
    assert scene.spesialist2.person_id
    person = db.session.get_one(Person, scene.spesialist2.person_id)
    m = lag_medlemskap(person, Rolle.SPESIALIST, scene.annet_hf)
    annen_rolle = som(som_aktor(person, m, scene.annet_hf)).get("/vakt/mine").text
    assert f"/vakt/vakter/{vakt_id}" in annen_rolle and "Gi vakten tilbake" not in annen_rolle
    # Given back, it is theirs again.
    assert kirurg.post(f"/vakt/vakter/{vakt_id}/gi-tilbake").status_code == 403
    svar = klient.post(f"/vakt/vakter/{vakt_id}/gi-tilbake", follow_redirects=True)
    assert "Siri Spesialist har den nå" in svar.text and "Gi vakten tilbake" not in svar.text
    assert holder()[-1].person_id == scene.spesialist.person_id


def test_den_som_ikke_kan_vekkes_faar_vite_det(som: Klient, scene: Scene, plan: Vaktplan) -> None:
    klient = som(scene.spesialist)
    assert "Kan portalen vekke deg?" not in klient.get("/vakt").text
    lag_vakt(plan, scene.spesialist)
    assert "Kan portalen vekke deg?" in klient.get("/vakt/mine").text
    lag_kanal(scene.spesialist, Kanal.PUSH, "https://push.example/x")
    assert "Kan portalen vekke deg?" not in klient.get("/vakt/mine").text


# --- the calendar ----------------------------------------------------------------------------------------


def test_uka_viser_vakter_og_hull(som: Klient, scene: Scene, plan: Vaktplan) -> None:
    lag_vakt(plan, scene.spesialist, Nivaa.VAKTHAVENDE, om_timer(24 * 7), om_timer(24 * 7 + 12))
    uke = ukenavn(om_timer(24 * 7))
    side = som(scene.koordinator).get(f"/vakt/planer/{plan.id}?uke={uke}").text
    assert "Siri Spesialist" in side
    # A gap has its words, and leads the coordinator to a form that holds its times.
    assert "Ingen har vakt" in side and f"/vakt/planer/{plan.id}/ny-vakt?nivaa=vakthavende" in side
    lenke = re.search(r'href="(/vakt/planer/[^"]+ny-vakt\?nivaa=vakthavende[^"]*)"', side)
    assert lenke
    ny = som(scene.koordinator).get(lenke[1].replace("&amp;", "&")).text
    assert feltverdi(om_timer(24 * 7 + 12)) in ny or feltverdi(om_timer(24 * 7)) in ny
    # A colleague sees it too, without the way to a form that is not theirs.
    side = som(scene.spesialist2).get(f"/vakt/planer/{plan.id}?uke={uke}").text
    assert "Ingen har vakt" in side and "ny-vakt" not in side


@pytest.mark.parametrize(
    ("dag", "ord_"),
    [
        (date(2027, 3, 28), "23 timer: klokka stilles fram"),
        (date(2027, 10, 31), "25 timer: klokka stilles tilbake"),
        (date(2027, 5, 1), "Arbeidernes dag"),
    ],
)
def test_uvanlige_dager_er_navngitt(som: Klient, scene: Scene, plan: Vaktplan, dag: date, ord_: str) -> None:
    klient = som(scene.spesialist)
    assert ord_ in klient.get(f"/vakt/planer/{plan.id}?uke={ukenavn(dag)}").text
    assert ord_ in klient.get(f"/vakt/planer/{plan.id}?maaned={dag:%Y-%m}").text


def test_at_en_kollega_er_borte_sies_ikke(som: Klient, scene: Scene, plan: Vaktplan) -> None:
    """Who keeps the roster sees whose shift must be covered; a colleague sees a gap, without a name."""
    lag_vakt(plan, scene.spesialist, Nivaa.VAKTHAVENDE, om_timer(24 * 7), om_timer(24 * 7 + 12))
    fravaer.registrer(scene.spesialist, scene.spesialist.person_id, om_timer(24 * 6), om_timer(24 * 9))  # type: ignore[arg-type]
    adresse = f"/vakt/planer/{plan.id}?uke={ukenavn(om_timer(24 * 7))}"
    assert "Teller ikke: meldt borte" in som(scene.koordinator).get(adresse).text
    side = som(scene.spesialist2).get(adresse).text
    assert "Siri Spesialist" not in side and "Ingen har vakt" in side


def test_en_uke_som_ikke_finnes(som: Klient, scene: Scene, plan: Vaktplan) -> None:
    klient = som(scene.spesialist)
    for valg in ("uke=2026-W54", "uke=tull", "maaned=2026-13", "x=1"):
        assert klient.get(f"/vakt/planer/{plan.id}?{valg}").status_code == 422, valg
    for valg in ("", "?uke=2099-W01", "?maaned=2000-01"):
        assert klient.get(f"/vakt/planer/{plan.id}{valg}").status_code == 200, valg


# --- plans -----------------------------------------------------------------------------------------------


def test_en_ny_plan_med_telefon_og_slutt(som: Klient, scene: Scene) -> None:
    klient = som(scene.koordinator)
    svar = klient.post("/vakt/planer/ny", data={"fagomraade": "geriatri"})
    plan = db.session.scalars(sa.select(Vaktplan)).one()
    assert svar.headers["Location"] == f"/vakt/planer/{plan.id}/oppsett"
    # It is there already, and is no longer among the choices.
    assert klient.post("/vakt/planer/ny", data={"fagomraade": "geriatri"}).status_code == 409
    assert 'value="geriatri"' not in klient.get("/vakt/planer/ny").text
    assert klient.post("/vakt/planer/ny", data={"fagomraade": "legevakt"}).status_code == 422

    telefon = f"/vakt/planer/{plan.id}/telefon"
    svar = klient.post(telefon, data={"nivaa": "bakvakt", "nummer": "113", "sms": "1"})
    # What was typed stands there, with how to mend it at its own field.
    assert svar.status_code == 422 and 'value="113"' in svar.text and 'id="nummer-bakvakt-feil"' in svar.text
    assert klient.post(telefon, data={"nivaa": "bakvakt", "nummer": "900 00 055"}).status_code == 303
    db.session.rollback()
    rad = db.session.scalars(sa.select(Vakttelefon)).one()
    assert (rad.nummer, rad.sms, rad.tale) == ("+4790000055", False, False)
    klient.post(telefon, data={"nivaa": "bakvakt", "nummer": ""})
    db.session.rollback()
    assert db.session.scalars(sa.select(Vakttelefon)).all() == []

    assert klient.post(f"/vakt/planer/{plan.id}/avslutt").status_code == 303
    assert "avsluttet" in klient.get(f"/vakt/planer/{plan.id}").text
    assert klient.post(f"/vakt/planer/{plan.id}/avslutt").status_code == 409


# --- shifts ----------------------------------------------------------------------------------------------


def test_det_som_er_skrevet_blir_staaende(som: Klient, scene: Scene, plan: Vaktplan) -> None:
    klient = som(scene.koordinator)
    adresse = f"/vakt/planer/{plan.id}/ny-vakt"
    data = skjema(scene.spesialist, om_timer(20), om_timer(10), nivaa="bakvakt")
    svar = klient.post(adresse, data=data)
    assert svar.status_code == 422 and "må slutte etter at den begynner" in svar.text
    for verdi in (data["fra"], data["til"], f'{data["medlemskap_id"]}" selected', 'value="bakvakt" checked'):
        assert verdi in re.sub(r"\s+", " ", svar.text), verdi
    assert "dag og klokkeslett, for eksempel" in klient.post(adresse, data={**data, "til": "i morgen"}).text
    assert holder() == []
    assert klient.post(adresse, data={**data, "til": feltverdi(om_timer(30))}).status_code == 303
    # Somebody has the time: the way to take it from them is offered, and used.
    andre = skjema(scene.spesialist2, om_timer(25), om_timer(35), nivaa="bakvakt")
    svar = klient.post(adresse, data=andre)
    assert (
        svar.status_code == 409
        and "Siri Spesialist har vakten" in svar.text
        and 'name="overstyr"' in svar.text
    )
    assert klient.post(adresse, data={**andre, "overstyr": "1"}).status_code == 303
    assert [v.person_id for v in holder()] == [scene.spesialist.person_id, scene.spesialist2.person_id]


def test_en_del_av_vakten_gis_til_en_annen(som: Klient, scene: Scene, plan: Vaktplan) -> None:
    vakt = lag_vakt(plan, scene.spesialist, Nivaa.BAKVAKT, om_timer(24), om_timer(36))
    klient = som(scene.koordinator)
    side = klient.get(f"/vakt/vakter/{vakt.id}").text
    versjon = re.search(r'name="versjon" value="(\d+)"', side)
    assert versjon
    data = skjema(scene.spesialist2, om_timer(28), om_timer(30), versjon=versjon[1])
    svar = klient.post(f"/vakt/vakter/{vakt.id}/endre", data=data)
    assert svar.status_code == 303
    assert [(v.fra, v.person_id == scene.spesialist.person_id) for v in holder()] == [
        (om_timer(24), True),
        (om_timer(28), False),
        (om_timer(30), True),
    ]
    # The new one tells what it took the place of, and the old one what holds now.
    ny = klient.get(svar.headers["Location"]).text
    assert "Hva den kom i stedet for" in ny and scene.koordinator.navn in ny
    gammel = tekst(klient.get(f"/vakt/vakter/{vakt.id}").text)
    assert f"Endret av {scene.koordinator.navn}" in gammel and "gjelder ikke lenger" in gammel


def test_to_skjemaer_samtidig(som: Klient, scene: Scene, plan: Vaktplan) -> None:
    """The second is told by whom it was changed, sees what holds now, and keeps what was typed; then it may save."""
    vakt = lag_vakt(plan, scene.spesialist, Nivaa.BAKVAKT, om_timer(24), om_timer(36))
    klient, annen = som(scene.koordinator), som(scene.administrator)
    versjon = re.search(r'name="versjon" value="(\d+)"', klient.get(f"/vakt/vakter/{vakt.id}").text)
    assert versjon
    adresse = f"/vakt/vakter/{vakt.id}/endre"
    foerst = skjema(scene.spesialist2, om_timer(28), om_timer(30), versjon=versjon[1])
    assert annen.post(adresse, data=foerst).status_code == 303
    tredje = lag_aktor(Rolle.SPESIALIST, scene.hf, navn="Tora Tredje")
    sist = skjema(tredje, om_timer(26), om_timer(29), versjon=versjon[1])
    svar = klient.post(adresse, data=sist)
    assert (
        svar.status_code == 409
        and f"Endret av {scene.administrator.navn} mens du hadde siden åpen" in svar.text
    )
    assert sist["fra"] in svar.text and f'{tredje.medlemskap_id}" selected' in svar.text
    assert scene.spesialist2.navn in svar.text and len(holder()) == 3
    nytt = re.search(r'name="versjon" value="(\d+)"', svar.text)
    assert nytt and nytt[1] != versjon[1]
    assert klient.post(adresse, data={**sist, "versjon": nytt[1]}).status_code == 303
    assert [v.person.navn for v in holder()][1] == "Tora Tredje"


def test_en_vakt_avlyses_en_gang(som: Klient, scene: Scene, plan: Vaktplan) -> None:
    vakt = lag_vakt(plan, scene.spesialist, Nivaa.BAKVAKT, om_timer(24), om_timer(36))
    klient = som(scene.koordinator)
    assert klient.post(f"/vakt/vakter/{vakt.id}/avlys").status_code == 303
    assert holder() == []
    svar = klient.post(f"/vakt/vakter/{vakt.id}/avlys")
    assert svar.status_code == 409 and "Ingen har vakt i dette tidsrommet" in svar.text


# --- rotations -------------------------------------------------------------------------------------------


def rotasjonsskjema(*folk: Aktor, **mer: str) -> dict[str, object]:
    mandag = oslo(now()).date() + timedelta(days=7 - oslo(now()).weekday())
    return {
        "nivaa": "vakthavende",
        "deltakere": ["", *(str(f.medlemskap_id) for f in folk), ""],
        "gjelder_fra": mandag.isoformat(),
        "gjelder_til": (mandag + timedelta(days=13)).isoformat(),
        "klokke_fra": "08:00",
        "klokke_til": "08:00",
        "dager_per_tur": "7",
        "dagtyper": ["hverdag", "helg", "helligdag"],
        **mer,
    }


def test_en_rotasjon_vises_foer_den_lages(som: Klient, scene: Scene, plan: Vaktplan) -> None:
    klient = som(scene.koordinator)
    adresse = f"/vakt/planer/{plan.id}/rotasjon/ny"
    data = rotasjonsskjema(scene.spesialist, scene.spesialist2)
    mandag = datetime.fromisoformat(str(data["gjelder_fra"])).replace(tzinfo=UTC)
    lag_vakt(
        plan, scene.spesialist2, Nivaa.VAKTHAVENDE, mandag + timedelta(hours=12), mandag + timedelta(hours=18)
    )
    svar = klient.post(adresse, data=data)
    assert svar.status_code == 200 and "Slik blir det: 3 vakter" in svar.text
    assert "har vakten alt, og beholder den" in svar.text
    assert db.session.scalars(sa.select(Rotasjon)).all() == [] and len(holder()) == 1
    # The confirmation is the page's own form, with all that was chosen in the same order.
    skjult = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', svar.text)
    gjentatt = {n: [v for m, v in skjult if m == n] for n, _v in skjult if n not in ("csrf_token", "neste")}
    assert gjentatt["deltakere"] == [
        str(scene.spesialist.medlemskap_id),
        str(scene.spesialist2.medlemskap_id),
    ]
    assert klient.post(adresse, data={**gjentatt, "lagre": "1"}).status_code == 303
    db.session.rollback()
    rotasjon = db.session.scalars(sa.select(Rotasjon)).one()
    # The last day that is chosen is one of its days.
    assert rotasjon.gjelder_til == rotasjon.gjelder_fra + timedelta(days=14) and len(holder()) == 4
    svar = klient.post(f"/vakt/rotasjoner/{rotasjon.id}/avslutt", data={"fra_dag": "2020-01-01"})
    assert svar.status_code == 422 and f'id="fra_dag-{rotasjon.id}-feil"' in svar.text
    svar = klient.post(f"/vakt/rotasjoner/{rotasjon.id}/avslutt", data={"fra_dag": data["gjelder_fra"]})
    assert svar.status_code == 303 and len(holder()) == 1


@pytest.mark.parametrize(
    ("endret", "ord_"),
    [
        ({"deltakere": ["", ""]}, "Velg minst én person"),
        ({"deltakere": ["tull"]}, "Velg fra lista"),
        ({"dagtyper": []}, "Velg minst én slags dager"),
        ({"dager_per_tur": "29"}, "fra 1 til 28"),
        ({"klokke_fra": "25:00"}, "klokkeslettet som 15:30"),
        ({"gjelder_fra": "i morgen"}, "Skriv dagen som 31.12.2026"),
        ({"gjelder_fra": "2020-01-01"}, "i dag eller en dag som kommer"),
        ({"gjelder_til": "2020-01-01"}, "må slutte etter at den begynner"),
        ({"deltakere": [str(UUID(int=7))]}, "Velg en som har en rolle"),
    ],
)
def test_en_rotasjon_som_ikke_kan_lages(
    som: Klient, scene: Scene, plan: Vaktplan, endret: dict[str, object], ord_: str
) -> None:
    data = {**rotasjonsskjema(scene.spesialist), **endret}
    svar = som(scene.koordinator).post(f"/vakt/planer/{plan.id}/rotasjon/ny", data=data)
    assert svar.status_code == 422 and ord_ in svar.text
    if "deltakere" not in endret:
        assert f'{scene.spesialist.medlemskap_id}" selected' in svar.text


# --- swaps and absence -----------------------------------------------------------------------------------


def test_et_bytte_fra_forslag_til_ja(som: Klient, scene: Scene, plan: Vaktplan) -> None:
    min_vakt = lag_vakt(plan, scene.spesialist, Nivaa.BAKVAKT, om_timer(24), om_timer(36))
    deres = lag_vakt(plan, scene.spesialist2, Nivaa.BAKVAKT, om_timer(48), om_timer(60))
    jeg, kollega = som(scene.spesialist), som(scene.spesialist2)
    adresse = f"/vakt/vakter/{min_vakt.id}/bytt"
    assert adresse in jeg.get(f"/vakt/vakter/{min_vakt.id}").text
    assert adresse not in kollega.get(f"/vakt/vakter/{min_vakt.id}").text
    assert kollega.get(adresse).status_code == 403
    # With whom first: then the colleague's shifts are there to choose from.
    assert str(deres.id) not in jeg.get(adresse).text
    assert str(deres.id) in jeg.get(f"{adresse}?til_medlemskap_id={scene.spesialist2.medlemskap_id}").text
    valg = {"til_medlemskap_id": str(scene.spesialist2.medlemskap_id), "motvakt_id": str(deres.id)}
    assert (
        jeg.post(adresse, data={**valg, "til_medlemskap_id": str(scene.kirurg.medlemskap_id)}).status_code
        == 422
    )
    assert jeg.post(adresse, data=valg).status_code == 303
    svar = jeg.post(adresse, data=valg)
    assert svar.status_code == 409 and "alt foreslått" in svar.text
    # It waits on the colleague's front page, and on nobody else's.
    assert "1 bytte venter på svar fra deg" in kollega.get("/vakt").text
    assert "venter på svar fra deg" not in som(scene.kirurg).get("/vakt").text
    forslag = db.session.scalars(sa.select(Vaktbytte)).one()
    assert jeg.post(f"/vakt/bytter/{forslag.id}/godta").status_code == 403
    assert som(scene.kirurg).post(f"/vakt/bytter/{forslag.id}/godta").status_code == 404
    assert kollega.post(f"/vakt/bytter/{forslag.id}/godta").status_code == 303
    assert [v.person_id for v in holder()] == [scene.spesialist2.person_id, scene.spesialist.person_id]
    svar = kollega.post(f"/vakt/bytter/{forslag.id}/avslaa")
    assert svar.status_code == 409 and "alt avgjort" in svar.text and "Godtatt" in svar.text


def test_et_bytte_trekkes_og_avslaas(som: Klient, scene: Scene, plan: Vaktplan) -> None:
    vakt = lag_vakt(plan, scene.spesialist, Nivaa.BAKVAKT, om_timer(24), om_timer(36))
    assert scene.spesialist2.medlemskap_id
    for hvem, handling in ((scene.spesialist, "trekk"), (scene.spesialist2, "avslaa")):
        id_ = bytte.foreslaa(scene.spesialist, vakt.id, scene.spesialist2.medlemskap_id)
        assert som(hvem).post(f"/vakt/bytter/{id_}/{handling}").status_code == 303
    assert [v.id for v in holder()] == [vakt.id]


def test_fravaer_meldes_og_avlyses(som: Klient, scene: Scene, plan: Vaktplan) -> None:
    lag_vakt(plan, scene.spesialist, Nivaa.BAKVAKT, om_timer(24), om_timer(36))
    klient = som(scene.spesialist)
    data = {"fra": feltverdi(om_timer(30)), "til": feltverdi(om_timer(20))}
    svar = klient.post("/vakt/fravaer", data=data)
    assert svar.status_code == 422 and data["fra"] in svar.text and data["til"] in svar.text
    # Somebody else's is not the person's to write.
    andres = {"person_id": str(scene.spesialist2.person_id), "fra": data["til"], "til": data["fra"]}
    assert klient.post("/vakt/fravaer", data=andres).status_code == 403
    assert klient.post("/vakt/fravaer", data={"fra": data["til"], "til": data["fra"]}).status_code == 303
    assert "1 vakt må dekkes" in som(scene.koordinator).get("/vakt/fravaer").text
    assert "Siri" not in som(scene.spesialist2).get("/vakt/fravaer").text
    rad = db.session.scalars(sa.select(Fravaer)).one()
    assert som(scene.spesialist2).post(f"/vakt/fravaer/{rad.id}/avlys").status_code == 404
    assert klient.post(f"/vakt/fravaer/{rad.id}/avlys").status_code == 303
    assert klient.post(f"/vakt/fravaer/{rad.id}/avlys").status_code == 409


def test_fravaer_side_for_side(
    som: Klient, scene: Scene, plan: Vaktplan, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fravaer, "PR_SIDE", 1)
    for hvem, timer in ((scene.spesialist, 24), (scene.spesialist2, 48)):
        lag_fravaer(hvem, om_timer(timer), om_timer(timer + 2))
    klient = som(scene.koordinator)
    assert f"<strong>{scene.spesialist.navn}</strong>" in klient.get("/vakt/fravaer").text
    side = klient.get("/vakt/fravaer?side=2").text
    assert "Side 2 av 2" in side and f"<strong>{scene.spesialist.navn}</strong>" not in side
    # A button leads back to the page it stood on, which now is the last of one.
    (avlys,) = [a for a in Skjemaer(side).skjemaer if "/avlys" in a]
    svar = klient.post(avlys, follow_redirects=True)
    assert svar.request.path == "/vakt/fravaer" and svar.request.query_string == b"side=2"
    assert f"<strong>{scene.spesialist.navn}</strong>" in svar.text and "Bla i sider" not in svar.text
    assert klient.get("/vakt/fravaer?side=0").status_code == 422


# --- who -------------------------------------------------------------------------------------------------


def test_hvem_som_kommer_hvor(som: Klient, scene: Scene, plan: Vaktplan) -> None:
    """Those who keep rosters everywhere; the organisation's clinicians to what is read; for others no plan exists."""
    vakt = lag_vakt(plan, scene.spesialist)
    leses = [
        "/vakt",
        f"/vakt/planer/{plan.id}",
        f"/vakt/vakter/{vakt.id}",
        f"/vakt/planer/{plan.id}/vaktplan.ics",
    ]
    skrives = [f"/vakt/planer/{plan.id}/{s}" for s in ("oppsett", "ny-vakt", "rotasjon/ny", "import")]

    def status(aktor: Aktor, adresser: list[str]) -> set[int]:
        klient = som(aktor)
        return {klient.get(a).status_code for a in adresser}

    for aktor in (scene.koordinator, scene.administrator, scene.vaktleder):
        assert status(aktor, [*leses, *skrives, "/vakt/planer/ny"]) == {200}, aktor.rolle
    for aktor in (scene.spesialist, scene.kirurg):
        assert (status(aktor, leses), status(aktor, [*skrives, "/vakt/planer/ny"])) == ({200}, {403}), (
            aktor.rolle
        )
    for aktor in (scene.fremmed_spesialist, scene.lege, scene.systemadministrator, scene.innsyn):
        assert status(aktor, [*leses[1:], *skrives]) == {404}, aktor.rolle
    assert status(scene.systemadministrator, ["/vakt", "/vakt/bytter"]) <= {403, 404}

    # A shift of a membership that has ended is nobody's answer now.
    @transactional
    def avslutt() -> None:
        db.session.get_one(Medlemskap, scene.spesialist.medlemskap_id).gyldig_til = now()

    assert "Siri Spesialist" in som(scene.kirurg).get("/vakt").text
    avslutt()
    assert "Siri Spesialist" not in som(scene.kirurg).get("/vakt").text


def test_mine_vakter_er_bare_mine(som: Klient, scene: Scene, plan: Vaktplan) -> None:
    lag_vakt(plan, scene.spesialist, Nivaa.BAKVAKT, om_timer(24), om_timer(36))
    assert "Ingen vakter" in som(scene.spesialist2).get("/vakt/mine").text
    assert "1 vakt det neste året" in som(scene.spesialist).get("/vakt/mine").text
    assert len(vakter.mine_vakter(scene.spesialist, now(), now() + timedelta(days=3))) == 1


@pytest.mark.parametrize("visning", ["uke", "maaned"])
def test_dagene_som_har_vaert_kan_brettes(som: Klient, scene: Scene, plan: Vaktplan, visning: str) -> None:
    """On a phone today comes first: the days before it are marked, and unfolded by a box without JavaScript."""
    onsdag = datetime(2031, 6, 11, 10, tzinfo=UTC)
    with som_om(onsdag):
        klient = som(scene.koordinator)
        denne = "uke=2031-W24" if visning == "uke" else "maaned=2031-06"
        side = klient.get(f"/vakt/planer/{plan.id}?{denne}").text
        antall = 2 if visning == "uke" else 10
        assert side.count("vaktdag--forbi") == antall and f"Vis de {antall} dagene som har vært" in side
        # Another week is as it is: nothing in it is hidden.
        for annen in ("uke=2031-W23", "uke=2031-W25", "maaned=2031-05"):
            side = klient.get(f"/vakt/planer/{plan.id}?{annen}").text
            assert "vaktdag--forbi" not in side and "vis-forbi" not in side


def test_menyen_staar_paa_alle_sidene_om_vakt(som: Klient, scene: Scene, plan: Vaktplan) -> None:
    klient = som(scene.vaktleder)
    for adresse, her in (
        ("/vakt", "På vakt nå"),
        ("/vakt/bytter", "Vaktbytter"),
        (f"/vakt/dekning/{plan.id}", "Dekning"),
        ("/vakt/kanari", "Prøver av varslingen"),
        ("/vakt/policy/endre?fagomraade=&hastegrad=akutt", "Varslingstrinn"),
        ("/henvendelser/vaktskifte", "Vaktskifte"),
    ):
        side = klient.get(adresse).text
        meny = re.search(r'<nav class="vaktmeny".*?</nav>', side, re.S)
        assert meny, adresse
        aktiv = re.search(r'aria-current="page">(.*?)</a>', meny[0], re.S)
        assert aktiv and tekst(aktiv[1]) == her
