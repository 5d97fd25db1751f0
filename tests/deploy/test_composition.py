"""docker-compose.yml keeps the promises of docs/operations.md."""

import re
from typing import Any

import pytest
import yaml

from deploy import gunicorn_conf
from tests.deploy.composition import ROOT, is_ours, read_composition

COMPOSITION = read_composition({})
SERVICES: dict[str, dict[str, Any]] = COMPOSITION["services"]
BACKGROUND = {"web", "worker", "beat"}


def named(*endings: str) -> list[str]:
    return [name for name in SERVICES if name.rpartition("-")[2] in endings]


def test_all_deployments_have_the_same_services() -> None:
    of = {
        environment: {
            name.removeprefix(f"{environment}-")
            for name in SERVICES
            if name.startswith(f"{environment}-")
        }
        for environment in ("uit", "production", "atlas")
    }

    assert of["uit"] == of["production"] == of["atlas"] - {"dns"} == {
        "passwords", "database", "redis", "init", "web", "worker", "beat",
    }  # fmt: skip


@pytest.mark.parametrize("name", SERVICES)
def test_every_container_is_unprivileged_and_cannot_write_to_its_own_image(name: str) -> None:
    service = SERVICES[name]

    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert int(service["user"].split(":")[0]) > 0
    assert "privileged" not in service


@pytest.mark.parametrize("name", SERVICES)
def test_every_container_is_limited_and_starts_on_a_machine_of_one_processor(name: str) -> None:
    service = SERVICES[name]

    assert re.fullmatch(r"\d+[mg]", service["mem_limit"])
    assert 0 < service["cpus"] <= 1
    assert 0 < service["pids_limit"] <= 256


def test_what_may_be_several_has_no_name_or_port_of_its_own() -> None:
    for name in named("web", "worker"):
        assert not SERVICES[name].keys() & {"container_name", "hostname", "ports"}


@pytest.mark.parametrize("name", SERVICES)
def test_every_image_has_a_version(name: str) -> None:
    assert re.fullmatch(r"[\w./-]+:v?\d+\.\d+[\w.-]*", SERVICES[name]["image"])


def test_the_image_is_built_once_and_never_pulled() -> None:
    ours = {name: service for name, service in SERVICES.items() if is_ours(service)}
    builders = [name for name, service in SERVICES.items() if "build" in service]

    assert len({service["image"] for service in ours.values()}) == 1
    assert builders == ["uit-passwords"]
    assert {service["pull_policy"] for name, service in ours.items() if name not in builders} == {
        "never"
    }


def test_docker_waits_longer_than_a_process_takes_to_end_its_work() -> None:
    for service in SERVICES.values():
        seconds = int(service["stop_grace_period"].removesuffix("s"))
        assert seconds > gunicorn_conf.graceful_timeout


def test_whoever_runs_a_container_may_write_to_its_temporary_folders() -> None:
    for service in SERVICES.values():
        assert service["tmpfs"][0] == "/tmp:mode=1777"
        assert all(mount.endswith(":mode=1777") for mount in service["tmpfs"])


def test_the_scripts_of_the_containers_may_be_run() -> None:
    scripts = (
        *("container/entrypoint.sh", "container/prepare.sh", "container/prepare_atlas.sh"),
        "database/create-role.sh",
    )
    for name in scripts:
        assert (ROOT / "deploy" / name).stat().st_mode & 0o555 == 0o555


def test_the_image_is_built_on_one_version_of_python() -> None:
    bases = re.findall(r"^FROM (\S+)", (ROOT / "Dockerfile").read_text(), re.MULTILINE)

    assert len(set(bases)) == 1
    assert re.fullmatch(r"python:3\.\d+\.\d+-slim-\w+", bases[0])


def test_no_secret_stands_in_the_file() -> None:
    for name, service in SERVICES.items():
        for variable in service.get("environment", {}):
            secret = re.search(r"SECRET|PASSWORD|KEY|TOKEN|DATABASE_URL", variable)
            assert not secret or variable.endswith(("_FILE", "_DIR")), f"{name}: {variable}"
    assert not re.search(r"://[^/\s:]+:[^/\s@]+@", (ROOT / "docker-compose.yml").read_text())


def test_ports_are_published_on_this_machine_only() -> None:
    published = [port for service in SERVICES.values() for port in service.get("ports", [])]

    assert published == [
        "127.0.0.1:8053:8053/udp",
        "127.0.0.1:8053:8053/tcp",
        "127.0.0.1:8025:8025",
        "127.0.0.1:8443:8443",
        "127.0.0.1:8088:8088",
    ]


def test_the_environments_share_no_network_but_the_way_to_the_extracts_and_the_gateway() -> None:
    networks = {
        environment: {
            network
            for name, service in SERVICES.items()
            if name.startswith(f"{environment}-")
            for network in service.get("networks", [])
        }
        for environment in ("uit", "production", "atlas")
    }

    assert networks["uit"] & networks["production"] == {"extracts"}
    assert networks["atlas"] == {"atlas", "atlas-front", "edge"}
    for name in named("database", "redis"):
        assert SERVICES[name]["networks"] == [name.partition("-")[0]]
    open_ones = {"edge", "uit-webhooks", "production-webhooks"}
    for name in ("uit-webhooks", "production-webhooks"):
        worker = f"{name.partition('-')[0]}-worker"
        assert [it for it, one in SERVICES.items() if name in one.get("networks", [])] == [worker]
    for network in COMPOSITION["networks"].keys() - open_ones:
        assert COMPOSITION["networks"][network]["internal"] is True


def test_only_the_gateway_reaches_every_web_and_the_portals_ask_it_for_atlas() -> None:
    atlas = SERVICES["uit-web"]["environment"]["HVCA_URL"]
    name = atlas.removeprefix("https://").removesuffix(":8443")
    for environment in ("uit", "production", "atlas"):
        front = f"{environment}-front"
        members = {it for it, service in SERVICES.items() if front in service.get("networks", [])}

        assert members - {"gateway"} <= {f"{environment}-web", f"{environment}-worker"}
        if environment != "atlas":
            assert f"{environment}-worker" in members
            assert name in SERVICES["gateway"]["networks"][front]["aliases"]
    assert name in SERVICES["gateway-certificate"]["command"]


def test_volumes_are_named_and_only_what_is_no_secret_is_shared() -> None:
    users: dict[str, set[str]] = {}
    for name, service in SERVICES.items():
        for mount in service.get("volumes", []):
            source = mount.split(":")[0]
            if not source.startswith("./"):
                users.setdefault(source, set()).add(name.partition("-")[0])

    assert set(users) == set(COMPOSITION["volumes"])
    shared = {volume for volume, environments in users.items() if len(environments) > 1}
    assert shared == {"trusted-keys", "authority", "gateway-trust"}


def test_few_may_write_what_others_trust() -> None:
    inits = {"uit-init", "production-init"}

    assert writers_of("trusted-keys") == inits
    assert writers_of("authority") == inits | {"atlas-init", "atlas-worker"}
    assert writers_of("gateway-trust") == writers_of("gateway-certificate")
    assert writers_of("gateway-trust") == {"gateway-certificate"}


def writers_of(volume: str) -> set[str]:
    return {
        name
        for name, service in SERVICES.items()
        for mount in service.get("volumes", [])
        if mount.startswith(f"{volume}:") and not mount.endswith(":ro")
    }


def test_services_start_when_what_they_need_is_ready() -> None:
    for name, service in SERVICES.items():
        for needed, how in service.get("depends_on", {}).items():
            one_shot = SERVICES[needed]["restart"] == "no"
            expected = "service_completed_successfully" if one_shot else "service_healthy"
            assert how["condition"] == expected, f"{name} needs {needed}"
            assert one_shot or "healthcheck" in SERVICES[needed]
    for name in named(*BACKGROUND):
        assert f"{name.partition('-')[0]}-init" in SERVICES[name]["depends_on"]


def test_every_service_that_stays_up_has_a_health_check() -> None:
    assert [name for name, it in SERVICES.items() if it["restart"] != "no"] == [
        name for name, it in SERVICES.items() if "healthcheck" in it
    ]


def test_the_file_has_no_key_that_yaml_would_read_twice() -> None:
    class Strict(yaml.SafeLoader):
        pass

    def mapping(loader: yaml.SafeLoader, node: yaml.MappingNode) -> dict[Any, Any]:
        keys = [key.value for key, _ in node.value]
        assert len(keys) == len(set(keys)), f"{node.start_mark}: {keys}"
        loader.flatten_mapping(node)
        return dict(loader.construct_pairs(node))

    Strict.add_constructor("tag:yaml.org,2002:map", mapping)
    yaml.load((ROOT / "docker-compose.yml").read_text(), Strict)
