"""What the commands in tests/ set up: PostgreSQL servers, services on them, nginx, and clients."""

import http.client
import itertools
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import uuid

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "benches"))
from service import ROOT, program, release  # noqa: E402

# How long anything may take to come up or go down before a command gives up.
PATIENCE = 60


def fail(text):
    sys.exit(f"FAILED: {text}")


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def until(true, what, patience=PATIENCE, pause=0.02):
    """Waits until `true()` is, and returns the seconds that this took."""
    began = time.monotonic()
    while not true():
        if time.monotonic() - began > patience:
            fail(f"{what}: not within {patience} s")
        time.sleep(pause)
    return time.monotonic() - began


class Postgres:
    """A server of its own, which takes everybody on this machine for the owner."""

    def __init__(self, data, *settings, origin=None):
        """`settings` such as `max_wal_size=64MB`; of `origin`, another server, it becomes a streaming replica."""
        self.data, self.port, self.settings = data, free_port(), settings
        # PostgreSQL refuses to run as root.
        self.account = {"user": "postgres", "group": "postgres"} if os.geteuid() == 0 else {}
        if origin:
            self.run("pg_basebackup", "-D", data, "-R", "-X", "stream", "-c", "fast", "-d", origin.url("postgres"))
        else:
            self.run("initdb", "-D", data, "-U", "roundup", "-A", "trust", "-E", "UTF8", "--no-locale", "-k", "--no-sync")
        self.start()
        if not origin:
            self.sql("create database roundup", "postgres")

    def run(self, name, *words):
        command = [program(name), *map(str, words)]
        done = subprocess.run(command, **self.account, cwd="/", capture_output=True, text=True)
        if done.returncode:
            fail(f"{name}: {done.stderr}")
        return done.stdout

    def start(self):
        settings = [f"port={self.port}", "listen_addresses=127.0.0.1", "unix_socket_directories=", *self.settings]
        words = [word for setting in settings for word in ("-c", setting)]
        with open(f"{self.data}.log", "a") as log:
            command = [program("postgres"), "-D", str(self.data), *words]
            self.process = subprocess.Popen(command, stdout=log, stderr=log, **self.account, cwd="/")
        until(self.takes_connections, f"PostgreSQL on {self.data} takes connections")

    def takes_connections(self):
        if self.process.poll() is not None:
            fail(f"PostgreSQL ended: {pathlib.Path(f'{self.data}.log').read_text()[-2000:]}")
        command = [program("pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        return subprocess.run(command).returncode == 0

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            self.process.wait(PATIENCE)

    def kill(self):
        """SIGKILL for the server and for every process of its."""
        children = pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        self.process.kill()
        for child in map(int, children.split()):
            try:
                os.kill(child, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.process.wait()

    def url(self, name="roundup"):
        return f"postgres://roundup@127.0.0.1:{self.port}/{name}?sslmode=disable"

    def sql(self, text, name="roundup"):
        command = [program("psql"), "-XAtq", "-v", "ON_ERROR_STOP=1", self.url(name), "-c", text]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            fail(f"{text}: {done.stderr}")
        return done.stdout.strip()


class Service:
    """The service as a process, on this database and on a port that stays its own."""

    def __init__(self, binary, url, log, **settings):
        self.binary, self.log, self.port = binary, log, free_port()
        env = {name: value for name, value in os.environ.items() if not name.startswith("ROUNDUP_")}
        env |= {"DATABASE_URL": url, "ROUNDUP_LISTEN": f"127.0.0.1:{self.port}", "ROUNDUP_LOG": "warn"}
        self.env = env | settings
        self.start()

    def start(self):
        with open(self.log, "a") as log:
            self.process = subprocess.Popen([self.binary], env=self.env, stdout=log, stderr=log)
        return until(self.is_ready, "the service is ready")

    def is_ready(self):
        if self.process.poll() is not None:
            fail(f"the service ended: {pathlib.Path(self.log).read_text()[-2000:]}")
        return self.status("/readyz") == 200

    def status(self, path):
        """The status of an answer on a new connection; None where nobody listens."""
        try:
            return Client(self.port).ask("GET", path)[0]
        except (OSError, http.client.HTTPException):
            return None

    def command(self, *words):
        done = subprocess.run([self.binary, *words], env=self.env, capture_output=True, text=True)
        if done.returncode:
            fail(f"{words}: {done.stderr}")
        return done.stdout

    def key(self, scope="admin"):
        return self.command("keys", "create", "--name", "t", "--scope", scope).split()[-1]

    def stop(self):
        """Asks it to end; the exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE)


class Client:
    """One connection, kept as long as the other side keeps it."""

    def __init__(self, port, key=None, timeout=30):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
        self.headers = {"Authorization": f"Bearer {key}"} if key else {}

    def ask(self, method, path, body=None, **headers):
        """Status and body of the answer."""
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        if body is not None:
            body, headers["Content-Type"] = json.dumps(body), "application/json"
        self.connection.request(method, path, body, self.headers | headers)
        answer = self.connection.getresponse()
        return answer.status, answer.read()

    def post(self, headline):
        """Writes an article under a key of its own; the status."""
        once = f'"{uuid.uuid4()}"'
        return self.ask("POST", "/api/v1/admin/articles", article(headline), Idempotency_Key=once)[0]


def article(headline):
    links = [{"title": name, "credit": name} for name in ("AP", "Reuters", "The Guardian")]
    return {"headline": headline, "status": "published", "links": links}


class Writers:
    """Threads that write articles until told to stop, and when which was acknowledged."""

    numbers = itertools.count()

    def __init__(self, port, key, count, pause=0.0):
        self.port, self.key, self.pause, self.going = port, key, pause, True
        self.acknowledged, self.statuses, self.refused, self.lock = {}, {}, [], threading.Lock()
        self.threads = [threading.Thread(target=self.write, daemon=True) for _ in range(count)]
        for thread in self.threads:
            thread.start()

    def write(self):
        client = Client(self.port, self.key, timeout=10)
        while self.going:
            headline, began = f"headline {next(self.numbers)}", time.monotonic()
            try:
                status = client.post(headline)
            except (OSError, http.client.HTTPException) as error:
                status = type(error).__name__
                client = Client(self.port, self.key, timeout=10)
            with self.lock:
                self.statuses[status] = self.statuses.get(status, 0) + 1
                if status == 201:
                    self.acknowledged[headline] = time.monotonic()
                else:
                    self.refused.append((status, round(began, 2), round(time.monotonic() - began, 2)))
            time.sleep(self.pause if status == 201 else 0.01)

    def wait_for(self, more):
        enough = len(self.acknowledged) + more
        until(lambda: len(self.acknowledged) >= enough, f"{more} more writes; so far {self.statuses}")

    def end(self):
        self.going = False
        for thread in self.threads:
            thread.join()

    def gap(self):
        """The longest time between two acknowledged writes, in seconds."""
        times = sorted(self.acknowledged.values())
        return max(later - earlier for earlier, later in zip(times, times[1:]))

    def compare(self, postgres):
        """What was acknowledged is there once, and whole; the number of articles that are there."""
        text = """select headline || '|' || (select count(*) from links where article_id = articles.id)
                  from articles where headline like 'headline %'"""
        rows = postgres.sql(text).splitlines()
        stored = {row.rpartition("|")[0] for row in rows}
        lost, halves = set(self.acknowledged) - stored, [row for row in rows if not row.endswith("|3")]
        if lost or halves or len(stored) != len(rows):
            fail(f"{len(lost)} acknowledged and gone, {len(halves)} halves, {len(rows) - len(stored)} twice")
        return len(stored)


def nginx(place, services):
    """nginx in front of these services, with the settings that docs/deploy.md has; its process and port."""
    page = (ROOT / "docs" / "deploy.md").read_text()
    site = re.search(r"```nginx\n(.*?)```", page, re.S)[1]
    port = free_port()
    site, listens = re.subn(r"listen \S+;", f"listen 127.0.0.1:{port};", site)
    for written, service in zip(("127.0.0.1:8081", "127.0.0.1:8082"), services):
        if written not in site:
            fail(f"docs/deploy.md has no {written}")
        site = site.replace(written, f"127.0.0.1:{service.port}")
    folders = "".join(f"{kind}_temp_path {place}/{kind};\n" for kind in ("proxy", "fastcgi", "uwsgi", "scgi"))
    config = place / "nginx.conf"
    config.write_text(
        f"worker_processes 1;\ndaemon off;\npid {place}/nginx.pid;\nerror_log {place}/error.log;\n"
        "events { worker_connections 1024; }\n"
        f"http {{\naccess_log off;\nclient_body_temp_path {place}/body;\n{folders}{site}}}\n"
    )
    process = subprocess.Popen(["nginx", "-c", config, "-p", place], stderr=subprocess.DEVNULL)
    until(lambda: process.poll() is not None or listening(port), "nginx")
    if process.poll() is not None or listens != 1:
        fail(f"nginx: {(place / 'error.log').read_text()}")
    return process, port


def listening(port):
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
        return True
    except OSError:
        return False


__all__ = [
    *("Client", "PATIENCE", "Postgres", "ROOT", "Service", "Writers", "article", "fail", "free_port", "listening"),
    *("nginx", "program", "release", "until"),
]
