"""The rules of the lifecycle that the table alone does not tell."""

from __future__ import annotations

from datetime import timedelta
from itertools import product
from uuid import UUID

import pytest
import sqlalchemy as sa

from portal.core.aktor import Aktor, Rolle
from portal.core.clock import now
from portal.core.db import db, transactional
from portal.core.errors import IkkeFunnet, IkkeTilgang, UgyldigData, UgyldigOvergang
from portal.henvendelser.forloep import Plan, Status, Utfall
from portal.henvendelser.models import Deltaker, Henvendelse
from portal.henvendelser.service import deling, flyt, innsending, lesing, meldinger
from portal.identitet.models import Medlemskap, Person
from portal.identitet.steps import aktor_for_medlemskap
from tests.bygg import PERSONNUMMER, Opptak, Scene, lag_aktor, logg_over, om, revisjon, uten_spor


def deltakere(sak_id: UUID, *, naa: bool = True) -> set[UUID]:
    """The memberships that take part (or ever did)."""
    db.session.rollback()
    sporring = sa.select(Deltaker.medlemskap_id).where(Deltaker.henvendelse_id == sak_id)
    return set(db.session.scalars(sporring.where(Deltaker.til.is_(None)) if naa else sporring))


@transactional
def avslutt_medlemskap(aktor: Aktor) -> None:
    medlemskap = db.session.get_one(Medlemskap, aktor.medlemskap_id)
    medlemskap.gyldig_til = max(now() - timedelta(seconds=1), medlemskap.gyldig_fra + timedelta(seconds=1))


def test_aktorene_i_scenen_er_de_som_basen_gir(scene: Scene) -> None:
    aktorer = [a for a in vars(scene).values() if isinstance(a, Aktor)]
    assert len(aktorer) > 15
    assert {a.rolle for a in aktorer} == set(Rolle)
    for aktor in aktorer:
        assert aktor.medlemskap_id is not None
        assert aktor_for_medlemskap(aktor.medlemskap_id) == aktor


# --- the baseline and what is computed from it -----------------------------------------------------------


def test_planen_uten_raad_endres_aldri(scene: Scene) -> None:
    """No use case takes it, from the schema of a change to the end of the life of a case."""
    from portal.henvendelser.schemas import OpplysningerEndring

    assert "plan_uten_raad" not in OpplysningerEndring().fields
    assert "plan_uten_raad" not in innsending.OPPLYSNINGER
    id_ = scene.send(plan_uten_raad="vet_ikke")
    endret = {"situasjon": "Ny tekst.", "plan_uten_raad": "legge_inn"}
    assert innsending.oppdater_opplysninger(scene.lege, id_, 1, endret) == ["situasjon"]
    flyt.aksepter(scene.spesialist, id_)
    flyt.besvar(scene.spesialist, id_, "innleggelse", "Inn.")
    flyt.lukk(scene.lege, id_, "innlagt")
    flyt.gjenaapne(scene.lege, id_)
    assert scene.les(id_).plan_uten_raad == "vet_ikke"


def _ventet(plan: Plan, utfall: Utfall) -> str:
    if plan != "legge_inn":
        return "utelatt"
    return {"innlagt": "avkreftet", "doed": "utelatt", "annet": "utelatt"}.get(utfall, "forventet")


@pytest.mark.parametrize(("plan", "utfall"), list(product(Plan, Utfall)))
def test_unngaatt_regnes_ut(plan: Plan, utfall: Utfall) -> None:
    sak = Henvendelse(status=Status.LUKKET, plan_uten_raad=plan, utfall=utfall)
    assert sak.unngaatt == _ventet(plan, utfall)
    for status in set(Status) - {Status.LUKKET}:
        assert Henvendelse(status=status, plan_uten_raad=plan, utfall=utfall).unngaatt == "aapen"


def test_unngaatt_kan_ikke_settes() -> None:
    assert "unngaatt" not in Henvendelse.__table__.columns
    with pytest.raises(AttributeError):
        Henvendelse().unngaatt = "forventet"  # type: ignore[misc]


def test_unngaatt_foelger_sakens_siste_utfall(scene: Scene) -> None:
    id_ = scene.sak(Status.LUKKET, utfall=Utfall.OEHD_PLASS)
    assert scene.les(id_).unngaatt == "forventet"
    flyt.gjenaapne(scene.lege, id_)
    assert scene.les(id_).unngaatt == "aapen"
    flyt.tiden_er_ute(scene.lege, id_)
    sak = scene.les(id_)
    assert (sak.utfall, sak.unngaatt) == ("innlagt", "avkreftet")


def test_tallene(scene: Scene) -> None:
    """Counted by side and organisation; withdrawn and open cases are in no outcome."""
    scene.sak(Status.LUKKET, utfall=Utfall.OEHD_PLASS)
    scene.sak(Status.LUKKET, utfall=Utfall.INNLAGT, hastegrad="akutt")
    scene.sak(Status.LUKKET, plan_uten_raad="vet_ikke")
    scene.sak(Status.TRUKKET)
    scene.sak(Status.BESVART, fagomraade="indremedisin")
    lag_aktor(Rolle.SPESIALIST, scene.annet_hf, fag=("kirurgi",))
    scene.send(scene.fremmed_lege, mottaker_id=scene.annet_hf.id, fagomraade="kirurgi")
    tall = lesing.hent_tall(scene.koordinator)
    assert tall["antall"] == 5
    ventet = dict.fromkeys(tall["unngaatt"], 0) | {"forventet": 1, "avkreftet": 1, "utelatt": 1}
    assert tall["unngaatt"] == ventet
    assert tall["status"] == {"lukket": 3, "trukket": 1, "besvart": 1}
    assert tall["hastegrad"] == {"haster": 4, "akutt": 1}
    assert tall["fagomraade"] == {"indremedisin": 5}
    assert 0 <= tall["median_aksept"] <= tall["median_svar"] < 1
    assert lesing.hent_tall(scene.fremmed_lege)["antall"] == 1
    assert lesing.hent_tall(scene.systemadministrator)["antall"] == 6
    assert lesing.hent_tall(scene.innsyn)["antall"] == 0
    _under(scene.hf.id, scene.rhf.id)
    assert lesing.hent_tall(scene.innsyn)["antall"] == 5
    with om(days=91):
        assert lesing.hent_tall(scene.koordinator)["antall"] == 0


@transactional
def _under(hf_id: UUID, rhf_id: UUID) -> None:
    from portal.identitet.models import Organisasjon

    db.session.get_one(Organisasjon, hf_id).overordnet_id = rhf_id


# --- accepted, given back, forwarded ---------------------------------------------------------------------


def test_gitt_tilbake_kan_tas_av_en_annen(scene: Scene) -> None:
    id_ = scene.sak(Status.AKSEPTERT)
    flyt.gi_tilbake(scene.spesialist, id_, "Går av vakt.")
    *_, rad, spurt = logg_over(id_)
    assert (rad.tekst, spurt.type) == ("Går av vakt.", "eskalert")
    assert scene.les(id_).ansvarlig_id is None
    flyt.aksepter(scene.spesialist2, id_)
    sak = scene.les(id_)
    assert sak.ansvarlig_medlemskap_id == scene.spesialist2.medlemskap_id
    with pytest.raises(IkkeTilgang):
        flyt.besvar(scene.spesialist, id_, "oehd_plass", "Jeg er ikke ansvarlig lenger.")


def test_vaktleder_tar_saken_fra_den_som_er_borte(scene: Scene) -> None:
    id_ = scene.sak(Status.AKSEPTERT)
    avslutt_medlemskap(scene.spesialist)
    flyt.gi_tilbake(scene.vaktleder, id_, "Vakta er slutt.")
    assert scene.les(id_).status == Status.NY
    flyt.videresend(scene.vaktleder, id_, scene.hf.id, "kirurgi", "Ingen her.")
    assert scene.les(id_).fagomraade == "kirurgi"
    flyt.aksepter(scene.kirurg, id_)
    flyt.videresend(scene.vaktleder, id_, scene.hf.id, "indremedisin", "Feil.")
    # The vaktleder moves cases and answers none.
    with pytest.raises(IkkeTilgang):
        flyt.aksepter(scene.vaktleder, id_)


def test_videresendt_til_et_annet_fagomraade(scene: Scene) -> None:
    """The whole log goes along; who took part keeps the case, whoever only was on call loses it."""
    id_ = scene.sak(Status.AKSEPTERT)
    meldinger.send_melding(scene.spesialist, id_, UUID(int=1), "Jeg spør kirurgene.")
    hode = logg_over(id_)[-1].sekvens
    flyt.videresend(scene.spesialist, id_, scene.hf.id, "kirurgi", "Mistenker ileus.")
    sak = scene.les(id_)
    assert (sak.status, sak.fagomraade, sak.mottaker_id) == (Status.NY, "kirurgi", scene.hf.id)
    *_, rad, spurt = logg_over(id_)
    assert (rad.sekvens, rad.tekst) == (hode + 1, "Mistenker ileus.")
    assert (spurt.sekvens, spurt.type) == (hode + 2, "eskalert")
    assert (rad.data["fra_fagomraade"], rad.data["fagomraade"]) == ("indremedisin", "kirurgi")
    assert [h.sekvens for h in lesing.hent_logg(scene.kirurg, id_).hendelser] == list(range(1, hode + 3))
    lesing.hent_sak(scene.spesialist, id_)
    with pytest.raises(IkkeFunnet):
        lesing.hent_sak(scene.spesialist2, id_)
    flyt.aksepter(scene.kirurg, id_)


def test_videresendt_til_et_annet_sykehus(scene: Scene, opptak: Opptak) -> None:
    """Nobody of the old hospital sees it any more, and the sockets are told to look again."""
    id_ = scene.sak(Status.AKSEPTERT)
    meldinger.send_melding(scene.vaktleder, id_, UUID(int=1), "Jeg følger med.")
    assert deltakere(id_) == {
        scene.lege.medlemskap_id,
        scene.spesialist.medlemskap_id,
        scene.vaktleder.medlemskap_id,
    }
    opptak.hendelser.clear()
    flyt.videresend(scene.spesialist, id_, scene.annet_hf.id, "indremedisin", "Deres pasient.")
    sak = scene.les(id_)
    assert (sak.mottaker_id, sak.ansvarlig_id) == (scene.annet_hf.id, None)
    assert deltakere(id_) == {scene.lege.medlemskap_id}
    assert "henvendelse.tilgang_endret" in opptak.navn()
    koer = {d["noekkel"] for n, d in opptak.hendelser if n == "henvendelse.koe_endret"}
    assert koer == {f"{scene.hf.id}:indremedisin", f"{scene.annet_hf.id}:indremedisin"}
    for aktor in (scene.spesialist, scene.spesialist2, scene.vaktleder):
        for gjoer in (
            lambda a: lesing.hent_sak(a, id_),
            lambda a: meldinger.send_melding(a, id_, UUID(int=2), "Hei."),
            lambda a: flyt.aksepter(a, id_),
        ):
            with pytest.raises(IkkeFunnet):
                gjoer(aktor)
    flyt.aksepter(scene.fremmed_spesialist, id_)
    assert [h.type for h in lesing.hent_logg(scene.fremmed_spesialist, id_).hendelser][:3] == [
        "sendt",
        "eskalert",
        "akseptert",
    ]


def test_den_som_fikk_saken_tilbake_deltar_igjen(scene: Scene) -> None:
    id_ = scene.sak(Status.AKSEPTERT)
    flyt.videresend(scene.spesialist, id_, scene.annet_hf.id, "indremedisin", "Deres.")
    flyt.videresend(scene.fremmed_spesialist, id_, scene.hf.id, "indremedisin", "Nei, deres.")
    flyt.aksepter(scene.spesialist, id_)
    assert scene.spesialist.medlemskap_id in deltakere(id_)
    assert deltakere(id_, naa=False) == {
        scene.lege.medlemskap_id,
        scene.spesialist.medlemskap_id,
        scene.fremmed_spesialist.medlemskap_id,
    }


def test_videresending_som_ikke_kan_tas_imot(scene: Scene, opptak: Opptak) -> None:
    id_ = scene.sak(Status.NY)
    for mottaker, fag, felt in (
        (scene.hf.id, "indremedisin", "fagomraade"),  # where it is
        (scene.hf.id, "psykiatri", "fagomraade"),  # nobody answers
        (scene.hf.id, "finnes-ikke", "fagomraade"),
        (scene.kommune.id, "kirurgi", "mottaker_id"),  # no hospital
        (UUID(int=1), "kirurgi", "mottaker_id"),
    ):
        with uten_spor(opptak):
            with pytest.raises(UgyldigData) as info:
                flyt.videresend(scene.spesialist, id_, mottaker, fag, "Hvorfor ikke.")
            assert list(info.value.detaljer["felter"]) == [felt]


# --- closing and reopening -------------------------------------------------------------------------------


@pytest.mark.parametrize("fra", [Status.NY, Status.AKSEPTERT])
def test_tiden_er_ute_naar_som_helst_foer_svaret(fra: Status, scene: Scene) -> None:
    id_ = scene.sak(fra)
    flyt.tiden_er_ute(scene.kollega, id_, "Ambulansen er her.")
    sak = scene.les(id_)
    assert (sak.status, sak.utfall, sak.unngaatt) == (Status.LUKKET, "innlagt", "avkreftet")
    assert (logg_over(id_)[-1].type, logg_over(id_)[-1].data["utfall"]) == ("tiden_ute", "innlagt")


def test_gjenaapning_krever_at_noen_er_der(scene: Scene, opptak: Opptak) -> None:
    """The requester's side cannot open a case for somebody who never was, or is no longer, there."""
    aldri_tatt = scene.sak(Status.NY)
    flyt.tiden_er_ute(scene.lege, aldri_tatt)
    tatt = scene.sak(Status.LUKKET)
    avslutt_medlemskap(scene.spesialist)
    for id_ in (aldri_tatt, tatt):
        with uten_spor(opptak):
            with pytest.raises(UgyldigOvergang) as info:
                flyt.gjenaapne(scene.lege, id_)
            assert info.value.kode == "ingen_ansvarlig"
            assert "ny henvendelse" in info.value.melding
        flyt.gjenaapne(scene.spesialist2, id_)
        assert scene.les(id_).ansvarlig_medlemskap_id == scene.spesialist2.medlemskap_id


def test_gjenaapning_naar_den_ansvarlige_er_slaatt_av(scene: Scene) -> None:
    id_ = scene.sak(Status.LUKKET)
    _slaa_av(scene.spesialist)
    with pytest.raises(UgyldigOvergang):
        flyt.gjenaapne(scene.lege, id_)


@transactional
def _slaa_av(aktor: Aktor) -> None:
    db.session.get_one(Person, aktor.person_id).aktiv = False


def test_sak_fra_en_lege_uten_enhet_er_bare_hennes(scene: Scene) -> None:
    """Without a unit there are no colleagues to see it: «no unit» is not a unit that others share."""
    alene = lag_aktor(Rolle.LEGE_KOMMUNE, scene.kommune)
    annen = lag_aktor(Rolle.LEGE_KOMMUNE, scene.kommune)
    id_ = scene.send(alene)
    assert lesing.hent_sak(alene, id_).avsender_enhet_id is None
    for aktor in (annen, scene.lege, scene.kommuneoverlege):
        with pytest.raises(IkkeFunnet):
            lesing.hent_sak(aktor, id_)


# --- identity numbers in the texts of the moves ----------------------------------------------------------

MED_TEKST = {
    "gi_tilbake": (Status.AKSEPTERT, lambda s, i, t, k: flyt.gi_tilbake(s.spesialist, i, t, **k)),
    "videresend": (
        Status.NY,
        lambda s, i, t, k: flyt.videresend(s.spesialist, i, s.hf.id, "kirurgi", t, **k),
    ),
    "besvar": (Status.AKSEPTERT, lambda s, i, t, k: flyt.besvar(s.spesialist, i, "oehd_plass", t, **k)),
    "be_om_mer": (Status.BESVART, lambda s, i, t, k: flyt.be_om_mer(s.lege, i, t, **k)),
    "lukk": (Status.BESVART, lambda s, i, t, k: flyt.lukk(s.lege, i, "annet", t, **k)),
    "tiden_er_ute": (Status.NY, lambda s, i, t, k: flyt.tiden_er_ute(s.lege, i, t, **k)),
    "trekk": (Status.NY, lambda s, i, t, k: flyt.trekk(s.lege, i, t, **k)),
    "gjenaapne": (Status.LUKKET, lambda s, i, t, k: flyt.gjenaapne(s.lege, i, t, **k)),
}


@pytest.mark.parametrize("navn", MED_TEKST)
def test_personnummer_stopper_flyttingen(navn: str, scene: Scene, opptak: Opptak) -> None:
    status, gjoer = MED_TEKST[navn]
    id_ = scene.sak(status)
    tekst = f"Gjelder {PERSONNUMMER}."
    with uten_spor(opptak):
        with pytest.raises(UgyldigData) as info:
            gjoer(scene, id_, tekst, {})
        assert info.value.kode == "personnummer"
        # By the field that it was typed in, so that the form marks the place.
        felt = "begrunnelse" if navn in ("gi_tilbake", "videresend") else "tekst"
        assert info.value.detaljer["treff"] == {felt: [(8, 19)]}
        assert list(info.value.detaljer["felter"]) == [felt]
    gjoer(scene, id_, tekst, {"ikke_fnr": True})
    rader = [h for h in logg_over(id_) if h.type != "eskalert"]
    assert rader[-1].tekst == tekst
    (innslag,) = revisjon("henvendelse.ikke_personnummer", objekt=id_)
    assert innslag.kjede == f"sak:{id_}" and innslag.detaljer == '{"antall":1}'
    assert PERSONNUMMER not in innslag.detaljer


def test_de_paa_vakt_faar_los_en_sak_ingen_har(scene: Scene) -> None:
    """The responsible's membership has ended, and there is no vaktleder about: a colleague puts it back."""
    id_ = scene.sak(Status.AKSEPTERT)
    with pytest.raises(IkkeTilgang):
        flyt.gi_tilbake(scene.spesialist2, id_, "Hun er på jobb.")
    avslutt_medlemskap(scene.spesialist)
    flyt.gi_tilbake(scene.spesialist2, id_, "Hun har sluttet.")
    sak = scene.les(id_)
    assert (sak.status, sak.ansvarlig_id) == (Status.NY, None)
    flyt.aksepter(scene.spesialist2, id_)


def test_ingen_ber_om_mer_av_en_som_har_sluttet(scene: Scene, opptak: Opptak) -> None:
    """A question to somebody who has left would be nobody's: a colleague takes the case over first."""
    id_ = scene.sak(Status.BESVART)
    avslutt_medlemskap(scene.spesialist)
    with uten_spor(opptak), pytest.raises(UgyldigOvergang) as info:
        flyt.be_om_mer(scene.lege, id_, "Hun er blitt dårligere.")
    assert info.value.kode == "ingen_ansvarlig"
    assert scene.kirurg.medlemskap_id is not None
    deling.tilby_overlevering(scene.spesialist2, id_, scene.kirurg.medlemskap_id)
    (tilbud,) = deling.invitasjoner_til(scene.kirurg)
    deling.svar_invitasjon(scene.kirurg, tilbud.id, ja=True)
    flyt.be_om_mer(scene.lege, id_, "Hun er blitt dårligere.")
    sak = scene.les(id_)
    assert (sak.status, sak.ansvarlig_medlemskap_id) == (Status.AKSEPTERT, scene.kirurg.medlemskap_id)


def test_en_lukket_sak_glir_ut_av_syne_for_dem_som_ikke_deltok(scene: Scene) -> None:
    id_ = scene.sak(Status.LUKKET)
    with om(hours=71):
        assert lesing.hent_sak(scene.spesialist2, id_).id == id_
    with om(hours=73):
        for aktor in (scene.spesialist, scene.lege, scene.kollega, scene.vaktleder):
            assert lesing.hent_sak(aktor, id_).id == id_
        with pytest.raises(IkkeFunnet):
            lesing.hent_sak(scene.spesialist2, id_)
