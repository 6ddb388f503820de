"""Asks for the logins of the jobs and puts them into Secrets Manager: never an argument, a file, a
plan or a state.

`terraform output -json` comes by standard input; its output `secrets` names what waits for a value.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from getpass import getpass
from pathlib import Path
from typing import Any

import boto3

from totesys_deploy.errors import SecretMissing

Ask = Callable[[str], str]


def fill(manager: Any, name: str, ask: Ask, ask_hidden: Ask) -> bool:
    """Asks for a user and a password and stores both; an empty user leaves the secret as it is.

    SecretMissing when Terraform has not made the secret.
    """
    user = ask(f"{name}: user (empty: leave as it is): ").strip()
    if not user:
        return False
    password = ask_hidden(f"{name}: password of {user}: ")
    while not password:
        password = ask_hidden(f"{name}: the password is empty; password of {user}: ")
    value = json.dumps({"username": user, "password": password})
    try:
        manager.put_secret_value(SecretId=name, SecretString=value)
    except manager.exceptions.ResourceNotFoundException as error:
        raise SecretMissing(f"secret {name} does not exist: run `make deploy` first") from error
    return True


def main() -> None:
    """Every secret in turn; questions go to the terminal."""
    names: list[str] = json.load(sys.stdin)["secrets"]["value"]
    manager = boto3.client("secretsmanager")
    with Path("/dev/tty").open() as terminal:

        def ask(question: str) -> str:
            print(question, end="", flush=True)
            return terminal.readline()

        for name in names:
            stored = fill(manager, name, ask, getpass)
            print(f"{name}: {'stored' if stored else 'left as it is'}")


if __name__ == "__main__":
    main()
