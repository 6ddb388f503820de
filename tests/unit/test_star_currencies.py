"""The currency table against the standard."""

import re

import pytest

from totesys_etl.transform.currencies import NAMES, UNKNOWN


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("GBP", "Pound Sterling"),
        ("USD", "US Dollar"),
        ("EUR", "Euro"),
        ("JPY", "Yen"),
        ("CHF", "Swiss Franc"),
        ("AED", "UAE Dirham"),
        ("AUD", "Australian Dollar"),
        ("BRL", "Brazilian Real"),
        ("CAD", "Canadian Dollar"),
        ("CNY", "Yuan Renminbi"),
        ("CZK", "Czech Koruna"),
        ("DKK", "Danish Krone"),
        ("HKD", "Hong Kong Dollar"),
        ("HUF", "Forint"),
        ("ILS", "New Israeli Sheqel"),
        ("INR", "Indian Rupee"),
        ("ISK", "Iceland Krona"),
        ("KRW", "Won"),
        ("MXN", "Mexican Peso"),
        ("NOK", "Norwegian Krone"),
        ("NZD", "New Zealand Dollar"),
        ("PLN", "Zloty"),
        ("SEK", "Swedish Krona"),
        ("SLE", "Leone"),
        ("TRY", "Turkish Lira"),
        ("VES", "Bolívar Soberano"),
        ("XAF", "CFA Franc BEAC"),
        ("XAU", "Gold"),
        ("XCG", "Caribbean Guilder"),
        ("ZAR", "Rand"),
        ("ZWG", "Zimbabwe Gold"),
    ],
)
def test_active_codes_have_the_name_of_the_standard(code, name):
    assert NAMES[code] == name


@pytest.mark.parametrize("code", ["ANG", "BGN", "CUC", "DEM", "HRK", "SLL", "VEF", "ZWL", "XEU"])
def test_withdrawn_codes_are_not_active(code):
    assert code not in NAMES


def test_the_table_is_whole_and_well_formed():
    assert len(NAMES) == 178
    assert list(NAMES) == sorted(NAMES)
    assert all(re.fullmatch("[A-Z]{3}", code) for code in NAMES)
    assert all(name and name == name.strip() for name in NAMES.values())
    assert UNKNOWN not in NAMES.values()
