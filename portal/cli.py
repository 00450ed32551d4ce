"""The command line: thin over the services. `flask --app portal.factory:create_app portal …`."""

from __future__ import annotations

import errno
import gc
import socket
import sys
from pathlib import Path

import click
import sqlalchemy as sa
from flask import Flask, current_app
from flask.cli import AppGroup
from flask_migrate import upgrade

from portal.avtaler import demo as avtaler_demo
from portal.avtaler.service import forpliktelser, ikrafttredelse
from portal.avtaler.service import sammenslaaing as avtaler_sammenslaaing
from portal.beredskap import demo as beredskap_demo
from portal.beredskap.service import faser as beredskap_faser
from portal.beredskap.service import sammenslaaing as beredskap_sammenslaaing
from portal.core import realtime
from portal.core.aktor import Aktor, Rolle
from portal.core.arbeider import Arbeider, Jobb, Spor
from portal.core.config import innstillinger
from portal.core.db import db
from portal.core.errors import PortalError
from portal.core.helse import Hjerteslag
from portal.henvendelser import demo as henvendelser_demo
from portal.henvendelser.eskalering import kanari, tomme, vaktskifte
from portal.henvendelser.eskalering import service as eskalering
from portal.henvendelser.service import oppfoelging, sammenslaaing, vedlegg
from portal.henvendelser.service import plasser as saksplasser
from portal.identitet import demo as identitet_demo
from portal.identitet.brev import lenkeadresse
from portal.identitet.service import lenker, oekter, personer, register, totrinn
from portal.innsikt import service as innsikt
from portal.omdisponering import demo as omdisponering_demo
from portal.omdisponering.service import behov as omdisponering_behov
from portal.omdisponering.service import delegering as omd_delegering
from portal.omdisponering.service import klokke as omdisponeringsklokke
from portal.omdisponering.service import reserve as omd_reserve
from portal.omdisponering.service import sammenslaaing as omdisponering_sammenslaaing
from portal.oppgaver import service as oppgaver
from portal.plasser import demo as plasser_demo
from portal.plasser.service import doegn as plassdoegn
from portal.plasser.service import ferskhet as plassferskhet
from portal.plasser.service import reservasjoner as plassreservasjoner
from portal.plasser.service import sammenslaaing as plasser_sammenslaaing
from portal.revisjon import service as revisjon
from portal.vakt import demo as vakt_demo
from portal.vakt.service import bytte as vakt_bytte
from portal.vakt.service import fratraadte, klarhet, paaminnelser, rotasjoner
from portal.vakt.service import sammenslaaing as vakt_sammenslaaing
from portal.varsler.service import levering as varsler

portal = AppGroup("portal", help="Samhandlingsportalen.")
SYSTEM = Aktor.system("kommandolinje")


def sett_opp(app: Flask) -> None:
    """Puts the commands on the app."""
    app.cli.add_command(portal)


def _avbryt(feil: PortalError) -> None:
    """A refusal on the command line: the sentence, the rows or fields it is about, and exit code 1."""
    click.echo(feil.melding, err=True)
    for linje, tekst in feil.detaljer.get("rader", []):
        click.echo(f"  linje {linje}: {tekst}", err=True)
    for felt, meldinger in feil.detaljer.get("felter", {}).items():
        for melding in meldinger if isinstance(meldinger, list) else [meldinger]:
            click.echo(f"  {felt}: {melding}", err=True)
    sys.exit(1)


@portal.command("start-data")
def start_data() -> None:
    """Migrate the database, load the register, and in demo mode fill an empty database with demo cases."""
    i = innstillinger()
    if i.database_url.startswith("sqlite:///"):
        Path(i.database_url.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)
    click.echo("  migrating the database …")
    upgrade()
    if register.er_tomt():
        click.echo("  loading the register of kommuner and hospitals …")
        try:
            register.oppdater(SYSTEM)
        except PortalError as feil:
            _avbryt(feil)
    else:
        click.echo("  the register is loaded already")
    if i.demo:
        # Asked for one by one: a start that was killed between the two is mended by the next.
        if identitet_demo.saa_demo():
            click.echo("  making demo people …")
        if vakt_demo.skal_saas():
            click.echo("  making demo rosters …")
            vakt_demo.saa_vakter()
        if avtaler_demo.skal_saas():
            click.echo("  making demo agreements …")
            avtaler_demo.saa_avtaler()
        if beredskap_demo.skal_saas():
            click.echo("  making demo phases …")
            beredskap_demo.saa_faser()
        if plasser_demo.skal_saas():
            click.echo("  making demo emergency beds …")
            plasser_demo.saa_plasser()
        if omdisponering_demo.skal_saas():
            click.echo("  making demo reallocations …")
            omdisponering_demo.saa_omdisponering()
        if henvendelser_demo.skal_saas():
            click.echo("  making demo cases …")
            henvendelser_demo.saa_saker()


@portal.group("register")
def register_gruppe() -> None:
    """The register of organisations."""


@register_gruppe.command("oppdater")
@click.argument("fil", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def register_oppdater(fil: Path) -> None:
    """Apply a newer register file. A bad row is refused with its line number, and nothing is applied."""
    try:
        rapport = register.oppdater(SYSTEM, fil)
    except PortalError as feil:
        _avbryt(feil)
    avtaler_sammenslaaing.foelg_sammenslaatte()
    beredskap_sammenslaaing.foelg_sammenslaatte()
    # Who is on call there first: then the cases that come find somebody.
    vakt_sammenslaaing.foelg_sammenslaatte()
    plasser_sammenslaaing.foelg_sammenslaatte()
    omdisponering_sammenslaaing.foelg_sammenslaatte()
    sammenslaaing.foelg_sammenslaatte()
    click.echo(rapport.som_tekst())


@portal.group("person")
def person_gruppe() -> None:
    """People and their memberships."""


@person_gruppe.command("ny")
@click.option("--navn", required=True)
@click.option("--epost", required=True)
@click.option("--organisasjon", required=True, help="Organisation number, or kommunenummer.")
@click.option("--rolle", required=True, type=click.Choice([str(r) for r in Rolle]))
@click.option("--enhet", help="The name of a unit of the organisation.")
@click.option("--fagomraade", multiple=True, help="For a spesialist; may be given several times.")
@click.option("--telefon", default="")
@click.option("--hpr", help="HPR number.")
@click.password_option("--passord")
def person_ny(
    navn: str,
    epost: str,
    organisasjon: str,
    rolle: str,
    enhet: str | None,
    fagomraade: tuple[str, ...],
    telefon: str,
    hpr: str | None,
    passord: str,
) -> None:
    """Make a person with a membership and a password: the first people of a new installation."""
    try:
        personer.ny_med_medlemskap(
            SYSTEM,
            navn=navn,
            epost=epost,
            organisasjon=organisasjon,
            rolle=rolle,
            enhet=enhet,
            fagomraader=fagomraade,
            telefon=telefon,
            hpr_nummer=hpr,
            passord=passord,
        )
    except PortalError as feil:
        _avbryt(feil)
    click.echo(f"{navn} <{epost}> er lagt inn.")


@person_gruppe.command("passord")
@click.option("--epost", required=True)
@click.password_option("--passord")
def person_passord(epost: str, passord: str) -> None:
    """Give a person a new password. Every session of theirs ends."""
    try:
        personer.bytt_passord_for(SYSTEM, epost=epost, passord=passord)
    except PortalError as feil:
        _avbryt(feil)
    click.echo("Passordet er byttet.")


@person_gruppe.command("rolle")
@click.option("--epost", required=True)
@click.option("--organisasjon", required=True, help="Organisation number, or kommunenummer.")
@click.option("--rolle", required=True, type=click.Choice([str(r) for r in Rolle]))
@click.option("--enhet", help="The name of a unit of the organisation.")
@click.option("--fagomraade", multiple=True, help="For a spesialist; may be given several times.")
@click.option("--avslutt", is_flag=True, help="End the role instead of giving it.")
def person_rolle(
    epost: str, organisasjon: str, rolle: str, enhet: str | None, fagomraade: tuple[str, ...], avslutt: bool
) -> None:
    """Give a person another role, or end one. Open windows follow at once."""
    try:
        if avslutt:
            personer.avslutt_rolle(SYSTEM, epost=epost, organisasjon=organisasjon, rolle=rolle, enhet=enhet)
        else:
            personer.ny_rolle(
                SYSTEM,
                epost=epost,
                organisasjon=organisasjon,
                rolle=rolle,
                enhet=enhet,
                fagomraader=fagomraade,
            )
    except PortalError as feil:
        _avbryt(feil)
    click.echo("Rollen er avsluttet." if avslutt else "Rollen er gitt.")


@person_gruppe.command("steng")
@click.option("--epost", required=True)
@click.option("--aapne", is_flag=True, help="Let the person in again.")
def person_steng(epost: str, aapne: bool) -> None:
    """Shut a person out of everything at once, or let them in again."""
    try:
        personer.sett_aktiv(SYSTEM, personer.finn_person(epost).id, aapne)
    except PortalError as feil:
        _avbryt(feil)
    click.echo("Personen er sluppet inn igjen." if aapne else "Personen er stengt ute.")


@person_gruppe.command("inviter")
@click.option("--epost", required=True)
def person_inviter(epost: str) -> None:
    """Send a person a link with which to choose a password, and print it. It counts once, for seven days."""
    try:
        token = lenker.inviter(SYSTEM, personer.finn_person(epost).id)
    except PortalError as feil:
        _avbryt(feil)
    click.echo(lenkeadresse(token))


@person_gruppe.command("nullstill-tofaktor")
@click.option("--epost", required=True)
def person_nullstill_tofaktor(epost: str) -> None:
    """Take away a person's second factor, when the telephone is lost. Every session of theirs ends."""
    try:
        totrinn.nullstill(SYSTEM, personer.finn_person(epost).id)
    except PortalError as feil:
        _avbryt(feil)
    click.echo("Totrinnsinnloggingen er nullstilt.")


@portal.group("tjenestekonto")
def tjenestekonto_gruppe() -> None:
    """Service accounts for API clients."""


@tjenestekonto_gruppe.command("ny")
@click.option("--navn", required=True)
@click.option("--epost", required=True, help="The person whose membership the client acts in.")
@click.option(
    "--organisasjon", help="Which of the person's organisations, by number, when there are several."
)
@click.option("--dager", default=365, show_default=True)
def tjenestekonto_ny(navn: str, epost: str, organisasjon: str | None, dager: int) -> None:
    """Make a Bearer token. It is shown once."""
    try:
        token = personer.ny_tjenestekonto(
            SYSTEM, navn=navn, epost=epost, organisasjon=organisasjon, dager=dager
        )
    except PortalError as feil:
        _avbryt(feil)
    click.echo(token)


@tjenestekonto_gruppe.command("trekk")
@click.option("--navn", required=True)
def tjenestekonto_trekk(navn: str) -> None:
    """Withdraw the tokens of a service account."""
    try:
        antall = personer.trekk_tilbake_tjenestekonto(SYSTEM, navn)
    except PortalError as feil:
        _avbryt(feil)
    click.echo(f"{antall} nøkler er trukket tilbake.")


@portal.group("revisjon")
def revisjon_gruppe() -> None:
    """The audit log."""


@revisjon_gruppe.command("kontroller")
def revisjon_kontroller() -> None:
    """Verify every chain and every seal; name the first broken link of each. Exit code 1 when one is broken."""
    k = revisjon.kontroller(innstillinger().revisjonsnoekkel)
    click.echo(f"{k.kjeder} kjeder, {k.lenker} lenker, {k.segl} segl kontrollert.")
    for b in k.brudd:
        click.echo(f"BRUDD i {b.kjede}: lenke {b.nummer} {b.grunn}.", err=True)
    if k.brudd:
        sys.exit(1)
    click.echo("Alle kjeder er hele.")


@revisjon_gruppe.command("forsegl")
def revisjon_forsegl() -> None:
    """Seal the heads now, if an hour has gone since the last seal."""
    click.echo(
        "Forseglet." if revisjon.forsegl(innstillinger().revisjonsnoekkel) else "Ikke noe å forsegle nå."
    )


@portal.command("arbeider")
def arbeider_kommando() -> None:
    """Run the worker: timers, delivery, seals, tidying. Stop it with Ctrl-C or SIGTERM."""
    click.echo("Arbeideren går. Stopp den med Ctrl-C.")
    arbeider(current_app._get_current_object()).loep()  # type: ignore[attr-defined]


def arbeider(app: Flask) -> Arbeider:
    """The worker with the jobs of all rooms."""
    varsler.si_hvor_posten_gaar()
    i = innstillinger()
    noekkel = i.revisjonsnoekkel
    hjerteslag = Hjerteslag(i.hjerteslag_url, innsikt.ikke_vel)
    return Arbeider(
        app,
        [
            Jobb("revisjon.forsegl", 60, lambda: revisjon.forsegl(noekkel)),
            Jobb("identitet.rydd", 600, oekter.rydd),
            Jobb("eskalering.kjoer_forfalte", 1, eskalering.kjoer_forfalte, Spor.FRIST),
            Jobb("eskalering.finn_ubesvarte", 10, eskalering.finn_ubesvarte, Spor.FRIST),
            Jobb("eskalering.hopp_over_tomme", 10, tomme.hopp_over_tomme, Spor.FRIST),
            Jobb("eskalering.nye_paa_vakt", 20, eskalering.nye_paa_vakt, Spor.FRIST),
            Jobb("eskalering.kontroller", 15, eskalering.kontroller),
            Jobb(
                "eskalering.start_manglende",
                eskalering.START_HVER.total_seconds(),
                eskalering.start_manglende,
            ),
            Jobb("kanari.kjoer_planlagte", 5, kanari.kjoer_planlagte, Spor.FRIST),
            Jobb("kanari.fullfoer", 2, kanari.fullfoer, Spor.FRIST),
            Jobb("varsler.lever", 1, varsler.lever, Spor.POST),
            Jobb("vaktskifte.lag_skifter", 5, vaktskifte.lag_skifter, Spor.FRIST),
            Jobb("vaktskifte.ta_igjen", 600, vaktskifte.ta_igjen, Spor.FRIST),
            Jobb("rotasjoner.fyll_fram", 3600, rotasjoner.fyll_fram),
            Jobb("fratraadte.meld_fratraadte", 600, fratraadte.meld_fratraadte),
            Jobb("bytte.la_forfalle", 60, vakt_bytte.la_forfalle),
            Jobb("klarhet.kontroller", 60, klarhet.kontroller),
            Jobb("paaminnelser.varsle_vakter", 60, paaminnelser.varsle_vakter),
            Jobb("paaminnelser.varsle_hull", 3600, paaminnelser.varsle_hull),
            Jobb("plasser.loes_ut_forfalte", 2, plassreservasjoner.loes_ut_forfalte, Spor.FRIST),
            Jobb("henvendelser.foelg_plasser", 2, saksplasser.foelg_plasser, Spor.FRIST),
            Jobb("omdisponering.begynn_slutt", 2, omdisponeringsklokke.sett_i_gang_og_avslutt, Spor.FRIST),
            Jobb("omdisponering.la_forfalle", 60, omdisponeringsklokke.la_forfalle),
            Jobb("omdisponering.purr", 60, omdisponeringsklokke.purr),
            Jobb("omdisponering.si_fra_om_slutt", 60, omdisponeringsklokke.si_fra_om_slutt),
            Jobb("plasser.legg_sammen_dager", 60, plassdoegn.legg_sammen_dager),
            Jobb("plasser.purr", 60, plassferskhet.purr),
            Jobb("omdisponering.lukk_behov", 60, omdisponering_behov.lukk_utloepte),
            Jobb("avtaler.sett_i_kraft", 60, ikrafttredelse.sett_i_kraft),
            Jobb("avtaler.foelg_sammenslaatte", 60, avtaler_sammenslaaing.foelg_sammenslaatte),
            Jobb("avtaler.fyll_paa", 6 * 3600, forpliktelser.fyll_paa),
            Jobb("oppgaver.minn_om", 60, oppgaver.minn_om_oppgaver),
            Jobb("omdisponering.minn_om_delegering", 3600, omd_delegering.minn_om),
            Jobb("omdisponering.foelg_samtykker", 3600, omd_reserve.foelg_samtykker),
            Jobb("beredskap.meld_begynte", 30, beredskap_faser.meld_begynte),
            Jobb("beredskap.foelg_sammenslaatte", 60, beredskap_sammenslaaing.foelg_sammenslaatte),
            Jobb("plasser.foelg_sammenslaatte", 60, plasser_sammenslaaing.foelg_sammenslaatte),
            Jobb("omdisponering.foelg_sammenslaatte", 60, omdisponering_sammenslaaing.foelg_sammenslaatte),
            Jobb("vakt.foelg_sammenslaatte", 60, vakt_sammenslaaing.foelg_sammenslaatte),
            Jobb("henvendelser.foelg_sammenslaatte", 60, sammenslaaing.foelg_sammenslaatte),
            Jobb("oppfoelging.spoer_forfalte", 60, oppfoelging.spoer_forfalte),
            Jobb("henvendelser.rydd_vedlegg", vedlegg.RYDDES_HVER, vedlegg.rydd),
            *(
                [Jobb("innsikt.hjerteslag", i.hjerteslag_sekunder, hjerteslag, Spor.HJERTE)]
                if i.hjerteslag_url
                else []
            ),
        ],
    )


# --- serving ---------------------------------------------------------------------------------------------


def serve(app: Flask) -> None:
    """Serves in this process, for development and small houses (`python app.py`). Never in production."""
    i = innstillinger()
    if i.modus == "produksjon":
        sys.exit("Production is served by gunicorn behind nginx, not by `python app.py`: see the README.")
    _krev_ledig_port(i.host, i.port)
    forbered(app)
    adresse = f"http://{'127.0.0.1' if i.host == '0.0.0.0' else i.host}:{i.port}"  # noqa: S104
    print(f"\n  Samhandlingsportalen: {adresse}\n", flush=True)
    if i.demo:
        print(identitet_demo.innlogginger_som_tekst(), flush=True)
    from gevent import get_hub

    from portal.core.innebygd import Straks

    # Ctrl-C is how it is stopped: no error for gevent's hub to print.
    get_hub().NOT_ERROR += (KeyboardInterrupt,)
    try:
        realtime.socketio.run(app, host=i.host, port=i.port, log_output=False, handler_class=Straks)
    except KeyboardInterrupt:
        print("\nStopped.")


def forbered(app: Flask) -> None:
    """What a serving process does before its first request. gunicorn calls it from its configuration."""
    krev_trygg_database(app)
    realtime.start_tikk()
    if innstillinger().arbeider_i_web:
        arbeider(app).start_i_bakgrunnen()
    # Collections of what was made at start were most of the p95 (docs/benchmarks.md).
    gc.collect()
    gc.freeze()


def krev_trygg_database(app: Flask) -> None:
    """Production never runs on demo data; any mode needs a migrated database."""
    with app.app_context():
        try:
            if innstillinger().modus == "produksjon" and identitet_demo.finnes_demo():
                sys.exit(
                    "The database holds demo people. Production needs a database of its own: "
                    "set PORTAL_DATABASE_URL to an empty one and run `flask portal start-data`."
                )
            db.session.execute(sa.text("SELECT 1 FROM henvendelse LIMIT 1"))
        except sa.exc.DBAPIError as feil:
            sys.exit(
                f"The database is not ready ({str(feil.orig).splitlines()[0]}). "
                "Run `make run`, or `flask --app portal.factory:create_app portal start-data`."
            )


def _krev_ledig_port(host: str, port: int) -> None:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as proeve:
        proeve.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            proeve.bind((host, port))
        except OSError as feil:
            grunn = "is taken by another program" if feil.errno == errno.EADDRINUSE else str(feil.strerror)
            sys.exit(f"Port {port} on {host} {grunn}. Choose another: PORTAL_PORT=5001 make run")
