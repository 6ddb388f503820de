"""What each warehouse table must hold, in plain SQL over the source, written by hand from the ERD.

For every table: the query on totesys and the query on the warehouse that must give the same rows in
the same order. Facts are compared as they are now; their history is compared by its own test.
"""

from collections.abc import Mapping
from typing import Any

import psycopg

QUERIES: Mapping[str, tuple[str, str]] = {
    "dim_staff": (
        """SELECT staff_id, first_name, last_name, department_name,
                  coalesce(location, 'Unknown'), email_address
             FROM staff JOIN department USING (department_id) ORDER BY staff_id""",
        "SELECT * FROM dim_staff ORDER BY staff_id",
    ),
    "dim_location": (
        """SELECT address_id, address_line_1, address_line_2, district, city, postal_code,
                  country, phone FROM address ORDER BY address_id""",
        "SELECT * FROM dim_location ORDER BY location_id",
    ),
    "dim_currency": (
        """SELECT currency_id, currency_code,
                  CASE currency_code WHEN 'GBP' THEN 'Pound Sterling' WHEN 'USD' THEN 'US Dollar'
                                     WHEN 'EUR' THEN 'Euro' ELSE 'Unknown' END
             FROM currency ORDER BY currency_id""",
        "SELECT * FROM dim_currency ORDER BY currency_id",
    ),
    "dim_design": (
        "SELECT design_id, design_name, file_location, file_name FROM design ORDER BY design_id",
        "SELECT * FROM dim_design ORDER BY design_id",
    ),
    "dim_counterparty": (
        """SELECT counterparty_id, counterparty_legal_name, address_line_1, address_line_2,
                  district, city, postal_code, country, phone
             FROM counterparty JOIN address ON address_id = legal_address_id
            ORDER BY counterparty_id""",
        "SELECT * FROM dim_counterparty ORDER BY counterparty_id",
    ),
    "dim_payment_type": (
        "SELECT payment_type_id, payment_type_name::text FROM payment_type ORDER BY 1",
        "SELECT * FROM dim_payment_type ORDER BY 1",
    ),
    "dim_transaction": (
        """SELECT transaction_id, transaction_type::text, sales_order_id, purchase_order_id
             FROM transaction ORDER BY transaction_id""",
        # A transaction deleted at the source stays, for facts refer to it; etl lists it.
        """SELECT * FROM dim_transaction
            WHERE transaction_id NOT IN (SELECT business_id FROM etl.dim_deletion
                                          WHERE dim_table = 'dim_transaction')
            ORDER BY transaction_id""",
    ),
    "fact_sales_order": (
        """SELECT sales_order_id, created_at::date, created_at::time, last_updated::date,
                  last_updated::time, staff_id, counterparty_id, units_sold, unit_price,
                  currency_id, design_id, agreed_payment_date::date, agreed_delivery_date::date,
                  agreed_delivery_location_id
             FROM sales_order ORDER BY sales_order_id""",
        """SELECT sales_order_id, created_date, created_time, last_updated_date,
                  last_updated_time, sales_staff_id, counterparty_id, units_sold, unit_price,
                  currency_id, design_id, agreed_payment_date, agreed_delivery_date,
                  agreed_delivery_location_id
             FROM etl.current_sales_order ORDER BY sales_order_id""",
    ),
    "fact_purchase_orders": (
        """SELECT purchase_order_id, created_at::date, created_at::time, last_updated::date,
                  last_updated::time, staff_id, counterparty_id, item_code, item_quantity,
                  item_unit_price, currency_id, agreed_delivery_date::date,
                  agreed_payment_date::date, agreed_delivery_location_id
             FROM purchase_order ORDER BY purchase_order_id""",
        """SELECT purchase_order_id, created_date, created_time, last_updated_date,
                  last_updated_time, staff_id, counterparty_id, item_code, item_quantity,
                  item_unit_price, currency_id, agreed_delivery_date, agreed_payment_date,
                  agreed_delivery_location_id
             FROM etl.current_purchase_order ORDER BY purchase_order_id""",
    ),
    "fact_payment": (
        """SELECT payment_id, created_at::date, created_at::time, last_updated::date,
                  last_updated::time, transaction_id, counterparty_id, payment_amount,
                  currency_id, payment_type_id, paid, payment_date::date
             FROM payment ORDER BY payment_id""",
        """SELECT payment_id, created_date, created_time, last_updated_date,
                  last_updated_time, transaction_id, counterparty_id, payment_amount,
                  currency_id, payment_type_id, paid, payment_date
             FROM etl.current_payment ORDER BY payment_id""",
    ),
    "dim_date": (
        """SELECT day::date, extract(year FROM day)::int, extract(month FROM day)::int,
                  extract(day FROM day)::int, extract(isodow FROM day)::int,
                  to_char(day, 'FMDay'), to_char(day, 'FMMonth'), extract(quarter FROM day)::int
             FROM (SELECT greatest(max(payment_date::date), max(created_at::date)) AS newest
                     FROM payment) AS payments
            CROSS JOIN generate_series(timestamp '2022-01-01',
                       date_trunc('year', newest) + interval '2 years' - interval '1 day',
                       interval '1 day') AS day
            ORDER BY 1""",
        "SELECT * FROM dim_date ORDER BY 1",
    ),
}

FACTS = {
    "fact_sales_order": ("sales_order", "sales_record_id", "sales_order_id"),
    "fact_purchase_orders": ("purchase_order", "purchase_record_id", "purchase_order_id"),
    "fact_payment": ("payment", "payment_record_id", "payment_id"),
}
"""Fact -> what it is about, surrogate key, business key."""


def rows(connection: psycopg.Connection[Any], query: str) -> list[tuple[Any, ...]]:
    """All rows of a query of this file."""
    return connection.execute(query.encode()).fetchall()


def assert_warehouse_equals_source(
    source: psycopg.Connection[Any], warehouse: psycopg.Connection[Any]
) -> None:
    """Every warehouse table, value by value; the message names table and first difference."""
    for table, (expected_query, actual_query) in QUERIES.items():
        expected, actual = rows(source, expected_query), rows(warehouse, actual_query)
        differing = [pair for pair in zip(expected, actual, strict=False) if pair[0] != pair[1]]
        assert (len(actual), differing[:3]) == (len(expected), []), table
