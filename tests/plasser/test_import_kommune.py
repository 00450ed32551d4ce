"""Each new patient has a kommune of its own, in the form and in the file; quotas are counted kommune by kommune."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest

from portal.core.db import db
from portal.core.errors import UgyldigData
from portal.identitet.models import Organisasjon
from portal.plasser.service import registrering, reservasjoner
from tests.bygg import Opptak, Scene, uten_spor
from tests.plasser.hjelp import les_opphold, les_plasser
from tests.plasser.test_enhetsside import side, tekst
from tests.plasser.test_import import B, H, L, Som, _enhet, _kvoter, _nye, _send, _tilstander
from tests.skjemaer import skjema


@pytest.mark.parametrize("fra_fil", [False, True])
def test_hver_ny_pasient_har_sin_egen_kommune(som: Som, scene: Scene, opptak: Opptak, fra_fil: bool) -> None:
    """What is chosen for all is that of whoever is said nothing of; quotas are counted kommune by kommune."""
    enhet_id, folk = _enhet(scene, L, L, L, L)
    _kvoter(enhet_id, 1, 1)
    klient, vert, medlem = som(folk.sykepleier), scene.kommune, folk.medlem
    hva = "import" if fra_fil else "registrering"

    def send(*kommuner: str, **felter: str) -> Any:
        if fra_fil:
            navn = {str(medlem.id): medlem.kortnavn, str(vert.id): vert.kode, "": ""}
            linjer = "".join(f"{n + 1};belagt;;{navn[k]}\n" for n, k in enumerate(kommuner))
            felter = {"kommune_id": str(vert.id), **felter}
            return _send(klient, enhet_id, f"plass;tilstand;grunn;kommune\n{linjer}".encode(), **felter)
        data = skjema(klient.get(side(enhet_id, hva)), f"/{hva}")
        # Nobody's kommune is guessed: a quota would be used by the wrong one, unseen.
        assert not any(v for k, v in data.items() if k.startswith("kommune"))
        data["kommune_id"] = str(vert.id)
        for p, k in zip(les_plasser(enhet_id), kommuner, strict=False):
            data |= {f"tilstand-{p.id}": "belagt", f"kommune-{p.id}": k}
        return klient.post(side(enhet_id, hva), data={**data, **felter})

    with uten_spor(opptak):
        svar = send("", str(medlem.id), str(vert.id), str(medlem.id))
    ord_ = tekst(svar)
    assert svar.status_code == 409 and les_opphold(enhet_id) == []
    assert all(f"{k.kortnavn} får 2 av 1 plasser. Lagre likevel?" in ord_ for k in (vert, medlem))
    # Whatever was chosen stands.
    paa_nytt = skjema(svar, f"/{hva}")
    if not fra_fil:
        valgt = [paa_nytt[f"kommune-{p.id}"] for p in les_plasser(enhet_id)]
        assert valgt == ["", str(medlem.id), str(vert.id), str(medlem.id)]
    assert send("", str(medlem.id)).status_code == 303
    assert {o.plass.navn: o.kommune_id for o in les_opphold(enhet_id)} == {"1": vert.id, "2": medlem.id}


def test_feil_kommune_paa_plassen(som: Som, scene: Scene, opptak: Opptak) -> None:
    enhet_id, folk = _enhet(scene, L, B, L)
    en, to, _tre = les_plasser(enhet_id)
    fremmed = folk.fremmed.organisasjon_id
    nye = _nye(enhet_id, B, B, L)
    for plass, kommune_id, sier in (
        (en, fremmed, "ingen plasser i denne enheten"),
        (to, folk.medlem.id, "bare når plassen blir belagt nå"),
    ):
        sagt = [replace(n, kommune_id=kommune_id) if n.plass_id == plass.id else n for n in nye]
        with uten_spor(opptak), pytest.raises(UgyldigData) as feil:
            registrering.registrer(folk.sykepleier, enhet_id, sagt, kommune_id=folk.medlem.id)
        ((felt, (melding,)),) = feil.value.detaljer["felter"].items()
        assert felt == f"kommune-{plass.id}" and sier in str(melding)
    # In the form: at the bed, with a link to its field; a kommune beside another state means nothing.
    klient = som(folk.sykepleier)
    data = skjema(klient.get(side(enhet_id, "registrering")), "/registrering")
    assert f"kommune-{to.id}" not in data
    feil_kommune = {**data, f"tilstand-{en.id}": "belagt", f"kommune-{en.id}": str(fremmed)}
    svar = klient.post(side(enhet_id, "registrering"), data=feil_kommune)
    assert svar.status_code == 422 and f'href="#kommune-{en.id}"' in svar.text
    tull = {**data, f"tilstand-{en.id}": "belagt", f"kommune-{en.id}": "tull"}
    assert klient.post(side(enhet_id, "registrering"), data=tull).status_code == 422
    assert (
        klient.post(
            side(enhet_id, "registrering"), data={**data, f"kommune-{en.id}": str(fremmed)}
        ).status_code
        == 303
    )
    assert _tilstander(enhet_id) == [L, B, L]


def test_kommunene_i_fila(som: Som, scene: Scene, opptak: Opptak) -> None:
    """By name or number; each wrong line is told, and nothing is written."""
    enhet_id, folk = _enhet(scene, L, L, L, B, L)
    hold = reservasjoner.reserver(folk.lege, enhet_id, klient_id=uuid4())
    holdt = 1 + _tilstander(enhet_id).index(H)
    ledige = [n for n in (1, 2, 3, 5) if n != holdt]
    klient, medlem = som(folk.sykepleier), folk.medlem
    fremmed = db.session.get_one(Organisasjon, folk.fremmed.organisasjon_id).kortnavn

    def send(*linjer: str) -> Any:
        return _send(klient, enhet_id, "\n".join(["plass;tilstand;grunn;kommune", *linjer]).encode())

    a, b, c = ledige
    with uten_spor(opptak):
        svar = send(
            f"{a};belagt;;{medlem.kortnavn}",
            f"{b};belagt;;{fremmed}",
            f"{c};rengjøres;;{medlem.kortnavn}",
            f"4;belagt;;{medlem.kortnavn}",
            f"{holdt};belagt;;{medlem.kortnavn}",
        )
    ord_ = tekst(svar)
    assert svar.status_code == 422 and "4 linjer må rettes. Ingenting er lagret." in ord_
    assert f"Linje 3 : «{fremmed}» har ingen plasser i enheten." in ord_
    assert "Linje 4 : Kommune oppgis bare når" in ord_ and "Linje 5 : Kommune oppgis bare når" in ord_
    assert "Linje 6 : Plassen er holdt: pasientens kommune følger reservasjonen." in ord_
    assert len(les_opphold(enhet_id)) == 1
    svar = send(
        f"{a};belagt;;{medlem.kortnavn.upper()} kommune",
        f"{b};belagt;;{scene.kommune.kode}",
        "4;belagt;;",
        f"{holdt};belagt;;",
    )
    assert svar.status_code == 409, "the member has no quota"
    _kvoter(enhet_id, 5, 1)
    assert (
        send(
            f"{a};belagt;;{medlem.kode}", f"{b};belagt;;{scene.kommune.kode}", f"{holdt};belagt;;"
        ).status_code
        == 303
    )
    nye = {o.plass.navn: o for o in les_opphold(enhet_id)}
    assert nye[str(a)].kommune_id == medlem.id
    assert nye[str(b)].kommune_id == nye[str(holdt)].kommune_id == scene.kommune.id
    assert nye[str(holdt)].reservasjon_id == hold
    # Sent again, as when the answer was lost on the way: it says what is so already.
    igjen = send(f"{a};belagt;;{medlem.kode}", f"{b};belagt;;{scene.kommune.kode}", f"{holdt};belagt;;")
    assert igjen.status_code == 303
    assert {o.id for o in les_opphold(enhet_id)} == {o.id for o in nye.values()}
    # Said of none, with several kommuner to choose from: asked, not guessed.
    with uten_spor(opptak):
        svar = send(f"{c};belagt;;")
    assert svar.status_code == 422 and "Velg hvilken kommune de nye pasientene kommer fra." in tekst(svar)
