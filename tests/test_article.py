"""The examples of Coworks' help article on its QuickBooks integration, word for word as tables.

Source: help.coworksapp.com, "How to use the QuickBooks Online integration" (article 5528541).
"""

from __future__ import annotations

from scenario import told

from toolkit.books import Customer, ReceivedPayment, SalesDocument
from toolkit.plan import Plan


@told
def test_factory_inc_has_an_open_invoice_for_500(plan: Plan) -> None:
    """An invoice for a team that QuickBooks does not know creates the customer and leaves $500 open.

    Coworks
    invoice C957F1A7-0001 | Factory Inc. | 01-01 | unpaid | plan Hot Desk 500
        | email=ann@factory.example admin="Ann Lee"
    plan
    create customer Factory Inc. ann@factory.example
    create invoice C957F1A7-0001 500.00 Factory Inc. 01-01
    """
    customer, document = (operation.record for operation in plan.operations)
    assert isinstance(customer, Customer)
    assert isinstance(document, SalesDocument)
    assert (customer.company_name, customer.given_name, customer.family_name) == ("Factory Inc.", "Ann", "Lee")
    assert (document.balance, document.bill_email) == (document.total, "ann@factory.example")


@told
def test_the_payment_closes_factory_incs_invoice(plan: Plan) -> None:
    """When Factory Inc. pays its $500, a payment of $500 is logged, applied to that invoice, to Undeposited Funds.

    Coworks
    invoice C957F1A7-0001 | Factory Inc. | 01-01 | paid | plan Hot Desk 500 | email=ann@factory.example
    payment C957F1A7-0001 | 01-03 | 500 | card
    QuickBooks
    customer 58 | Factory Inc. | ann@factory.example
    document 77 | C957F1A7-0001 | 58 | 01-01 | 500
    posted customer team/c957f1a7 | 58
    posted invoice C957F1A7-0001 | 77
    plan
    create payment 500.00 C957F1A7-0001 01-03 Undeposited Funds
    unchanged 1
    """
    payment = plan.operations[0].record
    assert isinstance(payment, ReceivedPayment)
    assert [(link.txn_id, str(link.amount)) for link in payment.links] == [("77", "500.00")]
    assert payment.unapplied == 0


@told
def test_team_as_number_taken_by_hand_becomes_cw1(plan: Plan) -> None:
    """C957F1A7-0009 was made by hand in QuickBooks, so Coworks' own 0009 becomes C957F1A7-0009-CW1.

    Coworks
    invoice C957F1A7-0009 | Team A | 01-20 | unpaid | plan Hot Desk 500 | email=a@team.example
    QuickBooks
    customer 58 | Team A | a@team.example
    document 77 | C957F1A7-0008 | 58 | 01-01 | 500
    document 78 | C957F1A7-0009 | 58 | 01-10 | 120
    posted customer team/c957f1a7 | 58
    posted invoice C957F1A7-0008 | 77
    plan
    create invoice C957F1A7-0009-CW1 500.00 Team A 01-20
    """
    assert "C957F1A7-0009 is held by another document" in plan.operations[0].reason


@told
def test_the_sample_invoice_has_product_class_and_location(plan: Plan) -> None:
    """The mapped product, its class on the line, and the campus's location stand together on one invoice.

    Coworks
    invoice C957F1A7-0002 | Team A | 01-01 | unpaid | plan Private Office 900 1x900
        | email=a@team.example campus=Riverside
    QuickBooks
    customer 58 | Team A | a@team.example
    posted customer team/c957f1a7 | 58
    plan
    create invoice C957F1A7-0002 900.00 Team A 01-01
    line 900.00 Private Offices 1x900 class Offices at Riverside House NON
    """
