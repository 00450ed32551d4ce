"""The assessment of the need for more places: filled in by the registry, written by either side, decided by both."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import orjson
import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from portal.core.aktor import Aktor, Rolle
from portal.core.clock import i_dag, now
from portal.core.db import db, transactional
from portal.core.errors import IkkeFunnet, IkkeTilgang, Konflikt, UgyldigData, UgyldigOvergang, Utdatert
from portal.core.sprak import tusen
from portal.identitet.models import Organisasjon, Person
from portal.oppgaver.models import Oppgave
from portal.plasser import behovstall
from portal.plasser.forloep import Avslagsgrunn, Holdstatus, Vurderingsstatus
from portal.plasser.historikk import Behovsvurdering
from portal.plasser.models import Avslag, Opphold, Plass, Reservasjon
from portal.plasser.service import behov, doegn
from portal.varsler.models import Varsel
from tests.bygg import Scene, lag_aktor, lag_medlemskap, revisjon, som_aktor
from tests.plasser.hjelp import DAG, T, lag_plassenhet

Som = Callable[[Aktor], FlaskClient]
FERDIG: dict[str, Any] = {
    "vurdering": "Legevakta sender tre i uka til sykehuset.",
    "konklusjon": "Én plass til fra nyttår.",
    "flere_plasser": 1,
    "veiledning": "Fast telefon til vakthavende.",
}


@transactional
def _koordinator(scene: Scene) -> Aktor:
    return lag_aktor(Rolle.KOORDINATOR, scene.kommune, navn="Kaja Koordinator")


def les(id_: UUID) -> Behovsvurdering:
    db.session.rollback()
    db.session.expire_all()
    return db.session.get_one(Behovsvurdering, id_)


def skriv(aktor: Aktor, id_: UUID, **endret: Any) -> bool:
    v = les(id_)
    felter = {
        "lest": v.versjon,
        "fra": v.fra,
        "til": v.til,
        **{k: getattr(v, k) for k in behov.FELTER},
        **endret,
    }
    return behov.skriv(aktor, id_, **felter)


def ferdig(scene: Scene, kommunens: Aktor, **endret: Any) -> UUID:
    """One that can be decided."""
    id_ = behov.begynn(kommunens, scene.kommune.id)
    skriv(kommunens, id_, **{**FERDIG, "neste": i_dag() + timedelta(days=200), **endret})
    return id_


def varsler(aktor: Aktor, kode: str) -> list[Varsel]:
    return list(
        db.session.scalars(
            sa.select(Varsel).where(
                Varsel.person_id == aktor.person_id, Varsel.kode == kode, Varsel.stoppet.is_(None)
            )
        )
    )


# --- the figures -----------------------------------------------------------------------------------------


def _opphold(plass: Plass, kommune: UUID, inn: Any, ut: Any, alder: str | None) -> Opphold:
    return Opphold(
        id=uuid4(),
        plass_id=plass.id,
        plassenhet_id=plass.plassenhet_id,
        kommune_id=kommune,
        inn=inn,
        ut=ut,
        aldersgruppe=alder,
        registrert=inn,
    )


def test_tallene_er_registerets(scene: Scene) -> None:
    siden = now() - 20 * DAG
    enhet_id = lag_plassenhet(
        scene, 2, siden=siden, kvoter={scene.kommune.id: 1, scene.annen_kommune.id: 1}, navn="Egen"
    )

    @transactional
    def liv() -> None:
        plass = db.session.scalars(
            sa.select(Plass).where(Plass.plassenhet_id == enhet_id).order_by(Plass.navn)
        ).first()
        assert plass is not None
        for n in range(12):
            inn = siden + n * DAG + T
            alder = None if n == 0 else ("80-89" if n % 2 else "18-49")
            db.session.add(_opphold(plass, scene.kommune.id, inn, inn + 12 * T, alder))
        # Of the other kommune: counts there alone.
        db.session.add(_opphold(plass, scene.annen_kommune.id, siden + 15 * DAG, siden + 16 * DAG, "90+"))
        for grunn, kommune in (
            (Avslagsgrunn.FULLT, scene.kommune),
            (Avslagsgrunn.FULLT, scene.kommune),
            (Avslagsgrunn.EVNE, scene.kommune),
            (Avslagsgrunn.EVNE, scene.annen_kommune),
        ):
            db.session.add(
                Avslag(
                    id=uuid4(),
                    plassenhet_id=enhet_id,
                    kommune_id=kommune.id,
                    grunn=grunn,
                    tidspunkt=siden + 3 * DAG,
                )
            )
        db.session.add(
            Reservasjon(
                id=uuid4(),
                klient_id=uuid4(),
                plass_id=plass.id,
                plassenhet_id=enhet_id,
                kommune_id=scene.kommune.id,
                organisasjon_id=scene.kommune.id,
                status=Holdstatus.UTLOEPT,
                opprettet=siden + 4 * DAG,
                utloeper=siden + 4 * DAG + T,
                avsluttet=siden + 4 * DAG + T,
            )
        )

    liv()
    doegn.legg_sammen_dager()
    til = i_dag() - timedelta(days=1)
    t = behovstall.tall(scene.kommune.id, til - timedelta(days=29), til)
    assert (t["innlagt"], t["utskrevet"], t["doegn"], t["snitt_timer"]) == (12, 12, 6.0, 12.0)
    assert t["over_67"] == 0.55, "six of the eleven whose age is known"
    assert (t["avslag"], t["avslag_sum"], t["utloept"]) == ({"fullt": 2, "evne": 1}, 3, 1)
    assert t["kvote"] == 1
    # The quota's days begin with the quota; the days without figures are not zeros.
    assert t["bruk"] == pytest.approx(6 / 20, abs=0.02)
    assert t["dager"] == 30 and 19 <= t["dager_med_tall"] <= 21
    assert t["belegg"] == 0.0, "the beds themselves were free all the time"
    assert [e["kvote"] for e in t["enheter"]] == [1]
    ingen = behovstall.tall(scene.annen_kommune.id, til, til)
    assert ingen["over_67"] is None and ingen["snitt_timer"] is None


def test_uten_enhet_er_ukjent_ikke_null(scene: Scene) -> None:
    til = i_dag() - timedelta(days=1)
    t = behovstall.tall(scene.kommune.id, til, til)
    assert t["enheter"] == [] and t["kvote"] is None
    assert [t[k] for k in ("belegg", "operativt", "stengt", "bruk", "snitt_timer", "fase")] == [None] * 6


_TALT = ("innlagt", "utskrevet", "doegn", "avslag_sum", "utloept", "bruk")


def test_uten_en_eneste_dag_er_ingen_kommet_ukjent_ikke_null(
    scene: Scene, som: Callable[[Aktor], FlaskClient]
) -> None:
    lag_plassenhet(scene, 1, siden=now() - 3 * DAG)
    til = i_dag() - timedelta(days=1)
    t = behovstall.tall(scene.kommune.id, til - DAG, til)
    assert t["dager"] > 0 and t["dager_med_tall"] == 0
    assert [t[k] for k in _TALT] == [None] * 6
    koordinator = lag_aktor(Rolle.KOORDINATOR, scene.kommune)
    id_ = behov.begynn(koordinator, scene.kommune.id)
    side = som(koordinator).get(f"/plasser/behov/{id_}").text
    for ord_ in ("Innleggelser", "Fikk ikke plass", "Holdt, men utløpt"):
        assert "ukjent" in side.split(f"<dt>{ord_}</dt>")[1].split("</dd>")[0], ord_
    # One day that there are sums of, and nobody came: that is a zero.
    doegn.legg_sammen_dager()
    t = behovstall.tall(scene.kommune.id, til - DAG, til)
    assert [t[k] for k in _TALT] == [0] * 6


def test_belegg_er_av_plasser_noen_har_sagt_noe_om(scene: Scene) -> None:
    """A bed that nobody knows anything of counts neither as free nor as occupied."""
    lag_plassenhet(scene, ["belagt", "ledig", "stengt", "ukjent"], siden=now() - 3 * DAG)
    doegn.legg_sammen_dager()
    til = i_dag() - timedelta(days=1)
    t = behovstall.tall(scene.kommune.id, til, til)
    assert (t["belegg"], t["operativt"], t["stengt"]) == (
        pytest.approx(1 / 3, abs=1e-3),
        0.5,
        pytest.approx(1 / 3, abs=1e-3),
    )


# --- beginning -------------------------------------------------------------------------------------------


def test_en_av_gangen_og_begge_sider_kan_begynne(scene: Scene) -> None:
    kaja = _koordinator(scene)
    id_ = behov.begynn(scene.koordinator, scene.kommune.id)
    assert behov.begynn(kaja, scene.kommune.id) == id_, "the other side is led to the same"
    v = les(id_)
    assert (v.status, v.foretak_id) == (Vurderingsstatus.UTKAST, scene.hf.id)
    assert (v.til, (v.til - v.fra).days) == (i_dag() - timedelta(days=1), 364)
    assert len(varsler(kaja, behov.BEGYNT)) == 1 and not varsler(scene.koordinator, behov.BEGYNT)


def test_hvem_som_kan_begynne(scene: Scene) -> None:
    for hvem in (scene.lege, scene.spesialist, scene.administrator):
        with pytest.raises(IkkeTilgang):
            behov.begynn(hvem, scene.kommune.id)
    with pytest.raises(IkkeFunnet):
        behov.begynn(scene.koordinator, scene.hf.id)

    @transactional
    def fremmed() -> Aktor:
        return lag_aktor(Rolle.KOORDINATOR, scene.annet_hf)

    with pytest.raises(IkkeFunnet):
        behov.begynn(fremmed(), scene.kommune.id)
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Behovsvurdering)) == 0


def test_uten_helseforetak(scene: Scene) -> None:
    kaja = _koordinator(scene)

    @transactional
    def loesriv() -> None:
        db.session.get_one(Organisasjon, scene.kommune.id).helseforetak_id = None

    loesriv()
    with pytest.raises(UgyldigOvergang):
        behov.begynn(kaja, scene.kommune.id)


# --- writing ---------------------------------------------------------------------------------------------


def test_gammel_side_og_ingenting_gaar_tapt(scene: Scene, som: Som) -> None:
    kaja = _koordinator(scene)
    id_ = behov.begynn(kaja, scene.kommune.id)
    gammel = les(id_).versjon
    skriv(scene.koordinator, id_, veiledning="Hospitering på medisinsk avdeling")
    v = les(id_)
    with pytest.raises(Utdatert):
        behov.skriv(kaja, id_, lest=gammel, fra=v.fra, til=v.til, vurdering="Vårt")
    skjema = {
        "lest": str(gammel),
        "fra": v.fra.isoformat(),
        "til": v.til.isoformat(),
        "vurdering": "Det jeg skrev",
        "veiledning": "",
    }
    svar = som(kaja).post(f"/plasser/behov/{id_}", data=skjema)
    assert svar.status_code == 409
    assert "Det jeg skrev" in svar.text and "Hospitering på medisinsk avdeling" in svar.text
    assert f'name="lest" value="{v.versjon}"' in svar.text, "saved once more, it is on purpose"
    assert les(id_).vurdering == ""


def test_det_man_ikke_roerte_er_den_andres(scene: Scene, som: Som) -> None:
    """Saved once more after a conflict: what the other wrote in a field that one never touched is not undone."""
    kaja = _koordinator(scene)
    id_ = behov.begynn(kaja, scene.kommune.id)
    skriv(kaja, id_, veiledning="Gammelt", konklusjon="Gammel")
    klient = som(kaja)

    def skjulte(side: str) -> dict[str, str]:
        return {
            k: re.findall(rf'name="{k}" value="([^"]*)"', side)[0] for k in ("lest", "grunnlag", "fra", "til")
        }

    aapnet = skjulte(klient.get(f"/plasser/behov/{id_}").text)
    skriv(scene.koordinator, id_, veiledning="Nytt", konklusjon="Deres")
    mitt = {**aapnet, "veiledning": "Gammelt", "konklusjon": "Vår"}
    svar = klient.post(f"/plasser/behov/{id_}", data=mitt)
    assert svar.status_code == 409
    felt = {
        k: re.findall(rf'<textarea[^>]*name="{k}"[^>]*>\n([^<]*)</textarea>', svar.text)[0]
        for k in ("veiledning", "konklusjon")
    }
    assert felt == {"veiledning": "Nytt", "konklusjon": "Vår"}
    assert svar.text.count('class="behovandres"') == 1 and "Deres" in svar.text
    svar = klient.post(f"/plasser/behov/{id_}", data={**skjulte(svar.text), **felt})
    assert svar.status_code == 303
    assert (les(id_).veiledning, les(id_).konklusjon) == ("Nytt", "Vår")


def test_foedselsnummer_stoppes(scene: Scene, som: Som) -> None:
    kaja = _koordinator(scene)
    id_ = behov.begynn(kaja, scene.kommune.id)
    with pytest.raises(UgyldigData) as feil:
        skriv(kaja, id_, vurdering="Pasienten 13097248022 fikk ikke plass")
    assert feil.value.kode == "personnummer" and "vurdering" in feil.value.detaljer["treff"]
    v = les(id_)
    skjema = {"lest": v.versjon, "fra": v.fra, "til": v.til, "vurdering": "Konto 13097248022"}
    svar = som(kaja).post(f"/plasser/behov/{id_}", data=skjema)
    assert svar.status_code == 422 and "fnr-sted" in svar.text and "Konto" in svar.text
    svar = som(kaja).post(f"/plasser/behov/{id_}", data={**skjema, "ikke_fnr": "1"})
    assert svar.status_code == 303 and les(id_).vurdering == "Konto 13097248022"
    assert orjson.loads(revisjon("plasser.behov_skrevet")[-1].detaljer)["sluppet_tall"] == 1


@pytest.mark.parametrize(
    ("fra", "til", "felt"),
    [(-10, 0, "til"), (-5, -6, "fra"), (-3 * 366 - 10, -1, "fra")],
)
def test_umulig_periode(scene: Scene, fra: int, til: int, felt: str) -> None:
    kaja = _koordinator(scene)
    id_ = behov.begynn(kaja, scene.kommune.id)
    with pytest.raises(UgyldigData) as feil:
        skriv(kaja, id_, fra=i_dag() + timedelta(days=fra), til=i_dag() + timedelta(days=til))
    assert list(feil.value.detaljer["felter"]) == [felt]


def test_tallene_hentes_paa_nytt_for_en_annen_periode(scene: Scene) -> None:
    kaja = _koordinator(scene)
    id_ = behov.begynn(kaja, scene.kommune.id)
    fra: date = i_dag() - timedelta(days=40)
    skriv(kaja, id_, fra=fra)
    assert les(id_).tall["fra"] == fra.isoformat()
    lag_plassenhet(scene, 3, siden=now() - 2 * DAG)
    skriv(kaja, id_, vurdering="Uten å hente")
    assert les(id_).tall["kvote"] is None, "the figures are those of the day they were filled in"
    skriv(kaja, id_, hent_tall=True)
    assert les(id_).tall["kvote"] == 3


# --- deciding --------------------------------------------------------------------------------------------


def test_begge_beslutter_den_samme_teksten(scene: Scene) -> None:
    kaja = _koordinator(scene)
    id_ = ferdig(scene, kaja)
    lest = les(id_).innhold_hash
    assert behov.beslutt(kaja, id_, lest_hash=lest) is False
    assert les(id_).status == Vurderingsstatus.VENTER
    assert len(varsler(scene.koordinator, behov.VENTER)) == 1
    with pytest.raises(UgyldigOvergang):
        behov.beslutt(scene.kommuneoverlege, id_, lest_hash=lest)
    assert behov.beslutt(scene.koordinator, id_, lest_hash=lest) is True
    v = les(id_)
    assert v.status == Vurderingsstatus.BESLUTTET
    assert (v.kommune_besluttet_av_id, v.foretak_besluttet_av_id) == (
        kaja.person_id,
        scene.koordinator.person_id,
    )
    assert not varsler(scene.koordinator, behov.VENTER), "nobody waits any more"
    assert len(varsler(kaja, behov.BESLUTTET)) == 1
    oppgaver = db.session.scalars(sa.select(Oppgave).order_by(Oppgave.organisasjon_id)).all()
    assert {(o.organisasjon_id, o.frist, o.kode) for o in oppgaver} == {
        (scene.kommune.id, v.neste, behov.OPPGAVE),
        (scene.hf.id, v.neste, behov.OPPGAVE),
    }
    for gjoer in (
        lambda: skriv(kaja, id_, vurdering="Etterpå"),
        lambda: behov.forkast(kaja, id_, lest=les(id_).versjon),
        lambda: behov.beslutt(scene.koordinator, id_, lest_hash=lest),
    ):
        with pytest.raises(UgyldigOvergang):
            gjoer()


def test_en_endring_opphever_den_foerste_beslutningen(scene: Scene) -> None:
    kaja = _koordinator(scene)
    id_ = ferdig(scene, kaja)
    lest = les(id_).innhold_hash
    behov.beslutt(kaja, id_, lest_hash=lest)
    assert skriv(scene.koordinator, id_) is False, "saved as it stood: nothing falls"
    assert les(id_).status == Vurderingsstatus.VENTER
    assert skriv(scene.koordinator, id_, flere_plasser=2) is True
    v = les(id_)
    assert (v.status, v.kommune_besluttet, v.kommune_besluttet_av_id) == (Vurderingsstatus.UTKAST, None, None)
    assert len(varsler(kaja, behov.FALT)) == 1 and not varsler(scene.koordinator, behov.VENTER)
    with pytest.raises(Utdatert):
        behov.beslutt(scene.koordinator, id_, lest_hash=lest)
    # Decided and changed again: told again.
    behov.beslutt(kaja, id_, lest_hash=les(id_).innhold_hash)
    skriv(scene.koordinator, id_, flere_plasser=3)
    assert len(varsler(kaja, behov.FALT)) == 1, "the first was stopped by the decision"


def test_ingen_beslutter_for_begge_sider(scene: Scene) -> None:
    @transactional
    def begge() -> tuple[Aktor, Aktor]:
        hos_kommunen = lag_aktor(Rolle.KOORDINATOR, scene.kommune)
        db.session.flush()
        person = db.session.get_one(Person, hos_kommunen.person_id)
        medlemskap = lag_medlemskap(person, Rolle.KOORDINATOR, scene.hf)
        return hos_kommunen, som_aktor(person, medlemskap, scene.hf)

    kommunens, foretakets = begge()
    id_ = ferdig(scene, kommunens)
    lest = les(id_).innhold_hash
    behov.beslutt(kommunens, id_, lest_hash=lest)
    with pytest.raises(Konflikt) as feil:
        behov.beslutt(foretakets, id_, lest_hash=lest)
    assert feil.value.kode == "samme_person"
    assert les(id_).status == Vurderingsstatus.VENTER
    assert behov.beslutt(scene.koordinator, id_, lest_hash=lest)


@pytest.mark.parametrize(
    ("endret", "felt"),
    [
        ({"vurdering": ""}, "vurdering"),
        ({"konklusjon": "  "}, "konklusjon"),
        ({"flere_plasser": None}, "flere_plasser"),
        ({"neste": None}, "neste"),
        ({"neste": date(2020, 1, 1)}, "neste"),
    ],
)
def test_ufullstendig_kan_ikke_besluttes(scene: Scene, endret: dict[str, Any], felt: str) -> None:
    kaja = _koordinator(scene)
    id_ = ferdig(scene, kaja, **endret)
    with pytest.raises(UgyldigData) as feil:
        behov.beslutt(kaja, id_, lest_hash=les(id_).innhold_hash)
    assert list(feil.value.detaljer["felter"]) == [felt]
    assert les(id_).status == Vurderingsstatus.UTKAST


def test_ingen_flere_plasser_er_et_svar(scene: Scene) -> None:
    kaja = _koordinator(scene)
    id_ = ferdig(scene, kaja, flere_plasser=0)
    assert behov.beslutt(kaja, id_, lest_hash=les(id_).innhold_hash) is False


def test_ny_beslutning_gjoer_forrige_oppgave(scene: Scene) -> None:
    kaja = _koordinator(scene)
    for _ in range(2):
        id_ = ferdig(scene, kaja)
        for hvem in (kaja, scene.koordinator):
            behov.beslutt(hvem, id_, lest_hash=les(id_).innhold_hash)
    db.session.rollback()
    oppgaver = db.session.scalars(sa.select(Oppgave)).all()
    assert sorted((o.gjort is not None) for o in oppgaver) == [False, False, True, True]
    assert all((o.gjelder == f"behovsvurdering:{id_}") == (o.gjort is None) for o in oppgaver)


def test_lagt_bort_kan_begynnes_paa_nytt(scene: Scene) -> None:
    kaja = _koordinator(scene)
    id_ = behov.begynn(kaja, scene.kommune.id)
    with pytest.raises(Utdatert):
        behov.forkast(kaja, id_, lest=les(id_).versjon + 1)
    behov.forkast(kaja, id_, lest=les(id_).versjon)
    assert len(varsler(scene.koordinator, behov.FORKASTET)) == 1
    ny = behov.begynn(kaja, scene.kommune.id)
    assert ny != id_ and les(id_).status == Vurderingsstatus.FORKASTET


# --- the pages -------------------------------------------------------------------------------------------


def test_delene_er_alle_kommunene(scene: Scene, som: Som) -> None:
    """One that is worked on for the first time is not counted as never assessed too."""
    behov.begynn(_koordinator(scene), scene.kommune.id)
    html = som(scene.koordinator).get("/plasser/behov").text
    summer = html.split('<ul class="behovsum"', 1)[1].split("</ul>", 1)[0]
    tall = [int(t) for t in re.findall(r"<strong>(\d+)</strong>", summer)]
    assert tall == [0, 1, 1, 0, 2] and sum(tall[:-1]) == tall[-1]


def test_beslutt_staar_sist_med_grunnen(scene: Scene, som: Som) -> None:
    kaja = _koordinator(scene)
    id_ = ferdig(scene, kaja, konklusjon="", neste=None)
    klient = som(kaja)
    html = klient.get(f"/plasser/behov/{id_}").text
    assert "/beslutt" not in html and html.index('name="neste"') < html.index("Kan ikke besluttes ennå")
    grunner = html.split("Kan ikke besluttes ennå", 1)[1].split("</ul>", 1)[0]
    assert re.findall(r'href="#(\w+)"', grunner) == ["konklusjon", "neste"]
    skriv(kaja, id_, **{**FERDIG, "neste": i_dag() + timedelta(days=200)})
    html = klient.get(f"/plasser/behov/{id_}").text
    assert "Kan ikke besluttes ennå" not in html and html.index('name="neste"') < html.index("/beslutt")
    behov.beslutt(kaja, id_, lest_hash=les(id_).innhold_hash)
    assert "/beslutt" not in klient.get(f"/plasser/behov/{id_}").text


def test_foretaket_ser_hvem_som_mangler_og_hvem_som_er_sen(scene: Scene, som: Som) -> None:
    kaja = _koordinator(scene)
    id_ = ferdig(scene, kaja)
    for hvem in (kaja, scene.koordinator):
        behov.beslutt(hvem, id_, lest_hash=les(id_).innhold_hash)
    liste = behov.hent_liste(scene.koordinator)
    assert {r.kommune.kortnavn: (r.mangler, r.for_sent) for r in liste.rader} == {
        scene.kommune.kortnavn: (False, False),
        scene.annen_kommune.kortnavn: (True, False),
    }

    @transactional
    def tiden_gaar() -> None:
        db.session.get_one(Behovsvurdering, id_).neste = i_dag()

    tiden_gaar()
    side = som(scene.koordinator).get("/plasser/behov").text
    assert "Skal ses på igjen" in side and "Ikke vurdert" in side
    egen = behov.hent_liste(kaja)
    assert [r.for_sent for r in egen.rader] == [True] and [v.id for v in egen.historie] == [id_]
    assert behov.hent_liste(scene.innsyn).rader == []


def test_hele_veien_i_nettleseren(scene: Scene, som: Som) -> None:
    kaja = _koordinator(scene)
    lag_plassenhet(scene, 2)
    klient, deres = som(kaja), som(scene.koordinator)
    svar = klient.post("/plasser/behov", data={"kommune_id": str(scene.kommune.id)})
    assert svar.status_code == 303
    adresse = svar.location
    id_ = UUID(adresse.rsplit("/", 1)[1])
    v = les(id_)
    skjema = {
        "lest": str(v.versjon),
        "fra": v.fra.isoformat(),
        "til": v.til.isoformat(),
        "vurdering": "Linje 1\r\nLinje 2",
        "konklusjon": "Nok plasser",
        "flere_plasser": "0",
        "neste": (i_dag() + timedelta(days=90)).isoformat(),
        "hent_tall": "1",
    }
    assert klient.post(adresse, data=skjema).status_code == 303
    v = les(id_)
    assert v.vurdering == "Linje 1\nLinje 2"
    # The browser's line ends are no change.
    skjema = {**skjema, "lest": str(v.versjon)}
    del skjema["hent_tall"]
    assert klient.post(adresse, data=skjema).status_code == 303
    assert les(id_).versjon == v.versjon
    for k in (klient, deres):
        svar = k.post(f"{adresse}/beslutt", data={"lest_hash": v.innhold_hash})
        assert svar.status_code == 303, svar.text
    papir = deres.get(f"{adresse}/utskrift")
    assert papir.status_code == 200 and "Ingen flere plasser" in papir.text and "Linje 2" in papir.text
    assert "Legg bort" not in klient.get(adresse).text and "Nok plasser" in klient.get(adresse).text
    assert som(scene.fremmed_lege).get(adresse).status_code == 404
    assert som(scene.lege).get(adresse).status_code == 200


@pytest.mark.parametrize(
    ("tall", "ord_"), [(999, "999"), (1338, "1\xa0338"), (-2000000.4, "-2\xa0000\xa0000")]
)
def test_tusener_holdes_sammen(tall: float, ord_: str) -> None:
    assert tusen(tall) == ord_
