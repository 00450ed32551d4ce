"""Attachments through the door and the service: who may, what is stored, what comes back, what leaves no trace."""

from __future__ import annotations

import hashlib
import io
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from portal.core.aktor import Aktor
from portal.core.config import (
    innstillinger,
    sett_innstillinger,
)
from portal.core.db import db
from portal.core.errors import PortalError
from portal.henvendelser import vedleggslager
from portal.henvendelser.forloep import Status
from portal.henvendelser.models import Vedlegg
from portal.henvendelser.service import flyt, lesing, meldinger, vedlegg
from tests.bygg import PERSONNUMMER, Opptak, Scene, logg_over, om, revisjon, uten_spor
from tests.henvendelser import filer
from tests.henvendelser.opplasting import JSON, filene, hent, rad_for, rydd_alt, send

Som = Callable[[Aktor], FlaskClient]


@pytest.fixture(autouse=True)
def lager(app: Flask, tmp_path: Path) -> Iterator[Path]:
    """A folder of their own for the attachments of each test."""
    mappe = tmp_path / "vedlegg"
    sett_innstillinger(replace(innstillinger(), vedlegg=mappe))
    yield mappe
    sett_innstillinger(app.config["INNSTILLINGER"])


# --- it comes through ------------------------------------------------------------------------------------


@pytest.mark.parametrize("adresse", ["/henvendelser/{}/vedlegg", "/api/v1/henvendelser/{}/vedlegg"])
def test_et_bilde_sendes_og_aapnes(scene: Scene, som: Som, lager: Path, opptak: Opptak, adresse: str) -> None:
    sak = scene.sak(Status.AKSEPTERT)
    klient_id = uuid4()
    svar = send(
        som(scene.lege), sak, filer.bilde_med_sted(), "såret.JPG", klient_id=klient_id, adresse=adresse
    )
    rad = rad_for(svar)
    hendelse = logg_over(sak)[-1]
    assert (hendelse.type, hendelse.sekvens, hendelse.klient_id) == (
        "vedlegg",
        svar.json["sekvens"],
        klient_id,
    )
    assert hendelse.tekst == "" and hendelse.avsender_id == scene.lege.person_id
    assert hendelse.data == {
        "vedlegg_id": str(rad.id),
        "navn": "såret.jpg",
        "innholdstype": "image/jpeg",
        "stoerrelse": rad.stoerrelse,
        "bredde": 60,
        "hoeyde": 80,
    }
    assert opptak.navn()[-2:] == ["henvendelse.hendelse", "henvendelse.sak_endret"]
    # Outside the web root, under a random name, for the portal alone.
    (fil,) = filene(lager)
    assert fil.name == rad.lagret_som and fil.relative_to(lager).parts[:2] == (fil.name[:2], fil.name[2:4])
    assert fil.stat().st_mode & 0o777 == 0o600 and fil.stat().st_size == rad.stoerrelse
    assert hashlib.sha256(fil.read_bytes()).hexdigest() == rad.lagret_hash
    assert filer.KANARI not in fil.read_bytes()
    # What the file is called stands in the case alone, never in the audit log.
    (innslag,) = revisjon("henvendelse.vedlegg")
    assert "såret" not in innslag.detaljer and '"bredde":60' in innslag.detaljer

    funnet = hent(som(scene.spesialist), sak, rad.id)
    assert funnet.status_code == 200 and funnet.data == fil.read_bytes()
    hoder = funnet.headers
    assert hoder["Content-Type"] == "image/jpeg" and hoder["X-Content-Type-Options"] == "nosniff"
    assert hoder["Cache-Control"] == "no-store" and hoder["Content-Length"] == str(rad.stoerrelse)
    assert hoder["Content-Disposition"].startswith("inline;")
    assert f"filename*=UTF-8''{quote('såret.jpg')}" in hoder["Content-Disposition"]


def test_uten_javascript_er_man_tilbake_i_saken(scene: Scene, som: Som) -> None:
    sak = scene.send()
    klient = som(scene.lege)
    side = klient.get(f"/henvendelser/{sak}").get_data(as_text=True)
    assert f'action="/henvendelser/{sak}/vedlegg"' in side and 'enctype="multipart/form-data"' in side
    svar = send(klient, sak, filer.bilde("PNG"), hoder={})
    assert svar.status_code == 303 and svar.location == f"/henvendelser/{sak}"
    side = klient.get(f"/henvendelser/{sak}").get_data(as_text=True)
    (rad,) = db.session.scalars(sa.select(Vedlegg))
    assert f'src="/henvendelser/{sak}/vedlegg/{rad.id}"' in side
    assert 'alt="Bilde fra Ingrid Lege, ' in side and 'loading="lazy"' in side
    avvist = send(klient, sak, b"<script>", hoder={})
    assert avvist.status_code == 422 and "Portalen tar bilder" in avvist.get_data(as_text=True)


def test_typen_er_innholdets(scene: Scene, som: Som, lager: Path) -> None:
    """A .jpg that is a PDF is stored and served as the PDF it is."""
    sak = scene.send()
    klient = som(scene.lege)
    svar = klient.post(
        f"/henvendelser/{sak}/vedlegg",
        data={"klient_id": str(uuid4()), "fil": (io.BytesIO(filer.pdf(3)), "rapport.jpg", "image/jpeg")},
        headers=JSON,
    )
    rad = rad_for(svar)
    assert (rad.innholdstype, rad.navn, rad.sider, rad.bredde) == ("application/pdf", "rapport.pdf", 3, None)
    assert hent(klient, sak, rad.id).headers["Content-Type"] == "application/pdf"
    side = klient.get(f"/henvendelser/{sak}").get_data(as_text=True)
    assert "rapport.pdf" in side and "3 sider" in side


@pytest.mark.parametrize(
    ("sendt", "lagret"),
    [
        ("../../etc/passwd", "passwd.png"),
        ("C:\\Bilder\\sår.PNG", "sår.png"),
        ("fak\u202etura\x00\n .exe", "faktura.png"),
        ("a" * 300 + ".png", "a" * 110 + ".png"),
        ("….png", "….png"),
        ("...", "vedlegg.png"),
        ("/", "vedlegg.png"),
    ],
)
def test_navn_blir_ufarlige(sendt: str, lagret: str) -> None:
    assert vedlegg.med_endelse(vedlegg.rent_navn(sendt), "image/png") == lagret


def test_en_tjenestekonto_kan_legge_ved(app: Flask, scene: Scene) -> None:
    from portal.identitet.service import personer
    from tests.bygg import for_seg

    epost = _epost(scene.lege)
    token = personer.ny_tjenestekonto(
        Aktor.system("test"), navn="Journal", epost=epost, organisasjon=None, dager=1
    )
    sak = scene.send()
    app.config["WTF_CSRF_ENABLED"] = True
    try:
        hoder = {**JSON, "Authorization": f"Bearer {token}"}
        svar = for_seg(
            send,
            app.test_client(),
            sak,
            filer.bilde(),
            hoder=hoder,
            adresse="/api/v1/henvendelser/{}/vedlegg",
        )
        assert svar.status_code == 201
        # A cookie's door is not opened by the header.
        assert send(app.test_client(), sak, filer.bilde(), hoder=hoder).status_code == 401
    finally:
        app.config["WTF_CSRF_ENABLED"] = False


def _epost(aktor: Aktor) -> str:
    from portal.identitet.models import Person

    return db.session.get_one(Person, aktor.person_id).epost


@pytest.mark.parametrize("adresse", ["/henvendelser/{}/vedlegg", "/api/v1/henvendelser/{}/vedlegg"])
def test_uten_noekkel_mot_forfalskning_tas_ingenting_imot(
    app: Flask, scene: Scene, som: Som, lager: Path, opptak: Opptak, adresse: str
) -> None:
    sak = scene.send()
    klient = som(scene.lege)
    app.config["WTF_CSRF_ENABLED"] = True
    try:
        with uten_spor(opptak):
            svar = send(klient, sak, filer.bilde(), adresse=adresse)
        assert svar.status_code == 403 and svar.json["kode"] == "csrf"
        assert filene(lager) == []
        side = klient.get(f"/henvendelser/{sak}").get_data(as_text=True)
        noekkel = side.split('name="csrf-token" content="')[1].split('"')[0]
        assert send(klient, sak, filer.bilde(), adresse=adresse, csrf_token=noekkel).status_code == 201
        hoder = {**JSON, "X-CSRFToken": noekkel}
        assert send(klient, sak, filer.bilde(), adresse=adresse, hoder=hoder).status_code == 201
    finally:
        app.config["WTF_CSRF_ENABLED"] = False


# --- what is refused -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "kode", "ord_"),
    [
        (b"", "tom", "tom"),
        (filer.bilde("GIF", modus="P"), "feil_type", "JPEG, PNG, WebP"),
        (filer.zip_bombe(), "feil_type", "PDF"),
        (filer.png_bombe(), "for_mange_piksler", "50 millioner"),
        (filer.pdf_bombe(), "for_tung", "mindre"),
        (filer.pdf(201), "for_mange_sider", "200"),
        (filer.kryptert_pdf(), "kryptert", "passord"),
        (filer.bilde()[:1000], "uleselig", "skadet"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(99), "heic", "JPEG"),
    ],
    ids=["tom", "gif", "zip", "png-bombe", "pdf-bombe", "sider", "kryptert", "kutt", "heic"],
)
def test_en_avvist_fil_faar_et_raad_og_lagres_ikke(
    scene: Scene, som: Som, lager: Path, opptak: Opptak, data: bytes, kode: str, ord_: str
) -> None:
    sak = scene.send()
    klient = som(scene.lege)
    with uten_spor(opptak):
        svar = send(klient, sak, data)
    assert svar.status_code == 422 and svar.json["kode"] == kode, svar.json
    assert ord_ in svar.json["melding"] and svar.json["felter"]["fil"] == [svar.json["melding"]]
    assert filene(lager) == []


def test_en_fil_over_grensen(scene: Scene, som: Som, lager: Path, opptak: Opptak) -> None:
    sak = scene.send()
    klient = som(scene.lege)
    with uten_spor(opptak):
        svar = send(klient, sak, bytes(vedlegg.MAKS_FIL + 1))
        assert svar.status_code == 413 and "10 MB" in svar.json["melding"] and svar.json["kode"] == "for_stor"
        # The size that is told counts before a byte is read: nobody sends ten gigabytes in vain.
        mye = klient.post(
            f"/henvendelser/{sak}/vedlegg",
            input_stream=_Ulest(10 * 2**30),  # type: ignore[arg-type]
            content_type="multipart/form-data; boundary=x",
            headers=JSON,
        )
        assert mye.status_code == 413 and mye.json["kode"] == "for_stor"
    assert filene(lager) == []


class _Ulest(io.RawIOBase):
    """A body of some size that must not be read."""

    def __init__(self, stoerrelse: int) -> None:
        self._stoerrelse, self._sted = stoerrelse, 0

    def tell(self) -> int:
        return self._sted

    def seek(self, sted: int, hvorfra: int = 0) -> int:
        self._sted = sted + (self._stoerrelse if hvorfra == 2 else 0)
        return self._sted

    def read(self, _antall: int = -1) -> bytes:
        raise AssertionError("the body was read")

    def readinto(self, _buffer: Any) -> int:
        raise AssertionError("the body was read")


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"klient_id": str(uuid4())},
        {"klient_id": "tull", "fil": (io.BytesIO(b"x"), "x.jpg")},
        {"fil": (io.BytesIO(b"x"), "x.jpg")},
        {"klient_id": str(uuid4()), "fil": (io.BytesIO(b"x"), "x.jpg"), "mer": "x"},
        {"klient_id": str(uuid4()), "fil": [(io.BytesIO(b"x"), "x.jpg"), (io.BytesIO(b"y"), "y.jpg")]},
        {"klient_id": str(uuid4()), "annen": (io.BytesIO(b"x"), "x.jpg")},
        {"klient_id": str(uuid4()), "fil": "ikke en fil"},
    ],
    ids=["tomt", "uten-fil", "daarlig-id", "uten-id", "ukjent-felt", "to-filer", "annet-felt", "tekst"],
)
def test_daarlige_skjemaer(scene: Scene, som: Som, lager: Path, opptak: Opptak, data: dict[str, Any]) -> None:
    sak = scene.send()
    klient = som(scene.lege)
    with uten_spor(opptak):
        svar = klient.post(
            f"/henvendelser/{sak}/vedlegg", data=data, content_type="multipart/form-data", headers=JSON
        )
    assert svar.status_code == 422 and svar.json["felter"], svar.json
    assert filene(lager) == []


@pytest.mark.parametrize(
    "kropp", [b"", b"--x\r\n", b"tull", b"--x\r\nContent-Disposition: form-data; name=fil"]
)
def test_en_uleselig_kropp(scene: Scene, som: Som, opptak: Opptak, kropp: bytes) -> None:
    sak = scene.send()
    klient = som(scene.lege)
    for slag in ("multipart/form-data; boundary=x", "multipart/form-data", "application/json"):
        with uten_spor(opptak):
            svar = klient.post(f"/henvendelser/{sak}/vedlegg", data=kropp, content_type=slag, headers=JSON)
        assert svar.status_code == 422, (slag, svar.data)


def test_personnummer_i_filnavnet_stanses(scene: Scene, som: Som, opptak: Opptak, lager: Path) -> None:
    sak = scene.send()
    klient = som(scene.lege)
    navn = f"epikrise {PERSONNUMMER}.pdf"
    with uten_spor(opptak):
        svar = send(klient, sak, filer.pdf(), navn)
    assert svar.status_code == 422 and svar.json["kode"] == "personnummer"
    ((start, slutt),) = svar.json["treff"]["fil"]
    assert navn[start:slutt] == PERSONNUMMER
    assert filene(lager) == []
    assert rad_for(send(klient, sak, filer.pdf(), navn, ikke_fnr="1")).navn == navn
    assert len(revisjon("henvendelse.ikke_personnummer")) == 1


# --- who may ---------------------------------------------------------------------------------------------


def test_uten_rett_leses_ingenting(scene: Scene, som: Som, lager: Path, opptak: Opptak) -> None:
    """Whoever may not write makes the server read nothing, and learns nothing."""
    sak = scene.sak(Status.AKSEPTERT)
    for hvem, status in (
        (scene.fremmed_lege, 404),
        (scene.fremmed_spesialist, 404),
        (scene.annen_lege, 404),
        (scene.koordinator, 404),
        (scene.administrator, 404),
        (scene.systemadministrator, 404),
        (scene.innsyn, 404),
    ):
        klient = som(hvem)
        with uten_spor(opptak, avslag=1):
            svar = klient.post(
                f"/henvendelser/{sak}/vedlegg",
                input_stream=_Ulest(1000),  # type: ignore[arg-type]
                content_type="multipart/form-data; boundary=x",
                headers=JSON,
            )
            assert svar.status_code == status, hvem.rolle
    assert filene(lager) == []
    assert FlaskClient(som(scene.lege).application).post(f"/henvendelser/{sak}/vedlegg").status_code in (
        302,
        401,
    )


def test_et_vedlegg_hoerer_til_sin_sak(scene: Scene, som: Som) -> None:
    sak, annen = scene.send(), scene.send()
    fremmed = scene.send(scene.annen_lege)
    klient = som(scene.lege)
    rad = rad_for(send(klient, sak, filer.bilde()))
    assert hent(klient, sak, rad.id).status_code == 200
    # By way of another case, though both are the reader's own; by way of nothing; and to a stranger.
    for feil in (annen, fremmed, uuid4()):
        assert hent(klient, feil, rad.id).status_code == 404
    assert hent(klient, sak, uuid4()).status_code == 404
    for hvem in (scene.fremmed_lege, scene.koordinator, scene.systemadministrator, scene.innsyn):
        assert hent(som(hvem), sak, rad.id).status_code == 404
    for metode in ("put", "delete", "patch", "post"):
        assert getattr(klient, metode)(f"/henvendelser/{sak}/vedlegg/{rad.id}").status_code == 405


def test_retten_gaar_med_saken(scene: Scene, som: Som) -> None:
    """Forwarded to another hospital: the one who had it sees no picture any more."""
    sak = scene.send()
    klient = som(scene.spesialist2)
    rad = rad_for(send(som(scene.lege), sak, filer.bilde()))
    assert hent(klient, sak, rad.id).status_code == 200
    flyt.videresend(
        scene.spesialist2,
        sak,
        mottaker_id=scene.annet_hf.id,
        fagomraade="indremedisin",
        begrunnelse="Feil sted.",
    )
    assert hent(klient, sak, rad.id).status_code == 404
    assert send(klient, sak, filer.bilde()).status_code == 404
    assert hent(som(scene.fremmed_spesialist), sak, rad.id).status_code == 200


def test_en_lukket_sak_tar_ikke_imot_men_viser(scene: Scene, som: Som, lager: Path) -> None:
    sak = scene.sak(Status.BESVART)
    lege, sykepleier = som(scene.lege), som(scene.sykepleier)
    klient_id, data = uuid4(), filer.bilde()
    foerst = send(lege, sak, data, klient_id=klient_id)
    rad = rad_for(foerst)
    flyt.lukk(scene.lege, sak, "behandles_i_kommunen")
    for klient in (lege, sykepleier):
        svar = send(klient, sak, filer.bilde())
        assert svar.status_code == 409 and svar.json["kode"] == "stengt"
    assert hent(lege, sak, rad.id).status_code == 200
    # A resend of what came through is answered as before, also now.
    assert send(lege, sak, data, klient_id=klient_id).json == foerst.json
    assert len(filene(lager)) == 1


def test_den_som_legger_ved_blir_med(scene: Scene, som: Som) -> None:
    sak = scene.send()
    rad_for(send(som(scene.kollega), sak, filer.bilde()))
    assert scene.kollega.person_id in {d.person_id for d in lesing.hent_deltakere(sak)}


def test_oekten_som_tok_slutt_underveis(
    scene: Scene, som: Som, lager: Path, monkeypatch: pytest.MonkeyPatch, app: Flask
) -> None:
    """A file may be minutes on its way: whoever is logged out meanwhile has sent nothing."""
    from portal.identitet.service import oekter

    sak = scene.send()
    klient = som(scene.lege)
    ekte = vedleggslager.legg_inn

    def legg_inn(*args: Any) -> Any:
        oekter.avslutt_sesjoner(scene.lege, scene.lege.person_id)
        return ekte(*args)

    monkeypatch.setattr(vedleggslager, "legg_inn", legg_inn)
    svar = send(klient, sak, filer.bilde())
    assert svar.status_code == 401
    assert filene(lager) == [] and "vedlegg" not in [h.type for h in logg_over(sak)]


# --- sent twice ------------------------------------------------------------------------------------------


def test_sendt_paa_nytt_er_det_samme(scene: Scene, som: Som, lager: Path, opptak: Opptak) -> None:
    sak = scene.send()
    klient = som(scene.lege)
    klient_id, data = uuid4(), filer.bilde()
    foerst = send(klient, sak, data, klient_id=klient_id)
    rad_for(foerst)
    with uten_spor(opptak):
        igjen = send(klient, sak, data, "annet navn.jpg", klient_id=klient_id)
        assert (igjen.status_code, igjen.json) == (201, foerst.json)
        annet = send(klient, sak, filer.bilde(), klient_id=klient_id)
        assert annet.status_code == 409 and annet.json["kode"] == "konflikt"
    assert len(filene(lager)) == 1
    # The id of a message is taken too, and that of the attachment for messages.
    meldings_id = uuid4()
    meldinger.send_melding(scene.lege, sak, meldings_id, "Hei.")
    assert send(klient, sak, data, klient_id=meldings_id).status_code == 409
    with pytest.raises(PortalError) as feil:
        meldinger.send_melding(scene.lege, sak, klient_id, "Hei.")
    assert feil.value.kode == "konflikt"
    # To another, the same id is another sending.
    assert rad_for(send(som(scene.kollega), sak, data, klient_id=klient_id)).sekvens > foerst.json["sekvens"]


def test_to_samtidige_av_samme_sending_blir_en(app: Flask, scene: Scene, som: Som, lager: Path) -> None:
    sak = scene.send()
    klient_id, data = uuid4(), filer.bilde()
    klienter = [som(scene.lege) for _ in range(3)]
    svar: list[TestResponse] = []
    traader = [
        threading.Thread(target=lambda k=k: svar.append(send(k, sak, data, klient_id=klient_id)))
        for k in klienter
    ]
    for t in traader:
        t.start()
    for t in traader:
        t.join()
    assert [s.status_code for s in svar] == [201] * 3
    assert len({(s.json["sekvens"], s.json["vedlegg_id"]) for s in svar}) == 1
    assert [h.type for h in logg_over(sak)] == ["sendt", "eskalert", "vedlegg"]
    assert len(filene(lager)) == 1


def test_noe_feiler_for_raden_er_lagret(
    scene: Scene, lager: Path, opptak: Opptak, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No row: then the file is gone too, or waits for the sweeper where nobody can know."""
    sak = scene.send()

    def legg_ved() -> None:
        data = filer.bilde()
        vedlegg.legg_ved(
            scene.lege,
            sak,
            vedlegg.Sendt(uuid4(), io.BytesIO(data), "x.jpg", hashlib.sha256(data).hexdigest()),  # type: ignore[arg-type]
        )

    # A file is needed that another process can read.
    ekte = vedlegg.vedleggsvask.i_egen_prosess

    def med_fil(inn: Any, ut: Path) -> Any:
        kopi = ut.with_suffix(".inn")
        kopi.write_bytes(inn.read())
        try:
            with kopi.open("rb") as fil:
                return ekte(fil, ut)
        finally:
            kopi.unlink()

    monkeypatch.setattr(vedlegg.vedleggsvask, "i_egen_prosess", med_fil)
    from portal.core.errors import IkkeFunnet

    for feil in (IkkeFunnet(), RuntimeError("the database is gone")):

        def skriv_hendelse(*_: Any, feil: Exception = feil, **__: Any) -> None:
            raise feil

        with monkeypatch.context() as m, uten_spor(opptak):
            m.setattr(vedlegg.steps, "skriv_hendelse", skriv_hendelse)
            with pytest.raises(type(feil)):
                legg_ved()
    assert len(filene(lager)) == 1
    with om(hours=25):
        assert rydd_alt() == 1
    assert filene(lager) == []
    legg_ved()
    assert len(filene(lager)) == 1
