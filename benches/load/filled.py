"""A private database with a number of articles, the service in front of it, and the pages to request."""

import os
import pathlib
import re
import statistics
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from service import ROOT, Server, program  # noqa: E402

HERE = ROOT / "benches" / "load"
# How uneven the traffic is. Article n is requested in proportion to 1 / n^(1 - 1/SKEW), a distribution like Zipf's, as
# on the web (Breslau and others, "Web Caching and Zipf-like Distributions: Evidence and Implications", 1999; the
# exponent varies). For a random r in 0..1 the id is floor((1 + r ((articles + 1)^(1/SKEW) - 1))^SKEW), as in
# benches/sql/article.sql and requests.lua. With SKEW = 1 all articles are requested equally.
SKEW = 8


class Site:
    """The service with a number of articles, and the pages to request."""

    def __init__(self, articles, comments, binary):
        """Gives each article `comments` comments; with None 10 to 50, a quarter of the articles 50."""
        self.articles = articles
        shape = "" if comments is None else f"x{comments}"
        self.data = ROOT / "target" / "bench" / f"{articles}{shape}"
        self.data.parent.mkdir(parents=True, exist_ok=True)
        self.server = Server(binary, self.data, ROUNDUP_CACHE_BYTES="0")
        try:
            fill(self.server, articles, comments)
            into_memory(self.server)
        except BaseException:
            self.server.stop()
            raise
        if comments is None:
            self.pages = [
                Page("article, 10 to 50 comments", "article", articles),
                Page("article, 50 comments", "article", articles // 4),
            ]
        else:
            # Real traffic is uneven; uniform traffic profits least from the database's memory.
            self.pages = [
                Page(f"article, {comments} comments", "article", articles, SKEW),
                Page("article, uniform traffic", "article", articles),
            ]
        self.pages.append(Page("front page, 20 articles", "front", articles))


def fill(server, articles, comments):
    # The minimum and maximum number of comments of an article.
    least, most = (10, 50) if comments is None else (comments, comments)
    there = int(server.sql("select count(*) from articles"))
    if there == 0:
        print(f"filling the database with {articles} articles", file=sys.stderr)
        command = [program("psql"), "-Xq", "-o", os.devnull, "-v", f"articles={articles}"]
        command += ["-v", f"least={least}", "-v", f"most={most}", server.url]
        subprocess.run([*command, "-f", HERE / "data.sql"], check=True)
    elif there != articles:
        sys.exit(f"{server.data} holds {there} articles; remove it")


def check_statements(server):
    """Fails unless the service sends the statements in benches/sql; otherwise the comparison is invalid."""
    server.sql("alter role roundup set log_min_duration_statement = 0")
    server.stop()
    server.start()
    log = server.data / "server.log"
    begin = log.stat().st_size
    for number in range(1, 9):
        server.get(f"/api/v1/articles/{number}?include=comments")
        server.get("/api/v1/articles")
    with open(log) as file:
        file.seek(begin)
        text = file.read()
    server.sql("alter role roundup reset log_min_duration_statement")
    sent = set(re.findall(r"execute \S+: (SELECT .*)", text))
    again = [name for name, n in counts(re.findall(r" parse \S+: (SELECT .*)", text)).items() if n > 4]
    if again:
        print("prepared again for each request:", *again, sep="\n  ", file=sys.stderr)
    listed = set()
    for path in ROOT.joinpath("benches", "sql").glob("*.sql"):
        listed.update(line.rstrip(";") for line in path.read_text().splitlines() if line.startswith("SELECT"))
    missing = {plain(one) for one in listed} - {plain(one) for one in sent}
    if missing:
        print("statements in benches/sql that the service does not send:", *missing, sep="\n  ", file=sys.stderr)
        print("it sends:", *sorted(sent), sep="\n  ", file=sys.stderr)
        sys.exit(1)
    server.stop()
    server.start()


def into_memory(server):
    """Reads the tables from disk once, because the service is measured, not the disk."""
    paths = server.sql("""
        with tables as (
            select oid, reltoastrelid from pg_class where oid in ('articles'::regclass, 'links'::regclass,
                'link_credits'::regclass, 'outlets'::regclass, 'article_tags'::regclass, 'tags'::regclass,
                'comments'::regclass)
        ), heaps as (
            select oid from tables union select reltoastrelid from tables where reltoastrelid > 0
        )
        select pg_relation_filepath(oid) from heaps
        union all select pg_relation_filepath(indexrelid) from pg_index where indrelid in (select oid from heaps)
    """)
    for path in paths.split():
        first = server.data / path
        # PostgreSQL splits files of more than 1 GiB: 16454, 16454.1, …
        for part in [first, *first.parent.glob(f"{first.name}.*")]:
            with open(part, "rb", buffering=0) as file:
                while file.read(1 << 23):
                    pass


def counts(items):
    return {item: items.count(item) for item in set(items)}


def plain(statement):
    """Returns the statement with $1 and :id replaced by the same text."""
    return re.sub(r"(?<![:\w]):\w+|\$\d+", "?", statement)


class Page:
    """A kind of page, and its measurements."""

    def __init__(self, name, kind, highest, skew=1):
        self.name, self.kind, self.highest, self.skew = name, kind, highest, skew
        self.service, self.database = [], []

    def ask_service(self, server, connections, seconds, strict=True):
        command = ["wrk", "-t2", f"-c{connections}", f"-d{seconds}s", "--latency"]
        if self.kind == "article":
            command += ["-s", HERE / "requests.lua", server.address]
        else:
            command += [server.address + "/api/v1/articles"]
        env = dict(os.environ, ARTICLES=str(self.highest), SKEW=str(self.skew), SHARE="0")
        before = server.spent()
        out = subprocess.run(command, env=env, check=True, capture_output=True, text=True).stdout
        after = server.spent()
        if strict and ("Non-2xx" in out or "Socket errors" in out):
            sys.exit(f"{self.name}: {out}")
        requests = int(re.search(r"(\d+) requests in", out)[1])
        return {
            "rate": float(re.search(r"Requests/sec:\s+([\d.]+)", out)[1]),
            "p50": milliseconds(re.search(r"(?m)^ +50% +(\S+)", out)[1]),
            "p99": milliseconds(re.search(r"(?m)^ +99% +(\S+)", out)[1]),
            "own": (after[0] - before[0]) / requests * 1e6,
            "postgres": (after[1] - before[1]) / requests * 1e6,
        }

    def ask_database(self, server, connections, seconds):
        command = [program("pgbench"), "-n", "-M", "prepared", f"-c{connections}", "-j2", f"-T{seconds}"]
        ids = server.sql("select array_agg(id) from (select id from articles order by published_at desc limit 20) a")
        command += ["-D", f"highest={self.highest}", "-D", f"skew={self.skew}", "-D", f"ids={ids}"]
        command += ["-f", ROOT / "benches" / "sql" / f"{self.kind}.sql", server.url]
        before = server.spent()
        out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        # Its sessions are ending; the postmaster's times include them once it has reaped them.
        time.sleep(0.5)
        after = server.spent()
        done = int(re.search(r"transactions actually processed: (\d+)", out)[1])
        rate = float(re.search(r"tps = ([\d.]+)", out)[1])
        return {"rate": rate, "postgres": (after[1] - before[1]) / done * 1e6}


def milliseconds(text):
    number, unit = re.fullmatch(r"([\d.]+)(us|ms|s)", text).groups()
    return float(number) * {"us": 0.001, "ms": 1, "s": 1000}[unit]


def middle(runs, name):
    return statistics.median(run[name] for run in runs)
