"""Assessing whether a kommune needs more places, together with its trust (hol § 6-2 first paragraph item 4). Use cases.

Either side begins it and writes it; the figures are the registry's. Each side decides for itself on the same text: a
change after the first decision voids it. Decided, both get a task for the next look.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid4

import orjson
import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from portal.avtaler.vern import stopp_identitet
from portal.core.aktor import Aktor
from portal.core.clock import i_dag, now
from portal.core.db import db, meld, transactional
from portal.core.errors import Konflikt, UgyldigData, UgyldigOvergang, Utdatert
from portal.core.sprak import _l
from portal.identitet.models import Organisasjon, Organisasjonstype
from portal.identitet.mottakere import med_rolle
from portal.oppgaver import steps as oppgaver
from portal.plasser import access, behovstall
from portal.plasser.forloep import Vurderingsstatus
from portal.plasser.historikk import Behovsvurdering
from portal.plasser.models import Plassenhet, Plassmedlem
from portal.revisjon.steps import logg as revider
from portal.varsler.steps import stopp, varsle_alle

#: What the two sides write.
TEKSTFELTER = ("vurdering", "veiledning", "personell", "utstyr", "konklusjon")
FELTER = (*TEKSTFELTER, "flere_plasser", "neste")
#: The kind of task that the next look is.
OPPGAVE = "plasser.behov"
#: The longest period that can be asked for, and the first one proposed, in days.
LENGSTE_DAGER = 3 * 366
#: Of fewer days the figures of a small unit would be of one person.
KORTESTE_DAGER = 28
FOERSTE_DAGER = 365
I_ARBEID = (Vurderingsstatus.UTKAST, Vurderingsstatus.VENTER)
BEGYNT, VENTER, FALT = "plasser.behov_begynt", "plasser.behov_venter", "plasser.behov_falt"
BESLUTTET, FORKASTET = "plasser.behov_besluttet", "plasser.behov_forkastet"


# --- reading ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Kommunerad:
    """A kommune in the list: where its assessment stands. `for_sent`: the day for the next look has come."""

    kommune: Organisasjon
    #: None: it has a place in no unit that the registry knows.
    kvote: int | None
    i_arbeid: Behovsvurdering | None
    siste: Behovsvurdering | None
    for_sent: bool

    @property
    def mangler(self) -> bool:
        return self.siste is None

    @property
    def staar(self) -> str:
        """The one heading it is counted under: `i_arbeid`, `for_sent`, `mangler` or `besluttet`."""
        if self.i_arbeid is not None:
            return "i_arbeid"
        if self.for_sent:
            return "for_sent"
        return "mangler" if self.mangler else "besluttet"


@dataclass(frozen=True, slots=True)
class Liste:
    """`rader`: the trust's kommuner, or the kommune alone. `historie`: a kommune's own, the newest first."""

    rader: list[Kommunerad]
    historie: Sequence[Behovsvurdering]
    kan_vurdere: bool
    er_foretak: bool


@dataclass(frozen=True, slots=True)
class Side:
    vurdering: Behovsvurdering
    kan_skrive: bool
    #: Whose side the actor is on: «kommune» or «foretak».
    side: str
    egen_besluttet: bool
    #: Why nobody can decide yet, by field.
    mangler: dict[str, list[Any]]
    #: The actor has decided for the other side.
    samme_person: bool
    tidligere: Sequence[Behovsvurdering]


def hent_liste(aktor: Aktor) -> Liste:
    """The assessments of one's own kommune, or of all the kommuner of one's own trust. Raises IkkeTilgang."""
    if aktor.person_id is None or aktor.medlemskap_id is None:
        access.nekt(aktor, access.Handling.SE, "behovsvurdering", None, finnes=True)
    er_foretak = aktor.organisasjon_type != Organisasjonstype.KOMMUNE
    kommuner = db.session.scalars(
        sa.select(Organisasjon)
        .where(
            Organisasjon.type == Organisasjonstype.KOMMUNE,
            Organisasjon.nedlagt.is_(None),
            Organisasjon.helseforetak_id == aktor.organisasjon_id
            if er_foretak
            else Organisasjon.id == aktor.organisasjon_id,
        )
        .order_by(Organisasjon.kortnavn)
    ).all()
    vurderinger = _av([k.id for k in kommuner])
    kvoter = _kvoter([k.id for k in kommuner])
    idag = i_dag()
    rader = []
    for k in kommuner:
        egne = [v for v in vurderinger if v.kommune_id == k.id]
        siste = next((v for v in egne if v.status == Vurderingsstatus.BESLUTTET), None)
        rader.append(
            Kommunerad(
                k,
                kvoter.get(k.id),
                next((v for v in egne if v.status in I_ARBEID), None),
                siste,
                siste is not None and siste.neste is not None and siste.neste <= idag,
            )
        )
    historie = [v for v in vurderinger if v.status not in I_ARBEID] if not er_foretak else []
    return Liste(rader, historie, aktor.rolle in access.VURDERER and bool(rader), er_foretak)


def _av(kommuner: Sequence[UUID]) -> Sequence[Behovsvurdering]:
    return db.session.scalars(
        sa.select(Behovsvurdering)
        .where(Behovsvurdering.kommune_id.in_(kommuner))
        .options(joinedload(Behovsvurdering.kommune), joinedload(Behovsvurdering.foretak))
        .order_by(Behovsvurdering.opprettet.desc(), Behovsvurdering.id)
    ).all()


def _kvoter(kommuner: Sequence[UUID]) -> dict[UUID, int]:
    rader = db.session.execute(
        sa.select(Plassmedlem.kommune_id, sa.func.sum(Plassmedlem.kvote).label("kvote"))
        .join(Plassenhet, Plassenhet.id == Plassmedlem.plassenhet_id)
        .where(
            Plassmedlem.kommune_id.in_(kommuner),
            Plassenhet.nedlagt.is_(None),
            Plassmedlem.i_dag(),
        )
        .group_by(Plassmedlem.kommune_id)
    )
    return {r.kommune_id: int(r.kvote) for r in rader}


def hent(aktor: Aktor, vurdering_id: UUID) -> Side:
    """One assessment, with the earlier ones of the kommune. Raises IkkeFunnet for others than its two sides."""
    v = access.hent_vurdering(aktor, vurdering_id)
    paa_kommunen = aktor.organisasjon_id == v.kommune_id
    return Side(
        v,
        access.kan_vurdere(aktor, v) and v.status in I_ARBEID,
        "kommune" if paa_kommunen else "foretak",
        (v.kommune_besluttet if paa_kommunen else v.foretak_besluttet) is not None,
        _mangler(v),
        aktor.person_id is not None
        and aktor.person_id == (v.foretak_besluttet_av_id if paa_kommunen else v.kommune_besluttet_av_id),
        [
            t
            for t in _av([v.kommune_id])
            if t.id != v.id
            and aktor.organisasjon_id in (t.kommune_id, t.foretak_id)
            and t.status == Vurderingsstatus.BESLUTTET
        ],
    )


# --- beginning and writing -------------------------------------------------------------------------------


@transactional
def begynn(aktor: Aktor, kommune_id: UUID) -> UUID:
    """Begins an assessment of the last year, with the registry's figures. Gives its id; the one in work where there is.

    Raises IkkeFunnet, IkkeTilgang, and UgyldigOvergang for a kommune without a trust in the register.
    """
    kommune = access.hent_til_vurdering(aktor, kommune_id)
    if kommune.helseforetak_id is None:
        raise UgyldigOvergang(
            _l("Registeret sier ikke hvilket helseforetak kommunen hører til. Be om at det blir rettet.")
        )
    i_arbeid = db.session.scalar(
        sa.select(Behovsvurdering.id).where(
            Behovsvurdering.kommune_id == kommune.id, Behovsvurdering.status.in_(I_ARBEID)
        )
    )
    if i_arbeid is not None:
        return i_arbeid
    til = i_dag() - timedelta(days=1)
    fra = til - timedelta(days=FOERSTE_DAGER - 1)
    v = Behovsvurdering(
        id=uuid4(),
        kommune_id=kommune.id,
        foretak_id=kommune.helseforetak_id,
        status=Vurderingsstatus.UTKAST,
        fra=fra,
        til=til,
        tall=behovstall.tall(kommune.id, fra, til),
        opprettet=now(),
        opprettet_av_id=aktor.person_id,
        **dict.fromkeys(TEKSTFELTER, ""),
    )
    v.innhold_hash = _hash(v)
    db.session.add(v)
    db.session.flush()
    revider(aktor, "plasser.behov_begynt", "behovsvurdering", v.id, kommune=kommune.navn)
    _si(
        aktor,
        v,
        [_andre(aktor, v)],
        BEGYNT,
        _l("Vurdering av ØHD-plasser i %(kommune)s er begynt", kommune=kommune.kortnavn),
        _l("Begge sider skriver i den, og begge beslutter."),
    )
    meld("plasser.behov_endret", vurdering_id=v.id)
    return v.id


@transactional
def skriv(
    aktor: Aktor,
    vurdering_id: UUID,
    *,
    lest: int,
    fra: date,
    til: date,
    hent_tall: bool = False,
    ikke_fnr: bool = False,
    **felter: Any,
) -> bool:
    """Writes what the form holds, and fills the figures in anew for another period or when asked to. Gives whether
    it voided the one decision there was.

    Raises Utdatert when somebody has written since `lest`; UgyldigData by field; UgyldigOvergang for a closed one.
    """
    v = _aapen(aktor, vurdering_id)
    if v.versjon != lest:
        raise Utdatert(
            _l("Noen har skrevet i vurderingen etter at du åpnet den. Se det nye, og lagre på nytt.")
        )
    sluppet = stopp_identitet({k: str(felter.get(k) or "") for k in TEKSTFELTER}, ikke_fnr=ikke_fnr)
    _krev_periode(fra, til)
    # PostgreSQL takes no NUL in a text.
    nye = {
        k: (felter.get(k) or "").replace("\x00", "").replace("\r\n", "\n").strip() for k in TEKSTFELTER
    } | {k: felter.get(k) for k in ("flere_plasser", "neste")}
    for k, verdi in nye.items():
        setattr(v, k, verdi)
    if hent_tall or (v.fra, v.til) != (fra, til):
        v.fra, v.til = fra, til
        v.tall = behovstall.tall(v.kommune_id, fra, til)
    ny = _hash(v)
    if ny == v.innhold_hash:
        return False
    v.innhold_hash = ny
    falt = v.status == Vurderingsstatus.VENTER
    if falt:
        _fall(aktor, v)
    revider(
        aktor, "plasser.behov_skrevet", "behovsvurdering", v.id, sluppet_tall=sluppet, beslutning_falt=falt
    )
    meld("plasser.behov_endret", vurdering_id=v.id)
    return falt


def _krev_periode(fra: date, til: date) -> None:
    if til >= i_dag():
        raise UgyldigData(
            felter={"til": [_l("Perioden må slutte senest i går: dagen i dag er ikke ferdig.")]}
        )
    if fra > til:
        raise UgyldigData(felter={"fra": [_l("Perioden må begynne før den slutter.")]})
    if (til - fra).days + 1 < KORTESTE_DAGER:
        raise UgyldigData(
            felter={
                "fra": [
                    _l("Perioden må være på minst fire uker: tall for færre dager kan handle om én pasient.")
                ]
            }
        )
    if (til - fra).days + 1 > LENGSTE_DAGER:
        raise UgyldigData(felter={"fra": [_l("Perioden kan være på høyst tre år.")]})


def _fall(aktor: Aktor, v: Behovsvurdering) -> None:
    """The text has changed under the one decision there was: it counts no more, and that side is told."""
    besluttet = [
        org
        for org, tid in ((v.kommune_id, v.kommune_besluttet), (v.foretak_id, v.foretak_besluttet))
        if tid is not None
    ]
    v.kommune_besluttet = v.kommune_besluttet_av_id = None
    v.foretak_besluttet = v.foretak_besluttet_av_id = None
    v.flytt_til(Vurderingsstatus.UTKAST)
    stopp(_gjelder(v.id), koder=[VENTER])
    _si(
        aktor,
        v,
        besluttet,
        FALT,
        _l("Vurderingen av ØHD-plasser i %(kommune)s er endret", kommune=v.kommune.kortnavn),
        _l("Beslutningen deres gjaldt teksten slik den var. Les det nye, og beslutt på nytt."),
    )


# --- deciding --------------------------------------------------------------------------------------------


@transactional
def beslutt(aktor: Aktor, vurdering_id: UUID, *, lest_hash: str) -> bool:
    """Decides for one's own side on the text that was read. Gives whether both sides have decided now.

    Raises Utdatert for another text than that, UgyldigData by field for what is not filled in, Konflikt for who has
    decided for the other side, UgyldigOvergang for one's own side's second time.
    """
    v = _aapen(aktor, vurdering_id)
    if v.innhold_hash != lest_hash:
        raise Utdatert(_l("Vurderingen er endret etter at du leste den. Les det nye, og beslutt så."))
    _krev_ferdig(v)
    paa_kommunen = aktor.organisasjon_id == v.kommune_id
    egen, andre = (
        (v.kommune_besluttet, v.foretak_besluttet_av_id)
        if paa_kommunen
        else (v.foretak_besluttet, v.kommune_besluttet_av_id)
    )
    if egen is not None:
        raise UgyldigOvergang(_l("Deres side har alt besluttet. Nå venter den andre sidens beslutning."))
    if andre is not None and andre == aktor.person_id:
        raise Konflikt(
            _l("Du har besluttet for den andre siden. En annen må beslutte for denne."), kode="samme_person"
        )
    naa = now()
    if paa_kommunen:
        v.kommune_besluttet, v.kommune_besluttet_av_id = naa, aktor.person_id
    else:
        v.foretak_besluttet, v.foretak_besluttet_av_id = naa, aktor.person_id
    begge = v.status == Vurderingsstatus.VENTER
    v.flytt_til(Vurderingsstatus.BESLUTTET if begge else Vurderingsstatus.VENTER)
    db.session.flush()
    stopp(_gjelder(v.id))
    if begge:
        _ferdig(aktor, v)
    else:
        _si(
            aktor,
            v,
            [_andre(aktor, v)],
            VENTER,
            _l("Vurderingen av ØHD-plasser i %(kommune)s venter på dere", kommune=v.kommune.kortnavn),
            _l("Den andre siden har besluttet. Les vurderingen, og beslutt den eller endre den."),
        )
    revider(
        aktor,
        "plasser.behov_besluttet",
        "behovsvurdering",
        v.id,
        side="kommune" if paa_kommunen else "foretak",
        begge=begge,
        innhold_hash=v.innhold_hash,
    )
    meld("plasser.behov_endret", vurdering_id=v.id)
    return begge


def _krev_ferdig(v: Behovsvurdering) -> None:
    if felter := _mangler(v):
        raise UgyldigData(felter=felter)


def _mangler(v: Behovsvurdering) -> dict[str, list[Any]]:
    """What must be filled in before it can be decided, by field."""
    felter: dict[str, list[Any]] = {}
    for felt in ("vurdering", "konklusjon"):
        if not getattr(v, felt):
            felter[felt] = [_l("Dette må fylles ut før vurderingen kan besluttes.")]
    if v.flere_plasser is None:
        felter["flere_plasser"] = [_l("Skriv hvor mange flere plasser kommunen trenger. 0 hvis ingen.")]
    if v.neste is None or v.neste <= i_dag():
        felter["neste"] = [_l("Velg en dag som kommer, da dere ser på behovet igjen.")]
    return felter


def _ferdig(aktor: Aktor, v: Behovsvurdering) -> None:
    """Both sides have decided: what an earlier one asked for is done, and the next look is a task of both."""
    assert v.neste is not None
    tidligere = db.session.scalars(
        sa.select(Behovsvurdering.id).where(
            Behovsvurdering.kommune_id == v.kommune_id,
            Behovsvurdering.status == Vurderingsstatus.BESLUTTET,
            Behovsvurdering.id != v.id,
        )
    ).all()
    for organisasjon_id in (v.kommune_id, v.foretak_id):
        for gammel in tidligere:
            oppgaver.fullfoer(aktor, _oppgavenoekkel(gammel, organisasjon_id))
        oppgaver.opprett(
            organisasjon_id,
            noekkel=_oppgavenoekkel(v.id, organisasjon_id),
            kode=OPPGAVE,
            tittel=v.kommune.visningsnavn,
            frist=v.neste,
            gjelder=_gjelder(v.id),
            lenke="/plasser/behov",
            opprettet_av_id=aktor.person_id,
        )
    _si(
        aktor,
        v,
        [v.kommune_id, v.foretak_id],
        BESLUTTET,
        _l("Behovet for ØHD-plasser i %(kommune)s er besluttet", kommune=v.kommune.kortnavn),
        _l("Begge sider har besluttet den samme vurderingen."),
    )


@transactional
def forkast(aktor: Aktor, vurdering_id: UUID, *, lest: int) -> None:
    """Lays an assessment aside; it stays readable, and another can be begun. Raises Utdatert, UgyldigOvergang."""
    v = _aapen(aktor, vurdering_id)
    if v.versjon != lest:
        raise Utdatert()
    v.flytt_til(Vurderingsstatus.FORKASTET)
    stopp(_gjelder(v.id))
    revider(aktor, "plasser.behov_forkastet", "behovsvurdering", v.id)
    _si(
        aktor,
        v,
        [_andre(aktor, v)],
        FORKASTET,
        _l("Vurderingen av ØHD-plasser i %(kommune)s er lagt bort", kommune=v.kommune.kortnavn),
    )
    meld("plasser.behov_endret", vurdering_id=v.id)


# --- shared ----------------------------------------------------------------------------------------------


def _aapen(aktor: Aktor, vurdering_id: UUID) -> Behovsvurdering:
    v = access.hent_vurdering(aktor, vurdering_id, endre=True, laas=True)
    if v.status not in I_ARBEID:
        raise UgyldigOvergang(
            _l("Vurderingen er avsluttet. Begynn en ny hvis dere vil vurdere behovet igjen.")
        )
    return v


def _andre(aktor: Aktor, v: Behovsvurdering) -> UUID:
    return v.foretak_id if aktor.organisasjon_id == v.kommune_id else v.kommune_id


def _gjelder(vurdering_id: UUID) -> str:
    return f"behovsvurdering:{vurdering_id}"


def _oppgavenoekkel(vurdering_id: UUID, organisasjon_id: UUID) -> str:
    return f"{OPPGAVE}:{vurdering_id}:{organisasjon_id}"


def _hash(v: Behovsvurdering) -> str:
    """What both sides decide on: the figures with their period, and every word of it."""
    innhold = {
        "fra": v.fra.isoformat(),
        "til": v.til.isoformat(),
        "tall": v.tall,
        **{k: getattr(v, k) or "" for k in TEKSTFELTER},
        "flere_plasser": v.flere_plasser,
        "neste": v.neste.isoformat() if v.neste else None,
    }
    return sha256(orjson.dumps(innhold, option=orjson.OPT_SORT_KEYS)).hexdigest()


def _si(
    aktor: Aktor, v: Behovsvurdering, organisasjoner: Sequence[UUID], kode: str, tittel: Any, tekst: Any = ""
) -> None:
    mottakere = [
        m
        for org in organisasjoner
        for m in med_rolle(org, sorted(access.VURDERER))
        if m.person_id != aktor.person_id
    ]
    varsle_alle(
        mottakere,
        # One text, decided and voided and decided again: each time is told.
        noekkel=f"{kode}:{v.id}:{v.versjon}",
        kode=kode,
        tittel=tittel,
        tekst=tekst,
        lenke=f"/plasser/behov/{v.id}",
        gjelder=_gjelder(v.id),
    )
