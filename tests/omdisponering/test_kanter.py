"""Who may move a reallocation, edge by edge: every state, every act, both sides, every role; and who is told of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import nullcontext
from uuid import UUID

import pytest
import sqlalchemy as sa

from portal.core.aktor import Aktor, Rolle
from portal.core.db import db
from portal.core.errors import IkkeFunnet, IkkeTilgang, PortalError, UgyldigOvergang, Utdatert
from portal.omdisponering import steps
from portal.omdisponering.forloep import KAN_ENDRES, KANTER, Side, Status
from portal.omdisponering.models import Omdisponering
from portal.omdisponering.service import flyt, utkast
from portal.varsler.models import Varsel
from tests.bygg import Opptak, lag_aktor, om, uten_spor
from tests.omdisponering.hjelp import LOV, Utlaan, lag_behov, lag_ressurs, lag_tilbud

INNSIDE = (Rolle.KOORDINATOR, Rolle.KOMMUNEOVERLEGE, Rolle.VAKTLEDER)
#: Where each act leads.
TIL = {
    "foreslaa": (Status.FORESLAATT,),
    "godkjenn": (Status.GODKJENT_AVGIVER, Status.GODKJENT_MOTTAKER),
    "avslaa": (Status.AVSLAATT,),
    "trekk": (Status.TRUKKET,),
    "iverksett": (Status.IVERKSATT,),
    "avslutt": (Status.AVSLUTTET,),
}
Gjoer = Callable[[Aktor, UUID, str], object]
GJOER: dict[str, Gjoer] = {
    "foreslaa": lambda a, i, lest: flyt.foreslaa(a, i, lest=lest),
    "godkjenn": lambda a, i, lest: flyt.godkjenn(a, i, lest=lest),
    "avslaa": lambda a, i, lest: flyt.avslaa(a, i, lest=lest, grunn="Nei."),
    "trekk": lambda a, i, lest: flyt.trekk(a, i, lest=lest, grunn="Ikke nødvendig."),
    "iverksett": lambda a, i, lest: flyt.iverksett(a, i, lest=lest),
    "avslutt": lambda a, i, lest: flyt.avslutt(a, i, lest=lest, grunn="Over."),
    "endre": lambda a, i, lest: utkast.endre(a, i, lest=lest, merknad=f"Av {a.navn}."),
}


@pytest.fixture
def u(scene: object) -> Utlaan:
    return Utlaan(scene)  # type: ignore[arg-type]


def _maal(fra: Status, hva: str, side: Side, foreslo: Side = Side.AVGIVER) -> Status | None:
    """Where the act of that side leads from a state, by the table of edges; None: nowhere."""
    if hva == "endre":
        return Status(fra) if fra in KAN_ENDRES and (fra != Status.UTKAST or side == foreslo) else None
    for til in TIL[hva]:
        if (fra, til) not in KANTER:
            continue
        hvem = KANTER[fra, til] or frozenset({foreslo})
        # A no is the other side's; and an approval that was changed is never «proposed» by a click.
        if (fra, til) == (Status.FORESLAATT, Status.AVSLAATT):
            hvem -= {foreslo}
        if (fra, til) == (Status.GODKJENT_AVGIVER, Status.FORESLAATT):
            continue
        if side in hvem:
            return til
    return None


def _folk(u: Utlaan) -> dict[tuple[Side, Rolle], Aktor]:
    return {
        (side, rolle): lag_aktor(rolle, org)
        for side, org in ((Side.AVGIVER, u.scene.hf), (Side.MOTTAKER, u.scene.kommune))
        for rolle in (*INNSIDE, Rolle.LEGE_KOMMUNE if side == Side.MOTTAKER else Rolle.SPESIALIST)
    }


@pytest.mark.parametrize("fra", list(Status))
def test_den_som_ikke_kan_faar_nei_og_setter_ingen_spor(u: Utlaan, opptak: Opptak, fra: Status) -> None:
    id_ = u.til(fra)
    lest = u.les(id_).innhold_hash
    naa = om(days=3) if fra in (Status.GODKJENT_MOTTAKER, Status.IVERKSATT) else nullcontext()
    nei = 0
    folk = _folk(u)
    with naa, uten_spor(opptak, avslag=None):
        for (side, rolle), aktor in folk.items():
            for hva, gjoer in GJOER.items():
                if rolle in INNSIDE and _maal(fra, hva, side) is not None:
                    continue
                ventet: tuple[type[PortalError], ...] = (UgyldigOvergang,)
                if rolle not in INNSIDE:
                    ventet = (IkkeTilgang, IkkeFunnet)
                elif fra == Status.UTKAST and side == Side.MOTTAKER:
                    ventet = (IkkeFunnet,)
                with pytest.raises(ventet):
                    gjoer(aktor, id_, lest)
                nei += 1
    assert nei == sum(
        rolle not in INNSIDE or _maal(fra, hva, side) is None for side, rolle in folk for hva in GJOER
    )
    assert u.les(id_).status == fra


KAN = [
    (fra, hva, side, maal)
    for fra in Status
    for hva in GJOER
    for side in Side
    if (maal := _maal(fra, hva, side)) is not None
]


@pytest.mark.parametrize(("fra", "hva", "side", "maal"), KAN)
def test_den_som_kan_faar_det_til_i_hver_rolle_og_bare_med_det_som_staar(
    u: Utlaan, opptak: Opptak, fra: Status, hva: str, side: Side, maal: Status
) -> None:
    org = u.scene.hf if side == Side.AVGIVER else u.scene.kommune
    tid = om(days=3) if fra in (Status.GODKJENT_MOTTAKER, Status.IVERKSATT) else nullcontext()
    ider = []
    for rolle in INNSIDE:
        u.behov = lag_behov(u.scene.kommune, u.oehd)
        u.personer = u.personer[:1]
        if ider:
            u.personer = [lag_ressurs(u.scene.hf, u.post)]
        ider.append((rolle, u.til(fra, aapnes=0)))
    with tid:
        for rolle, id_ in ider:
            aktor = lag_aktor(rolle, org)
            lest = u.les(id_).innhold_hash
            with uten_spor(opptak), pytest.raises(Utdatert):
                GJOER[hva](aktor, id_, "0" * 64)
            GJOER[hva](aktor, id_, lest)
            etter = u.les(id_).status
            ventet = Status.FORESLAATT if (fra, hva) == (Status.GODKJENT_AVGIVER, "endre") else maal
            assert etter == ventet, rolle


def test_alle_kantene_er_gaatt() -> None:
    """Each edge of the table is walked above by somebody, but for those that a change alone walks."""
    gaatt = {(fra, maal) for fra, _hva, _side, maal in KAN}
    assert gaatt >= set(KANTER) - {(Status.GODKJENT_AVGIVER, Status.FORESLAATT)}


def test_den_som_foreslo_trekker_og_den_andre_sier_nei_ogsaa_omvendt(u: Utlaan) -> None:
    """The receiver may write as well: then the edges of the one who proposed are its."""
    tilbud = [lag_tilbud(p, u.behov) for p in u.personer]

    def forslag() -> UUID:
        id_ = utkast.opprett(
            u.mottaker,
            u.behov.id,
            [utkast.Ny(tilbud_id=t.id) for t in tilbud],
            **LOV,
            bestemmelse_id=u.bestemmelse.id,
        )
        with pytest.raises(IkkeFunnet):
            flyt.foreslaa(u.avgiver, id_)
        flyt.foreslaa(u.mottaker, id_)
        return id_

    id_ = forslag()
    with pytest.raises(UgyldigOvergang):
        flyt.trekk(u.avgiver, id_, grunn="Nei.")
    with pytest.raises(UgyldigOvergang):
        flyt.avslaa(u.mottaker, id_, grunn="Nei.")
    flyt.avslaa(u.avgiver, id_, grunn="Vi trenger dem selv.")
    assert u.les(id_).status == Status.AVSLAATT
    id_ = forslag()
    flyt.trekk(u.mottaker, id_, grunn="Vi har fått andre.")
    assert u.les(id_).status == Status.TRUKKET


# --- who is told -----------------------------------------------------------------------------------------


def _varsler(id_: UUID) -> Counter[tuple[str, str]]:
    """{(code, whose): how many} of all notices about a reallocation."""
    db.session.rollback()
    omd = db.session.get_one(Omdisponering, id_)
    return Counter(
        (v.kode.removeprefix("omdisponering."), str(v.person_id))
        for v in db.session.scalars(sa.select(Varsel).where(Varsel.gjelder == steps.gjelder(omd.id)))
    )


def test_bare_de_det_angaar_faar_vite_det(u: Utlaan) -> None:
    """Every notice on the whole way: to the other side's people of INNSIDE, to both from the agreement on, and never to
    who did it, to clinicians or to strangers."""
    hos = {
        Side.AVGIVER: {str(u.avgiver.person_id), str(u.scene.vaktleder.person_id)},
        Side.MOTTAKER: {str(u.mottaker.person_id), str(u.scene.kommuneoverlege.person_id)},
    }
    alle = hos[Side.AVGIVER] | hos[Side.MOTTAKER]
    id_ = u.utkast()
    assert not _varsler(id_)
    sett: Counter[tuple[str, str]] = Counter()

    def nytt(kode: str, hvem: set[str]) -> None:
        nonlocal sett
        naa = _varsler(id_)
        assert naa - sett == Counter({(kode, p): 1 for p in hvem})
        sett = naa

    flyt.foreslaa(u.avgiver, id_)
    nytt("foreslaatt", hos[Side.MOTTAKER])
    utkast.endre(u.mottaker, id_, lest=u.les(id_).innhold_hash, merknad="Oppmøte sju.")
    nytt("endret", hos[Side.AVGIVER])
    flyt.godkjenn(u.avgiver, id_, lest=u.les(id_).innhold_hash)
    nytt("godkjent_avgiver", hos[Side.MOTTAKER])
    utkast.endre(u.mottaker, id_, lest=u.les(id_).innhold_hash, merknad="Oppmøte åtte.")
    nytt("opphevet", alle - {str(u.mottaker.person_id)})
    flyt.godkjenn(u.avgiver, id_, lest=u.les(id_).innhold_hash)
    nytt("godkjent_avgiver", hos[Side.MOTTAKER])
    flyt.godkjenn(u.mottaker, id_, lest=u.les(id_).innhold_hash)
    nytt("godkjent_mottaker", alle - {str(u.mottaker.person_id)})
    with om(days=1, minutes=1):
        flyt.iverksett(u.avgiver, id_)
        nytt("iverksatt", alle - {str(u.avgiver.person_id)})
        flyt.avslutt(u.mottaker, id_, grunn="Over.")
        nytt("avsluttet", alle - {str(u.mottaker.person_id)})


def test_ingen_varsel_nevner_noen_ved_navn(u: Utlaan) -> None:
    id_ = u.til(Status.AVSLUTTET)
    db.session.rollback()
    tekster = [
        f"{v.tittel} {v.tekst}"
        for v in db.session.scalars(sa.select(Varsel).where(Varsel.gjelder == steps.gjelder(id_)))
    ]
    assert tekster and not [t for t in tekster if "Somby" in t or "Ørn" in t]
