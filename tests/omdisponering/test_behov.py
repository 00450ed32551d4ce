"""Needs: stated, changed, closed, made from a surge plan, and who is told; through the services and the pages."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from portal.beredskap.models import Beredskapsnivaa, Faseperiode
from portal.core.aktor import Aktor, Rolle
from portal.core.clock import now
from portal.core.db import db
from portal.core.errors import IkkeFunnet, IkkeTilgang, UgyldigData, UgyldigOvergang, Utdatert
from portal.identitet.models import Organisasjon
from portal.omdisponering.forloep import Behovsstatus, Kompetanse, Slag, Status, Stilling
from portal.omdisponering.models import Behov
from portal.omdisponering.service import behov, flyt, opptrapping, oversikt
from portal.plasser.historikk import Opptrapping
from portal.varsler.models import Varsel
from tests.bygg import lag_aktor, lag_kommune, lagre, om, revisjon, skriv
from tests.omdisponering.hjelp import DAG, T, Utlaan, lag_behov, lag_ressurs, lag_tilbud

Som = Callable[[Aktor], FlaskClient]


@pytest.fixture
def u(scene: object) -> Utlaan:
    return Utlaan(scene)  # type: ignore[arg-type]


def felter(u: Utlaan, **endret: Any) -> dict[str, Any]:
    """A need of the kommune's for two nurses, as its form says it."""
    return {
        "enhet_id": u.oehd.id,
        "stilling": Stilling.SYKEPLEIER,
        "kompetanse": int(Kompetanse.INTRAVENOES),
        "antall": 2,
        "minst": 1,
        "andel": 80,
        "fra": now() + DAG,
        "til": now() + 8 * DAG,
        "sted_id": u.scene.kommune.id,
        "hvorfor": "Fire er syke.",
        **endret,
    }


def les(id_: UUID) -> Behov:
    db.session.rollback()
    db.session.expire_all()
    return db.session.get_one(Behov, id_)


def varsler(kode: str, person: Aktor | None = None) -> list[Varsel]:
    db.session.rollback()
    sporring = sa.select(Varsel).where(Varsel.kode == kode)
    if person is not None:
        sporring = sporring.where(Varsel.person_id == person.person_id)
    return list(db.session.scalars(sporring))


def sett_fase(organisasjon: Organisasjon, fase: int) -> None:
    lagre(
        Faseperiode(
            id=uuid4(),
            organisasjon_id=organisasjon.id,
            fase=fase,
            nivaa=Beredskapsnivaa.NORMAL,
            fra=now() - DAG,
            kilde="prøve",
            begrunnelse="",
            satt=now(),
            satt_som="organisasjon",
        )
    )


def test_meldt_med_en_gang_har_fasen_og_sier_fra_til_de_naermeste(u: Utlaan) -> None:
    skriv(
        sa.update(Organisasjon)
        .where(Organisasjon.id.in_([u.scene.kommune.id, u.scene.annen_kommune.id]))
        .values(helseforetak_id=u.scene.hf.id)
    )
    sett_fase(u.scene.kommune, 4)
    lege = lag_aktor(Rolle.LEGE_KOMMUNE, u.scene.annen_kommune)
    utenfor = lag_aktor(Rolle.KOORDINATOR, u.scene.annet_hf)
    id_ = behov.opprett(u.mottaker, slag=Slag.PERSONELL, meldes=True, **felter(u))
    rad = les(id_)
    assert (rad.status, rad.fase, rad.andel, rad.meldt is not None) == ("aapent", 4, 80, True)
    (varsel,) = varsler("behov.meldt", u.avgiver)
    assert "trenger 2: Sykepleier" in varsel.tittel and varsel.hastegrad == "haster"
    assert varsel.lenke == f"/omdisponering/behov/{id_}"
    assert len(varsler("behov.meldt", u.fremmed)) == 1
    # Neither who cannot do anything with it, nor the own people, nor those of another area.
    for ingen in (lege, utenfor, u.mottaker):
        assert not varsler("behov.meldt", ingen)
    # Changing it tells nobody anew that it is there.
    behov.endre(u.mottaker, id_, lest=rad.versjon, antall=3)
    assert len(varsler("behov.meldt", u.avgiver)) == 1


def test_i_lav_fase_utenfor_omraadet_forstyrres_ingen(u: Utlaan) -> None:
    skriv(
        sa.update(Organisasjon)
        .where(Organisasjon.id == u.scene.kommune.id)
        .values(helseforetak_id=u.scene.hf.id)
    )
    langt_unna = lag_kommune(helseforetak_id=u.scene.annet_hf.id)
    behov.opprett(u.mottaker, slag=Slag.PERSONELL, meldes=True, **felter(u, sted_id=langt_unna.id))
    assert not varsler("behov.meldt")
    behov.opprett(u.mottaker, slag=Slag.PERSONELL, meldes=True, **felter(u))
    (varsel,) = varsler("behov.meldt", u.avgiver)
    assert varsel.hastegrad == "vanlig"


def test_utkast_ser_andre_ikke_foer_det_meldes(u: Utlaan) -> None:
    id_ = behov.opprett(u.mottaker, slag=Slag.PERSONELL, **felter(u))
    assert les(id_).status == Behovsstatus.UTKAST and not varsler("behov.meldt")
    with pytest.raises(IkkeFunnet):
        oversikt.hent_behov(u.avgiver, id_)
    with pytest.raises(IkkeFunnet):
        behov.meld_ut(u.avgiver, id_, lest=1)
    with pytest.raises(Utdatert):
        behov.meld_ut(u.mottaker, id_, lest=99)
    behov.meld_ut(u.mottaker, id_, lest=les(id_).versjon)
    assert oversikt.hent_behov(u.avgiver, id_).kan_tilby
    with pytest.raises(IkkeTilgang):
        behov.lukk(u.avgiver, id_, grunn="Nei", lest=les(id_).versjon)
    assert {r.handling for r in revisjon(objekt=id_)} >= {"behov.opprettet", "behov.meldt"}


@pytest.mark.parametrize(
    ("endret", "feil"),
    [
        ({"stilling": None}, "stilling"),
        ({"antall": 0}, "antall"),
        ({"antall": 51}, "antall"),
        ({"minst": 3}, "minst"),
        ({"andel": 101}, "andel"),
        ({"hvorfor": "  "}, "hvorfor"),
        ({"sted_id": None}, "sted_id"),
        ({"fra": None}, "fra"),
        ({"til": now() - timedelta(days=2)}, "til"),
        ({"fra": now() - 9 * DAG, "til": now() - DAG}, "til"),
        ({"til": now() + 500 * DAG}, "til"),
        ({"enhet_id": uuid4()}, "enhet_id"),
        ({"sted_id": uuid4()}, "sted_id"),
    ],
)
def test_galt_utfylt_sier_hvor(u: Utlaan, endret: dict[str, Any], feil: str) -> None:
    foer = db.session.scalar(sa.select(sa.func.count(Behov.id)))
    db.session.rollback()
    with pytest.raises(UgyldigData) as raised:
        behov.opprett(u.mottaker, slag=Slag.PERSONELL, meldes=True, **felter(u, **endret))
    assert set(raised.value.detaljer["felter"]) == {feil}
    assert db.session.scalar(sa.select(sa.func.count(Behov.id))) == foer
    db.session.rollback()
    assert not varsler("behov.meldt") and not revisjon("behov.opprettet")


def test_den_andre_enhetens_og_den_andre_organisasjonens_gaar_ikke(u: Utlaan) -> None:
    with pytest.raises(UgyldigData) as feil:
        behov.opprett(u.mottaker, slag=Slag.PERSONELL, **felter(u, enhet_id=u.post.id))
    assert set(feil.value.detaljer["felter"]) == {"enhet_id"}


def test_endret_sier_fra_til_dem_som_har_foreslaatt(u: Utlaan) -> None:
    u.til(Status.FORESLAATT)
    lest = les(u.behov.id).versjon
    behov.endre(u.mottaker, u.behov.id, lest=lest, antall=3)
    assert les(u.behov.id).antall == 3
    assert len(varsler("behov.endret", u.avgiver)) == 1
    with pytest.raises(Utdatert):
        behov.endre(u.mottaker, u.behov.id, lest=lest, antall=4)
    # The same again is no change, and tells nobody.
    behov.endre(u.mottaker, u.behov.id, lest=les(u.behov.id).versjon, antall=3)
    assert len(varsler("behov.endret", u.avgiver)) == 1


def test_faerre_oensket_gjoer_det_dekket_og_flere_aapner_det(u: Utlaan) -> None:
    u.til(Status.GODKJENT_MOTTAKER)
    assert les(u.behov.id).status == Behovsstatus.DEKKET
    behov.endre(u.mottaker, u.behov.id, lest=les(u.behov.id).versjon, antall=3)
    assert les(u.behov.id).status == Behovsstatus.AAPENT
    behov.endre(u.mottaker, u.behov.id, lest=les(u.behov.id).versjon, antall=2)
    assert les(u.behov.id).status == Behovsstatus.DEKKET


@pytest.mark.parametrize(
    ("status", "blir"),
    [
        (Status.UTKAST, Status.TRUKKET),
        (Status.FORESLAATT, Status.AVSLAATT),
        (Status.GODKJENT_AVGIVER, Status.AVSLAATT),
        (Status.GODKJENT_MOTTAKER, Status.GODKJENT_MOTTAKER),
    ],
)
def test_lukket_lar_det_falle_som_ikke_er_avtalt(u: Utlaan, status: Status, blir: Status) -> None:
    id_ = u.til(status)
    with pytest.raises(UgyldigData):
        behov.lukk(u.mottaker, u.behov.id, lest=les(u.behov.id).versjon)
    falt = behov.lukk(u.mottaker, u.behov.id, grunn="Vi fant egne.", lest=les(u.behov.id).versjon)
    # Of a draft that the other side writes one does not know.
    assert falt == (status in (Status.FORESLAATT, Status.GODKJENT_AVGIVER))
    assert (les(u.behov.id).status, les(u.behov.id).lukket_grunn) == ("lukket", "Vi fant egne.")
    omd = u.les(id_)
    assert omd.status == blir
    assert any(li.opptar for li in omd.linjer) == (blir == Status.GODKJENT_MOTTAKER)
    titler = [v.tittel for v in varsler(f"omdisponering.{blir}", u.avgiver)]
    assert any("behovet er lukket" in t for t in titler) == (blir != Status.GODKJENT_MOTTAKER)
    with pytest.raises(UgyldigOvergang):
        behov.endre(u.mottaker, u.behov.id, lest=les(u.behov.id).versjon, antall=1)


def test_det_som_er_lukket_kan_ikke_godkjennes(u: Utlaan) -> None:
    id_ = u.til(Status.FORESLAATT)
    skriv(sa.update(Behov).where(Behov.id == u.behov.id).values(status="lukket"))
    with pytest.raises(UgyldigOvergang):
        flyt.godkjenn(u.avgiver, id_, lest=u.les(id_).innhold_hash)


def test_lukket_sier_fra_til_dem_som_har_tilbudt(u: Utlaan) -> None:
    lag_tilbud(u.personer[0], u.behov, rettet=True)
    behov.lukk(u.mottaker, u.behov.id, grunn="Vi fant egne.", lest=les(u.behov.id).versjon)
    assert len(varsler("behov.lukket", u.avgiver)) == 1 and not varsler("behov.lukket", u.fremmed)


def test_tida_lukker_det_som_er_over(u: Utlaan) -> None:
    id_ = u.til(Status.FORESLAATT)
    varer = lag_behov(u.scene.kommune, u.oehd, fra=now() + DAG, til=now() + 60 * DAG)
    assert behov.lukk_utloepte() == 0
    with om(days=20):
        assert behov.lukk_utloepte() == 1
        assert behov.lukk_utloepte() == 0
        assert (les(u.behov.id).status, les(varer.id).status) == ("lukket", "aapent")
        assert u.les(id_).status == Status.AVSLAATT


# --- from a surge plan -----------------------------------------------------------------------------------


def lag_plan(u: Utlaan, **felt: Any) -> Opptrapping:
    rad = Opptrapping(
        **{
            "id": uuid4(),
            "plassenhet_id": u.plassenhet_id,
            "innen_timer": "24",
            "antall": 4,
            "personell": [
                {"rolle": "sykepleiere", "antall": 3, "kompetanse": "intravenøs behandling, oksygen"},
                {"rolle": "Frivillig", "antall": 60, "kompetanse": ""},
            ],
            "rom": [
                {"slag": "pasientrom", "antall": 4, "krav": "oksygenuttak og eget bad"},
                {"slag": "Isolat", "antall": 2, "krav": ""},
            ],
            "utstyr": [],
            "endret": now(),
            **felt,
        }
    )
    lagre(rad)
    return rad


def test_raden_i_opptrappingsplanen_fyller_ut_behovet(u: Utlaan) -> None:
    plan = lag_plan(u)
    f = opptrapping.hent_forslag(u.mottaker, plan.id, "personell", 0)
    assert (f.slag, f.felter["stilling"], f.felter["antall"]) == (Slag.PERSONELL, Stilling.SYKEPLEIER, 3)
    assert f.felter["kompetanse"] == Kompetanse.INTRAVENOES | Kompetanse.OKSYGEN
    assert f.felter["enhet_id"] == u.oehd.id
    assert now() + 24 * T < f.felter["fra"] < now() + 26 * T
    annet = opptrapping.hent_forslag(u.mottaker, plan.id, "personell", 1).felter
    assert (annet["stilling"], annet["antall"]) == (Stilling.ANNET, 50)
    rom = opptrapping.hent_forslag(u.mottaker, plan.id, "rom", 0).felter
    assert (rom["lokaleslag"], rom["antall"], rom["plasser"], rom["lokalkrav"]) == ("sengepost", 1, 4, 2 | 32)
    isolat = opptrapping.hent_forslag(u.mottaker, plan.id, "rom", 1).felter
    assert (isolat["lokaleslag"], isolat["antall"]) == ("isolat", 2)
    with pytest.raises(IkkeFunnet):
        opptrapping.hent_forslag(u.mottaker, plan.id, "personell", 7)
    with pytest.raises(IkkeFunnet):
        opptrapping.hent_forslag(u.mottaker, plan.id, "utstyr", 0)
    with pytest.raises(IkkeFunnet):
        opptrapping.hent_forslag(u.avgiver, plan.id, "personell", 0)


def skjema(side: str) -> dict[str, Any]:
    """The fields of the page's large form as a browser would send them."""
    ut: dict[str, Any] = {}
    del_ = side.split("skjemadel", 1)[1].split("</form>", 1)[0]
    for tag in re.findall(r"<input[^>]*>", del_):
        felt = dict(re.findall(r'([a-z_-]+)="([^"]*)"', tag))
        if "name" not in felt or felt["name"] == "csrf_token":
            continue
        if felt.get("type") in ("checkbox", "radio") and " checked" not in tag:
            continue
        ut.setdefault(felt["name"], []).append(unescape(felt.get("value", "1")))
    for navn, valg in re.findall(r'<select[^>]*name="(\w+)".*?>(.*?)</select>', del_, re.S):
        valgt = re.search(r'value="([^"]*)" selected', valg)
        ut[navn] = [valgt.group(1) if valgt else ""]
    for navn, tekst in re.findall(r'<textarea[^>]*name="(\w+)"[^>]*>(.*?)</textarea>', del_, re.S):
        ut[navn] = [unescape(tekst).strip()]
    return ut


def test_ett_trykk_paa_planen_og_ett_paa_skjemaet_melder_behovet(u: Utlaan, som: Som) -> None:
    plan = lag_plan(u)
    klient = som(u.mottaker)
    side = klient.get(f"/plasser/{u.plassenhet_id}/forvalt/opptrapping").get_data(as_text=True)
    lenker = [unescape(x) for x in re.findall(r'href="(/omdisponering/behov/ny[^"]*)"', side)]
    assert len(lenker) == 4
    sendt = skjema(klient.get(lenker[0]).get_data(as_text=True))
    svar = klient.post("/omdisponering/behov/ny", data={**sendt, "gjoer": "meld"})
    assert svar.status_code == 303, svar.get_data(as_text=True)
    rad = les(UUID(svar.headers["Location"].rsplit("/", 1)[1]))
    assert (rad.status, rad.antall, rad.stilling) == ("aapent", 3, "sykepleier")
    assert rad.kompetanse == Kompetanse.INTRAVENOES | Kompetanse.OKSYGEN
    assert rad.kilde == behov.kilde(plan.id, "personell", 0)
    # Once more from the same row: it says that there is one.
    assert "Det finnes alt et behov av denne raden" in klient.get(lenker[0]).get_data(as_text=True)


# --- the pages -------------------------------------------------------------------------------------------


def test_skjemaet_kommer_igjen_med_det_som_ble_skrevet(u: Utlaan, som: Som) -> None:
    klient = som(u.mottaker)
    sendt = skjema(klient.get("/omdisponering/behov/ny").get_data(as_text=True))
    svar = klient.post(
        "/omdisponering/behov/ny",
        data={
            **sendt,
            "stilling": "lege",
            "minst": "9",
            "kompetanse": ["1", "8"],
            "hvorfor": "Ord & tegn",
            "gjoer": "meld",
        },
    )
    side = svar.get_data(as_text=True)
    assert svar.status_code == 422 and "kan ikke være mer enn det dere ber om" in side
    igjen = skjema(side)
    assert igjen["stilling"] == ["lege"] and igjen["minst"] == ["9"] and igjen["hvorfor"] == ["Ord & tegn"]
    assert igjen["kompetanse"] == ["1", "8"]


def test_foedselsnummer_stoppes_i_hvorfor(u: Utlaan, som: Som) -> None:
    klient = som(u.mottaker)
    sendt = skjema(klient.get("/omdisponering/behov/ny").get_data(as_text=True))
    data = {**sendt, "stilling": "lege", "hvorfor": "Gjelder 13097248022.", "gjoer": "meld"}
    svar = klient.post("/omdisponering/behov/ny", data=data)
    assert svar.status_code == 422 and "gyldig fødselsnummer" in svar.get_data(as_text=True)
    assert klient.post("/omdisponering/behov/ny", data={**data, "ikke_fnr": "1"}).status_code == 303


def test_den_som_kom_for_sent_ser_sin_egen_tekst(u: Utlaan, som: Som) -> None:
    klient = som(u.mottaker)
    adresse = f"/omdisponering/behov/{u.behov.id}/endre"
    sendt = skjema(klient.get(adresse).get_data(as_text=True))
    behov.endre(u.mottaker, u.behov.id, lest=les(u.behov.id).versjon, antall=4)
    svar = klient.post(adresse, data={**sendt, "hvorfor": "Min tekst", "gjoer": "lagre"})
    assert svar.status_code == 409
    igjen = skjema(svar.get_data(as_text=True))
    assert igjen["hvorfor"] == ["Min tekst"] and igjen["lest"] == [str(les(u.behov.id).versjon)]
    assert klient.post(adresse, data={**igjen, "gjoer": "lagre"}).status_code == 303
    assert les(u.behov.id).hvorfor == "Min tekst"


def test_forsiden_viser_hva_som_venter_paa_hvem(u: Utlaan, som: Som) -> None:
    id_ = u.til(Status.FORESLAATT)
    avgiver, mottaker = som(u.avgiver), som(u.mottaker)
    side = avgiver.get("/omdisponering/").get_data(as_text=True)
    venter = side.split('data-vaktdel="venter"', 1)[1].split("</section>", 1)[0]
    assert f"/omdisponering/{id_}" in venter and "Se og svar" in venter and "data-frist=" in venter
    o = oversikt.hent(u.mottaker)
    assert not o.venter and [r.omd.id for r in o.hos_andre] == [id_] and o.hos_andre[0].antall == 2
    flyt.godkjenn(u.avgiver, id_, lest=u.les(id_).innhold_hash)
    db.session.rollback()
    assert [r.omd.id for r in oversikt.hent(u.mottaker).venter] == [id_]
    flyt.godkjenn(u.mottaker, id_, lest=u.les(id_).innhold_hash)
    db.session.rollback()
    o = oversikt.hent(u.mottaker)
    assert not o.venter and [r.omd.id for r in o.begynner] == [id_]
    assert (o.egne[0].dekket, o.egne[0].nok) == (2, True)
    with om(days=6):
        flyt.iverksett(u.mottaker, id_)
        db.session.rollback()
        o = oversikt.hent(u.avgiver)
        assert [r.omd.id for r in o.i_gang] == [id_] == [r.omd.id for r in o.slutter]
    # No name of theirs stands on the receiver's page.
    assert "Máret Somby" not in mottaker.get("/omdisponering/").get_data(as_text=True)


def test_andres_behov_etter_fase_saa_dag_saa_avstand(u: Utlaan) -> None:
    skriv(sa.update(Behov).where(Behov.id == u.behov.id).values(status="lukket"))
    tidlig, sent = now() + DAG, now() + 5 * DAG
    rolig = lag_behov(u.scene.kommune, fase=2, fra=tidlig)
    senere = lag_behov(u.scene.kommune, fase=4, fra=sent)
    foerst = lag_behov(u.scene.kommune, fase=4, fra=tidlig)
    leger = lag_behov(u.scene.kommune, fase=5, stilling="lege")
    o = oversikt.hent(u.avgiver)
    assert [r.behov.id for r in o.andres] == [foerst.id, senere.id, rolig.id]
    # Of what one has nobody for one is told that it is there.
    assert o.andres_flere == 1
    lag_ressurs(u.scene.hf, u.post, stilling="lege")
    db.session.rollback()
    assert oversikt.hent(u.avgiver).andres[0].behov.id == leger.id
    assert next(r.behov.id for r in oversikt.hent_behovsliste(u.avgiver).rader) == leger.id


def test_lista_blar_og_velger(u: Utlaan, som: Som) -> None:
    for _i in range(oversikt.PER_SIDE):
        lag_behov(u.scene.kommune)
    klient = som(u.avgiver)
    side = klient.get("/omdisponering/behov").get_data(as_text=True)
    assert side.count("omdkort__tittel") == oversikt.PER_SIDE and "Side 1 av 2" in side
    assert klient.get("/omdisponering/behov?side=2").get_data(as_text=True).count("omdkort__tittel") == 1
    assert "Ingen andre trenger noe" in klient.get("/omdisponering/behov?slag=lokale").get_data(as_text=True)
    assert "Ingen behov her" in klient.get("/omdisponering/behov?hvem=egne").get_data(as_text=True)
    assert klient.get("/omdisponering/behov?side=abc").status_code == 422
