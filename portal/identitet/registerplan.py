"""Compares a register file with the register in the database: which row is which organisation, and who ends.

Pure functions on rows and loaded organisations; nothing is changed here. How a row finds its organisation:

1. by organisation number, 2. by code among those still active, 3. by `erstatter`, where exactly one row names
  an organisation that is not in the file itself: the same organisation with a new number. An organisation
  that several rows name (split), or that shares a row with others (merger), ends and gets a successor. One
  that is still in the file goes on, whoever names it (a part was moved). Kommunenummer are never given out
  again (SSB Klass 131), so a number that once was in use and names nothing active tells that the file is old.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from portal.core.sprak import _
from portal.identitet.models import SYKEHUS, Organisasjon, OrganisasjonHistorikk, Organisasjonstype
from portal.identitet.registerfil import Feilliste, Rad

#: What the history calls the takeover of a former number.
ERSTATTER = "erstatter"
_NUMMERFELT = frozenset({"kode", "organisasjonsnummer", ERSTATTER})


@dataclass(slots=True)
class Post:
    """A row and the organisation it describes (None: it becomes a new one)."""

    rad: Rad
    organisasjon: Organisasjon | None = None
    #: The references in `erstatter` that this file applies now, not those taken over earlier.
    nye_referanser: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Avslutning:
    """An organisation that ends, and the rows that take over. The first is the successor."""

    organisasjon: Organisasjon
    etterfolgere: list[Post]

    @property
    def gyldig_fra(self) -> date:
        """From when: checked by `lag_plan` to stand on the row."""
        fra = self.etterfolgere[0].rad.gyldig_fra
        assert fra is not None
        return fra


@dataclass(slots=True)
class Plan:
    poster: list[Post]
    avslutninger: list[Avslutning]
    #: Active in the database and not in the file: kept as they are.
    beholdt: list[Organisasjon]


class Register:
    """The organisations of the database with the indexes that the comparison needs."""

    def __init__(
        self, organisasjoner: Sequence[Organisasjon], historikk: Iterable[OrganisasjonHistorikk], i_dag: date
    ) -> None:
        self.i_dag = i_dag
        self.alle = organisasjoner
        self.aktive = [o for o in organisasjoner if o.nedlagt is None]
        self.etter_orgnr = {o.organisasjonsnummer: o for o in organisasjoner if o.organisasjonsnummer}
        self.etter_kode = {(o.type, o.kode): o for o in self.aktive if o.kode}
        self.nedlagt_kode = {(o.type, o.kode): o for o in organisasjoner if o.kode and o.nedlagt}
        self.typer = {o.type for o in organisasjoner}
        self.tidligere: dict[UUID, set[str]] = defaultdict(set)
        self._naa_hos: dict[tuple[str, str], Organisasjon] = {}
        etter_id = {o.id: o for o in organisasjoner}
        for h in historikk:
            if h.felt in _NUMMERFELT and h.fra_verdi:
                self.tidligere[h.organisasjon_id].add(h.fra_verdi)
                if h.felt != ERSTATTER:
                    eier = etter_id[h.organisasjon_id]
                    self._naa_hos[eier.type, h.fra_verdi] = eier

    def aktiv(self, slag: str, ref: str) -> Organisasjon | None:
        """The active organisation that a code or organisation number stands for."""
        o = self.etter_orgnr.get(ref) if len(ref) == 9 else self.etter_kode.get((slag, ref))
        return o if o is not None and o.type == slag and o.nedlagt is None else None

    def tidligere_eier(self, slag: str, ref: str) -> Organisasjon | None:
        """Whose former number it is: an organisation that has ended, or one that has another number now."""
        nedlagt = self.etter_orgnr.get(ref) if len(ref) == 9 else self.nedlagt_kode.get((slag, ref))
        return nedlagt or self._naa_hos.get((slag, ref))


def lag_plan(rader: Sequence[Rad], register: Register) -> Plan:
    """What the file changes. Raises UgyldigData with every row that does not fit the register."""
    feil = Feilliste()
    poster = [Post(rad) for rad in rader]
    _finn_etter_nummer(poster, register, feil)
    avslutninger = _finn_etter_erstatter(poster, register, feil)
    _sjekk_datoer(poster, register, feil)
    _sjekk_referanser(poster, avslutninger, register, feil)
    feil.reis()
    ender = {a.organisasjon.id for a in avslutninger}
    i_fil = {p.organisasjon.id for p in poster if p.organisasjon}
    return Plan(poster, avslutninger, [o for o in register.aktive if o.id not in ender | i_fil])


def _finn_etter_nummer(poster: list[Post], register: Register, feil: Feilliste) -> None:
    tatt: set[UUID] = set()
    for post in poster:
        rad = post.rad
        o = register.etter_orgnr.get(rad.organisasjonsnummer) if rad.organisasjonsnummer else None
        if o is None:
            continue
        if o.type != rad.type:
            feil.legg_til(
                rad.linje,
                _(
                    "%(navn)s er registrert som %(gammel)s, ikke %(ny)s. Sjekk type og organisasjonsnummer.",
                    navn=o.navn,
                    gammel=o.type,
                    ny=rad.type,
                ),
            )
        elif o.nedlagt:
            feil.legg_til(rad.linje, _nedlagt(o))
        elif rad.kode and rad.kode != o.kode and rad.kode in register.tidligere[o.id]:
            feil.legg_til(
                rad.linje,
                _(
                    "%(kode)s er et tidligere nummer: %(navn)s har %(naa)s. Er filen eldre enn registeret?",
                    kode=rad.kode,
                    navn=o.navn,
                    naa=o.kode,
                ),
            )
        else:
            post.organisasjon = o
            tatt.add(o.id)
    for post in poster:
        rad = post.rad
        if post.organisasjon is not None or not rad.kode:
            continue
        o = register.etter_kode.get((rad.type, rad.kode))
        if o is not None and o.id not in tatt:
            post.organisasjon = o
            tatt.add(o.id)
        elif o is None and (foer := register.tidligere_eier(rad.type, rad.kode)):
            feil.legg_til(rad.linje, _nedlagt(foer) if foer.nedlagt else _gammelt_nummer(rad.kode, foer))


def _nedlagt(o: Organisasjon) -> str:
    return _(
        "%(navn)s ble nedlagt %(dato)s og kan ikke tas i bruk igjen. Fjern linjen, eller finn en nyere fil.",
        navn=o.navn,
        dato=o.nedlagt.isoformat() if o.nedlagt else "",
    )


def _gammelt_nummer(ref: str, o: Organisasjon) -> str:
    return _(
        "%(ref)s er et tidligere nummer for %(navn)s, som nå har %(naa)s. Er filen eldre enn registeret?",
        ref=ref,
        navn=o.navn,
        naa=o.kode or o.organisasjonsnummer or "",
    )


def _finn_etter_erstatter(poster: list[Post], register: Register, feil: Feilliste) -> list[Avslutning]:
    """Pairs rows with the organisations they replace, and finds those that end."""
    i_fil = {p.organisasjon.id for p in poster if p.organisasjon}
    ender: dict[UUID, list[Post]] = defaultdict(list)
    per_post: dict[int, list[UUID]] = {}
    for post in poster:
        # A dict keeps the order and counts a code and an organisation number of the same one once.
        gamle = dict.fromkeys(o.id for o in _erstattede(post, register, feil) if o.id not in i_fil)
        per_post[id(post)] = list(gamle)
        for o_id in gamle:
            ender[o_id].append(post)
    for o_id, arvinger in list(ender.items()):
        if len(arvinger) == 1 and arvinger[0].organisasjon is None and per_post[id(arvinger[0])] == [o_id]:
            arvinger[0].organisasjon = next(o for o in register.aktive if o.id == o_id)
            del ender[o_id]
    etter_id = {o.id: o for o in register.aktive}
    return [
        Avslutning(etter_id[o_id], _hovedarving_foerst(etter_id[o_id], arvinger))
        for o_id, arvinger in ender.items()
    ]


def _erstattede(post: Post, register: Register, feil: Feilliste) -> list[Organisasjon]:
    rad, egen = post.rad, post.organisasjon
    funnet = []
    for ref in rad.erstatter:
        if egen is not None and ref in register.tidligere[egen.id] | {egen.kode, egen.organisasjonsnummer}:
            continue  # applied by an earlier file, or its own number
        o = register.aktiv(rad.type, ref)
        if o is not None:
            if egen is None or o.id != egen.id:
                post.nye_referanser.append(ref)
                funnet.append(o)
        elif rad.type not in register.typer:
            # The first load: what it replaced was never here, but the number is remembered.
            post.nye_referanser.append(ref)
        elif foer := register.tidligere_eier(rad.type, ref):
            feil.legg_til(rad.linje, _nedlagt(foer) if foer.nedlagt else _gammelt_nummer(ref, foer))
        else:
            feil.legg_til(
                rad.linje,
                _(
                    "erstatter: ingen organisasjon har eller har hatt nummeret %(ref)s. Rett det.",
                    ref=ref,
                ),
            )
    return funnet


def _hovedarving_foerst(gammel: Organisasjon, arvinger: list[Post]) -> list[Post]:
    """At a split: the row with the same name, else the largest population, else the lowest number."""
    return sorted(
        arvinger,
        key=lambda p: (
            p.rad.kortnavn.casefold() != gammel.kortnavn.casefold(),
            -(p.rad.folketall or 0),
            p.rad.kode or p.rad.organisasjonsnummer or "",
        ),
    )


def _sjekk_datoer(poster: list[Post], register: Register, feil: Feilliste) -> None:
    for post in poster:
        fra = post.rad.gyldig_fra
        if fra is not None and fra > register.i_dag:
            feil.legg_til(
                post.rad.linje,
                _(
                    "gyldig_fra er %(dato)s, som ikke er kommet ennå. Les inn filen den dagen.",
                    dato=fra.isoformat(),
                ),
            )
        if fra is None and post.nye_referanser:
            feil.legg_til(
                post.rad.linje, _("gyldig_fra mangler: fra når overtok den etter dem den erstatter?")
            )


def _sjekk_referanser(
    poster: list[Post], avslutninger: list[Avslutning], register: Register, feil: Feilliste
) -> None:
    """The state after the file: numbers are unique, and the fylke, RHF and catchment of each row exist."""
    ender = {a.organisasjon.id for a in avslutninger}
    i_fil = {p.organisasjon.id for p in poster if p.organisasjon}
    urort = [o for o in register.aktive if o.id not in ender | i_fil]
    koder: dict[str, Organisasjonstype] = {}
    rhf_for: dict[str, str | None] = {}
    for o in urort:
        if o.type == Organisasjonstype.FYLKE:
            koder[o.kode or ""] = Organisasjonstype.FYLKE
        elif o.organisasjonsnummer:
            koder[o.organisasjonsnummer] = Organisasjonstype(o.type)
            rhf_for[o.organisasjonsnummer] = o.overordnet.organisasjonsnummer if o.overordnet else None
    for post in poster:
        rad = post.rad
        noekkel = rad.kode if rad.type == Organisasjonstype.FYLKE else rad.organisasjonsnummer
        koder[noekkel or ""] = rad.type
        rhf_for[noekkel or ""] = rad.overordnet
    opptatt = {(o.type, o.kode): o for o in urort if o.kode}
    for post in poster:
        rad = post.rad
        if rad.kode and (annen := opptatt.get((rad.type, rad.kode))):
            feil.legg_til(
                rad.linje,
                _(
                    "kode %(kode)s tilhører %(navn)s, som ikke står i filen. Ta med begge, eller rett koden.",
                    kode=rad.kode,
                    navn=annen.navn,
                ),
            )
        if rad.type == Organisasjonstype.KOMMUNE:
            if koder.get(rad.overordnet or "") != Organisasjonstype.FYLKE:
                feil.legg_til(rad.linje, _("Fylke %(kode)s finnes ikke i registeret.", kode=rad.overordnet))
            if koder.get(rad.helseforetak or "") not in SYKEHUS:
                feil.legg_til(
                    rad.linje,
                    _(
                        "helseforetak %(nummer)s er ikke et helseforetak eller ideelt sykehus i registeret.",
                        nummer=rad.helseforetak,
                    ),
                )
        elif rad.type in SYKEHUS and koder.get(rad.overordnet or "") != Organisasjonstype.RHF:
            feil.legg_til(
                rad.linje,
                _("overordnet %(nummer)s er ikke et regionalt helseforetak.", nummer=rad.overordnet),
            )
    _sjekk_helseregion(poster, urort, rhf_for, feil)


def _sjekk_helseregion(
    poster: list[Post], urort: list[Organisasjon], rhf_for: dict[str, str | None], feil: Feilliste
) -> None:
    """A kommune's trust belongs to the same RHF as those of the rest of its fylke.

    The health regions consist of whole fylker. The file does not say which: the majority of each fylke does.
    """
    per_fylke: dict[str, Counter[str]] = defaultdict(Counter)
    for o in urort:
        if o.type == Organisasjonstype.KOMMUNE and o.helseforetak and o.helseforetak.organisasjonsnummer:
            rhf = rhf_for.get(o.helseforetak.organisasjonsnummer)
            if rhf:
                per_fylke[(o.kode or "")[:2]][rhf] += 1
    kommuner = [p.rad for p in poster if p.rad.type == Organisasjonstype.KOMMUNE]
    for rad in kommuner:
        rhf = rhf_for.get(rad.helseforetak or "")
        if rhf:
            per_fylke[rad.overordnet or ""][rhf] += 1
    for rad in kommuner:
        rhf = rhf_for.get(rad.helseforetak or "")
        antall = per_fylke[rad.overordnet or ""]
        if rhf and antall[rhf] * 2 < antall.total():
            feil.legg_til(
                rad.linje,
                _(
                    "helseforetak %(nummer)s ligger i en annen helseregion enn resten av fylke %(fylke)s.",
                    nummer=rad.helseforetak,
                    fylke=rad.overordnet,
                ),
            )
