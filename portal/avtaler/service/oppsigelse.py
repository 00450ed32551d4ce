"""Giving notice, and taking it back: the owner's ends the whole agreement, a kommune's its own place in it.

A year's notice (hol § 6-5), or a shorter one where the parties have agreed to it in writing. What a notice would mean
is read and shown before it is given. The text holds until its last day for all whom it binds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from portal.avtaler import access, beskjeder, ikraft, innhold, livsloep, plikter, steps, vern
from portal.avtaler.access import Handling
from portal.avtaler.forloep import Partstatus, Side, Status
from portal.avtaler.livsmodeller import Oppsigelse
from portal.avtaler.models import Avtale, Avtalepart, Avtaleversjon, Bestemmelse
from portal.core.aktor import Aktor, Rolle
from portal.core.clock import i_dag, now
from portal.core.db import db, meld, transactional
from portal.core.errors import UgyldigData, UgyldigOvergang, Utdatert
from portal.core.sprak import _l
from portal.identitet.models import Organisasjon
from portal.revisjon.steps import logg
from portal.varsler.models import Varsel
from portal.varsler.steps import stopp_varsler

#: Signs.
LENGSTE_BEGRUNNELSE = 5_000
LENGSTE_ENIGHET = 500
LENGSTE_BREV = 500
#: Days. Entered later than this after it was given, it must say where the written notice is found; and so long the
#: others have from when they learn of it here, unless the parties have agreed to less.
_DAGER = 14
#: So many years ahead it can take effect.
LENGST_FRAM_AAR = 10
#: Who answers for the RHF's duties to the state.
RHFS_FOLK = (Rolle.KOORDINATOR, Rolle.ADMINISTRATOR)
_ARBEIDER = Aktor.system("arbeider")


@dataclass(frozen=True, slots=True)
class Frister:
    """The days of a notice as they would be stored."""

    varslet: date
    #: The first day on which it does not hold.
    virkning: date
    begrunnelse: str
    enighet: str
    brev: str

    @property
    def kort(self) -> bool:
        """Shorter than the year of the law: the parties' agreement to it is recorded."""
        return self.virkning < ikraft.ett_aar_etter(self.varslet)


@dataclass(frozen=True, slots=True)
class Foelger:
    """What a notice of the actor's organisation would mean. `frister` None: the days are not chosen yet."""

    avtale: Avtale
    versjon: Avtaleversjon
    part: Avtalepart
    #: The owner's: it ends the agreement for all.
    hele: bool
    #: The last day could not be earlier than this, given today, without the parties' agreement to it.
    tidligst: date
    frister: Frister | None
    #: The first day on which it does not hold for whom it ends: earlier than the notice says, where something else
    #: ends it before.
    slutt: date | None
    bestemmelser: Sequence[Bestemmelse]
    #: Who is bound by it and told: the others.
    andre: Sequence[Avtalepart]
    rhf: Organisasjon | None
    #: Approved by all, and waiting for its day; and what is worked on (where the actor may see it).
    venter: Avtaleversjon | None
    arbeid: Avtaleversjon | None
    #: Agreements that hang on this one, and go on.
    underavtaler: Sequence[Avtale]
    #: The state that was read: to be sent along when the notice is given.
    lest: str

    @property
    def siste(self) -> date | None:
        """The last day on which it holds for whom it ends."""
        return self.slutt - timedelta(days=1) if self.slutt else None

    @property
    def dager(self) -> int:
        """Until the first day without."""
        return (self.slutt - i_dag()).days if self.slutt else 0


# --- reading ---------------------------------------------------------------------------------------------


def forhaandsvis(
    aktor: Aktor,
    avtale_id: UUID,
    *,
    varslet: date | None = None,
    virkning: date | None = None,
    begrunnelse: str | None = None,
    enighet: str = "",
    brev: str = "",
    ikke_fnr: bool = False,
) -> Foelger:
    """What a notice would mean; with a reason (`begrunnelse`) as `gi` would take it, and its refusals.

    Raises as `gi`, and writes nothing.
    """
    avtale = access.hent(aktor, Handling.FOERE, avtale_id)
    gjelder, part = _krev_kan_sies_opp(aktor, avtale)
    frister = None
    if begrunnelse is not None:
        frister = _frister(avtale, part, varslet, virkning, begrunnelse, enighet, brev)
        _uten_identitet(frister, ikke_fnr=ikke_fnr)
    return _foelger(aktor, avtale, gjelder, part, frister)


def kan_gis(aktor: Aktor, avtale: Avtale) -> bool:
    """Whether the actor could give notice now, as to the role and as to the state."""
    try:
        _krev_kan_sies_opp(aktor, avtale)
    except UgyldigOvergang:
        return False
    return access.kan(aktor, Handling.FOERE, avtale)


def loepende(avtale_id: UUID) -> Sequence[Oppsigelse]:
    """The notices of an agreement that run, the first to take effect first."""
    return db.session.scalars(
        sa.select(Oppsigelse)
        .where(
            Oppsigelse.avtale_id == avtale_id,
            Oppsigelse.trukket.is_(None),
            Oppsigelse.avsluttet.is_(None),
            Oppsigelse.virkning > i_dag(),
        )
        .options(joinedload(Oppsigelse.organisasjon))
        .order_by(Oppsigelse.virkning, Oppsigelse.id)
    ).all()


def _foelger(
    aktor: Aktor, avtale: Avtale, gjelder: Avtaleversjon, part: Avtalepart, frister: Frister | None
) -> Foelger:
    hele = part.organisasjon_id == avtale.eier_id
    arbeid = steps.i_arbeid(avtale)
    venter = arbeid if arbeid is not None and arbeid.status == Status.GODKJENT else None
    synlig = arbeid is not None and access.kan_se_versjon(aktor, avtale, arbeid)
    slutt = None
    if frister is not None:
        # A kommune's place ends with the whole, when the owner has given notice and nothing takes over.
        tar_over = venter is not None and venter.i_kraft_fra == gjelder.i_kraft_til
        med_alle = hele or (gjelder.status == Status.OPPSAGT and not tar_over)
        slutt = min(frister.virkning, (med_alle and gjelder.i_kraft_til) or frister.virkning)
    rhf_id = access.rhf(avtale)
    return Foelger(
        avtale=avtale,
        versjon=gjelder,
        part=part,
        hele=hele,
        tidligst=ikraft.ett_aar_etter(i_dag()),
        frister=frister,
        slutt=slutt,
        bestemmelser=steps.bestemmelser(avtale.id, gjelder.nummer),
        andre=sorted(
            (
                p
                for p in avtale.parter
                if p is not part and p.status == Partstatus.DELTAR and p.fra is not None
            ),
            key=lambda p: (p.side != Side.FORETAK, p.organisasjon.kortnavn),
        ),
        rhf=db.session.get(Organisasjon, rhf_id) if rhf_id is not None else None,
        venter=venter,
        arbeid=arbeid if synlig and arbeid is not venter and arbeid is not gjelder else None,
        underavtaler=_underavtaler(aktor, avtale) if hele else [],
        lest=_lest(avtale, gjelder),
    )


def _underavtaler(aktor: Aktor, avtale: Avtale) -> Sequence[Avtale]:
    """What hangs on it and holds: agreements of their own, that end by a notice of their own."""
    av = sa.select(Avtaleversjon.avtale_id).where(steps.i_kraft(i_dag()))
    return db.session.scalars(
        sa.select(Avtale)
        .where(Avtale.overordnet_id == avtale.id, access.synlige(aktor), Avtale.id.in_(av))
        .order_by(Avtale.nummer, Avtale.tittel, Avtale.id)
    ).all()


def _lest(avtale: Avtale, gjelder: Avtaleversjon) -> str:
    """What the one who gives notice has looked at: the version that holds, and the one that waits for its day."""
    arbeid = steps.i_arbeid(avtale)
    venter = arbeid.nummer if arbeid is not None and arbeid.status == Status.GODKJENT else 0
    return f"{gjelder.nummer}.{venter}"


# --- giving ----------------------------------------------------------------------------------------------


@transactional
def gi(
    aktor: Aktor,
    avtale_id: UUID,
    *,
    varslet: date | None = None,
    virkning: date | None = None,
    begrunnelse: str,
    enighet: str = "",
    brev: str = "",
    ikke_fnr: bool = False,
    lest: str | None = None,
) -> UUID:
    """Gives notice for the actor's organisation: given on `varslet` (None: today), to take effect on `virkning` (None:
    a year later). All parties and the RHF are told, and the RHF has a task (hol § 6-5). Gives its id.

    Raises UgyldigData by field: less than a year, or two weeks from today, without the parties' agreement to it
    (`enighet`), long after it was given without where the written one is found (`brev`), a day that cannot be, a
    national identity number; UgyldigOvergang where nothing holds for the organisation, or it has given notice already;
    Utdatert when another version holds than the one that was read (`lest`).
    """
    avtale = access.hent(aktor, Handling.FOERE, avtale_id, laas=True)
    # What has come into force by its date is what is ended, however late the worker is.
    ikraft.foelg_datoene(_ARBEIDER, avtale)
    gjelder, part = _krev_kan_sies_opp(aktor, avtale)
    if lest is not None and lest != _lest(avtale, gjelder):
        raise Utdatert(
            _l("Avtalen er endret etter at du åpnet siden. Se hva oppsigelsen betyr nå, og bekreft på nytt."),
            lest=_lest(avtale, gjelder),
        )
    frister = _frister(avtale, part, varslet, virkning, begrunnelse, enighet, brev)
    sluppet = _uten_identitet(frister, ikke_fnr=ikke_fnr)
    rad = Oppsigelse(
        id=uuid4(),
        avtale_id=avtale.id,
        organisasjon_id=part.organisasjon_id,
        varslet=frister.varslet,
        virkning=frister.virkning,
        begrunnelse=frister.begrunnelse,
        enighet=frister.enighet,
        brev=frister.brev,
        registrert=now(),
        registrert_av_id=aktor.person_id,
    )
    db.session.add(rad)
    hele = part.organisasjon_id == avtale.eier_id
    if hele:
        gjelder.flytt_til(Status.OPPSAGT)
        if gjelder.i_kraft_til is None or gjelder.i_kraft_til > frister.virkning:
            gjelder.i_kraft_til = frister.virkning
        arbeid = steps.i_arbeid(avtale)
        if arbeid is not None and arbeid.status == Status.TIL_GODKJENNING:
            # It may begin earlier now, and bind who would have left by the day that was wanted.
            db.session.flush()
            ikraft.spoer_resten(aktor, avtale, arbeid)
    else:
        part.til = frister.virkning
    db.session.flush()
    logg(
        aktor,
        "avtale.oppsagt",
        "avtale",
        avtale.id,
        nummer=gjelder.nummer,
        oppsigelse=rad.id,
        varslet=rad.varslet.isoformat(),
        virkning=rad.virkning.isoformat(),
        hele=hele,
        # Whether it was given: what it says may not stand for ever where nothing is taken away.
        enighet=bool(rad.enighet),
        brev=bool(rad.brev),
        sluppet_tall=sluppet,
    )
    plikter.varsle_hdir(avtale, rad, gjelder.tittel or avtale.tittel)
    _si_alle(aktor, avtale, part, rad, hele=hele)
    meld("avtale.endret", avtale_id=avtale.id)
    return rad.id


def _krev_kan_sies_opp(aktor: Aktor, avtale: Avtale) -> tuple[Avtaleversjon, Avtalepart]:
    """The version that holds and the own place in it. Raises UgyldigOvergang."""
    gjelder = steps.holder(avtale)
    if gjelder is None:
        raise UgyldigOvergang(_l("Avtalen gjelder ikke nå, og det er ingenting å si opp."))
    part = access.part(avtale, aktor.organisasjon_id)
    if part is None or part.status != Partstatus.DELTAR or part.fra is None or part.fra > i_dag():
        raise UgyldigOvergang(
            _l("Avtalen binder dere ikke ennå. Takk nei til invitasjonen på siden Parter i stedet.")
        )
    egen = next((o for o in loepende(avtale.id) if o.organisasjon_id == part.organisasjon_id), None)
    if egen is not None:
        raise UgyldigOvergang(
            _l("Dere har alt sagt opp. Oppsigelsen virker fra %(dag)s.", dag=f"{egen.virkning:%d.%m.%Y}"),
            kode="alt_oppsagt",
        )
    if part.til is not None:
        raise UgyldigOvergang(_l("Dere går alt ut av avtalen, %(dag)s.", dag=f"{part.til:%d.%m.%Y}"))
    return gjelder, part


def _frister(
    avtale: Avtale,
    part: Avtalepart,
    varslet: date | None,
    virkning: date | None,
    begrunnelse: str,
    enighet: str,
    brev: str,
) -> Frister:
    """The notice as it is stored. Raises UgyldigData with all that is wrong."""
    felter: dict[str, list[Any]] = {}
    dag = i_dag()
    varslet = varslet or dag
    begynte = _bundet_fra(avtale, part)
    if varslet > dag:
        felter["varslet"] = [_l("Oppsigelsen må være gitt: velg i dag eller en dag som har vært.")]
    elif varslet < begynte:
        felter["varslet"] = [
            _l("Avtalen gjaldt ikke da. Velg %(dag)s eller en senere dag.", dag=f"{begynte:%d.%m.%Y}")
        ]
    aar = ikraft.ett_aar_etter(varslet)
    virkning = virkning or aar
    begrunnelse = _tekst(felter, "begrunnelse", begrunnelse, LENGSTE_BEGRUNNELSE)
    enighet = _tekst(felter, "enighet", enighet, LENGSTE_ENIGHET)
    brev = _tekst(felter, "brev", brev, LENGSTE_BREV)
    if not begrunnelse and "begrunnelse" not in felter:
        felter["begrunnelse"] = [_l("Skriv hvorfor, så de andre partene vet det.")]
    if "varslet" not in felter:
        if (dag - varslet).days > _DAGER and not brev and "brev" not in felter:
            felter["brev"] = [
                _l(
                    "Oppsigelsen ble gitt for mer enn %(antall)s dager siden. Skriv hvor den skriftlige oppsigelsen "
                    "finnes, for eksempel «Brev 3. mars, sak 26/114».",
                    antall=_DAGER,
                )
            ]
        if virkning <= dag:
            felter["virkning"] = [_l("Dagen må komme: velg i morgen eller senere.")]
        elif virkning.year > dag.year + LENGST_FRAM_AAR:
            felter["virkning"] = [_l("Dagen er for langt fram: høyst %(aar)s år.", aar=LENGST_FRAM_AAR)]
        elif virkning < aar and not enighet and "enighet" not in felter:
            felter["virkning"] = [
                _l(
                    "Fristen er ett år: tidligst %(dag)s. Er partene enige om en kortere frist, skriv nedenfor hvor "
                    "det står.",
                    dag=f"{aar:%d.%m.%Y}",
                )
            ]
        elif virkning < dag + timedelta(days=_DAGER) and not enighet and "enighet" not in felter:
            felter["virkning"] = [
                _l(
                    "De andre partene må få tid: tidligst %(dag)s. Er partene enige om en kortere frist, skriv "
                    "nedenfor hvor det står.",
                    dag=f"{dag + timedelta(days=_DAGER):%d.%m.%Y}",
                )
            ]
    if felter:
        raise UgyldigData(felter=felter)
    return Frister(varslet, virkning, begrunnelse, " ".join(enighet.split()), " ".join(brev.split()))


def _uten_identitet(frister: Frister, *, ikke_fnr: bool) -> int:
    tekster = {"begrunnelse": frister.begrunnelse, "enighet": frister.enighet, "brev": frister.brev}
    return vern.stopp_identitet(tekster, ikke_fnr=ikke_fnr)


def _bundet_fra(avtale: Avtale, part: Avtalepart) -> date:
    """The first day on which the agreement held for the party."""
    assert part.fra is not None
    if part.organisasjon_id != avtale.eier_id:
        return part.fra
    return min(v.i_kraft_fra for v in avtale.versjoner if v.i_kraft_fra is not None)


def _tekst(felter: dict[str, list[Any]], felt: str, tekst: str, lengde: int) -> str:
    if innhold.ULOVLIGE.search(tekst):
        felter[felt] = [_l("Teksten har tegn som ikke kan lagres. Skriv den inn på nytt, uten å lime inn.")]
        return tekst
    tekst = innhold.ren(tekst)
    if len(tekst) > lengde:
        felter[felt] = [_l("Teksten er for lang: høyst %(antall)s tegn.", antall=lengde)]
    return tekst


# --- telling ---------------------------------------------------------------------------------------------


def _si_alle(aktor: Aktor, avtale: Avtale, part: Avtalepart, rad: Oppsigelse, *, hele: bool) -> None:
    navn = part.organisasjon.visningsnavn
    dag = f"{rad.virkning:%d.%m.%Y}"
    parter = [p.organisasjon_id for p in avtale.parter if p.status in access.MED]
    tittel = _l("Avtale sagt opp: %(tittel)s", tittel=avtale.tittel)
    tekst = (
        _l("%(navn)s har sagt opp avtalen. Den gjelder ikke fra %(dag)s.", navn=navn, dag=dag)
        if hele
        else _l(
            "%(navn)s har sagt opp for sin del, fra %(dag)s. For de andre gjelder avtalen som før.",
            navn=navn,
            dag=dag,
        )
    )
    beskjeder.si(aktor, avtale, parter, "avtale.oppsagt", _noekkel(rad), tittel, tekst, sti="/livet")
    rhf = access.rhf(avtale)
    if rhf is not None and rhf not in parter:
        beskjeder.si(
            aktor,
            avtale,
            [rhf],
            "avtale.oppsagt",
            f"{_noekkel(rad)}:rhf",
            tittel,
            _l(
                "%(navn)s har sagt opp, med virkning fra %(dag)s. Varsle Helsedirektoratet, og før det på siden.",
                navn=navn,
                dag=dag,
            ),
            sti="/livet",
            roller=RHFS_FOLK,
        )


def _noekkel(rad: Oppsigelse) -> str:
    return f"avtale.oppsagt:{rad.id}"


# --- taking back -----------------------------------------------------------------------------------------


@transactional
def trekk(aktor: Aktor, oppsigelse_id: UUID) -> None:
    """Takes the own organisation's notice back while it runs: what held, holds on.

    A kommune is asked to approve what the others have been asked about meanwhile. The RHF's task falls, and all who
    were told are told again. Raises UgyldigOvergang once it has had its effect, is
    taken back already, or a new version has taken the old one's place.
    """
    avtale, rad = access.hent_oppsigelse(aktor, Handling.FOERE, oppsigelse_id, laas=True)
    if rad.trukket is not None:
        raise UgyldigOvergang(_l("Oppsigelsen er alt trukket."))
    ikraft.foelg_datoene(_ARBEIDER, avtale)
    gjelder = steps.holder(avtale)
    if rad.avsluttet is not None or rad.virkning <= i_dag() or gjelder is None:
        raise UgyldigOvergang(
            _l("Oppsigelsen løper ikke lenger, og kan ikke trekkes. Se hva som gjelder nå.")
        )
    rad.trukket = now()
    if rad.organisasjon_id == avtale.eier_id:
        _hold_fram(avtale, gjelder)
    else:
        part = access.part(avtale, rad.organisasjon_id)
        if part is None:
            raise UgyldigOvergang()
        part.til = None
        db.session.flush()
        ikraft.spoer_paa_nytt(aktor, avtale, gjelder)
    db.session.flush()
    plikter.varsle_ikke(avtale, rad)
    plikter.lag_oppgaver(avtale, gjelder)
    logg(aktor, "avtale.oppsigelse_trukket", "avtale", avtale.id, oppsigelse=rad.id)
    stopp_varsler(
        Varsel.gjelder == beskjeder.gjelder(avtale.id),
        Varsel.noekkel.startswith(_noekkel(rad)),
        Varsel.stoppet.is_(None),
    )
    _si_trukket(aktor, avtale, rad)
    meld("avtale.endret", avtale_id=avtale.id)


def _hold_fram(avtale: Avtale, gjelder: Avtaleversjon) -> None:
    """The version holds on: until the one that waits for its day, or with no end."""
    arbeid = steps.i_arbeid(avtale)
    gjelder.flytt_til(Status.GJELDENDE)
    gjelder.i_kraft_til = arbeid.i_kraft_fra if arbeid is not None else None
    if arbeid is not None:
        livsloep.begynn_revisjon(avtale)


def _si_trukket(aktor: Aktor, avtale: Avtale, rad: Oppsigelse) -> None:
    parter = [p.organisasjon_id for p in avtale.parter if p.status in access.MED]
    navn = rad.organisasjon.visningsnavn
    tittel = _l("Oppsigelse trukket: %(tittel)s", tittel=avtale.tittel)
    noekkel = f"avtale.oppsigelse_trukket:{rad.id}"
    beskjeder.si(
        aktor,
        avtale,
        parter,
        "avtale.oppsigelse_trukket",
        noekkel,
        tittel,
        _l("%(navn)s har trukket oppsigelsen. Avtalen gjelder som før.", navn=navn),
        sti="/livet",
    )
    rhf = access.rhf(avtale)
    if rhf is not None and rhf not in parter:
        beskjeder.si(
            aktor,
            avtale,
            [rhf],
            "avtale.oppsigelse_trukket",
            f"{noekkel}:rhf",
            tittel,
            _l(
                "%(navn)s har trukket oppsigelsen. Har dere alt varslet Helsedirektoratet, si fra der om det også.",
                navn=navn,
            ),
            sti="/livet",
            roller=RHFS_FOLK,
        )
