"""«Hva gjelder her nå» beside a case, and the agreements as they were when advice was given."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from unittest import mock
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.engine import Engine

from portal.avtaler import oppslag
from portal.avtaler.forloep import Art, Status
from portal.avtaler.models import Avtale, Avtaleversjon, Bestemmelse
from portal.core.aktor import Aktor, Rolle
from portal.core.clock import i_dag, now
from portal.core.db import db, transactional
from portal.core.errors import UgyldigData
from portal.henvendelser.forloep import Raad
from portal.henvendelser.forloep import Status as Saksstatus
from portal.henvendelser.journaltekst import lag_dokument, ordbok, som_tekst
from portal.henvendelser.models import Avtalegrunnlag
from portal.henvendelser.service import avtaler, flyt, innsending, journal
from portal.henvendelser.service.lesing import hent_sak
from tests.avtalehjelp import faser, lag_avtale, lag_bestemmelse, lag_fase
from tests.bygg import Opptak, Scene, lag_aktor, logg_over, uten_spor

Klient = Callable[[Aktor], FlaskClient]


def tekst(svar: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", svar).split())


@pytest.fixture
def avtale(scene: Scene) -> Avtale:
    return lag_avtale(
        scene.hf,
        [scene.kommune],
        status=Status.GJELDENDE,
        tittel="Om innleggelse",
        bestemmelser=[
            {"overskrift": "Til daglig", "faser": faser(1, 2, 3, 5)},
            {"overskrift": "På toppen", "faser": faser(4)},
            {"overskrift": "For hjertet", "fagomraader": ["hjertesykdommer"]},
            {"overskrift": "Ut igjen", "art": Art.UTSKRIVNING},
            {"overskrift": "Seng i kommunen", "art": Art.OEHD},
            {"overskrift": "Hvem ringer", "art": Art.ROLLER},
        ],
    )


def grunnlag() -> list[Avtalegrunnlag]:
    db.session.rollback()
    return list(db.session.scalars(sa.select(Avtalegrunnlag).order_by(Avtalegrunnlag.sekvens)))


def navn(g: Avtalegrunnlag) -> list[str]:
    return [b["overskrift"] for a in g.avtaler for b in a["bestemmelser"]]


# --- what is kept -----------------------------------------------------------------------------------------


def test_raadet_lagrer_avtalene_og_fasen(scene: Scene, avtale: Avtale) -> None:
    lag_fase(scene.kommune, 4)
    sak = scene.sak(Saksstatus.BESVART)
    g = grunnlag()[0]
    raadet = next(h for h in logg_over(sak) if h.type == "besvart")
    assert (g.henvendelse_id, g.sekvens, g.tidspunkt) == (sak, raadet.sekvens, raadet.tidspunkt)
    assert (g.kommune_id, g.situasjon, g.fase, g.fase_satt) == (scene.kommune.id, "innleggelse", 4, True)
    assert g.avtaler[0]["avtale_id"] == str(avtale.id)
    assert (g.avtaler[0]["tittel"], g.avtaler[0]["nummer"]) == ("Om innleggelse", 1)
    assert navn(g) == ["På toppen", "Hvem ringer"]


def test_det_som_skjer_etterpaa_endrer_ikke_grunnlaget(scene: Scene, avtale: Avtale) -> None:
    """A new version and a new phase: what was, stays; a second advice has its own."""
    sak = scene.sak(Saksstatus.BESVART)

    @transactional
    def ny_versjon() -> None:
        v = db.session.scalars(sa.select(Avtaleversjon)).one()
        v.status, v.i_kraft_til = Status.ERSTATTET, i_dag()
        db.session.flush()
        b = db.session.scalars(sa.select(Bestemmelse).where(Bestemmelse.overskrift == "Til daglig")).one()
        b.til_versjon = 2
        db.session.add(
            Avtaleversjon(
                avtale_id=avtale.id,
                nummer=2,
                status=Status.GJELDENDE,
                opprettet=now(),
                i_kraft_fra=i_dag(),
            )
        )
        lag_bestemmelse(avtale, overskrift="Ny ordlyd", noekkel=b.noekkel, fra_versjon=2)

    ny_versjon()
    flyt.be_om_mer(scene.lege, sak, "Hun ble verre.")
    flyt.besvar(scene.spesialist, sak, Raad.BEHANDLES_I_KOMMUNEN, "Fortsett.")
    foerst, sist = grunnlag()
    assert (foerst.avtaler[0]["nummer"], sist.avtaler[0]["nummer"]) == (1, 2)
    assert "Til daglig" in navn(foerst) and "Ny ordlyd" in navn(sist) and "Til daglig" not in navn(sist)
    assert not foerst.fase_satt
    visning = avtaler.hent(scene.lege, sak)
    assert [k.overskrift for k in visning.klausuler] == ["Ny ordlyd"]
    assert [g.sekvens for g in visning.grunnlag] == [sist.sekvens, foerst.sekvens]


def test_ogsaa_at_ingen_avtale_gjaldt_er_lagret(scene: Scene) -> None:
    scene.sak(Saksstatus.BESVART)
    assert [g.avtaler for g in grunnlag()] == [[]]


def test_uten_raad_er_ingenting_lagret(scene: Scene, avtale: Avtale) -> None:
    sak = scene.sak(Saksstatus.AKSEPTERT)
    with pytest.raises(UgyldigData):
        flyt.besvar(scene.spesialist, sak, "finnes_ikke", "Nei.")
    assert grunnlag() == []


def test_feiler_oppslaget_er_heller_ikke_raadet_gitt(scene: Scene, avtale: Avtale, opptak: Opptak) -> None:
    sak = scene.sak(Saksstatus.AKSEPTERT)
    with (
        mock.patch.object(oppslag, "grunnlag", side_effect=RuntimeError),
        uten_spor(opptak),
        pytest.raises(RuntimeError),
    ):
        flyt.besvar(scene.spesialist, sak, Raad.BEHANDLES_I_KOMMUNEN, "Øk dosen.")
    assert scene.les(sak).status == Saksstatus.AKSEPTERT


def test_bare_avtaler_som_binder_begge(scene: Scene, avtale: Avtale) -> None:
    """An agreement of the kommune with another hospital says nothing about a case with this one; the RHF's does."""
    lag_avtale(scene.annet_hf, [scene.kommune], status=Status.GJELDENDE, tittel="Med de andre")
    scene.sak(Saksstatus.BESVART)
    assert [a["tittel"] for a in grunnlag()[0].avtaler] == ["Om innleggelse"]

    @transactional
    def under() -> None:
        db.session.merge(scene.hf).overordnet_id = scene.rhf.id

    under()
    lag_avtale(scene.rhf, [scene.kommune], status=Status.GJELDENDE, tittel="Med hele regionen")
    assert {t.tittel for t in oppslag.avtaler(scene.kommune.id, i_dag(), foretak_id=scene.hf.id)} == {
        "Om innleggelse",
        "Med hele regionen",
    }


@pytest.mark.parametrize(
    ("fagomraade", "situasjon", "skal"),
    [
        ("utskrivning", "utskrivning", ["Ut igjen", "Hvem ringer"]),
        ("oehd", "oehd", ["Seng i kommunen", "Hvem ringer"]),
        ("sykehjem", "innleggelse", ["Til daglig", "For hjertet", "Hvem ringer"]),
    ],
)
def test_sykehusets_spoersmaal_til_kommunen(
    scene: Scene, avtale: Avtale, fagomraade: str, situasjon: str, skal: list[str]
) -> None:
    ansvarlig = lag_aktor(Rolle.HELSEPERSONELL, scene.kommune, scene.enhet, fag=(fagomraade,))
    sak = innsending.opprett(
        scene.spesialist,
        scene.henvendelse(
            mottaker_id=scene.kommune.id,
            fagomraade=fagomraade,
            plan_uten_raad="bli_paa_sykehuset" if fagomraade != "utskrivning" else "skrive_ut",
            oppholdssted="sykehus",
            **({"utskrivning": {"innlagt": now(), "usikker": True}} if fagomraade == "utskrivning" else {}),
        ),
    )
    v = avtaler.hent(ansvarlig, sak)
    assert v.situasjon == situasjon
    assert [k.overskrift for k in [*v.klausuler, *v.ved_siden]] == skal


def test_fagomraadet_i_saken_avgrenser(scene: Scene, avtale: Avtale) -> None:
    v = avtaler.hent(scene.lege, scene.send())
    assert (v.fagomraade, [k.overskrift for k in v.klausuler]) == ("indremedisin", ["Til daglig"])


# --- what is shown ----------------------------------------------------------------------------------------


def test_panelet_er_ett_trykk_unna_og_koster_saken_ingenting(
    som: Klient, scene: Scene, avtale: Avtale
) -> None:
    sak = scene.send()
    klient = som(scene.lege)
    with _sporringer(db.engine) as foer:
        side = klient.get(f"/henvendelser/{sak}").text
    assert f'href="/henvendelser/{sak}/avtaler"' in side and "Hva gjelder her nå" in side
    assert not [s for s in foer if "bestemmelse" in s or "avtale" in s or "faseperiode" in s]
    del_ = klient.get(f"/henvendelser/{sak}/avtaler?del=1")
    assert "<html" not in del_.text and "Til daglig" in del_.text and "Fase 1" in del_.text
    hele = klient.get(f"/henvendelser/{sak}/avtaler")
    assert "<html" in hele.text and "På toppen" not in tekst(hele.text)
    assert "situasjon=innleggelse&amp;fagomraade=indremedisin" in hele.text


def test_etter_raadet_vises_avtalene_slik_de_var(som: Klient, scene: Scene, avtale: Avtale) -> None:
    sak = scene.sak(Saksstatus.BESVART)
    lag_fase(scene.kommune, 4)
    klient = som(scene.lege)
    assert "Avtalene slik de var da rådet ble gitt" in klient.get(f"/henvendelser/{sak}").text
    naa, da = tekst(klient.get(f"/henvendelser/{sak}/avtaler").text).split(
        "Avtalene slik de var da rådet ble gitt"
    )
    assert "På toppen" in naa and "Til daglig" not in naa
    assert "Til daglig" in da and "På toppen" not in da and "(ikke satt)" in da


def test_bare_de_som_ser_saken_ser_panelet(som: Klient, scene: Scene, avtale: Avtale) -> None:
    """As the case itself: who does not see it, is told the same of its agreements."""
    sak = scene.send()
    svar = {}
    for aktor in (
        *(scene.lege, scene.kollega, scene.spesialist, scene.vaktleder, scene.fremmed_lege),
        *(scene.fremmed_spesialist, scene.koordinator, scene.innsyn, scene.kirurg, scene.kommuneoverlege),
    ):
        klient = som(aktor)
        panelet = klient.get(f"/henvendelser/{sak}/avtaler").status_code
        assert panelet == klient.get(f"/henvendelser/{sak}").status_code, (aktor.rolle, panelet)
        svar[aktor] = panelet
    assert (svar[scene.lege], svar[scene.spesialist], svar[scene.fremmed_lege]) == (200, 200, 404)
    assert svar[scene.koordinator] != 200 and svar[scene.innsyn] != 200


def test_journalen_sier_hva_avtalene_sa(scene: Scene, avtale: Avtale) -> None:
    lag_fase(scene.kommune, 4)
    sak = scene.sak(Saksstatus.BESVART)
    ut = som_tekst(lag_dokument(journal.eksporter(scene.lege, sak, "skjerm"), ordbok()))
    assert "AVTALENE SLIK DE VAR DA RÅDET BLE GITT" in ut
    assert "Epidemifase: 4 – Epidemitopp" in ut
    assert "Om innleggelse, versjon 1:\n  2 På toppen\n  6 Hvem ringer" in ut
    assert ut.index("Øk dosen.") < ut.index("AVTALENE SLIK") < ut.index("PASIENTEN")


def test_journalen_uten_avtale(scene: Scene) -> None:
    sak = scene.sak(Saksstatus.BESVART)
    assert hent_sak(scene.lege, sak).raad
    ut = som_tekst(lag_dokument(journal.eksporter(scene.lege, sak, "skjerm"), ordbok()))
    assert "Epidemifase: 1 – Enkelttilfeller (ikke satt)" in ut and "Ingen avtale sa noe om dette." in ut


class _sporringer:
    """The statements that are sent to the database inside."""

    def __init__(self, motor: Engine) -> None:
        self.motor, self.sendt = motor, list[str]()

    def _noter(self, _c: Any, _k: Any, setning: str, *_: Any) -> None:
        self.sendt.append(setning.lower())

    def __enter__(self) -> list[str]:
        sa.event.listen(self.motor, "before_cursor_execute", self._noter)
        return self.sendt

    def __exit__(self, *_: object) -> None:
        sa.event.remove(self.motor, "before_cursor_execute", self._noter)


def test_en_sak_uten_kommune(scene: Scene) -> None:
    """Nothing is asked where no kommune takes part: there is no agreement to speak of."""
    sak = scene.les(scene.send())
    assert isinstance(sak.id, UUID)
    with mock.patch.object(sak, "avsender", scene.annet_hf):
        from portal.henvendelser import steps

        assert steps.avtalespoersmaal(sak) is None
