"""Mutations of files: of bytes, and of the words and numbers of a text."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
import re
import struct
import sys
from collections.abc import Callable, Iterator
from copy import deepcopy
from functools import partial
from random import Random
from typing import Any

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

Packing = Callable[[bytes], bytes]

NUMBERS = [
    *(struct.pack(f"{order}{kind}", value) for order in "<>" for kind, values in (
        ("h", (0, -1, 1, 32767, -32768)), ("i", (0, -1, 2**31 - 1, -(2**31))),
        ("f", (0.0, -1.0, 1e30, 1e-30, float("nan"), float("inf"))),
        ("q", (-1, 2**62)), ("d", (float("nan"), 1e300)),
    ) for value in values),
]  # fmt: skip
"""What breaks headers."""
WORDS = (
    "", "-1", "0", "1e999", "nan", "-inf", "9" * 5000, "1000000000", "0.000001", "true", "null",
    "[]", "{}", '""', '"x"', "../../../x", "/dev/zero", "CON", "a/b", "a\\b", "a\u0000b", "\\ud800",
    "Ödem", "[/x]", "[bold]", "\x1b[31m", "\n", "x" * 300, "[" * 5000, '{"a":' * 3000, "3.5", "-0",
    "2 3", ",", "#zzzzzz", "red", "\ufeff", "\u202e", "%s", "{0}", "1" * 19,
)  # fmt: skip
"""What breaks texts, in the place of a word or a number."""
VALUES: tuple[Any, ...] = (
    None, True, -1, 0, 3, 10**9, 10**30, 1e300, -0.5, "", "x", "0", "../x", "a\0b", "\x1b[31m",
    [], {}, [[]], {"x": {}}, ["x"], [1, 2], [None], "CON", "Ödem", "x" * 300,
)  # fmt: skip
"""What breaks JSON that is valid."""
TOKEN = re.compile(r'"(?:[^"\\\n]|\\.)*"|[-+.\w]+|[\[\]{}=:,;]')

PACKINGS: tuple[tuple[bytes, Packing, Packing], ...] = (
    (b"\x1f\x8b", partial(gzip.compress, compresslevel=1, mtime=0), gzip.decompress),
    (b"BZh", bz2.compress, bz2.decompress),
    (b"\xfd7zXZ\x00", lzma.compress, lzma.decompress),
    (b"\x28\xb5\x2f\xfd", zstd.compress, zstd.decompress),
)
"""First bytes, and how data is packed and unpacked."""


def mutated(data: bytes, rng: Random, *, text: bool) -> bytes:
    """``data`` with one to six changes; packed data is changed inside or outside of its packing."""
    packing = next((p for p in PACKINGS if data.startswith(p[0])), None)
    if packing and rng.random() < 0.7:
        _, pack, unpack = packing
        return pack(mutated(unpack(data), rng, text=text))
    if text and data.lstrip()[:1] in (b"{", b"[") and rng.random() < 0.6:
        return _json(data, rng)
    for _ in range(rng.choice((1, 1, 1, 2, 3, 6))):
        data = _text(data, rng) if text and rng.random() < 0.8 else _bytes(data, rng)
    return data


def _bytes(data: bytes, rng: Random) -> bytes:
    if not data:
        return rng.randbytes(8)
    # Headers are at the beginning: there most of the changes.
    top = len(data) if rng.random() < 0.3 else min(len(data), 400)
    at = rng.randrange(top)
    kind = rng.randrange(8)
    if kind == 0:
        return data[:at] + bytes([data[at] ^ (1 << rng.randrange(8))]) + data[at + 1 :]
    if kind in (1, 2, 3):
        value = rng.choice(NUMBERS)
        at -= at % rng.choice((1, 2, 4))
        return data[:at] + value + data[at + len(value) :]
    if kind == 4:
        return data[:at]
    if kind == 5:
        return data[:at] + rng.randbytes(rng.choice((1, 4, 40))) + data[at:]
    if kind == 6:
        return data[:at] + data[at + rng.choice((1, 4, 40)) :]
    end = min(len(data), at + rng.choice((1, 8, 100)))
    return data[:end] + data[at:end] * rng.choice((1, 3)) + data[end:]


def _text(data: bytes, rng: Random) -> bytes:
    text = data.decode("utf-8", "surrogateescape")
    tokens = list(TOKEN.finditer(text))
    lines = text.split("\n")
    kind = rng.randrange(6)
    if tokens and kind < 4:
        one = rng.choice(tokens)
        word = rng.choice(WORDS) if rng.random() < 0.8 else rng.choice(tokens)[0]
        quoted = one[0].startswith('"') and rng.random() < 0.6
        new = f'"{word.strip(chr(34))}"' if quoted else word
        text = text[: one.start()] + new + text[one.end() :]
    elif kind == 4:
        lines.pop(rng.randrange(len(lines)))
        text = "\n".join(lines)
    else:
        lines.insert(rng.randrange(len(lines)), rng.choice(lines))
        text = "\n".join(lines)
    return text.encode("utf-8", "surrogatepass" if "\ud800" in text else "surrogateescape")


def _json(data: bytes, rng: Random) -> bytes:
    """Another value, or none, in one to three places of JSON, or of one line of JSON."""
    lines = data.splitlines() if b"\n{" in data.strip() else [data]
    number = rng.randrange(len(lines))
    try:
        content = json.loads(lines[number])
    except ValueError:
        return _text(data, rng)
    for _ in range(rng.choice((1, 1, 2, 3))):
        places = list(_places(content))
        if places:
            whole, key = rng.choice(places)
            if isinstance(whole, dict) and rng.random() < 0.2:
                whole[rng.choice(WORDS)] = whole.pop(key)
            elif rng.random() < 0.2:
                del whole[key]
            else:
                whole[key] = deepcopy(rng.choice(VALUES))
    lines[number] = json.dumps(content).encode()
    return b"\n".join(lines)


def _places(content: Any) -> Iterator[tuple[Any, Any]]:
    """Every container in JSON with every key that it has."""
    if isinstance(content, dict | list):
        keys = list(content) if isinstance(content, dict) else list(range(len(content)))
        for key in keys:
            yield content, key
            yield from _places(content[key])
