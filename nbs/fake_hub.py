"""A Hugging Face Hub on this machine, for tests: the real client talks to it, and it fails on request.

    from fake_hub import fake_hub

    with fake_hub() as server:
        push("data/tales", "me/tales")
        server.files("me/tales", "dataset")             # {path: bytes}, as the newest commit has them
        server.repos["dataset", "me/tales"]             # all commits, oldest first, each {path: bytes}
        server.faults.append(("PUT", "/objects/", 500)) # the next such request fails; then no more

Inside the block, this process and those it starts take the server for the Hub: HF_ENDPOINT, HF_HOME (a temporary folder, so
your own login is not touched), HF_TOKEN and a few more are set, and put back at its end. It works whether the client was
imported before or not.

What the server keeps: `repos`; `objects`, the large files by their sha256, kept even if their commit never came; `requests`, each
as (method, path, bytes received, fault); `created`, what was asked of each new repository (`visibility` …); `faults`, a list of
(method, part of the path, fault), each made once, in turn; a fourth entry lets so many such requests pass before. A fault is
a status (500, 403, 429 with a Retry-After of 1 second), "cut" (half an answer, or none, and the connection closes), "flip" (a
file's last bit is wrong) or "hang" (`stalled` is set, and nothing comes until `go_on` is).

Not part of the package.
"""
import hashlib
import json
import os
import re
import tempfile
import threading
from base64 import b64decode
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from unittest import mock
from urllib.parse import unquote, urlsplit

LARGE = (".npy", ".bin", ".safetensors", ".pt")     # endings of files that the Hub keeps as large objects (Git LFS)
TYPED = r"/api/(?P<kind>model|dataset)s/(?P<name>[^/]+/[^/]+)"
PLAIN = r"/(?P<kind>datasets/)?(?P<name>[^/]+/[^/]+?)"


def digest(path, data):
    "The name under which the Hub lists a file: the sha256 of a large one, git's sha1 of a small one."
    if path.endswith(LARGE):
        return hashlib.sha256(data).hexdigest()
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


class Hub:
    "What the server keeps, and how it answers: each answer takes the match of the address and the request's body."

    def __init__(self):
        self.repos, self.objects = {}, {}
        self.requests, self.created, self.faults = [], [], []
        self.stalled, self.go_on = threading.Event(), threading.Event()
        self.url = None
        self.routes = [(method, re.compile(address), answer) for method, address, answer in [
            ("POST", "/api/repos/create", self.create),
            ("POST", "/api/validate-yaml", lambda match, body: (200, {})),
            ("GET", TYPED + r"(/revision/\w+)?", self.about),
            ("GET", TYPED + r"/tree/(?P<revision>\w+)", self.tree),
            ("POST", TYPED + "/preupload/main", self.preupload),
            ("POST", TYPED + "/commit/main", self.commit),
            ("POST", PLAIN + r"\.git/info/lfs/objects/batch", self.batch),
            ("PUT", r"/objects/(?P<oid>\w+)", self.put),
        ]]

    def files(self, name, kind="model"):
        "{path: bytes} of a repository's newest commit; empty where there is no such repository."
        return self.repos.get((kind, name), [{}])[-1]

    def sent(self):
        "The sha256 of each large file that arrived or tried to, in order."
        return [path.split("/")[-1] for method, path, *_ in self.requests if method == "PUT"]

    def fetched(self, ending=""):
        "The names of the files that were asked for, in order."
        return [path.split("/")[-1] for method, path, *_ in self.requests
                if method == "GET" and "/resolve/" in path and path.endswith(ending)]

    def due(self, method, path):
        "The fault to make now, or None."
        for i, (of, part, fault, *passing) in enumerate(self.faults):
            if of == method and part in path:
                if passing and passing[0] > 0:
                    self.faults[i] = (of, part, fault, passing[0] - 1)
                    continue
                del self.faults[i]
                return fault

    def key(self, match):
        "Which repository an address means."
        kind = (match["kind"] or "model").removesuffix("/").removesuffix("s")
        return kind, match["name"]

    def at(self, match):
        "The files of the commit that an address means."
        commits = self.repos[self.key(match)]
        return commits[-1] if match["revision"] == "main" else commits[int(match["revision"], 16)]

    def create(self, match, body):
        wanted = json.loads(body)
        self.created.append(wanted)
        key = wanted.get("type", "model"), f"{wanted['organization']}/{wanted['name']}"
        status = 409 if key in self.repos else 200
        self.repos.setdefault(key, [{}])
        return status, dict(url=f"{self.url}/{key[1]}")

    def about(self, match, body):
        newest = len(self.repos[self.key(match)]) - 1
        return 200, dict(id=match["name"], sha=f"{newest:040x}", siblings=[])

    def tree(self, match, body):
        listing = []
        for path, data in self.at(match).items():
            listing.append(dict(type="file", path=path, size=len(data), oid=digest("", data)))
            if path.endswith(LARGE):
                listing[-1]["lfs"] = dict(oid=digest(path, data), size=len(data), pointerSize=100)
        return 200, listing

    def preupload(self, match, body):
        "How the client must send each file, and what is there under its name."
        answers, there = [], self.repos[self.key(match)][-1]
        for file in json.loads(body)["files"]:
            path = file["path"]
            answers.append(dict(path=path, uploadMode="lfs" if path.endswith(LARGE) else "regular", shouldIgnore=False))
            if path in there:
                answers[-1]["oid"] = digest(path, there[path])
        return 200, dict(files=answers)

    def batch(self, match, body):
        "Where to put the large objects that are not here yet."
        objects = json.loads(body)["objects"]
        for wanted in objects:
            if wanted["oid"] not in self.objects:
                wanted["actions"] = dict(upload=dict(href=f"{self.url}/objects/{wanted['oid']}"))
        return 200, dict(transfer="basic", objects=objects)

    def put(self, match, body):
        assert hashlib.sha256(body).hexdigest() == match["oid"]
        self.objects[match["oid"]] = body
        return 200, {}

    def commit(self, match, body):
        commits = self.repos[self.key(match)]
        files = dict(commits[-1])
        for line in body.splitlines():
            line = json.loads(line)
            value = line["value"]
            if line["key"] == "file":
                files[value["path"]] = b64decode(value["content"])
            if line["key"] == "lfsFile":
                files[value["path"]] = self.objects[value["oid"]]
        commits.append(files)
        return 200, dict(commitUrl=f"{self.url}/{match['name']}/commit/1", commitOid=f"{len(commits) - 1:040x}")


class Handler(BaseHTTPRequestHandler):
    "The wire: reads a request, makes the fault that is due, or finds the answer."
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True      # answers leave at once, not after 40 ms
    hub = None                          # a `Hub`

    def log_message(self, *args):
        pass

    def body(self):
        if "chunked" not in self.headers.get("Transfer-Encoding", ""):
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        pieces = []
        while size := int(self.rfile.readline(), 16):
            pieces.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(pieces)

    def reply(self, status, data=b"", headers=(), send=None):
        self.send_response(status)
        for name, value in {"Content-Length": len(data), **dict(headers)}.items():
            self.send_header(name, str(value))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data if send is None else data[:send])

    def file(self, match, fault):
        "A file's content, perhaps from some byte on, perhaps cut in the middle."
        known = self.hub.key(match) in self.hub.repos
        path = match["path"]
        data = self.hub.at(match).get(path) if known else None
        if data is None:
            return self.reply(404, headers={"X-Error-Code": "EntryNotFound" if known else "RepoNotFound"})
        headers = {"ETag": f'"{digest(path, data)}"', "X-Repo-Commit": match["revision"]}
        start = int((self.headers.get("Range") or "bytes=0-")[6:].partition("-")[0])
        if start:
            headers["Content-Range"] = f"bytes {start}-{len(data) - 1}/{len(data)}"
        if fault == "cut":
            self.close_connection = True
        if fault == "flip":
            data = data[:-1] + bytes([data[-1] ^ 1])
        self.reply(206 if start else 200, data[start:], headers, send=len(data) // 2 if fault == "cut" else None)

    def answer(self):
        path, body = unquote(urlsplit(self.path).path), self.body()
        fault = self.hub.due(self.command, path)
        self.hub.requests.append((self.command, path, len(body), fault))
        if isinstance(fault, int):
            return self.reply(fault, headers={"Retry-After": 1} if fault == 429 else {})
        if fault == "hang":
            self.hub.stalled.set()
            self.hub.go_on.wait(60)
            self.close_connection = True
            return
        if match := re.fullmatch(PLAIN + r"/resolve/(?P<revision>\w+)/(?P<path>.+)", path):
            return self.file(match, fault)
        if fault == "cut":
            self.close_connection = True
            return
        for method, address, answer in self.hub.routes:
            match = address.fullmatch(path)
            if method == self.command and match:
                if "name" in match.groupdict() and self.hub.key(match) not in self.hub.repos:
                    return self.reply(404, headers={"X-Error-Code": "RepoNotFound"})
                status, value = answer(match, body)
                return self.reply(status, json.dumps(value).encode(), {"Content-Type": "application/json"})
        self.reply(404)

    do_GET = do_HEAD = do_POST = do_PUT = answer


@contextmanager
def fake_hub():
    "A block in which this process and its children talk to a `Hub` of their own."
    from huggingface_hub import constants, logging
    from huggingface_hub.utils import are_progress_bars_disabled, close_session, disable_progress_bars, enable_progress_bars
    hub = Hub()
    handler = type("HubHandler", (Handler,), dict(hub=hub))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs=dict(poll_interval=0.05), daemon=True)
    hub.url = f"http://127.0.0.1:{server.server_port}"
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
        # for processes that start: the client reads these when it is imported; Xet, a newer protocol, is left out
        environment = dict(
            HF_ENDPOINT=hub.url, HF_HOME=home, HF_TOKEN="hf_test", HF_HUB_DISABLE_XET="1", HF_HUB_OFFLINE="0",
            HF_HUB_DISABLE_TELEMETRY="1", HF_HUB_DISABLE_PROGRESS_BARS="1", HF_HUB_VERBOSITY="error",
            NO_PROXY="127.0.0.1", no_proxy="127.0.0.1",
        )
        # for this one, where it was imported long ago
        settings = dict(
            ENDPOINT=hub.url, HUGGINGFACE_CO_URL_TEMPLATE=hub.url + "/{repo_id}/resolve/{revision}/{filename}",
            HF_HOME=home, HF_HUB_CACHE=str(Path(home) / "hub"), HF_TOKEN_PATH=str(Path(home) / "token"),
            HF_HUB_DISABLE_XET=True, HF_HUB_OFFLINE=False, HF_HUB_DISABLE_PROGRESS_BARS=None,
        )
        loudness, silent = logging.get_verbosity(), are_progress_bars_disabled()
        with mock.patch.dict(os.environ, environment), mock.patch.multiple(constants, **settings):
            logging.set_verbosity_error()
            disable_progress_bars()
            close_session()
            thread.start()
            try:
                yield hub
            finally:
                hub.go_on.set()
                server.shutdown()
                server.server_close()
                close_session()
                logging.set_verbosity(loudness)
                if not silent:
                    enable_progress_bars()
