"""Crowds: little is done at once, equal work once, who comes too late is told, and who takes nothing is cut off."""

from __future__ import annotations

import asyncio
import gc
import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from app import limits
from app.limits import Gate, Patience
from app.responses import Bytes, Json, Shared


def request(path="/a", query=""):
    scope = {"type": "http", "method": "GET", "path": path, "query_string": query.encode(), "headers": []}
    return Request(scope)


def together(*calls):
    """Run coroutines at one time, in a loop of their own: after a browser's test there is one in this thread."""

    async def all_of_them():
        return await asyncio.gather(*(call() for call in calls))

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, all_of_them()).result(30)


def told(answer):
    return answer.status_code, json.loads(answer.body)["error"]


# ---- work ------------------------------------------------------------------------------------------------------------


def test_equal_requests_are_worked_out_once_and_not_for_ever():
    done = []

    def work(asked):
        time.sleep(0.1)
        done.append(asked.scope["query_string"])
        return PlainTextResponse(f"{len(done)}")

    behind = Gate("test")(work)
    same = together(*[lambda: behind(request())] * 50)
    assert {answer.body for answer in same} == {b"1"}
    assert together(lambda: behind(request()))[0].body == b"2"
    together(lambda: behind(request(query="a")), lambda: behind(request(query="b")))
    assert sorted(done) == [b"", b"", b"a", b"b"]


def test_as_many_as_there_are_threads_work_and_who_comes_too_late_is_told_when_to_come_again():
    at_once, most, lock = [0], [0], threading.Lock()
    refused, all_refused = [], threading.Event()

    def work(_):
        with lock:
            at_once[0] += 1
            most[0] = max(most[0], at_once[0])
        all_refused.wait(20)
        with lock:
            at_once[0] -= 1
        return PlainTextResponse("done")

    behind = Gate("test", threads=2, waiting=5)(work)

    async def visit(number):
        answer = await behind(request(query=str(number)))
        if answer.status_code == 429:
            refused.append(number)
            if len(refused) == 43:
                all_refused.set()
        return answer

    answers = together(*[lambda n=n: visit(n) for n in range(50)])
    assert most == [2]
    codes = [answer.status_code for answer in answers]
    assert codes == [200] * 7 + [429] * 43
    assert told(answers[-1]) == (429, "the server is busy; try again in 2 seconds")
    assert answers[-1].headers["retry-after"] == "2"
    assert together(lambda: behind(request()))[0].status_code == 200, "afterwards, there is room again"


def test_one_that_gives_up_waiting_leaves_the_work_to_others():
    release = threading.Event()

    def work(_):
        release.wait(10)
        return PlainTextResponse("done")

    behind = Gate("test", threads=1, waiting=1)(work)

    async def visit():
        first = asyncio.create_task(behind(request()))
        second = asyncio.create_task(behind(request()))
        await asyncio.sleep(0.05)
        first.cancel()
        await asyncio.sleep(0.05)
        release.set()
        return (await second).body

    assert together(visit) == [b"done"]


def test_the_routes_that_cost_something_are_behind_a_gate(monkeypatch):
    """What is drawn and what is read wait in queues of their own; a full one turns away, and lists are answered yet."""
    from app import model_routes

    from .test_routes import Answer

    monkeypatch.setattr(model_routes._drawing, "_most", 0)
    for path in ("draw", "recordings/x", f"page/{'0' * 64}"):
        assert Answer(f"/esvae/{path}").status == 429, path
    assert Answer("/esvae/model/nowhere").status == 404
    monkeypatch.setattr(model_routes._reading, "_most", 0)
    for path in ("model/x", "bundle/x/decoder", "atlas/x", "originals/x", "dimensions/x", "map-data/x"):
        assert Answer(f"/esvae/{path}").status == 429, path
    assert Answer("/esvae/map/x", method="POST").status == 429
    assert Answer("/esvae/models").status == 200


# ---- one copy --------------------------------------------------------------------------------------------------------


def test_a_content_is_made_once_while_an_answer_holds_it_and_then_given_up():
    shared, made = Shared(), []

    def make():
        made.append(1)
        return bytes(1000)

    first = Bytes([shared.get("a", make)], "text/plain", {})
    second = Bytes([shared.get("a", make), b"more"], "text/plain", {})
    assert len(made) == 1
    assert second.headers["content-length"] == "1004"
    del first, second
    gc.collect()
    shared.get("a", make)
    assert len(made) == 2


def test_pieces_arrive_whole_and_no_chunk_is_large():
    pieces = [bytes(range(256)) * 4000, b"", memoryview(b"end")]
    sent = []

    async def visit():
        async def send(message):
            sent.append(message)

        await Bytes(pieces, "text/plain", {})({"type": "http"}, None, send)

    together(visit)
    assert b"".join(message.get("body", b"") for message in sent) == b"".join(pieces)
    assert max(len(message.get("body", b"")) for message in sent) <= 64 * 1024
    assert [message.get("more_body") for message in sent[1:]] == [True] * (len(sent) - 2) + [False]


def test_json_is_json_by_construction():
    values = {"a": [float("nan"), 1.5], "b": (float("inf"), -float("inf")), "c": "\ud800é", "d": {"e": None}}
    text = Json(values).body.decode("ascii")
    found = json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    assert found == {"a": [None, 1.5], "b": [None, None], "c": "\ud800é", "d": {"e": None}}


# ---- sending ---------------------------------------------------------------------------------------------------------


class Client:
    """What uvicorn has for a connection: a transport, and a `send` that waits while the client takes nothing."""

    def __init__(self, takes=10**9):
        self.transport, self.takes, self.sent, self.limits = self, takes, [], None
        self.gone = asyncio.Event()

    def set_write_buffer_limits(self, high):
        self.limits = high

    def abort(self):
        self.gone.set()

    async def send(self, message):
        if len(self.sent) >= self.takes:
            await self.gone.wait()
            return
        self.sent.append(message)


SCOPE = {"type": "http", "path": "/x"}


def test_a_client_that_takes_nothing_is_cut_off_and_others_are_answered():
    app = Patience(Bytes([bytes(10**6)], "text/plain", {}), seconds=0.2)

    async def visit():
        slow, quick = Client(takes=2), Client()
        waiting = asyncio.create_task(app(SCOPE, None, slow.send))
        await asyncio.sleep(0.01)
        await asyncio.wait_for(app(SCOPE, None, quick.send), 0.1)
        assert not waiting.done()
        await asyncio.wait_for(waiting, 5)
        assert slow.gone.is_set()
        assert not quick.gone.is_set()
        assert sum(len(message.get("body", b"")) for message in quick.sent) == 10**6
        assert slow.limits == 0, "what is sent is with the system, not with us"

    together(visit)


def test_the_last_bytes_are_waited_for_too():
    async def visit():
        client = Client(takes=2)  # the head and the body, and not the end
        await asyncio.wait_for(Patience(Response(b"small"), seconds=0.1)(SCOPE, None, client.send), 5)
        assert [message.get("more_body") for message in client.sent] == [None, True]
        assert client.gone.is_set()

    together(visit)


def test_too_many_at_once_are_told_so():
    release = asyncio.Event()

    async def app(scope, receive, send):
        await release.wait()
        await PlainTextResponse("done")(scope, receive, send)

    patient = Patience(app, most=3)

    async def visit():
        clients = [Client() for _ in range(5)]
        tasks = [asyncio.create_task(patient(SCOPE, None, client.send)) for client in clients]
        await asyncio.sleep(0.05)
        release.set()
        await asyncio.gather(*tasks)
        assert [client.sent[0]["status"] for client in clients] == [200, 200, 200, 429, 429]

    together(visit)


def test_memory_is_given_back_once_all_is_quiet(monkeypatch):
    given = []
    monkeypatch.setattr(limits, "give_back", lambda: given.append(1))
    monkeypatch.setattr(limits, "_REST", 2)  # longer than a busy machine needs from one visit to the next
    app = Patience(PlainTextResponse("done"))

    async def visit():
        for _ in range(5):
            await asyncio.gather(*(app(SCOPE, None, Client().send) for _ in range(5)))
            await asyncio.sleep(0.02)
            assert not given
        end = time.monotonic() + 20
        while not given and time.monotonic() < end:
            await asyncio.sleep(0.05)
        await asyncio.sleep(2.5)  # a second time would be too often

    together(visit)
    assert given == [1]
