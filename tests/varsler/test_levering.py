"""What the worker does with the outbox when the world has moved on: who has left, what is of no use, a note refused."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from portal.core.aktor import Rolle
from portal.core.clock import now
from portal.core.db import db, transactional
from portal.identitet.models import Medlemskap, Organisasjon, Person
from portal.varsler import post
from portal.varsler.models import Kanal
from portal.varsler.service import levering
from portal.varsler.steps import send_epost
from tests.bygg import Scene, lag_aktor, lag_medlemskap, om
from tests.vakt.hjelp import endre
from tests.vakthjelp import lag_kanal
from tests.varsler.tjenere import oppsett, porten, posttjener
from tests.varsler.varselhjelp import fortell, les_utsending, utsendinger

# --- who is told no more ---------------------------------------------------------------------------------


def test_den_som_er_stengt_ute_faar_ingenting(scene: Scene) -> None:
    """What was due after quiet hours, or waited for a server, is about cases that are not theirs to see any more."""
    with posttjener() as t, porten() as telenett:
        lag_kanal(scene.spesialist, Kanal.SMS, "+4790000010")
        stengt = fortell(scene.spesialist, bare={Kanal.SMS, Kanal.EPOST})
        lever = fortell(scene.spesialist2, bare={Kanal.EPOST})
        endre(Person, scene.spesialist.person_id, aktiv=False)
        assert levering.lever() == 1
        assert len(t.mottatt) == 1 and telenett.meldinger("sms") == []
    assert [(u.stoppet is not None, u.sendt, u.tekst) for u in utsendinger(stengt)] == [(True, None, "")] * 2
    assert [u.sendt is not None for u in utsendinger(lever)] == [True]


def test_den_som_har_sluttet_et_sted_faar_ingenting_derfra(scene: Scene) -> None:
    """One role is over and another goes on: what was told for the one stops, and for the other it leaves."""
    person = db.session.get_one(Person, scene.spesialist.person_id)
    to = lag_medlemskap(person, Rolle.VAKTLEDER, scene.hf)
    with posttjener() as t:
        fortell(scene.spesialist, bare={Kanal.EPOST})
        endre(Medlemskap, scene.spesialist.medlemskap_id, gyldig_til=now())
        assert levering.lever() == 1, "there is another role at the same organisation"
        siste = fortell(scene.spesialist, bare={Kanal.EPOST})
        endre(Medlemskap, to.id, gyldig_til=now())
        lag_medlemskap(person, Rolle.SPESIALIST, scene.annet_hf, fag=("indremedisin",))
        assert levering.lever() == 0
    assert len(t.mottatt) == 1 and [u.stoppet is not None for u in utsendinger(siste)] == [True]


def test_en_som_kommer_til_aa_begynne_faar_det_som_gjelder_det(scene: Scene) -> None:
    aktor = lag_aktor(Rolle.SPESIALIST, scene.hf, fag=("indremedisin",))
    endre(Medlemskap, aktor.medlemskap_id, gyldig_fra=now() + timedelta(days=30))
    with posttjener():
        fortell(aktor, bare={Kanal.EPOST})
        assert levering.lever() == 1


def test_den_som_fulgte_med_til_etterfoelgeren_varsles(scene: Scene) -> None:
    """What was told at an organisation that has become part of another: the role moved along."""
    with posttjener():
        fortell(scene.spesialist, bare={Kanal.EPOST})
        person = db.session.get_one(Person, scene.spesialist.person_id)
        lag_medlemskap(person, Rolle.SPESIALIST, scene.annet_hf, fag=("indremedisin",))
        endre(Medlemskap, scene.spesialist.medlemskap_id, gyldig_til=now())
        endre(Organisasjon, scene.hf.id, nedlagt=now(), etterfolger_id=scene.annet_hf.id)
        assert levering.lever() == 1


def test_brev_uten_varsel_gaar_til_den_de_er_skrevet_til(scene: Scene) -> None:
    """An invitation is for somebody who has no role yet."""

    @transactional
    def inviter() -> None:
        send_epost("invitasjon", "ny@eksempel.example", "Velkommen", "Trykk her.")

    inviter()
    with posttjener():
        assert levering.lever() == 1


# --- what is of no use -----------------------------------------------------------------------------------


def test_det_som_er_til_ingen_nytte_legges_bort_litt_om_gangen(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A channel is no longer set up, and hundreds wait for it: nobody waits for all of them to be put away."""
    lag_kanal(scene.spesialist, Kanal.SMS, "+4790000010")
    with oppsett(sms_url="http://127.0.0.1:9/sms"):
        for _ in range(45):
            fortell(scene.spesialist, bare={Kanal.SMS})
    oppgitt: list[int] = []
    ekte = levering._oppgi
    monkeypatch.setattr(levering, "RYDDES", 20)
    monkeypatch.setattr(levering, "_oppgi", lambda rad, feil: (oppgitt.append(1), ekte(rad, feil)))
    per_transaksjon: list[int] = []

    def slutt(_okt: Any) -> None:
        if oppgitt:
            per_transaksjon.append(len(oppgitt))
            oppgitt.clear()

    sa.event.listen(db.session, "after_commit", slutt)
    try:
        assert levering.ta_neste(Kanal.SMS) is None
    finally:
        sa.event.remove(db.session, "after_commit", slutt)
    assert per_transaksjon == [20, 20, 5]
    assert all(u.oppgitt is not None for u in utsendinger())


# --- the note --------------------------------------------------------------------------------------------


class Motvilje:
    """A database that refuses the first notes, and counts them."""

    def __init__(self, ganger: int, bare: object = None) -> None:
        self.igjen, self.bare, self.ekte = ganger, bare, levering.noter_sendt

    def __call__(self, tatt: levering.Tatt) -> None:
        if self.igjen and self.bare in (None, tatt.brev.id):
            self.igjen -= 1
            raise OperationalError("UPDATE utsending", {}, Exception("lock timeout"))
        self.ekte(tatt)


def test_det_som_er_sendt_noteres_selv_om_databasen_nekter_foerst(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    varsel_id = fortell(scene.spesialist, bare={Kanal.EPOST})
    monkeypatch.setattr(levering, "NOTERES_IGJEN", (0.0, 0.0))
    monkeypatch.setattr(levering, "noter_sendt", Motvilje(2))
    with posttjener() as t:
        assert levering.lever() == 1
        with om(hours=1):
            assert levering.lever() == 0
    assert len(t.mottatt) == 1 and [u.sendt is not None for u in utsendinger(varsel_id)] == [True]


def test_en_note_som_ikke_gaar_holder_ingen_andre_tilbake(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor does it stop the round: the others leave and are noted, also when the round itself breaks."""
    gal = utsendinger(fortell(scene.spesialist, bare={Kanal.EPOST}))[0].id
    god = utsendinger(fortell(scene.spesialist2, bare={Kanal.EPOST}))[0].id
    monkeypatch.setattr(levering, "NOTERES_IGJEN", (0.0, 0.0))
    monkeypatch.setattr(levering, "noter_sendt", Motvilje(99, bare=gal))
    monkeypatch.setattr(post, "send", lambda *_, **__: None)
    assert levering.lever() == 1
    assert les_utsending(god).sendt is not None and les_utsending(gal).sendt is None

    for aktor in (scene.spesialist, scene.spesialist2, scene.kirurg):
        fortell(aktor, bare={Kanal.EPOST, Kanal.SMS})
    monkeypatch.setitem(levering.SAMTIDIG, Kanal.EPOST, 3)
    monkeypatch.setattr(levering, "wait", _knekk)
    with pytest.raises(RuntimeError, match="round"):
        levering.lever()
    nye = [u for u in utsendinger() if u.id not in (gal, god)]
    assert len(nye) == 3 and all(u.sendt is not None for u in nye)


def _knekk(*_: object, **__: object) -> object:
    raise RuntimeError("the round breaks")
