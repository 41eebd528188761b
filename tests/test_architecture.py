"""The shape of the project is kept by machine: import ranks, pure core, small functions, no secrets' side doors."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
TOOLKIT = ROOT / "toolkit"

RANKS: tuple[tuple[str, ...], ...] = (
    ("money", "problems", "collector"),
    ("model",),
    ("books", "settings"),
    ("plan",),
    ("tables",),
    ("billing", "payouts", "bank", "mapping", "numbering"),
    ("matching",),
    ("planning", "deposits", "tieout", "undo"),
    ("posting_log",),
    ("qbo.wire", "qbo.limits", "qbo.session"),
    ("qbo.client",),
    ("qbo.snapshot",),
    ("push",),
    ("report",),
    ("open_company",),
    ("stages", "connecting"),
    ("report_company", "undoing"),
    ("pages",),
    ("panels", "month_end"),
    ("fleet",),
    ("cli",),
)
"""DESIGN section 2. A module imports only from earlier ranks, panels not from each other."""

PARTS = {
    # Modules that were split off by subject share the rank of the one they belong to.
    part: owner
    for owner, parts in {
        "problems": ("disk",),
        "settings": ("settings_file",),
        "tables": ("cells", "names", "table_problems"),
        "billing": ("inbox",),
        "matching": ("customer_matching", "teams", "chart", "counterparts", "hindsight", "settlement", "unread"),
        "planning": ("frame", "reminders", "invoice_problems", "payment_problems", "bench", "postings", "tills"),
        "stages": ("gathering", "evidence", "company_status"),
        "deposits": ("already_booked", "corrections"),
        "tieout": ("edits", "funds_proof", "judging", "judging_payouts", "proof", "receivable_proof", "entries"),
        "qbo.wire": ("qbo.wire_read", "qbo.exact_json", "qbo.faults", "qbo.fault_words", "qbo.understanding"),
        "qbo.session": (
            "qbo.addresses",
            "qbo.filelock",
            "qbo.quiet",
            "qbo.tokens",
            "qbo.token_words",
            "qbo.oauth_answers",
            "qbo.callback",
            "qbo.connection_words",
        ),
        "qbo.client": ("qbo.exchange", "qbo.layers"),
        "qbo.snapshot": ("qbo.balances", "qbo.books_cache", "qbo.books_in_hand", "qbo.sources"),
        "push": ("approval", "carrier", "lookup", "waves"),
        "report": ("charts", "pack", "shown"),
        "open_company": ("reports_in_hand",),
    }.items()
    for part in parts
}

PREFIXES = {"planned": "planning", "deposit": "deposits", "posting": "posting_log", "month": "month_end"}
"""`billing_rows` belongs to `billing` by its name; these prefixes are not the name itself."""

PURE_UNTIL = "undo"
IMPURE = frozenset(
    {"requests", "random", "secrets", "os", "time", "socket", "subprocess", "ipywidgets", "requests_oauthlib", "urllib"}
)
FILES_ONLY_IN = frozenset(
    {"tables", "cells", "inbox", "billing", "payouts", "bank", "mapping", "mapping_file", "settings", "settings_file"}
)
LONGEST_FUNCTION = 50


def modules() -> list[str]:
    return sorted(
        ".".join(path.relative_to(TOOLKIT).with_suffix("").parts)
        for path in TOOLKIT.rglob("*.py")
        if path.name not in ("__init__.py", "__main__.py")
    )


OURS = [name for name in modules() if not name.startswith("emulator")]


def source(module: str) -> Path:
    return TOOLKIT.joinpath(*module.split(".")).with_suffix(".py")


def owner(module: str) -> str:
    """The rank-table name that a module falls under."""
    if module.startswith("panels"):
        return "panels"
    if module in PARTS or any(module in names for names in RANKS):
        return PARTS.get(module, module)
    prefix = module.rpartition(".")[2].split("_")[0]
    return PREFIXES.get(prefix, prefix)


def is_part(module: str) -> bool:
    """Whether it was split off from the module that its rank is named for."""
    return not any(module in names for names in RANKS)


def rank(module: str) -> int:
    for number, names in enumerate(RANKS):
        if owner(module) in names:
            return number
    raise AssertionError(f"{module} has no rank: add it to RANKS, or to PARTS of the module it was split from")


def imports(module: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source(module).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def toolkit_imports(module: str) -> set[str]:
    known = set(modules())
    bare = {name.removeprefix("toolkit.") for name in imports(module) if name.startswith("toolkit.")}
    return {name for name in bare if name in known}


@pytest.mark.parametrize("module", OURS)
def test_a_module_imports_only_from_its_own_or_earlier_ranks(module: str) -> None:
    for imported in toolkit_imports(module):
        if imported.startswith("emulator"):
            assert module in ("open_company", "cli"), f"{module} imports the emulator"
            continue
        # Within a rank, the parts that were split off may be shared; the modules that the rank is named for may not.
        shared = rank(imported) == rank(module) and (owner(imported) in (owner(module), module) or is_part(imported))
        whole = rank(imported) == rank(module) and owner(imported) == owner(module)
        assert rank(imported) < rank(module) or shared or whole, f"{module} imports {imported}, of a later rank"


@pytest.mark.parametrize("module", [name for name in modules() if name.startswith("emulator")])
def test_the_emulator_shares_no_code_with_the_client(module: str) -> None:
    assert all(name.startswith("emulator") for name in toolkit_imports(module))


@pytest.mark.parametrize("module", [name for name in OURS if rank(name) <= rank(PURE_UNTIL)])
def test_the_core_is_pure(module: str) -> None:
    found = {name.split(".")[0] for name in imports(module)}
    assert not found & IMPURE
    text = source(module).read_text(encoding="utf-8")
    assert "datetime.now(" not in text
    assert "date.today(" not in text
    if module not in FILES_ONLY_IN:
        assert not re.search(r"(?<![\w])open\(|\.(read|write)_(text|bytes)\(", text)


@pytest.mark.parametrize("module", OURS)
def test_panels_do_not_import_each_other(module: str) -> None:
    """What they share (`panels.parts` and what was split off from it) they may import."""
    if module.startswith("panels") and not module.startswith("panels.parts"):
        imported = {name for name in toolkit_imports(module) if name.startswith("panels")}
        assert {name for name in imported if not name.startswith("panels.parts")} == set()


@pytest.mark.parametrize("module", modules())
def test_functions_are_short_and_nothing_prints(module: str) -> None:
    tree = ast.parse(source(module).read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1 - _docstring_lines(node)
            assert lines <= LONGEST_FUNCTION, f"{module}.{node.name} has {lines} lines"
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            to_stream = any(keyword.arg == "file" for keyword in node.keywords)
            assert node.func.id != "print" or to_stream, f"{module} prints; return text, or use click.echo"


def _docstring_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    first = node.body[0]
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
        return (first.end_lineno or first.lineno) - first.lineno + 1
    return 0


@pytest.mark.parametrize("module", modules())
def test_nothing_swallows_every_exception(module: str) -> None:
    for node in ast.walk(ast.parse(source(module).read_text(encoding="utf-8"))):
        if isinstance(node, ast.ExceptHandler):
            assert node.type is not None, f"{module} line {node.lineno} has a bare except"
            assert not (len(node.body) == 1 and isinstance(node.body[0], ast.Pass) and _is_broad(node.type))


def _is_broad(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id in ("Exception", "BaseException")


def test_no_module_is_left_out_of_the_ranks() -> None:
    assert [name for name in OURS if rank(name) < 0] == []


@pytest.mark.parametrize("module", modules())
def test_unsafe_transport_is_never_switched_on(module: str) -> None:
    text = source(module).read_text(encoding="utf-8")
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            assert node.value != "OAUTHLIB_INSECURE_TRANSPORT"
