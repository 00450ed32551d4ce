"""Who looked, and why: opening a case with a stated reason, the case's own log, and unusual patterns."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from statistics import median
from typing import Any
from uuid import UUID

import orjson
import sqlalchemy as sa

from portal.core.aktor import Aktor, Rolle
from portal.core.clock import now
from portal.core.config import innstillinger
from portal.core.db import db, transactional, uavhengig
from portal.core.errors import IkkeFunnet, IkkeTilgang, Konflikt, UgyldigData
from portal.core.sprak import _, _l, paa_spraak
from portal.henvendelser import access, steps
from portal.henvendelser.forloep import INNSYN_VARER, Handling, Hendelsestype, Innsynsgrunn
from portal.henvendelser.models import Deltaker, Hendelse, Henvendelse, Innsyn, Innsynsoppfoelging
from portal.identitet.access import medlemskap_gyldig
from portal.identitet.models import Medlemskap, Person
from portal.identitet.steps import aktor_for_medlemskap
from portal.revisjon import steps as revisjon
from portal.revisjon.models import Revisjon
from portal.revisjon.ord import AAPNINGER
from portal.varsler.steps import send_epost

#: A reason must say something: so many characters that are not spaces, and so many different letters.
MINST_TEGN = 10
MINST_BOKSTAVER = 4
MAKS_BEGRUNNELSE = 1000
#: Rows of the case's log on a page.
PER_SIDE = 100

# --- thresholds of what is unusual -----------------------------------------------------------------------

#: Long enough for a rota to come round, short enough to remember why.
PERIODE = timedelta(days=30)
#: To state a reason is the exception: once a week is more than covering for colleagues usually asks for.
MANGE_MED_GRUNN = 5
#: Whoever is on call may look at all that waits. Twenty cases that one never took part in is browsing.
MANGE_UTENFOR = 20
#: So many times what is usual in the same role and organisation …
GANGER_MEDIANEN = 3
#: … counted from so many openings, since three times nothing is nothing, and among so many people.
MINST_UTENFOR = 5
MINST_KOLLEGER = 4
#: People that are listed, those with the most: more are no list to follow up but a rule to change.
MAKS_LISTET = 100
#: Case numbers that are listed for each person.
SAKER_VIST = 30

KAN_FOELGE_OPP = (Rolle.ADMINISTRATOR, Rolle.SYSTEMADMINISTRATOR)


def krev_begrunnelse(tekst: str, felt: str) -> None:
    """Demands a reason in words. Spaces, invisible characters and one letter over and over are none."""
    synlige = [t for t in tekst if not t.isspace() and unicodedata.category(t)[0] != "C"]
    bokstaver = {t.casefold() for t in synlige if t.isalpha()}
    if len(tekst) > MAKS_BEGRUNNELSE:
        raise UgyldigData(
            felter={felt: [_l("Teksten er for lang: grensen er 1 000 tegn. Skriv bare det som trengs.")]}
        )
    if len(synlige) < MINST_TEGN or len(bokstaver) < MINST_BOKSTAVER:
        raise UgyldigData(felter={felt: [_l("Skriv hvorfor med egne ord, minst 10 tegn.")]})


@transactional
def aapne_med_grunn(
    aktor: Aktor, saksnummer: str, grunn: str, begrunnelse: str, *, ikke_fnr: bool = False
) -> UUID:
    """Opens a case by its number for a clinician of one of the two organisations who states a reason.

    The reason stands in the case's log, where the responsible and everybody else see it, and is told by mail; the
    audit log holds its code and never its words. A case that the actor may see already is only given back. Raises
    IkkeFunnet for everybody else, IkkeTilgang for who is no clinician, and UgyldigData for a reason that is none.
    """
    access.krev_kliniker(aktor, "innsyn")
    grunn = Innsynsgrunn(grunn)
    krev_begrunnelse(begrunnelse, "begrunnelse")
    sluppet = steps.stopp_identitet({"begrunnelse": begrunnelse}, ikke_fnr=ikke_fnr)
    # One at a time per person: a double click is one opening.
    db.session.execute(
        sa.select(Person.id).where(Person.id == aktor.person_id).with_for_update(key_share=True)
    )
    sak = access.hent_for_innsyn(aktor, saksnummer)
    assert aktor.medlemskap_id is not None and aktor.person_id is not None
    if access.synlige_par([(aktor.medlemskap_id, sak.id)]):
        return sak.id
    naa = now()
    db.session.add(
        Innsyn(
            henvendelse_id=sak.id,
            person_id=aktor.person_id,
            medlemskap_id=aktor.medlemskap_id,
            grunn=grunn,
            begrunnelse=begrunnelse,
            tidspunkt=naa,
            utloeper=naa + INNSYN_VARER,
        )
    )
    rad = steps.skriv_hendelse(
        aktor,
        sak,
        Hendelsestype.INNSYN,
        tekst=begrunnelse,
        data={"grunn": grunn, "saksnummer": sak.saksnummer},
    )
    steps.revider_sluppet(aktor, sak, sluppet)
    _si_fra(aktor, sak, rad)
    return sak.id


def _si_fra(aktor: Aktor, sak: Henvendelse, rad: Hendelse) -> None:
    """Mails the responsible, or where nobody is, the receiver's vaktledere and the requester, who may have left too:
    without clinical text."""
    if access.ansvarlig_er_der(sak):
        hvem = {sak.ansvarlig_id} - {None}
    else:
        vaktledere = sa.select(Medlemskap.person_id).where(
            Medlemskap.organisasjon_id == sak.mottaker_id,
            Medlemskap.rolle == Rolle.VAKTLEDER,
            medlemskap_gyldig(now()),
        )
        hvem = set(db.session.scalars(vaktledere))
        if aktor_for_medlemskap(sak.innmelder_medlemskap_id) is not None:
            hvem.add(sak.innmelder_id)
    for person in db.session.scalars(
        sa.select(Person).where(Person.id.in_(hvem - {aktor.person_id}), Person.aktiv)
    ):
        with paa_spraak(person.spraak):
            send_epost(
                f"innsyn:{sak.id}:{rad.sekvens}:{person.id}",
                person.epost,
                _("Sak %(nummer)s er åpnet med begrunnelse", nummer=sak.saksnummer),
                _(
                    "%(hvem)s har åpnet sak %(nummer)s uten å delta i den, og har oppgitt en grunn. Åpne saken i "
                    "portalen for å se hvorfor. Si fra til administratoren hvis du mener det ikke var nødvendig.",
                    hvem=steps.visningsnavn(aktor),
                    nummer=sak.saksnummer,
                )
                + f"\n{innstillinger().adresse}/henvendelser/{sak.id}\n",
            )


def gjeldende(aktor: Aktor, sak: Henvendelse) -> Innsyn | None:
    """The reason that lets the actor see the case, where it is not the actor's own."""
    return db.session.execute(
        sa.select(Innsyn)
        .where(
            Innsyn.henvendelse_id == sak.id,
            Innsyn.medlemskap_id == aktor.medlemskap_id,
            Innsyn.utloeper > now(),
        )
        .order_by(Innsyn.utloeper.desc())
        .limit(1)
    ).scalar_one_or_none()


# --- the case's own log ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Logglinje:
    """One line of the case's log: who did what when, in which role and place, and why."""

    nummer: int
    tidspunkt: datetime
    hvem: str
    rolle: str
    organisasjon: str
    handling: str
    detaljer: Mapping[str, Any]
    begrunnelse: str = ""


def hent_innsynslogg(
    aktor: Aktor, henvendelse_id: UUID, *, foer: int | None = None, bare_aapninger: bool = False
) -> tuple[list[Logglinje], int | None]:
    """A page of the case's chain, the newest first, and the number to go on from (None: there are no more).

    The words of a reason come from the case: the audit log has none. Denials are not here, they stand on the chain
    of the organisation of whoever was refused.
    """
    sak = access.hent(aktor, Handling.SE, henvendelse_id)
    sporring = sa.select(Revisjon).where(Revisjon.kjede == revisjon.sakskjede(sak.id))
    if foer is not None:
        sporring = sporring.where(Revisjon.nummer < foer)
    if bare_aapninger:
        sporring = sporring.where(Revisjon.handling.in_(AAPNINGER))
    rader = db.session.scalars(sporring.order_by(Revisjon.nummer.desc()).limit(PER_SIDE + 1)).all()
    mer = len(rader) > PER_SIDE
    rader = rader[:PER_SIDE]
    detaljer = {r.nummer: orjson.loads(r.detaljer) for r in rader}
    ord_ = _begrunnelser(
        sak.id, [detaljer[r.nummer]["sekvens"] for r in rader if r.handling == "henvendelse.innsyn"]
    )
    linjer = [
        Logglinje(
            nummer=r.nummer,
            tidspunkt=r.tidspunkt,
            hvem=r.person_navn,
            rolle=r.rolle,
            organisasjon=r.organisasjon_navn,
            handling=r.handling,
            detaljer=detaljer[r.nummer],
            begrunnelse=ord_.get(detaljer[r.nummer].get("sekvens"), "")
            if r.handling == "henvendelse.innsyn"
            else "",
        )
        for r in rader
    ]
    return linjer, (linjer[-1].nummer if mer else None)


def _begrunnelser(sak_id: UUID, sekvenser: Sequence[int]) -> dict[int, str]:
    if not sekvenser:
        return {}
    rader = db.session.execute(
        sa.select(Hendelse.sekvens, Hendelse.tekst).where(
            Hendelse.henvendelse_id == sak_id, Hendelse.sekvens.in_(sekvenser)
        )
    )
    return dict(rader.all())


# --- unusual patterns ------------------------------------------------------------------------------------


@dataclass(slots=True)
class Moenster:
    """A person whose openings outside own cases are many: figures and case numbers, never what stands in them."""

    person_id: UUID
    navn: str
    rolle: str
    #: Cases opened, and those among them that the person never took part in.
    aapnet: int
    utenfor: int
    median: float
    sist: datetime
    grunner: dict[str, int] = field(default_factory=dict)
    saksnumre: list[str] = field(default_factory=list)
    #: Why it is listed: codes of the group `moenster` of words.
    hvorfor: list[str] = field(default_factory=list)

    @property
    def med_grunn(self) -> int:
        return sum(self.grunner.values())

    @property
    def andel(self) -> int:
        """Per cent of the opened cases that were others'."""
        return round(100 * self.utenfor / self.aapnet) if self.aapnet else 0


@transactional
def aapne_oppfoelging(aktor: Aktor, organisasjon_id: UUID | None = None) -> list[Moenster]:
    """The people of an organisation with many openings outside own cases, the most first. Itself audited.

    An administrator sees the own organisation, a systemadministrator any.
    """
    org = _krev_oppfoelging(aktor, organisasjon_id)
    revisjon.logg(aktor, "innsyn.moenstre_lest", "organisasjon", org, kjede=revisjon.organisasjonskjede(org))
    listet, aapnet = _moenstre(org)
    listet = listet[:MAKS_LISTET]
    _legg_til_navn(listet, aapnet)
    return listet


def _krev_oppfoelging(aktor: Aktor, organisasjon_id: UUID | None) -> UUID:
    access.krev_rolle(aktor, KAN_FOELGE_OPP, "innsynsoppfoelging")
    org = organisasjon_id or aktor.organisasjon_id
    if org is None or (aktor.rolle != Rolle.SYSTEMADMINISTRATOR and org != aktor.organisasjon_id):
        _skriv_avslag(aktor, "organisasjon", org or "", "fremmed_organisasjon")
        raise IkkeFunnet()
    return org


def _skriv_avslag(aktor: Aktor, objekt_type: str, objekt_id: object, grunn: str) -> None:
    uavhengig(
        lambda: revisjon.logg(
            aktor, "henvendelse.innsynsoppfoelging", objekt_type, objekt_id, utfall="avslag", grunn=grunn
        )
    )


def _moenstre(org: UUID) -> tuple[list[Moenster], sa.CTE]:
    """Everybody whose openings are many, without names, and the openings that they were counted from."""
    fra = now() - PERIODE
    aapnet = _aapnede_saker(org, fra)
    utenfor = sa.case((aapnet.c.deltok, 0), else_=1)
    nye = aapnet.c.ny
    rader = db.session.execute(
        sa.select(
            aapnet.c.person_id,
            aapnet.c.rolle,
            sa.func.sum(utenfor).label("utenfor"),
            sa.func.sum(sa.case((nye, 1), else_=0)).label("nye"),
            sa.func.sum(sa.case((nye, utenfor), else_=0)).label("nye_utenfor"),
            sa.func.max(aapnet.c.sist).label("sist"),
        ).group_by(aapnet.c.person_id, aapnet.c.rolle)
    ).all()
    i_rollen: dict[str, list[int]] = {}
    for r in rader:
        i_rollen.setdefault(r.rolle, []).append(int(r.utenfor))
    funn: dict[tuple[UUID, str], Moenster] = {}
    for r in rader:
        funn[r.person_id, r.rolle] = Moenster(
            person_id=r.person_id,
            navn="",
            rolle=r.rolle,
            aapnet=int(r.nye),
            utenfor=int(r.nye_utenfor),
            median=median(i_rollen[r.rolle]),
            sist=r.sist,
        )
    _legg_til_grunner(org, fra, funn)
    for m in funn.values():
        m.hvorfor = _hvorfor(m, len(i_rollen.get(m.rolle, ())))
    listet = sorted((m for m in funn.values() if m.hvorfor), key=lambda m: (-m.utenfor, -m.med_grunn))
    return listet, aapnet


def _hvorfor(m: Moenster, kolleger: int) -> list[str]:
    hvorfor = []
    if m.med_grunn >= MANGE_MED_GRUNN:
        hvorfor.append("mange_grunner")
    if m.utenfor >= MANGE_UTENFOR:
        hvorfor.append("mange_saker")
    if m.utenfor >= MINST_UTENFOR and kolleger >= MINST_KOLLEGER and m.utenfor > GANGER_MEDIANEN * m.median:
        hvorfor.append("over_medianen")
    return hvorfor


def _sist_fulgt_opp(org: UUID) -> sa.Subquery:
    return (
        sa.select(Innsynsoppfoelging.person_id, sa.func.max(Innsynsoppfoelging.til).label("til"))
        .where(Innsynsoppfoelging.organisasjon_id == org)
        .group_by(Innsynsoppfoelging.person_id)
        .subquery("fulgt_opp")
    )


def _aapnede_saker(org: UUID, fra: datetime) -> sa.CTE:
    """(person, role, case): last opened, whether the person ever took part, and whether it is new since the last
    follow-up. From the audit log, which knows in which organisation and role a case was opened."""
    lest = (
        sa.select(
            Revisjon.person_id,
            Revisjon.rolle,
            Revisjon.objekt_id,
            sa.func.max(Revisjon.tidspunkt).label("sist"),
        )
        .where(
            Revisjon.organisasjon_id == org,
            Revisjon.tidspunkt >= fra,
            Revisjon.handling == "henvendelse.aapnet",
            Revisjon.utfall == "ok",
            Revisjon.person_id.is_not(None),
        )
        .group_by(Revisjon.person_id, Revisjon.rolle, Revisjon.objekt_id)
        .cte("lest")
    )
    fulgt = _sist_fulgt_opp(org)
    deltok = sa.exists().where(
        Deltaker.person_id == lest.c.person_id, Deltaker.henvendelse_id == _som_uuid(lest.c.objekt_id)
    )
    return (
        sa.select(
            lest.c.person_id,
            lest.c.rolle,
            lest.c.objekt_id,
            lest.c.sist,
            deltok.label("deltok"),
            (lest.c.sist > sa.func.coalesce(fulgt.c.til, fra)).label("ny"),
        )
        .select_from(lest)
        .outerjoin(fulgt, fulgt.c.person_id == lest.c.person_id)
        .cte("aapnet")
    )


def _som_uuid(kolonne: sa.ColumnElement[str]) -> sa.ColumnElement[Any]:
    """The audit log's text of an id as the database keeps ids: SQLite has them without hyphens."""
    if db.engine.dialect.name == "sqlite":
        return sa.type_coerce(sa.func.replace(kolonne, "-", ""), sa.String())
    return sa.cast(kolonne, sa.Uuid())


def _legg_til_grunner(org: UUID, fra: datetime, funn: dict[tuple[UUID, str], Moenster]) -> None:
    fulgt = _sist_fulgt_opp(org)
    rader = db.session.execute(
        sa.select(
            Innsyn.person_id,
            Medlemskap.rolle,
            Innsyn.grunn,
            sa.func.count().label("antall"),
            sa.func.max(Innsyn.tidspunkt).label("sist"),
        )
        .join(Medlemskap, Medlemskap.id == Innsyn.medlemskap_id)
        .outerjoin(fulgt, fulgt.c.person_id == Innsyn.person_id)
        .where(
            Medlemskap.organisasjon_id == org,
            Innsyn.tidspunkt >= fra,
            Innsyn.tidspunkt > sa.func.coalesce(fulgt.c.til, fra),
        )
        .group_by(Innsyn.person_id, Medlemskap.rolle, Innsyn.grunn)
    )
    for r in rader:
        m = funn.setdefault((r.person_id, r.rolle), Moenster(r.person_id, "", r.rolle, 0, 0, 0, r.sist))
        m.grunner[r.grunn] = r.antall


def _legg_til_navn(listet: Sequence[Moenster], aapnet: sa.CTE) -> None:
    """Names and case numbers, of those alone who are listed."""
    if not listet:
        return
    ider = {m.person_id for m in listet}
    navn = dict(db.session.execute(sa.select(Person.id, Person.navn).where(Person.id.in_(ider))).all())
    saker: dict[tuple[UUID, str], list[str]] = {}
    for person_id, rolle, nummer in db.session.execute(
        sa.select(aapnet.c.person_id, aapnet.c.rolle, Henvendelse.saksnummer)
        .join(Henvendelse, Henvendelse.id == _som_uuid(aapnet.c.objekt_id))
        .where(aapnet.c.person_id.in_(ider), aapnet.c.ny, sa.not_(aapnet.c.deltok))
        .order_by(aapnet.c.sist.desc())
    ):
        saker.setdefault((person_id, rolle), []).append(nummer)
    for m in listet:
        m.navn = navn[m.person_id]
        m.saksnumre = saker.get((m.person_id, m.rolle), [])[:SAKER_VIST]


@transactional
def foelg_opp(
    aktor: Aktor,
    person_id: UUID,
    merknad: str,
    organisasjon_id: UUID | None = None,
    *,
    ikke_fnr: bool = False,
) -> None:
    """Notes that a person's openings until now have been looked into: the person leaves the list until there are new.

    Nobody follows up oneself. Raises Konflikt when the person is not on the list (any more).
    """
    org = _krev_oppfoelging(aktor, organisasjon_id)
    if person_id == aktor.person_id:
        _skriv_avslag(aktor, "person", person_id, "seg_selv")
        raise IkkeTilgang(
            _l(
                "Du kan ikke følge opp deg selv. Be en annen administrator eller systemadministratoren om det."
            )
        )
    krev_begrunnelse(merknad, "merknad")
    sluppet = steps.stopp_identitet({"merknad": merknad}, ikke_fnr=ikke_fnr)
    db.session.execute(sa.select(Person.id).where(Person.id == person_id).with_for_update(key_share=True))
    listet = [m for m in _moenstre(org)[0] if m.person_id == person_id]
    if not listet:
        raise Konflikt(_l("Denne personen er alt fulgt opp. Last siden på nytt."), kode="fulgt_opp")
    db.session.add(
        Innsynsoppfoelging(
            organisasjon_id=org,
            person_id=person_id,
            fulgt_opp_av_id=aktor.person_id,
            til=now(),
            merknad=merknad,
        )
    )
    revisjon.logg(
        aktor,
        "innsyn.fulgt_opp",
        "person",
        person_id,
        kjede=revisjon.organisasjonskjede(org),
        utenfor=sum(m.utenfor for m in listet),
        med_grunn=sum(m.med_grunn for m in listet),
    )
    if sluppet:
        revisjon.logg(
            aktor,
            "henvendelse.ikke_personnummer",
            "person",
            person_id,
            kjede=revisjon.organisasjonskjede(org),
            antall=sluppet,
        )


@dataclass(frozen=True, slots=True)
class Fulgtopp:
    """An earlier follow-up, as the list shows it."""

    person: str
    av: str
    til: datetime
    merknad: str


def tidligere_oppfoelginger(aktor: Aktor, organisasjon_id: UUID | None = None) -> list[Fulgtopp]:
    """The twenty newest follow-ups of the organisation."""
    org = _krev_oppfoelging(aktor, organisasjon_id)
    av = sa.orm.aliased(Person)
    rader = db.session.execute(
        sa.select(Person.navn, av.navn, Innsynsoppfoelging.til, Innsynsoppfoelging.merknad)
        .join(Person, Person.id == Innsynsoppfoelging.person_id)
        .join(av, av.id == Innsynsoppfoelging.fulgt_opp_av_id)
        .where(Innsynsoppfoelging.organisasjon_id == org)
        .order_by(Innsynsoppfoelging.til.desc())
        .limit(20)
    )
    return [Fulgtopp(*r) for r in rader]


def personer_ved_navn(organisasjon_id: UUID, navn: str) -> list[UUID]:
    """The people who have or had a role in the organisation and whose names hold the text; at most a hundred.

    For searching the audit log by name, which knows people by id: names there are as they once were.
    """
    return list(
        db.session.scalars(
            sa.select(Person.id)
            .join(Medlemskap, Medlemskap.person_id == Person.id)
            .where(
                Medlemskap.organisasjon_id == organisasjon_id, Person.navn.icontains(navn, autoescape=True)
            )
            .distinct()
            .limit(100)
        )
    )
