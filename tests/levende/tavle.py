"""An open board of emergency beds over a real server, with the rules of the protocol, and holds made over the API."""

from __future__ import annotations

from typing import Any, Self
from uuid import uuid4

from tests.levende.klient import Person

PLASSER = "/api/v1/plasser"


class Tavle:
    """One open board: joins first, then applies what follows on what it shows; a gap, told by an event or by a head,
    is fetched, what is older is known. Nothing is taken in but by `les`."""

    def __init__(self, person: Person) -> None:
        self.person = person
        svar = person.get(PLASSER).json
        self.versjon: int = svar["versjon"]
        #: {unit: its row}, as the events and the fetches have made them.
        self.rader: dict[str, dict[str, Any]] = {r["id"]: r for r in svar["enheter"]}
        #: The events that were applied, and how many gaps were fetched.
        self.hendelser: list[dict[str, Any]] = []
        self.hull = 0
        #: Whether a head may tell of a gap.
        self.hoerer_hodet = True
        self.sokkel = person.sokkel()
        inne = self.sokkel.kall("plasser.abonner", {"etter": self.versjon})
        assert inne["ok"] and not inne["hel"], inne
        self._anvend(inne["versjon"], inne["endringer"])
        self._lest = len(self.sokkel.hendelser)

    def les(self) -> Self:
        """Does with what has come what a board does. Does not wait."""
        nye = self.sokkel.hendelser[self._lest :]
        self._lest += len(nye)
        for navn, kropp in nye:
            if navn == "hode" and self.hoerer_hodet and kropp.get("plasser", 0) > self.versjon:
                self._hent()
            elif navn == "plasser" and kropp["versjon"] > self.versjon:
                if kropp["fra"] > self.versjon:
                    self._hent()
                else:
                    self._anvend(kropp["versjon"], kropp["endringer"])
                self.hendelser.append(kropp)
        return self

    def _hent(self) -> None:
        svar = self.person.get(f"{PLASSER}?etter={self.versjon}").json
        assert not svar["hel"]
        self.hull += 1
        self._anvend(svar["versjon"], svar["enheter"])

    def _anvend(self, versjon: int, rader: list[dict[str, Any]]) -> None:
        self.versjon = versjon
        self.rader = {**self.rader, **{r["id"]: r for r in rader}}

    def hent_hele(self) -> dict[str, dict[str, Any]]:
        """The rows as who opens the board in this process now gets them."""
        return {r["id"]: r for r in self.person.get(PLASSER).json["enheter"]}


def hold(lege: Person) -> tuple[str, str]:
    """Holds a free bed at a unit of the physician's own for a patient of its own kommune. Gives the unit and the
    hold."""
    for rad in lege.get(PLASSER).json["enheter"]:
        enhet = lege.get(f"{PLASSER}/{rad['id']}").json if rad["ledig"] else None
        if enhet and enhet["kan"]["drive"] and enhet["kan"]["reservere"]:
            kommune = next(
                k["kommune_id"] for k in enhet["kvoter"] if k["kommune"].startswith(rad["kommune"])
            )
            svar = lege.json(
                f"{PLASSER}/{rad['id']}/reservasjoner",
                {"klient_id": str(uuid4()), "kommune_id": kommune, "over_kvote": True},
            )
            assert svar.status == 201, svar.tekst
            return str(rad["id"]), str(svar.json["id"])
    raise AssertionError("ingen ledig plass i en egen enhet")


def frigi(lege: Person, reservasjon_id: str) -> None:
    """Gives the held bed back."""
    svar = lege.json(f"{PLASSER}/reservasjoner/{reservasjon_id}/frigi", {})
    assert svar.status == 200, svar.tekst
