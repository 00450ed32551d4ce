"""Telling somebody something, inside the transaction of what it tells of: the bell, and the outbox of the channels."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa

from portal.core.clock import now
from portal.core.config import innstillinger
from portal.core.db import Base, db, insert_for, meld, transaksjon
from portal.core.sprak import _, paa_spraak
from portal.core.telefon import UgyldigTelefonnummer, til_e164
from portal.varsler import port, valg
from portal.varsler.models import Kanal, Utsending, Varsel, Varselkanal, Varselro, Varselvalg


@dataclass(frozen=True, slots=True)
class Mottaker:
    """Whom to tell: what this room must know of a person, given by the rooms that know people."""

    person_id: UUID
    navn: str
    epost: str
    spraak: str
    #: In whose service: its administrator sees what could not be delivered.
    organisasjon_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Beskjed:
    """One thing to tell one person; the fields are those of `varsle`."""

    til: Mottaker
    noekkel: str
    kode: str
    tittel: Any
    tekst: Any = ""
    lenke: str = ""
    hastegrad: str | None = None
    gjelder: str | None = None
    telefoner: Sequence[tuple[Kanal, str]] = ()
    bare: Collection[Kanal] | None = None


@dataclass(frozen=True, slots=True)
class _Egen:
    """A channel of the person's own, as its row says."""

    id: UUID
    kanal: str
    adresse: str
    bevist: datetime | None


@dataclass(frozen=True, slots=True)
class _Ro:
    """A person's quiet hours, as their row says."""

    fra: str
    til: str
    akutt_bryter: bool


@dataclass(frozen=True, slots=True)
class _Oppsett:
    """What is read of a person: the channels, the choice for the urgency (None: the standard), the quiet hours."""

    egne: list[_Egen]
    valgt: list[str] | None
    ro: _Ro | None


@dataclass(frozen=True, slots=True)
class _Vei:
    """A way to a person: the channel and address, and the person's own row where it is one."""

    kanal: Kanal
    adresse: str
    egen: _Egen | None
    #: Whether it waits for the person's quiet hours to end.
    hviler: bool


def varsle(
    til: Mottaker,
    *,
    noekkel: str,
    kode: str,
    tittel: Any,
    tekst: Any = "",
    lenke: str = "",
    hastegrad: str | None = None,
    gjelder: str | None = None,
    telefoner: Sequence[tuple[Kanal, str]] = (),
    bare: Collection[Kanal] | None = None,
) -> UUID | None:
    """Tells a person something: in the bell at once, and by the channels the person has chosen for the urgency.

    `tittel` and `tekst` are lazy sentences (`_l`), put into the person's language here, and never hold clinical text.
    The same `noekkel` (at most 160 signs) again changes nothing and gives None. `gjelder` names what it is about, for
    `stopp`. `telefoner` are numbers beside the person's own: the vakttelefon. `bare` takes the place of the person's
    choice: an empty one tells in the bell alone.
    """
    return varsle_flere(
        [
            Beskjed(
                til=til,
                noekkel=noekkel,
                kode=kode,
                tittel=tittel,
                tekst=tekst,
                lenke=lenke,
                hastegrad=hastegrad,
                gjelder=gjelder,
                telefoner=telefoner,
                bare=bare,
            )
        ]
    ).get(noekkel)


def varsle_alle(
    til: Iterable[Mottaker],
    *,
    noekkel: str,
    kode: str,
    tittel: Any,
    tekst: Any = "",
    lenke: str = "",
    hastegrad: str | None = None,
    gjelder: str | None = None,
    bare: Collection[Kanal] | None = None,
) -> dict[UUID, UUID]:
    """Tells many people the same thing, each in their language, with as few statements as one. Gives {person: notice}
    of the new ones. Each one's key is `noekkel` (at most 120 signs) and the person."""
    beskjeder = til_alle(
        til,
        noekkel=noekkel,
        kode=kode,
        tittel=tittel,
        tekst=tekst,
        lenke=lenke,
        hastegrad=hastegrad,
        gjelder=gjelder,
        bare=bare,
    )
    nye = varsle_flere(beskjeder)
    return {b.til.person_id: nye[b.noekkel] for b in beskjeder if b.noekkel in nye}


def til_alle(til: Iterable[Mottaker], *, noekkel: str, **felles: Any) -> list[Beskjed]:
    """The same thing to many people, for `varsle_flere`; each one's key is `noekkel` (at most 120 signs) and the
    person."""
    alle = {m.person_id: m for m in til}.values()
    return [Beskjed(til=m, noekkel=f"{noekkel}:{m.person_id}", **felles) for m in alle]


def varsle_flere(beskjeder: Iterable[Beskjed]) -> dict[str, UUID]:
    """Tells many people many things with as few statements as one. Gives {key: notice} of the new ones."""
    transaksjon()
    naa = now()
    # By their keys, so that two who tell the same things do not wait for each other crosswise.
    alle = {b.noekkel: b for b in sorted(beskjeder, key=lambda b: b.noekkel)}
    if not alle:
        return {}
    verdier: dict[str, dict[str, Any]] = {}
    for b in alle.values():
        with paa_spraak(b.til.spraak):
            verdier[b.noekkel] = {
                "id": uuid4(),
                "noekkel": b.noekkel,
                "person_id": b.til.person_id,
                "kode": b.kode,
                "hastegrad": b.hastegrad,
                "tittel": en_linje(str(b.tittel))[:200],
                # PostgreSQL takes no NUL in a text.
                "tekst": str(b.tekst).replace("\x00", ""),
                "lenke": b.lenke,
                "gjelder": b.gjelder,
                "opprettet": naa,
            }
    lagt = set(db.session.scalars(_legg_varsler(_dialekt()), list(verdier.values())))
    nye = [b for b in alle.values() if verdier[b.noekkel]["id"] in lagt]
    personer: dict[str | None, set[UUID]] = {}
    for b in nye:
        personer.setdefault(b.hastegrad, set()).add(b.til.person_id)
    oppsett = {h: _les_oppsett(p, h) for h, p in personer.items()}
    rader = []
    for b in nye:
        o = oppsett[b.hastegrad][b.til.person_id]
        with paa_spraak(b.til.spraak):
            for vei in _veier(b.til, o, b.hastegrad, b.telefoner, b.bare):
                neste = _naar(o.ro, b.hastegrad, naa) if vei.hviler else naa
                rader.append(_som_utsending(b.til, verdier[b.noekkel], vei, neste))
        meld("varsler.endret", person_id=b.til.person_id)
    if rader:
        db.session.execute(_LEGG_UT, rader)
    return {b.noekkel: verdier[b.noekkel]["id"] for b in nye}


def _dialekt() -> str:
    return str(db.session.get_bind().dialect.name)


#: Built once: putting them together costs as much as asking them.
_PERSONER: sa.BindParameter[Any] = sa.bindparam("personer", expanding=True)
#: By name: this room knows people by their ids alone.
_PERSON = sa.table("person", sa.column("id", sa.Uuid()))
_VARSEL, _UTSENDING, _VALG, _RO, _KANAL = (
    Base.metadata.tables[t.__tablename__] for t in (Varsel, Utsending, Varselvalg, Varselro, Varselkanal)
)
#: Of the tables, not of their classes: each request that is sent asks it, and wants no objects.
_LES_OPPSETT = (
    sa.select(
        *(_PERSON.c.id.label("person_id"), _VALG.c.kanaler, _RO.c.fra, _RO.c.til, _RO.c.akutt_bryter),
        *(_KANAL.c.id.label("kanal_id"), _KANAL.c.kanal, _KANAL.c.adresse, _KANAL.c.bevist),
    )
    .select_from(_PERSON)
    .outerjoin(
        _VALG, sa.and_(_VALG.c.person_id == _PERSON.c.id, _VALG.c.hastegrad == sa.bindparam("hastegrad"))
    )
    .outerjoin(_RO, _RO.c.person_id == _PERSON.c.id)
    .outerjoin(_KANAL, sa.and_(_KANAL.c.person_id == _PERSON.c.id, _KANAL.c.fjernet.is_(None)))
    .where(_PERSON.c.id.in_(_PERSONER))
    .order_by(_KANAL.c.opprettet, _KANAL.c.id)
)
_EGNE_VALG = (Varselvalg, Varselro, Varselkanal)
_LEGG_UT = sa.insert(_UTSENDING)


@cache
def _legg_varsler(dialekt: str) -> Any:
    uttrykk = insert_for(_VARSEL, dialekt).on_conflict_do_nothing(index_elements=["noekkel"])
    return uttrykk.returning(_VARSEL.c.id)


def _les_oppsett(personer: Collection[UUID], hastegrad: str | None) -> dict[UUID, _Oppsett]:
    """One statement, however many people. What the running use case has changed is written first."""
    if not personer:
        return {}
    if any(isinstance(o, _EGNE_VALG) for o in (*db.session.new, *db.session.dirty, *db.session.deleted)):
        db.session.flush()
    funnet: dict[UUID, _Oppsett] = {}
    hvem = {"personer": list(personer), "hastegrad": hastegrad or "vanlig"}
    for r in db.session.execute(_LES_OPPSETT, hvem):
        oppsett = funnet.get(r.person_id)
        if oppsett is None:
            ro = None if r.fra is None else _Ro(r.fra, r.til, r.akutt_bryter)
            oppsett = funnet[r.person_id] = _Oppsett([], r.kanaler, ro)
        if r.kanal_id is not None:
            oppsett.egne.append(_Egen(r.kanal_id, r.kanal, r.adresse, r.bevist))
    return funnet


def _veier(
    til: Mottaker,
    oppsett: _Oppsett,
    hastegrad: str | None,
    telefoner: Sequence[tuple[Kanal, str]],
    bare: Collection[Kanal] | None,
) -> Iterable[_Vei]:
    """The ways to the person, each once."""
    valgt = valg.kanaler(oppsett.valgt, hastegrad) if bare is None else frozenset(bare)
    egne = {(Kanal(e.kanal), e.adresse): e for e in oppsett.egne}
    veier: dict[tuple[Kanal, str], _Vei] = {}
    if Kanal.EPOST in valgt:
        # It wakes nobody, and waits for nothing.
        veier[Kanal.EPOST, til.epost] = _Vei(Kanal.EPOST, til.epost, None, hviler=False)
    for (kanal, adresse), egen in egne.items():
        if kanal in valgt:
            veier[kanal, adresse] = _Vei(kanal, adresse, egen, hviler=True)
    for kanal, nummer in telefoner:
        # The telephone of the duty rings whatever its holder has chosen, and through quiet hours.
        adresse = _nummer(nummer)
        veier[kanal, adresse] = _Vei(kanal, adresse, egne.get((kanal, adresse)), hviler=False)
    return veier.values()


def _nummer(tekst: str) -> str:
    """As the gateway takes it, and tells it when its owner answers."""
    try:
        return til_e164(tekst)
    except UgyldigTelefonnummer:
        return tekst


def slipper_fram(ro: Varselro | _Ro | None, naa: datetime) -> bool:
    """Whether what is akutt reaches the person now, whatever hour it is."""
    return _naar(ro, "akutt", naa) <= naa


def _naar(ro: Varselro | _Ro | None, hastegrad: str | None, naa: datetime) -> datetime:
    """When what rests may leave: after the person's quiet hours."""
    if ro is None or (hastegrad == "akutt" and ro.akutt_bryter):
        return naa
    return valg.etter_ro(naa, ro.fra, ro.til)


def _som_utsending(til: Mottaker, varsel: dict[str, Any], vei: _Vei, neste: datetime) -> dict[str, Any]:
    kanal, egen = vei.kanal, vei.egen
    # A text message and a call are answered by their number and their name: their texts hold no token.
    token = secrets.token_urlsafe(24) if kanal in (Kanal.EPOST, Kanal.PUSH) else None
    hvor = innstillinger().adresse
    return {
        "id": uuid4(),
        "noekkel": f"{varsel['id']}:{kanal}:{egen.id if egen else sha256(vei.adresse.encode()).hexdigest()[:16]}",
        "kanal": kanal,
        "varsel_id": varsel["id"],
        "varselkanal_id": egen.id if egen else None,
        "organisasjon_id": til.organisasjon_id,
        "til": vei.adresse,
        "emne": varsel["tittel"],
        "tekst": _tekst(kanal, varsel, f"{hvor}{varsel['lenke']}", f"{hvor}/kvitter/{token}"),
        "kvittering_hash": sha256(token.encode()).hexdigest() if token else None,
        "opprettet": varsel["opprettet"],
        "foerst": neste,
        "neste": neste,
    }


def _tekst(kanal: Kanal, varsel: dict[str, Any], lenke: str, kvittering: str) -> str:
    """What is said on a channel, in the language that is set."""
    tittel, tekst = varsel["tittel"], varsel["tekst"]
    if kanal == Kanal.TALE:
        return _("Samhandlingsportalen. %(tittel)s. Trykk 1 for å kvittere.", tittel=tittel)
    if kanal == Kanal.SMS:
        return _("%(tittel)s. %(lenke)s Svar 1 for å kvittere.", tittel=tittel, lenke=lenke)
    if kanal == Kanal.PUSH:
        # The address that acknowledges alone: title, text and link are the notice's.
        return kvittering
    return "\n\n".join(
        d
        for d in (
            tittel,
            tekst,
            lenke,
            _("Kvitter for at du har sett dette: %(lenke)s", lenke=kvittering),
            _("Hilsen Samhandlingsportalen. Denne e-posten kan ikke besvares."),
        )
        if d
    )


def stopp(gjelder: str, *, koder: Collection[str] | None = None, person_id: UUID | None = None) -> int:
    """Nothing more is told of a thing: what has not left is not sent, and the bells forget it. Gives how many.

    `koder` stops those kinds alone, and `person_id` what is told that person alone.
    """
    transaksjon()
    db.session.flush()
    vilkaar = [Varsel.gjelder == gjelder, Varsel.stoppet.is_(None)]
    if koder is not None:
        vilkaar.append(Varsel.kode.in_(list(koder)))
    if person_id is not None:
        vilkaar.append(Varsel.person_id == person_id)
    return stopp_varsler(*vilkaar)


def stopp_varsler(*vilkaar: sa.ColumnElement[bool]) -> int:
    """Stops the notices of which this holds (over `Varsel`), with what has not left for them. Gives how many.

    Many are locked in the order of their ids before any is changed: two that stop or read many at once must not each
    hold what the other waits for.
    """
    naa = now()
    rader = db.session.execute(
        sa.select(Varsel.id, Varsel.person_id)
        .where(*vilkaar)
        .order_by(Varsel.id)
        .with_for_update(key_share=True)
    ).all()
    if not rader:
        return 0
    db.session.execute(
        sa.update(Varsel)
        .where(Varsel.id.in_([r.id for r in rader]))
        .values(stoppet=naa)
        .execution_options(synchronize_session=False)
    )
    stopp_utsendinger(Utsending.varsel_id.in_([r.id for r in rader]))
    for person_id in {r.person_id for r in rader}:
        meld("varsler.endret", person_id=person_id)
    return len(rader)


def stopp_utsendinger(*vilkaar: sa.ColumnElement[bool]) -> None:
    """What has not left, of which this holds (over `Utsending`), is not sent. Its text, with its token, is thrown
    away. Locked in the order of their ids, as notices are, and after them."""
    ider = db.session.scalars(
        sa.select(Utsending.id)
        .where(*vilkaar, Utsending.sendt.is_(None), Utsending.oppgitt.is_(None), Utsending.stoppet.is_(None))
        .order_by(Utsending.id)
        .with_for_update(key_share=True)
    ).all()
    if ider:
        db.session.execute(
            sa.update(Utsending)
            .where(Utsending.id.in_(ider))
            .values(stoppet=now(), tekst="")
            .execution_options(synchronize_session=False)
        )


def glem_utsendinger(*vilkaar: sa.ColumnElement[bool]) -> None:
    """To whom the messages went of which this holds (over `Utsending`), and what they said, is erased: the person is
    to be forgotten. What has not left is not sent. Locked as `stopp_utsendinger` does."""
    ider = db.session.scalars(
        sa.select(Utsending.id).where(*vilkaar).order_by(Utsending.id).with_for_update(key_share=True)
    ).all()
    if ider:
        ikke_sendt = sa.func.coalesce(Utsending.stoppet, sa.literal(now(), Utsending.stoppet.type))
        db.session.execute(
            sa.update(Utsending)
            .where(Utsending.id.in_(ider))
            .values(
                til="",
                emne="",
                tekst="",
                feil="",
                stoppet=sa.case((Utsending.sendt.is_(None), ikke_sendt), else_=Utsending.stoppet),
            )
            .execution_options(synchronize_session=False)
        )


def kvitter_varsel(varsel_id: UUID, kanal: str) -> bool:
    """The person has seen a notice («portal», or the `Kanal` of the answer). Gives whether it was the first time.

    What has not left for it is not sent any more: the person knows. The notice itself stays in the bell until it is
    read, and nothing is accepted by it.
    """
    return kvitter_varsler([varsel_id], kanal) > 0


def kvitter_varsler(varsel_ider: Collection[UUID], kanal: str) -> int:
    """`kvitter_varsel` of many, which the caller has locked in the order of their ids. Gives how many were new."""
    transaksjon()
    db.session.flush()
    nye = db.session.execute(
        sa.update(Varsel)
        .where(Varsel.id.in_(varsel_ider), Varsel.kvittert.is_(None))
        .values(kvittert=now(), kvittert_kanal=str(kanal))
        .returning(Varsel.id, Varsel.person_id)
        .execution_options(synchronize_session=False)
    ).all()
    if nye:
        stopp_utsendinger(Utsending.varsel_id.in_([r.id for r in nye]))
    for person_id in sorted({r.person_id for r in nye}):
        meld("varsler.endret", person_id=person_id)
        meld("varsler.kvittert", person_id=person_id)
    return len(nye)


def bevist_kanal(person_id: UUID, siden: datetime) -> bool:
    """Whether the person has a channel that wakes for what is akutt, proven by a round trip since then."""
    return person_id in beviste([person_id], siden)


def beviste(personer: Collection[UUID], siden: datetime, naa: datetime | None = None) -> set[UUID]:
    """`bevist_kanal` of many: those who have one that exists in this installation, that they have chosen for what is
    akutt, and that they have answered by since then. Quiet hours that keep back what is akutt wake nobody: not now."""
    naa = naa or now()
    return {
        person_id
        for person_id, oppsett in _les_oppsett(personer, "akutt").items()
        for k in oppsett.egne
        if k.bevist is not None
        and k.bevist > siden
        and slipper_fram(oppsett.ro, naa)
        and k.kanal in valg.kanaler(oppsett.valgt, "akutt")
        and port.er_satt_opp(Kanal(k.kanal))
    }


def send_epost(noekkel: str, til: str, emne: str, tekst: str) -> None:
    """Queues one e-mail; it leaves after the commit, and not at all when the use case fails.

    The same `noekkel` (at most 120 signs) again is the same letter, and changes nothing. Never clinical text:
    mail is no safe place for it. The subject is one line of at most 200 signs whatever is put into it.
    """
    transaksjon()
    naa = now()
    db.session.execute(
        insert_for(Utsending, _dialekt()).on_conflict_do_nothing(index_elements=["noekkel"]),
        {
            "id": uuid4(),
            "noekkel": noekkel,
            "kanal": Kanal.EPOST,
            "til": til,
            "emne": en_linje(emne)[:200],
            # PostgreSQL takes no NUL in a text.
            "tekst": tekst.replace("\x00", ""),
            "opprettet": naa,
            "foerst": naa,
            "neste": naa,
            "forsoek": 0,
            "feil": "",
        },
    )


def en_linje(tekst: str) -> str:
    """A text as one line without control signs, fit for a header."""
    return " ".join("".join(t if t.isprintable() else " " for t in tekst).split())
