"""The documents are true where a machine can tell: links, files, functions, tests, targets, commands, settings."""

import ast
import re
import subprocess
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from loonbrug.project.main import COMMANDS

ROOT = Path(__file__).resolve().parents[2]
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
FILE = re.compile(r"`([\w./*-]+\.(?:py|toml|md|po|css|js|html|json|csv|xlsx|xml))(?:::([\w.]+))?`")
ITALIC = re.compile(r"(?<![*\w])\*([^*]+)\*(?!\*)")
SCREENS = ROOT / "src" / "loonbrug" / "locale" / "nl" / "LC_MESSAGES" / "django.po"
AFAS_SCREENS = ROOT / "src" / "afas_sandbox" / "pages" / "words.toml"
#: A name with words in capitals stands for several: `NAME-STATUS.body`.
PLACEHOLDER = re.compile(r"[A-Z]+-[A-Z]+")
#: Files are named from the root, from `src`, from the product's own package, or from its templates.
BASES = (ROOT, ROOT / "src", ROOT / "src" / "loonbrug", ROOT / "src" / "loonbrug" / "web" / "templates")


@cache
def tracked(pattern: str) -> list[Path]:
    named = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", pattern]
    listed = subprocess.run(named, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    return [ROOT / name for name in listed if (ROOT / name).is_file()]


DOCUMENTS = tracked("*.md")
every_document = pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))


def code_of(document: Path) -> str:
    """What a document shows as code: blocks and spans."""
    return "\n".join(re.findall(r"```.*?```|`[^`\n]+`", document.read_text(), flags=re.DOTALL))


def headings(document: Path) -> set[str]:
    found = re.findall(r"^#+ (.+)$", document.read_text(), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in found}


def files_called(name: str, document: Path) -> list[Path]:
    """The files that a document means by a name: a path from a base, or a bare name found anywhere."""
    found = [path for base in (document.parent, *BASES) for path in base.glob(name) if path.is_file()]
    if not found and "/" not in name:
        found = [path for path in tracked(f"*{name}") if path.match(name)]
    return found


@cache
def defined_in(path: Path) -> set[str]:
    """Functions, classes, methods and constants of a module."""
    names: set[str] = set()
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names |= {target.id for target in targets if isinstance(target, ast.Name)}
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
        if isinstance(node, ast.ClassDef):
            inner = [each for each in node.body if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)]
            names |= {f"{node.name}.{each.name}" for each in inner}
    return names


@cache
def settings_read() -> set[str]:
    """The environment variables that the code names."""
    return {
        name for path in tracked("src/*.py") for name in re.findall(r"LOONBRUG_[A-Z_]+", path.read_text())
    }


@cache
def names_of_tests() -> set[str]:
    return {name for path in tracked("tests/*.py") for name in defined_in(path)}


def test_there_are_documents() -> None:
    assert {"README.md", "README.nl.md", "CONTRIBUTING.md", "CHANGELOG.md"} <= {
        path.name for path in DOCUMENTS if path.parent == ROOT
    }


@every_document
def test_links_and_images_lead_somewhere(document: Path) -> None:
    def is_broken(target: str) -> bool:
        path, _, anchor = target.partition("#")
        goal = (document.parent / path).resolve() if path else document
        if not goal.exists():
            return True
        return bool(anchor) and goal.suffix == ".md" and anchor not in headings(goal)

    targets = [found for found in LINK.findall(document.read_text()) if "://" not in found]
    assert [target for target in targets if is_broken(target)] == []


@every_document
def test_files_and_what_is_in_them_exist(document: Path) -> None:
    def wrong() -> Iterator[str]:
        for name, member in FILE.findall(document.read_text()):
            files = files_called(name, document)
            if PLACEHOLDER.search(name):
                continue
            if not files or (member and not any(member in defined_in(path) for path in files)):
                yield f"{name}::{member}" if member else name

    assert list(wrong()) == []


@every_document
def test_tests_that_are_named_exist(document: Path) -> None:
    named = set(re.findall(r"`(test_\w+)`", document.read_text()))
    assert named - names_of_tests() == set()


@every_document
def test_make_targets_and_commands_exist(document: Path) -> None:
    code = code_of(document)
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))
    assert set(re.findall(r"(?:^|`)make ([a-z]+)", code, flags=re.MULTILINE)) - targets == set()
    assert set(re.findall(r"\bloonbrug ([a-z][a-z-]+)", code)) - set(COMMANDS) == set()


@every_document
def test_settings_that_are_named_exist(document: Path) -> None:
    assert set(re.findall(r"LOONBRUG_[A-Z_]+", document.read_text())) - settings_read() == set()


@cache
def labels(language: str) -> set[str]:
    """What is written on our screens in one language, and on AFAS's in both."""
    with SCREENS.open("rb") as file:
        texts = [
            message.id if language == "en" else message.string for message in read_po(file) if message.id
        ]
    ours = {label for text in texts for label in ([text] if isinstance(text, str) else text)}
    theirs = tomllib.loads(AFAS_SCREENS.read_text())
    return {label.casefold() for label in {*ours, *theirs, *theirs.values()}}


@pytest.mark.parametrize("guide", tracked("docs/guide-*.md"), ids=lambda path: path.name)
def test_what_a_guide_calls_a_label_is_on_the_screen(guide: Path) -> None:
    language = guide.suffixes[0].removeprefix(".")
    quoted = [" ".join(label.split()) for label in ITALIC.findall(guide.read_text())]
    assert len(quoted) > 10
    assert [label for label in quoted if label.casefold() not in labels(language)] == []
