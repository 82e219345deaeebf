"""Serve the page to this machine only, and keep what is said there."""

from __future__ import annotations

import functools
import http.server
import secrets
from http import HTTPStatus
from typing import Any

import msgspec

from keras_selflearn.console.errors import InputError
from keras_selflearn.runs.review.page import page
from keras_selflearn.runs.review.pictures import jpeg
from keras_selflearn.runs.review.session import Change, Session

ADDRESS = "127.0.0.1"
# In pixels a side, by the kind of picture that is asked for.
_SIDES = {"small": 192, "large": 1024}
# What is said of a million images at once is smaller.
_MOST_BYTES = 64 * 2**20
_MOST_PICTURES = 4096
_SECONDS = 30
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Content-Security-Policy": "frame-ancestors 'none'",
}


class ReviewServer(http.server.ThreadingHTTPServer):
    """A server on the loopback interface, whose addresses begin with a secret.

    Parameters
    ----------
    session : Session
    port : int
        0: any that is free.

    Raises
    ------
    InputError
        When the port can't be used.
    """

    daemon_threads = True

    def __init__(self, session: Session, port: int = 0) -> None:
        self.session = session
        self.token = secrets.token_urlsafe(24)
        self._small = functools.lru_cache(_MOST_PICTURES)(functools.partial(self._decoded, "small"))
        try:
            super().__init__((ADDRESS, port), _Handler)
        except OSError as error:
            raise InputError(
                f"Port {port} can't be used ({error.strerror}): choose another with --port."
            ) from error

    @property
    def address(self) -> str:
        """The address of the page."""
        return f"http://{ADDRESS}:{self.server_port}/{self.token}/"

    def hosts(self) -> tuple[str, ...]:
        """What a browser that asks this server calls it."""
        return f"{ADDRESS}:{self.server_port}", f"localhost:{self.server_port}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a browser that closed its connection."""

    def picture(self, kind: str, index: int) -> bytes:
        """The picture of an image as a JPEG; a `ValueError` when its file can't be read."""
        return self._small(index) if kind == "small" else self._decoded(kind, index)

    def _decoded(self, kind: str, index: int) -> bytes:
        return jpeg(self.session.folder / self.session.images[index].path, _SIDES[kind])


class _Handler(http.server.BaseHTTPRequestHandler):
    server: ReviewServer
    protocol_version = "HTTP/1.1"  # One connection for many pictures.
    timeout = _SECONDS
    server_version, sys_version = "review", ""

    def do_GET(self) -> None:
        """The page and the pictures."""
        parts = self._allowed()
        if parts == [""]:
            content = page(self.server.session).encode()
            self._answer(HTTPStatus.OK, content, "text/html; charset=utf-8")
        elif parts and len(parts) == 2 and parts[0] in _SIDES and _is_number(parts[1]):
            self._give_picture(parts[0], int(parts[1]))
        elif parts is not None:
            self._refuse(HTTPStatus.NOT_FOUND)

    def do_POST(self) -> None:
        """Changes, which are on the disk when they are answered."""
        parts = self._allowed()
        if parts is None:
            return
        length = self.headers.get("Content-Length", "")
        if parts != ["save"] or self.headers.get_content_type() != "application/json":
            self._refuse(HTTPStatus.NOT_FOUND)
        elif not _is_number(length) or int(length) > _MOST_BYTES:
            self._refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        else:
            self._save(self.rfile.read(int(length)))

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing of a request: the token is in it."""

    def _allowed(self) -> list[str] | None:
        """The parts of the path behind the token; None, and an answer, without the right one.

        A page of another site may ask this server through a name of its own that leads here, so
        the name must be this server's, too.
        """
        origin = self.headers.get("Origin")
        hosts = self.server.hosts()
        is_own = self.headers.get("Host") in hosts
        is_own &= origin is None or origin in [f"http://{host}" for host in hosts]
        token, *parts = self.path.partition("?")[0].lstrip("/").split("/")
        if not is_own or not secrets.compare_digest(
            token.encode("utf-8", "replace"), self.server.token.encode()
        ):
            self._refuse(HTTPStatus.FORBIDDEN)
            return None
        return parts

    def _give_picture(self, kind: str, index: int) -> None:
        if index >= len(self.server.session.images):
            self._refuse(HTTPStatus.NOT_FOUND)
            return
        try:
            content = self.server.picture(kind, index)
        except ValueError:
            self._refuse(HTTPStatus.NOT_FOUND)
            return
        self._answer(HTTPStatus.OK, content, "image/jpeg", "private, max-age=86400")

    def _save(self, content: bytes) -> None:
        session = self.server.session
        try:
            session.change(msgspec.json.decode(content, type=list[Change]))
        except InputError as error:
            self._say(HTTPStatus.INSUFFICIENT_STORAGE, str(error))
        except ValueError as error:  # msgspec's errors are such, too.
            self._say(HTTPStatus.BAD_REQUEST, str(error))
        else:
            self._say(HTTPStatus.OK, str(session.path))

    def _say(self, status: HTTPStatus, message: str) -> None:
        content = msgspec.json.encode({"says": message.encode("utf-8", "replace").decode()})
        self._answer(status, content, "application/json")

    def _refuse(self, status: HTTPStatus) -> None:
        self.close_connection = True  # What else was sent is not read.
        self._answer(status, status.phrase.encode(), "text/plain")

    def _answer(
        self, status: HTTPStatus, content: bytes, kind: str, keep: str = "no-store"
    ) -> None:
        self.send_response(status)
        for name, value in _HEADERS.items():
            self.send_header(name, value)
        self.send_header("Cache-Control", keep)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(content)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 12
