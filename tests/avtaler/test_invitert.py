"""What a kommune reads that is invited and has not answered: what it is asked about, not what was the parties' own."""

from __future__ import annotations

import re
from collections.abc import Callable
from uuid import UUID

import pytest
from flask.testing import FlaskClient

from portal.avtaler.service import (
    avtaler,
    forhandlingslesing,
    forslag,
    gjennomgang,
    kommentarer,
    livslesing,
    oppsigelse,
    parter,
    sammenligning,
    ut,
)
from portal.core.aktor import Aktor, Rolle
from portal.core.clock import i_dag
from portal.core.errors import IkkeFunnet, IkkeTilgang
from tests.avtaler.godkjenninghjelp import Bord, beskriv
from tests.avtaler.motorhjelp import les, lest_hash, noekler
from tests.bygg import Scene, lag_aktor, revisjon

Klient = Callable[[Aktor], FlaskClient]


class Sak:
    """Version 1 holds for the trust and its first kommune, which negotiated it; the neighbour is asked afterwards."""

    def __init__(self, scene: Scene, motpart: Aktor) -> None:
        self.bord = Bord(scene, motpart)
        self.eier, self.motpart = self.bord.eier, motpart
        self.nabo = lag_aktor(Rolle.KOORDINATOR, scene.annen_kommune, navn="Nina Nabo")
        self.avtale_id = self.bord.til_forhandling()
        self.gammelt = self.foreslaa("Gammelt ord.")
        kommentarer.skriv(motpart, self.avtale_id, None, "Gammel merknad.")
        self.bord.send(self.avtale_id)
        self.bord.godkjenn_alle(self.avtale_id)

    def foreslaa(self, tekst: str) -> UUID:
        """The first kommune proposes it, and the trust takes it."""
        nummer = les(self.avtale_id).siste_nummer
        n = noekler(self.avtale_id, nummer)[0]
        lest = lest_hash(self.avtale_id, n, nummer)
        id_ = forslag.foreslaa(self.motpart, self.avtale_id, n, "endre", {"tekst": tekst}, "Fordi.", lest)
        forslag.svar(self.eier, id_, True)
        return id_

    def inviter(self) -> None:
        parter.inviter(self.eier, self.avtale_id, [self.nabo.organisasjon_id])  # type: ignore[list-item]

    def ny_versjon(self) -> None:
        avtaler.ny_versjon(self.eier, self.avtale_id)
        avtaler.send_til_forhandling(self.eier, self.avtale_id)

    def versjoner(self, aktor: Aktor) -> set[int]:
        """Those whose negotiation the actor reads."""
        s = forhandlingslesing.hent_side(aktor, self.avtale_id)
        return {v.nummer for v in s.versjoner} if s else set()


@pytest.fixture
def sak(scene: Scene, motpart: Aktor) -> Sak:
    return Sak(scene, motpart)


def tekst(side: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", side).split())


def test_den_som_er_invitert_leser_ikke_forhandlingen_som_var(sak: Sak, som: Klient) -> None:
    a = sak.avtale_id
    sak.inviter()
    assert sak.versjoner(sak.nabo) == set() and sak.versjoner(sak.motpart) == {1}
    with pytest.raises(IkkeFunnet):
        forhandlingslesing.hent_side(sak.nabo, a, 1)
    with pytest.raises(IkkeFunnet):
        forhandlingslesing.hent_forslag(sak.nabo, a, sak.gammelt)
    klient = som(sak.nabo)
    assert "Ingen forhandling ennå" in klient.get(f"/avtaler/{a}/forhandling").get_data(as_text=True)
    for sti in ("?versjon=1", f"/forslag/{sak.gammelt}"):
        assert klient.get(f"/avtaler/{a}/forhandling{sti}").status_code == 404
    # The text that holds is theirs to read, and to take along.
    assert "Gammelt ord." in klient.get(f"/avtaler/{a}").get_data(as_text=True)
    assert ut.hent(sak.nabo, a)["versjon"]["nummer"] == 1
    # Having said yes, they take part in all of it.
    parter.svar(sak.nabo, a, True)
    assert sak.versjoner(sak.nabo) == {1}
    assert "Gammel merknad." in som(sak.nabo).get(f"/avtaler/{a}/forhandling?versjon=1").get_data(
        as_text=True
    )


def test_den_som_er_invitert_leser_forhandlingen_den_er_invitert_til(sak: Sak, som: Klient) -> None:
    sak.ny_versjon()
    kommentarer.skriv(sak.motpart, sak.avtale_id, None, "Sagt før naboen ble spurt.")
    sak.inviter()
    nytt = sak.foreslaa("Nytt ord.")
    assert sak.versjoner(sak.nabo) == {2}
    assert forhandlingslesing.hent_forslag(sak.nabo, sak.avtale_id, nytt)[1].rad.id == nytt
    side = som(sak.nabo).get(f"/avtaler/{sak.avtale_id}/forhandling").get_data(as_text=True)
    assert "Sagt før naboen ble spurt." in side and "Gammel merknad." not in side
    # The words of an old proposal cannot be fetched through the form of a new one either.
    for spoersmaal in (f"/ny?fra={sak.gammelt}", f"/forslag/{sak.gammelt}/motforslag"):
        svar = som(sak.nabo).get(f"/avtaler/{sak.avtale_id}/forhandling{spoersmaal}")
        assert svar.status_code == 404, spoersmaal
    # It came into force while they had not answered: what they have read they read still.
    beskriv(sak.avtale_id, "Brukerutvalget.", None)
    sak.bord.send(sak.avtale_id)
    sak.bord.godkjenn_alle(sak.avtale_id)
    assert sak.versjoner(sak.nabo) == {2}


def test_en_versjon_som_var_forkastet_er_ikke_der_for_den_som_inviteres_siden(sak: Sak, som: Klient) -> None:
    sak.ny_versjon()
    sak.foreslaa("Forkastet ord.")
    avtaler.forkast(sak.eier, sak.avtale_id)
    sak.inviter()
    assert 2 in {v.nummer for v in sammenligning.sammenlign(sak.motpart, sak.avtale_id).versjoner}
    side = sammenligning.sammenlign(sak.nabo, sak.avtale_id)
    assert [v.nummer for v in side.versjoner] == [1]
    klient = som(sak.nabo)
    for sti in ("?versjon=2", "/sammenlign?fra=1&til=2", "/godkjenning?versjon=2", "/eksport.json?versjon=2"):
        assert klient.get(f"/avtaler/{sak.avtale_id}{sti}").status_code == 404, sti
    assert sak.versjoner(sak.nabo) == set()


def test_historien_i_en_sammenligning_er_den_de_har_vaert_spurt_om(sak: Sak) -> None:
    sak.ny_versjon()
    sak.foreslaa("Ord i versjon to.")
    beskriv(sak.avtale_id, "Brukerutvalget.", None)
    sak.bord.send(sak.avtale_id)
    sak.bord.godkjenn_alle(sak.avtale_id)
    sak.inviter()
    sak.ny_versjon()
    sak.foreslaa("Ord i versjon tre.")

    def historie(aktor: Aktor) -> list[tuple[int, bool]]:
        s = sammenligning.sammenlign(aktor, sak.avtale_id, 1, 3).sammenligning
        assert s is not None
        return [(e.nummer, e.forslag is not None) for k in s.klausuler for e in k.historie]

    assert historie(sak.motpart) == [(3, True), (2, True)]
    assert historie(sak.nabo) == [(3, True)]
    laget = {p: set(sammenligning.sammenlign(p, sak.avtale_id).laget_av) for p in (sak.motpart, sak.nabo)}
    assert laget == {sak.motpart: {1, 2, 3}, sak.nabo: {3}}


def test_referater_plikter_og_grunner_er_partenes(sak: Sak, som: Klient) -> None:
    a = sak.avtale_id
    gjennomgang.foer(sak.motpart, a, dato=i_dag(), deltakere="Kari", referat="Bare for partene.")
    oppsigelse.gi(sak.motpart, a, begrunnelse="Grunnen er partenes.")
    sak.inviter()
    with pytest.raises(IkkeTilgang):
        gjennomgang.hent_side(sak.nabo, a)
    klient = som(sak.nabo)
    assert klient.get(f"/avtaler/{a}/gjennomgang").status_code == 403
    assert [r.utfall for r in revisjon("avtale.se_arbeid")] == ["avslag", "avslag"]
    livet = klient.get(f"/avtaler/{a}/livet").get_data(as_text=True)
    for borte in ("Sist gjennomgått", "Se gjennomgangene", "Årlig gjennomgang holdt", "Grunnen er partenes."):
        assert borte not in tekst(livet), borte
    assert "Versjon 1 til forhandling" not in tekst(livet) and "Versjon 1 gjelder" in tekst(livet)
    hendelser = {str(h.hva) for h in livslesing.hent_livet(sak.motpart, a).tidslinje}
    assert {"Versjon 1 til forhandling", "Årlig gjennomgang holdt"} <= hendelser
    parter.svar(sak.nabo, a, True)
    assert "Bare for partene." in som(sak.nabo).get(f"/avtaler/{a}/gjennomgang").get_data(as_text=True)
    assert "Grunnen er partenes." in som(sak.nabo).get(f"/avtaler/{a}/livet").get_data(as_text=True)
