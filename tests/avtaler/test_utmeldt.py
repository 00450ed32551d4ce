"""Who has left reads on what it was bound by, and nothing that came into force from its last day on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from portal.avtaler import access
from portal.avtaler.models import Avtale, Avtaleversjon
from portal.avtaler.service import (
    avtaler,
    fullstendighet,
    gjelder,
    godkjenning,
    ikrafttredelse,
    klausuler,
    lesing,
    naa,
    oppsigelse,
    sammenligning,
    soek,
    ut,
)
from portal.core.aktor import Aktor, Rolle
from portal.core.clock import i_dag, now, som_om
from portal.core.db import db, transactional
from portal.core.errors import IkkeFunnet
from tests.avtaler.godkjenninghjelp import beskriv, gi, hash_naa
from tests.avtaler.motorhjelp import les
from tests.avtaler.oppsigelsehjelp import ENIGE, Livet
from tests.bygg import Scene, lag_aktor, lag_organisasjon

Klient = Callable[[Aktor], FlaskClient]
NYTT = "Hemmelighetsfullt tillegg om nattevakt."


@pytest.fixture
def livet(scene: Scene, motpart: Aktor) -> Livet:
    return Livet(scene, motpart)


@pytest.fixture
def ut_av(livet: Livet, scene: Scene) -> Iterator[UUID]:
    """The kommune's last day has been, and a version that came two days later holds."""
    avtale_id = livet.avtale()
    oppsigelse.gi(
        livet.kommune, avtale_id, virkning=i_dag() + timedelta(days=3), begrunnelse="x", enighet=ENIGE
    )
    annen = lag_aktor(Rolle.ADMINISTRATOR, scene.annen_kommune, navn="Anna Annen")
    with som_om(now() + timedelta(days=5)):
        ikrafttredelse.sett_i_kraft()
        avtaler.ny_versjon(livet.eier, avtale_id)
        beskriv(avtale_id, "Brukerutvalget.", None)
        avtale = les(avtale_id)
        foerste = klausuler.steps.bestemmelser(avtale.id, 2)[0].noekkel
        klausuler.skriv(
            lag_aktor(Rolle.KOORDINATOR, scene.hf, navn="Siri"), avtale_id, foerste, {"tekst": NYTT}
        )
        godkjenning.send(livet.eier, avtale_id, hash_naa(avtale_id))
        gi(scene.administrator, avtale_id)
        gi(annen, avtale_id)
        ikrafttredelse.sett_i_kraft()
        db.session.rollback()
        db.session.expire_all()
        assert les(avtale_id).siste_nummer == 2
        yield avtale_id


def test_den_nye_versjonen_finnes_ikke_for_dem(ut_av: UUID, livet: Livet, scene: Scene, som: Klient) -> None:
    for aktor in (livet.kommune, scene.kommuneoverlege, lag_aktor(Rolle.INNSYN, scene.kommune)):
        for nummer in (None, 1):
            side = lesing.hent_avtale(aktor, ut_av, nummer)
            assert (side.versjon.nummer, [v.nummer for v in side.versjoner], side.gjelder) == (1, [1], None)
        for hent in (lesing.hent_avtale, fullstendighet.sjekk):
            with pytest.raises(IkkeFunnet):
                hent(aktor, ut_av, 2)
        with pytest.raises(IkkeFunnet):
            ut.eksporter(aktor, ut_av, "json", 2)
        assert ut.eksporter(aktor, ut_av, "json")["versjon"]["nummer"] == 1
        assert [v.nummer for v in sammenligning.sammenlign(aktor, ut_av).versjoner] == [1]
        assert "ikke lenger part" in naa.hva_skjer(aktor, les(ut_av)).hva
        assert not soek.finn(aktor, "nattevakt").treff
        # Nor as what holds in a neighbour kommune that is bound on.
        svar = gjelder.hva_gjelder(aktor, scene.annen_kommune.id, None)
        assert ut_av not in [a.avtale_id for a in svar.avtaler]
    klient = som(livet.kommune)
    for sti in ("", "/livet", "/sammenlign", "/fullstendighet", "/eksport.json"):
        svar = klient.get(f"/avtaler/{ut_av}{sti}")
        assert svar.status_code == 200, sti
        assert NYTT not in svar.text
    assert klient.get(f"/avtaler/{ut_av}?versjon=2").status_code == 404
    assert NYTT not in klient.get("/avtaler").text + klient.get("/avtaler/soek?q=nattevakt").text
    # Bound on: they read all of it.
    for aktor in (livet.eier, lag_aktor(Rolle.KOORDINATOR, scene.annen_kommune, navn="Ola")):
        assert lesing.hent_avtale(aktor, ut_av).versjon.nummer == 2
        assert [t.avtale_id for t in soek.finn(aktor, "nattevakt").treff] == [ut_av]


def test_lista_og_en_av_gangen_er_enige(ut_av: UUID, livet: Livet, scene: Scene) -> None:
    """The condition in SQL is the rule in Python, for each that stands in some relation to the agreement."""
    folk = (
        livet.kommune,
        livet.eier,
        lag_aktor(Rolle.INNSYN, scene.kommune),
        lag_aktor(Rolle.SPESIALIST, scene.annen_kommune),
        lag_aktor(Rolle.INNSYN, scene.rhf),
        lag_aktor(Rolle.INNSYN, lag_organisasjon("myndighet", "Tilsynet")),
        lag_aktor(Rolle.KOORDINATOR, lag_organisasjon("kommune", "Utenfor")),
    )
    for aktor in folk:
        avtale = les(ut_av)
        enkeltvis = [v.nummer for v in avtale.versjoner if access.kan_se_versjon(aktor, avtale, v)]
        rader = db.session.scalars(
            sa.select(Avtaleversjon.nummer)
            .join(Avtale)
            .where(
                Avtale.id == ut_av,
                access.synlige(aktor),
                access.leselige(aktor),
                Avtaleversjon.i_kraft_fra.is_not(None),
            )
        ).all()
        assert sorted(rader) == sorted(enkeltvis), aktor.navn
        assert bool(enkeltvis) == access.kan(aktor, access.Handling.SE, avtale)


def test_den_som_gikk_samme_dag_leser_ingenting(livet: Livet, motpart: Aktor) -> None:
    avtale_id = livet.avtale()

    @transactional
    def gaa() -> None:
        part = access.part(db.session.get_one(Avtale, avtale_id), motpart.organisasjon_id)
        assert part is not None
        part.til, part.status = part.fra, "utmeldt"

    gaa()
    avtale = les(avtale_id)
    assert not access.kan(motpart, access.Handling.SE, avtale)
    assert not db.session.scalars(sa.select(Avtale).where(access.synlige(motpart))).all()
