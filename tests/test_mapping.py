"""mapping.csv and customers.csv: what a line is sold as, what contradicts, and files that two people write at once."""

from __future__ import annotations

import csv
import multiprocessing
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toolkit import mapping
from toolkit.mapping import Choice, Mapping, Pin, Rule
from toolkit.mapping_suggestions import Unmapped, suggest, unmapped
from toolkit.model import BillingLine, Invoice, InvoiceStatus, InvoiceType, LineKind, Source
from toolkit.problems import Problem, Severity, UsageError

AT = Source(file="billing.xlsx", sheet="Paid", row=2)


def line(kind: LineKind, name: str, amount: str = "10", campus: str = "") -> BillingLine:
    return BillingLine(kind=kind, name=name, description=name, amount=Decimal(amount), campus=campus, source=AT)


def invoice(*lines: BillingLine, campus: str = "North", category: str = "", number: str = "C957F1A7-0008") -> Invoice:
    return Invoice(
        number=number,
        coworks_id="",
        team="Factory Inc.",
        email="",
        admin_name="",
        campus=campus,
        status=InvoiceStatus.UNPAID,
        type=InvoiceType.ONE_OFF if category else InvoiceType.MEMBERSHIP,
        invoice_date=date(2026, 1, 5),
        due_date=date(2026, 1, 15),
        lines=lines,
        total=sum((one.amount for one in lines), Decimal("0.00")),
        category=category,
        source=AT,
    )


RULES = Mapping(
    (
        Rule(kind="plan", name="Hot Desk", product="Memberships"),
        Rule(kind="plan", name="Hot Desk", campus="South", product="South Memberships", class_name="South"),
        Rule(kind="day_pass", product="Day Passes"),
        Rule(kind="external_booking", name="Board Room", product="Meeting Rooms"),
        Rule(kind="one_off", name="Printing", product="Services"),
        Rule(kind="transaction_fee", name="Transaction fee", product="Transaction Fees"),
        Rule(kind="custom_fee", name="Community fee", product="Community Fees"),
        Rule(kind="custom_fee", name="Sales tax", product="Sales Tax"),
        Rule(kind="discount", name="Founder", product="Discounts"),
        Rule(kind="deposit", name="Security deposit", product="#77"),
        Rule(kind="invoice", name="9BC099E3-0025", product="Event Space"),
    )
)


@pytest.mark.parametrize(
    ("row", "kind", "name", "product"),
    [
        ("A10", LineKind.PLAN, "Hot Desk", "Memberships"),
        ("A10", LineKind.PLAN, "  hot   DESK ", "Memberships"),
        ("A10", LineKind.PRORATION, "Hot Desk", "Memberships"),
        ("A11", LineKind.DAY_PASS, "Any pass at all", "Day Passes"),
        ("A11", LineKind.BOOKING, "Board Room", "Meeting Rooms"),
        ("A12", LineKind.ONE_OFF, "Printing", "Services"),
        ("A13", LineKind.TRANSACTION_FEE, "Transaction fee", "Transaction Fees"),
        ("A14", LineKind.CUSTOM_FEE, "Community fee", "Community Fees"),
        ("A14", LineKind.TAX_FEE, "Sales tax", "Sales Tax"),
        ("deposit", LineKind.DEPOSIT, "Security deposit", "#77"),
        ("discount", LineKind.DISCOUNT, "Founder", "Discounts"),
    ],
)
def test_a10_to_a14_each_kind_of_line_goes_by_its_own_rows(row: str, kind: LineKind, name: str, product: str) -> None:
    said = line(kind, name)
    found = mapping.product_for(RULES, invoice(said), said, "")
    assert isinstance(found, Choice), row
    assert found.product == product


@pytest.mark.parametrize(
    ("team_campus", "line_campus", "product", "class_name"),
    [
        ("North", "", "Memberships", ""),
        ("south", "", "South Memberships", "South"),
        ("North", "SOUTH", "South Memberships", "South"),
        ("South", "North", "Memberships", ""),
        ("", "", "Memberships", ""),
    ],
)
def test_77_the_row_of_a_campus_beats_the_general_one_and_service_beats_team(
    team_campus: str, line_campus: str, product: str, class_name: str
) -> None:
    said = line(LineKind.PLAN, "Hot Desk", campus=line_campus)
    found = mapping.product_for(RULES, invoice(said, campus=team_campus), said, "")
    assert found == Choice(product, class_name, getattr(found, "rule", ""))


def test_names_match_whatever_the_form_of_their_accents() -> None:
    rules = Mapping((Rule(kind="plan", name="Café Zoe\u0308", product="Memberships"),))
    said = line(LineKind.PLAN, "Cafe\u0301 Zoë")
    assert isinstance(mapping.product_for(rules, invoice(said), said, ""), Choice)


@pytest.mark.parametrize(
    ("category", "number", "products"),
    [
        ("Event Space", "C957F1A7-0008", ["Event Space", "Event Space", "Transaction Fees"]),
        ("Printing", "C957F1A7-0008", ["Services", "Services", "Transaction Fees"]),
        ("", "9bc099e3-0025", ["Event Space", "Event Space", "Transaction Fees"]),
        ("", "C957F1A7-0008", ["Services", "Meeting Rooms", "Transaction Fees"]),
    ],
)
def test_a12_one_category_covers_every_line_but_the_fees(category: str, number: str, products: list[str]) -> None:
    lines = (
        line(LineKind.ONE_OFF, "Printing"),
        line(LineKind.BOOKING, "Board Room"),
        line(LineKind.TRANSACTION_FEE, "Transaction fee"),
    )
    billed = invoice(*lines, category=category, number=number)
    found = [mapping.product_for(RULES, billed, one, "") for one in lines]
    assert [one.product for one in found if isinstance(one, Choice)] == products


@pytest.mark.parametrize(
    ("order", "product"),
    [
        (["plan", "discount", "printing"], "Memberships"),
        (["printing", "plan", "discount"], "Memberships"),
        (["plan", "fee", "discount"], "Memberships"),
        (["printing", "discount", "plan"], "Services"),
        (["discount", "plan"], "Memberships"),
        (["plan", "discount", "discount"], "Memberships"),
    ],
)
def test_a_discount_without_a_row_is_sold_as_the_line_it_reduces(order: list[str], product: str) -> None:
    kinds = {
        "plan": (LineKind.PLAN, "Hot Desk"),
        "printing": (LineKind.ONE_OFF, "Printing"),
        "fee": (LineKind.TRANSACTION_FEE, "Transaction fee"),
        "discount": (LineKind.DISCOUNT, "Welcome"),
    }
    lines = [line(*kinds[word]) for word in order]
    last = max(at for at, word in enumerate(order) if word == "discount")
    found = mapping.product_for(RULES, invoice(*lines), lines[last], "Other")
    assert isinstance(found, Choice)
    assert found.product == product
    assert "the line it reduces" in found.rule


def test_a_discount_takes_the_class_of_its_line_too() -> None:
    plan, discount = line(LineKind.PLAN, "Hot Desk"), line(LineKind.DISCOUNT, "Welcome", "-1")
    found = mapping.product_for(RULES, invoice(plan, discount, campus="South"), discount, "")
    assert isinstance(found, Choice)
    assert (found.product, found.class_name) == ("South Memberships", "South")


@pytest.mark.parametrize(
    ("rules", "default", "product"),
    [
        ((), "Other Revenue", "Other Revenue"),
        ((Rule(kind="default", product="From the row"),), "Other Revenue", "From the row"),
        (
            (Rule(kind="default", product="All"), Rule(kind="default", campus="North", product="North only")),
            "",
            "North only",
        ),
        ((Rule(kind="plan", name="Yacht", product=""),), "Other Revenue", "Other Revenue"),
    ],
)
def test_what_no_row_names_is_the_default_product(rules: tuple[Rule, ...], default: str, product: str) -> None:
    said = line(LineKind.PLAN, "Yacht")
    found = mapping.product_for(Mapping(rules), invoice(said), said, default)
    assert isinstance(found, Choice)
    assert found.product == product
    assert found.rule.startswith("default")


def test_without_a_default_what_no_row_names_stops_its_invoice() -> None:
    said = line(LineKind.PLAN, "Yacht")
    found = mapping.product_for(RULES, invoice(said), said, "")
    assert isinstance(found, Problem)
    assert (found.code, found.severity, found.key) == ("unmapped", Severity.ITEM, "C957F1A7-0008")
    assert "Yacht" in found.what
    assert "plan,Yacht" in found.do


def test_rows_that_contradict_each_other_answer_nothing() -> None:
    twice = Mapping(
        (
            Rule(kind="plan", name="Hot Desk", product="One", source=Source(file="mapping.csv", row=2)),
            Rule(kind="plan", name="HOT DESK", product="Two", source=Source(file="mapping.csv", row=3)),
        )
    )
    said = line(LineKind.PLAN, "Hot Desk")
    found = mapping.product_for(twice, invoice(said), said, "Other")
    assert isinstance(found, Problem)
    assert found.candidates == ("One", "Two")
    assert "2, 3" in found.what
    assert [(one.code, one.severity) for one in mapping.problems(twice)] == [("mapping-contradiction", Severity.ITEM)]


@pytest.mark.parametrize(
    ("rules", "codes"),
    [
        ((Rule(kind="plan", name="A", product="X"), Rule(kind="plan", name="a ", product="X")), ["mapping-repeated"]),
        ((Rule(kind="plan", name="A"),), ["mapping-blank"]),
        ((Rule(kind="plan", name="A", product="X"), Rule(kind="plan", name="A", campus="N", product="Y")), []),
        ((Rule(kind="campus", name="North"),), []),
        ((Rule(kind="campus", name="N", location="1"), Rule(kind="campus", name="n")), ["mapping-contradiction"]),
    ],
)
def test_repetitions_and_blanks_are_said(rules: tuple[Rule, ...], codes: list[str]) -> None:
    assert [one.code for one in mapping.problems(Mapping(rules))] == codes


@pytest.mark.parametrize(
    ("campus", "location"),
    [("North", "North Street"), (" NORTH ", "North Street"), ("Nowhere", ""), ("", ""), ("  ", "")],
)
def test_a16_79_a_campus_is_a_location_and_a_guest_has_none(campus: str, location: str) -> None:
    rules = Mapping((Rule(kind="campus", name="North", location="North Street"), Rule(kind="campus", name="Nowhere")))
    assert mapping.location_for(rules, campus) == location


def test_an_unknown_campus_is_an_item_problem() -> None:
    found = mapping.location_for(RULES, "Atlantis")
    assert isinstance(found, Problem)
    assert (found.code, found.severity) == ("unknown-campus", Severity.ITEM)


# ---- the files


HEADER = "kind,name,campus,product,class,location\n"


def _file(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    path = folder / "mapping.csv"
    path.write_text(text, encoding=encoding)
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_mapping_csv_is_read_from_whatever_a_spreadsheet_saved(tmp_path: Path, encoding: str) -> None:
    path = _file(tmp_path, "Kind;Product;Name\nDay Pass;Café;Zoë\n;;\n", encoding)
    assert mapping.read(path).rules == (Rule(kind="day_pass", name="Zoë", product="Café"),)


def test_an_absent_or_empty_mapping_is_an_empty_one(tmp_path: Path) -> None:
    assert mapping.read(tmp_path / "none.csv") == Mapping()
    assert mapping.read(_file(tmp_path, "")) == Mapping()
    assert mapping.read(_file(tmp_path, HEADER)) == Mapping()


@pytest.mark.parametrize(
    ("text", "where", "words"),
    [
        (HEADER + "plan,A,,X,,\nplans,B,,X,,\n", "mapping.csv, row 3", "'plans' is not a kind"),
        (HEADER + ",B,,X,,\n", "mapping.csv, row 2", "is not a kind"),
        ("kind,name\nplan,A\n", "mapping.csv, row 1", "product"),
        ("kind,name,product,product\nplan,A,X,Y\n", "mapping.csv", "stands twice"),
        (HEADER + 'plan,"A', "mapping.csv", "breaks off"),
    ],
)
def test_what_cannot_be_understood_is_a_usage_error_that_names_the_row(
    tmp_path: Path, text: str, where: str, words: str
) -> None:
    with pytest.raises(UsageError) as caught:
        mapping.read(_file(tmp_path, text))
    assert caught.value.exit_code == 2
    assert caught.value.problem.where == where
    assert words in caught.value.problem.what


NASTY = ["=CMD()", "+1", "-x", "@home", "'=x", "''=x", "'", 'plain, "quoted"', "two\nlines", "O’Brien & Søn", "0012"]


def test_90_a_cell_that_looks_like_a_formula_is_text_for_a_spreadsheet_and_comes_back_equal(tmp_path: Path) -> None:
    rules = Mapping(tuple(Rule(kind="plan", name=name, campus=name, product=name) for name in NASTY))
    path = tmp_path / "mapping.csv"
    mapping.write(path, rules)
    assert mapping.read(path) == rules
    with path.open(encoding="utf-8-sig", newline="") as stream:
        assert not [cell for row in csv.reader(stream) for cell in row if cell[:1] in {"=", "+", "-", "@"}]


_WORD = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=12).map(str.strip)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.builds(Rule, kind=st.sampled_from(mapping.KINDS), name=_WORD, campus=_WORD, product=_WORD)))
def test_what_is_written_is_read_back_equal_and_in_order(
    tmp_path_factory: pytest.TempPathFactory, rules: list[Rule]
) -> None:
    path = tmp_path_factory.mktemp("any") / "mapping.csv"
    mapping.write(path, Mapping(tuple(rules)))
    assert mapping.read(path).rules == tuple(rules)


def test_writing_leaves_one_whole_file_with_its_mark_and_its_rights(tmp_path: Path) -> None:
    path = _file(tmp_path, HEADER, "utf-8-sig")
    path.chmod(0o640)
    mapping.write(path, RULES)
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    assert path.stat().st_mode & 0o777 == 0o640
    assert [one.name for one in tmp_path.iterdir() if not one.name.endswith(".lock")] == ["mapping.csv"]


def test_a_change_replaces_the_row_about_the_same_thing_in_its_place(tmp_path: Path) -> None:
    path = tmp_path / "mapping.csv"
    mapping.write(path, RULES)
    new = Rule(kind="plan", name="HOT DESK", product="Other"), Rule(kind="plan", name="Yacht", product="Boats")
    changed = mapping.update(path, lambda known: mapping.with_rules(known, new))
    assert mapping.read(path) == changed
    assert [changed.rules[0].product, changed.rules[-1].product] == ["Other", "Boats"]
    assert len(changed.rules) == len(RULES.rules) + 1


def test_a_change_that_fails_writes_nothing(tmp_path: Path) -> None:
    path = _file(tmp_path, HEADER + "plans,B,,X,,\n")
    before = path.read_bytes()
    with pytest.raises(UsageError):
        mapping.update(path, lambda known: known)
    assert path.read_bytes() == before


def _add_ten(path: Path, word: str) -> None:
    for at in range(10):
        rule = Rule(kind="plan", name=f"{word} {at}", product="X")
        mapping.update(path, lambda known, rule=rule: mapping.with_rules(known, [rule]))  # type: ignore[misc]


def test_two_writers_at_once_lose_no_row(tmp_path: Path) -> None:
    path = tmp_path / "mapping.csv"
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_add_ten, args=(path, word)) for word in ("one", "two")]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(60)
    assert [writer.exitcode for writer in writers] == [0, 0]
    assert len(mapping.read(path).rules) == 20


def test_pins_are_read_and_written(tmp_path: Path) -> None:
    path = tmp_path / "customers.csv"
    pins = (
        Pin(team="=CMD()", number_prefix="C957F1A7", email="", customer_id="12", note="", source=AT),
        Pin(team="O’Brien & Søn", number_prefix="", email="a@x.example", customer_id="#7", note="x, y", source=AT),
    )
    mapping.write_pins(path, pins)
    found = mapping.read_pins(path)
    assert [(one.team, one.number_prefix, one.email, one.customer_id, one.note) for one in found] == [
        ("=CMD()", "C957F1A7", "", "12", ""),
        ("O’Brien & Søn", "", "a@x.example", "#7", "x, y"),
    ]
    assert str(found[1].source) == "customers.csv, row 3"
    assert mapping.read_pins(tmp_path / "none.csv") == ()


# ---- suggestions


PRODUCTS = ["Hot Desk Memberships", "Meeting Rooms", "Private Offices", "Other"]


def test_what_only_a_default_names_is_listed_by_amount() -> None:
    lines = (
        line(LineKind.PLAN, "Hot Desk", "100"),
        line(LineKind.PLAN, "Yacht", "50"),
        line(LineKind.PLAN, "YACHT", "500", campus="South"),
        line(LineKind.DISCOUNT, "Welcome", "-5"),
        line(LineKind.BOOKING, "Sauna", "20"),
    )
    rules = Mapping((*RULES.rules, Rule(kind="default", product="Other")))
    found = unmapped(rules, [invoice(*lines)])
    assert [(one.kind, one.name, one.campus, one.lines, int(one.amount)) for one in found] == [
        ("plan", "Yacht", "", 2, 550),
        ("external_booking", "Sauna", "North", 1, 20),
        ("campus", "North", "", 1, 665),
    ]


@pytest.mark.parametrize(
    ("kind", "name", "product", "reason"),
    [
        ("plan", "Hot Desk Membership", "Hot Desk Memberships", "similar"),
        ("plan", "Sauna", "Other", "booked to it before"),
        ("external_booking", "Board Room XL", "Meeting Rooms", "similar name 'board room'"),
        ("campus", "North", "North House", "similar"),
    ],
)
def test_a_suggestion_names_its_reason(kind: str, name: str, product: str, reason: str) -> None:
    missing = [Unmapped(kind=kind, name=name, campus="", lines=1, amount=Decimal(1))]
    found = suggest(RULES, missing, PRODUCTS, locations=["North House", "Moon"], used_before={"SAUNA": "Other"})
    assert found[0].product == product
    assert reason.casefold() in found[0].reason.casefold()


def test_what_resembles_nothing_gets_no_suggestion_and_none_is_applied() -> None:
    missing = [Unmapped(kind="plan", name="zzqx", campus="", lines=1, amount=Decimal(1))]
    assert suggest(RULES, missing, PRODUCTS) == ()
    similar = line(LineKind.PLAN, "Hot Desk Membership")
    assert isinstance(mapping.product_for(RULES, invoice(similar), similar, ""), Problem)
