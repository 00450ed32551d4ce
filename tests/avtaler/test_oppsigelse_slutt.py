"""What ends with all of it ends on its last day; a notice with nothing left to end lapses, which is told."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest
from flask.testing import FlaskClient

from portal.avtaler import access, plikter
from portal.avtaler.livsmodeller import Oppsigelse
from portal.avtaler.service import avtaler, godkjenning, ikrafttredelse, livslesing, oppsigelse
from portal.core.aktor import Aktor, Rolle
from portal.core.clock import i_dag, now, som_om
from portal.core.db import db
from tests.avtaler.godkjenninghjelp import beskriv, gi, hash_naa
from tests.avtaler.motorhjelp import les, varslet
from tests.avtaler.oppsigelsehjelp import ENIGE, GRUNN, Livet, oppgaver
from tests.bygg import PERSONNUMMER, Scene, lag_aktor, revisjon

DAG = timedelta(days=1)


@pytest.fixture
def livet(scene: Scene, motpart: Aktor) -> Livet:
    return Livet(scene, motpart)


def _rad(id_: UUID) -> Oppsigelse:
    db.session.rollback()
    db.session.expire_all()
    return db.session.get_one(Oppsigelse, id_)


def test_kommunens_siste_dag_er_senest_avtalens(livet: Livet) -> None:
    avtale_id = livet.avtale()
    oppsigelse.gi(livet.eier, avtale_id, virkning=i_dag() + 20 * DAG, begrunnelse=GRUNN, enighet=ENIGE)
    f = oppsigelse.forhaandsvis(livet.kommune, avtale_id, begrunnelse=GRUNN)
    assert (f.siste, f.dager) == (i_dag() + 19 * DAG, 20)
    oppsigelse.gi(livet.kommune, avtale_id, begrunnelse=GRUNN)
    slutter = livslesing.hent_livet(livet.kommune, avtale_id).slutter
    assert [s.siste for s in slutter] == [i_dag() + 19 * DAG], "the whole, and no later day for one of them"


def test_kommunens_oppsigelse_faller_naar_avtalen_er_slutt(
    livet: Livet, som: Callable[[Aktor], FlaskClient]
) -> None:
    avtale_id = livet.avtale()
    eiers = oppsigelse.gi(
        livet.eier, avtale_id, virkning=i_dag() + 20 * DAG, begrunnelse=GRUNN, enighet=ENIGE
    )
    egen = oppsigelse.gi(livet.kommune, avtale_id, begrunnelse=GRUNN)
    with som_om(now() + 21 * DAG):
        ikrafttredelse.sett_i_kraft()
        assert _rad(egen).avsluttet is not None and _rad(eiers).avsluttet is not None
        part = access.part(les(avtale_id), livet.kommune.organisasjon_id)
        assert part is not None and part.til is None
        livet_naa = livslesing.hent_livet(livet.kommune, avtale_id)
        assert livet_naa.slutter == []
        assert {o.rad.id: str(o.tilstand) for o in livet_naa.oppsigelser} == {
            eiers: livslesing.Oppsigelsestilstand.VIRKET,
            egen: livslesing.Oppsigelsestilstand.FALT_BORT,
        }
        assert "Avtalen, for" not in som(livet.kommune).get(f"/avtaler/{avtale_id}/livet").text
    # The state is still to be told of the one that had its effect.
    aapne = {o.noekkel for o in oppgaver(plikter.VARSLE, livet.scene.rhf) if o.avlyst is None}
    assert [n for n in aapne if str(eiers) in n] and not [n for n in aapne if str(egen) in n]
    # A year later nobody is told that the kommune has left alone.
    with som_om(now() + 400 * DAG):
        ikrafttredelse.sett_i_kraft()
    assert varslet("avtale.part_utmeldt") == []


def test_en_ny_versjon_tar_over_foer_oppsigelsen_virker(livet: Livet, scene: Scene) -> None:
    avtale_id = livet.avtale()
    id_ = oppsigelse.gi(livet.eier, avtale_id, begrunnelse=GRUNN)
    avtaler.ny_versjon(livet.eier, avtale_id)
    beskriv(avtale_id, "Brukerutvalget.", None)
    godkjenning.send(livet.eier, avtale_id, hash_naa(avtale_id))
    for organisasjon in (scene.hf, scene.kommune, scene.annen_kommune):
        gi(lag_aktor(Rolle.ADMINISTRATOR, organisasjon, navn="Ada"), avtale_id)
    assert les(avtale_id).siste_nummer == 2
    assert _rad(id_).avsluttet is not None
    (oppgave,) = oppgaver(plikter.VARSLE, scene.rhf)
    assert oppgave.avlyst is not None, "nothing to tell the state of"
    falt = set(varslet("avtale.oppsigelse_falt_bort"))
    assert {livet.eier.person_id, livet.kommune.person_id, livet.nabo.person_id, livet.rhf.person_id} <= falt
    assert len(revisjon("avtale.oppsigelse_falt_bort")) == 1


def test_loggen_sier_ikke_hva_som_ble_skrevet(livet: Livet) -> None:
    """What is let through by `ikke_fnr` may be a number all the same, and the log cannot be changed."""
    avtale_id = livet.avtale()
    oppsigelse.gi(
        livet.eier,
        avtale_id,
        begrunnelse=GRUNN,
        enighet=f"Sak {PERSONNUMMER}",
        brev=f"Brev {PERSONNUMMER}",
        ikke_fnr=True,
    )
    (innslag,) = revisjon("avtale.oppsagt")
    assert PERSONNUMMER not in innslag.detaljer
    detaljer = json.loads(innslag.detaljer)
    assert (detaljer["enighet"], detaljer["brev"], detaljer["sluppet_tall"]) == (True, True, 2)
