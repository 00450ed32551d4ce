"""The register of people who can be lent: who may, what is refused and why, what is promised, and its end."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from portal.core.aktor import Aktor
from portal.core.clock import i_dag, now
from portal.core.db import db
from portal.core.errors import IkkeFunnet, UgyldigData, UgyldigOvergang, Utdatert
from portal.identitet.models import Person
from portal.omdisponering import register, ressursdata
from portal.omdisponering.forloep import Kompetanse, Samtykke, Status, Stilling, Tilbudsstatus
from portal.omdisponering.models import Tilbud
from portal.omdisponering.ressursmodeller import Ressursfravaer, Ressursperson
from portal.omdisponering.service import flyt, ressurser
from portal.revisjon.models import Revisjon
from tests.bygg import lagre, om
from tests.omdisponering.hjelp import DAG, T, Utlaan, lag_ressurs, lag_tilbud

HPR, HPR2 = "1234567", "7654321"
Som = Callable[[Aktor], FlaskClient]


@pytest.fixture
def u(scene: object) -> Utlaan:
    return Utlaan(scene)  # type: ignore[arg-type]


def _ny(u: Utlaan, **felt: Any) -> UUID:
    return ressurser.opprett(
        u.avgiver,
        **{
            "navn": "Áile Østmo",
            "stilling": Stilling.SYKEPLEIER,
            "enhet_id": u.post.id,
            "sted_id": u.scene.kommune.id,
            "prosent": 80,
            **felt,
        },
    )


def _rad(id_: UUID) -> Ressursperson:
    db.session.rollback()
    return db.session.get_one(Ressursperson, id_, populate_existing=True)


def _feil(gjoer: Any) -> dict[str, list[str]]:
    with pytest.raises(UgyldigData) as feil:
        gjoer()
    db.session.rollback()
    return {k: [str(m) for m in v] for k, v in feil.value.detaljer["felter"].items()}


def _antall(modell: Any, *vilkaar: Any) -> int:
    db.session.rollback()
    return db.session.scalar(sa.select(sa.func.count()).select_from(modell).where(*vilkaar)) or 0


def _logget(kode: str) -> int:
    return _antall(Revisjon, Revisjon.handling == kode)


# --- writing ---------------------------------------------------------------------------------------------


def test_det_som_er_skrevet_staar(u: Utlaan) -> None:
    id_ = _ny(
        u,
        kompetanse=int(Kompetanse.INTENSIV | Kompetanse.SAMISK),
        hpr="1 234 567",
        telefon="900 00 000",
        epost="Aile@Sykehuset.no",
        reise_km=0,
        vaksinert=False,
        smittevern=i_dag(),
        fritatt=True,
    )
    p = _rad(id_)
    assert (p.navn, p.prosent, p.hpr, p.epost) == ("Áile Østmo", 80, HPR, "aile@sykehuset.no")
    assert (p.organisasjon_id, p.enhet_id, p.sted_id) == (u.scene.hf.id, u.post.id, u.scene.kommune.id)
    assert (p.reise_km, p.vaksinert, p.smittevern, p.fritatt) == (0, False, i_dag(), True)
    assert p.kompetanse == Kompetanse.INTENSIV | Kompetanse.SAMISK
    assert p.hpr_slaatt_opp is None
    assert _logget("omdisponering.person_registrert") == 1


def test_alt_som_er_galt_sies_paa_en_gang(u: Utlaan) -> None:
    galt = _feil(
        lambda: _ny(
            u,
            navn="  ",
            hpr="123",
            telefon="ring meg",
            epost="ikke en adresse",
            enhet_id=u.oehd.id,
            sted_id=u.scene.annet_hf.id,
            smittevern=i_dag() + timedelta(days=1),
            bruker="ingen@her.no",
        )
    )
    assert set(galt) == {
        *("navn", "hpr", "telefon", "epost", "enhet_id", "sted_id", "smittevern", "bruker"),
    }
    assert _antall(Ressursperson) == 2
    assert _logget("omdisponering.person_registrert") == 0


def test_et_foedselsnummer_kommer_ikke_inn_som_navn(u: Utlaan) -> None:
    assert set(_feil(lambda: _ny(u, navn="Ola 01019012480"))) == {"navn"}


def test_samme_hpr_nummer_bare_en_gang_i_registeret(u: Utlaan) -> None:
    _ny(u, hpr=HPR)
    galt = _feil(lambda: _ny(u, navn="En Annen", hpr=HPR))
    assert "Áile Østmo" in galt["hpr"][0]
    # Who is outside the service is not told of to everybody who keeps the register.
    lag_ressurs(u.scene.hf, navn="Hemmelig Reserve", hpr=HPR2, samtykke=Samtykke.VENTER)
    galt = _feil(lambda: _ny(u, navn="En Annen", hpr=HPR2))
    assert "Hemmelig" not in galt["hpr"][0]
    # Another organisation's register is its own.
    lag_ressurs(u.scene.kommune, hpr=HPR)


def test_den_som_var_foerst_med_nummeret(u: Utlaan, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two register the same number at the same moment, and neither sees the other's: the database has the last word."""
    _ny(u, hpr=HPR)
    monkeypatch.setattr(ressursdata, "_med", lambda *_a: None)
    assert set(_feil(lambda: _ny(u, navn="En Annen", hpr=HPR))) == {"hpr"}
    assert _antall(Ressursperson, Ressursperson.hpr == HPR) == 1
    assert _logget("omdisponering.person_registrert") == 1


def test_nytt_nummer_er_ikke_slaatt_opp(u: Utlaan) -> None:
    id_ = _ny(u, hpr=HPR)
    ressurser.merk_hpr(u.avgiver, id_, hpr=HPR)
    p = _rad(id_)
    assert (p.hpr_slaatt_opp, p.hpr_slaatt_opp_av_id) == (i_dag(), u.avgiver.person_id)
    ressurser.endre(u.avgiver, id_, hpr=HPR, prosent=70)
    assert _rad(id_).hpr_slaatt_opp == i_dag()
    ressurser.endre(u.avgiver, id_, hpr=HPR2)
    assert (_rad(id_).hpr_slaatt_opp, _rad(id_).hpr_slaatt_opp_av_id) == (None, None)
    with pytest.raises(Utdatert):
        ressurser.merk_hpr(u.avgiver, id_, hpr=HPR)
    assert _rad(id_).hpr_slaatt_opp is None
    ressurser.merk_hpr(u.avgiver, id_, hpr=HPR2)
    ressurser.merk_hpr(u.avgiver, id_, hpr=HPR2, gyldig=False)
    assert _rad(id_).hpr_slaatt_opp is None
    assert (_logget("omdisponering.hpr_slaatt_opp"), _logget("omdisponering.hpr_ugyldig")) == (2, 1)


def test_uten_nummer_er_det_ingenting_aa_slaa_opp(u: Utlaan) -> None:
    id_ = _ny(u)
    with pytest.raises(UgyldigOvergang):
        ressurser.merk_hpr(u.avgiver, id_, hpr="")


def test_den_som_leste_noe_annet_faar_vite_det(u: Utlaan) -> None:
    id_ = _ny(u)
    lest = _rad(id_).versjon
    ressurser.endre(u.avgiver, id_, lest=lest, prosent=50)
    with pytest.raises(Utdatert):
        ressurser.endre(u.avgiver, id_, lest=lest, prosent=60)
    assert _rad(id_).prosent == 50
    # The same once more changes nothing, and is not noted.
    ressurser.endre(u.avgiver, id_, prosent=50)
    assert _logget("omdisponering.person_endret") == 1


def test_brukeren_er_en_av_organisasjonens_egne(u: Utlaan) -> None:
    sykepleier = u.scene.spesialist
    epost = db.session.get_one(Person, sykepleier.person_id).epost
    id_ = _ny(u, bruker=epost.upper())
    assert _rad(id_).person_id == sykepleier.person_id
    assert set(_feil(lambda: _ny(u, navn="En Annen", bruker=epost))) == {"bruker"}
    fremmed = db.session.get_one(Person, u.scene.lege.person_id).epost
    assert set(_feil(lambda: ressurser.endre(u.avgiver, id_, bruker=fremmed))) == {"bruker"}
    ressurser.endre(u.avgiver, id_, bruker="")
    assert _rad(id_).person_id is None


def test_det_et_forslag_bygger_paa_kan_endres_og_ses_paa_igjen(u: Utlaan) -> None:
    """The profession is changed while the proposal is open: the lender's approval is refused, with the line."""
    id_ = u.til(Status.FORESLAATT)
    ressurser.endre(u.avgiver, u.personer[0].id, stilling=Stilling.LEGE)
    galt = _feil(lambda: flyt.godkjenn(u.avgiver, id_, lest=u.les(id_).innhold_hash))
    linje = next(li for li in u.les(id_).linjer if li.ressursperson_id == u.personer[0].id)
    assert set(galt) == {f"linje-{linje.id}"}


# --- away ------------------------------------------------------------------------------------------------


def test_borte_sperrer_for_godkjenning(u: Utlaan) -> None:
    id_ = u.til(Status.FORESLAATT)
    borte = u.personer[0].id
    assert ressurser.meld_borte(u.avgiver, borte, fra=u.behov.fra + T, til=u.behov.fra + 2 * T) == []
    with pytest.raises(Exception, match="opptatt"):
        flyt.godkjenn(u.avgiver, id_, lest=u.les(id_).innhold_hash)
    db.session.rollback()
    ressurser.fjern_borte(u.avgiver, borte, ressurser.hent(u.avgiver, borte).fravaer[0].id)
    flyt.godkjenn(u.avgiver, id_, lest=u.les(id_).innhold_hash)
    assert u.les(id_).status == Status.GODKJENT_AVGIVER
    # What is promised stands, and is told.
    assert ressurser.meld_borte(u.avgiver, borte, fra=u.behov.fra, til=u.behov.fra + DAG) == [
        u.les(id_).nummer
    ]


def test_umulige_perioder(u: Utlaan) -> None:
    id_, naa = u.personer[0].id, now()
    for fra, til, felt in (
        (naa + DAG, naa + DAG, "til"),
        (naa + 2 * DAG, naa + DAG, "til"),
        (naa - 2 * DAG, naa - DAG, "til"),
        (naa - 40 * DAG, naa + DAG, "fra"),
        (naa, naa + 1200 * DAG, "til"),
    ):
        assert set(_feil(lambda f=fra, t=til: ressurser.meld_borte(u.avgiver, id_, fra=f, til=t))) == {felt}
    ressurser.meld_borte(u.avgiver, id_, fra=naa + DAG, til=naa + 2 * DAG)
    assert set(_feil(lambda: ressurser.meld_borte(u.avgiver, id_, fra=naa + DAG, til=naa + 2 * DAG))) == {
        "fra"
    }
    # A longer one takes in the shorter.
    ressurser.meld_borte(u.avgiver, id_, fra=naa, til=naa + 3 * DAG)
    assert _antall(Ressursfravaer) == 1
    with pytest.raises(IkkeFunnet):
        ressurser.fjern_borte(u.avgiver, u.personer[1].id, ressurser.hent(u.avgiver, id_).fravaer[0].id)


# --- the end ---------------------------------------------------------------------------------------------


def test_den_som_er_lovet_bort_slettes_ikke(u: Utlaan) -> None:
    person = u.personer[0].id
    id_ = u.til(Status.GODKJENT_AVGIVER)
    with pytest.raises(UgyldigOvergang) as feil:
        ressurser.slett(u.avgiver, person)
    assert u.les(id_).nummer in feil.value.melding
    assert _rad(person).navn
    flyt.trekk(u.avgiver, id_, grunn="Ombestemt.")
    ressurser.slett(u.avgiver, person)
    assert _rad(person).navn == ""


def test_slettet_er_slettet(u: Utlaan) -> None:
    id_ = _ny(u, hpr=HPR, telefon="900 00 000", epost="a@b.no", fritatt=True, vaksinert=True)
    ressurser.merk_hpr(u.avgiver, id_, hpr=HPR)
    ressurser.meld_borte(u.avgiver, id_, fra=now(), til=now() + DAG)
    tilbud = lag_tilbud(_rad(id_), u.behov, merknad="Áile er flink.").id
    ressurser.slett(u.avgiver, id_)
    p = _rad(id_)
    assert p.slettet is not None
    assert (p.navn, p.hpr, p.telefon, p.epost, p.person_id) == ("", "", "", "", None)
    assert (p.hpr_slaatt_opp, p.vaksinert, p.fritatt) == (None, None, False)
    assert _antall(Ressursfravaer) == 0
    rad = db.session.get_one(Tilbud, tilbud)
    assert (rad.status, rad.merknad) == (Tilbudsstatus.TRUKKET, "")
    with pytest.raises(IkkeFunnet):
        ressurser.hent(u.avgiver, id_)
    assert id_ not in {r.person.id for r in ressurser.hent_liste(u.avgiver).rader}
    # The number is free again.
    _ny(u, hpr=HPR)


def test_et_forslag_med_en_slettet_kan_ikke_godkjennes(u: Utlaan) -> None:
    id_ = u.til(Status.FORESLAATT)
    ressurser.slett(u.avgiver, u.personer[0].id)
    assert len(_feil(lambda: flyt.godkjenn(u.avgiver, id_, lest=u.les(id_).innhold_hash))) == 1


# --- reading ---------------------------------------------------------------------------------------------


def test_utvalgene(u: Utlaan) -> None:
    lag_ressurs(u.scene.hf, navn="Áhkká Ødegård", stilling=Stilling.LEGE, kompetanse=3)
    lag_ressurs(u.scene.hf, u.post, navn="Bjørn Berg", kompetanse=1, hpr=HPR, hpr_slaatt_opp=i_dag())
    lag_ressurs(u.scene.kommune, navn="Noen Andres")
    lag_ressurs(u.scene.hf, navn="Utenfor Tjenesten", samtykke=Samtykke.GITT)

    def navn(**valg: Any) -> list[str]:
        return [r.person.navn for r in ressurser.hent_liste(u.avgiver, ressurser.Utvalg(**valg)).rader]

    assert navn() == ["Áhkká Ødegård", "Bjørn Berg", "Máret Somby", "Åse Ørn"]
    assert navn(q="ahkka") == navn(q="ØDEGÅRD") == ["Áhkká Ødegård"]
    assert navn(stilling=Stilling.LEGE) == navn(kompetanse=2) == ["Áhkká Ødegård"]
    assert set(navn(kompetanse=1)) == {"Áhkká Ødegård", "Bjørn Berg"}
    assert set(navn(enhet_id=u.post.id)) == {"Bjørn Berg", "Máret Somby", "Åse Ørn"}
    assert "Bjørn Berg" not in navn(vis="uten_hpr")
    id_ = u.til(Status.GODKJENT_MOTTAKER)
    assert navn(vis="lovet") == []
    with om(days=1, minutes=1):
        assert set(navn(vis="lovet")) == {"Máret Somby", "Åse Ørn"}
        assert set(navn(vis="ledig")) == {"Áhkká Ødegård", "Bjørn Berg"}
        ressurser.meld_borte(u.avgiver, _med_navn("Bjørn Berg"), fra=now(), til=now() + DAG)
        assert navn(vis="ledig") == ["Áhkká Ødegård"]
        assert navn(vis="borte") == ["Bjørn Berg"]
    rad = next(r for r in ressurser.hent_liste(u.avgiver).rader if r.person.navn == "Åse Ørn")
    assert [(x.nummer, x.mottaker) for x in rad.lovet] == [(u.les(id_).nummer, u.scene.kommune.kortnavn)]


def _med_navn(navn: str) -> UUID:
    return db.session.scalars(sa.select(Ressursperson.id).where(Ressursperson.navn == navn)).one()


def test_mindre_andel_enn_det_som_er_lovet_sies_fra_om(u: Utlaan) -> None:
    u.til(Status.GODKJENT_AVGIVER)
    id_ = u.personer[0].id
    assert ressurser.hent(u.avgiver, id_).over == 0
    ressurser.endre(u.avgiver, id_, prosent=60)
    assert ressurser.hent(u.avgiver, id_).over == 100


def test_forslagene_som_venter_staar_paa_personen(u: Utlaan) -> None:
    id_ = u.til(Status.FORESLAATT)
    assert ressurser.hent(u.avgiver, u.personer[0].id).forslag == [u.les(id_).nummer]


# --- the pages -------------------------------------------------------------------------------------------


def _skjema(u: Utlaan, **felt: Any) -> dict[str, Any]:
    return {
        "navn": "Áile Østmo",
        "stilling": "sykepleier",
        "enhet_id": str(u.post.id),
        "hpr": HPR,
        "prosent": "80",
        "kompetanse": ["1", "8"],
        "sted_id": str(u.scene.kommune.id),
        "reise_km": "",
        "telefon": "",
        "epost": "",
        "vaksinert": "0",
        "smittevern": "2026-01-31",
        "bruker": "",
        **felt,
    }


def test_registrere_slaa_opp_endre_og_slette_i_nettleseren(u: Utlaan, som: Som) -> None:
    klient = som(u.avgiver)
    assert klient.get("/omdisponering/personer/ny").status_code == 200
    svar = klient.post("/omdisponering/personer/ny", data=_skjema(u))
    assert svar.status_code == 303
    adresse = svar.headers["Location"]
    p = _rad(UUID(adresse.rsplit("/", 1)[1]))
    assert (p.kompetanse, p.vaksinert, p.smittevern) == (9, False, date(2026, 1, 31))
    side = klient.get(adresse).text
    assert "Ikke slått opp" in side and "Intensiv" in side and "Gjelder ikke lenger" not in side
    assert klient.post(f"{adresse}/hpr", data={"hpr": HPR, "gyldig": "1"}).status_code == 303
    assert "Gjelder ikke lenger" in klient.get(adresse).text
    assert _rad(p.id).hpr_slaatt_opp == i_dag()
    # A form that was opened before: what was typed comes back, with what stands now.
    lest = _lest(klient.get(f"{adresse}/endre").text)
    ressurser.endre(u.avgiver, p.id, prosent=50)
    svar = klient.post(f"{adresse}/endre", data=_skjema(u, navn="Áile Nytt", lest=lest))
    assert svar.status_code == 409
    assert 'value="Áile Nytt"' in svar.text and "Slik står det nå" in svar.text
    assert re.search(r"Kan avgis høyst: <strong>50</strong>", svar.text)
    svar = klient.post(f"{adresse}/endre", data=_skjema(u, navn="Áile Nytt", lest=_lest(svar.text)))
    assert svar.status_code == 303
    assert (_rad(p.id).navn, _rad(p.id).prosent) == ("Áile Nytt", 80)
    assert klient.post(f"{adresse}/slett").status_code == 422
    assert klient.post(f"{adresse}/slett", data={"bekreftet": "1"}).status_code == 303
    assert klient.get(adresse).status_code == 404


def _lest(side: str) -> str:
    funnet = re.search(r'name="lest" value="(\d+)"', side)
    assert funnet is not None
    return funnet[1]


def test_det_som_er_skrevet_feil_kommer_tilbake(u: Utlaan, som: Som) -> None:
    svar = som(u.avgiver).post(
        "/omdisponering/personer/ny", data=_skjema(u, prosent="120", hpr="12", navn="Ny Person")
    )
    assert svar.status_code == 422
    assert 'value="Ny Person"' in svar.text and 'value="120"' in svar.text
    assert "fra 1 til 100 prosent" in svar.text
    assert re.search(r'id="kompetanse-8"[^>]* checked', svar.text)
    # What the schema lets through is judged after it.
    svar = som(u.avgiver).post("/omdisponering/personer/ny", data=_skjema(u, hpr="12"))
    assert svar.status_code == 422 and "7–9 sifre" in svar.text


def test_perioder_i_nettleseren(u: Utlaan, som: Som) -> None:
    klient, id_ = som(u.avgiver), u.personer[0].id
    adresse = f"/omdisponering/personer/{id_}"
    dag = i_dag() + timedelta(days=3)
    galt = klient.post(f"{adresse}/fravaer", data={"fra": f"{dag}T12:00", "til": f"{dag}T08:00"})
    assert galt.status_code == 422 and f'value="{dag}T12:00"' in galt.text
    assert (
        klient.post(f"{adresse}/fravaer", data={"fra": f"{dag}T08:00", "til": f"{dag}T12:00"}).status_code
        == 303
    )
    fjern = re.search(rf"{adresse}/fravaer/[0-9a-f-]+/fjern", klient.get(adresse).text)
    assert fjern is not None
    assert klient.post(fjern[0]).status_code == 303
    assert _antall(Ressursfravaer) == 0


def test_det_som_er_lovet_staar_i_lista_og_paa_siden(u: Utlaan, som: Som) -> None:
    id_ = u.til(Status.GODKJENT_MOTTAKER)
    klient = som(u.avgiver)
    nummer = u.les(id_).nummer
    assert "Lovet til Guovdageaidnu" in klient.get("/omdisponering/personer").text
    side = klient.get(f"/omdisponering/personer/{u.personer[0].id}").text
    assert nummer in side and f"/omdisponering/{id_}" in side
    assert f"/omdisponering/personer/{u.personer[0].id}/slett" not in side
    svar = klient.post(f"/omdisponering/personer/{u.personer[0].id}/slett", data={"bekreftet": "1"})
    assert svar.status_code == 409 and nummer in svar.text


def test_sidene_av_to_tusen(u: Utlaan, som: Som) -> None:
    lagre(
        *(
            Ressursperson(
                organisasjon_id=u.scene.hf.id,
                navn=f"Person {n:04}",
                stilling=Stilling.LEGE if n % 2 else Stilling.SYKEPLEIER,
                sted_id=u.scene.kommune.id,
                opprettet=now(),
            )
            for n in range(2000)
        )
    )
    klient = som(u.avgiver)
    svar = klient.get("/omdisponering/personer?stilling=lege&side=2")
    assert "1000 personer" in svar.text and "Side 2 av 20" in svar.text
    assert svar.text.count('class="regrad"') == register.PER_SIDE
    assert "stilling=lege&amp;side=3" in svar.text
    assert klient.get("/omdisponering/personer?side=999").status_code == 200
    # So many questions to the database, however many people there are.
    db.session.rollback()
    spurt: list[str] = []

    def tell(*a: Any) -> None:
        spurt.append(a[2])

    sa.event.listen(db.engine, "before_cursor_execute", tell)
    try:
        ressurser.hent_liste(u.avgiver, ressurser.Utvalg(q="person 19"), 1)
    finally:
        sa.event.remove(db.engine, "before_cursor_execute", tell)
    assert 0 < len([s for s in spurt if s.startswith("SELECT")]) <= 6
