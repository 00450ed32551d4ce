"""The transition table: every act from every status, through the use cases."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from datetime import timedelta
from itertools import product
from typing import Any
from uuid import UUID

import orjson
import pytest
import sqlalchemy as sa

from portal.core.aktor import Aktor
from portal.core.clock import now
from portal.core.db import db
from portal.core.errors import IkkeFunnet, Opptatt, UgyldigOvergang
from portal.henvendelser.forloep import OVERGANGER, Handling, Hendelsestype, Hvem, Status
from portal.henvendelser.models import Koe
from portal.henvendelser.service import flyt, innsending, meldinger
from portal.revisjon.steps import sakskjede
from tests.bygg import Opptak, Scene, logg_over, om, revisjon, uten_spor

H, S, T = Handling, Status, Hendelsestype

#: The life of a case as it was ordered: (act, from) → (to, what it writes, who may).
LIVET = {
    (H.AKSEPTERE, S.NY): (S.AKSEPTERT, T.AKSEPTERT, Hvem.PAA_VAKT),
    (H.VIDERESENDE, S.NY): (S.NY, T.VIDERESENDT, Hvem.PAA_VAKT_ELLER_VAKTLEDER),
    (H.VIDERESENDE, S.AKSEPTERT): (S.NY, T.VIDERESENDT, Hvem.ANSVARLIG_ELLER_VAKTLEDER),
    (H.GI_TILBAKE, S.AKSEPTERT): (S.NY, T.GITT_TILBAKE, Hvem.ANSVARLIG_ELLER_VAKTLEDER),
    (H.BESVARE, S.AKSEPTERT): (S.BESVART, T.BESVART, Hvem.ANSVARLIG),
    (H.BE_OM_MER, S.BESVART): (S.AKSEPTERT, T.TRENGER_MER, Hvem.INNMELDERSIDEN),
    (H.LUKKE, S.BESVART): (S.LUKKET, T.LUKKET, Hvem.INNMELDERSIDEN),
    (H.LUKKE_SOM_ANSVARLIG, S.BESVART): (S.LUKKET, T.LUKKET, Hvem.ANSVARLIG),
    (H.TIDEN_ER_UTE, S.NY): (S.LUKKET, T.TIDEN_UTE, Hvem.INNMELDERSIDEN),
    (H.TIDEN_ER_UTE, S.AKSEPTERT): (S.LUKKET, T.TIDEN_UTE, Hvem.INNMELDERSIDEN),
    (H.TREKKE, S.NY): (S.TRUKKET, T.TRUKKET, Hvem.INNMELDERSIDEN),
    (H.TREKKE, S.AKSEPTERT): (S.TRUKKET, T.TRUKKET, Hvem.INNMELDERSIDEN),
    (H.GJENAAPNE, S.LUKKET): (S.AKSEPTERT, T.GJENAAPNET, Hvem.BEGGE),
}
#: Acts that move a case; the others read or write in it.
UTEN_FLYTTING = {
    *(H.SE, H.SKRIVE, H.OPPDATERE, H.EKSPORTERE, H.INVITERE, H.OVERLEVERE, H.IDENTITET, H.UTSKRIVNING),
    *(H.FOELGE_OPP, H.HOLDE_PLASS, H.STYRE_PLASS),
}
FLYTTER = [h for h in Handling if h not in UTEN_FLYTTING]

#: Who does it in these tests, and how. The one who answers for the case is `spesialist`.
GJOER: dict[Handling, tuple[str, Callable[[Scene, Aktor, UUID], object]]] = {
    H.AKSEPTERE: ("spesialist", lambda s, a, i: flyt.aksepter(a, i)),
    H.VIDERESENDE: (
        "spesialist",
        lambda s, a, i: flyt.videresend(a, i, s.hf.id, "geriatri", "Mest geriatri."),
    ),
    H.GI_TILBAKE: ("spesialist", lambda s, a, i: flyt.gi_tilbake(a, i, "Går av vakt.")),
    H.BESVARE: ("spesialist", lambda s, a, i: flyt.besvar(a, i, "innleggelse", "Legg inn.")),
    H.BE_OM_MER: ("lege", lambda s, a, i: flyt.be_om_mer(a, i, "Hun blir dårligere.")),
    H.LUKKE: ("lege", lambda s, a, i: flyt.lukk(a, i, "oehd_plass")),
    H.LUKKE_SOM_ANSVARLIG: ("spesialist", lambda s, a, i: flyt.lukk(a, i, "oehd_plass")),
    H.TIDEN_ER_UTE: ("lege", lambda s, a, i: flyt.tiden_er_ute(a, i)),
    H.TREKKE: ("lege", lambda s, a, i: flyt.trekk(a, i)),
    H.GJENAAPNE: ("lege", lambda s, a, i: flyt.gjenaapne(a, i, "Ny feber.")),
}


def _naar(handling: Handling) -> AbstractContextManager[None]:
    return om(hours=25) if handling == H.LUKKE_SOM_ANSVARLIG else nullcontext()


def test_tabellen_er_den_som_ble_bestilt() -> None:
    assert {(o.handling, o.fra): (o.til, o.logger, o.hvem) for o in OVERGANGER} == LIVET
    assert len(OVERGANGER) == len(LIVET)
    assert set(GJOER) == set(FLYTTER) == {h for h, _ in LIVET}
    # Every status can be reached, and every kind of move is written by some edge.
    assert {o.til for o in OVERGANGER} == set(Status)
    uten_kant = {
        *(T.SENDT, T.MELDING, T.OPPDATERT, T.MAALING, T.VEDLEGG, T.INNSYN, T.INVITERT, T.BLE_MED, T.TILBUDT),
        *(T.OVERLEVERT, T.AVSLAATT, T.IDENTITET, T.UTSKRIVNING, T.SPURT, T.OPPFOELGING, T.ESKALERT),
        *(
            T.PLASS_HOLDT,
            T.PLASS_FORLENGET,
            T.PLASS_FRIGITT,
            T.PLASS_UTLOEPT,
            T.PLASS_INNLAGT,
            T.PLASS_AVVIST,
        ),
    }
    assert {o.logger for o in OVERGANGER} == set(Hendelsestype) - uten_kant


def _koe(scene: Scene, fag: str = "indremedisin") -> int:
    db.session.rollback()
    versjon = db.session.scalar(
        sa.select(Koe.versjon).where(Koe.mottaker_id == scene.hf.id, Koe.fagomraade == fag)
    )
    return versjon or 0


@pytest.mark.parametrize(("handling", "status"), list(product(FLYTTER, Status)))
def test_hvert_par(handling: Handling, status: Status, scene: Scene, opptak: Opptak) -> None:
    """The edges of the table change the status and log; every other pair leaves nothing."""
    id_ = scene.sak(status)
    hvem, gjoer = GJOER[handling]
    aktor = getattr(scene, hvem)
    if (handling, status) == (H.AKSEPTERE, S.AKSEPTERT):
        # Accepted again by the one who has it (a double click): nothing more happens.
        with uten_spor(opptak):
            gjoer(scene, aktor, id_)
        return
    kant = LIVET.get((handling, status))
    if kant is None:
        with _naar(handling), uten_spor(opptak):
            with pytest.raises(UgyldigOvergang) as info:
                gjoer(scene, aktor, id_)
            assert info.value.status == 409 and len(info.value.melding) > 20
        return

    foer, koe = len(logg_over(id_)), _koe(scene)
    opptak.hendelser.clear()
    with _naar(handling):
        gjoer(scene, aktor, id_)
    til, type_, _ = kant
    sak = scene.les(id_)
    assert sak.status == til
    rader = logg_over(id_)
    # A case that waits again asks those on call at once: the move, and the first step of its ladder.
    assert [h.type for h in rader[foer:]] == [type_, *([T.ESKALERT] if til == S.NY else [])]
    rad = rader[foer]
    assert (rad.sekvens, rad.type, rad.avsender_id) == (foer + 1, type_, aktor.person_id)
    assert (rad.data["fra"], rad.data["til"]) == (status, til)
    assert rad.side == ("innmelder" if hvem == "lege" else "mottaker")
    innslag = revisjon(f"henvendelse.{type_}", objekt=id_)[-1]
    assert innslag.kjede == sakskjede(id_) and innslag.utfall == "ok"
    assert (innslag.person_id, innslag.rolle, innslag.organisasjon_id, innslag.enhet_id, innslag.formaal) == (
        aktor.person_id,
        aktor.rolle,
        aktor.organisasjon_id,
        aktor.enhet_id,
        "helsehjelp",
    )
    assert orjson.loads(innslag.detaljer)["sekvens"] == rad.sekvens
    assert "tekst" not in innslag.detaljer
    hendelser = [d["hendelse"] for n, d in opptak.hendelser if n == "henvendelse.hendelse"]
    assert [(h["sekvens"], h["type"]) for h in hendelser] == [(h.sekvens, h.type) for h in rader[foer:]]
    assert _koe(scene) == koe + 1


def test_en_annen_faar_vite_hvem_som_har_saken(scene: Scene, opptak: Opptak) -> None:
    for status in (Status.AKSEPTERT, Status.BESVART):
        id_ = scene.sak(status)
        with uten_spor(opptak):
            with pytest.raises(Opptatt) as info:
                flyt.aksepter(scene.spesialist2, id_)
            assert info.value.melding == "Siri Spesialist har alt tatt denne saken."
            assert info.value.detaljer == {"ansvarlig": "Siri Spesialist"}
    id_ = scene.sak(Status.LUKKET)
    with uten_spor(opptak), pytest.raises(UgyldigOvergang):
        flyt.aksepter(scene.spesialist2, id_)


# --- deadlines and times ---------------------------------------------------------------------------------

AKSEPT = {"akutt": timedelta(minutes=5), "haster": timedelta(minutes=30), "vanlig": timedelta(hours=4)}
SVAR = {"akutt": timedelta(minutes=15), "haster": timedelta(hours=2), "vanlig": timedelta(hours=24)}


@pytest.mark.parametrize("hastegrad", AKSEPT)
def test_fristene_foelger_hastegraden(hastegrad: str, scene: Scene) -> None:
    foer = now()
    id_ = scene.send(hastegrad=hastegrad)
    sak = scene.les(id_)
    assert foer <= sak.opprettet == sak.ventet_fra <= now()
    assert sak.frist == sak.opprettet + AKSEPT[hastegrad]
    with om(minutes=1):
        naa = now()
        flyt.aksepter(scene.spesialist, id_)
        sak = scene.les(id_)
        assert (sak.akseptert_tid, sak.frist) == (naa, naa + SVAR[hastegrad])
    with om(minutes=2):
        naa = now()
        flyt.gi_tilbake(scene.spesialist, id_, "Går av vakt.")
        sak = scene.les(id_)
        assert (sak.ventet_fra, sak.frist) == (naa, naa + AKSEPT[hastegrad])
        assert sak.ansvarlig_id is sak.ansvarlig_medlemskap_id is sak.akseptert_tid is None
    flyt.aksepter(scene.spesialist, id_)
    with om(minutes=3):
        naa = now()
        flyt.besvar(scene.spesialist, id_, "poliklinikk", "Vi ser henne i morgen.")
        sak = scene.les(id_)
        assert (sak.besvart_tid, sak.frist) == (naa, None)
    with om(minutes=4):
        naa = now()
        flyt.be_om_mer(scene.lege, id_, "Hun vil ikke.")
        assert scene.les(id_).frist == naa + SVAR[hastegrad]


def test_den_ansvarlige_lukker_etter_24_timer(scene: Scene, opptak: Opptak) -> None:
    id_ = scene.sak(Status.BESVART)
    besvart = scene.les(id_).besvart_tid
    assert besvart is not None
    with om(hours=23, minutes=59), uten_spor(opptak):
        with pytest.raises(UgyldigOvergang) as info:
            flyt.lukk(scene.spesialist, id_, "annet")
        assert info.value.kode == "for_tidlig"
        assert "24 timer" in info.value.melding
    with om(hours=24):
        flyt.lukk(scene.spesialist, id_, "annet")
    sak = scene.les(id_)
    assert (sak.status, sak.utfall) == (Status.LUKKET, "annet")


def test_de_24_timene_telles_fra_siste_svar(scene: Scene) -> None:
    id_ = scene.sak(Status.BESVART)
    with om(hours=23):
        flyt.be_om_mer(scene.lege, id_, "Mer.")
        flyt.besvar(scene.spesialist, id_, "oehd_plass", "Svar to.")
    with om(hours=25), pytest.raises(UgyldigOvergang):
        flyt.lukk(scene.spesialist, id_, "annet")
    with om(hours=47, minutes=1):
        flyt.lukk(scene.spesialist, id_, "annet")


@pytest.mark.parametrize("hvem", ["lege", "kollega", "spesialist", "spesialist2"])
def test_gjenaapnes_i_72_timer_av_begge_sider(hvem: str, scene: Scene, opptak: Opptak) -> None:
    aktor = getattr(scene, hvem)
    id_ = scene.sak(Status.LUKKET)
    if hvem == "spesialist2":
        # Who never took part has no need to know any more once the case can't be opened again.
        with om(hours=72, seconds=1), pytest.raises(IkkeFunnet):
            flyt.gjenaapne(aktor, id_)
    else:
        with om(hours=72, seconds=1), uten_spor(opptak):
            with pytest.raises(UgyldigOvergang) as info:
                flyt.gjenaapne(aktor, id_)
            assert info.value.kode == "for_sent"
            assert "ny henvendelse" in info.value.melding
    with om(hours=71, minutes=59):
        naa = now()
        flyt.gjenaapne(aktor, id_)
    sak = scene.les(id_)
    assert (sak.status, sak.utfall, sak.lukket_tid) == (Status.AKSEPTERT, None, None)
    assert sak.frist == naa + SVAR["haster"]
    # A specialist who opens it answers for it from then on.
    ansvarlig = aktor if hvem == "spesialist2" else scene.spesialist
    assert sak.ansvarlig_medlemskap_id == ansvarlig.medlemskap_id


def test_en_trukket_sak_er_slutt(scene: Scene, opptak: Opptak) -> None:
    id_ = scene.sak(Status.TRUKKET)
    for aktor in (scene.lege, scene.spesialist):
        with uten_spor(opptak), pytest.raises(UgyldigOvergang):
            flyt.gjenaapne(aktor, id_)


# --- a use case that fails leaves nothing ----------------------------------------------------------------

BRUKSTILFELLER: dict[str, tuple[Status, Callable[[Scene, UUID], object]]] = {
    "aksepter": (S.NY, lambda s, i: flyt.aksepter(s.spesialist, i)),
    "videresend": (
        S.NY,
        lambda s, i: flyt.videresend(s.spesialist, i, s.annet_hf.id, "indremedisin", "Deres."),
    ),
    "gi_tilbake": (S.AKSEPTERT, lambda s, i: flyt.gi_tilbake(s.spesialist, i, "Går av vakt.")),
    "besvar": (S.AKSEPTERT, lambda s, i: flyt.besvar(s.spesialist, i, "oehd_plass", "Slik.")),
    "be_om_mer": (S.BESVART, lambda s, i: flyt.be_om_mer(s.lege, i, "Mer.")),
    "lukk": (S.BESVART, lambda s, i: flyt.lukk(s.lege, i, "innlagt")),
    "tiden_er_ute": (S.AKSEPTERT, lambda s, i: flyt.tiden_er_ute(s.lege, i, "Hun sendes.")),
    "trekk": (S.NY, lambda s, i: flyt.trekk(s.lege, i)),
    "gjenaapne": (S.LUKKET, lambda s, i: flyt.gjenaapne(s.spesialist, i)),
    "opprett": (S.NY, lambda s, i: s.send()),
    "oppdater_opplysninger": (
        S.NY,
        lambda s, i: innsending.oppdater_opplysninger(s.lege, i, 1, {"bakgrunn": "Kjent hjertesvikt."}),
    ),
    "registrer_maaling": (S.NY, lambda s, i: innsending.registrer_maaling(s.lege, i, {"puls": 90})),
    "apne": (S.NY, lambda s, i: innsending.apne(s.spesialist, i)),
    "kvitter": (S.NY, lambda s, i: meldinger.kvitter(s.spesialist, i, lest=1)),
    "send_melding": (S.NY, lambda s, i: meldinger.send_melding(s.lege, i, UUID(int=7), "Hei.")),
}


@pytest.mark.parametrize("navn", BRUKSTILFELLER)
def test_et_brukstilfelle_som_feiler_etterlater_ingenting(
    navn: str, scene: Scene, opptak: Opptak, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Broken at its very end: no row, no audit entry, no event. Mended, it can be done again."""
    status, gjoer = BRUKSTILFELLER[navn]
    id_ = scene.sak(status)

    def brist(*_: Any) -> None:
        raise RuntimeError("full disk")

    with monkeypatch.context() as m, uten_spor(opptak):
        if navn == "send_melding":
            # The batch writer commits on a connection of its own: everything is written, then it breaks.
            ekte = meldinger._skriver._behandle
            m.setattr(meldinger._skriver, "_behandle", lambda c, bunke: (ekte(c, bunke), brist()))
        else:
            m.setattr(db.session, "commit", brist)
        with pytest.raises(RuntimeError, match="full disk"):
            gjoer(scene, id_)
    opptak.hendelser.clear()
    gjoer(scene, id_)
    assert opptak.hendelser
