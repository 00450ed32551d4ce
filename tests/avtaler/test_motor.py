"""An agreement is begun, written, sent to its parties, dropped and given its next version: rights, rules and traces."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from portal.avtaler import steps
from portal.avtaler.forloep import OVER, Avtaletype, Partstatus, Side, Status
from portal.avtaler.livsmodeller import Oppsigelse
from portal.avtaler.models import Bestemmelse, Bestemmelsesendring
from portal.avtaler.service import avtaler, klausuler, parter
from portal.core.aktor import Aktor, Rolle
from portal.core.clock import i_dag, now
from portal.core.db import db
from portal.core.errors import IkkeFunnet, IkkeTilgang, UgyldigData, UgyldigOvergang, Utdatert
from tests.avtalehjelp import lag_avtale
from tests.avtaler.motorhjelp import (
    klausul,
    les,
    noekler,
    nytt_utkast,
    sett_godkjent,
    slutt,
    tekster,
    til_forhandling,
    varslet,
)
from tests.bygg import Opptak, Scene, lag_aktor, lagre, om, revisjon, uten_spor

# --- beginning -------------------------------------------------------------------------------------------


def test_et_nytt_utkast_har_eieren_som_part_og_bestemmelsene_i_rekke(scene: Scene, opptak: Opptak) -> None:
    avtale_id = nytt_utkast(scene, nummer=" 4.2 ", maalform="nn")
    avtale = les(avtale_id)
    assert (avtale.type, avtale.nummer, avtale.maalform) == ("tjenesteavtale", "4.2", "nn")
    assert avtale.eier_id == scene.hf.id
    assert [(p.organisasjon_id, p.side, p.status) for p in avtale.parter] == [
        (scene.hf.id, Side.FORETAK, Partstatus.DELTAR)
    ]
    assert [(v.nummer, v.status, v.tittel) for v in avtale.versjoner] == [
        (1, Status.UTKAST, "Innleggelse og utskrivning")
    ]
    assert tekster(avtale_id, 1) == [("Innleggelse", "Ring først."), ("Utskrivning", "Ring først.")]
    assert [r.person_id for r in revisjon("avtale.opprettet", objekt=avtale_id)] == [
        scene.koordinator.person_id
    ]
    assert ("avtale.endret", {"avtale_id": avtale_id}) in opptak.hendelser
    endringer = db.session.scalars(sa.select(Bestemmelsesendring)).all()
    assert [e.foer for e in endringer] == [None, None]
    assert {e.person_id for e in endringer} == {scene.koordinator.person_id}


def test_bare_foretakets_koordinator_lager_avtaler(scene: Scene, motpart: Aktor, opptak: Opptak) -> None:
    for aktor in (
        motpart,
        scene.administrator,
        scene.vaktleder,
        scene.lege,
        scene.systemadministrator,
        scene.innsyn,
    ):
        with uten_spor(opptak, avslag=1), pytest.raises(IkkeTilgang):
            avtaler.lag(aktor, type="overordnet", tittel="Samarbeid")
    assert {r.handling for r in revisjon() if r.utfall == "avslag"} == {"avtale.opprette"}
    rhf = lag_aktor(Rolle.KOORDINATOR, scene.rhf)
    assert les(avtaler.lag(rhf, type="overordnet", tittel="Regional avtale")).eier_id == scene.rhf.id


@pytest.mark.parametrize(
    ("felt", "verdi", "merket"),
    [
        ("tittel", "  ", "tittel"),
        ("tittel", "x" * 301, "tittel"),
        ("tittel", "A\x00B", "tittel"),
        ("nummer", "1" * 31, "nummer"),
        ("type", "kontrakt", "type"),
        ("maalform", "en", "maalform"),
        ("bestemmelser", [{"overskrift": ""}], "bestemmelser.1.overskrift"),
        ("bestemmelser", [klausul(), klausul(faser=0)], "bestemmelser.2.faser"),
        ("bestemmelser", [klausul(ukjent=1)], "bestemmelser.1.ukjent"),
        ("bestemmelser", [klausul(tekst="\x00")], "bestemmelser.1.tekst"),
        ("bestemmelser", [klausul(tekst="x" * 40_001)], "bestemmelser.1.tekst"),
        ("bestemmelser", [klausul(fagomraader=["astrologi"])], "bestemmelser.1.fagomraader"),
        ("bestemmelser", [klausul(kriterier="alle")], "bestemmelser.1.kriterier"),
        ("bestemmelser", [klausul(punkt=14)], "bestemmelser.1.punkt"),
    ],
)
def test_feil_i_en_ny_avtale_sies_ved_feltet(
    scene: Scene, opptak: Opptak, felt: str, verdi: Any, merket: str
) -> None:
    with uten_spor(opptak), pytest.raises(UgyldigData) as feil:
        avtaler.lag(scene.koordinator, **{"type": "tjenesteavtale", "tittel": "T", felt: verdi})
    assert list(feil.value.detaljer["felter"]) == [merket]


def test_en_avtale_kan_ikke_ha_flere_enn_fem_hundre_bestemmelser(scene: Scene, opptak: Opptak) -> None:
    with uten_spor(opptak), pytest.raises(UgyldigData) as feil:
        nytt_utkast(scene, bestemmelser=[klausul()] * 501)
    assert feil.value.kode == "for_mange_bestemmelser"
    avtale_id = nytt_utkast(scene, bestemmelser=[klausul()] * 500)
    with uten_spor(opptak), pytest.raises(UgyldigData):
        klausuler.skriv(scene.koordinator, avtale_id, None, klausul())


@pytest.mark.parametrize("under", list(Avtaletype))
@pytest.mark.parametrize("over", list(Avtaletype))
def test_avtalene_henger_sammen_etter_type(scene: Scene, under: Avtaletype, over: Avtaletype) -> None:
    over_id = avtaler.lag(scene.koordinator, type=over, tittel="Over")
    if over in OVER[under]:
        under_id = avtaler.lag(scene.koordinator, type=under, tittel="Under", overordnet_id=over_id)
        side = avtaler.hent_avtale(scene.koordinator, under_id)
        assert side.overordnet is not None and side.overordnet.id == over_id
        assert [a.id for a in avtaler.hent_avtale(scene.koordinator, over_id).underavtaler] == [under_id]
    else:
        with pytest.raises(UgyldigData) as feil:
            avtaler.lag(scene.koordinator, type=under, tittel="Under", overordnet_id=over_id)
        assert list(feil.value.detaljer["felter"]) == ["overordnet_id"]


def test_overordnet_er_foretakets_egen_eller_dets_rhf(scene: Scene, opptak: Opptak) -> None:
    fremmed = lag_avtale(scene.annet_hf, type=Avtaletype.OVERORDNET, status=Status.GJELDENDE)
    with pytest.raises(IkkeFunnet):
        avtaler.lag(scene.koordinator, type="tjenesteavtale", tittel="T", overordnet_id=fremmed.id)
    ferdig = lag_avtale(scene.hf, type=Avtaletype.OVERORDNET, status=Status.FORKASTET)
    with uten_spor(opptak), pytest.raises(UgyldigData):
        avtaler.lag(scene.koordinator, type="tjenesteavtale", tittel="T", overordnet_id=ferdig.id)


def test_en_kopi_tar_med_bestemmelsene_og_ikke_partene(scene: Scene) -> None:
    gammel = lag_avtale(
        scene.hf,
        [scene.kommune],
        status=Status.GJELDENDE,
        bestemmelser=[{"overskrift": "A"}, {"overskrift": "B", "punkt": 3}],
    )
    ny = avtaler.kopier(scene.koordinator, gammel.id, type="saeravtale", tittel="Kopi")
    assert [o for o, _ in tekster(ny, 1)] == ["A", "B"]
    assert [b.punkt for b in steps.bestemmelser(ny, 1)] == [None, 3]
    assert not set(noekler(ny)) & set(noekler(gammel.id))
    assert [p.organisasjon_id for p in les(ny).parter] == [scene.hf.id]
    fremmed = lag_avtale(scene.annet_hf, status=Status.GJELDENDE)
    with pytest.raises(IkkeFunnet):
        avtaler.kopier(scene.koordinator, fremmed.id, type="saeravtale", tittel="Kopi")


# --- what is said about it -------------------------------------------------------------------------------


def endre(scene: Scene, avtale_id: UUID, **endret: Any) -> None:
    versjon = max(les(avtale_id).versjoner, key=lambda v: v.nummer)
    avtaler.endre(
        scene.koordinator,
        avtale_id,
        **{
            "tittel": versjon.tittel,
            "nummer": "",
            "medvirkning": versjon.medvirkning,
            "oensket_fra": versjon.oensket_fra,
            "notat": "",
            "lest": versjon.versjon,
            **endret,
        },
    )


def test_opplysninger_endres_i_utkastet(scene: Scene) -> None:
    avtale_id = nytt_utkast(scene)
    dag = i_dag() + timedelta(days=40)
    endre(
        scene, avtale_id, tittel=" Ny   tittel ", nummer="5", medvirkning="Brukerutvalget.", oensket_fra=dag
    )
    avtale = les(avtale_id)
    v = avtale.versjoner[0]
    assert (avtale.tittel, avtale.nummer) == ("Ny tittel", "5")
    assert (v.tittel, v.medvirkning, v.oensket_fra) == ("Ny tittel", "Brukerutvalget.", dag)
    assert "medvirkning" in revisjon("avtale.opplysninger_endret")[0].detaljer


def test_tittelen_staar_i_forhandling_og_medvirkning_kan_foeres(scene: Scene, motpart: Aktor) -> None:
    avtale_id = til_forhandling(scene)
    endre(scene, avtale_id, medvirkning="Brukerutvalget deltok.")
    assert les(avtale_id).versjoner[0].medvirkning == "Brukerutvalget deltok."
    with pytest.raises(UgyldigData) as feil:
        endre(scene, avtale_id, tittel="Noe annet")
    assert list(feil.value.detaljer["felter"]) == ["tittel"]


def test_en_ny_tittel_gjelder_foerst_naar_versjonen_gjelder(scene: Scene) -> None:
    """What was approved keeps its title, and so its hash; the agreement takes the new one when it comes into force."""
    avtale = lag_avtale(scene.hf, [scene.kommune], status=Status.GJELDENDE, tittel="Avtale 2024")
    foer = steps.hash_av(avtale, avtale.versjoner[0])
    avtaler.ny_versjon(scene.koordinator, avtale.id)
    endre(scene, avtale.id, tittel="Avtale 2027")
    naa = les(avtale.id)
    assert (naa.tittel, [v.tittel for v in naa.versjoner]) == ("Avtale 2024", ["Avtale 2024", "Avtale 2027"])
    assert steps.hash_av(naa, naa.versjoner[0]) == foer
    naa.versjoner[1].status = Status.GODKJENT
    naa.versjoner[1].flytt_til(Status.GJELDENDE)
    assert naa.tittel == "Avtale 2027"
    db.session.rollback()


def test_to_som_endrer_opplysningene(scene: Scene, opptak: Opptak) -> None:
    avtale_id = nytt_utkast(scene)
    lest = les(avtale_id).versjoner[0].versjon
    endre(scene, avtale_id, medvirkning="Den første.")
    with uten_spor(opptak), pytest.raises(Utdatert) as feil:
        endre(scene, avtale_id, medvirkning="Den andre.", lest=lest)
    detaljer = feil.value.detaljer
    assert (detaljer["naa"]["medvirkning"], detaljer["ditt"]["medvirkning"]) == ("Den første.", "Den andre.")
    endre(scene, avtale_id, medvirkning="Begge.", lest=detaljer["lest"])
    assert les(avtale_id).versjoner[0].medvirkning == "Begge."


@pytest.mark.parametrize("dager", [-1, 365 * 12])
def test_dagen_den_oenskes_fra(scene: Scene, opptak: Opptak, dager: int) -> None:
    avtale_id = nytt_utkast(scene)
    with uten_spor(opptak), pytest.raises(UgyldigData) as feil:
        endre(scene, avtale_id, oensket_fra=i_dag() + timedelta(days=dager))
    assert list(feil.value.detaljer["felter"]) == ["oensket_fra"]
    endre(scene, avtale_id, oensket_fra=i_dag())
    with om(days=3):
        # A day that has passed meanwhile is not in the way of the rest.
        endre(scene, avtale_id, medvirkning="Senere.")


# --- to negotiation --------------------------------------------------------------------------------------


def test_utkastet_er_eierens_til_det_sendes(scene: Scene, motpart: Aktor) -> None:
    avtale_id = nytt_utkast(scene)
    parter.inviter(scene.koordinator, avtale_id, [scene.kommune.id])
    assert varslet("avtale.") == []
    with pytest.raises(IkkeFunnet):
        avtaler.hent_avtale(motpart, avtale_id)
    assert avtaler.synlige_avtaler(motpart).antall == 0
    avtaler.send_til_forhandling(scene.koordinator, avtale_id)
    side = avtaler.hent_avtale(motpart, avtale_id)
    # Invited alone, it answers that first.
    assert (side.versjon.status, side.kan.forhandle, side.kan.skrive) == (
        Status.TIL_FORHANDLING,
        False,
        False,
    )
    assert les(avtale_id).versjoner[0].sendt_til_forhandling is not None
    # The coordinator and the kommuneoverlege of the kommune, and not who sent it.
    assert sorted(varslet("avtale.til_forhandling")) == sorted(
        [motpart.person_id, scene.kommuneoverlege.person_id]
    )
    parter.svar(motpart, avtale_id, True)
    assert avtaler.hent_avtale(motpart, avtale_id).kan.forhandle


def test_ingenting_aa_forhandle_om_eller_ingen_aa_forhandle_med(scene: Scene, opptak: Opptak) -> None:
    avtale_id = nytt_utkast(scene, bestemmelser=[])
    for kode in ("tom_avtale", "ingen_parter"):
        with uten_spor(opptak), pytest.raises(UgyldigData) as feil:
            avtaler.send_til_forhandling(scene.koordinator, avtale_id)
        assert feil.value.kode == kode
        if kode == "tom_avtale":
            klausuler.skriv(scene.koordinator, avtale_id, None, klausul())
    koordinator = lag_aktor(Rolle.KOORDINATOR, scene.kommune)
    parter.inviter(scene.koordinator, avtale_id, [scene.kommune.id])
    slutt(koordinator)
    with uten_spor(opptak), pytest.raises(UgyldigData) as feil:
        avtaler.send_til_forhandling(scene.koordinator, avtale_id)
    assert feil.value.kode == "part_uten_folk" and scene.kommune.kortnavn in feil.value.melding


@pytest.mark.parametrize("status", [s for s in Status if s != Status.UTKAST])
def test_bare_et_utkast_sendes_og_endres(
    scene: Scene, motpart: Aktor, opptak: Opptak, status: Status
) -> None:
    avtale = lag_avtale(scene.hf, [scene.kommune], status=status)
    noekkel = noekler(avtale.id)[0]
    for gjoer in (
        lambda: avtaler.send_til_forhandling(scene.koordinator, avtale.id),
        lambda: klausuler.skriv(scene.koordinator, avtale.id, None, klausul()),
        lambda: klausuler.skriv(scene.koordinator, avtale.id, noekkel, klausul()),
        lambda: klausuler.stryk(scene.koordinator, avtale.id, noekkel),
        lambda: klausuler.flytt(scene.koordinator, avtale.id, noekkel, None),
    ):
        with uten_spor(opptak), pytest.raises(UgyldigOvergang):
            gjoer()


def test_hvem_som_skriver_i_et_utkast(scene: Scene, motpart: Aktor, opptak: Opptak) -> None:
    avtale_id = til_forhandling(scene)
    fremmed = lag_aktor(Rolle.KOORDINATOR, scene.annet_hf)
    utkast = nytt_utkast(scene)
    for aktor, feil in (
        (motpart, IkkeTilgang),
        (scene.administrator, IkkeTilgang),
        (scene.kommuneoverlege, IkkeTilgang),
        (fremmed, IkkeFunnet),
        (scene.lege, IkkeFunnet),
        (scene.systemadministrator, IkkeFunnet),
        (scene.innsyn, IkkeFunnet),
    ):
        handlinger: tuple[Callable[[Aktor], Any], ...] = (
            lambda a: klausuler.skriv(a, avtale_id, None, klausul()),
            lambda a: avtaler.forkast(a, avtale_id),
            lambda a: avtaler.ny_versjon(a, avtale_id),
            lambda a: parter.inviter(a, avtale_id, [scene.annen_kommune.id]),
            lambda a: parter.trekk_invitasjon(a, avtale_id, scene.kommune.id),
        )
        for gjoer in handlinger:
            with uten_spor(opptak, avslag=1), pytest.raises(feil):
                gjoer(aktor)
        if aktor.organisasjon_id != scene.hf.id:
            with pytest.raises(IkkeFunnet):
                avtaler.hent_avtale(aktor, utkast)


# --- dropping, and the next version ----------------------------------------------------------------------


def test_et_utkast_av_neste_versjon_forkastes_uten_spor_i_teksten(scene: Scene) -> None:
    avtale = lag_avtale(
        scene.hf,
        [scene.kommune],
        status=Status.GJELDENDE,
        bestemmelser=[{"overskrift": "A"}, {"overskrift": "B"}],
    )
    a, b = noekler(avtale.id)
    foer = _rader(avtale.id)
    assert avtaler.ny_versjon(scene.koordinator, avtale.id) == 2
    assert les(avtale.id).versjoner[0].status == Status.UNDER_REVISJON
    assert _rader(avtale.id) == foer, "a new version copies nothing"
    klausuler.skriv(scene.koordinator, avtale.id, a, {"tekst": "Ny tekst."})
    klausuler.stryk(scene.koordinator, avtale.id, b)
    klausuler.skriv(scene.koordinator, avtale.id, None, klausul(overskrift="C"))
    assert [o for o, _ in tekster(avtale.id, 2)] == ["A", "C"]
    assert [o for o, _ in tekster(avtale.id, 1)] == ["A", "B"], "what holds is not touched"
    avtaler.forkast(scene.koordinator, avtale.id)
    assert _rader(avtale.id) == foer
    assert [v.status for v in les(avtale.id).versjoner] == [Status.GJELDENDE, Status.FORKASTET]
    assert avtaler.ny_versjon(scene.koordinator, avtale.id) == 3
    assert tekster(avtale.id, 3) == tekster(avtale.id, 1)


def _rader(avtale_id: UUID) -> list[Any]:
    db.session.rollback()
    kolonner = (Bestemmelse.id, Bestemmelse.tekst, Bestemmelse.plass, Bestemmelse.til_versjon)
    return sorted(db.session.execute(sa.select(*kolonner).where(Bestemmelse.avtale_id == avtale_id)).all())


def test_etter_en_delt_versjon_som_er_trukket_begynner_neste_fra_det_som_gjelder(
    scene: Scene, motpart: Aktor
) -> None:
    avtale = lag_avtale(
        scene.hf,
        [scene.kommune],
        status=Status.GJELDENDE,
        bestemmelser=[{"overskrift": "A"}, {"overskrift": "B"}, {"overskrift": "C", "matrise": []}],
    )
    a, b, c = noekler(avtale.id)
    gjaldt = tekster(avtale.id, 1)
    avtaler.ny_versjon(scene.koordinator, avtale.id)
    klausuler.skriv(scene.koordinator, avtale.id, a, {"tekst": "Delt tekst."})
    klausuler.stryk(scene.koordinator, avtale.id, b)
    klausuler.skriv(scene.koordinator, avtale.id, None, klausul(overskrift="D"))
    klausuler.flytt(scene.koordinator, avtale.id, c, a)
    avtaler.send_til_forhandling(scene.koordinator, avtale.id)
    delt = tekster(avtale.id, 2)
    assert [o for o, _ in delt] == ["C", "A", "D"]
    avtaler.forkast(scene.koordinator, avtale.id)
    assert tekster(avtale.id, 2) == delt, "what the parties have seen stays readable"
    assert avtaler.hent_avtale(motpart, avtale.id, 2).versjon.status == Status.FORKASTET
    assert avtaler.ny_versjon(scene.koordinator, avtale.id) == 3
    assert tekster(avtale.id, 3) == gjaldt
    assert noekler(avtale.id, 3) == [a, b, c], "the same clauses, through all versions"
    # Written, dropped and begun again: the older ones still read as they did.
    klausuler.skriv(scene.koordinator, avtale.id, b, {"tekst": "Tredje."})
    avtaler.forkast(scene.koordinator, avtale.id)
    assert avtaler.ny_versjon(scene.koordinator, avtale.id) == 4
    assert (tekster(avtale.id, 1), tekster(avtale.id, 2), tekster(avtale.id, 4)) == (gjaldt, delt, gjaldt)


def test_et_foerste_utkast_som_trekkes_mister_ikke_teksten(scene: Scene, motpart: Aktor) -> None:
    avtale_id = nytt_utkast(scene)
    foer = tekster(avtale_id, 1)
    avtaler.forkast(scene.koordinator, avtale_id)
    assert avtaler.ny_versjon(scene.koordinator, avtale_id) == 2
    assert tekster(avtale_id, 2) == foer


def test_en_versjon_i_arbeid_om_gangen(scene: Scene, opptak: Opptak) -> None:
    avtale_id = nytt_utkast(scene)
    with uten_spor(opptak), pytest.raises(UgyldigOvergang) as feil:
        avtaler.ny_versjon(scene.koordinator, avtale_id)
    assert "1" in feil.value.melding
    ferdig = lag_avtale(
        scene.hf,
        status=Status.UTLOEPT,
        i_kraft_fra=i_dag() - timedelta(days=400),
        i_kraft_til=i_dag() - timedelta(days=1),
    )
    with uten_spor(opptak), pytest.raises(UgyldigOvergang):
        avtaler.ny_versjon(scene.koordinator, ferdig.id)


def test_en_godkjent_som_venter_kan_trekkes_og_det_som_gjaldt_gjelder_videre(
    scene: Scene, motpart: Aktor
) -> None:
    dag = i_dag() + timedelta(days=20)
    avtale = lag_avtale(scene.hf, [scene.kommune], status=Status.GJELDENDE, i_kraft_til=dag)
    avtaler.ny_versjon(scene.koordinator, avtale.id)
    sett_godkjent(avtale.id, dag)
    side = avtaler.hent_avtale(motpart, avtale.id)
    assert (side.versjon.nummer, side.arbeid and side.arbeid.nummer) == (1, 2)
    avtaler.forkast(scene.koordinator, avtale.id)
    gammel, ny = les(avtale.id).versjoner
    assert (gammel.i_kraft_til, gammel.status) == (None, Status.GJELDENDE)
    assert (ny.i_kraft_fra, ny.status) == (None, Status.FORKASTET)


def test_en_godkjent_hvis_dag_er_kommet_gjelder_og_kan_ikke_trekkes(scene: Scene, opptak: Opptak) -> None:
    dag = i_dag() + timedelta(days=20)
    avtale = lag_avtale(scene.hf, [scene.kommune], status=Status.GJELDENDE, i_kraft_til=dag)
    avtaler.ny_versjon(scene.koordinator, avtale.id)
    sett_godkjent(avtale.id, dag)
    with om(days=20):
        with uten_spor(opptak), pytest.raises(UgyldigOvergang):
            avtaler.forkast(scene.koordinator, avtale.id)
        # The worker has not been here: by its date it holds all the same.
        side = avtaler.hent_avtale(scene.koordinator, avtale.id)
        assert (side.versjon.nummer, side.kan.forkaste) == (2, False)


def test_trekkes_den_som_skulle_avloese_en_oppsagt_staar_oppsigelsen(scene: Scene) -> None:
    slutt_dag, ny_dag = i_dag() + timedelta(days=300), i_dag() + timedelta(days=20)
    avtale = lag_avtale(scene.hf, [scene.kommune], status=Status.OPPSAGT, i_kraft_til=slutt_dag)
    lagre(
        Oppsigelse(
            avtale_id=avtale.id,
            organisasjon_id=scene.hf.id,
            varslet=i_dag() - timedelta(days=65),
            virkning=slutt_dag,
            begrunnelse="Ny modell.",
            registrert=now(),
        )
    )
    avtaler.ny_versjon(scene.koordinator, avtale.id)
    assert les(avtale.id).versjoner[0].status == Status.OPPSAGT
    sett_godkjent(avtale.id, ny_dag, forrige_til=True)
    avtaler.forkast(scene.koordinator, avtale.id)
    gammel = les(avtale.id).versjoner[0]
    assert (gammel.i_kraft_til, gammel.status) == (slutt_dag, Status.OPPSAGT)


def test_en_sen_arbeider_stanser_ikke_neste_versjon(scene: Scene) -> None:
    """The approved one holds by its date: the one before it is replaced, and the next begins from it."""
    dag = i_dag() + timedelta(days=20)
    avtale = lag_avtale(scene.hf, [scene.kommune], status=Status.GJELDENDE, i_kraft_til=dag)
    avtaler.ny_versjon(scene.koordinator, avtale.id)
    klausuler.skriv(scene.koordinator, avtale.id, None, klausul(overskrift="Ny"))
    sett_godkjent(avtale.id, dag)
    with om(days=21):
        assert avtaler.hent_avtale(scene.koordinator, avtale.id).kan.ny_versjon
        assert avtaler.ny_versjon(scene.koordinator, avtale.id) == 3
        assert [v.status for v in les(avtale.id).versjoner] == [
            Status.ERSTATTET,
            Status.UNDER_REVISJON,
            Status.UTKAST,
        ]
        assert tekster(avtale.id, 3) == tekster(avtale.id, 2)
