"""The demo's sixty days behind it: what a unit's beds went through, made up of dice that always fall alike. Pure.

Each bed goes its own way round: free, perhaps held, occupied, cleaned, now and then closed, until it stands as the demo
wants it. Who reads the rows finds what the use cases would have written.
"""

from __future__ import annotations

import random
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from portal.core.clock import oslo
from portal.plasser.forloep import (
    HOLD_MINUTTER,
    Aarsaksgruppe,
    Aldersgruppe,
    Avslagsgrunn,
    Frahvor,
    Holdstatus,
    Stengtgrunn,
    Tilhvor,
    Tilstand,
)

DAGER = 60
#: How likely somebody comes in each hour of the day in Oslo: most in the afternoon and the evening.
_TIMER = (2, 2, 1, 1, 1, 1, 2, 3, 5, 6, 8, 9, 10, 10, 10, 9, 9, 9, 10, 9, 8, 6, 4, 3)
_ALDER = ((Aldersgruppe.UNDER_18, 1), (Aldersgruppe.VOKSEN, 8), (Aldersgruppe.MIDDEL, 12))
_ALDRE = ((Aldersgruppe.ELDRE, 26), (Aldersgruppe.GAMMEL, 36), (Aldersgruppe.ELDST, 17))
_AARSAK = {
    Aarsaksgruppe.INFEKSJON: 24,
    Aarsaksgruppe.LUNGE: 14,
    Aarsaksgruppe.HJERTE: 9,
    Aarsaksgruppe.FALL: 13,
    Aarsaksgruppe.SMERTER: 9,
    Aarsaksgruppe.ERNAERING: 8,
    Aarsaksgruppe.FORVERRING: 9,
    Aarsaksgruppe.PSYKISK: 4,
    Aarsaksgruppe.RUS: 2,
    Aarsaksgruppe.PALLIASJON: 3,
    Aarsaksgruppe.OBSERVASJON: 5,
}
_FRA = {
    Frahvor.LEGEVAKT: 52,
    Frahvor.HJEM: 22,
    Frahvor.OMSORGSBOLIG: 9,
    Frahvor.SYKEHUS: 11,
    Frahvor.SYKEHJEM: 6,
}
_TIL = {
    Tilhvor.HJEM: 40,
    Tilhvor.HJEMMETJENESTE: 22,
    Tilhvor.KORTTID: 15,
    Tilhvor.SYKEHUS: 14,
    Tilhvor.SYKEHJEM: 6,
    Tilhvor.DOED: 2,
}
_OPPHOLD_TIMER = (8, 20, 30, 44, 52, 68, 90, 130)


@dataclass(slots=True)
class Rader:
    """What is to be written, as dictionaries of columns, of all the units together."""

    plasser: list[dict[str, Any]] = field(default_factory=list)
    endringer: list[dict[str, Any]] = field(default_factory=list)
    opphold: list[dict[str, Any]] = field(default_factory=list)
    reservasjoner: list[dict[str, Any]] = field(default_factory=list)
    avslag: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Seng:
    """A bed as the demo wants it to stand. `tilstand` `ukjent`: nobody has ever said anything of it."""

    navn: str
    tilstand: Tilstand
    bemannet: bool = True
    normert: bool = True
    evner: int = 0
    grunn: str = ""
    #: For whom it is held, or who lies there.
    kommune: UUID | None = None


class Enhetshistorie:
    """One unit's history up to `naa`, its figures last said to be true at `bekreftet`."""

    def __init__(
        self,
        rader: Rader,
        enhet_id: UUID,
        naa: datetime,
        bekreftet: datetime,
        kommuner: Sequence[tuple[UUID, int]],
        person_id: UUID | None,
        *,
        pause_timer: float,
        froe: str,
    ) -> None:
        self.rader = rader
        self.enhet_id = enhet_id
        self.naa = naa
        self.bekreftet = bekreftet
        self.start = naa - timedelta(days=DAGER)
        self.kommuner = [k for k, _vekt in kommuner]
        self.vekter = [vekt for _k, vekt in kommuner]
        self.person_id = person_id
        #: How long a bed is free between two, on average: what makes one unit full and another not.
        self.pause_timer = pause_timer
        self.terning = random.Random(froe)  # noqa: S311 - a demo's dice
        #: The last hours belong to what the demo wants to show.
        self._grense = bekreftet - timedelta(hours=29)
        #: Each bed's changes as (moment, whether it is free from then on).
        self._ledig: list[list[tuple[datetime, bool]]] = []
        #: Whether the bed that is being told of is one of the normed.
        self._normert = True

    def ny_id(self) -> UUID:
        return UUID(int=self.terning.getrandbits(128), version=4)

    def seng(self, nummer: int, seng: Seng) -> None:
        """A bed, and all that it went through."""
        plass_id, foerst = self.ny_id(), len(self.rader.endringer)
        self._ledig.append([])
        self._normert = seng.normert
        t = self.start + timedelta(minutes=nummer)
        self._endre(plass_id, t, Tilstand.UKJENT, aarsak="opprettet")
        if seng.tilstand != Tilstand.UKJENT:
            self._runder(plass_id, seng)
        siste = self.rader.endringer[-1]
        self.rader.plasser.append(
            {
                "id": plass_id,
                "plassenhet_id": self.enhet_id,
                "navn": seng.navn,
                "rekkefoelge": nummer,
                "normert": seng.normert,
                "bemannet": seng.bemannet,
                "evner": seng.evner,
                "tilstand": str(seng.tilstand),
                "stengt_grunn": seng.grunn,
                "endret": siste["tidspunkt"],
                "endret_av_id": siste["person_id"],
                "opprettet": t,
                "endringer": len(self.rader.endringer) - foerst,
            }
        )

    def avslaa(self, antall: int) -> None:
        """People that were refused: because it was full, or for another reason where it was not."""
        for _i in range(antall):
            t = self._noen_kommer(self.start + timedelta(days=self.terning.uniform(1, DAGER - 1)))
            fullt = not any(self._er_ledig(bed, t) for bed in self._ledig)
            andre = (Avslagsgrunn.KRITERIER, Avslagsgrunn.EVNE, Avslagsgrunn.BEMANNING, Avslagsgrunn.SMITTE)
            self.rader.avslag.append(
                {
                    "id": self.ny_id(),
                    "plassenhet_id": self.enhet_id,
                    "kommune_id": self._en_kommune(),
                    "grunn": str(Avslagsgrunn.FULLT if fullt else self.terning.choice(andre)),
                    "tidspunkt": t,
                    "registrert_av_id": self.person_id,
                }
            )

    # --- one bed -------------------------------------------------------------------------------------------

    def _runder(self, plass_id: UUID, seng: Seng) -> None:
        t = self.start + timedelta(hours=1)
        self._endre(plass_id, t, Tilstand.LEDIG, aarsak="side")
        while True:
            t = self._noen_kommer(t + timedelta(hours=self.terning.expovariate(1 / self.pause_timer)))
            if t >= self._grense - timedelta(hours=2):
                break
            terning = self.terning.random()
            if terning < 0.04:
                t = self._steng(plass_id, t)
            elif terning < 0.09:
                t = self._utloept(plass_id, t)
            else:
                t = self._opphold(plass_id, t, holdt=terning < 0.5)
        self._til_slutt(plass_id, seng)

    def _til_slutt(self, plass_id: UUID, seng: Seng) -> None:
        t = self.bekreftet - timedelta(minutes=self.terning.randint(20, 26 * 60))
        if seng.tilstand == Tilstand.BELAGT:
            self._endre(plass_id, t, Tilstand.BELAGT, aarsak="innlagt")
            self._skriv_opphold(plass_id, t, None, kommune=seng.kommune)
        elif seng.tilstand == Tilstand.RENGJOERES:
            inn = self.bekreftet - timedelta(hours=self.terning.randint(6, 26))
            self._endre(plass_id, inn, Tilstand.BELAGT, aarsak="innlagt")
            self._skriv_opphold(plass_id, inn, self.bekreftet)
            self._endre(plass_id, self.bekreftet, Tilstand.RENGJOERES, aarsak="utskrevet")
        elif seng.tilstand == Tilstand.STENGT:
            self._endre(plass_id, t, Tilstand.STENGT, aarsak="side", grunn=seng.grunn)
        elif seng.tilstand == Tilstand.HOLDT:
            # Whoever holds it is not the unit: the hold is newer than the unit's own word.
            t = self.naa - timedelta(minutes=self.terning.randint(10, 55))
            self._endre(plass_id, t, Tilstand.HOLDT, aarsak="hold")
            self._skriv_hold(plass_id, t, Holdstatus.AKTIV, None, kommune=seng.kommune)
        if not seng.bemannet:
            self._endre(plass_id, self.bekreftet, seng.tilstand, aarsak="side", bemannet=False)

    def _opphold(self, plass_id: UUID, t: datetime, *, holdt: bool) -> datetime:
        reservasjon = None
        kommune = self._en_kommune()
        if holdt:
            inn = t + timedelta(minutes=self.terning.randint(20, 110))
            self._endre(plass_id, t, Tilstand.HOLDT, aarsak="hold")
            reservasjon = self._skriv_hold(plass_id, t, Holdstatus.INNLAGT, inn, kommune=kommune)
            t = inn
        self._endre(plass_id, t, Tilstand.BELAGT, aarsak="innlagt")
        timer = self.terning.choice(_OPPHOLD_TIMER) * self.terning.uniform(0.7, 1.3)
        ut = min(t + timedelta(seconds=round(timer * 3600)), self._grense)
        ut = max(ut, t + timedelta(minutes=30))
        self._skriv_opphold(plass_id, t, ut, reservasjon=reservasjon, kommune=kommune)
        self._endre(plass_id, ut, Tilstand.RENGJOERES, aarsak="utskrevet")
        ferdig = ut + timedelta(minutes=self.terning.randint(25, 150))
        self._endre(plass_id, ferdig, Tilstand.LEDIG, aarsak="side")
        return ferdig

    def _steng(self, plass_id: UUID, t: datetime) -> datetime:
        grunn = self.terning.choice((Stengtgrunn.PERSONELL, Stengtgrunn.SMITTE, Stengtgrunn.PERSONELL))
        self._endre(plass_id, t, Tilstand.STENGT, aarsak="side", grunn=str(grunn))
        aapen = min(t + timedelta(hours=self.terning.randint(8, 50)), self._grense)
        self._endre(plass_id, aapen, Tilstand.LEDIG, aarsak="side")
        return aapen

    def _utloept(self, plass_id: UUID, t: datetime) -> datetime:
        ut = t + timedelta(minutes=HOLD_MINUTTER)
        self._endre(plass_id, t, Tilstand.HOLDT, aarsak="hold")
        self._skriv_hold(plass_id, t, Holdstatus.UTLOEPT, ut)
        self._endre(plass_id, ut, Tilstand.LEDIG, aarsak=str(Holdstatus.UTLOEPT))
        return ut

    # --- rows ----------------------------------------------------------------------------------------------

    def _endre(
        self,
        plass_id: UUID,
        t: datetime,
        tilstand: Tilstand,
        *,
        aarsak: str,
        grunn: str = "",
        bemannet: bool = True,
    ) -> None:
        forrige = self.rader.endringer[-1] if self.rader.endringer else None
        nr = forrige["nr"] + 1 if forrige is not None and forrige["plass_id"] == plass_id else 1
        self.rader.endringer.append(
            {
                "plass_id": plass_id,
                "nr": nr,
                "plassenhet_id": self.enhet_id,
                "tidspunkt": t,
                "tilstand": str(tilstand),
                "stengt_grunn": grunn,
                "bemannet": bemannet,
                "normert": self._normert,
                "person_id": None if aarsak in ("hold", Holdstatus.UTLOEPT) else self.person_id,
                "aarsak": aarsak,
            }
        )
        self._ledig[-1].append((t, tilstand == Tilstand.LEDIG and bemannet))

    def _skriv_hold(
        self,
        plass_id: UUID,
        t: datetime,
        status: Holdstatus,
        avsluttet: datetime | None,
        *,
        kommune: UUID | None = None,
    ) -> UUID:
        id_, kommune = self.ny_id(), kommune or self._en_kommune()
        self.rader.reservasjoner.append(
            {
                "id": id_,
                "klient_id": self.ny_id(),
                "plass_id": plass_id,
                "plassenhet_id": self.enhet_id,
                "kommune_id": kommune,
                "organisasjon_id": kommune,
                "status": str(status),
                "merknad": "Kommer fra legevakta." if status == Holdstatus.AKTIV else "",
                "opprettet": t,
                "utloeper": t + timedelta(minutes=HOLD_MINUTTER),
                "avsluttet": avsluttet,
            }
        )
        return id_

    def _skriv_opphold(
        self,
        plass_id: UUID,
        inn: datetime,
        ut: datetime | None,
        *,
        reservasjon: UUID | None = None,
        kommune: UUID | None = None,
    ) -> None:
        # One stay in fourteen is told of by when alone: what nobody has said is None.
        sagt = self.terning.random() > 0.07
        alder = _ALDER + _ALDRE
        self.rader.opphold.append(
            {
                "id": self.ny_id(),
                "plass_id": plass_id,
                "plassenhet_id": self.enhet_id,
                "kommune_id": kommune or self._en_kommune(),
                "reservasjon_id": reservasjon,
                "inn": inn,
                "ut": ut,
                "planlagt_timer": self.terning.choice((24, 48, 72)) if sagt else None,
                "fra_hvor": self._trekk(tuple(_FRA.items())) if sagt else None,
                "aldersgruppe": self._trekk(alder) if sagt else None,
                "aarsaksgruppe": self._trekk(tuple(_AARSAK.items())) if sagt else None,
                "til_hvor": self._trekk(tuple(_TIL.items())) if sagt and ut else None,
                "registrert": inn,
                "registrert_av_id": self.person_id,
            }
        )

    # --- dice ----------------------------------------------------------------------------------------------

    def _trekk(self, vekter: Sequence[tuple[Any, int]]) -> str:
        return str(self.terning.choices([v for v, _n in vekter], [n for _v, n in vekter])[0])

    def _en_kommune(self) -> UUID:
        return self.terning.choices(self.kommuner, self.vekter)[0]

    def _noen_kommer(self, t: datetime) -> datetime:
        """The next whole minute from then on at which somebody comes, at hours at which people do."""
        while self.terning.random() * max(_TIMER) > _TIMER[oslo(t).hour]:
            t += timedelta(minutes=self.terning.randint(20, 70))
        return t.replace(second=0, microsecond=0) + timedelta(minutes=1)

    @staticmethod
    def _er_ledig(endringer: list[tuple[datetime, bool]], t: datetime) -> bool:
        i = bisect_right(endringer, t, key=lambda e: e[0])
        return i > 0 and endringer[i - 1][1]
