"""The unit's own work as use cases: what may be done when, what is written of it, and that a refusal leaves nothing."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from portal.core.clock import now
from portal.core.db import db
from portal.core.errors import IkkeFunnet, IkkeTilgang, UgyldigData, UgyldigOvergang, Utdatert
from portal.plasser.forloep import Aldersgruppe, Avslagsgrunn, Frahvor, Holdstatus, Stengtgrunn, Tilstand
from portal.plasser.historikk import Plassendring
from portal.plasser.models import Avslag, Plassenhet, Plasstall, Reservasjon
from portal.plasser.sammendrag import er_kjent
from portal.plasser.service import drift, reservasjoner, tavle
from portal.varsler.models import Varsel
from tests.bygg import PERSONNUMMER, Opptak, Scene, om, revisjon, uten_spor
from tests.plasser.hjelp import Folk, lag_folk, lag_plassenhet, les_opphold, les_plasser, les_tall

T = timedelta(hours=1)


def _enhet(scene: Scene, *tilstander: str, **felter: Any) -> tuple[UUID, Folk]:
    enhet_id = lag_plassenhet(scene, list(tilstander) or [Tilstand.LEDIG], **felter)
    return enhet_id, lag_folk(scene, enhet_id, kvote=1)


def _historie(plass_id: UUID) -> list[tuple[str, bool, str]]:
    return [
        (r.tilstand, r.bemannet, r.aarsak)
        for r in db.session.scalars(
            sa.select(Plassendring)
            .where(Plassendring.plass_id == plass_id, Plassendring.rettet.is_(None))
            .order_by(Plassendring.tidspunkt, Plassendring.nr)
        )
    ]


def _bekreftet(enhet_id: UUID) -> tuple[UUID | None, datetime | None]:
    db.session.rollback()
    rad = db.session.get_one(Plassenhet, enhet_id, populate_existing=True)
    return rad.bekreftet_av_id, rad.bekreftet


# --- states ----------------------------------------------------------------------------------------------


def test_tilstand_skrives_i_historikk_logg_tavle_og_ferskhet(scene: Scene, opptak: Opptak) -> None:
    enhet_id, folk = _enhet(scene)
    plass = les_plasser(enhet_id)[0]
    opptak.hendelser.clear()
    drift.sett_tilstand(
        folk.sykepleier,
        enhet_id,
        plass.id,
        tilstand=Tilstand.STENGT,
        grunn=Stengtgrunn.SMITTE,
        lest=plass.versjon,
    )
    assert _historie(plass.id)[-1] == ("stengt", True, "side")
    assert revisjon("plasser.tilstand", objekt=plass.id)
    assert _bekreftet(enhet_id)[0] == folk.sykepleier.person_id
    (endret,) = [d for navn, d in opptak.hendelser if navn == "plasser.endret"]
    assert endret["enheter"] == [str(enhet_id)]
    # Another reason for what is closed already.
    drift.sett_tilstand(folk.lege, enhet_id, plass.id, tilstand=Tilstand.STENGT, grunn=Stengtgrunn.ROM)
    assert les_plasser(enhet_id)[0].stengt_grunn == "rom"


@pytest.mark.parametrize("tilstand", [Tilstand.HOLDT, Tilstand.BELAGT, Tilstand.UKJENT])
def test_bare_tre_tilstander_settes_med_et_trykk(scene: Scene, opptak: Opptak, tilstand: Tilstand) -> None:
    enhet_id, folk = _enhet(scene)
    plass = les_plasser(enhet_id)[0]
    with uten_spor(opptak), pytest.raises(UgyldigData) as feil:
        drift.sett_tilstand(folk.sykepleier, enhet_id, plass.id, tilstand=tilstand)
    assert list(feil.value.detaljer["felter"]) == ["tilstand"]


@pytest.mark.parametrize("tilstand", [Tilstand.BELAGT, Tilstand.HOLDT])
@pytest.mark.parametrize("ny", [Tilstand.LEDIG, Tilstand.RENGJOERES, Tilstand.STENGT])
def test_en_plass_noen_har_settes_ikke_med_et_trykk(
    scene: Scene, opptak: Opptak, tilstand: Tilstand, ny: Tilstand
) -> None:
    enhet_id, folk = _enhet(scene, tilstand)
    plass = les_plasser(enhet_id)[0]
    grunn = Stengtgrunn.ROM if ny == Tilstand.STENGT else None
    with uten_spor(opptak), pytest.raises(UgyldigOvergang):
        drift.sett_tilstand(folk.sykepleier, enhet_id, plass.id, tilstand=ny, grunn=grunn)


def test_det_som_er_slik_alt_er_ingen_endring_men_en_bekreftelse(scene: Scene) -> None:
    enhet_id, folk = _enhet(scene)
    plass = les_plasser(enhet_id)[0]
    foer = _historie(plass.id)
    drift.sett_tilstand(folk.sykepleier, enhet_id, plass.id, tilstand=Tilstand.LEDIG, lest=plass.versjon)
    assert _historie(plass.id) == foer and _bekreftet(enhet_id)[0] == folk.sykepleier.person_id


def test_en_annen_enhets_plass_finnes_ikke_her(scene: Scene, opptak: Opptak) -> None:
    enhet_id, folk = _enhet(scene)
    annen = lag_plassenhet(scene)
    with uten_spor(opptak), pytest.raises(IkkeFunnet):
        drift.sett_tilstand(
            folk.koordinator, enhet_id, les_plasser(annen)[0].id, tilstand=Tilstand.RENGJOERES
        )


def test_bemanning(scene: Scene, opptak: Opptak) -> None:
    enhet_id, folk = _enhet(scene, Tilstand.LEDIG, Tilstand.BELAGT, Tilstand.HOLDT)
    ledig, belagt, holdt = les_plasser(enhet_id)
    for plass in (ledig, belagt):
        drift.bemann(folk.sykepleier, enhet_id, plass.id, bemannet=False, lest=plass.versjon)
    tall = les_tall(enhet_id)
    # Somebody lies there, staff or not; an empty bed without staff is nobody's to give.
    assert (tall.ubemannet, tall.belagt, tall.ledig, tall.bemannet) == (1, 1, 0, 1)
    with uten_spor(opptak), pytest.raises(UgyldigOvergang):
        drift.bemann(folk.sykepleier, enhet_id, holdt.id, bemannet=False)
    with uten_spor(opptak), pytest.raises(Utdatert):
        drift.bemann(folk.sykepleier, enhet_id, ledig.id, bemannet=True, lest=1)


# --- admission and discharge -----------------------------------------------------------------------------


def test_innleggelse_fortalt_etterpaa_staar_i_historikken_da_den_skjedde(scene: Scene) -> None:
    enhet_id, folk = _enhet(scene, siden=now() - 5 * T)
    plass = les_plasser(enhet_id)[0]
    da = now() - 2 * T
    opphold_id = drift.legg_inn(
        folk.sykepleier,
        enhet_id,
        plass_id=plass.id,
        kommune_id=folk.medlem.id,
        inn=da,
        fra_hvor=Frahvor.HJEM,
        aldersgruppe=Aldersgruppe.GAMMEL,
    )
    opphold = les_opphold(enhet_id)[0]
    assert (opphold.id, opphold.inn, opphold.registrert > opphold.inn) == (opphold_id, da, True)
    assert [t for t, _b, _a in _historie(plass.id)] == ["ledig", "belagt"]
    assert les_plasser(enhet_id)[0].endret == da


def test_en_innleggelse_mens_en_annen_laa_der_avvises(scene: Scene, opptak: Opptak) -> None:
    enhet_id, folk = _enhet(scene, Tilstand.BELAGT, siden=now() - 10 * T)
    foerste = les_opphold(enhet_id)[0]
    drift.skriv_ut(folk.sykepleier, foerste.id, ut=now() - 3 * T, rengjoeres=False)
    plass = les_plasser(enhet_id)[0]
    with uten_spor(opptak), pytest.raises(UgyldigData) as feil:
        drift.legg_inn(
            folk.sykepleier, enhet_id, plass_id=plass.id, kommune_id=scene.kommune.id, inn=now() - 4 * T
        )
    assert list(feil.value.detaljer["felter"]) == ["inn"]
    drift.legg_inn(
        folk.sykepleier, enhet_id, plass_id=plass.id, kommune_id=scene.kommune.id, inn=now() - 2 * T
    )


def test_innleggelse_krever_ledig_plass_medlemskommune_og_fersk_side(scene: Scene, opptak: Opptak) -> None:
    enhet_id, folk = _enhet(scene, Tilstand.LEDIG, Tilstand.BELAGT, Tilstand.RENGJOERES, Tilstand.STENGT)
    ledig, *resten = les_plasser(enhet_id)
    for plass in resten:
        with uten_spor(opptak), pytest.raises(UgyldigOvergang):
            drift.legg_inn(folk.sykepleier, enhet_id, plass_id=plass.id, kommune_id=scene.kommune.id)
    for kommune_id in (None, scene.annen_kommune.id, scene.hf.id, uuid4()):
        with uten_spor(opptak), pytest.raises(UgyldigData) as feil:
            drift.legg_inn(folk.sykepleier, enhet_id, plass_id=ledig.id, kommune_id=kommune_id)
        assert list(feil.value.detaljer["felter"]) == ["kommune_id"]
    with uten_spor(opptak), pytest.raises(Utdatert) as utdatert:
        drift.legg_inn(folk.sykepleier, enhet_id, plass_id=ledig.id, kommune_id=scene.kommune.id, lest=0)
    assert utdatert.value.detaljer["tilstand"] == "ledig"
    with uten_spor(opptak), pytest.raises(UgyldigData):
        drift.legg_inn(folk.sykepleier, enhet_id, kommune_id=scene.kommune.id)


def test_en_ukjent_plass_kan_tas_i_bruk(scene: Scene) -> None:
    enhet_id, folk = _enhet(scene, Tilstand.UKJENT)
    drift.legg_inn(
        folk.sykepleier, enhet_id, plass_id=les_plasser(enhet_id)[0].id, kommune_id=scene.kommune.id
    )
    assert les_tall(enhet_id).belagt == 1


@pytest.mark.parametrize(
    ("ut", "sier"),
    [(timedelta(hours=-2), "før innleggelsen"), (timedelta(hours=1), "i framtiden")],
)
def test_utskrivningens_tid(scene: Scene, opptak: Opptak, ut: timedelta, sier: str) -> None:
    enhet_id, folk = _enhet(scene, Tilstand.BELAGT)
    opphold = les_opphold(enhet_id)[0]
    with uten_spor(opptak), pytest.raises(UgyldigData) as feil:
        drift.skriv_ut(folk.sykepleier, opphold.id, ut=now() + ut)
    assert sier in str(feil.value.detaljer["felter"]["ut"][0])


def test_utskrivning_for_lenge_siden_er_en_retting(scene: Scene, opptak: Opptak) -> None:
    enhet_id, folk = _enhet(scene, Tilstand.BELAGT, siden=now() - timedelta(days=20))
    opphold = les_opphold(enhet_id)[0]
    with uten_spor(opptak), pytest.raises(UgyldigData):
        drift.skriv_ut(folk.sykepleier, opphold.id, ut=now() - timedelta(days=15))
    drift.skriv_ut(folk.sykepleier, opphold.id, ut=now() - timedelta(days=13))


@pytest.mark.parametrize(("rengjoeres", "blir"), [(True, "rengjoeres"), (False, "ledig")])
def test_utskrivning_gir_plassen_videre(scene: Scene, rengjoeres: bool, blir: str) -> None:
    enhet_id, folk = _enhet(scene, Tilstand.BELAGT)
    opphold = les_opphold(enhet_id)[0]
    drift.skriv_ut(
        folk.sykepleier, opphold.id, til_hvor="sykehjem", rengjoeres=rengjoeres, lest=opphold.versjon
    )
    assert les_plasser(enhet_id)[0].tilstand == blir
    assert les_opphold(enhet_id)[0].til_hvor == "sykehjem"
    with pytest.raises(UgyldigOvergang):
        drift.skriv_ut(folk.sykepleier, opphold.id)


def test_opplysninger_om_oppholdet_mens_pasienten_er_der(scene: Scene, opptak: Opptak) -> None:
    enhet_id, folk = _enhet(scene, Tilstand.BELAGT)
    opphold = les_opphold(enhet_id)[0]
    lest = opphold.versjon
    drift.fyll_ut(folk.sykepleier, opphold.id, fra_hvor="hjem", planlagt_timer=24, lest=lest)
    assert '"felter":["fra_hvor","planlagt_timer"]' in revisjon("plasser.opphold_utfylt")[0].detaljer
    with uten_spor(opptak), pytest.raises(Utdatert):
        drift.fyll_ut(folk.lege, opphold.id, fra_hvor="annet", lest=lest)
    drift.skriv_ut(folk.sykepleier, opphold.id)
    with uten_spor(opptak), pytest.raises(UgyldigOvergang):
        drift.fyll_ut(folk.sykepleier, opphold.id, fra_hvor="annet")


# --- holds -----------------------------------------------------------------------------------------------


def test_avvisning_telles_og_gir_plassen_fri(scene: Scene, opptak: Opptak) -> None:
    enhet_id, folk = _enhet(scene)
    hold = reservasjoner.reserver(folk.medlemslege, enhet_id, klient_id=uuid4())
    with uten_spor(opptak), pytest.raises(UgyldigData) as feil:
        drift.avvis(folk.sykepleier, hold, grunn=Avslagsgrunn.ANNET, merknad=f"Ring {PERSONNUMMER}")
    assert feil.value.kode == "personnummer"
    with uten_spor(opptak, avslag=1), pytest.raises(IkkeTilgang):
        drift.avvis(folk.medlemslege, hold, grunn=Avslagsgrunn.ANNET)
    drift.avvis(
        folk.sykepleier, hold, grunn=Avslagsgrunn.ANNET, merknad=f"Ring {PERSONNUMMER}", ikke_fnr=True
    )
    assert '"sluppet_tall":1' in revisjon("plasser.avvist")[0].detaljer
    assert db.session.scalars(sa.select(Avslag)).one().grunn == "annet"
    assert les_tall(enhet_id).ledig == 1
    varsel = db.session.scalars(sa.select(Varsel)).one()
    assert (varsel.person_id, varsel.kode) == (folk.medlemslege.person_id, "plasser.avvist")
    assert "Annet" in varsel.tekst and PERSONNUMMER not in varsel.tekst
    with uten_spor(opptak), pytest.raises(UgyldigOvergang):
        drift.avvis(folk.sykepleier, hold, grunn=Avslagsgrunn.ANNET)


def test_den_som_holdt_faar_vite_at_plassen_er_borte(scene: Scene) -> None:
    """Given back by the unit, or run out: once, also where the clock and the job come twice. Not by the own hand."""
    enhet_id, folk = _enhet(scene)
    egen = reservasjoner.reserver(folk.medlemslege, enhet_id, klient_id=uuid4())
    reservasjoner.frigi(folk.medlemslege, egen)
    assert db.session.scalars(sa.select(Varsel)).all() == []
    frigitt = reservasjoner.reserver(folk.medlemslege, enhet_id, klient_id=uuid4(), merknad="Hjertesvikt")
    reservasjoner.frigi(folk.sykepleier, frigitt)
    utloept = reservasjoner.reserver(folk.medlemslege, enhet_id, klient_id=uuid4(), merknad="Hjertesvikt")
    with om(hours=3):
        assert [reservasjoner.loes_ut_forfalte() for _ in range(2)] == [1, 0]
    varsler = db.session.scalars(sa.select(Varsel).order_by(Varsel.kode)).all()
    assert [(v.kode, v.person_id, v.lenke) for v in varsler] == [
        (f"plasser.{slutt}", folk.medlemslege.person_id, f"/plasser/{enhet_id}")
        for slutt in ("frigitt", "utloept")
    ]
    assert not any("Hjertesvikt" in v.tittel + v.tekst for v in varsler)
    (rad,) = revisjon("plasser.utloept")
    assert (rad.objekt_id, rad.rolle) == (str(utloept), "system") and str(enhet_id) in rad.detaljer


def test_bare_enhetens_egne_trykk_bekrefter_tallene(scene: Scene) -> None:
    """A neighbour's hold tells nothing of the other beds; the unit's own does."""
    enhet_id, folk = _enhet(scene, Tilstand.LEDIG, Tilstand.LEDIG)
    foer = _bekreftet(enhet_id)
    hold = reservasjoner.reserver(folk.medlemslege, enhet_id, klient_id=uuid4())
    reservasjoner.forleng(folk.medlemslege, hold)
    reservasjoner.frigi(folk.medlemslege, hold)
    assert _bekreftet(enhet_id) == foer
    hold = reservasjoner.reserver(folk.lege, enhet_id, klient_id=uuid4())
    assert _bekreftet(enhet_id)[0] == folk.lege.person_id
    reservasjoner.frigi(folk.sykepleier, hold)
    assert _bekreftet(enhet_id)[0] == folk.sykepleier.person_id


def test_ingen_endring_loeser_foerst_ut_det_som_er_forfalt(scene: Scene) -> None:
    enhet_id, folk = _enhet(scene)
    reservasjoner.reserver(folk.medlemslege, enhet_id, klient_id=uuid4())
    with om(hours=3):
        drift.ingen_endring(folk.sykepleier, enhet_id)
        assert les_tall(enhet_id).ledig == 1
    assert db.session.scalars(sa.select(Reservasjon)).one().status == Holdstatus.UTLOEPT


def test_et_utloept_hold_legges_ikke_inn_som_hold(scene: Scene, opptak: Opptak) -> None:
    enhet_id, folk = _enhet(scene)
    hold = reservasjoner.reserver(folk.medlemslege, enhet_id, klient_id=uuid4())
    with om(hours=3):
        with uten_spor(opptak), pytest.raises(UgyldigOvergang):
            drift.legg_inn(folk.sykepleier, enhet_id, reservasjon_id=hold)
        # But the bed is theirs to give: it is free.
        plass = les_plasser(enhet_id)[0]
        drift.legg_inn(
            folk.sykepleier, enhet_id, plass_id=plass.id, kommune_id=folk.medlem.id, lest=plass.versjon
        )
    assert les_tall(enhet_id).belagt == 1
    assert db.session.scalars(sa.select(Plasstall.ledig)).one() == 0


def test_andre_naar_ingenting_og_staar_i_loggen(scene: Scene, opptak: Opptak) -> None:
    """A coordinator of another kommune reaches nothing here, and is written into the log."""
    enhet_id, folk = _enhet(scene, Tilstand.BELAGT, Tilstand.LEDIG)
    opphold, plass = les_opphold(enhet_id)[0], les_plasser(enhet_id)[1]
    forsoek = [
        (lambda a: drift.skriv_ut(a, opphold.id), IkkeFunnet),
        (lambda a: drift.fyll_ut(a, opphold.id, fra_hvor="hjem"), IkkeFunnet),
        (lambda a: drift.sett_tilstand(a, enhet_id, plass.id, tilstand=Tilstand.RENGJOERES), IkkeTilgang),
        (lambda a: drift.bemann(a, enhet_id, plass.id, bemannet=False), IkkeTilgang),
        (lambda a: drift.ingen_endring(a, enhet_id), IkkeTilgang),
        (
            lambda a: drift.legg_inn(a, enhet_id, plass_id=plass.id, kommune_id=scene.kommune.id),
            IkkeTilgang,
        ),
        (lambda a: reservasjoner.reserver(a, enhet_id, klient_id=uuid4()), IkkeTilgang),
    ]
    for gjoer, ventet in forsoek:
        for aktor in (folk.fremmed_koordinator, folk.fremmed, scene.koordinator):
            with uten_spor(opptak, avslag=1), pytest.raises(ventet):
                gjoer(aktor)


def test_en_ukjent_plass_uten_bemanning_er_ukjent(scene: Scene) -> None:
    """Nobody has said that it is empty: the unit is not known to have no patients."""
    enhet_id, folk = _enhet(scene, Tilstand.UKJENT)
    (plass,) = les_plasser(enhet_id)
    drift.bemann(folk.sykepleier, enhet_id, plass.id, bemannet=False, lest=plass.versjon)
    tall = les_tall(enhet_id)
    assert (tall.ukjent, tall.ubemannet, tall.bemannet) == (1, 0, 0)
    (rad,) = tavle.rad_for([enhet_id])
    assert not er_kjent(rad)
