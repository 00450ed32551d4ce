"""The considerations beside the råd, and what a refused form gives back: the place, and what was typed."""

from __future__ import annotations

import re
from collections.abc import Callable
from uuid import uuid4

import pytest
from flask.testing import FlaskClient
from flask_socketio import SocketIOTestClient

from portal.core.aktor import Aktor
from portal.core.errors import UgyldigData
from portal.henvendelser.forloep import Status
from portal.henvendelser.service import flyt
from tests.bygg import PERSONNUMMER, Opptak, Scene, logg_over, revisjon, uten_spor
from tests.skjemaer import skjema

Som = Callable[[Aktor], FlaskClient]
ALLE = {
    "nytte": "Liten nytte av innleggelse.",
    "ressurs": "Transporten tar fire timer.",
    "alvorlighet": "Stabil nå.",
    "mestring": "Klarer seg hjemme med tilsyn.",
}


def til(sak: object, hva: str = "") -> str:
    return f"/henvendelser/{sak}" + (f"/{hva}" if hva else "")


def test_vurderingene_staar_i_raden_og_ikke_i_revisjonen(scene: Scene) -> None:
    id_ = scene.sak(Status.AKSEPTERT)
    flyt.besvar(scene.spesialist, id_, "oehd_plass", "Slik.", **ALLE)
    rad = logg_over(id_)[-1]
    assert rad.data["vurdering"] == ALLE
    (innslag,) = revisjon("henvendelse.besvart", objekt=id_)
    assert "vurdering" not in innslag.detaljer
    assert not [v for v in ALLE.values() if v in innslag.detaljer]
    # What was not said is not there.
    annen = scene.sak(Status.AKSEPTERT)
    flyt.besvar(scene.spesialist, annen, "oehd_plass", "Slik.", nytte="God.", ressurs="")
    assert logg_over(annen)[-1].data["vurdering"] == {"nytte": "God."}
    assert "vurdering" not in logg_over(scene.sak(Status.BESVART))[-1].data


def test_ressurs_alene_er_aldri_nok(scene: Scene, opptak: Opptak) -> None:
    id_ = scene.sak(Status.AKSEPTERT)
    with uten_spor(opptak):
        with pytest.raises(UgyldigData) as info:
            flyt.besvar(scene.spesialist, id_, "oehd_plass", "Slik.", ressurs="Ingen ledig bil.")
        (melding,) = info.value.detaljer["felter"]["ressurs"]
        assert "Ressurs alene er aldri nok" in str(melding)
    for annet in ("nytte", "alvorlighet", "mestring"):
        sak = scene.sak(Status.AKSEPTERT)
        flyt.besvar(scene.spesialist, sak, "oehd_plass", "Slik.", ressurs="Fire timer.", **{annet: "Ja."})
        assert scene.les(sak).status == Status.BESVART


@pytest.mark.parametrize("felt", ["tekst", *ALLE])
def test_personnummer_i_en_vurdering_stoppes(felt: str, scene: Scene, som: Som, opptak: Opptak) -> None:
    """By its own field: the form marks the place, opens what is folded, and lets it through when asked to."""
    id_ = scene.sak(Status.AKSEPTERT)
    klient = som(scene.spesialist)
    data = {"raad": "oehd_plass", "tekst": "Slik.", **ALLE, felt: f"Gjelder {PERSONNUMMER}."}
    klient.get(til(id_))
    with uten_spor(opptak):
        svar = klient.post(til(id_, "besvar"), data=data)
    assert svar.status_code == 422
    assert re.search(
        rf'id="besvar-{felt}"[^>]*aria-invalid="true" aria-describedby="besvar-{felt}-feil"', svar.text
    )
    assert f'id="besvar-{felt}-feil"' in svar.text and f"<mark>{PERSONNUMMER}</mark>" in svar.text
    assert svar.text.count('aria-invalid="true"') == 1
    assert '<details class="vurderingsfelt" open>' in svar.text
    igjen = skjema(svar, "/besvar")
    assert {k: igjen[k] for k in ALLE} == {k: data[k] for k in ALLE}
    assert klient.post(til(id_, "besvar"), data={**igjen, "ikke_fnr": "1"}).status_code == 303
    (innslag,) = revisjon("henvendelse.ikke_personnummer", objekt=id_)
    assert innslag.detaljer == '{"antall":1}'


def test_skjemaet_sier_det_foer_og_feilen_staar_ved_feltet(scene: Scene, som: Som, opptak: Opptak) -> None:
    id_ = scene.sak(Status.AKSEPTERT)
    klient = som(scene.spesialist)
    assert "Ressurs alene er aldri nok" in klient.get(til(id_)).text
    for ressurs, ord_ in (("Ingen bil.", "Si også noe om nytte"), ("x" * 2001, "grensen er 2 000 tegn")):
        with uten_spor(opptak):
            svar = klient.post(
                til(id_, "besvar"), data={"raad": "oehd_plass", "tekst": "Slik.", "ressurs": ressurs}
            )
        assert svar.status_code == 422
        feil = re.search(r'<p class="ds-validation-message" id="besvar-ressurs-feil">(.*?)</p>', svar.text)
        assert feil and ord_ in feil[1]
        assert skjema(svar, "/besvar")["ressurs"] == ressurs
    data = {"raad": "oehd_plass", "tekst": "Slik.", "ressurs": "x" * 2000, "nytte": "Ja."}
    assert klient.post(til(id_, "besvar"), data=data).status_code == 303


def test_vurderingene_vises_under_raadet(
    scene: Scene, som: Som, sokkel: Callable[[FlaskClient], SocketIOTestClient]
) -> None:
    id_ = scene.sak(Status.AKSEPTERT)
    klient = som(scene.lege)
    linje = sokkel(klient)
    assert linje.emit("henvendelse.abonner", {"id": str(id_), "etter": 0}, callback=True)["ok"]
    linje.get_received()
    ondt = "<b>Nei</b> & ja"
    flyt.besvar(scene.spesialist, id_, "oehd_plass", "Slik.", nytte=ondt, mestring="Godt.")
    (rad,) = [m["args"][0] for m in linje.get_received() if m["name"] == "hendelse"]
    assert rad["data"]["vurdering"] == {"nytte": ondt, "mestring": "Godt."}
    side = klient.get(til(id_)).text
    assert "<dt>Nytte</dt><dd>&lt;b&gt;Nei&lt;/b&gt; &amp; ja</dd>" in side
    assert side.index("<dt>Nytte</dt>") < side.index("<dt>Mestring</dt>")
    # Another system sends and reads them too.
    svar = som(scene.lege).get(f"/api/v1/henvendelser/{id_}/hendelser?etter=0").json
    assert svar["hendelser"][-1]["data"]["vurdering"]["mestring"] == "Godt."


def test_systemet_svarer_med_vurderinger(scene: Scene, som: Som) -> None:
    id_ = scene.sak(Status.AKSEPTERT)
    klient = som(scene.spesialist)
    adresse = f"/api/v1/henvendelser/{id_}/besvar"
    svar = klient.post(adresse, json={"raad": "oehd_plass", "tekst": "Slik.", "ressurs": "Bil."})
    assert svar.status_code == 422 and list(svar.json["felter"]) == ["ressurs"]
    svar = klient.post(adresse, json={"raad": "oehd_plass", "tekst": "Slik.", **ALLE})
    assert svar.status_code in (200, 204)
    assert logg_over(id_)[-1].data["vurdering"] == ALLE


# --- what was typed is kept ------------------------------------------------------------------------------


@pytest.mark.parametrize(("hva", "felt"), [("gi-tilbake", "begrunnelse"), ("videresend", "begrunnelse")])
def test_feilen_staar_ved_begrunnelsen(hva: str, felt: str, scene: Scene, som: Som, opptak: Opptak) -> None:
    id_ = scene.sak(Status.AKSEPTERT)
    klient = som(scene.spesialist)
    data = {**skjema(klient.get(til(id_)), f"/{hva}"), felt: f"Gjelder {PERSONNUMMER}."}
    if hva == "videresend":
        data["fagomraade"] = "geriatri"
    with uten_spor(opptak):
        svar = klient.post(til(id_, hva), data=data)
    navn = hva.replace("-", "_")
    assert svar.status_code == 422
    assert f'aria-describedby="{navn}-{felt}-feil"' in svar.text and f'id="{navn}-{felt}-feil"' in svar.text
    assert f"<mark>{PERSONNUMMER}</mark>" in svar.text


def test_for_sent_men_skjemaet_finnes_fortsatt(scene: Scene, som: Som, opptak: Opptak) -> None:
    """Handed a stale act whose form is still there: it comes back open, with the text and the reason."""
    id_ = scene.sak(Status.BESVART)
    klient = som(scene.lege)
    klient.get(til(id_))
    # The same message id with another text: a conflict, in a conversation that is open.
    klient_id = str(uuid4())
    klient.post(til(id_, "meldinger"), data={"klient_id": klient_id, "tekst": "En."})
    with uten_spor(opptak):
        svar = klient.post(
            til(id_, "meldinger"), data={"klient_id": klient_id, "tekst": "En lang annen tekst."}
        )
    assert svar.status_code == 409
    igjen = skjema(svar, "/meldinger")
    assert igjen["tekst"] == "En lang annen tekst." and igjen["klient_id"] != klient_id
    assert klient.post(til(id_, "meldinger"), data=igjen).status_code == 303
    assert logg_over(id_)[-1].tekst == "En lang annen tekst."


@pytest.mark.parametrize(
    ("hva", "data", "borte"),
    [
        ("besvar", {"raad": "oehd_plass", "tekst": "Min lange plan.", "nytte": "Stor nytte."}, "besvar"),
        ("gi-tilbake", {"begrunnelse": "Min lange plan."}, "gi-tilbake"),
        ("meldinger", {"tekst": "Min lange plan."}, "meldinger"),
    ],
)
def test_for_sent_og_skjemaet_er_borte(
    hva: str, data: dict[str, str], borte: str, scene: Scene, som: Som, opptak: Opptak
) -> None:
    """The case was withdrawn meanwhile: what was typed is shown, to be copied."""
    id_ = scene.sak(Status.AKSEPTERT)
    klient = som(scene.spesialist)
    klient.get(til(id_))
    flyt.trekk(scene.lege, id_)
    if hva == "meldinger":
        data = {**data, "klient_id": str(uuid4())}
    with uten_spor(opptak):
        svar = klient.post(til(id_, hva), data=data)
    assert svar.status_code == 409
    (reddet,) = re.findall(r'<p class="handlinger__reddettekst">(.*?)</p>', svar.text, re.S)
    assert reddet.split("\n\n") == [v for k, v in data.items() if k not in ("raad", "klient_id")]
    assert 'data-color="warning"' in svar.text and "Teksten du skrev:" in svar.text


def test_for_sent_uten_tekst_gaar_til_saken(scene: Scene, som: Som) -> None:
    id_ = scene.sak(Status.AKSEPTERT)
    klient = som(scene.spesialist2)
    svar = klient.post(til(id_, "aksepter"))
    assert (svar.status_code, svar.headers["Location"]) == (303, til(id_))
