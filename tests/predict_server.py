"""TensorFlow Serving's REST predict protocol over an exported folder, with the standard library."""

from __future__ import annotations

import base64
import contextlib
import json
import re
import threading
from wsgiref.simple_server import WSGIRequestHandler, make_server

import tensorflow as tf


def application(folder):
    """A WSGI application that serves the version with the largest number, as the server does."""
    versions = [path for path in folder.iterdir() if path.name.isdigit()]
    module = tf.saved_model.load(str(max(versions, key=lambda path: int(path.name))))
    serve = module.signatures["serving_default"]
    (taken,) = serve.structured_input_signature[1]

    def answer(environment, start):
        asked = re.fullmatch(r"/v1/models/([^/:]+):predict", environment["PATH_INFO"])
        body = environment["wsgi.input"].read(int(environment["CONTENT_LENGTH"] or 0))
        if not asked or environment["REQUEST_METHOD"] != "POST":
            start("404 Not Found", [("Content-Type", "application/json")])
            return [b'{"error": "Malformed request"}']
        try:
            instances = [plain(each) for each in json.loads(body)["instances"]]
            instances = [each[taken] if isinstance(each, dict) else each for each in instances]
            found = serve(**{taken: tf.constant(instances)})
        except (ValueError, KeyError, tf.errors.OpError) as error:
            start("400 Bad Request", [("Content-Type", "application/json")])
            return [json.dumps({"error": str(error)}).encode()]
        columns = {name: as_json(tensor.numpy()) for name, tensor in found.items()}
        rows = [dict(zip(columns, values)) for values in zip(*columns.values())]
        start("200 OK", [("Content-Type", "application/json")])
        return [json.dumps({"predictions": rows}).encode()]

    return answer


def plain(value):
    """A JSON value in which `{"b64": TEXT}` is what the text encodes."""
    if isinstance(value, dict):
        if {*value} == {"b64"}:
            return base64.b64decode(value["b64"], validate=True)
        return {name: plain(each) for name, each in value.items()}
    return [plain(each) for each in value] if isinstance(value, list) else value


def as_json(values):
    return [each.decode() if isinstance(each, bytes) else each for each in values.tolist()]


class Silent(WSGIRequestHandler):
    def log_message(self, *_):
        pass


@contextlib.contextmanager
def served(folder):
    """Serve a folder on a free port of this machine; give the port."""
    with make_server("127.0.0.1", 0, application(folder), handler_class=Silent) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()
