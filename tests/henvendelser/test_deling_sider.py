"""The pages and sockets of sharing a case: inviting, handing over and answering, without JavaScript and live."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from flask_socketio import SocketIOTestClient

from portal.core.aktor import Aktor
from portal.core.db import db, transactional
from portal.henvendelser.forloep import Status
from portal.henvendelser.models import Henvendelse
from portal.henvendelser.service import deling, flyt, meldinger
from tests.bygg import Opptak, Scene, logg_over, uten_spor
from tests.henvendelser.delingshjelp import mid, spurt, til
from tests.skjemaer import Skjemaer, skjema

Som = Callable[[Aktor], FlaskClient]

# --- the pages -------------------------------------------------------------------------------------------


def test_invitert_og_overlevert_uten_javascript(scene: Scene, som: Som) -> None:
    """Each step is a form of the page before it; both sides see who is waited for."""
    id_ = scene.sak(Status.AKSEPTERT)
    spesialist, kirurg = som(scene.spesialist), som(scene.kirurg)
    side = spesialist.get(til(id_))
    assert f'href="{til(id_, "inviter")}"' in side.text and f'href="{til(id_, "overlever")}"' in side.text
    valg = spesialist.get(til(id_, "inviter"))
    assert scene.kirurg.navn in valg.text and scene.spesialist2.navn not in valg.text
    data = {**skjema(valg, "/inviter"), "medlemskap_id": str(mid(scene.kirurg))}
    svar = spesialist.post(til(id_, "inviter"), data=data)
    assert (svar.status_code, svar.headers["Location"]) == (303, til(id_))
    venter = f"Venter på at {scene.kirurg.navn} sier ja"
    assert venter in spesialist.get(til(id_)).text

    koe = kirurg.get("/koe")
    assert "Invitasjoner" in koe.text and til(id_) in koe.text and "Tungpust" not in koe.text
    side = kirurg.get(til(id_))
    assert "Siri Spesialist inviterer deg til å delta." in side.text and venter not in side.text
    assert not [a for a in Skjemaer(side.text).skjemaer if a.endswith("/meldinger")]
    (godta,) = [a for a in Skjemaer(side.text).skjemaer if a.endswith("/godta")]
    assert kirurg.post(godta).headers["Location"] == til(id_)
    assert "Invitasjoner" not in kirurg.get("/koe").text
    assert [a for a in Skjemaer(kirurg.get(til(id_)).text).skjemaer if a.endswith("/meldinger")]

    valg = spesialist.get(til(id_, "overlever"))
    data = {**skjema(valg, "/overlever"), "medlemskap_id": str(mid(scene.kirurg))}
    assert spesialist.post(til(id_, "overlever"), data=data).status_code == 303
    side = kirurg.get(til(id_))
    assert "Siri Spesialist spør om du vil overta ansvaret." in side.text
    assert f"Hos {scene.spesialist.navn}" in side.text
    (godta,) = [a for a in Skjemaer(side.text).skjemaer if a.endswith("/godta")]
    kirurg.post(godta)
    assert f"Hos {scene.kirurg.navn}" in spesialist.get(til(id_)).text

    # The former responsible leaves, and has the case as one on call still.
    (forlat,) = [a for a in Skjemaer(spesialist.get(til(id_)).text).skjemaer if a.endswith("/forlat")]
    assert spesialist.post(forlat).headers["Location"] == til(id_)
    assert not [a for a in Skjemaer(kirurg.get(til(id_)).text).skjemaer if a.endswith("/forlat")]


def test_nei_takk_foerer_hjem(scene: Scene, som: Som) -> None:
    id_ = scene.sak(Status.AKSEPTERT)
    deling.inviter(scene.spesialist, id_, mid(scene.kirurg))
    kirurg = som(scene.kirurg)
    invitasjon = spurt(id_)
    svar = kirurg.post(f"/invitasjoner/{invitasjon}/avslaa")
    assert (svar.status_code, svar.headers["Location"]) == (303, "/")
    assert "Du har takket nei." in kirurg.get("/koe").text
    assert kirurg.get(til(id_)).status_code == 404
    # Too late: a sentence at home, and nothing of the case.
    svar = kirurg.post(f"/invitasjoner/{invitasjon}/godta")
    assert (svar.status_code, svar.headers["Location"]) == (303, "/")
    assert "Invitasjonen gjelder ikke lenger" in kirurg.get("/koe").text


def test_valg_med_feil_kommer_tilbake(scene: Scene, som: Som, opptak: Opptak) -> None:
    id_ = scene.sak(Status.AKSEPTERT)
    klient = som(scene.spesialist)
    klient.get(til(id_))
    for verdi in ("", "tull", str(uuid4()), str(mid(scene.spesialist2)), str(mid(scene.lege))):
        for hva in ("inviter", "overlever"):
            if (hva, verdi) == ("overlever", str(mid(scene.spesialist2))):
                continue
            with uten_spor(opptak):
                svar = klient.post(til(id_, hva), data={"medlemskap_id": verdi})
            assert svar.status_code == 422, (hva, verdi)
            assert 'aria-invalid="true" aria-describedby="medlemskap_id-feil"' in svar.text
    deling.tilby_overlevering(scene.spesialist, id_, mid(scene.spesialist2))
    svar = klient.post(til(id_, "overlever"), data={"medlemskap_id": str(mid(scene.kirurg))})
    assert svar.status_code == 303
    assert "er alt spurt om å overta" in klient.get(til(id_)).text


def test_saksnummeret_slik_det_sies(scene: Scene, som: Som) -> None:
    id_ = scene.sak(Status.AKSEPTERT)
    _nummer(id_, "26-000417")
    side = som(scene.spesialist).get(til(id_)).text
    assert "26 – 000 417" in side
    assert "to seks, null null null, fire én sju" in side
    assert "Ring innmelder" in side and "Oppgi saksnummeret, ikke navn" in side
    assert 'href="tel:90000000"' in side
    klient = som(scene.lege)
    side = klient.get(til(id_)).text
    assert "26 – 000 417" in side and "Ring innmelder" not in side
    assert klient.post(til(id_, "identitet")).headers["Location"] == til(id_)
    assert klient.post(til(id_, "identitet")).status_code == 303
    assert [h.type for h in logg_over(id_)].count("identitet") == 1
    assert "identiteten er utvekslet utenfor portalen" in klient.get(til(id_)).text


@transactional
def _nummer(sak_id: UUID, nummer: str) -> None:
    sak = db.session.execute(sa.select(Henvendelse).where(Henvendelse.id == sak_id)).scalar_one()
    sak.saksnummer = nummer


# --- sockets ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("hva", ["avslaa", "trekk", "forlat", "lukk"])
def test_den_som_mister_saken_kastes_ut_av_rommet(
    hva: str, scene: Scene, som: Som, sokkel: Callable[[FlaskClient], SocketIOTestClient]
) -> None:
    id_ = scene.sak(Status.BESVART)
    deling.inviter(scene.spesialist, id_, mid(scene.kirurg))
    invitasjon = spurt(id_)
    linje = sokkel(som(scene.kirurg))
    svar = linje.emit("henvendelse.abonner", {"id": str(id_), "etter": 0}, callback=True)
    assert svar["ok"] and svar["hendelser"][-1]["type"] == "invitert"
    linje.get_received()
    if hva == "forlat":
        deling.svar_invitasjon(scene.kirurg, invitasjon, ja=True)
    {
        "avslaa": lambda: deling.svar_invitasjon(scene.kirurg, invitasjon, ja=False),
        "trekk": lambda: deling.trekk_invitasjon(scene.spesialist, invitasjon),
        "forlat": lambda: deling.forlat(scene.kirurg, id_),
        "lukk": lambda: flyt.lukk(scene.lege, id_, "annet"),
    }[hva]()
    varsler = [m["args"][0] for m in linje.get_received() if m["name"] == "varsel"]
    assert {"type": "tilgang_mistet", "henvendelse_id": str(id_)} in varsler
    meldinger.send_melding(scene.spesialist, id_, uuid4(), "Uten deg.") if hva != "lukk" else None
    assert [m for m in linje.get_received() if m["name"] == "hendelse"] == []
    svar = linje.emit("henvendelse.abonner", {"id": str(id_), "etter": 0}, callback=True)
    assert (svar["ok"], svar["kode"]) == (False, "ikke_funnet")
