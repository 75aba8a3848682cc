"""The address of a server, with the token in it: one text to copy from the server to the client."""

from __future__ import annotations

import ipaddress
import os
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from shaspec.errors import InputError

DEFAULT_PORT = 8642
SERVER, TOKEN, UNENCRYPTED = "SHASPEC_SERVER", "SHASPEC_TOKEN", "SHASPEC_UNENCRYPTED"
"""Environment variables."""
FORM = (
    "the address of a server has the form https://TOKEN@HOST:PORT, with characters of the token "
    "other than letters, digits and -._~ as %40 and so on; copy the line that shaspec serve prints"
)


@dataclass(frozen=True)
class Address:
    """Where a server is, and what it lets in."""

    secure: bool
    """Whether the connection is encrypted (``https``)."""
    host: str
    port: int
    path: str = ""
    """Below which a reverse proxy has the server, e.g. ``/shaspec``."""
    token: str = field(default="", repr=False)

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self.secure else 'http'}://{host}:{self.port}{self.path}"


def parse_address(text: str) -> Address:
    """Take an address apart.

    Args:
        text: ``https://TOKEN@HOST:PORT``, as `shaspec serve` prints it. Without a token, that of
            the environment variable ``SHASPEC_TOKEN`` is used.

    Returns:
        The address.

    Raises:
        InputError: for another form, without a token, and for an address of another machine that
            is not encrypted.
    """
    try:
        parts = urlsplit(text.strip())
        port, host = parts.port, parts.hostname
    except ValueError as error:  # whose text may hold a part of the token
        raise InputError(FORM) from error
    odd = parts.query or parts.fragment or "@" in parts.path  # of a token that was not quoted
    if parts.scheme not in ("http", "https") or not host or odd:
        raise InputError(FORM)
    token = unquote(parts.netloc.rpartition("@")[0]) or os.environ.get(TOKEN, "").strip()
    if not token:
        raise InputError(
            f"the address of the server {host} has no token: copy the line that shaspec serve "
            f"prints, or set {TOKEN}"
        )
    if not token.isascii() or not token.isprintable() or " " in token:
        raise InputError(
            f"the token for the server {host} has a character that no token has, e.g. a space or "
            f"an accent: copy the line that shaspec serve prints, or set {TOKEN}"
        )
    secure = parts.scheme == "https"
    if not secure and not _is_here(host) and os.environ.get(UNENCRYPTED) != "1":
        raise InputError(
            f"http://{host} is not encrypted: others on the network could read the scans and the "
            f"token. Use https:// (a reverse proxy), an SSH tunnel, or set {UNENCRYPTED}=1"
        )
    _check_form(host, parts.path)
    default = 443 if secure else DEFAULT_PORT
    return Address(secure, host, port or default, parts.path.rstrip("/"), token)


def _check_form(host: str, path: str) -> None:
    """Raise `InputError` for what no request can be sent to."""
    try:
        host.encode("idna")
    except UnicodeError as error:
        raise InputError(
            f"{host!r} is not the name of a server; copy the line that shaspec serve prints"
        ) from error
    if not (host + path).isprintable() or not path.isascii() or " " in host + path:
        raise InputError(
            f"{path!r} is not a path of a server; copy the line that shaspec serve prints"
        )


def without_token(text: str) -> str:
    """An address as it can be shown, also one that has another form than `parse_address` needs.

    Args:
        text: with a token, or without.

    Returns:
        What is before the token and after it.
    """
    scheme, mark, rest = text.strip().rpartition("//")
    return f"{scheme}{mark}{rest.rpartition('@')[2]}"


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
