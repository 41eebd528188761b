"""The query language: text in, a parsed query out; refusals worded as the service's parser words them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NoReturn

from toolkit.emulator import fault

_LONGEST = 100_000
_TOKEN = re.compile(
    r"(?P<blank>\s+)|(?P<text>'(?:[^'\\]|\\.)*')|(?P<number>-?\d+(?:\.\d+)?)(?![\w.])|(?P<word>[A-Za-z_][\w.]*(?:\.\*)?)"
    r"|(?P<op><=|>=|=|<|>)|(?P<mark>[(),*])",
    re.DOTALL,
)
_KEYWORDS = frozenset(
    [
        "select",
        "from",
        "where",
        "and",
        "or",
        "not",
        "in",
        "like",
        "orderby",
        "order",
        "by",
        "asc",
        "desc",
        "startposition",
        "maxresults",
        "count",
        "true",
        "false",
        "null",
        "group",
        "having",
        "join",
        "union",
        "between",
        "is",
        "exists",
    ]
)
_OPERATORS = ("=", "<", ">", "<=", ">=")
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Token:
    """
    One token: kind (a keyword itself, or IDENTIFIER, STRING, NUMBER, an operator or mark, EOF), its text, its place
    (column from 1).
    """

    kind: str
    text: str
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Condition:
    """`property op values`; op is one of = < > <= >= in like. Values are texts (a bare boolean as true or false)."""

    property: str
    op: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Query:
    """A parsed query. `fields` is empty for *; `start` counts from 1; `most` is None when not given."""

    entity: str
    count: bool
    fields: tuple[str, ...]
    conditions: tuple[Condition, ...]
    order: tuple[tuple[str, bool], ...]
    start: int
    most: int | None


def _tokens(text: str) -> list[Token]:
    if len(text) > _LONGEST:
        raise fault.query_unparsable("Invalid content. The query is too long.")
    found, at, line, begin = [], 0, 1, 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            shown = text[at]
            raise fault.query_unparsable(
                f"Invalid content. Lexical error at line {line}, column {at - begin + 1}.  "
                f'Encountered: "{shown}" ({ord(shown)}), after : ""'
            )
        kind, image = match.lastgroup or "", match.group()
        if kind != "blank":
            found.append(Token(_kind(kind, image), image, line, at - begin + 1))
        if "\n" in image:
            line += image.count("\n")
            begin = at + image.rindex("\n") + 1
        at = match.end()
    return [*found, Token("EOF", "<EOF>", line, at - begin + 1)]


def _kind(group: str, image: str) -> str:
    if group == "word":
        lower = image.lower()
        return lower if lower in _KEYWORDS else "IDENTIFIER"
    return {"text": "STRING", "number": "NUMBER"}.get(group, image)


class _Parser:
    """A recursive-descent parser over the tokens; every method leaves the first unread token in `here`."""

    def __init__(self, text: str) -> None:
        self._all = _tokens(text)
        self._at = 0

    @property
    def here(self) -> Token:
        return self._all[self._at]

    def fail(self, *expected: str) -> NoReturn:
        token = self.here
        kind = "<EOF>" if token.kind == "EOF" else f"<{token.kind}>" if token.kind.isupper() else f'"{token.kind}"'
        image = "" if token.kind == "EOF" else f' "{token.text[:100]} "'
        wanted = "Was expecting one of:" if len(expected) > 1 else "Was expecting:"
        listing = "".join(f"\n    {what} ..." for what in expected)
        place = f"at line {token.line}, column {token.column}"
        shown = f'"{kind}"' if token.kind == "EOF" else f'" {kind}{image}"'
        raise fault.query_unparsable(f"Encountered {shown} {place}.\n{wanted}{listing}\n    ")

    def take(self, *kinds: str) -> Token:
        token = self.here
        if token.kind not in kinds:
            self.fail(*(f"<{kind}>" if kind.isupper() else f'"{kind}"' for kind in kinds))
        self._at += 1
        return token

    def took(self, kind: str) -> bool:
        if self.here.kind == kind:
            self._at += 1
            return True
        return False

    def query(self) -> Query:
        self.take("select")
        count, fields = self._selection()
        self.take("from")
        entity = self.take("IDENTIFIER").text
        conditions = self._conditions() if self.took("where") else ()
        order = self._order()
        start, most = self._page()
        if self.here.kind != "EOF":
            self.fail("<EOF>")
        return Query(entity, count, fields, conditions, order, start, most)

    def _selection(self) -> tuple[bool, tuple[str, ...]]:
        if self.took("count"):
            self.take("(")
            if not self.took("*"):
                self.take("IDENTIFIER")
            self.take(")")
            return True, ()
        fields, whole = [], False
        while True:
            token = self.take("IDENTIFIER", "*")
            whole = whole or token.kind == "*"
            fields.append(token.text)
            if not self.took(","):
                return False, () if whole else tuple(fields)

    def _conditions(self) -> tuple[Condition, ...]:
        found = [self._condition()]
        while self.took("and"):
            found.append(self._condition())
        return tuple(found)

    def _condition(self) -> Condition:
        name = self.take("IDENTIFIER").text
        token = self.take(*_OPERATORS, "in", "like")
        if token.kind != "in":
            return Condition(name, token.kind, (self._value(),))
        self.take("(")
        values = [self._value()]
        while self.took(","):
            values.append(self._value())
        self.take(")")
        return Condition(name, "in", tuple(values))

    def _value(self) -> str:
        token = self.take("STRING", "NUMBER", "true", "false")
        if token.kind == "STRING":
            return _ESCAPE.sub(r"\1", token.text[1:-1])
        return token.text.lower()

    def _order(self) -> tuple[tuple[str, bool], ...]:
        if self.took("order"):
            self.take("by")
        elif not self.took("orderby"):
            return ()
        found = [self._direction()]
        while self.took(","):
            found.append(self._direction())
        return tuple(found)

    def _direction(self) -> tuple[str, bool]:
        name = self.take("IDENTIFIER").text
        if self.took("desc"):
            return name, True
        self.took("asc")
        return name, False

    def _page(self) -> tuple[int, int | None]:
        start, most = 1, None
        while self.here.kind in ("startposition", "maxresults"):
            keyword = self.take("startposition", "maxresults").kind
            value = self._whole()
            if keyword == "startposition":
                start = value
            else:
                most = value
        return start, most

    def _whole(self) -> int:
        text = self.take("NUMBER").text
        if not text.lstrip("-").isdecimal() or len(text) > 18:
            raise fault.query_invalid(f"value {text[:30]} is not a whole number")
        value = int(text)
        if value < 1:
            raise fault.query_invalid(f"value {value} is too small. Min allowed value is 1")
        return value


def parse(text: str) -> Query:
    """The parsed query. Raises Fault 4000 for what the grammar does not have, 4001 for a page below 1."""
    return _Parser(text.strip()).query()
