"""Deletes the checks of the access rules one by one, and demands that the access matrices notice each of them.

`python -m scripts.mutations` takes a good while; with a room (`oppgaver`) or one of its functions (`vakt.hent_bytte`)
behind it, some minutes. It is no part of `make test`. Each mutant is a copy of the portal in which one operand of a
rule is gone: a condition of a WHERE, a term of an AND or OR, an `if` that refuses. A mutant that the tests let pass is
printed as SURVIVED, and the exit code is 1.
"""

from __future__ import annotations

import ast
import copy
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
#: The rooms whose rules are tried, and the tests that are to notice. Quick ones first: a mutant dies at the first
#: failure.
TESTS: dict[str, tuple[str, ...]] = {
    "henvendelser": (
        "tests/test_behov_for_aa_vite.py",
        "tests/test_behov_sokler.py",
        "tests/test_tilgang_tjenester.py",
        "tests/henvendelser/test_overganger.py",
        "tests/henvendelser/test_flyt.py",
    ),
    "vakt": ("tests/test_tilgang_vakt.py", "tests/vakt/test_bytte.py", "tests/vakt/test_fravaer.py"),
    "varsler": (
        "tests/test_behov_varsler.py",
        "tests/test_tilgang_vakt.py",
        "tests/varsler/test_uleverte.py",
    ),
    "oppgaver": ("tests/oppgaver/test_oppgaver.py", "tests/test_tilgang_oppgaver.py"),
    "beredskap": ("tests/test_tilgang_beredskap.py", "tests/beredskap"),
    "avtaler": ("tests/test_tilgang_avtaler.py", "tests/avtaler"),
    "plasser": ("tests/plasser/test_access.py", "tests/test_tilgang_plasser.py"),
}
COPIED = ("portal", "tests")
LINKED = ("templates", "static", "migrations", "frontend", "pyproject.toml", "babel.cfg", "scripts", "app.py")
_ENTRY = "what the entry of the refusal is about, not who is refused"
_TIMES = "an answered or closed case has the time of it; for the type checker"
_TYPE_CHECKER = "a membership has a person and a role; it is there for the type checker"
#: What changes no answer: (room and function, the text that was taken away) → why.
EQUIVALENT: dict[tuple[str, str], str] = {
    ("henvendelser.krev_rolle", "aktor.organisasjon_id"): _ENTRY,
    ("henvendelser.krev_rolle", "''"): "the same",
    ("henvendelser._innen_tiden", "sak.besvart_tid is None"): _TIMES,
    ("henvendelser._innen_tiden", "sak.lukket_tid is None"): _TIMES,
    (
        "henvendelser.er_paa_vakt",
        "aktor.rolle in KAN_SVARE",
    ): "no other role can have fagområder (`identitet.roller`)",
    (
        "henvendelser.ansvarlig_er_der",
        "sak.ansvarlig_medlemskap_id is not None",
    ): "no membership has NULL for its id",
    ("henvendelser.krev_koe", "aktor.rolle"): "who has a queue has a role; it is there for the type checker",
    (
        "plasser.kan",
        "aktor.organisasjon_id is not None",
    ): "no place is of NULL; it is there for the type checker",
    (
        "plasser.er_medlem",
        "False",
    ): "whether something exists is never NULL; it is there for the type checker",
    (
        "plasser.hent_reservasjon",
        "if enhet_id is None",
    ): "there is no unit without an id either: the same answer",
    (
        "plasser.leser_beskjed",
        "reservasjon.person_id is not None",
    ): "who has taken a hold is a person (`har_tatt`)",
    (
        "plasser.er_kommunens",
        "kommune.etterfolger_id is not None",
    ): "who has no successor is nobody's predecessor; it saves the question",
    (
        "plasser.rapportkommuner",
        "Organisasjon.type.in_(('hf', 'ideelt_sykehus'))",
    ): "no kommune is in the area of anything but a hospital",
    ("oppgaver.ser", "aktor.person_id is not None"): _TYPE_CHECKER,
    ("oppgaver.ser", "aktor.medlemskap_id is not None"): _TYPE_CHECKER,
    ("oppgaver.ser", "aktor.organisasjon_id is not None"): _TYPE_CHECKER,
    ("oppgaver._nekt", "objekt_id"): _ENTRY,
    ("oppgaver._nekt", "''"): "the same",
}
#: What decides nothing: `grener` only finds, for the lists, what `synlige` then judges.
NO_CHECKS = {"grener"}


@dataclass(frozen=True)
class Mutant:
    """One deleted check: where it stood, and the whole module without it."""

    room: str
    function: str
    line: int
    removed: str
    source: str


def rules(room: str) -> Path:
    """Where the rules of a room stand, by the root of the house."""
    return Path("portal", room, "access.py")


def mutants(room: str, source: str) -> Iterator[Mutant]:
    """Every way to take one check away."""
    tree = ast.parse(source)
    for function in [n for n in tree.body if isinstance(n, ast.FunctionDef) and n.name not in NO_CHECKS]:
        for path, node in list(_walk(function)):
            for replacement, removed in _without(node):
                changed = copy.deepcopy(tree)
                target: ast.AST = next(
                    n for n in changed.body if isinstance(n, ast.FunctionDef) and n.name == function.name
                )
                for step, index in path[:-1]:
                    child = getattr(target, step)
                    target = child[index] if index is not None else child
                step, index = path[-1]
                if index is None:
                    setattr(target, step, replacement)
                else:
                    getattr(target, step)[index] = replacement
                yield Mutant(
                    room,
                    function.name,
                    node.lineno,
                    removed,
                    ast.unparse(ast.fix_missing_locations(changed)),
                )


Path_ = tuple[tuple[str, int | None], ...]


def _walk(node: ast.AST, path: Path_ = ()) -> Iterator[tuple[Path_, ast.expr | ast.If]]:
    for name, value in ast.iter_fields(node):
        children = value if isinstance(value, list) else [value]
        for index, child in enumerate(children):
            if not isinstance(child, ast.AST):
                continue
            here = (*path, (name, index if isinstance(value, list) else None))
            if isinstance(child, ast.Call | ast.BoolOp | ast.If):
                yield here, child
            yield from _walk(child, here)


def _without(node: ast.expr | ast.If) -> Iterator[tuple[ast.AST, str]]:
    """The node with one of its checks gone, and the text of what is gone."""
    if isinstance(node, ast.Call) and _name(node) in ("and_", "or_", "where"):
        for index, argument in enumerate(node.args):
            if _name(node) == "where" and index == 0 and isinstance(argument, ast.Starred):
                continue
            changed = copy.deepcopy(node)
            del changed.args[index]
            if not changed.args:
                changed.args = [ast.parse("sa.true()", mode="eval").body]
            yield changed, ast.unparse(argument)
    elif isinstance(node, ast.BoolOp):
        for index, value in enumerate(node.values):
            changed_values = [copy.deepcopy(v) for i, v in enumerate(node.values) if i != index]
            yield (
                (
                    changed_values[0]
                    if len(changed_values) == 1
                    else ast.BoolOp(op=node.op, values=changed_values)
                ),
                ast.unparse(value),
            )
    elif isinstance(node, ast.If) and _refuses(node.body):
        yield (
            ast.If(
                test=ast.Constant(False), body=copy.deepcopy(node.body), orelse=copy.deepcopy(node.orelse)
            ),
            f"if {ast.unparse(node.test)}",
        )


def _name(node: ast.Call) -> str:
    return node.func.attr if isinstance(node.func, ast.Attribute) else ""


def _refuses(body: list[ast.stmt]) -> bool:
    """Raises, gives False, or calls what logs the refusal and raises (`nekt`)."""
    last = body[-1]
    if isinstance(last, ast.Expr) and isinstance(last.value, ast.Call):
        return ast.unparse(last.value.func).strip("_").endswith("nekt")
    return isinstance(last, ast.Raise) or (
        isinstance(last, ast.Return) and isinstance(last.value, ast.Constant) and last.value.value is False
    )


def survives(mutant: Mutant) -> bool:
    """Runs the matrices on the mutant, in a folder of its own. True when none of them fails."""
    with tempfile.TemporaryDirectory(prefix="mutant") as folder:
        house = Path(folder)
        for name in COPIED:
            shutil.copytree(ROOT / name, house / name, ignore=shutil.ignore_patterns("__pycache__"))
        for name in LINKED:
            (house / name).symlink_to(ROOT / name)
        (house / rules(mutant.room)).write_text(mutant.source)
        env = {k: v for k, v in os.environ.items() if not k.startswith(("PORTAL_", "FLASK_"))}
        for test in TESTS[mutant.room]:
            run = subprocess.run(
                [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", test],
                cwd=house,
                env={**env, "PORTAL_TEST_DB": "sqlite"},
                capture_output=True,
                timeout=600,
                check=False,
            )
            if run.returncode not in (0, 1):
                raise RuntimeError(run.stdout.decode()[-2000:] + run.stderr.decode()[-2000:])
            if run.returncode == 1:
                return False
        return True


def main(arguments: list[str]) -> int:
    """Runs all mutants, or those of the rooms and functions (`room.function`) that are named."""
    sources = {room: (ROOT / rules(room)).read_text() for room in TESTS}
    alle = [
        m
        for room, source in sources.items()
        for m in mutants(room, source)
        if not arguments or {room, f"{room}.{m.function}"} & set(arguments)
    ]
    for room in dict.fromkeys(m.room for m in alle):
        print(f"{sum(m.room == room for m in alle)} mutants of {rules(room)}", flush=True)
        if not survives(Mutant(room, "", 0, "", sources[room])):
            print(f"The tests of {room} fail without any mutation: mend that first.")
            return 2
    left = 0
    with ThreadPoolExecutor(max_workers=os.cpu_count() or 2) as pool:
        for mutant, survived in zip(alle, pool.map(survives, alle), strict=True):
            name = f"{mutant.room}.{mutant.function}"
            reason = EQUIVALENT.get((name, mutant.removed))
            word = "killed" if not survived else "EQUIVALENT" if reason else "SURVIVED"
            left += word == "SURVIVED"
            print(f"{word:10} {name}:{mutant.line}  {mutant.removed}", flush=True)
    print(f"{len(alle) - left} of {len(alle)} noticed")
    return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
