"""Make and run a simulated totesys from the command line."""

import argparse
import json
from datetime import date
from random import Random

import psycopg

from .activity import Simulator
from .history import SEED, history
from .scale import UNTIL, scale
from .schema import create_totesys

EXAMPLES = """examples (the password comes from the environment, PGPASSWORD):
  python -m totesys_simulator create  --url "host=127.0.0.1 dbname=totesys user=owner"
  python -m totesys_simulator history --url "..." --until 2024-11-15
  python -m totesys_simulator scale   --url "..." --orders 3000000
  python -m totesys_simulator workday --url "..." --days 5
"""


def parser() -> argparse.ArgumentParser:
    """The commands create, history, scale and workday."""
    commands = argparse.ArgumentParser(
        prog="python -m totesys_simulator",
        description=__doc__,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command = commands.add_subparsers(dest="command", required=True)
    create = command.add_parser("create", help="the empty schema")
    past = command.add_parser("history", help="fill an empty schema with the realistic past")
    big = command.add_parser("scale", help="fill an empty schema with any number of orders")
    work = command.add_parser("workday", help="let the next workdays happen")
    for each in (create, past, big, work):
        each.add_argument("--url", required=True, help="conninfo or postgresql:// URL of the owner")
    for each in (past, big):
        each.add_argument("--until", type=date.fromisoformat, default=UNTIL, help="excluded")
        each.add_argument("--seed", type=int, default=SEED)
    big.add_argument("--orders", type=int, required=True)
    work.add_argument("--days", type=int, default=1)
    work.add_argument("--seed", type=int, help="default: different every time")
    return commands


def main(argv: list[str] | None = None) -> None:
    """Run one command and print one JSON line of counts."""
    options = parser().parse_args(argv)
    with psycopg.connect(options.url, autocommit=True) as conn:
        print(json.dumps(run(conn, options)))


def run(conn: psycopg.Connection, options: argparse.Namespace) -> dict[str, int]:
    """Rows per table of a load; changes by table and op of workdays."""
    if options.command == "create":
        create_totesys(conn)
        return {}
    if options.command == "history":
        return history(conn, options.until, options.seed)
    if options.command == "scale":
        return scale(conn, options.orders, options.seed, options.until)
    seed = Random().getrandbits(32) if options.seed is None else options.seed
    simulator = Simulator(conn, seed)
    counts: dict[str, int] = {}
    for _ in range(options.days):
        for change in simulator.workday():
            name = f"{change.table}.{change.op}"
            counts[name] = counts.get(name, 0) + 1
    return counts


if __name__ == "__main__":
    main()
