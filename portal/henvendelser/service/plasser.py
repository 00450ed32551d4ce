"""«Hold plass»: an emergency bed held from within a conversation, and what becomes of it told there. Use cases.

Lock order on PostgreSQL: the row of the case, then the link, then the unit (as `plasser` locks it, first of all its
own), then the counter of the log. The use cases of `plasser` lock no case, and `_fortell` no unit: nobody waits
crosswise.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from portal.core.aktor import Aktor
from portal.core.clock import now
from portal.core.db import db, transactional, venter_paa_laas
from portal.core.enkeltvis import hver
from portal.core.errors import IkkeFunnet, Konflikt, UgyldigData
from portal.core.sprak import _l
from portal.core.telefon import lesbart
from portal.henvendelser import access, steps
from portal.henvendelser.eskalering import tekster
from portal.henvendelser.eskalering.steps import gjelder, lenke
from portal.henvendelser.forloep import Handling, Hendelsestype, Retning
from portal.henvendelser.models import Henvendelse, News2Maaling, Opplysninger, Plassreservasjonsak
from portal.henvendelser.plassbehov import foreslaa
from portal.identitet.models import Enhet
from portal.identitet.mottakere import mottaker_for
from portal.plasser import access as plassadgang
from portal.plasser import soek as plassoek
from portal.plasser import steps as plassteg
from portal.plasser.forloep import ALLE_EVNER, Evne, Holdstatus
from portal.plasser.hold import forleng_hold, frigi_hold, hold, sendt_foer
from portal.plasser.models import Avslag, Plassenhet, Reservasjon
from portal.varsler.steps import varsle_alle

ARBEIDER = Aktor.system("arbeider")
#: What the log says of each end of a hold.
HENDELSE_FOR: dict[Holdstatus, Hendelsestype] = {
    Holdstatus.AKTIV: Hendelsestype.PLASS_FORLENGET,
    Holdstatus.FRIGITT: Hendelsestype.PLASS_FRIGITT,
    Holdstatus.UTLOEPT: Hendelsestype.PLASS_UTLOEPT,
    Holdstatus.INNLAGT: Hendelsestype.PLASS_INNLAGT,
    Holdstatus.AVVIST: Hendelsestype.PLASS_AVVIST,
}
#: The notices of the ends that take the bed from the patient.
_TAPT: dict[Holdstatus, str] = {
    Holdstatus.FRIGITT: tekster.PLASS_FRIGITT,
    Holdstatus.UTLOEPT: tekster.PLASS_UTLOEPT,
    Holdstatus.AVVIST: tekster.PLASS_AVVIST,
}
#: Units shown to choose among: those where the kommune has a place, and others that can be rung.
MAKS_EGNE, MAKS_ANDRE = 8, 3
#: Beyond this nobody is rung, in km as the crow flies.
RINGES_INNEN = 300
#: An admission can be struck so long after its hold was taken: a correction's fourteen days, and room for the worker.
_STROEKET = timedelta(days=30)
#: Links in one round of the worker: it comes again in two seconds.
PER_RUNDE = 200
_REFERANSE = "henvendelse:"
_INGEN = plassteg.Kvotebruk(0, 0)


# --- holding, extending, releasing -----------------------------------------------------------------------


@transactional
def hold_plass(
    aktor: Aktor,
    henvendelse_id: UUID,
    plassenhet_id: UUID,
    *,
    klient_id: UUID,
    evner: int = 0,
    merknad: str = "",
    over_kvote: bool = False,
    ikke_fnr: bool = False,
) -> UUID:
    """Holds a bed of a unit for the patient of the case, and says so in the conversation. Gives the hold's id.

    The same `klient_id` again gives the same hold. Raises Opptatt when none is free (`holder`: who has it), Konflikt
    when the case has a bed already («har_plass») or the kommune has used its quota («kvote»; «kvote_bekreft» for the
    unit's own people, who may say `over_kvote`), UgyldigOvergang in a closed case, UgyldigData for an identity number
    in `merknad`, IkkeTilgang, IkkeFunnet.
    """
    sak = access.hent(aktor, Handling.HOLDE_PLASS, henvendelse_id, laas=True)
    sluppet = steps.stopp_identitet({"merknad": merknad}, ikke_fnr=ikke_fnr)
    kjent = sendt_foer(
        aktor, klient_id, plassenhet_id, evner=evner, merknad=merknad, referanse=f"{_REFERANSE}{sak.id}"
    )
    if kjent is not None:
        return kjent.id
    _krev_ingen_plass(sak)
    steps.revider_sluppet(aktor, sak, sluppet)
    enhet = plassadgang.hent(aktor, plassadgang.Handling.RESERVERE, plassenhet_id, laas=True)
    reservasjon = hold(
        aktor,
        enhet,
        klient_id=klient_id,
        evner=evner,
        merknad=merknad,
        over_kvote=over_kvote,
        referanse=f"{_REFERANSE}{sak.id}",
        saksnummer=sak.saksnummer,
    )
    assert aktor.medlemskap_id is not None
    steps.bli_deltaker(aktor, sak)
    db.session.add(
        Plassreservasjonsak(
            reservasjon_id=reservasjon.id,
            henvendelse_id=sak.id,
            opprettet=reservasjon.opprettet,
            medlemskap_id=aktor.medlemskap_id,
            fortalt=str(Holdstatus.AKTIV),
            fortalt_utloeper=reservasjon.utloeper,
        )
    )
    steps.skriv_hendelse(
        aktor, sak, Hendelsestype.PLASS_HOLDT, tekst=merknad, data=_fortalt(reservasjon, enhet)
    )
    return reservasjon.id


def _krev_ingen_plass(sak: Henvendelse) -> None:
    """One patient lies in one bed: two held ones would keep somebody else out. Under the lock of the case."""
    har = next((p for p in hent_plasser(sak) if p.holdes), None)
    if har is not None:
        raise Konflikt(
            _l(
                "Saken har alt en plass: %(enhet)s. Gi den fri først om pasienten skal et annet sted.",
                enhet=har.enhet,
            ),
            kode="har_plass",
        )


@transactional
def forleng_plass(aktor: Aktor, henvendelse_id: UUID, reservasjon_id: UUID) -> None:
    """Extends the hold, once. Raises UgyldigOvergang when it has been, or is held no more; IkkeFunnet, IkkeTilgang."""
    sak, koblet, reservasjon, enhet = _aapne(aktor, henvendelse_id, reservasjon_id)
    forleng_hold(aktor, reservasjon, enhet)
    _skriv(aktor, sak, koblet, reservasjon, enhet)


@transactional
def frigi_plass(aktor: Aktor, henvendelse_id: UUID, reservasjon_id: UUID) -> None:
    """Gives the bed back: the patient does not come. Who held it is told, when it is another.

    Raises UgyldigOvergang when it is held no more, IkkeFunnet.
    """
    sak, koblet, reservasjon, enhet = _aapne(aktor, henvendelse_id, reservasjon_id)
    frigi_hold(aktor, reservasjon, enhet)
    _skriv(aktor, sak, koblet, reservasjon, enhet)
    _si_fra(sak, koblet, reservasjon)


def _aapne(
    aktor: Aktor, henvendelse_id: UUID, reservasjon_id: UUID
) -> tuple[Henvendelse, Plassreservasjonsak, Reservasjon, Plassenhet]:
    """The case, its link and the hold, locked in that order. A hold of another case is none of this one's."""
    sak = access.hent(aktor, Handling.STYRE_PLASS, henvendelse_id, laas=True)
    koblet = _laast_kobling(reservasjon_id)
    if koblet is None or koblet.henvendelse_id != sak.id:
        raise IkkeFunnet()
    reservasjon, enhet = plassadgang.hent_reservasjon(aktor, reservasjon_id, laas=True)
    return sak, koblet, reservasjon, enhet


def _laast_kobling(reservasjon_id: UUID) -> Plassreservasjonsak | None:
    return db.session.scalars(
        sa.select(Plassreservasjonsak)
        .where(Plassreservasjonsak.reservasjon_id == reservasjon_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()


def _skriv(
    aktor: Aktor,
    sak: Henvendelse,
    koblet: Plassreservasjonsak,
    reservasjon: Reservasjon,
    enhet: Plassenhet,
    *,
    tekst: str = "",
    **mer: Any,
) -> None:
    """Writes what has become of the hold into the log, and notes that it is told."""
    status = Holdstatus(reservasjon.status)
    koblet.fortalt, koblet.fortalt_utloeper = str(status), reservasjon.utloeper
    steps.skriv_hendelse(
        aktor, sak, HENDELSE_FOR[status], tekst=tekst, data={**_fortalt(reservasjon, enhet), **mer}
    )


def _fortalt(reservasjon: Reservasjon, enhet: Plassenhet) -> dict[str, Any]:
    """What a row says of a hold: which unit, until when, whom to ring. Nothing of the patient."""
    return {
        "reservasjon": str(reservasjon.id),
        "enhet": enhet.enhet.navn,
        "kommune": enhet.enhet.organisasjon.kortnavn,
        "plass": reservasjon.plass.navn,
        "utloeper": reservasjon.utloeper.isoformat(),
        "telefon": lesbart(enhet.enhet.telefon or ""),
    }


# --- what has happened at the unit -----------------------------------------------------------------------


def foelg_plasser() -> int:
    """Job: holds that the unit, the clock or another page has ended or extended are told of in their cases.

    Gives how many rows were written. Safe to run twice and in two processes; one that fails is tried again.
    """
    koblinger = db.session.scalars(
        _uegne_fortalt().order_by(Plassreservasjonsak.reservasjon_id).limit(PER_RUNDE)
    ).all()
    db.session.rollback()
    return hver(koblinger, _fortell, "plass_i_sak_feilet", "reservasjon")


def foelg_plass(reservasjon_id: UUID, referanse: str) -> None:
    """The same of one hold, at once: what the event of `plasser` asks for. Lost, or too slow: the job comes to it."""
    if not referanse.startswith(_REFERANSE):
        return
    ny = db.session.scalar(_uegne_fortalt().where(Plassreservasjonsak.reservasjon_id == reservasjon_id))
    db.session.rollback()
    if ny is not None:
        with venter_paa_laas(1.0):
            _fortell(reservasjon_id)


def _uegne_fortalt() -> sa.Select[UUID]:
    """The holds of which a case's log tells something else than what is so: it has ended or been extended, or the
    admission that it ended with has been struck (`_STROEKET`)."""
    koblet = sa.select(Plassreservasjonsak.reservasjon_id).join(
        Reservasjon, Reservasjon.id == Plassreservasjonsak.reservasjon_id
    )
    loepende = koblet.where(
        sa.text(f"plassreservasjon_sak.fortalt = '{Holdstatus.AKTIV}'"),
        sa.or_(
            Reservasjon.status != Holdstatus.AKTIV,
            Reservasjon.utloeper != Plassreservasjonsak.fortalt_utloeper,
        ),
    )
    stroekne = koblet.where(
        sa.text(f"plassreservasjon_sak.fortalt = '{Holdstatus.INNLAGT}'"),
        Plassreservasjonsak.opprettet >= now() - _STROEKET,
        Reservasjon.status == Holdstatus.FRIGITT,
    )
    return sa.select(Plassreservasjonsak.reservasjon_id).where(
        Plassreservasjonsak.reservasjon_id.in_(sa.union_all(loepende, stroekne))
    )


def _er_fortalt(koblet: Plassreservasjonsak, reservasjon: Reservasjon) -> bool:
    if koblet.fortalt == Holdstatus.AKTIV:
        return reservasjon.status == Holdstatus.AKTIV and reservasjon.utloeper == koblet.fortalt_utloeper
    return not (koblet.fortalt == Holdstatus.INNLAGT and reservasjon.status == Holdstatus.FRIGITT)


@transactional
def _fortell(reservasjon_id: UUID) -> int:
    """One row, where the log does not say so already: judged under the lock of the link."""
    koblet = _laast_kobling(reservasjon_id)
    if koblet is None:
        return 0
    reservasjon = db.session.scalars(
        sa.select(Reservasjon)
        .options(*_MED_ENHET)
        .where(Reservasjon.id == reservasjon_id)
        .execution_options(populate_existing=True)
    ).one()
    if _er_fortalt(koblet, reservasjon):
        return 0
    sak = db.session.scalars(sa.select(Henvendelse).where(Henvendelse.id == koblet.henvendelse_id)).one()
    avslag = None
    if reservasjon.status == Holdstatus.AVVIST:
        avslag = db.session.scalars(sa.select(Avslag).where(Avslag.reservasjon_id == reservasjon.id)).first()
    mer = {"grunn": avslag.grunn} if avslag else {}
    if reservasjon.status in (Holdstatus.AKTIV, Holdstatus.FRIGITT):
        # Not from here: at the unit, or on its page.
        mer["hva"] = "stroeket" if koblet.fortalt == Holdstatus.INNLAGT else "utenfra"
    _skriv(
        ARBEIDER,
        sak,
        koblet,
        reservasjon,
        reservasjon.plassenhet,
        tekst=avslag.merknad if avslag else "",
        **mer,
    )
    _si_fra(sak, koblet, reservasjon)
    return 1


def _si_fra(sak: Henvendelse, koblet: Plassreservasjonsak, reservasjon: Reservasjon) -> None:
    """Whoever asks, and whoever held the bed, hear that there is none any more; but not who gave it back."""
    kode = _TAPT.get(Holdstatus(reservasjon.status))
    if kode is None:
        return
    medlemskap = {koblet.medlemskap_id}
    if sak.retning == Retning.TIL_SYKEHUS:
        medlemskap.add(sak.innmelder_medlemskap_id)
    tittel, tekst = tekster.plass_tapt(kode, sak, reservasjon.plassenhet.enhet.navn)
    til = [m for m in map(mottaker_for, sorted(medlemskap)) if m is not None]
    varsle_alle(
        [m for m in til if m.person_id != reservasjon.avsluttet_av_id],
        noekkel=f"plass:{reservasjon.id}:{reservasjon.status}",
        kode=kode,
        tittel=tittel,
        tekst=tekst,
        lenke=lenke(sak.id),
        hastegrad=sak.hastegrad,
        gjelder=gjelder(sak.id),
    )


# --- what the case's page shows --------------------------------------------------------------------------

_MED_ENHET = (
    joinedload(Reservasjon.plass),
    joinedload(Reservasjon.plassenhet).joinedload(Plassenhet.enhet).joinedload(Enhet.organisasjon),
)


@dataclass(frozen=True, slots=True)
class Plassvisning:
    """A hold as the case shows it, to both sides. `status` is «utloept» from the moment, whoever has noted it."""

    id: UUID
    plassenhet_id: UUID
    enhet: str
    kommune: str
    telefon: str
    adresse: str
    plass: str
    evner: int
    status: Holdstatus
    opprettet: datetime
    utloeper: datetime
    avsluttet: datetime | None
    kan_forlenges: bool

    @property
    def holdes(self) -> bool:
        return self.status == Holdstatus.AKTIV


def hent_plasser(sak: Henvendelse) -> list[Plassvisning]:
    """The holds of a case that `access` gave, the newest first."""
    rader = db.session.scalars(
        sa.select(Reservasjon)
        .join(Plassreservasjonsak, Plassreservasjonsak.reservasjon_id == Reservasjon.id)
        .options(*_MED_ENHET)
        .where(Plassreservasjonsak.henvendelse_id == sak.id)
        .order_by(Plassreservasjonsak.opprettet.desc())
        .execution_options(populate_existing=True)
    ).all()
    naa = now()
    return [_visning(r, naa) for r in rader]


def _visning(r: Reservasjon, naa: datetime) -> Plassvisning:
    status = Holdstatus(r.status)
    if status == Holdstatus.AKTIV and r.utloeper <= naa:
        status = Holdstatus.UTLOEPT
    enhet = r.plassenhet
    return Plassvisning(
        id=r.id,
        plassenhet_id=enhet.id,
        enhet=enhet.enhet.navn,
        kommune=enhet.enhet.organisasjon.kortnavn,
        telefon=enhet.enhet.telefon or "",
        adresse=enhet.adresse,
        plass=r.plass.navn,
        evner=r.evner,
        status=status,
        opprettet=r.opprettet,
        utloeper=r.utloeper,
        avsluttet=r.avsluttet or (r.utloeper if status == Holdstatus.UTLOEPT else None),
        kan_forlenges=status == Holdstatus.AKTIV and r.forlenget is None,
    )


@dataclass(frozen=True, slots=True)
class Plassvalg:
    """The units to choose among. Rows of the board with `km`, `passer`, `sist` confirmed, whether that is too long ago
    (`gammelt`), the kommune's `kvote` with what is used of it, and whether the actor may go beyond it (`gir_over`).
    """

    egne: Sequence[dict[str, Any]]
    #: Free beds where the kommune has no place: the unit can be rung.
    andre: Sequence[dict[str, Any]]
    evner: int
    #: What the case itself says that the bed must take.
    foreslaatt: int
    #: Where the patient lives, when that is another kommune than the one whose quota is used.
    bor_i: str
    #: The name of the click that is to come.
    klient_id: UUID = field(default_factory=uuid4)

    @property
    def evnevalg(self) -> list[tuple[int, bool]]:
        """Each ability, and whether it is asked for."""
        return [(int(e), bool(self.evner & e)) for e in Evne]


def hent_valg(aktor: Aktor, henvendelse_id: UUID, evner: int | None = None) -> Plassvalg:
    """Units with a free bed that can take what is asked (default: what the case says), the nearest first.

    Those where the actor's kommune has a place come first, with its quota. Raises IkkeFunnet,
    IkkeTilgang, UgyldigOvergang in a closed case, UgyldigData for an ability that is none.
    """
    sak = access.hent(aktor, Handling.HOLDE_PLASS, henvendelse_id)
    if evner is not None and not 0 <= evner <= ALLE_EVNER:
        raise UgyldigData(felter={"evner": [_l("Velg fra lista.")]})
    opp = db.session.get_one(Opplysninger, sak.id)
    foreslaatt = _foreslaatt(sak, opp)
    valgt = foreslaatt if evner is None else evner
    funnet = plassoek.ledige(aktor, evner=valgt)
    egne = [r for r in funnet if r["medlem"]][:MAKS_EGNE]
    kvoter = plassteg.kvotebruk(aktor.organisasjon_id) if egne and aktor.organisasjon_id else {}
    bor = opp.bostedskommune
    return Plassvalg(
        egne=[
            {**_ferskhet(r), "kvote": kvote, "gir_over": kvote.full and _driver(aktor, UUID(r["id"]))}
            for r in egne
            if (kvote := kvoter.get(UUID(r["id"]), _INGEN))
        ],
        andre=[
            _ferskhet(r)
            for r in funnet
            if not r["medlem"] and r["km"] is not None and r["km"] <= RINGES_INNEN
        ][:MAKS_ANDRE],
        evner=valgt,
        foreslaatt=foreslaatt,
        bor_i=bor.kortnavn if bor is not None and bor.id != aktor.organisasjon_id else "",
    )


def _driver(aktor: Aktor, plassenhet_id: UUID) -> bool:
    """Whether the actor works at the unit, and so decides whom it gives a bed beyond the quota."""
    enhet = db.session.get_one(Plassenhet, plassenhet_id)
    return plassadgang.kan(aktor, plassadgang.Handling.DRIVE, enhet)


def _ferskhet(rad: dict[str, Any]) -> dict[str, Any]:
    """The row with when its figures were last confirmed, and whether the phase wants them fresher."""
    sist, ferskt_til = (
        datetime.fromisoformat(t) if (t := rad[k]) else None for k in ("bekreftet", "ferskt_til")
    )
    return {**rad, "sist": sist, "gammelt": ferskt_til is None or ferskt_til <= now()}


def kan_holde(aktor: Aktor, henvendelse_id: UUID) -> bool:
    """Whether a bed can be held in the case now: it is open, the actor's kommune's, and without one."""
    sak = access.hent(aktor, Handling.SE, henvendelse_id)
    kan = Handling.HOLDE_PLASS in access.mulige_handlinger(aktor, sak)
    return kan and not any(p.holdes for p in hent_plasser(sak))


def _foreslaatt(sak: Henvendelse, opp: Opplysninger) -> int:
    oksygen = db.session.scalar(
        sa.select(News2Maaling.oksygen)
        .where(News2Maaling.henvendelse_id == sak.id)
        .order_by(News2Maaling.tidspunkt.desc())
        .limit(1)
    )
    return foreslaa(
        oksygen=oksygen,
        aldersgruppe=opp.aldersgruppe,
        fagomraade=sak.fagomraade,
        tekster=(opp.situasjon, opp.bakgrunn, opp.analyse, opp.raad_oenskes),
    )
