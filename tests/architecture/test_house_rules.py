"""The rules of the house that no linter knows, each checked on the whole source tree."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src"
LONGEST_FUNCTION = 70
LONGEST_MODULE = 400
EMPTY_WORDS = {"utils", "helpers", "common", "manager", "handler", "processor", "misc"}
AFAS_WORDS = {
    "FiEntryPar", "FiEntries", "FiDimEntries", "UnId", "JoCo", "VaAs", "AcNr", "EnDa", "BpDa", "BpNr",
    "AmDe", "AmCr", "AdDc", "AdDa", "DiC1", "DiC2", "apiToken", "externalMessage",
}  # fmt: skip
#: The names of connectors are what people see in AFAS and in our screens; they may be named where those are.
CONNECTOR_NAMES = {"FiEntries"}
SPEAKS_AFAS = ("afas_client/", "afas_sandbox/", "loonbrug/delivery/payload.py")
PURE = [
    "loonbrug.ledger.checks",
    "loonbrug.ledger.translation",
    "loonbrug.ledger.canonical",
    "loonbrug.delivery.states",
    "loonbrug.delivery.outcomes",
    "loonbrug.delivery.payload",
    "loonbrug.delivery.reversal",
    "loonbrug.delivery.sighting",
    "loonbrug.planning.missing",
    "loonbrug.planning.plan",
    "afas_client.wire",
    "afas_client.fi_entries",
    "afas_client.get_connector",
    "afas_client.catalogue",
    "nmbrs_client.auth",
    "nmbrs_client.journal_xml",
    "nmbrs_client.records",
    "nmbrs_client.waiting",
    "nmbrs_client.wire",
]
HOLDS_MONEY = (
    "loonbrug/ledger/",
    "loonbrug/payroll/",
    "loonbrug/delivery/",
    "nmbrs_client/",
    "afas_client/fi_entries",
)
COUNTS_SECONDS = ("loonbrug/delivery/drain.py", "loonbrug/delivery/ground.py")


def modules() -> list[Path]:
    return [path for path in sorted(SOURCE.rglob("*.py")) if "migrations" not in path.parts]


def named(path: Path) -> str:
    return path.relative_to(SOURCE).as_posix()


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def test_there_is_a_tree_to_check() -> None:
    assert len(modules()) > 50


def test_no_file_or_class_has_an_empty_name() -> None:
    files = [named(path) for path in modules() if EMPTY_WORDS & set(path.stem.split("_"))]
    classes = [
        f"{named(path)}:{node.name}"
        for path in modules()
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.ClassDef) and re.search(r"(Helper|Handler|Processor|Utils)s?$", node.name)
    ]
    assert files == []
    assert classes == []


def test_a_function_fits_a_screen() -> None:
    long = [
        f"{named(path)}:{node.name}"
        for path in modules()
        for node in functions(path)
        if (node.end_lineno or 0) - node.lineno + 1 > LONGEST_FUNCTION
    ]
    assert long == []


def test_a_module_is_small() -> None:
    long = {named(path): len(path.read_text().splitlines()) for path in modules()}
    assert {name: count for name, count in long.items() if count > LONGEST_MODULE} == {}


def test_packages_hold_a_docstring_at_most() -> None:
    full = [
        named(path)
        for path in modules()
        if path.name == "__init__.py" and any(not isinstance(node, ast.Expr) for node in tree_of(path).body)
    ]
    assert full == []


def test_every_module_says_what_it_is() -> None:
    assert [named(path) for path in modules() if ast.get_docstring(tree_of(path)) is None] == []


@pytest.mark.parametrize("module", PURE)
def test_pure_modules_load_no_framework(module: str) -> None:
    program = (
        f"import sys, {module}; "
        "print(*({'django', 'aiohttp', 'sqlite3', 'starlette', 'psycopg'} & set(sys.modules)))"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": str(SOURCE)},
    )
    assert loaded.stdout.strip() == ""


def words_in_code(path: Path) -> Iterator[str]:
    """Names, keywords and whole texts; what comments and docstrings tell is no dependency."""
    for node in ast.walk(tree_of(path)):
        for field in ("id", "attr", "arg", "value"):
            if isinstance(word := getattr(node, field, None), str):
                yield word


def test_afas_words_stay_with_those_who_speak_to_afas() -> None:
    spoken = [
        f"{named(path)}: {word}"
        for path in modules()
        if not named(path).startswith(SPEAKS_AFAS)
        for word in words_in_code(path)
        if word in AFAS_WORDS - CONNECTOR_NAMES
    ]
    assert spoken == []


def test_no_amount_is_a_float() -> None:
    floats = [
        named(path)
        for path in modules()
        if named(path).startswith(HOLDS_MONEY) and named(path) not in COUNTS_SECONDS
        for node in ast.walk(tree_of(path))
        if (isinstance(node, ast.Name) and node.id == "float")
        or (isinstance(node, ast.Constant) and isinstance(node.value, float))
    ]
    assert floats == []


def test_language_is_chosen_at_the_edge_only() -> None:
    edge = ("loonbrug/web/", "loonbrug/api/", "loonbrug/cli/", "loonbrug/project/")
    below = [
        named(path)
        for path in modules()
        if not named(path).startswith(edge) and "django.utils.translation" in path.read_text()
    ]
    assert below == []


def test_the_clock_is_asked_at_the_edge_only() -> None:
    edge = ("loonbrug/web/", "loonbrug/api/", "loonbrug/cli/", "loonbrug/project/")
    asked = re.compile(r"\b(timezone\.now|datetime\.now|date\.today|datetime\.today|time\.time)\(")
    below = [
        named(path)
        for path in modules()
        if named(path).startswith("loonbrug/")
        and not named(path).startswith(edge)
        and asked.search(path.read_text())
    ]
    assert below == []


def test_no_file_names_a_package_registry() -> None:
    hosts = ("pypi" + ".org", "python" + "hosted", "registry." + "npmjs")
    tracked = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    naming = [
        name
        for name in tracked
        if (ROOT / name).is_file() and any(host.encode() in (ROOT / name).read_bytes() for host in hosts)
    ]
    assert naming == []
