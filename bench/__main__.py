"""`make bench`: promotion, lists and the authority, each beside its peers.

Takes a PostgreSQL server (DATABASE_URL, else the standard local address) and makes some
databases there, which it drops again. With words (`promotion`, `pipeline`, `lists`,
`authority`) it measures only these. Each step runs in a process of its own, so that its
peak of memory is its own.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg

from bench import ROOT, authority

COMPANIES = int(os.environ.get("BENCH_COMPANIES", "1000"))
PIPELINE_COMPANIES = int(os.environ.get("BENCH_PIPELINE_COMPANIES", "5000"))
MEMBERS = int(os.environ.get("BENCH_MEMBERS", "10000"))
SERVER = os.environ.get("DATABASE_URL") or "postgres://postgres@127.0.0.1:5432/postgres"
AIM_FASTER_THAN_LOADDATA = 10
AIM_WITHIN_COPY = 3


class Bench:
    """The databases and folders of one run, and its steps."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.names = {
            name: f"dip_bench_{name}_{os.getpid()}" for name in ("uit", "live", "peer", "atlas")
        }

    def url(self, name: str) -> str:
        """Return the address of one of the databases."""
        return urlsplit(SERVER)._replace(path=f"/{self.names[name]}").geturl()

    def create_databases(self) -> None:
        for name in self.names.values():
            self._administer(f'CREATE DATABASE "{name}"')

    def drop_databases(self) -> None:
        for name in self.names.values():
            self._administer(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def step(
        self, step: str, database: str, *words: str, module: str = "bench.steps"
    ) -> dict[str, Any]:
        """Run a step in one of the databases and return what it measured."""
        done = subprocess.run(
            [sys.executable, "-m", module, step, *words],
            cwd=ROOT,
            env=self.environment(database),
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        measured: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
        return measured

    def environment(self, database: str) -> dict[str, str]:
        """Return the variables of a deployment with one of the databases."""
        environment = database if database in ("uit", "atlas") else "production"
        return {
            **{name: text for name, text in os.environ.items() if name != "REDIS_URL"},
            "DIP_ENVIRONMENT": environment,
            "DIP_HOME": str(self.folder / environment),
            "DIP_TRUSTED_KEYS_DIR": str(self.folder / "trusted-keys"),
            "DIP_AUTHORITY_DIR": str(self.folder / "trusted-keys"),
            "STATIC_ROOT": str(self.folder / "static"),
            "DATABASE_URL": self.url(database),
            "LOG_LEVEL": "WARNING",
        }

    def _administer(self, statement: str) -> None:
        with psycopg.connect(SERVER, autocommit=True) as connection:
            connection.execute(statement)


def main(words: list[str]) -> None:
    """Run all steps, or those of the words, and print what they measured, with the aims."""
    parts: dict[str, Callable[[Bench], None]] = {
        "promotion": _promotion,
        "pipeline": _pipeline,
        "lists": _lists,
        "authority": authority.measure,
    }
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder))
        bench.drop_databases()
        bench.create_databases()
        try:
            for word in words or parts:
                parts[word](bench)
        finally:
            bench.drop_databases()


def _promotion(bench: Bench) -> None:
    files = str(bench.folder / "extracts")
    for database in ("uit", "live", "peer"):
        bench.step("migrate", database)
    print(f"Promotion of {COMPANIES} companies, 10 domains and 10 DIP IDs each, on PostgreSQL")
    few = COMPANIES // 4
    bench.step("fill", "uit", "0", str(few))
    few_extract = bench.step("extract", "uit", files)
    few_import = bench.step("import", "live", files)
    bench.step("empty", "live")
    bench.step("empty", "uit")
    bench.step("fill", "uit", "0", str(COMPANIES))
    extract = bench.step("extract", "uit", files)
    import_ = bench.step("import", "live", files)
    dump = str(bench.folder / "dump.json")
    dumpdata = bench.step("dumpdata", "live", dump)
    loaddata = bench.step("loaddata", "peer", dump)
    bench.step("empty", "peer")
    copies = str(bench.folder / "copies")
    copy_out = bench.step("copy_out", "live", copies)
    copy_in = bench.step("copy_in", "peer", copies)

    ours = extract["seconds"] + import_["seconds"]
    slow = dumpdata["seconds"] + loaddata["seconds"]
    bare = copy_out["seconds"] + copy_in["seconds"]
    print(f"  rows in Production                {import_['rows']:>10}")
    _line("extract + import", extract["seconds"], import_["seconds"])
    _line("dumpdata + loaddata", dumpdata["seconds"], loaddata["seconds"])
    _line("COPY out + COPY in", copy_out["seconds"], copy_in["seconds"])
    _aim("times faster than dumpdata + loaddata", slow / ours, AIM_FASTER_THAN_LOADDATA, ">=")
    _aim("times the COPY", ours / bare, AIM_WITHIN_COPY, "<=")
    for what, small, large in (("extract", few_extract, extract), ("import", few_import, import_)):
        grown = large["peak_bytes"] / small["peak_bytes"]
        print(
            f"  memory of the {what}: {large['peak_bytes'] / 2**20:.0f} MiB at {COMPANIES}, "
            f"{grown:.2f} times that at {few} companies"
        )


def _pipeline(bench: Bench) -> None:
    print(f"Pipeline page with {PIPELINE_COMPANIES} companies")
    for database in ("uit", "live"):
        bench.step("empty", database)
        bench.step("fill", database, "0", str(PIPELINE_COMPANIES))
        measured = bench.step("pipeline", database)
        print(
            f"  {'UIT' if database == 'uit' else 'Production':24} "
            f"{measured['queries']} queries, {measured['milliseconds']:.0f} ms "
            f"({measured['sql_milliseconds']:.0f} ms of it SQL)"
        )


def _lists(bench: Bench) -> None:
    """Measure Members and the list of companies, of which the database is full by now."""
    few, many = 10, MEMBERS
    company = bench.step("members", "uit", str(few))["key"]
    members = f"/organisations/{company}/members/"
    lists = ["*/organisations/", "*/admin/organisations/organisation/"]
    _pages(f"Members page with {few} members", bench.step("pages", "uit", members))
    bench.step("members", "uit", str(many))
    queries = ["", "?page=900", "?q=last777", "?role=USER_ADMIN&sort=-expiry", "?show=all"]
    _pages(
        f"Members page with {many} members",
        bench.step("pages", "uit", *(members + query for query in queries)),
    )
    _pages(
        f"List of companies with {PIPELINE_COMPANIES} companies",
        bench.step("pages", "uit", *lists, "*/organisations/?q=company+4321"),
    )


def _pages(title: str, measured: dict[str, Any]) -> None:
    bare = measured.pop("bare")["milliseconds"]
    print(f"{title} (a bare view takes {bare:.1f} ms)")
    for path, it in measured.items():
        print(
            f"  {path.lstrip('*'):58} {it['queries']} queries, {it['milliseconds']:.0f} ms "
            f"({it['sql_milliseconds']:.0f} ms of it SQL), "
            f"{it['milliseconds'] / bare:.0f} times a bare view"
        )


def _line(what: str, first: float, second: float) -> None:
    print(f"  {what:24} {first:8.2f} s + {second:6.2f} s = {first + second:6.2f} s")


def _aim(what: str, ratio: float, aim: int, relation: str) -> None:
    reached = ratio >= aim if relation == ">=" else ratio <= aim
    print(f"  {ratio:8.1f} {what} (aim: {relation} {aim}, {'reached' if reached else 'MISSED'})")


if __name__ == "__main__":
    main(sys.argv[1:])
