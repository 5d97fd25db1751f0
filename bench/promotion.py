"""The promotion of many companies, beside Django's own commands and beside a bare COPY."""

import os

from bench.databases import Databases
from bench.figures import Aim, Figure

COMPANIES = int(os.environ.get("BENCH_COMPANIES", "1000"))
FASTER_THAN_LOADDATA = Aim(relation="at least", ratio=10)
WITHIN_COPY = Aim(relation="at most", ratio=3)
FLAT = Aim(relation="at most", ratio=1.1)


def measure(databases: Databases) -> list[Figure]:
    """Extract and import the companies, and move the rows that come of it in the peers' ways."""
    files, dump, copies = (
        str(databases.folder / name) for name in ("extracts", "dump.json", "copies")
    )
    few = COMPANIES // 4
    databases.prepare("uit", "live", "peer")
    databases.step("fill", "uit", "0", str(few))
    few_extract = databases.step("extract", "uit", files)
    few_import = databases.step("import", "live", files)
    databases.prepare("uit", "live")
    databases.step("fill", "uit", "0", str(COMPANIES))
    extract = databases.step("extract", "uit", files)
    import_ = databases.step("import", "live", files)
    dumpdata = databases.step("dumpdata", "live", dump)
    loaddata = databases.step("loaddata", "peer", dump)
    databases.prepare("peer")
    copy_out = databases.step("copy_out", "live", copies)
    copy_in = databases.step("copy_in", "peer", copies)

    ours = extract["seconds"] + import_["seconds"]
    said = f"{extract['seconds']:.2f} s + {import_['seconds']:.2f} s"
    slow = dumpdata["seconds"] + loaddata["seconds"]
    bare = copy_out["seconds"] + copy_in["seconds"]
    rows = f"{import_['rows']:,} rows"
    return [
        Figure(
            what=f"Extract and import {COMPANIES:,} companies ({rows}): how many times faster",
            peer="`dumpdata` and `loaddata` of the rows",
            ratio=slow / ours,
            detail=f"{said} beside {dumpdata['seconds']:.2f} s + {loaddata['seconds']:.2f} s",
            aim=FASTER_THAN_LOADDATA,
        ),
        Figure(
            what="The same: how many times as long",
            peer="a bare COPY of the rows, out and in",
            ratio=ours / bare,
            detail=f"{said} beside {copy_out['seconds']:.2f} s + {copy_in['seconds']:.2f} s",
            aim=WITHIN_COPY,
        ),
        *(
            Figure(
                what=f"Memory of the {what} of {COMPANIES:,} companies",
                peer=f"{few:,} companies",
                ratio=large["peak_bytes"] / small["peak_bytes"],
                detail=f"{large['peak_bytes'] / 2**20:.0f} MiB at its peak",
                aim=FLAT,
            )
            for what, small, large in (
                ("extract", few_extract, extract),
                ("import", few_import, import_),
            )
        ),
    ]
