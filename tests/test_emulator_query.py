"""The query language of the emulated company: its grammar, what can be asked for, order, pages, refusals."""

from __future__ import annotations

from pathlib import Path

import pytest
from books_company import Body, Books, invoice, line, ref, token
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from toolkit.emulator import query_grammar
from toolkit.emulator.fault import Fault
from toolkit.emulator.query import PROPERTIES


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Books:
    """Three customers (one inactive, one below another), four invoices, two payments; read only."""
    books = Books.open(tmp_path_factory.mktemp("query"))
    amy = books.customer("Amy's Bird Sanctuary", GivenName="Amy", PrimaryEmailAddr={"Address": "Birds@Intuit.com"})
    parent = books.customer("PG&E")
    books.customer("Pam Seitz")
    books.customer("Yard", ParentRef=ref(parent))
    gone = books.customer("Weiskopf")
    books.post("Customer", token(gone, sparse=True, Active=False))
    dates = ("2026-01-10", "2026-01-31", "2026-01-31", "2026-02-01")
    for number, amount, date in zip(("A-1", "A-2", "B-1", "b_2"), (100, 200, 300, "0.50"), dates, strict=True):
        books.clock.advance(minutes=1)
        books.post("Invoice", invoice(amy, amount, DocNumber=number, TxnDate=date))
    books.payment(parent, 25, PaymentRefNum="ch_1")
    return books


class TestAnswers:
    """What a query finds, in which order and shape."""

    COUNTS = (
        ("select count(*) from Customer", 4),
        ("SELECT COUNT(*) FROM Customer WHERE Active IN (true, false)", 5),
        ("select count(*) from customer where active = false", 1),
        ("select count(*) from Customer where Id in ('1', '2', '99')", 2),
        ("select count(*) from Customer where DisplayName = 'Amy\\'s Bird Sanctuary'", 1),
        ("select count(*) from Customer where DisplayName = 'AMY\\'S bird sanctuary'", 1),
        ("select count(*) from Customer where DisplayName = 'PG&E'", 1),
        ("select count(*) from Customer where DisplayName = 'Yard'", 1),
        ("select count(*) from Customer where FullyQualifiedName = 'PG&E:Yard'", 1),
        ("select count(*) from Customer where DisplayName like 'P%'", 2),
        ("select count(*) from Customer where DisplayName like '%bird%'", 1),
        ("select count(*) from Customer where PrimaryEmailAddr = 'birds@intuit.com'", 1),
        ("select count(*) from Customer where GivenName = 'amy'", 1),
        ("select count(*) from Customer where Balance > '0'", 1),
        ("select count(*) from Customer where Balance < '0'", 1),
        ("select count(*) from Customer where MetaData.CreateTime >= '2026-01-15T10:00:00-08:00'", 4),
        ("select count(*) from Customer where Metadata.CreateTime > '2026-01-15T10:00:00-08:00'", 0),
        ("select count(*) from Customer where MetaData.LastUpdatedTime > '2026-01-15T10:00:00-08:00'", 2),
        ("select count(*) from Invoice where DocNumber = 'A-1'", 1),
        ("select count(*) from Invoice where DocNumber = 'a-1'", 1),
        ("select count(*) from Invoice where DocNumber IN ('A-1','B-1','Z')", 2),
        ("select count(*) from Invoice where DocNumber like 'A-%'", 2),
        ("select count(*) from Invoice where DocNumber like '%_2'", 1),
        ("select count(*) from Invoice where TotalAmt > '150.00'", 2),
        ("select count(*) from Invoice where TotalAmt > 150", 2),
        ("select count(*) from Invoice where TotalAmt = '0.5'", 1),
        ("select count(*) from Invoice where Balance = '100' and CustomerRef = '1'", 1),
        ("select count(*) from Invoice where CustomerRef = '2'", 0),
        ("select count(*) from Invoice where TxnDate >= '2026-01-31' and TxnDate <= '2026-01-31'", 2),
        ("select count(*) from Invoice where TxnDate > '2026-01-31'", 1),
        ("select count(*) from Payment where PaymentRefNum = 'ch_1'", 1),
        ("select count(*) from Payment where TotalAmt = '25'", 1),
        ("select count(*) from Account where AccountType = 'Bank'", 2),
        ("select count(*) from Account where AccountSubType = 'UndepositedFunds'", 1),
        ("select count(*) from Item where Name = 'services'", 1),
        ("select count(*) from Estimate", 0),
        ("  select\ncount(*)\tfrom Invoice ", 4),
    )

    @pytest.mark.parametrize(("text", "count"), COUNTS)
    def test_a_count_is_a_total_and_nothing_else(self, books: Books, text: str, count: int) -> None:
        assert books.query(text) == {"totalCount": count}

    def test_a_page_says_where_it_starts_and_how_many_it_has(self, books: Books) -> None:
        found = books.query("select * from Invoice maxresults 2 startposition 2")
        assert (list(found), found["startPosition"], found["maxResults"]) == (
            ["Invoice", "startPosition", "maxResults"],
            2,
            2,
        )
        assert books.query("select * from Invoice STARTPOSITION 4 MAXRESULTS 9")["maxResults"] == 1

    @pytest.mark.parametrize("text", ["select * from Invoice startposition 5", "select * from Vendor"])
    def test_nothing_found_is_an_empty_object(self, books: Books, text: str) -> None:
        assert books.query(text) == {}

    def test_names_come_by_full_name_with_sub_customers_behind_their_parent(self, books: Books) -> None:
        names = [found["FullyQualifiedName"] for found in books.rows("select * from Customer")]
        assert names == ["Amy's Bird Sanctuary", "PG&E", "PG&E:Yard", "Pam Seitz"]

    def test_transactions_come_by_last_change_latest_first(self, books: Books) -> None:
        numbers = [found["DocNumber"] for found in books.rows("select * from Invoice")]
        assert numbers == ["b_2", "B-1", "A-2", "A-1"]

    @pytest.mark.parametrize(
        ("order", "numbers"),
        [
            ("ORDERBY TotalAmt", ["b_2", "A-1", "A-2", "B-1"]),
            ("order by TotalAmt desc", ["B-1", "A-2", "A-1", "b_2"]),
            ("orderby CustomerRef asc, Id DESC", ["b_2", "B-1", "A-2", "A-1"]),
            ("orderby Metadata.LastUpdatedTime", ["A-1", "A-2", "B-1", "b_2"]),
        ],
    )
    def test_an_order_is_kept(self, books: Books, order: str, numbers: list[str]) -> None:
        assert [found["DocNumber"] for found in books.rows(f"select * from Invoice {order}")] == numbers

    def test_named_fields_come_alone(self, books: Books) -> None:
        rows = books.rows("select Id, DocNumber, Line.Amount from Invoice where DocNumber = 'A-1'")
        assert {"Id", "DocNumber", "Line"} <= set(rows[0])
        assert "TotalAmt" not in rows[0]
        assert set(books.rows("select *, Sku from Item")[0]) >= {"Id", "Name", "Type"}

    def test_a_query_may_be_posted_as_text(self, books: Books) -> None:
        status, answer = books.answer("POST", "query", b"select count(*) from Invoice")
        assert (status, answer["QueryResponse"]) == (200, {"totalCount": 4})

    def test_settings_are_one_row(self, books: Books) -> None:
        assert len(books.rows("select * from CompanyInfo")) == len(books.rows("select * from Preferences")) == 1


class TestPages:
    """A hundred rows unless said otherwise, a thousand at most."""

    def test_pages(self, tmp_path: Path) -> None:
        books = Books.open(tmp_path)
        items = [{"bId": str(n), "operation": "create", "Customer": {"DisplayName": f"C{n:04}"}} for n in range(1020)]
        for start in range(0, 1020, 30):
            books.batch(*items[start : start + 30])
        assert books.query("select * from Customer")["maxResults"] == 100
        assert books.query("select * from Customer maxresults 2000")["maxResults"] == 1000
        seen = [
            found["Id"]
            for start in (1, 501, 1001)
            for found in books.rows(f"select * from Customer orderby Id startposition {start} maxresults 500")
        ]
        assert seen == [str(n) for n in range(1, 1021)]
        books.switch(max_results="refuse")
        assert books.refusal("GET", "query", query="select * from Customer maxresults 1001")["code"] == "4001"

    def test_new_objects_are_seen_after_the_lag(self, tmp_path: Path) -> None:
        books = Books.open(tmp_path, query_lag_s="30")
        made = books.customer("a")
        assert books.query("select * from Customer") == {}
        assert books.get("Customer", made["Id"])["DisplayName"] == "a"
        books.clock.advance(seconds=31)
        assert books.query("select count(*) from Customer") == {"totalCount": 1}

    def test_a_clock_set_back_does_not_make_old_objects_new(self, tmp_path: Path) -> None:
        books = Books.open(tmp_path, query_lag_s="30")
        books.customer("a")
        books.clock.advance(seconds=-90_000)
        assert books.query("select count(*) from Customer") == {"totalCount": 1}

    def test_voided_stay_and_deleted_go(self, tmp_path: Path) -> None:
        books = Books.open(tmp_path)
        customer = books.customer()
        voided, deleted = books.invoice(customer, DocNumber="1"), books.invoice(customer, DocNumber="2")
        books.post("Invoice", token(voided), operation="void")
        books.post("Invoice", token(deleted), operation="delete")
        assert [found["DocNumber"] for found in books.rows("select * from Invoice where TotalAmt = '0'")] == ["1"]
        assert not books.rows("select * from Invoice where DocNumber = '2'")


class TestRefusals:
    """The service's own words for what it does not understand."""

    TEXTS = (
        ("select * from NULL", "4000",
         'QueryParserError: Encountered " "null" "NULL "" at line 1, column 15.\nWas expecting:\n'
         "    <IDENTIFIER> ...\n    "),
        ("select * from Custmoer", "4001", "QueryValidationError: invalid context declaration: Custmoer"),
        ("select * from Account where AcctNum = '1'", "4001",
         "QueryValidationError: property 'AcctNum' is not queryable"),
        ("select * from Invoice where Nothing = '1'", "4001",
         "QueryValidationError: Property Nothing not found for Entity Invoice"),
        ("select Nothing from Invoice", "4001", "QueryValidationError: Property Nothing not found for Entity Invoice"),
        ("select * from Customer startposition 0", "4001",
         "QueryValidationError: value 0 is too small. Min allowed value is 1"),
        ("select * from Customer where DisplayName = 'O''Brien'", "4000", None),
        ("select * from Customer where DisplayName != 'a'", "4000",
         'QueryParserError: Invalid content. Lexical error at line 1, column 42.  Encountered: "!" (33), after : ""'),
    )  # fmt: skip

    @pytest.mark.parametrize(("text", "code", "detail"), TEXTS)
    def test_the_text_of_a_refusal(self, books: Books, text: str, code: str, detail: str | None) -> None:
        error = books.refusal("GET", "query", query=text)
        message = {"4000": "Error parsing query", "4001": "Invalid query"}[code]
        assert (error["code"], error["Message"]) == (code, message)
        assert "element" not in error
        if detail:
            assert error["Detail"] == detail

    @pytest.mark.parametrize(
        ("tail", "code"),
        [
            ("where PrivateNote = 'x'", "4001"),
            ("where DepartmentRef = '1'", "4001"),
            ("where ClassRef = '1'", "4001"),
            ("where EmailStatus = 'NotSet'", "4001"),
            ("where TotalAmt = 'abc'", "4001"),
            ("where TxnDate = 'yesterday'", "4001"),
            ("where TotalAmt like '1%'", "4001"),
            ("where MetaData.LastUpdatedTime > 'x'", "4001"),
            ("orderby PrivateNote", "4001"),
            ("maxresults 0", "4001"),
            ("startposition 1.5", "4001"),
            ("where DocNumber = 'a' or DocNumber = 'b'", "4000"),
            ("where not DocNumber = 'a'", "4000"),
            ("where (DocNumber = 'a')", "4000"),
            ('where DocNumber = "a"', "4000"),
            ("where DocNumber = 'a", "4000"),
            ("where DocNumber = a", "4000"),
            ("where DocNumber in ()", "4000"),
            ("where DocNumber in ('a'", "4000"),
            ("where DocNumber", "4000"),
            ("where", "4000"),
            ("group by DocNumber", "4000"),
            ("maxresults", "4000"),
            ("maxresults '5'", "4000"),
            ("; drop table object", "4000"),
            ("where DocNumber = 'a' -- x", "4000"),
            ("union select * from Customer", "4000"),
            ("where DocNumber = '\u2019' and x", "4000"),
        ],
    )
    def test_what_is_not_understood(self, books: Books, tail: str, code: str) -> None:
        assert books.refusal("GET", "query", query=f"select * from Invoice {tail}")["code"] == code

    @pytest.mark.parametrize(
        ("entity", "property"),
        [
            ("Payment", "DepositToAccountRef"),
            ("Payment", "UnappliedAmt"),
            ("Payment", "DocNumber"),
            ("Customer", "Notes"),
            ("Customer", "PrimaryEmailAddr.Address"),
            ("CompanyInfo", "CompanyName"),
            ("Preferences", "Id"),
        ],
    )
    def test_properties_that_cannot_be_asked_for(self, books: Books, entity: str, property: str) -> None:
        assert books.refusal("GET", "query", query=f"select * from {entity} where {property} = '1'")["code"] == "4001"

    def test_a_quote_never_leaves_its_value(self, books: Books) -> None:
        before = books.query("select count(*) from Invoice")
        for text in ("\\' or 1=1", "'; delete from object; \\'", "%' or '%'='"):
            books.raw("GET", "query", query=f"select * from Invoice where DocNumber = '{text}'")
        assert books.query("select count(*) from Invoice") == before


class TestGrammar:
    """Any text is parsed or refused; what is written out is read back."""

    @given(st.text(max_size=80))
    @settings(max_examples=300, deadline=None)
    def test_any_text_is_parsed_or_refused(self, text: str) -> None:
        try:
            query_grammar.parse("select * from Invoice " + text)
        except Fault as refused:
            assert refused.code in ("4000", "4001")

    @given(st.text(alphabet=st.characters(blacklist_categories=("Cs",)), max_size=30))
    def test_an_escaped_value_comes_back(self, value: str) -> None:
        escaped = value.replace("\\", "\\\\").replace("'", "\\'")
        parsed = query_grammar.parse(f"select * from Customer where DisplayName = '{escaped}'")
        assert parsed.conditions[0].values == (value,)

    WORDS = st.sampled_from([
        "select", "*", "from", "Invoice", "Customer", "where", "and", "or",
        "in", "like", "=", "<", "(", ")", ",", "'a'",
        "'%'", "5", "-1", "true", "null", "DocNumber", "TotalAmt", "TxnDate",
        "Balance", "MetaData.LastUpdatedTime", "orderby", "order", "by", "desc", "startposition", "maxresults",
        "count", "'2026-01-01'", "'\\'", "Id",
    ])  # fmt: skip

    @given(st.lists(WORDS, max_size=14))
    @settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    def test_any_words_are_answered(self, books: Books, words: list[str]) -> None:
        status, answer = books.answer("GET", "query", query=" ".join(words))
        assert status in (200, 400)
        assert ("QueryResponse" in answer) == (status == 200)

    @pytest.mark.parametrize("entity", sorted(PROPERTIES))
    def test_every_property_can_be_asked_for(self, books: Books, entity: str) -> None:
        literal = {"id": "'1'", "money": "'1'", "number": "'1'", "date": "'2026-01-01'", "bool": "true"}
        literal["time"] = "'2026-01-01T00:00:00-08:00'"
        for name, found in PROPERTIES[entity].items():
            books.query(f"select * from {entity} where {name} = {literal.get(found.kind, repr('x'))} orderby {name}")


def test_a_page_of_a_named_detail(tmp_path: Path) -> None:
    """An Item's class and price come as they were stored."""
    books = Books.open(tmp_path)
    item: Body = books.post(
        "Item", {"Name": "Desk", "IncomeAccountRef": {"value": "1"}, "UnitPrice": "12.50", "Sku": "D1"}
    )
    assert books.rows("select * from Item where UnitPrice > '12' and Sku = 'd1'") == [item]
    assert books.invoice(books.customer(), Line=[line(5, item["Id"])])["TotalAmt"] == 5
