"""Runs a release build of the service on a private database, for the benchmarks."""

import glob
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[1]
TICKS = os.sysconf("SC_CLK_TCK")


def release():
    """Builds the service and returns the path of the binary."""
    subprocess.run(["cargo", "build", "--release", "--locked"], cwd=ROOT, check=True)
    return ROOT / "target" / "release" / "roundup"


def tell_of_autogroup():
    """Warns if Linux may delay one of PostgreSQL's processes for a second; see docs/deploy.md."""
    setting = pathlib.Path("/proc/sys/kernel/sched_autogroup_enabled")
    if setting.exists() and setting.read_text().strip() == "1":
        print("kernel.sched_autogroup_enabled is 1; some responses will be very late", file=sys.stderr)


class Server:
    """A running service with its private database."""

    def __init__(self, binary, data, **settings):
        """The environment overrides `settings`."""
        self.binary, self.data = binary, data
        self.env = settings | dict(os.environ, ROUNDUP_DATA_DIR=str(data), ROUNDUP_LISTEN="127.0.0.1:0")
        self.env.pop("DATABASE_URL", None)
        self.env.setdefault("ROUNDUP_LOG", "warn")
        self.start()

    def start(self):
        self.process = subprocess.Popen([self.binary], env=self.env, stdout=subprocess.PIPE, text=True)
        for line in self.process.stdout:
            if found := re.match(r"roundup serves (http://[^/]+)/", line):
                self.address = found[1]
            if found := re.match(r"psql: (.*)", line):
                self.url = found[1]
                return
        sys.exit("the service did not start")

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(60)

    def sql(self, text):
        command = [program("psql"), "-XAtq", "-v", "ON_ERROR_STOP=1", self.url, "-c", text]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    def get(self, path):
        with urllib.request.urlopen(self.address + path) as answer:
            return answer.read()

    def spent(self):
        """Returns the CPU seconds so far of the service and of its database."""
        postmaster = self.data.joinpath("postmaster.pid").read_text().split()[0]
        mine, theirs = 0, 0
        for stat in glob.glob("/proc/[0-9]*/stat"):
            try:
                pid, rest = open(stat).read().split(" ", 1)
            except OSError:
                continue
            fields = rest.rsplit(") ", 1)[1].split()
            ticks = int(fields[11]) + int(fields[12])
            mine += ticks if pid == str(self.process.pid) else 0
            theirs += ticks if postmaster in (pid, fields[1]) else 0
            # The times of sessions that have ended.
            theirs += int(fields[13]) + int(fields[14]) if pid == postmaster else 0
        return mine / TICKS, theirs / TICKS


def from_disk():
    """Returns how many MB this machine has read from its disks so far."""
    return int(re.search(r"(?m)^pgpgin (\d+)", pathlib.Path("/proc/vmstat").read_text())[1]) // 1024


def program(name):
    """Returns the path of one of PostgreSQL's programs."""
    found = shutil.which(name) or next(iter(sorted(glob.glob(f"/usr/lib/postgresql/*/bin/{name}"))), None)
    return found or sys.exit(f"{name} is missing")
