"""Who may ask the server, and what it answers."""

from __future__ import annotations

import http.client
import io
import json
import socket
import threading

import pytest
from example_review import CLASSES, make_run
from PIL import Image

from keras_selflearn.console.errors import InputError
from keras_selflearn.runs.review.server import ReviewServer
from keras_selflearn.runs.review.session import opened

JSON = {"Content-Type": "application/json"}


@pytest.fixture
def server(tmp_path):
    with opened(make_run(tmp_path)) as session, ReviewServer(session) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def ask(server):
    """`ask(path)` gives the status, the headers and the content."""

    def send(path, method="GET", content=None, token=server.token, **headers):
        connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=10)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, f"/{token}/{path}", content, named)
        answer = connection.getresponse()
        found = answer.status, answer.headers, answer.read()
        connection.close()
        return found

    return send


def save(ask, changes, **headers):
    content = changes if isinstance(changes, bytes) else json.dumps(changes)
    status, _, answer = ask("save", "POST", content, **{**JSON, **headers})
    return status, answer.decode()


def test_it_listens_on_loopback_only(server):
    assert server.server_address[0] == "127.0.0.1"
    assert server.address == f"http://127.0.0.1:{server.server_port}/{server.token}/"
    assert len(server.token) >= 32


def test_the_page_and_the_pictures_are_there(ask):
    status, headers, content = ask("")
    assert status == 200 and b"<!DOCTYPE html>" in content
    assert headers["Cache-Control"] == "no-store" and headers["Referrer-Policy"] == "no-referrer"
    status, headers, content = ask("small/0")
    assert (status, headers["Content-Type"]) == (200, "image/jpeg")
    assert Image.open(io.BytesIO(content)).size == (40, 30)
    assert ask("large/0")[0] == 200


@pytest.mark.parametrize(
    "path",
    ["small/30", "small/32", "small/-1", "small/x", "huge/0", "small/0/0", "small", "x", "save"]
    + ["small/%2e%2e", "../labels.csv", "small/%C2%B2", "small/0/", "small/99999999999999999999"],
)
def test_what_is_not_there_is_not_found(ask, path):
    status, _, content = ask(path)
    assert (status, content) == (404, b"Not Found")


@pytest.mark.parametrize(
    "headers",
    [
        {"token": "x"},
        {"token": ""},
        {"Host": "evil.example"},
        {"Host": "127.0.0.1"},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
    ],
)
def test_without_the_token_or_from_another_site_nothing_is_told(ask, server, headers):
    for method, path in (("GET", ""), ("GET", "small/0"), ("POST", "save")):
        status, _, content = ask(path, method, b"[]", **headers)
        assert (status, content) == (403, b"Forbidden")
    assert not server.session.path.exists()


def test_bytes_that_are_no_request_end_in_an_answer_or_nothing(server):
    for token in (b"caf\xe9", b"//[", server.token.encode()[:-1] + b"\xff"):
        with socket.create_connection(server.server_address, timeout=10) as connection:
            host = f"127.0.0.1:{server.server_port}".encode()
            connection.sendall(b"GET /" + token + b"/ HTTP/1.1\r\nHost: " + host + b"\r\n\r\n")
            assert connection.recv(1000).startswith(b"HTTP/1.1 403 ")


def test_its_own_names_are_allowed(ask, server):
    for name in server.hosts():
        assert ask("", Host=name, Origin=f"http://{name}")[0] == 200


def test_changes_are_on_the_disk_when_they_are_answered(ask, server):
    changes = [{"index": 7, "action": "correct", "label": CLASSES[0]}]
    status, answer = save(ask, changes)
    assert status == 200 and json.loads(answer)["says"] == str(server.session.path)
    assert f"{CLASSES[0]},{CLASSES[2]},correct," in server.session.path.read_text()
    assert CLASSES[0] in json.dumps(server.session.said, default=vars)


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"{", 400),
        (b'{"index": 1}', 400),
        (b'[{"index": 1, "action": "shout"}]', 400),
        (b'[{"index": -1, "action": "accept"}]', 400),
        (b'[{"index": 99, "action": "accept"}]', 400),
        (b'[{"index": 1, "action": "correct", "label": ""}]', 400),
        (b'[{"index": 1, "action": "none", "path": "/etc/passwd"}]', 400),
        (b'[{"index": 1, "action": "correct", "label": "' + b"x" * 1001 + b'"}]', 400),
    ],
)
def test_what_is_no_list_of_changes_is_refused(ask, server, content, status):
    found, answer = save(ask, content)
    assert found == status and json.loads(answer)["says"]
    assert not server.session.path.exists()


def test_other_kinds_and_sizes_of_requests_are_refused(ask):
    assert save(ask, b"[]", **{"Content-Type": "text/plain"})[0] == 404
    assert ask("", "POST", b"[]", **JSON)[0] == 404
    assert save(ask, b"[]", **{"Content-Length": str(2**40)})[0] == 413
    assert save(ask, b"[]", **{"Content-Length": "-2"})[0] == 413


def test_a_full_disk_is_told_and_what_was_said_before_stays(ask, server, monkeypatch):
    assert save(ask, [{"index": 1, "action": "accept"}])[0] == 200
    before = server.session.path.read_bytes()

    def fail(*_):
        raise InputError("The disk is full.")

    monkeypatch.setattr("keras_selflearn.runs.review.session.write_corrections", fail)
    status, answer = save(ask, [{"index": 2, "action": "accept"}])
    assert (status, json.loads(answer)) == (507, {"says": "The disk is full."})
    assert server.session.path.read_bytes() == before and len(server.session.said) == 1


def test_a_port_that_is_in_use_is_one_sentence(server):
    with pytest.raises(InputError, match="choose another with --port"):
        ReviewServer(server.session, server.server_port)
