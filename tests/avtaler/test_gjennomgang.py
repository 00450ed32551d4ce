"""The annual review: what the parties have before them, who records it, and what follows from it."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from portal.avtaler import plikter
from portal.avtaler.forloep import Partstatus, Side, Status
from portal.avtaler.livsmodeller import Gjennomgang
from portal.avtaler.models import Avtale, Avtalepart
from portal.avtaler.service import forpliktelser, gjennomgang, naa, uenighet
from portal.core.aktor import Aktor, Rolle
from portal.core.clock import i_dag, now
from portal.core.db import db, transactional
from portal.core.errors import IkkeFunnet, IkkeTilgang, Opptatt, PortalError, UgyldigData, UgyldigOvergang
from portal.oppgaver.models import Oppgave
from tests.avtalehjelp import lag_avtale, lag_fase, lag_oppgave
from tests.avtaler.motorhjelp import les, varslet
from tests.bygg import PERSONNUMMER, Opptak, Scene, lag_aktor, lagre, om, revisjon, uten_spor
from tests.skjemaer import Skjemaer

Som = Callable[[Aktor], FlaskClient]


@pytest.fixture
def avtale(scene: Scene, motpart: Aktor) -> Avtale:
    """In force since 30 days between the trust and the kommune; the first review is due in a year."""
    return _i_kraft(scene, i_dag() - timedelta(days=30), neste=plikter.om_maaneder(i_dag(), 11))


def _i_kraft(scene: Scene, fra: date, *, neste: date | None) -> Avtale:
    avtale = lag_avtale(
        scene.hf, [scene.kommune], status=Status.GJELDENDE, i_kraft_fra=fra, neste_gjennomgang=neste
    )
    forpliktelser.fyll_paa()
    return les(avtale.id)


def _foer(aktor: Aktor, avtale_id: UUID, dato: date | None = None, **endret: object) -> UUID:
    felt = {"dato": dato or i_dag(), "deltakere": "Kari og Ola", "referat": "Videreføres.", **endret}
    return gjennomgang.foer(aktor, avtale_id, **felt)  # type: ignore[arg-type]


def _oppgaver(avtale_id: UUID) -> list[tuple[date, bool]]:
    """The tasks of the review, by day, and whether they are done."""
    db.session.rollback()
    return [
        (o.frist, o.gjort is not None)
        for o in db.session.scalars(
            sa.select(Oppgave)
            .where(
                Oppgave.gjelder == f"avtale:{avtale_id}",
                Oppgave.kode == plikter.GJENNOMGANG,
                Oppgave.avlyst.is_(None),
            )
            .order_by(Oppgave.frist, Oppgave.gjort.is_(None))
        )
    ]


# --- recording -------------------------------------------------------------------------------------------


def test_en_part_foerer_for_alle(avtale: Avtale, scene: Scene, motpart: Aktor) -> None:
    var = avtale.neste_gjennomgang
    assert var is not None and _oppgaver(avtale.id) == [(var, False)] * 2
    _foer(motpart, avtale.id, endres=True)
    neste = plikter.om_maaneder(i_dag(), 12)
    assert les(avtale.id).neste_gjennomgang == neste
    assert _oppgaver(avtale.id) == [(var, True)] * 2 + [(neste, False)] * 2
    assert sorted(varslet("avtale.gjennomgang")) == sorted(
        a.person_id for a in (scene.koordinator, scene.kommuneoverlege)
    )
    (innslag,) = revisjon("avtale.gjennomgang_foert")
    detaljer = json.loads(innslag.detaljer)
    assert detaljer["endres"] is True and detaljer["neste"] == neste.isoformat()
    # The worker has nothing to mend afterwards.
    assert forpliktelser.fyll_paa() == 0
    rad = db.session.scalars(sa.select(Gjennomgang)).one()
    assert (rad.organisasjon_id, rad.registrert_av_id) == (scene.kommune.id, motpart.person_id)


def test_den_neste_er_et_aar_etter_den_siste(avtale: Avtale, scene: Scene, motpart: Aktor) -> None:
    """What is recorded afterwards about an earlier day moves nothing; one that was held early moves it on."""
    tidlig, sent = i_dag() - timedelta(days=20), i_dag() - timedelta(days=5)
    _foer(motpart, avtale.id, sent)
    assert les(avtale.id).neste_gjennomgang == plikter.om_maaneder(sent, 12)
    _foer(scene.koordinator, avtale.id, tidlig)
    assert les(avtale.id).neste_gjennomgang == plikter.om_maaneder(sent, 12)
    assert [r.dato for r in gjennomgang.hent(motpart, les(avtale.id)).rader] == [sent, tidlig]
    assert _oppgaver(avtale.id)[2:] == [(plikter.om_maaneder(sent, 12), False)] * 2


def test_samme_dag_et_aar_foer_lar_oppgavene_staa(scene: Scene, motpart: Aktor) -> None:
    """Held on the first day in force: the next is due on the very day that stood there, and nothing is done by it."""
    fra = i_dag() - timedelta(days=10)
    avtale = _i_kraft(scene, fra, neste=plikter.om_maaneder(fra, 12))
    _foer(motpart, avtale.id, fra)
    assert les(avtale.id).neste_gjennomgang == plikter.om_maaneder(fra, 12)
    assert _oppgaver(avtale.id) == [(plikter.om_maaneder(fra, 12), False)] * 2


def test_en_gammel_gjennomgang_henter_ikke_en_gammel_frist_tilbake(scene: Scene, motpart: Aktor) -> None:
    neste = i_dag() + timedelta(days=100)
    avtale = _i_kraft(scene, i_dag() - timedelta(days=900), neste=neste)
    _foer(motpart, avtale.id, i_dag() - timedelta(days=800))
    assert les(avtale.id).neste_gjennomgang == neste
    assert _oppgaver(avtale.id) == [(neste, False)] * 2


def test_den_som_er_over_fristen_blir_gjort(scene: Scene, motpart: Aktor) -> None:
    frist = i_dag() - timedelta(days=3)
    avtale = _i_kraft(scene, i_dag() - timedelta(days=368), neste=frist)
    g = gjennomgang.hent(motpart, avtale)
    assert g.forfalt and g.kan_foere and g.innside
    _foer(motpart, avtale.id)
    assert not gjennomgang.hent(motpart, les(avtale.id)).forfalt
    assert _oppgaver(avtale.id)[:2] == [(frist, True)] * 2


def test_samme_dag_to_ganger(avtale: Avtale, scene: Scene, motpart: Aktor, opptak: Opptak) -> None:
    _foer(motpart, avtale.id)
    with uten_spor(opptak), pytest.raises(Opptatt) as feil:
        _foer(scene.koordinator, avtale.id)
    assert "Guovdageaidnu" in feil.value.melding


@pytest.mark.parametrize(
    ("felt", "verdi", "kode"),
    [
        ("dato", i_dag() + timedelta(days=1), "ugyldig"),
        ("dato", i_dag() - timedelta(days=31), "ugyldig"),
        ("referat", f"Pasienten {PERSONNUMMER} ventet.", "personnummer"),
        ("deltakere", f"Kari {PERSONNUMMER}", "personnummer"),
    ],
)
def test_det_som_ikke_gaar(
    avtale: Avtale, motpart: Aktor, opptak: Opptak, felt: str, verdi: object, kode: str
) -> None:
    with uten_spor(opptak), pytest.raises(UgyldigData) as feil:
        _foer(motpart, avtale.id, **{felt: verdi})
    assert set(feil.value.detaljer["felter"]) == {felt} and feil.value.kode == kode


def test_det_som_bare_likner_et_foedselsnummer(avtale: Avtale, motpart: Aktor) -> None:
    _foer(motpart, avtale.id, referat=f"Sak {PERSONNUMMER}.", ikke_fnr=True)
    assert json.loads(revisjon("avtale.gjennomgang_foert")[0].detaljer)["sluppet_tall"] == 1


def test_bare_det_som_gjelder_gjennomgaas(scene: Scene, motpart: Aktor, opptak: Opptak) -> None:
    for status, dager in (
        (Status.TIL_FORHANDLING, {}),
        (Status.UTLOEPT, {"i_kraft_fra": -400, "i_kraft_til": -5}),
    ):
        tid = {k: i_dag() + timedelta(days=d) for k, d in dager.items()}
        avtale = lag_avtale(scene.hf, [scene.kommune], status=status, **tid)
        _vis_fram(avtale.id)
        with uten_spor(opptak), pytest.raises(UgyldigOvergang):
            _foer(scene.koordinator, avtale.id)
        assert not gjennomgang.hent(scene.koordinator, les(avtale.id)).kan_foere


@transactional
def _vis_fram(avtale_id: UUID) -> None:
    db.session.get_one(Avtale, avtale_id).versjoner[0].sendt_til_forhandling = now()


def test_den_som_er_paa_vei_inn_foerer_ingen(avtale: Avtale, scene: Scene, opptak: Opptak) -> None:
    ny = lag_aktor(Rolle.KOORDINATOR, scene.annen_kommune)
    lagre(
        Avtalepart(
            avtale_id=avtale.id,
            organisasjon_id=scene.annen_kommune.id,
            side=Side.KOMMUNE,
            status=Partstatus.DELTAR,
            invitert=now(),
        )
    )
    with uten_spor(opptak), pytest.raises(UgyldigOvergang):
        _foer(ny, avtale.id)


@pytest.mark.parametrize(
    ("hvem", "feil"),
    [("kommuneoverlege", IkkeTilgang), ("administrator", IkkeTilgang), ("spesialist", IkkeTilgang),
     ("innsyn", IkkeFunnet), ("fremmed_vaktleder", IkkeFunnet)],
)  # fmt: skip
def test_hvem_som_ikke_foerer(
    avtale: Avtale, scene: Scene, opptak: Opptak, hvem: str, feil: type[PortalError]
) -> None:
    with uten_spor(opptak, avslag=1), pytest.raises(feil):
        _foer(getattr(scene, hvem), avtale.id)


# --- what is gone through --------------------------------------------------------------------------------


def test_underlaget_er_det_som_har_hendt(avtale: Avtale, scene: Scene, motpart: Aktor) -> None:
    felles = {"gjelder": f"avtale:{avtale.id}"}
    lag_oppgave(scene.kommune, tittel="Prosedyre for melding", frist=i_dag() - timedelta(days=4), **felles)
    lag_oppgave(scene.kommune, tittel="Møte i vår", gjort=now() - timedelta(days=2), **felles)
    lag_oppgave(scene.hf, tittel="Møte i høst", **felles)
    lag_oppgave(scene.hf, tittel="Gjort før avtalen", gjort=now() - timedelta(days=90), **felles)
    lag_oppgave(scene.hf, tittel="Noe annet", kode="avtale.sendt_hdir", **felles)
    lag_fase(scene.kommune, 4)
    uenighet.opprett(motpart, avtale.id, tittel="Frist for svar", tekst="Ett døgn eller to.")
    u = gjennomgang.hent_side(scene.kommuneoverlege, avtale.id).underlag
    assert u is not None and u.fra == i_dag() - timedelta(days=30)
    assert [
        (f.navn, [o.tittel for o in f.gjort], [o.tittel for o in f.over], f.gjenstaar)
        for f in u.forpliktelser
    ] == [
        (scene.hf.visningsnavn, [], [], 1),
        (scene.kommune.visningsnavn, ["Møte i vår"], ["Prosedyre for melding"], 0),
    ]
    assert [x.tittel for x in u.uenigheter] == ["Frist for svar"]
    assert [(p.organisasjon_id, p.fase) for p in u.faser] == [(scene.kommune.id, 4)]
    # After a review, only what came since.
    with om(days=1):
        _foer(motpart, avtale.id)
    with om(days=2):
        u = gjennomgang.hent_side(motpart, avtale.id).underlag
    assert u is not None and all(not f.gjort for f in u.forpliktelser) and u.faser, (
        "a phase that goes on is in it"
    )


def test_den_som_bare_ser_avtalen_faar_ikke_referatet(
    avtale: Avtale, scene: Scene, motpart: Aktor, som: Som
) -> None:
    _foer(motpart, avtale.id, referat="Hemmelig referat")
    g = gjennomgang.hent(scene.spesialist, les(avtale.id))
    assert (list(g.rader), g.innside, g.kan_foere) == ([], False, False) and g.neste is not None
    assert som(scene.spesialist).get(f"/avtaler/{avtale.id}/gjennomgang").status_code == 403
    assert som(scene.innsyn).get(f"/avtaler/{avtale.id}/gjennomgang").status_code == 404


# --- in a browser ----------------------------------------------------------------------------------------


def test_gjennomgangen_i_nettleseren(avtale: Avtale, scene: Scene, motpart: Aktor, som: Som) -> None:
    adresse = f"/avtaler/{avtale.id}/gjennomgang"
    klient = som(motpart)
    side = klient.get(adresse)
    skjema = Skjemaer(side.text).skjemaer[adresse]
    assert side.status_code == 200 and skjema["dato"] == i_dag().isoformat()
    feil = klient.post(adresse, data={**skjema, "deltakere": "Kari", "referat": ""})
    assert feil.status_code == 422 and "Kari" in feil.text
    data = {**skjema, "deltakere": "Kari", "referat": f"Pasient {PERSONNUMMER}", "endres": "1"}
    feil = klient.post(adresse, data=data)
    assert feil.status_code == 422 and f"<mark>{PERSONNUMMER}</mark>" in feil.text
    assert 'name="ikke_fnr"' in feil.text and "data-ikke-fnr hidden" not in feil.text
    framtid = {**data, "referat": "Fint.", "dato": (i_dag() + timedelta(days=1)).isoformat()}
    assert "Dagen har ikke vært ennå" in klient.post(adresse, data=framtid).text
    assert klient.post(adresse, data={**data, "referat": "Linje 1\n<b>Linje 2</b>"}).status_code == 303
    tekst = som(scene.koordinator).get(adresse).text
    assert "&lt;b&gt;Linje 2&lt;/b&gt;" in tekst and "Avtalen skal endres" in tekst
    assert f'action="/avtaler/{avtale.id}/ny-versjon"' in tekst, "the owner begins on the change from here"
    assert "ny-versjon" not in klient.get(adresse).text
    svar = klient.post(adresse, data={**data, "referat": "En gang til."})
    assert svar.status_code == 409 and "En gang til." in svar.text and "har alt ført" in svar.text


def test_en_avtale_som_ikke_har_vaert_i_kraft(scene: Scene, som: Som) -> None:
    avtale = lag_avtale(scene.hf, [scene.kommune])
    svar = som(scene.koordinator).get(f"/avtaler/{avtale.id}/gjennomgang")
    assert svar.status_code == 200 and "ikke vært i kraft ennå" in svar.text
    assert not Skjemaer(svar.text).skjemaer.get(f"/avtaler/{avtale.id}/gjennomgang")


@pytest.mark.parametrize(
    ("om_dager", "sti", "min_tur"),
    [(200, "/livet", False), (30, "/gjennomgang", False), (-1, "/gjennomgang", True)],
)
def test_toppen_av_siden_leder_dit_naar_det_er_tid(
    scene: Scene, motpart: Aktor, om_dager: int, sti: str, min_tur: bool
) -> None:
    avtale = _i_kraft(scene, i_dag() - timedelta(days=365), neste=i_dag() + timedelta(days=om_dager))
    n = naa.hva_skjer(motpart, avtale)
    assert (n.sti, n.min_tur) == (sti, min_tur)
    assert ("over fristen" in n.neste) == min_tur
    # Who records none is led nowhere new.
    for a in (scene.kommuneoverlege, scene.lege):
        n = naa.hva_skjer(a, avtale)
        assert not n.min_tur and n.sti != "/gjennomgang" and "over fristen" not in n.neste
