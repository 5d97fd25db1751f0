"""Pages with long lists: their queries beside those of a short list, their time a bare view's."""

import os
from typing import Any

from bench.databases import Databases
from bench.figures import Aim, Figure

COMPANIES = int(os.environ.get("BENCH_PIPELINE_COMPANIES", "5000"))
MEMBERS = int(os.environ.get("BENCH_MEMBERS", "10000"))
FEW = 10
CONSTANT = Aim(relation="at most", ratio=1)
PIPELINE = "*/admin/promotion/"  # '*' is for the DIP Manager
LISTS = {"*/organisations/": "Companies", "*/admin/organisations/organisation/": "their admin"}
PARTS_OF_MEMBERS = {
    "?page=900": "Members, a late page",
    "?q=last777": "Members, a search",
    "?role=USER_ADMIN&sort=-expiry": "Members, filtered and sorted",
    "?show=all": "Members, as many as one page shows",
}


def measure(databases: Databases) -> list[Figure]:
    """Ask for the pages with few rows, then with many."""
    databases.prepare("uit", "live")
    databases.step("fill", "uit", "0", str(FEW))
    databases.step("fill", "live", "0", str(FEW))
    company = databases.step("members", "uit", str(FEW))["key"]
    members = f"/organisations/{company}/members/"
    whole = {PIPELINE: "Pipeline in UIT", **LISTS, members: "Members"}
    rows = {**dict.fromkeys(whole, COMPANIES), members: MEMBERS}
    parts = {members + query: what for query, what in PARTS_OF_MEMBERS.items()}
    few = databases.step("pages", "uit", *whole)
    few_live = databases.step("pages", "live", PIPELINE)
    databases.step("fill", "uit", str(FEW), str(COMPANIES))
    databases.step("fill", "live", str(FEW), str(COMPANIES))
    databases.step("members", "uit", str(MEMBERS))
    many = databases.step("pages", "uit", *whole, *parts)
    many_live = databases.step("pages", "live", PIPELINE)
    return [
        *(_queries(whole[it], rows[it], few[it], many[it]) for it in whole),
        _queries("Pipeline in Production", COMPANIES, few_live[PIPELINE], many_live[PIPELINE]),
        *(_time(what, many[it], many["bare"]) for it, what in {**whole, **parts}.items()),
        _time("Pipeline in Production", many_live[PIPELINE], many_live["bare"]),
    ]


def _queries(what: str, rows: int, few: dict[str, Any], many: dict[str, Any]) -> Figure:
    return Figure(
        what=f"Queries of a page: {what}, {rows:,}",
        peer=f"{FEW} of them",
        ratio=many["queries"] / few["queries"],
        detail=f"{many['queries']} queries",
        aim=CONSTANT,
    )


def _time(what: str, page: dict[str, Any], bare: dict[str, Any]) -> Figure:
    return Figure(
        what=f"Time of a page: {what}",
        peer="a bare view",
        ratio=page["milliseconds"] / bare["milliseconds"],
        detail=f"{page['milliseconds']:.0f} ms, {page['sql_milliseconds']:.0f} ms of it SQL, "
        f"beside {bare['milliseconds']:.2f} ms",
    )
