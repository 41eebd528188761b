"""The posting plan, row by row of what Coworks' own integration promises (A3 to A22), and what makes it safe."""

from __future__ import annotations

from dataclasses import replace

import pytest
from scenario import billing_of, books_of, mapping_of, plan_of, read, settings_of, tell, told

from toolkit import planning
from toolkit.books import Customer, ReceivedPayment, SalesDocument
from toolkit.plan import Plan
from toolkit.problems import Problem, Severity

# ---- A2: the switches


@told
def test_A2_with_both_switches_off_nothing_is_planned_and_the_plan_says_why(plan: Plan) -> None:
    """Connecting is not enough.

    Coworks
    invoice C957F1A7-0001 | Factory Inc. | 01-01 | unpaid | plan Hot Desk 500
    QuickBooks
    set push.invoices false
    set push.transactions false
    plan
    note switched-off
    """
    assert "push.invoices and push.transactions are both off" in plan.problems[0].what


@told
def test_A2_invoices_only_is_a_mode_without_payments_and_refunds(plan: Plan) -> None:
    """Payments are entered elsewhere then.

    Coworks
    invoice C957F1A7-0001 | Factory Inc. | 01-01 | paid | plan Hot Desk 500
    payment C957F1A7-0001 | 01-03 | 500 | card
    refund C957F1A7-0001 | 01-05 | 500
    QuickBooks
    set push.transactions false
    plan
    create customer Factory Inc.
    create invoice C957F1A7-0001 500.00 Factory Inc. 01-01
    """


# ---- A3: all invoices


@told
def test_A3_every_invoice_is_planned_or_has_a_stated_reason(plan: Plan) -> None:
    """Memberships, one-offs, day passes, bookings; and what is none.

    Coworks
    invoice C957F1A7-0001 | Factory Inc. | 01-01 | unpaid | plan Hot Desk 500
    invoice C957F1A7-0002 | Factory Inc. | 01-02 | failed | one_off Mail 20 | type=one_off
    invoice C957F1A7-0003 | Factory Inc. | 01-03 | paused | plan Hot Desk 250
    invoice C957F1A7-0004 | Factory Inc. | 01-04 | scheduled | plan Hot Desk 500
    invoice C957F1A7-0005 | Factory Inc. | 01-05 | voided | plan Hot Desk 500 | voided=01-06
    invoice C957F1A7-0006 | Factory Inc. | 01-06 | split | plan Hot Desk 500
    invoice C957F1A7-0007 | Factory Inc. | 01-07 | unpaid | plan Mystery 500
    invoice 11111111-0001 | Guest | 01-08 | paid | day_pass Day Pass 25 | type=day_pass
    payment 11111111-0001 | 01-08 | 25 | card
    invoice 22222222-0001 | Guest | 01-09 | unpaid | booking Board Room 80 | type=external_booking
    plan
    create customer Coworks Guests
    create customer Factory Inc.
    create invoice C957F1A7-0001 500.00 Factory Inc. 01-01
    create invoice C957F1A7-0002 20.00 Factory Inc. 01-02
    create invoice C957F1A7-0003 250.00 Factory Inc. 01-03
    create invoice 11111111-0001 25.00 Coworks Guests 01-08
    create invoice 22222222-0001 80.00 Coworks Guests 01-09
    create payment 25.00 11111111-0001 01-08 Undeposited Funds
    hold C957F1A7-0007 unmapped
    note C957F1A7-0004 scheduled
    note C957F1A7-0005 voided-before-posting
    note C957F1A7-0006 split-parent
    """


# ---- A4, A5: customers


@told
def test_A4_the_customer_is_looked_up_by_email_whatever_its_case_and_list(plan: Plan) -> None:
    """One unique hit in a comma list; the name may differ.

    Coworks
    invoice C957F1A7-0001 | Factory Inc. | 01-01 | unpaid | plan Hot Desk 500 | email=Ann@Factory.example
    QuickBooks
    customer 58 | Factory Incorporated | books@factory.example, ANN@factory.example
    plan
    create invoice C957F1A7-0001 500.00 Factory Incorporated 01-01
    adopt customer #58 by e-mail
    """


@told
def test_A4_a_parent_and_its_sub_customers_with_one_email_are_the_parent(plan: Plan) -> None:
    """As in Intuit's own sample company, where Freeman and its two projects share an address.

    Coworks
    invoice C957F1A7-0001 | Freeman | 01-01 | unpaid | plan Hot Desk 500 | email=sporty@intuit.example
    QuickBooks
    customer 7 | Freeman Sporting Goods | sporty@intuit.example
    customer 8 | 0969 Ocean View Road | sporty@intuit.example | parent=7
    customer 9 | 55 Twin Lane | sporty@intuit.example | parent=7
    plan
    create invoice C957F1A7-0001 500.00 Freeman Sporting Goods 01-01
    adopt customer #7 by e-mail
    """


@told
def test_A4_several_customers_with_one_email_are_a_question_with_candidates(plan: Plan) -> None:
    """Never the first of them.

    Coworks
    invoice C957F1A7-0001 | Weiskopf | 01-01 | unpaid | plan Hot Desk 500 | email=design@intuit.example
    QuickBooks
    customer 16 | Kookies by Kathy | design@intuit.example
    customer 20 | Rago Travel Agency | design@intuit.example
    plan
    hold C957F1A7-0001 customer-unclear
    """
    assert plan.problems[0].candidates == ("Kookies by Kathy (#16)", "Rago Travel Agency (#20)")


@told
def test_A4_an_exact_name_with_another_email_asks(plan: Plan) -> None:
    """The name fits, the e-mail does not: it may be a namesake.

    Coworks
    invoice C957F1A7-0001 | Factory Inc. | 01-01 | unpaid | plan Hot Desk 500 | email=ann@factory.example
    QuickBooks
    customer 58 | Factory Inc. | bob@elsewhere.example
    plan
    hold C957F1A7-0001 customer-unclear
    """
    assert plan.problems[0].candidates == ("Factory Inc. (#58)",)


@told
def test_A4_an_exact_name_without_a_contradicting_email_is_the_customer(plan: Plan) -> None:
    """QuickBooks has no e-mail for it.

    Coworks
    invoice C957F1A7-0001 | Factory  INC. | 01-01 | unpaid | plan Hot Desk 500 | email=ann@factory.example
    QuickBooks
    customer 58 | factory inc. |
    plan
    create invoice C957F1A7-0001 500.00 factory inc. 01-01
    adopt customer #58 by exact name
    """


@told
def test_A5_the_created_customer_is_called_as_the_team_with_its_admins_name_and_email(plan: Plan) -> None:
    """One customer for the team, however many invoices.

    Coworks
    invoice C957F1A7-0001 | Factory Inc. | 01-01 | unpaid | plan Hot Desk 500
        | email=Ann@factory.example admin="Ann van Lee"
    invoice C957F1A7-0002 | Factory Inc. | 01-09 | unpaid | plan Hot Desk 100
        | email=Ann@factory.example admin="Ann van Lee"
    plan
    create customer Factory Inc. Ann@factory.example
    create invoice C957F1A7-0001 500.00 Factory Inc. 01-01
    create invoice C957F1A7-0002 100.00 Factory Inc. 01-09
    """
    customer = plan.operations[0].record
    assert isinstance(customer, Customer)
    assert (customer.display_name, customer.company_name) == ("Factory Inc.", "Factory Inc.")
    assert (customer.given_name, customer.family_name) == ("Ann", "van Lee")


# ---- A6, A7: the invoice


@told
def test_A6_the_invoice_is_open_for_its_amount_with_due_date_and_email(plan: Plan) -> None:
    """Same lines, total and dates; nothing is paid.

    Coworks
    invoice C957F1A7-0001 | Factory Inc. | 01-01 | unpaid | plan Hot Desk 400 + one_off Mail 100
        | email=a@f.example due=01-15
    plan
    create customer Factory Inc. a@f.example
    create invoice C957F1A7-0001 500.00 Factory Inc. 01-01
    line 400.00 Memberships NON
    line 100.00 Member Services NON
    """
    invoice = plan.operations[1].record
    assert isinstance(invoice, SalesDocument)
    assert (str(invoice.due_date), invoice.bill_email, invoice.balance) == ("2026-01-15", "a@f.example", invoice.total)
    assert invoice.private_note.startswith("Coworks C957F1A7-0001 · ")


@told
def test_A7_the_number_is_coworks_own(plan: Plan) -> None:
    """Where nobody holds it.

    Coworks
    invoice C957F1A7-0001 | Factory Inc. | 01-01 | unpaid | plan Hot Desk 500
    plan
    create customer Factory Inc.
    create invoice C957F1A7-0001 500.00 Factory Inc. 01-01
    """


@told
def test_A7_with_custom_numbers_off_nothing_is_planned_and_it_says_where_to_switch(plan: Plan) -> None:
    """QuickBooks would number by itself.

    Coworks
    invoice C957F1A7-0001 | Factory Inc. | 01-01 | unpaid | plan Hot Desk 500
    QuickBooks
    prefers custom_numbers false
    plan
    stop custom-numbers-off
    """
    assert "Custom transaction numbers: on" in plan.problems[0].do


# ---- A8, A9: payments


@pytest.mark.parametrize(
    ("status", "method"),
    [
        ("paid", "card"),
        ("paid", "ach"),
        ("marked as paid", "check"),
        ("marked as paid", "cash"),
        ("marked as paid", "wire"),
    ],
)
def test_A8_a_paid_or_marked_invoice_gets_a_payment_that_closes_it(status: str, method: str) -> None:
    world = read(f"""
    Coworks
    invoice C957F1A7-0001 | Factory Inc. | 01-01 | {status} | plan Hot Desk 500
    payment C957F1A7-0001 | 01-03 | 500 | {method} | 4711
    """)
    plan = plan_of(world)
    assert tell(plan, world) == [
        "create customer Factory Inc.",
        "create invoice C957F1A7-0001 500.00 Factory Inc. 01-01",
        "create payment 500.00 C957F1A7-0001 01-03 Undeposited Funds",
    ]
    invoice, payment = plan.operations[1:]
    assert payment.needs == (invoice.key,)
    assert isinstance(payment.record, ReceivedPayment)
    assert payment.record.links[0].txn_id == f"key:{invoice.key}"
    assert (payment.record.reference, payment.record.unapplied) == ("4711", 0)


@told
def test_A8_the_payment_is_of_the_amount_paid_on_the_invoice(plan: Plan) -> None:
    """Two partial payments, in date order.

    Coworks
    invoice C957F1A7-0001 | Factory Inc. | 01-01 | unpaid | plan Hot Desk 500
    payment C957F1A7-0001 | 01-20 | 100 | check
    payment C957F1A7-0001 | 01-03 | 250 | card
    plan
    create customer Factory Inc.
    create invoice C957F1A7-0001 500.00 Factory Inc. 01-01
    create payment 250.00 C957F1A7-0001 01-03 Undeposited Funds
    create payment 100.00 C957F1A7-0001 01-20 Undeposited Funds
    """


@told
def test_A8_a_zero_invoice_is_posted_without_a_payment(plan: Plan) -> None:
    """A prorated start that Coworks calls paid.

    Coworks
    invoice C957F1A7-0001 | Factory Inc. | 01-01 | marked as paid | plan Hot Desk 500 + discount Founders -500
    plan
    create customer Factory Inc.
    create invoice C957F1A7-0001 0.00 Factory Inc. 01-01
    """


@told
def test_A8_a_payment_entered_by_hand_in_quickbooks_is_adopted_not_doubled(plan: Plan) -> None:
    """Invoice and amount agree; the date may differ.

    Coworks
    invoice C957F1A7-0001 | Factory Inc. | 01-01 | paid | plan Hot Desk 500
    payment C957F1A7-0001 | 01-03 | 500 | card
    QuickBooks
    customer 58 | Factory Inc. |
    document 77 | C957F1A7-0001 | 58 | 01-01 | 500
    received 90 | 58 | 01-05 | 500 | 77 500
    plan
    adopt customer #58 by number prefix C957F1A7 seen before
    adopt invoice #77 by number, customer, total and date
    adopt payment #90 by invoice and amount
    """


@told
def test_A8_a_long_reference_is_cut_and_kept_whole_in_the_note(plan: Plan) -> None:
    """Intuit takes 21 characters.

    Coworks
    invoice C957F1A7-0001 | Factory Inc. | 01-01 | paid | plan Hot Desk 500
    payment C957F1A7-0001 | 01-03 | 500 | card | ch_3Nx5u2eZvKYlo2C1Q9Vw8abc
    plan
    create customer Factory Inc.
    create invoice C957F1A7-0001 500.00 Factory Inc. 01-01
    create payment 500.00 C957F1A7-0001 01-03 Undeposited Funds
    """
    payment = plan.operations[2].record
    assert isinstance(payment, ReceivedPayment)
    assert payment.reference == "ch_3Nx5u2eZvKYlo2C1Q9"
    assert payment.private_note.endswith("reference ch_3Nx5u2eZvKYlo2C1Q9Vw8abc")


@told
def test_A9_a_method_mapped_to_an_account_goes_there_others_to_undeposited_funds(plan: Plan) -> None:
    """The default account is found by subtype, whatever its name.

    Coworks
    invoice C957F1A7-0001 | Factory Inc. | 01-01 | paid | plan Hot Desk 500
    payment C957F1A7-0001 | 01-03 | 200 | card
    payment C957F1A7-0001 | 01-04 | 300 | check
    QuickBooks
    set accounts.methods.card Card Clearing
    plan
    create customer Factory Inc.
    create invoice C957F1A7-0001 500.00 Factory Inc. 01-01
    create payment 200.00 C957F1A7-0001 01-03 Card Clearing
    create payment 300.00 C957F1A7-0001 01-04 Undeposited Funds
    """


# ---- A10 to A14: products


@told
def test_A10_a_plan_is_posted_on_its_product_and_an_unmapped_one_on_the_default(plan: Plan) -> None:
    """With a default product chosen nothing stops.

    Coworks
    invoice C957F1A7-0001 | Factory Inc. | 01-01 | unpaid | plan Hot Desk 500 2x250 + plan Mystery 90
    QuickBooks
    set policy.default_product Member Services
    plan
    create customer Factory Inc.
    create invoice C957F1A7-0001 590.00 Factory Inc. 01-01
    line 500.00 Memberships 2x250 NON
    line 90.00 Member Services NON
    """


@told
def test_A10_unmapped_without_a_default_stops_that_invoice_and_no_other(plan: Plan) -> None:
    """And its payment with it.

    Coworks
    invoice C957F1A7-0001 | Factory Inc. | 01-01 | paid | plan Mystery 500
    payment C957F1A7-0001 | 01-03 | 500 | card
    invoice C957F1A7-0002 | Factory Inc. | 01-02 | unpaid | plan Hot Desk 500
    plan
    create customer Factory Inc.
    create invoice C957F1A7-0002 500.00 Factory Inc. 01-02
    hold C957F1A7-0001 unmapped
    """
    assert plan.problems[0].key == "C957F1A7-0001"


@told
def test_A11_day_passes_and_external_bookings_have_their_products(plan: Plan) -> None:
    """For guests.

    Coworks
    invoice 11111111-0001 | Guest | 01-08 | unpaid | day_pass Day Pass 25 | type=day_pass
    invoice 22222222-0001 | Guest | 01-09 | unpaid | booking Board Room 80 1x80 | type=external_booking
    plan
    create customer Coworks Guests
    create invoice 11111111-0001 25.00 Coworks Guests 01-08
    line 25.00 Day Passes NON
    create invoice 22222222-0001 80.00 Coworks Guests 01-09
    line 80.00 Meeting Rooms 1x80 class Rooms NON
    """


@told
def test_A12_a_one_off_invoices_category_covers_all_lines_except_fees(plan: Plan) -> None:
    """Not chosen: each line by its own kind.

    Coworks
    invoice C957F1A7-0001 | F | 01-01 | unpaid | one_off Mail 20 + one_off Chairs 30 + transaction_fee Transaction fee 2
        | category="Member Services"
    invoice C957F1A7-0002 | F | 01-02 | unpaid | one_off Mail 20 + day_pass Day Pass 30 | type=one_off
    plan
    create customer F
    create invoice C957F1A7-0001 52.00 F 01-01
    line 20.00 Member Services NON
    line 30.00 Member Services NON
    line 2.00 Transaction Fees NON
    create invoice C957F1A7-0002 50.00 F 01-02
    line 20.00 Member Services NON
    line 30.00 Day Passes NON
    """


@told
def test_A13_A14_transaction_fees_and_each_custom_fee_have_their_products(plan: Plan) -> None:
    """Beside the plan.

    Coworks
    invoice C957F1A7-0001 | F | 01-01
        | unpaid | plan Hot Desk 500 + transaction_fee Transaction fee 14.80 + custom_fee Community fee 5
    plan
    create customer F
    create invoice C957F1A7-0001 519.80 F 01-01
    line 500.00 Memberships NON
    line 14.80 Transaction Fees NON
    line 5.00 Community Fees NON
    """


# ---- A15 to A17: class and location


@told
def test_A15_class_of_the_product_goes_on_the_line(plan: Plan) -> None:
    """The API does not copy it; the mapping's own class wins.

    Coworks
    invoice C957F1A7-0001 | F | 01-01 | unpaid | plan Private Office 900 + plan Hot Desk 100 + booking Board Room 50
    QuickBooks
    maps plan | Hot Desk | Memberships | Rooms
    plan
    create customer F
    create invoice C957F1A7-0001 1050.00 F 01-01
    line 900.00 Private Offices class Offices NON
    line 100.00 Memberships class Rooms NON
    line 50.00 Meeting Rooms class Rooms NON
    """


@told
def test_A15_two_classes_on_one_invoice_ask_where_classes_are_per_transaction(plan: Plan) -> None:
    """One class goes on the transaction; two cannot.

    Coworks
    invoice C957F1A7-0001 | F | 01-01 | unpaid | plan Private Office 900 + booking Board Room 50
    invoice C957F1A7-0002 | F | 01-02 | unpaid | plan Private Office 900 + plan Hot Desk 100
    QuickBooks
    prefers class_tracking transaction
    plan
    create customer F
    create invoice C957F1A7-0002 1000.00 F 01-02
    line 900.00 Private Offices class Offices NON
    line 100.00 Memberships class Offices NON
    hold C957F1A7-0001 two-classes
    """
    document = plan.operations[1].record
    assert isinstance(document, SalesDocument)
    assert document.class_id
    assert not any(line.class_id for line in document.lines)


@told
def test_A15_classes_switched_off_drop_the_products_class_and_stop_a_class_that_was_asked_for(plan: Plan) -> None:
    """What was chosen on purpose is not lost in silence.

    Coworks
    invoice C957F1A7-0001 | F | 01-01 | unpaid | plan Private Office 900
    invoice C957F1A7-0002 | F | 01-02 | unpaid | plan Hot Desk 100
    QuickBooks
    prefers class_tracking off
    maps plan | Hot Desk | Memberships | Rooms
    plan
    create customer F
    create invoice C957F1A7-0001 900.00 F 01-01
    line 900.00 Private Offices NON
    hold C957F1A7-0002 classes-off
    """


@told
def test_A16_the_campus_becomes_the_location_and_an_unknown_campus_is_held(plan: Plan) -> None:
    """A guest has no campus.

    Coworks
    invoice C957F1A7-0001 | F | 01-01 | unpaid | plan Hot Desk 100 | campus=Riverside
    invoice C957F1A7-0002 | F | 01-02 | unpaid | plan Hot Desk 100 | campus=Atlantis
    invoice 11111111-0001 | Guest | 01-08 | unpaid | day_pass Day Pass 25
    plan
    create customer Coworks Guests
    create customer F
    create invoice C957F1A7-0001 100.00 F 01-01
    line 100.00 Memberships at Riverside House NON
    create invoice 11111111-0001 25.00 Coworks Guests 01-08
    line 25.00 Day Passes NON
    hold C957F1A7-0002 unknown-campus
    """


@told
def test_A16_locations_switched_off_hold_what_asks_for_one(plan: Plan) -> None:
    """QuickBooks would drop the location without a word.

    Coworks
    invoice C957F1A7-0001 | F | 01-01 | unpaid | plan Hot Desk 100 | campus=Riverside
    QuickBooks
    prefers locations false
    plan
    hold C957F1A7-0001 locations-off
    """
    assert "Track locations" in plan.problems[0].do


@told
def test_A17_product_class_and_location_stand_together(plan: Plan) -> None:
    """The discount follows the line it reduces, with its class, in the same place.

    Coworks
    invoice C957F1A7-0001 | F | 01-01 | unpaid
        | plan Private Office 900 + transaction_fee Transaction fee 20 + discount Founders -90 | campus=Downtown
    plan
    create customer F
    create invoice C957F1A7-0001 830.00 F 01-01
    line 900.00 Private Offices class Offices at Downtown NON
    line -90.00 Member Discounts class Offices at Downtown NON
    line 20.00 Transaction Fees at Downtown NON
    """


# ---- A18: voids


@told
def test_A18_voided_in_coworks_is_voided_in_quickbooks(plan: Plan) -> None:
    """Open period, nothing applied.

    Coworks
    invoice C957F1A7-0001 | F | 01-01 | voided | plan Hot Desk 500 | voided=01-20
    QuickBooks
    customer 58 | F |
    document 77 | C957F1A7-0001 | 58 | 01-01 | 500
    posted customer team/c957f1a7 | 58
    posted invoice C957F1A7-0001 | 77
    plan
    void C957F1A7-0001 500.00
    unchanged 1
    """
    document = plan.operations[0].record
    assert isinstance(document, SalesDocument)
    assert (document.id, document.sync_token) == ("77", "0")


@told
def test_A18_a_row_that_vanished_is_voided_when_voids_csv_answers(plan: Plan) -> None:
    """The invoice is in no tab any more; the earlier register knows it.

    earlier
    invoice C957F1A7-0001 | F | 01-01 | unpaid | plan Hot Desk 500
    Coworks
    period 2026-02
    void C957F1A7-0001 | 02-10
    QuickBooks
    customer 58 | F |
    document 77 | C957F1A7-0001 | 58 | 01-01 | 500
    posted customer team/c957f1a7 | 58
    posted invoice C957F1A7-0001 | 77
    plan
    void C957F1A7-0001 500.00
    unchanged 1
    """


@told
def test_A18_with_a_payment_applied_the_plan_says_what_to_undo_first(plan: Plan) -> None:
    """The payment is in a bank deposit: that first.

    Coworks
    invoice C957F1A7-0001 | F | 01-01 | voided | plan Hot Desk 500 | voided=01-20
    QuickBooks
    customer 58 | F |
    document 77 | C957F1A7-0001 | 58 | 01-01 | 500
    received 90 | 58 | 01-05 | 500 | 77 500
    deposit 95 | 01-08 | 90 | 500
    posted customer team/c957f1a7 | 58
    posted invoice C957F1A7-0001 | 77
    plan
    hold C957F1A7-0001 void-with-payments
    note C957F1A7-0001 paid-only-in-quickbooks
    unchanged 1
    """
    steps = plan.problems[0].candidates
    assert steps[0].startswith("delete the bank deposit of 2026-01-08")
    assert steps[1].startswith("take the payment of 2026-01-05")


@pytest.mark.parametrize(
    "closing",
    [
        "prefers book_close_date 2026-01-31",
        "set policy.reported_through 2026-01-31",
        "set policy.sales_tax_filed_through 2026-01-31",
    ],
)
def test_A18_in_a_closed_period_a_credit_memo_dated_the_event_takes_the_place_of_the_void(closing: str) -> None:
    world = read(f"""
    Coworks
    period 2026-02
    invoice C957F1A7-0001 | F | 01-01 | voided | plan Hot Desk 500 | voided=02-10
    QuickBooks
    {closing}
    customer 58 | F |
    document 77 | C957F1A7-0001 | 58 | 01-01 | 500
    posted customer team/c957f1a7 | 58
    posted invoice C957F1A7-0001 | 77
    """)
    assert tell(plan_of(world), world, lines=True) == [
        "create credit memo C957F1A7-0001-CM1 500.00 F 02-10",
        "line 500.00 Memberships NON",
        "apply 500.00 of C957F1A7-0001-CM1 to C957F1A7-0001 02-10",
        "unchanged 1",
    ]


@told
def test_A18_an_event_on_a_closed_day_is_dated_the_first_open_day(plan: Plan) -> None:
    """Voided in January, which is closed by now.

    Coworks
    period 2026-02
    invoice C957F1A7-0001 | F | 01-01 | voided | plan Hot Desk 500 | voided=01-20
    QuickBooks
    prefers book_close_date 2026-01-31
    customer 58 | F |
    document 77 | C957F1A7-0001 | 58 | 01-01 | 500
    posted customer team/c957f1a7 | 58
    posted invoice C957F1A7-0001 | 77
    plan
    create credit memo C957F1A7-0001-CM1 500.00 F 02-01
    apply 500.00 of C957F1A7-0001-CM1 to C957F1A7-0001 02-01
    unchanged 1
    """


@told
def test_A18_voided_before_it_was_posted_is_never_posted(plan: Plan) -> None:
    """There is nothing to void.

    Coworks
    invoice C957F1A7-0001 | F | 01-01 | voided | plan Hot Desk 500 | voided=01-20
    plan
    note C957F1A7-0001 voided-before-posting
    """


@told
def test_A18_already_voided_in_quickbooks_is_left_alone(plan: Plan) -> None:
    """The void of an earlier run.

    Coworks
    invoice C957F1A7-0001 | F | 01-01 | voided | plan Hot Desk 500 | voided=01-20
    QuickBooks
    customer 58 | F |
    document 77 | C957F1A7-0001 | 58 | 01-01 | 500 | voided
    posted customer team/c957f1a7 | 58
    posted invoice C957F1A7-0001 | 77
    posted void C957F1A7-0001/void | 77
    plan
    unchanged 1
    """


@told
def test_A18_voided_by_hand_in_quickbooks_too_is_noted_and_needs_no_void(plan: Plan) -> None:
    """Also how a lost posting log learns of a void.

    Coworks
    invoice C957F1A7-0001 | F | 01-01 | voided | plan Hot Desk 500 | voided=01-20
    QuickBooks
    customer 58 | F |
    document 77 | C957F1A7-0001 | 58 | 01-01 | 500 | voided note="Voided STAMP"
    posted customer team/c957f1a7 | 58
    plan
    adopt invoice #77 by stamp
    adopt void #77 by stamp
    """


# ---- A21, A22: numbers, and what is only in QuickBooks


@told
def test_A21_a_number_taken_by_hand_becomes_cw1_and_cw2_if_that_is_taken_too(plan: Plan) -> None:
    """The holders may be of any of the four kinds, in any case, another customer's voided one too.

    Coworks
    invoice C957F1A7-0009 | F | 01-20 | unpaid | plan Hot Desk 500
    invoice C957F1A7-0010 | F | 01-21 | unpaid | plan Hot Desk 500
    QuickBooks
    customer 58 | F |
    customer 59 | G |
    document 78 | c957f1a7-0009 | 58 | 01-02 | 90 | kind=SalesReceipt
    document 79 | C957F1A7-0009-CW1 | 58 | 01-03 | 80 | kind=CreditMemo
    document 80 | C957F1A7-0010 | 59 | 01-04 | 70 | voided
    posted customer team/c957f1a7 | 58
    plan
    create invoice C957F1A7-0009-CW2 500.00 F 01-20
    create invoice C957F1A7-0010-CW1 500.00 F 01-21
    """


@told
def test_A21_our_own_invoice_is_matched_before_a_number_is_given(plan: Plan) -> None:
    """Coworks' integration had posted it as -CW1: it is adopted, no -CW2.

    Coworks
    invoice C957F1A7-0009 | F | 01-20 | unpaid | plan Hot Desk 500
    QuickBooks
    customer 58 | F |
    document 78 | C957F1A7-0009 | 58 | 01-02 | 90
    document 79 | C957F1A7-0009-CW1 | 58 | 01-20 | 500
    plan
    adopt customer #58 by number prefix C957F1A7 seen before
    adopt invoice #79 by number, customer, total and date
    """


# ---- what makes it safe


@told
def test_a_year_of_invoices_that_coworks_posted_is_adopted_and_not_doubled(plan: Plan) -> None:
    """Same numbers, no stamp, payments applied, dates one day off for those posted near midnight.

    Coworks
    invoice C957F1A7-0001 | F | 01-01 | paid | plan Hot Desk 500
    payment C957F1A7-0001 | 01-03 | 500 | card
    invoice C957F1A7-0002 | F | 01-31 | unpaid | plan Hot Desk 500
    QuickBooks
    customer 58 | F | f@f.example
    document 77 | C957F1A7-0001 | 58 | 01-01 | 500
    document 78 | C957F1A7-0002 | 58 | 02-01 | 500
    received 90 | 58 | 01-03 | 500 | 77 500
    plan
    adopt customer #58 by number prefix C957F1A7 seen before
    adopt invoice #77 by number, customer, total and date
    adopt invoice #78 by number, customer, total and date
    adopt payment #90 by invoice, amount and date
    """


@told
def test_the_same_number_customer_and_total_under_another_date_is_a_question(plan: Plan) -> None:
    """It may be a hand-made copy, or ours.

    Coworks
    invoice C957F1A7-0009 | F | 01-20 | unpaid | plan Hot Desk 500
    QuickBooks
    customer 58 | F |
    document 78 | C957F1A7-0009 | 58 | 01-10 | 500
    plan
    hold C957F1A7-0009 already-there
    """
    assert plan.problems[0].candidates == ("Invoice C957F1A7-0009 of 2026-01-10 over 500.00, customer #58 (#78)",)


@told
def test_what_a_person_undid_is_not_posted_again_until_it_is_released(plan: Plan) -> None:
    """A released one is posted under its next generation; the voided document keeps the number.

    Coworks
    invoice C957F1A7-0001 | F | 01-01 | unpaid | plan Hot Desk 500
    invoice C957F1A7-0002 | F | 01-02 | unpaid | plan Hot Desk 500
    QuickBooks
    customer 58 | F |
    document 77 | C957F1A7-0001 | 58 | 01-01 | 500 | voided
    document 78 | C957F1A7-0002 | 58 | 01-02 | 500 | voided
    posted customer team/c957f1a7 | 58
    posted invoice C957F1A7-0001 | 77 | undone
    posted invoice C957F1A7-0002 | 78 | undone released
    plan
    create invoice C957F1A7-0002-CW1 500.00 F 01-02
    hold C957F1A7-0001 undone
    """
    assert plan.operations[0].generation == 2


@told
def test_what_changed_after_posting_is_held_and_named(plan: Plan) -> None:
    """Another total, voided there, deleted there.

    Coworks
    invoice C957F1A7-0001 | F | 01-01 | unpaid | plan Hot Desk 500
    invoice C957F1A7-0002 | F | 01-02 | unpaid | plan Hot Desk 500
    invoice C957F1A7-0003 | F | 01-03 | unpaid | plan Hot Desk 500
    QuickBooks
    customer 58 | F |
    document 77 | C957F1A7-0001 | 58 | 01-01 | 510
    document 78 | C957F1A7-0002 | 58 | 01-02 | 500 | voided
    posted customer team/c957f1a7 | 58
    posted invoice C957F1A7-0001 | 77
    posted invoice C957F1A7-0002 | 78
    posted invoice C957F1A7-0003 | 79
    plan
    hold C957F1A7-0001 changed-since-posted
    hold C957F1A7-0002 voided-in-quickbooks
    hold C957F1A7-0003 deleted-in-quickbooks
    """


def test_a_file_problem_leaves_nothing_to_post() -> None:
    world = read("""
    Coworks
    invoice C957F1A7-0001 | Factory Inc. | 01-01 | unpaid | plan Hot Desk 500
    """)
    torn = Problem(code="truncated", where="billing.xlsx", what="x", why="y", do="z", severity=Severity.FILE)
    plan = planning.make_plan(
        replace(billing_of(world), problems=(torn,)),
        mapping_of(world),
        (),
        books_of(world),
        {},
        settings_of(world),
        company="sample",
        period="2026-01",
    )
    assert (plan.operations, plan.adoptions, plan.problems) == ((), (), (torn,))


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ("set quickbooks.realm 4711", "wrong-company"),
        ("set policy.sales_tax inside", "sales-tax-off"),
        ("prefers custom_numbers false", "custom-numbers-off"),
    ],
)
def test_what_is_wrong_for_the_whole_company_stops_everything(row: str, code: str) -> None:
    world = read(f"""
    Coworks
    invoice C957F1A7-0001 | Factory Inc. | 01-01 | unpaid | plan Hot Desk 500
    QuickBooks
    {row}
    """)
    assert tell(plan_of(world), world) == [f"stop {code}"]


def test_a_begun_plan_stays_valid_while_its_own_postings_arrive() -> None:
    """Facts that both plans rely on have the same value before and after our own invoice was posted."""
    table = """
    Coworks
    invoice C957F1A7-0001 | F | 01-01 | paid | plan Hot Desk 500
    payment C957F1A7-0001 | 01-03 | 200 | card
    payment C957F1A7-0001 | 01-04 | 300 | card
    QuickBooks
    customer 58 | F |
    posted customer team/c957f1a7 | 58
    """
    begun = plan_of(read(table))
    later = plan_of(read(table + "document 77 | C957F1A7-0001 | 58 | 01-01 | 500\nposted invoice C957F1A7-0001 | 77\n"))
    assert [one.kind for one in later.operations] == ["payment", "payment"]
    before = {fact.of: fact.value for fact in begun.facts}
    assert all(before.get(fact.of, fact.value) == fact.value for fact in later.facts)
    assert before["number C957F1A7-0001"] == "free"
