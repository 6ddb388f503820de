"""Laws and rates of the history, on eight months of it with a fixed seed."""

import re
from collections import Counter
from datetime import date, datetime, time
from decimal import Decimal
from statistics import mean

import pytest

from totesys_simulator.change import TABLES, Row, key_column
from totesys_simulator.errors import OutOfTime
from totesys_simulator.history import play
from totesys_simulator.rates import FOUNDED, workdays

UNTIL = date(2023, 7, 1)
Rows = dict[str, list[Row]]


@pytest.fixture(scope="module")
def rows() -> Rows:
    return play(UNTIL, seed=1)


def arrived(rows: Rows, table: str) -> list[Row]:
    """Rows that came after the founding day."""
    return [row for row in rows[table] if row["created_at"].date() > FOUNDED]


def test_same_seed_same_rows_other_seed_other_rows() -> None:
    short = date(2022, 12, 1)
    assert play(short, seed=5) == play(short, seed=5)
    assert play(short, seed=5) != play(short, seed=6)


def test_a_longer_history_begins_with_the_shorter_one() -> None:
    shorter, longer = (play(date(2022, 11, day), seed=5) for day in (20, 25))
    assert longer["transaction"][: len(shorter["transaction"])] == shorter["transaction"]


def test_history_must_end_after_the_founding_day() -> None:
    with pytest.raises(OutOfTime, match="2022-11-03"):
        play(FOUNDED)


def test_nothing_happens_at_or_after_the_end(rows: Rows) -> None:
    newest = max(row["last_updated"] for table in TABLES for row in rows[table])
    assert newest.date() == date(2023, 6, 30)


@pytest.mark.parametrize("table", TABLES)
def test_keys_are_contiguous(rows: Rows, table: str) -> None:
    keys = [row[key_column(table)] for row in rows[table]]
    assert keys == list(range(1, len(keys) + 1))


def test_orders_transactions_and_payments_belong_together(rows: Rows) -> None:
    sales = {row["sales_order_id"]: row for row in rows["sales_order"]}
    purchases = {row["purchase_order_id"]: row for row in rows["purchase_order"]}
    transactions = {row["transaction_id"]: row for row in rows["transaction"]}
    assert len(transactions) == len(sales) + len(purchases) == len(rows["payment"])
    for payment in rows["payment"]:
        transaction = transactions.pop(payment["transaction_id"])
        if transaction["transaction_type"] == "SALE":
            assert transaction["purchase_order_id"] is None
            order, kind = sales.pop(transaction["sales_order_id"]), 1
            total = order["units_sold"] * order["unit_price"]
        else:
            assert transaction["sales_order_id"] is None
            order, kind = purchases.pop(transaction["purchase_order_id"]), 3
            total = order["item_quantity"] * order["item_unit_price"]
        assert order["created_at"] == transaction["created_at"] == payment["created_at"]
        copied = ("counterparty_id", "currency_id")
        assert [payment[column] for column in copied] == [order[column] for column in copied]
        assert payment["payment_amount"] == total
        assert payment["payment_date"] == order["agreed_payment_date"]
        assert payment["payment_type_id"] == kind


def test_settlement_never_catches_up(rows: Rows) -> None:
    """Paid exactly when the date is a workday after the day of creation and before the end."""
    for payment in rows["payment"]:
        due = date.fromisoformat(payment["payment_date"])
        settled = payment["created_at"].date() < due < UNTIL and due.isoweekday() <= 5
        assert payment["paid"] is settled
        if settled:
            assert payment["last_updated"].date() == due
        else:
            assert payment["last_updated"] == payment["created_at"]
    assert mean(row["paid"] for row in rows["payment"]) == pytest.approx(0.61, abs=0.02)


def test_payments_of_one_morning_share_one_stamp(rows: Rows) -> None:
    stamps = {row["last_updated"] for row in rows["payment"] if row["paid"]}
    assert len(stamps) == len({stamp.date() for stamp in stamps})
    assert all(time(7, 55, 11) <= stamp.time() < time(7, 55, 13) for stamp in stamps)


def test_rows_arrive_in_working_hours_with_millisecond_stamps(rows: Rows) -> None:
    for table in ("sales_order", "purchase_order", "design"):
        for row in arrived(rows, table):
            at: datetime = row["created_at"]
            assert at.isoweekday() <= 5 and 8 <= at.hour <= 18
            assert at.second in ({12, 13} if (at.hour, at.minute) == (8, 0) else {9, 10})
            assert at.microsecond % 1000 == 0


def test_rates_of_arrival_once_steady(rows: Rows) -> None:
    steady = date(2023, 2, 1)
    days = len(list(workdays(steady, UNTIL)))
    a_day = {
        table: sum(row["created_at"].date() >= steady for row in rows[table]) / days
        for table in ("sales_order", "purchase_order", "design")
    }
    assert a_day["sales_order"] == pytest.approx(22.6, rel=0.05)
    assert a_day["purchase_order"] == pytest.approx(9.1, rel=0.08)
    assert a_day["design"] == pytest.approx(0.88, rel=0.35)


def test_ramp_up(rows: Rows) -> None:
    months = Counter(f"{row['created_at']:%Y-%m}" for row in arrived(rows, "sales_order"))
    assert months["2022-11"] < months["2022-12"] < months["2023-01"] < months["2023-03"]
    assert 20 <= months["2022-11"] <= 65


def test_values_keep_their_ranges(rows: Rows) -> None:
    for sale in arrived(rows, "sales_order"):
        assert 1000 <= sale["units_sold"] <= 100_000
        assert Decimal("2.00") <= sale["unit_price"] <= Decimal("4.00")
    for purchase in arrived(rows, "purchase_order"):
        assert re.fullmatch(r"[A-Z0-9]{7}", purchase["item_code"])
        assert 1 <= purchase["item_quantity"] <= 1000
        assert Decimal(3) <= purchase["item_unit_price"] <= Decimal(1000)
    for payment in rows["payment"]:
        for column in ("company_ac_number", "counterparty_ac_number"):
            assert 10_000_000 <= payment[column] <= 99_999_999
    for design in arrived(rows, "design"):
        drawn = datetime.strptime(design["file_name"].split("-")[1], "%Y%m%d").date()
        assert 1 <= (design["created_at"].date() - drawn).days <= 728
    assert mean(row["units_sold"] for row in rows["sales_order"]) == pytest.approx(50_400, rel=0.03)
    codes = [row["item_code"] for row in rows["purchase_order"]]
    assert len(set(codes)) == len(codes)


def test_foreign_keys_spread_over_all_their_rows(rows: Rows) -> None:
    for table in ("sales_order", "purchase_order"):
        for column, parents in [
            ("staff_id", 20),
            ("counterparty_id", 20),
            ("currency_id", 3),
            ("agreed_delivery_location_id", 30),
        ]:
            assert {row[column] for row in rows[table]} == set(range(1, parents + 1))


def test_silent_edits_leave_last_updated_and_show_in_late_delivery_dates(rows: Rows) -> None:
    late = 0
    for table in ("sales_order", "purchase_order"):
        for row in rows[table]:
            assert row["last_updated"] == row["created_at"]
            lag = date.fromisoformat(row["agreed_delivery_date"]) - row["created_at"].date()
            late += lag.days > 7
    # (0.40 + 0.33) a workday, a quarter of them delivery dates, 171 workdays: about 31
    assert 15 <= late <= 50
    assert all(row["last_updated"] == row["created_at"] for row in rows["design"])


def test_some_orders_point_to_a_design_made_after_them(rows: Rows) -> None:
    made = {row["design_id"]: row["created_at"] for row in rows["design"]}
    younger = [row for row in rows["sales_order"] if made[row["design_id"]] > row["created_at"]]
    assert 0 < len(younger) < 30


def test_a_few_neighbouring_payment_ids_are_swapped(rows: Rows) -> None:
    swapped = [
        row["payment_id"] - row["transaction_id"]
        for row in rows["payment"]
        if row["payment_id"] != row["transaction_id"]
    ]
    assert 0 < len(swapped) < 40
    assert set(swapped) == {1, -1}
