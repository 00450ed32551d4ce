"""How few must be left at a unit: what is set, by whom, and what can still be lent."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from portal.core.aktor import Aktor
from portal.core.db import db
from portal.core.errors import UgyldigData, Utdatert
from portal.omdisponering import steps
from portal.omdisponering.forloep import Status, Stilling
from portal.omdisponering.ressursmodeller import Bemanningsgulv
from portal.omdisponering.service import flyt, minstebemanning
from tests.omdisponering.hjelp import Utlaan, lag_gulv

Som = Callable[[Aktor], FlaskClient]


@pytest.fixture
def u(scene: object) -> Utlaan:
    return Utlaan(scene)  # type: ignore[arg-type]


def _rad(u: Utlaan) -> minstebemanning.Rad:
    db.session.rollback()
    db.session.expire_all()
    (enhet,) = minstebemanning.hent(u.avgiver).enheter
    (rad,) = enhet.rader
    return rad


def test_satt_endret_og_fjernet(u: Utlaan) -> None:
    sykepleier = Stilling.SYKEPLEIER
    id_ = minstebemanning.sett(u.avgiver, u.post.id, sykepleier, antall=5, gulv=3, plasser_per=2.5)
    rad = _rad(u)
    assert (rad.gulv.antall, rad.gulv.gulv, rad.gulv.plasser_per, rad.registrert) == (5, 3, 2.5, 2)
    with pytest.raises(Utdatert):
        minstebemanning.sett(u.avgiver, u.post.id, sykepleier, antall=9, gulv=1)
    minstebemanning.sett(u.avgiver, u.post.id, sykepleier, antall=4, gulv=4, lest=rad.gulv.versjon)
    assert (_rad(u).gulv.antall, _rad(u).gulv.plasser_per, _rad(u).kan_avgi) == (4, None, 0)
    minstebemanning.fjern(u.avgiver, id_)
    assert minstebemanning.hent(u.avgiver).enheter == []


def test_det_som_er_galt(u: Utlaan) -> None:
    for enhet_id, antall, gulv, felt in ((u.post.id, 3, 4, "gulv"), (u.oehd.id, 3, 2, "enhet_id")):
        with pytest.raises(UgyldigData) as feil:
            minstebemanning.sett(u.avgiver, enhet_id, Stilling.LEGE, antall=antall, gulv=gulv)
        assert set(feil.value.detaljer["felter"]) == {felt}
        db.session.rollback()
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Bemanningsgulv)) == 0


def test_den_som_var_foerst(u: Utlaan, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two set the first floor at the same moment: the database has the last word."""
    minstebemanning.sett(u.avgiver, u.post.id, Stilling.LEGE, antall=5, gulv=3)
    monkeypatch.setattr(steps, "laas_gulv", lambda _enheter: [])
    with pytest.raises(UgyldigData) as feil:
        minstebemanning.sett(u.avgiver, u.post.id, Stilling.LEGE, antall=9, gulv=1)
    assert set(feil.value.detaljer["felter"]) == {"stilling"}
    assert _rad(u).gulv.antall == 5


def test_hvor_mange_som_kan_avgis(u: Utlaan) -> None:
    lag_gulv(u.post, antall=5, gulv=3)
    assert (_rad(u).kan_avgi, _rad(u).avgitt, _rad(u).under) == (2, 0, False)
    id_ = u.til(Status.GODKJENT_AVGIVER)
    # Promised from tomorrow: nobody is away yet, and nobody more can be promised.
    assert (_rad(u).kan_avgi, _rad(u).avgitt, _rad(u).avgitt_mest) == (0, 0, 200)
    rad = _rad(u)
    minstebemanning.sett(u.avgiver, u.post.id, rad.gulv.stilling, antall=5, gulv=4, lest=rad.gulv.versjon)
    assert (_rad(u).kan_avgi, _rad(u).under) == (-1, True)
    assert u.les(id_).status == Status.GODKJENT_AVGIVER
    flyt.trekk(u.avgiver, id_, grunn="For få igjen.")
    assert (_rad(u).kan_avgi, _rad(u).under) == (1, False)


def test_i_nettleseren(u: Utlaan, som: Som) -> None:
    klient = som(u.avgiver)
    side = "/omdisponering/minstebemanning"
    assert "Ingen minstebemanning" in klient.get(side).text
    felter = {"enhet_id": str(u.post.id), "stilling": "sykepleier", "antall": "5", "gulv": "3"}
    galt = klient.post(side, data={**felter, "gulv": "6", "plasser_per": "to"})
    assert galt.status_code == 422 and 'value="6"' in galt.text and 'value="to"' in galt.text
    assert klient.post(side, data={**felter, "plasser_per": "2,5"}).status_code == 303
    vist = klient.get(side).text
    assert "Kan avgi 2 til" in vist and "Hver bemanner 2,5 ØHD-plasser." in vist
    # The same unit once more as if it were new: what stands is shown, in its own form, with what was typed.
    igjen = klient.post(side, data={**felter, "gulv": "4"})
    assert igjen.status_code == 409
    assert re.search(r'id="gulv-[0-9a-f-]{36}" name="gulv" value="4"', igjen.text)
    lest = re.search(r'name="lest" value="(\d+)"', igjen.text)
    assert lest is not None
    assert klient.post(side, data={**felter, "gulv": "4", "lest": lest[1]}).status_code == 303
    assert "Kan avgi 1 til" in klient.get(side).text
    fjern = re.search(rf"{side}/[0-9a-f-]+/fjern", klient.get(side).text)
    assert fjern is not None
    assert klient.post(fjern[0]).status_code == 303
    assert "Ingen minstebemanning" in klient.get(side).text
