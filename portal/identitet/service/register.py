"""Applies a register file: new, changed, renumbered, merged and split organisations, all or nothing.

Nothing is deleted. An organisation that ends keeps its row, its history and its former memberships; its units
move to the successor, and its running memberships end and go on there (one new membership each).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import date, datetime, time
from pathlib import Path
from uuid import UUID, uuid4

import sqlalchemy as sa

from portal.core.aktor import Aktor
from portal.core.clock import OSLO, now, oslo
from portal.core.db import db, meld, transactional
from portal.core.sprak import _
from portal.identitet import access
from portal.identitet.models import (
    Enhet,
    EnhetKommune,
    Medlemskap,
    MedlemskapFagomraade,
    Organisasjon,
    OrganisasjonHistorikk,
    Organisasjonstype,
    Sesjon,
    Tjenestekonto,
)
from portal.identitet.registerfil import Rad, les_registerfil
from portal.identitet.registerplan import ERSTATTER, Avslutning, Post, Register, lag_plan
from portal.revisjon.steps import logg

#: The file that comes with the portal; where its facts are from stands in the README beside it.
EGEN_FIL = Path(__file__).resolve().parents[1] / "register" / "organisasjoner.csv"
KILDE = "Kartverket, SSB og Brønnøysundregistrene"
#: What is referred to stands before what refers to it, so that the foreign keys hold row by row.
_REKKEFOELGE = (
    Organisasjonstype.RHF,
    Organisasjonstype.MYNDIGHET,
    Organisasjonstype.FYLKE,
    Organisasjonstype.HF,
    Organisasjonstype.IDEELT_SYKEHUS,
    Organisasjonstype.KOMMUNE,
)
_FELT = ("kode", "navn", "kortnavn", "navn_alternativ", "organisasjonsnummer", "folketall", "maalform")


@dataclass
class Rapport:
    """What a register file did. The lists hold one readable line per organisation."""

    nye: list[str] = field(default_factory=list)
    endrede: list[str] = field(default_factory=list)
    nedlagte: list[str] = field(default_factory=list)
    #: Active, but not in the file: kept as they are.
    beholdt: list[str] = field(default_factory=list)
    uendrede: int = 0

    def som_tekst(self) -> str:
        """The report for the command line. A list longer than twenty is told by its number alone."""
        linjer = [
            _("Nye: %(antall)s", antall=len(self.nye)),
            _("Endret: %(antall)s", antall=len(self.endrede)),
            _("Uendret: %(antall)s", antall=self.uendrede),
            _("Nedlagt: %(antall)s", antall=len(self.nedlagte)),
            _("Ikke i filen, beholdt: %(antall)s", antall=len(self.beholdt)),
        ]
        for liste in (self.nye, self.endrede, self.nedlagte, self.beholdt):
            if len(liste) <= 20:
                linjer += [f"  {tekst}" for tekst in liste]
        return "\n".join(linjer)


def er_tomt() -> bool:
    """Whether no register file has been applied yet."""
    return db.session.scalar(sa.select(sa.exists().where(Organisasjon.id.is_not(None)))) is False


@transactional
def oppdater(aktor: Aktor, fil: bytes | str | Path = EGEN_FIL, *, kilde: str = KILDE) -> Rapport:
    """Makes the register equal to the file (a path, or the content); what it does not mention is kept.

    Raises UgyldigData (`kode` registerfil, `rader` a list of (line number, message)) when any row is wrong:
    nothing is then applied. Raises IkkeTilgang for others than systemadministratorer and the command line.
    Applying the same file again changes nothing.
    """
    access.krev(aktor, access.Handling.OPPDATERE_REGISTER)
    rader = les_registerfil(fil)
    i_dag = oslo(now()).date()
    organisasjoner = db.session.scalars(sa.select(Organisasjon)).all()
    historikk = db.session.scalars(sa.select(OrganisasjonHistorikk))
    plan = lag_plan(rader, Register(organisasjoner, historikk, i_dag))
    oppdatering = _Oppdatering(aktor, kilde, i_dag)
    oppdatering.frigjoer_numre(plan.poster, plan.avslutninger)
    oppdatering.opprett(plan.poster)
    oppdatering.lag_oppslag(organisasjoner, plan.poster)
    oppdatering.sett_fakta(plan.poster)
    for avslutning in plan.avslutninger:
        oppdatering.avslutt(avslutning, organisasjoner)
    db.session.flush()
    rapport = oppdatering.rapport
    rapport.beholdt = [_kall(o) for o in plan.beholdt]
    logg(
        aktor,
        "register.oppdatert",
        "register",
        "organisasjoner",
        sha256=_fingeravtrykk(fil),
        nye=len(rapport.nye),
        endrede=len(rapport.endrede),
        uendrede=rapport.uendrede,
        nedlagte=len(rapport.nedlagte),
        beholdt=len(rapport.beholdt),
    )
    return rapport


def _fingeravtrykk(fil: bytes | str | Path) -> str:
    innhold = fil.read_bytes() if isinstance(fil, Path) else fil.encode() if isinstance(fil, str) else fil
    return hashlib.sha256(innhold).hexdigest()


def _kall(o: Organisasjon | Rad) -> str:
    nummer = o.kode or o.organisasjonsnummer
    return f"{nummer} {o.navn}" if nummer else o.navn


def _ved_midnatt(dag: date) -> datetime:
    """The moment a day begins in Oslo: a merger holds from midnight there."""
    return datetime.combine(dag, time.min, tzinfo=OSLO)


class _Oppdatering:
    """The changes of one file, written to the session in an order that no unique index stumbles on."""

    def __init__(self, aktor: Aktor, kilde: str, i_dag: date) -> None:
        self.aktor = aktor
        self.kilde = kilde
        self.i_dag = i_dag
        self.naa = now()
        self.rapport = Rapport()
        self.etter_orgnr: dict[str, Organisasjon] = {}
        self.fylker: dict[str, Organisasjon] = {}
        self.navn_paa: dict[UUID | None, str] = {None: ""}
        self.foer: dict[UUID, dict[str, str | int | None]] = {}
        self.nye: set[UUID] = set()

    def frigjoer_numre(self, poster: list[Post], avslutninger: list[Avslutning]) -> None:
        """Lets go of the numbers that change, so that two organisations can trade theirs."""
        for a in avslutninger:
            a.organisasjon.nedlagt = a.gyldig_fra
        for post in poster:
            o = post.organisasjon
            if o is None:
                continue
            self.foer[o.id] = {felt: getattr(o, felt) for felt in _FELT}
            if o.kode != post.rad.kode:
                o.kode = None
            if o.organisasjonsnummer != post.rad.organisasjonsnummer:
                o.organisasjonsnummer = None
        db.session.flush()

    def opprett(self, poster: list[Post]) -> None:
        """Rows for the new organisations; fylke, RHF and catchment follow in `sett_fakta`."""
        for slag in _REKKEFOELGE:
            for post in poster:
                if post.organisasjon is None and post.rad.type == slag:
                    post.organisasjon = Organisasjon(
                        id=uuid4(),
                        type=str(slag),
                        kilde=self.kilde,
                        **{felt: getattr(post.rad, felt) for felt in _FELT},
                    )
                    self.nye.add(post.organisasjon.id)
                    db.session.add(post.organisasjon)

    def lag_oppslag(self, organisasjoner: object, poster: list[Post]) -> None:
        alle = [*organisasjoner, *(p.organisasjon for p in poster)]  # type: ignore[misc]
        for o in alle:
            self.navn_paa[o.id] = o.kortnavn
        for post in poster:
            assert post.organisasjon is not None
            if post.rad.type == Organisasjonstype.FYLKE:
                self.fylker[post.rad.kode or ""] = post.organisasjon
            if post.rad.organisasjonsnummer:
                self.etter_orgnr[post.rad.organisasjonsnummer] = post.organisasjon
        for o in alle:
            if o.nedlagt is None and o.type == Organisasjonstype.FYLKE and o.kode:
                self.fylker.setdefault(o.kode, o)
            if o.nedlagt is None and o.organisasjonsnummer:
                self.etter_orgnr.setdefault(o.organisasjonsnummer, o)

    def sett_fakta(self, poster: list[Post]) -> None:
        for slag in _REKKEFOELGE:
            for post in poster:
                if post.rad.type == slag:
                    self._sett_fakta(post)
            db.session.flush()

    def _sett_fakta(self, post: Post) -> None:
        o, rad = post.organisasjon, post.rad
        assert o is not None
        overordnet = self.fylker if rad.type == Organisasjonstype.KOMMUNE else self.etter_orgnr
        kobling = {
            "overordnet_id": overordnet[rad.overordnet].id if rad.overordnet else None,
            "helseforetak_id": self.etter_orgnr[rad.helseforetak].id if rad.helseforetak else None,
        }
        fra = rad.gyldig_fra or self.i_dag
        if o.id in self.nye:
            for felt, verdi in kobling.items():
                setattr(o, felt, verdi)
            self._husk_erstattede(post, fra)
            self.rapport.nye.append(_kall(rad))
            logg(
                self.aktor,
                "organisasjon.opprettet",
                "organisasjon",
                o.id,
                navn=o.navn,
                nummer=_kall(rad).split()[0],
            )
            return
        endret: dict[str, list[str]] = {}
        for felt in _FELT:
            gammel, ny = self.foer[o.id][felt], getattr(rad, felt)
            if gammel != ny:
                setattr(o, felt, ny)
                endret[felt] = ["" if v is None else str(v) for v in (gammel, ny)]
        for felt, verdi in kobling.items():
            if getattr(o, felt) != verdi:
                endret[felt.removesuffix("_id")] = [self.navn_paa[getattr(o, felt)], self.navn_paa[verdi]]
                setattr(o, felt, verdi)
        for felt, (gammel_tekst, ny_tekst) in endret.items():
            self._husk(o, felt, gammel_tekst, ny_tekst, fra)
        overtatt = self._husk_erstattede(post, fra)
        if not endret and not overtatt:
            self.rapport.uendrede += 1
            return
        if endret:
            o.kilde = self.kilde
        self.rapport.endrede.append(
            f"{_kall(rad)}: {', '.join([*endret, *([ERSTATTER] if overtatt else [])])}"
        )
        logg(self.aktor, "organisasjon.endret", "organisasjon", o.id, endret=endret, erstatter=overtatt)

    def _husk(self, o: Organisasjon, felt: str, fra_verdi: str, til_verdi: str, fra: date) -> None:
        db.session.add(
            OrganisasjonHistorikk(
                organisasjon_id=o.id,
                felt=felt,
                fra_verdi=fra_verdi,
                til_verdi=til_verdi,
                gyldig_fra=fra,
                registrert=self.naa,
                kilde=self.kilde,
            )
        )

    def _husk_erstattede(self, post: Post, fra: date) -> list[str]:
        """Remembers the former numbers of others, so that the same file later finds them known."""
        o = post.organisasjon
        assert o is not None
        egne = {str(v) for v in self.foer.get(o.id, {}).values()}
        overtatt = [ref for ref in post.nye_referanser if ref not in egne]
        if overtatt:
            db.session.flush()  # a new organisation's row comes before its history
        for ref in overtatt:
            self._husk(o, ERSTATTER, ref, post.rad.kode or post.rad.organisasjonsnummer or "", fra)
        return overtatt

    # --- an organisation ends ---------------------------------------------------------------------------

    def avslutt(self, avslutning: Avslutning, organisasjoner: object) -> None:
        """Gives an ended organisation its successor, and moves units, references and running memberships."""
        gammel, ny = avslutning.organisasjon, avslutning.etterfolgere[0].organisasjon
        assert ny is not None
        gammel.etterfolger_id = ny.id
        videre = [_kall(p.rad) for p in avslutning.etterfolgere]
        self._husk(gammel, "nedlagt", _kall(gammel), ", ".join(videre)[:200], avslutning.gyldig_fra)
        for o in organisasjoner:  # type: ignore[attr-defined]
            if o.nedlagt is None:
                for felt in ("overordnet_id", "helseforetak_id"):
                    if getattr(o, felt) == gammel.id:
                        setattr(o, felt, ny.id)
                        self._husk(
                            o, felt.removesuffix("_id"), gammel.kortnavn, ny.kortnavn, avslutning.gyldig_fra
                        )
        enheter = self._flytt_enheter(gammel, ny)
        self._flytt_dekning(gammel, ny)
        medlemskap = self._flytt_medlemskap(gammel, ny, _ved_midnatt(avslutning.gyldig_fra))
        self.rapport.nedlagte.append(f"{_kall(gammel)} → {', '.join(videre)}")
        logg(
            self.aktor,
            "organisasjon.nedlagt",
            "organisasjon",
            gammel.id,
            etterfolger=ny.id,
            fra=avslutning.gyldig_fra,
            enheter=enheter,
            medlemskap=medlemskap,
        )
        meld("identitet.organisasjon_nedlagt", organisasjon_id=gammel.id, etterfolger_id=ny.id)

    def _flytt_enheter(self, gammel: Organisasjon, ny: Organisasjon) -> list[UUID]:
        opptatt = set(db.session.scalars(sa.select(Enhet.navn).where(Enhet.organisasjon_id == ny.id)))
        flyttet = []
        for enhet in db.session.scalars(sa.select(Enhet).where(Enhet.organisasjon_id == gammel.id)):
            # Two kommuner may each have had a «Legevakten»: the one that moves is told apart by where it was.
            navn, nummer = enhet.navn, 1
            while navn in opptatt:
                tillegg = f" ({gammel.kortnavn})" if nummer == 1 else f" ({gammel.kortnavn} {nummer})"
                navn, nummer = enhet.navn[: 200 - len(tillegg)] + tillegg, nummer + 1
            enhet.navn = navn
            enhet.organisasjon_id = ny.id
            opptatt.add(navn)
            flyttet.append(enhet.id)
            db.session.flush()
        return flyttet

    def _flytt_dekning(self, gammel: Organisasjon, ny: Organisasjon) -> None:
        """Units elsewhere that served the old one serve the new one; nobody serves itself twice."""
        betjener_ny = sa.select(EnhetKommune.enhet_id).where(EnhetKommune.organisasjon_id == ny.id)
        egne = sa.select(Enhet.id).where(Enhet.organisasjon_id == ny.id)
        gamle = EnhetKommune.organisasjon_id == gammel.id
        db.session.execute(
            sa.delete(EnhetKommune).where(
                sa.or_(
                    sa.and_(gamle, EnhetKommune.enhet_id.in_(betjener_ny)),
                    sa.and_(
                        EnhetKommune.organisasjon_id.in_([gammel.id, ny.id]), EnhetKommune.enhet_id.in_(egne)
                    ),
                )
            )
        )
        db.session.execute(sa.update(EnhetKommune).where(gamle).values(organisasjon_id=ny.id))

    def _flytt_medlemskap(self, gammel: Organisasjon, ny: Organisasjon, fra: datetime) -> int:
        loepende = db.session.scalars(
            sa.select(Medlemskap).where(
                Medlemskap.organisasjon_id == gammel.id,
                sa.or_(Medlemskap.gyldig_til.is_(None), Medlemskap.gyldig_til > self.naa),
            )
        ).all()
        for m in loepende:
            if m.gyldig_fra >= self.naa:
                m.organisasjon_id = ny.id  # not begun yet: there is no past to keep
                continue
            # One that began after the merger (the file came late) has been used until now.
            skille = fra if m.gyldig_fra < fra else self.naa
            videre = Medlemskap(
                id=uuid4(),
                person_id=m.person_id,
                organisasjon_id=ny.id,
                enhet_id=m.enhet_id,
                rolle=m.rolle,
                gyldig_fra=skille,
                gyldig_til=m.gyldig_til,
                fag=[MedlemskapFagomraade(fagomraade=f) for f in sorted(m.fagomraader)],
            )
            m.gyldig_til = skille
            db.session.add(videre)
            db.session.flush()
            self._flytt_bruk(m.id, videre.id)
        return len(loepende)

    def _flytt_bruk(self, gammelt: UUID, nytt: UUID) -> None:
        """Running logins and service accounts go on in the new membership."""
        sesjoner = db.session.scalars(
            sa.select(Sesjon).where(Sesjon.medlemskap_id == gammelt, Sesjon.avsluttet.is_(None))
        )
        for sesjon in sesjoner:
            sesjon.medlemskap_id = nytt
            meld("identitet.sesjon_endret", sesjon_id=sesjon.id)
        db.session.execute(
            sa.update(Tjenestekonto).where(Tjenestekonto.medlemskap_id == gammelt).values(medlemskap_id=nytt)
        )
        meld("identitet.medlemskap_viderefoert", gammelt_id=gammelt, nytt_id=nytt)
