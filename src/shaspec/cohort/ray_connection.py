"""A Ray cluster for a run: the one that ``RAY_ADDRESS`` names, or one on this computer alone."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import ray

from shaspec.errors import InputError

ADDRESS = "RAY_ADDRESS"
"""Environment variable that names a running cluster: ``auto``, or host and port."""
STATISTICS = "RAY_USAGE_STATS_ENABLED"
"""Environment variable of Ray's reports on its use, which would go to its makers."""


@contextmanager
def connected() -> Iterator[None]:
    """Use the cluster of ``RAY_ADDRESS``, or start Ray on this computer and end it afterwards.

    Ray that this starts reports nothing to its makers and listens on this computer alone.

    Raises:
        InputError: if the cluster cannot be reached, or Ray cannot be started.
    """
    if ray.is_initialized():
        yield
        return
    address = os.environ.get(ADDRESS, "")
    try:
        with _as_before():
            os.environ[STATISTICS] = "0"
            _start(address)
    except (OSError, RuntimeError, ValueError) as error:  # ConnectionError is an OSError
        where = f"{ADDRESS}={address}: no Ray cluster" if address else "Ray cannot be started here"
        raise InputError(f"{where} ({str(error).splitlines()[0]})") from error
    try:
        yield
    finally:
        ray.shutdown()


def _start(address: str) -> None:
    quiet = {"log_to_driver": False, "logging_level": "error"}
    if address:
        ray.init(address=address, **quiet)
        return
    ray.init(
        address="local",
        num_cpus=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None,
        include_dashboard=False,
        _node_ip_address="127.0.0.1",
        **quiet,
    )


@contextmanager
def _as_before() -> Iterator[None]:
    """Leave the environment and the handler of SIGTERM, which Ray replaces, as they were."""
    environment = dict(os.environ)
    main = threading.current_thread() is threading.main_thread()
    handler = signal.getsignal(signal.SIGTERM) if main else None
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(environment)
        if main:
            signal.signal(signal.SIGTERM, handler)
