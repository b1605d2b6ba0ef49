"""A service without cache, and one client that sends one request after the other."""

import http.client
import json
import subprocess
import sys
import urllib.parse

from service import ROOT, Server, program, release


def build(debug):
    """Builds the program and returns its path. A debug build saves minutes where the database does the work."""
    if not debug:
        return release()
    subprocess.run(["cargo", "build", "--locked", "--quiet"], cwd=ROOT, check=True)
    return ROOT / "target" / "debug" / "roundup"


class Service(Server):
    """A service without cache, and a connection to it."""

    def __init__(self, binary, data):
        data.parent.mkdir(parents=True, exist_ok=True)
        super().__init__(binary, data, ROUNDUP_CACHE_BYTES="0")

    def start(self):
        super().start()
        self.connection = http.client.HTTPConnection(self.address.removeprefix("http://"), timeout=120)

    def psql(self, *more):
        """Runs psql on the database and returns its output."""
        command = [program("psql"), "-XAtq", "-v", "ON_ERROR_STOP=1", self.url, *more]
        return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()

    def ask(self, path, body=None):
        """Returns the response to a GET, or to a POST of `body` as JSON. Exits unless the status is 200."""
        method = "GET" if body is None else "POST"
        sent = None if body is None else json.dumps(body)
        headers = {} if body is None else {"Content-Type": "application/json"}
        self.connection.request(method, path, sent, headers)
        answer = self.connection.getresponse()
        content = answer.read()
        if answer.status != 200:
            sys.exit(f"{path}: {answer.status} {content[:500]}")
        return content


def quoted(text):
    return urllib.parse.quote(text, safe="")
