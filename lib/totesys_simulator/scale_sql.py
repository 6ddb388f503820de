"""The statements scale() runs inside the server; every value is a seeded hash of an order's number.

Of 1000 orders in a row 708 are sales. Order n is sale number floor(n * 708 / 1000) where that grows
and a purchase elsewhere. Turned round: sale k is order ceil(k * 1000 / 708), purchase k is order
floor((k - 1) * 1000 / 292) + 1. So every table is filled by itself, in key order, without a sort of
numbers drawn.

Parameters: seed, rows (of the statement's table), orders (of both kinds), days (the workdays),
designs (how many exist on each), slots (working minutes of all days).
"""

from psycopg import sql

SALES_IN_1000 = 708

DRAW = sql.SQL("""
CREATE FUNCTION pg_temp.draw(n bigint, stream bigint, choices bigint)
RETURNS integer
LANGUAGE sql IMMUTABLE AS
'SELECT ((hashint8extended(n, stream) & 9223372036854775807) % choices)::integer'
""")

# Orders spread evenly over all working minutes: k (key), n (order), day_number (from 1), stamp.
_PLACED = """
    SELECT
        k, n, day_number,
        (%(days)s::date[])[day_number]
            + interval '8 h' + minute * interval '1 min'
            + (9600 + pg_temp.draw(n, %(seed)s, 1000)) * interval '1 ms' AS stamp
    FROM generate_series(1, %(rows)s::bigint) AS k
    CROSS JOIN LATERAL (SELECT {nth} AS n) AS numbered
    CROSS JOIN LATERAL (SELECT (n - 1) * %(slots)s / %(orders)s AS slot) AS timed
    CROSS JOIN LATERAL (
        SELECT (slot / 660 + 1)::integer AS day_number, (slot %% 660)::integer AS minute
    ) AS placed
"""

_TERMS = """
    1 + pg_temp.draw(n, %(seed)s + 6, 3),
    (stamp + pg_temp.draw(n, %(seed)s + 7, 604800) * interval '1 s')::date::text,
    (stamp + pg_temp.draw(n, %(seed)s + 8, 518400) * interval '1 s')::date::text,
    1 + pg_temp.draw(n, %(seed)s + 9, 30)
"""

SALES = sql.SQL("""
INSERT INTO sales_order (
    sales_order_id, created_at, last_updated, design_id, staff_id, counterparty_id, units_sold,
    unit_price, currency_id, agreed_delivery_date, agreed_payment_date, agreed_delivery_location_id
)
SELECT
    k, stamp, stamp,
    1 + pg_temp.draw(n, %(seed)s + 1, (%(designs)s::integer[])[day_number]),
    1 + pg_temp.draw(n, %(seed)s + 2, 20),
    1 + pg_temp.draw(n, %(seed)s + 3, 20),
    1000 + pg_temp.draw(n, %(seed)s + 4, 99001),
    (200 + pg_temp.draw(n, %(seed)s + 5, 201)) * 0.01,
    {terms}
FROM ({placed}) AS sale
""").format(
    terms=sql.SQL(_TERMS), placed=sql.SQL(_PLACED).format(nth=sql.SQL("(k * 1000 + 707) / 708"))
)

# A prime stride through all 36^7 item codes never meets one twice.
PURCHASES = sql.SQL("""
INSERT INTO purchase_order (
    purchase_order_id, created_at, last_updated, staff_id, counterparty_id, item_code,
    item_quantity, item_unit_price, currency_id, agreed_delivery_date, agreed_payment_date,
    agreed_delivery_location_id
)
SELECT
    k, stamp, stamp,
    1 + pg_temp.draw(n, %(seed)s + 2, 20),
    1 + pg_temp.draw(n, %(seed)s + 3, 20),
    (
        SELECT string_agg(substr('ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789', digit, 1), '')
        FROM unnest(ARRAY[1, 36, 1296, 46656, 1679616, 60466176, 2176782336]) AS place
        CROSS JOIN LATERAL (
            SELECT ((k * 2654435761 + %(seed)s) %% 78364164096 / place %% 36)::integer + 1 AS digit
        ) AS digits
    ),
    1 + pg_temp.draw(n, %(seed)s + 4, 1000),
    (300 + pg_temp.draw(n, %(seed)s + 5, 99701)) * 0.01,
    {terms}
FROM ({placed}) AS purchase
""").format(
    terms=sql.SQL(_TERMS),
    placed=sql.SQL(_PLACED).format(nth=sql.SQL("(k - 1) * 1000 / 292 + 1")),
)

TRANSACTIONS = sql.SQL("""
INSERT INTO transaction (
    transaction_id, transaction_type, sales_order_id, purchase_order_id, created_at, last_updated
)
SELECT
    (sales_order_id::bigint * 1000 + 707) / 708 AS n, 'SALE'::"TransactionType",
    sales_order_id, NULL, created_at, created_at
FROM sales_order
UNION ALL
SELECT
    (purchase_order_id::bigint - 1) * 1000 / 292 + 1, 'PURCHASE',
    NULL, purchase_order_id, created_at, created_at
FROM purchase_order
ORDER BY n
""")

# Settled on the morning of the payment date, if that is a workday, after the day of the order, and
# before the end of the time simulated. All of one morning share their last_updated.
PAYMENTS = sql.SQL("""
INSERT INTO payment (
    payment_id, created_at, last_updated, transaction_id, counterparty_id, payment_amount,
    currency_id, payment_type_id, paid, payment_date, company_ac_number, counterparty_ac_number
)
SELECT
    n, created_at,
    CASE
        WHEN settled THEN
            due + interval '7 h 55 min'
            + (11200 + pg_temp.draw(due - date '2000-01-01', %(seed)s, 1000)) * interval '1 ms'
        ELSE created_at
    END,
    n, counterparty_id, amount, currency_id, payment_type, settled, agreed_payment_date,
    10000000 + pg_temp.draw(n, %(seed)s + 10, 90000000),
    10000000 + pg_temp.draw(n, %(seed)s + 11, 90000000)
FROM (
    SELECT
        (sales_order_id::bigint * 1000 + 707) / 708 AS n, 1 AS payment_type,
        created_at, counterparty_id, currency_id, agreed_payment_date,
        units_sold * unit_price AS amount
    FROM sales_order
    UNION ALL
    SELECT
        (purchase_order_id::bigint - 1) * 1000 / 292 + 1, 3,
        created_at, counterparty_id, currency_id, agreed_payment_date,
        item_quantity * item_unit_price
    FROM purchase_order
) AS orders
CROSS JOIN LATERAL (SELECT agreed_payment_date::date AS due) AS payable
CROSS JOIN LATERAL (
    SELECT extract(isodow FROM due) <= 5 AND due > created_at AND due < %(until)s AS settled
) AS settlement
ORDER BY n
""")
