"""Open panels follow the preference of the server, and tell when it stops and comes back."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from npe2 import PluginManifest

from napari_shaspec import chosen_engine
from napari_shaspec.dates.controller import DatesController
from napari_shaspec.features.controller import FeaturesController
from napari_shaspec.jobs.runner import run_here
from napari_shaspec.jobs.state import Status
from napari_shaspec.layers.viewer import add_case
from napari_shaspec.robustness.controller import RobustnessController
from napari_shaspec.segment.controller import SegmentController
from shaspec.errors import ServerError
from shaspec.task import load_task
from tests.napari_shaspec.fakes import FakeEngine

KINDS = (SegmentController, RobustnessController, FeaturesController, DatesController)


class Server(FakeEngine):
    """An engine on a server that a test stops and starts."""

    names = ("instant", "slow")

    def __init__(self, where="http://gpu:8642"):
        super().__init__(load_task("brats"))
        self.where, self.up, self.told = where, True, False
        self.asked: list[int] = []

    def refresh(self):
        self.asked.append(threading.get_ident())
        if not self.up:
            raise ServerError(f"no connection to server {self.where} (refused)")
        self.told = True

    def models(self):
        if not self.told:
            raise ServerError("wait until it answers")
        return list(self.names)


class Clock:
    """Timers that a test lets go off."""

    def __init__(self):
        self.waiting: list[tuple[float, Callable[[], None]]] = []

    def after(self, seconds, call):
        self.waiting.append((seconds, call))
        return True

    def tick(self):
        """All that waits now."""
        calls, self.waiting = self.waiting, []
        for _, call in calls:
            call()


@pytest.fixture
def clock(monkeypatch):
    made = Clock()
    monkeypatch.setattr(chosen_engine, "after", made.after)
    return made


@pytest.fixture
def preference(plugin_settings, npe2pm, monkeypatch):
    """Sets the address; the engines of this computer and of addresses are those of the test."""
    from napari.settings import get_plugin_settings

    npe2pm.register(PluginManifest.from_distribution("napari-shaspec"))
    monkeypatch.delenv("SHASPEC_SERVER", raising=False)
    engines = {"": FakeEngine(load_task("brats"))}

    def chosen():
        address = get_plugin_settings("napari-shaspec").server.address
        return engines[address] if address else None

    monkeypatch.setattr(chosen_engine, "remote_engine", chosen)
    monkeypatch.setattr(chosen_engine, "LocalEngine", lambda: engines[""])

    def use(address, server=None):
        engines[address] = server or engines[address]
        get_plugin_settings("napari-shaspec").server.address = address

    return use


def test_an_open_panel_goes_to_a_server_and_back_and_loses_nothing(
    viewer, make_case, clock, preference
):
    control, server = SegmentController(viewer, run=run_here), Server()
    add_case(viewer, make_case())
    control.segment()
    layers = [layer.name for layer in viewer.layers]
    preference("gpu", server)
    clock.tick()
    assert control.state.message.text == "The networks now run on server http://gpu:8642."
    assert [layer.name for layer in viewer.layers] == layers
    assert len(control.state.results) == 1
    control.tick("T1", False)
    control.segment()
    assert [session.begun for session in server.sessions] == [["FLAIR+T1ce+T2"]]
    assert len(control.state.results) == 2
    preference("")
    clock.tick()
    assert control.state.message.text == "The networks now run on this computer."
    control.segment()
    assert len(server.sessions) == 1
    assert server.sessions[0].released == 1
    control.close()


def test_a_server_without_the_chosen_model_is_said(viewer, make_case, clock, preference):
    control, server = SegmentController(viewer, run=run_here), Server()
    server.names = ("slow",)
    add_case(viewer, make_case())
    control.segment()
    preference("gpu", server)
    clock.tick()
    assert "has no model instant: choose another one" in control.state.message.text
    assert control.state.models == ("slow", "instant")
    assert len(control.state.results) == 1
    control.close()


def test_an_address_is_used_when_it_is_typed(viewer, clock, preference):
    control, servers = SegmentController(viewer, run=run_here), {}
    for end in range(1, 4):
        servers[end] = Server(f"http://gpu{end}")
        preference("gpu"[:end], servers[end])
    clock.tick()
    assert [len(server.asked) for server in servers.values()] == [0, 0, 1]
    control.close()


@pytest.mark.parametrize("kind", KINDS)
def test_a_panel_without_its_server_works_when_it_comes(viewer, clock, preference, kind):
    server = Server()
    server.up = False
    preference("gpu", server)
    control = kind(viewer, run=run_here)
    assert control.state.models == ()
    assert control.state.message.level == "error"
    assert "It is asked again every 10 seconds" in control.state.message.text
    clock.tick()
    server.up = True
    clock.tick()
    assert control.state.models == ("instant", "slow")
    assert control.state.message.level != "error"
    control.close()
    asked = len(server.asked)
    clock.tick()
    assert len(server.asked) == asked


@pytest.mark.parametrize("kind", KINDS)
def test_a_server_that_stops_and_comes_back_is_told(viewer, clock, preference, kind):
    server = Server()
    preference("gpu", server)
    control = kind(viewer, run=run_here)
    clock.tick()
    server.up = False
    clock.tick()
    assert "no connection to server http://gpu:8642" in control.state.message.text
    control._job.say("")
    clock.tick()
    assert control.state.message.text == ""  # said once
    assert control.state.models == ("instant", "slow")
    server.up = True
    clock.tick()
    assert control.state.message.text == "Server http://gpu:8642 answers again."
    control.close()


def test_a_run_that_loses_its_server_is_told_when_it_is_back(viewer, make_case, clock, preference):
    server = Server()
    preference("gpu", server)
    control = SegmentController(viewer, run=run_here)
    add_case(viewer, make_case())
    server.options["error"] = ServerError("no connection to server http://gpu:8642")
    control.segment()
    assert control.state.status is Status.FAILED
    clock.tick()
    assert control.state.message.text == "Server http://gpu:8642 answers again."
    control.close()


def test_news_wait_until_a_job_has_ended(viewer, clock, preference):
    control, server = SegmentController(viewer, run=run_here), Server()
    control.state.status = Status.RUNNING
    preference("gpu", server)
    for _ in range(3):
        clock.tick()
    assert server.asked == []
    control.state.status = Status.IDLE
    clock.tick()
    assert len(server.asked) == 1
    control.close()


@pytest.mark.parametrize("kind", KINDS)
def test_the_window_does_not_wait_for_a_server(qtbot, viewer, preference, kind):
    server = Server()
    preference("gpu", server)
    control = kind(viewer)
    qtbot.waitUntil(lambda: control.state.models == ("instant", "slow"), timeout=20_000)
    assert server.asked
    assert threading.get_ident() not in server.asked
    control.close()


def test_a_message_stays_while_a_server_answers(viewer, clock, preference):
    server = Server()
    preference("gpu", server)
    controls = [kind(viewer, run=run_here) for kind in KINDS]
    for control in controls:
        control._job.say("a message of the panel")
    clock.tick()
    assert len(server.asked) == 2 * len(KINDS)
    for control in controls:
        assert control.state.message.text == "a message of the panel"
        control.close()
