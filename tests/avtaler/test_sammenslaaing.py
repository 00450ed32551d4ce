"""Two organisations become one: the successor is party where its predecessors were, and what waits, waits there."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from portal.avtaler import access, livsloep, steps
from portal.avtaler.access import Handling
from portal.avtaler.forloep import Partstatus, Side, Status
from portal.avtaler.livsmodeller import Oppsigelse
from portal.avtaler.models import Avtale, Avtalepart, Forslag, Godkjenning, Godkjenningsledd
from portal.avtaler.service import avtaler, klausuler, parter
from portal.avtaler.service.sammenslaaing import foelg_sammenslaatte
from portal.core.aktor import Aktor, Rolle
from portal.core.clock import i_dag, now
from portal.core.db import db, transactional
from portal.core.errors import IkkeTilgang
from portal.identitet.models import Medlemskap, Organisasjon
from tests.avtalehjelp import lag_avtale
from tests.avtaler.motorhjelp import klausul, les, til_forhandling, varslet
from tests.bygg import Opptak, Scene, lag_aktor, lag_hf, lag_kommune, lagre, revisjon, uten_spor

DAG = timedelta(days=1)


@transactional
def slaa_sammen(gammel_id: UUID, ny_id: UUID, dag: date | None = None) -> None:
    """What the register does: memberships go on in the successor from the same moment."""
    naa, gammel = now(), db.session.get_one(Organisasjon, gammel_id)
    gammel.nedlagt, gammel.etterfolger_id = dag or i_dag(), ny_id
    for m in db.session.scalars(
        sa.select(Medlemskap).where(Medlemskap.organisasjon_id == gammel_id, Medlemskap.gyldig_til.is_(None))
    ).all():
        m.gyldig_til = naa
        db.session.add(
            Medlemskap(
                id=uuid4(),
                person_id=m.person_id,
                organisasjon_id=ny_id,
                rolle=m.rolle,
                gyldig_fra=naa,
            )
        )


def plasser(avtale_id: UUID) -> dict[UUID, tuple[str, date | None, date | None]]:
    return {
        p.organisasjon_id: (p.status, p.fra, p.til) for p in les(avtale_id).parter if p.side == Side.KOMMUNE
    }


@pytest.fixture
def ny() -> Organisasjon:
    return lag_kommune("Nye Fjord")


def ny_koordinator(organisasjon: Organisasjon) -> Aktor:
    return lag_aktor(Rolle.KOORDINATOR, organisasjon)


def test_etterfoelgeren_er_part_fra_dagen_uten_hull(scene: Scene, motpart: Aktor, opptak: Opptak) -> None:
    avtale = lag_avtale(scene.hf, [scene.kommune, scene.annen_kommune], status=Status.GJELDENDE)
    fra = avtale.versjoner[0].i_kraft_fra
    ny = lag_kommune("Nye Fjord")
    koordinator = ny_koordinator(ny)
    dag = i_dag() - 3 * DAG
    slaa_sammen(scene.kommune.id, ny.id, dag)
    assert foelg_sammenslaatte() == 1
    assert plasser(avtale.id) == {
        scene.kommune.id: (Partstatus.UTMELDT, fra, dag),
        ny.id: (Partstatus.DELTAR, dag, None),
        scene.annen_kommune.id: (Partstatus.DELTAR, fra, None),
    }
    assert avtaler.hent_avtale(koordinator, avtale.id).kan.foere
    assert {koordinator.person_id, scene.koordinator.person_id} <= set(varslet("avtale.part_viderefoert"))
    assert [r.person_navn for r in revisjon("avtale.part_viderefoert", objekt=avtale.id)] == ["register"]
    with uten_spor(opptak):
        assert foelg_sammenslaatte() == 0


def test_to_som_blir_en_er_en_part(scene: Scene, ny: Organisasjon) -> None:
    avtale = lag_avtale(scene.hf, [scene.kommune, scene.annen_kommune], status=Status.GJELDENDE)
    slaa_sammen(scene.kommune.id, ny.id)
    slaa_sammen(scene.annen_kommune.id, ny.id)
    foelg_sammenslaatte()
    naa = plasser(avtale.id)
    assert naa[ny.id] == (Partstatus.DELTAR, i_dag(), None)
    assert [p.status for p in les(avtale.id).parter if p.organisasjon_id == ny.id] == [Partstatus.DELTAR]


@pytest.mark.parametrize(
    ("egen", "ventet"),
    [
        ((Partstatus.DELTAR, -60, None), (Partstatus.DELTAR, -60, None)),
        ((Partstatus.DELTAR, -60, 100), (Partstatus.DELTAR, -60, None)),
        ((Partstatus.INVITERT, None, None), (Partstatus.DELTAR, 0, None)),
        ((Partstatus.DELTAR, None, None), (Partstatus.DELTAR, 0, None)),
    ],
)
def test_etterfoelgeren_har_sin_egen_plass(
    scene: Scene, ny: Organisasjon, egen: tuple[Any, ...], ventet: tuple[Any, ...]
) -> None:
    def dager(v: tuple[Any, ...]) -> tuple[Any, ...]:
        return (v[0], *(None if n is None else i_dag() + n * DAG for n in v[1:]))

    avtale = lag_avtale(scene.hf, [scene.kommune], status=Status.GJELDENDE)
    status, fra, til = dager(egen)
    lagre(
        Avtalepart(
            avtale_id=avtale.id,
            organisasjon_id=ny.id,
            side=Side.KOMMUNE,
            status=status,
            invitert=now(),
            fra=fra,
            til=til,
        )
    )
    slaa_sammen(scene.kommune.id, ny.id)
    foelg_sammenslaatte()
    assert plasser(avtale.id)[ny.id] == dager(ventet)


def test_en_som_har_sagt_opp_gaar_ut_den_dagen_den_skulle(scene: Scene, ny: Organisasjon) -> None:
    avtale = lag_avtale(scene.hf, [scene.kommune], status=Status.GJELDENDE)
    ut = i_dag() + 200 * DAG
    _sett_til(avtale.id, scene.kommune.id, ut)
    oppsigelse = Oppsigelse(
        id=uuid4(),
        avtale_id=avtale.id,
        organisasjon_id=scene.kommune.id,
        varslet=i_dag() - 165 * DAG,
        virkning=ut,
        begrunnelse="Ny modell.",
        registrert=now(),
    )
    lagre(oppsigelse)
    slaa_sammen(scene.kommune.id, ny.id)
    foelg_sammenslaatte()
    assert plasser(avtale.id)[ny.id] == (Partstatus.DELTAR, i_dag(), ut)
    db.session.expire_all()
    assert db.session.get_one(Oppsigelse, oppsigelse.id).organisasjon_id == ny.id


@pytest.mark.parametrize(("gammels", "nys", "gjelder"), [(200, None, None), (200, 100, 200), (100, 200, 200)])
def test_to_som_hver_har_sin_plass_og_kanskje_har_sagt_opp(
    scene: Scene, ny: Organisasjon, gammels: int, nys: int | None, gjelder: int | None
) -> None:
    """The successor is bound as long as one of the two was: the notice that ends that is its own, and no other runs."""
    avtale = lag_avtale(scene.hf, [scene.kommune, ny], status=Status.GJELDENDE)
    for organisasjon, dager_ in ((scene.kommune, gammels), (ny, nys)):
        if dager_ is not None:
            _har_sagt_opp(avtale.id, organisasjon.id, i_dag() + dager_ * DAG)
    slaa_sammen(scene.kommune.id, ny.id)
    foelg_sammenslaatte()
    ut = i_dag() + gjelder * DAG if gjelder else None
    assert plasser(avtale.id)[ny.id] == (Partstatus.DELTAR, i_dag() - 30 * DAG, ut)
    db.session.expire_all()
    rader = db.session.scalars(sa.select(Oppsigelse)).all()
    assert [(o.organisasjon_id, o.virkning) for o in rader if o.avsluttet is None] == (
        [(ny.id, ut)] if ut else []
    )


def _har_sagt_opp(avtale_id: UUID, organisasjon_id: UUID, virkning: date) -> None:
    _sett_til(avtale_id, organisasjon_id, virkning)
    lagre(
        Oppsigelse(
            id=uuid4(),
            avtale_id=avtale_id,
            organisasjon_id=organisasjon_id,
            varslet=i_dag() - DAG,
            virkning=virkning,
            begrunnelse="Ny modell.",
            registrert=now(),
        )
    )


@transactional
def _sett_til(avtale_id: UUID, organisasjon_id: UUID, til: date) -> None:
    db.session.execute(
        sa.update(Avtalepart)
        .where(Avtalepart.avtale_id == avtale_id, Avtalepart.organisasjon_id == organisasjon_id)
        .values(til=til)
    )


def test_invitasjonen_og_forslagene_venter_hos_etterfoelgeren(
    scene: Scene, motpart: Aktor, ny: Organisasjon
) -> None:
    avtale_id = til_forhandling(scene)
    rader = [
        Forslag(
            id=uuid4(),
            avtale_id=avtale_id,
            nummer=1,
            noekkel=uuid4(),
            type="ny",
            status=status,
            innhold={},
            opprettet=now(),
            organisasjon_id=scene.kommune.id,
            side=Side.KOMMUNE,
        )
        for status in ("aapent", "avslaatt")
    ]
    lagre(*rader)
    slaa_sammen(scene.kommune.id, ny.id)
    foelg_sammenslaatte()
    assert plasser(avtale_id)[ny.id][0] == Partstatus.INVITERT
    assert [db.session.get_one(Forslag, r.id).organisasjon_id for r in rader] == [ny.id, scene.kommune.id]
    koordinator = ny_koordinator(ny)
    parter.svar(koordinator, avtale_id, True)
    assert plasser(avtale_id)[ny.id][0] == Partstatus.DELTAR


@transactional
def _be_om(avtale_id: UUID, *organisasjoner: UUID) -> None:
    avtale = db.session.get_one(Avtale, avtale_id)
    for o in organisasjoner:
        part = access.part(avtale, o)
        assert part is not None
        livsloep.be_om_godkjenning(avtale.versjoner[0], part)


def test_det_som_skal_godkjennes_venter_hos_etterfoelgeren(
    scene: Scene, motpart: Aktor, ny: Organisasjon
) -> None:
    """The links move, with the memberships they name; where the successor is asked itself, its own chain answers."""
    lagre(
        *(
            Godkjenningsledd(
                organisasjon_id=scene.kommune.id,
                plass=n,
                navn=navn,
                krever_vedtak=n == 2,
                medlemskap=[str(motpart.medlemskap_id)] if n == 1 else [],
            )
            for n, navn in enumerate(("Kommunalsjefen", "Kommunestyret"), 1)
        )
    )
    avtale = lag_avtale(scene.hf, [scene.kommune, scene.annen_kommune], status=Status.TIL_GODKJENNING)
    _be_om(avtale.id, scene.kommune.id, scene.annen_kommune.id)
    _gi(scene.kommune.id, plass=1)
    slaa_sammen(scene.kommune.id, ny.id)
    foelg_sammenslaatte()
    nytt_medlemskap = db.session.scalars(
        sa.select(Medlemskap.id).where(
            Medlemskap.person_id == motpart.person_id, Medlemskap.organisasjon_id == ny.id
        )
    ).one()
    hos_nye = {g.navn: g for g in db.session.scalars(sa.select(Godkjenning)) if g.organisasjon_id == ny.id}
    assert hos_nye["Kommunalsjefen"].medlemskap == [str(nytt_medlemskap)]
    assert hos_nye["Kommunalsjefen"].gitt is not None, "what was given counts there"
    assert hos_nye["Kommunestyret"].gitt is None
    assert motpart.person_id in varslet("avtale.til_godkjenning")
    kjede = db.session.scalars(sa.select(Godkjenningsledd).order_by(Godkjenningsledd.plass)).all()
    assert [(le.organisasjon_id, le.navn, le.medlemskap) for le in kjede] == [
        (ny.id, "Kommunalsjefen", [str(nytt_medlemskap)]),
        (ny.id, "Kommunestyret", []),
    ]
    # The other one comes into the same successor, which has its own rows by now.
    slaa_sammen(scene.annen_kommune.id, ny.id)
    foelg_sammenslaatte()
    db.session.expire_all()
    aapne = db.session.scalars(
        sa.select(Godkjenning.organisasjon_id).where(
            Godkjenning.gitt.is_(None), Godkjenning.opphevet.is_(None)
        )
    ).all()
    assert list(aapne) == [ny.id]


@transactional
def _gi(organisasjon_id: UUID, plass: int) -> None:
    rad = db.session.scalars(
        sa.select(Godkjenning).where(
            Godkjenning.organisasjon_id == organisasjon_id, Godkjenning.plass == plass
        )
    ).one()
    rad.gitt, rad.innhold_hash = now(), "x" * 64


def test_et_foretak_som_blir_et_annet_eier_avtalene_der(scene: Scene) -> None:
    avtale = lag_avtale(scene.hf, [scene.kommune], status=Status.GJELDENDE)
    nytt = lag_hf("Det nye sykehuset")
    koordinator = ny_koordinator(nytt)
    slaa_sammen(scene.hf.id, nytt.id)
    assert foelg_sammenslaatte() == 1
    naa = les(avtale.id)
    assert naa.eier_id == nytt.id
    assert [
        (p.organisasjon_id, p.status) for p in naa.parter if p.side == Side.FORETAK and p.til is None
    ] == [(nytt.id, Partstatus.DELTAR)]
    avtaler.ny_versjon(koordinator, avtale.id)
    klausuler.skriv(koordinator, avtale.id, None, klausul())
    with pytest.raises(IkkeTilgang):
        klausuler.skriv(scene.koordinator, avtale.id, None, klausul())


def test_to_sammenslaainger_paa_rad(scene: Scene, ny: Organisasjon) -> None:
    avtale = lag_avtale(scene.hf, [scene.kommune], status=Status.GJELDENDE)
    nyest = lag_kommune("Enda nyere")
    slaa_sammen(scene.kommune.id, ny.id)
    slaa_sammen(ny.id, nyest.id)
    assert [foelg_sammenslaatte() for _ in range(3)] == [1, 1, 0]
    naa = plasser(avtale.id)
    assert naa[nyest.id] == (Partstatus.DELTAR, i_dag(), None)
    holder = steps.holder(les(avtale.id))
    assert holder is not None and access.kan(ny_koordinator(nyest), Handling.FOERE, les(avtale.id))


def test_er_den_siste_som_manglet_blitt_en_del_av_en_som_har_godkjent_er_alle_ferdige(
    scene: Scene, ny: Organisasjon
) -> None:
    avtale = lag_avtale(scene.hf, [scene.kommune, scene.annen_kommune], status=Status.TIL_GODKJENNING)
    _be_om(avtale.id, scene.hf.id, scene.kommune.id, scene.annen_kommune.id)
    _gi(scene.hf.id, plass=1)
    _gi(scene.kommune.id, plass=1)
    slaa_sammen(scene.kommune.id, ny.id)
    foelg_sammenslaatte()
    assert les(avtale.id).versjoner[0].status == Status.TIL_GODKJENNING
    slaa_sammen(scene.annen_kommune.id, ny.id)
    foelg_sammenslaatte()
    versjon = les(avtale.id).versjoner[0]
    assert (versjon.status, versjon.i_kraft_fra) == (Status.GJELDENDE, i_dag())
    assert plasser(avtale.id)[ny.id] == (Partstatus.DELTAR, i_dag(), None)
