"""Two kommuner become one while their cases are open: the people keep them."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest

from portal.core.aktor import Aktor
from portal.core.clock import now
from portal.core.db import db, transactional
from portal.core.errors import IkkeFunnet
from portal.henvendelser.eskalering.models import Kanari
from portal.henvendelser.forloep import Status
from portal.henvendelser.service import deling, flyt, innsending, lesing, meldinger
from portal.henvendelser.service.sammenslaaing import foelg_sammenslaatte
from portal.identitet.models import Enhet, Medlemskap, Organisasjon
from portal.identitet.steps import gyldige_medlemskap
from tests.bygg import Opptak, Scene, lag_hf, lag_kommune, logg_over, revisjon, uten_spor


@transactional
def slaa_sammen(gammel_id: UUID, ny_id: UUID, aktorer: list[Aktor]) -> None:
    """What the register does to a kommune that ends: units and running memberships go on in the successor."""
    gammel = db.session.get_one(Organisasjon, gammel_id)
    gammel.nedlagt, gammel.etterfolger_id = now().date(), ny_id
    naa = now()
    for a in aktorer:
        gammelt = db.session.get_one(Medlemskap, a.medlemskap_id)
        gammelt.gyldig_til = naa
        db.session.add(
            Medlemskap(
                id=uuid4(),
                person_id=a.person_id,
                organisasjon_id=ny_id,
                enhet_id=a.enhet_id,
                rolle=gammelt.rolle,
                gyldig_fra=naa,
            )
        )
        if a.enhet_id:
            db.session.get_one(Enhet, a.enhet_id).organisasjon_id = ny_id


def i_den_nye(aktor: Aktor) -> Aktor:
    assert aktor.person_id is not None
    (ny,) = gyldige_medlemskap(aktor.person_id)
    assert ny.medlemskap_id != aktor.medlemskap_id
    return ny


def test_sakene_foelger_folkene(scene: Scene, opptak: Opptak) -> None:
    id_ = scene.sak(Status.AKSEPTERT)
    lukket = scene.sak(Status.LUKKET)
    andres = scene.send(scene.fremmed_lege)
    meldinger.send_melding(scene.kollega, id_, uuid4(), "Jeg overtar.")
    ny = lag_kommune("Storkommunen", helseforetak_id=scene.hf.id)
    slaa_sammen(scene.kommune.id, ny.id, [scene.lege, scene.kollega])
    lege, kollega = i_den_nye(scene.lege), i_den_nye(scene.kollega)
    opptak.hendelser.clear()

    assert foelg_sammenslaatte() > 0
    rort = {d["henvendelse_id"] for n, d in opptak.hendelser if n == "henvendelse.tilgang_endret"}
    assert rort == {id_, lukket}
    assert {i.objekt_id for i in revisjon("henvendelse.medlemskap_viderefoert")} == {str(id_), str(lukket)}
    with uten_spor(opptak):
        assert foelg_sammenslaatte() == 0

    for aktor in (lege, kollega):
        sekvens, _ = meldinger.send_melding(aktor, id_, uuid4(), "Fortsatt her.")
        rad = logg_over(id_)[-1]
        assert (rad.sekvens, rad.side, rad.avsender_id) == (sekvens, "innmelder", aktor.person_id)
    with pytest.raises(IkkeFunnet):
        lesing.hent_sak(scene.lege, id_)
    innsending.oppdater_opplysninger(lege, id_, 1, {"bakgrunn": "Nytt."})
    assert logg_over(id_)[-1].side == "innmelder"
    flyt.besvar(scene.spesialist, id_, "oehd_plass", "Slik.")
    flyt.lukk(lege, id_, "oehd_plass")
    # The past stays where it was: who sent it, and from which kommune.
    sak = scene.les(id_)
    assert (sak.avsender_id, sak.innmelder_id) == (scene.kommune.id, scene.lege.person_id)
    assert scene.les(andres).innmelder_medlemskap_id == scene.fremmed_lege.medlemskap_id


def test_invitasjonen_foelger_den_inviterte(scene: Scene) -> None:
    """Whoever was asked before the merger answers after it."""
    id_ = scene.sak(Status.AKSEPTERT)
    assert scene.annen_lege.medlemskap_id is not None
    deling.inviter(scene.lege, id_, scene.annen_lege.medlemskap_id)
    ny = lag_kommune("Storkommunen", helseforetak_id=scene.hf.id)
    slaa_sammen(scene.kommune.id, ny.id, [scene.annen_lege])
    lege = i_den_nye(scene.annen_lege)
    assert foelg_sammenslaatte() > 0
    (invitasjon,) = deling.invitasjoner_til(lege)
    deling.svar_invitasjon(lege, invitasjon.id, ja=True)
    meldinger.send_melding(lege, id_, uuid4(), "Er med.")
    assert logg_over(id_)[-1].avsender_id == lege.person_id
    assert foelg_sammenslaatte() == 0


def test_spurt_i_begge_rollene_er_spurt_en_gang(scene: Scene, opptak: Opptak) -> None:
    """What is left of the old role lapses: it could never be answered, and would be carried on every minute."""
    id_ = scene.sak(Status.AKSEPTERT)
    assert scene.annen_lege.medlemskap_id is not None
    deling.inviter(scene.lege, id_, scene.annen_lege.medlemskap_id)
    ny = lag_kommune("Storkommunen", helseforetak_id=scene.hf.id)
    slaa_sammen(scene.kommune.id, ny.id, [scene.lege, scene.annen_lege])
    lege, annen = i_den_nye(scene.lege), i_den_nye(scene.annen_lege)
    assert annen.medlemskap_id is not None
    deling.inviter(lege, id_, annen.medlemskap_id)
    foelg_sammenslaatte()
    assert len(deling.invitasjoner_til(annen)) == 1
    with uten_spor(opptak):
        assert foelg_sammenslaatte() == 0


def test_uten_sammenslaaing_skjer_ingenting(scene: Scene, opptak: Opptak) -> None:
    scene.sak(Status.AKSEPTERT)
    with uten_spor(opptak):
        assert foelg_sammenslaatte() == 0


def test_kanarien_foelger_den_som_overtar(scene: Scene, opptak: Opptak) -> None:
    """It goes on at the successor; where that has one of its own for the fagområde, the other ends."""
    ny = lag_hf("Storsykehuset")

    @transactional
    def lag(organisasjon_id: UUID, fagomraade: str) -> UUID:
        rad = Kanari(
            id=uuid4(), organisasjon_id=organisasjon_id, fagomraade=fagomraade, hver_minutter=60, neste=now()
        )
        db.session.add(rad)
        return rad.id

    videre, ender, egen = lag(scene.hf.id, "geriatri"), lag(scene.hf.id, "kirurgi"), lag(ny.id, "kirurgi")
    av_to = lag(scene.annet_hf.id, "geriatri")
    slaa_sammen(scene.hf.id, ny.id, [])
    slaa_sammen(scene.annet_hf.id, ny.id, [])
    assert foelg_sammenslaatte() == 3
    db.session.expire_all()
    tilstand = {
        id_: (k.organisasjon_id, k.aktiv)
        for id_ in (videre, ender, egen, av_to)
        for k in [db.session.get_one(Kanari, id_)]
    }
    foerst, sist = sorted((videre, av_to))
    assert tilstand[foerst] == (ny.id, True) and not tilstand[sist][1]
    assert tilstand[ender] == (scene.hf.id, False) and tilstand[egen] == (ny.id, True)
    assert {i.objekt_id for i in revisjon("kanari.viderefoert")} == {str(videre), str(ender), str(av_to)}
    with uten_spor(opptak):
        assert foelg_sammenslaatte() == 0
