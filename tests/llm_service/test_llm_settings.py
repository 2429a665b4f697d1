"""LLM_… variables, and how many cores the model gets by default."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from llm_service.cores import usable_cores
from llm_service.settings import SettingError, Settings, read_settings


def test_nothing_need_be_set() -> None:
    settings = read_settings({})
    assert settings == Settings(
        host="127.0.0.1",
        port=8002,
        model=Path("models/qwen2.5-coder-1.5b-q4.gguf"),
        context=4096,
        threads=usable_cores(),
        queue=8,
        deadline_seconds=120,
        state=None,
    )
    assert settings.model_name == "qwen2.5-coder-1.5b-q4"


def test_every_variable_is_honoured_and_an_empty_one_is_none() -> None:
    settings = read_settings(
        {
            "LLM_HOST": "0.0.0.0",
            "LLM_PORT": "9",
            "LLM_MODEL": "/m/other.gguf",
            "LLM_CONTEXT": "",
            "LLM_THREADS": "3",
            "LLM_QUEUE": "0",
            "LLM_DEADLINE_SECONDS": "60",
            "LLM_STATE": "/s",
            "LLM_CONTAINER": "1",
        }
    )
    assert settings == Settings("0.0.0.0", 9, Path("/m/other.gguf"), 4096, 3, 0, 60, Path("/s"), container=True)


@pytest.mark.parametrize(
    ("environ", "state"),
    [
        ({"HOME": "/h"}, "/h/.cache/llm-service"),
        ({"HOME": "/h", "XDG_CACHE_HOME": "/x"}, "/x/llm-service"),
        ({"HOME": "/h", "XDG_CACHE_HOME": "/x", "LLM_STATE": "/s"}, "/s"),
        ({"HOME": "/h", "XDG_CACHE_HOME": "", "LLM_STATE": ""}, "/h/.cache/llm-service"),
    ],
)
def test_the_state_is_where_caches_are(environ: dict[str, str], state: str) -> None:
    assert read_settings(environ).state == Path(state)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("LLM_THREAD", "LLM_THREAD: there is no such setting; is LLM_THREADS meant?"),
        ("LLM_DEADLINE", "is LLM_DEADLINE_SECONDS meant?"),
        ("LLM_", "LLM_: there is no such setting"),
    ],
)
def test_a_misspelt_variable_is_refused(name: str, says: str) -> None:
    with pytest.raises(SettingError) as refusal:
        read_settings({name: ""})
    assert says in str(refusal.value)


def test_what_compose_reads_is_nobody_s_mistake() -> None:
    assert read_settings({"LLM_MODELS": "/m", "PATH": "/bin"}) == read_settings({})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LLM_PORT", "http"),
        ("LLM_PORT", "70000"),
        ("LLM_CONTEXT", "16"),
        ("LLM_THREADS", "0"),
        ("LLM_THREADS", "1.5"),
        ("LLM_QUEUE", "-1"),
        ("LLM_QUEUE", "many"),
        ("LLM_DEADLINE_SECONDS", "0"),
        ("LLM_DEADLINE_SECONDS", "3601"),
    ],
)
def test_a_bad_value_is_named(name: str, value: str) -> None:
    with pytest.raises(SettingError) as refusal:
        read_settings({name: value})
    assert name in str(refusal.value)
    assert value in str(refusal.value)


def _machine(root: Path, threads_per_core: int) -> Path:
    """A /sys of this process's CPUs, two of which make one core where hyper-threading is on."""
    for place, cpu in enumerate(sorted(os.sched_getaffinity(0))):
        topology = root / f"devices/system/cpu/cpu{cpu}/topology"
        topology.mkdir(parents=True)
        (topology / "physical_package_id").write_text("0\n")
        (topology / "core_id").write_text(f"{place // threads_per_core}\n")
    return root


@pytest.mark.parametrize("threads_per_core", [1, 2])
def test_hyper_threads_count_once(tmp_path: Path, threads_per_core: int) -> None:
    cpus = len(os.sched_getaffinity(0))
    assert usable_cores(_machine(tmp_path, threads_per_core)) == -(-cpus // threads_per_core)


@pytest.mark.parametrize(
    ("files", "most"),
    [
        ({"cpu.max": "100000 100000\n"}, 1),
        ({"cpu.max": "50000 100000\n"}, 1),
        ({"cpu.max": "max 100000\n"}, None),
        ({"cpu/cpu.cfs_quota_us": "100000\n", "cpu/cpu.cfs_period_us": "100000\n"}, 1),
        ({"cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": "100000\n"}, None),
    ],
)
def test_a_container_s_quota_bounds_the_cores(tmp_path: Path, files: dict[str, str], most: int | None) -> None:
    root = _machine(tmp_path, 1)
    for name, content in files.items():
        path = root / "fs/cgroup" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    assert usable_cores(root) == (most or len(os.sched_getaffinity(0)))
