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
    )
    assert settings.model_name == "qwen2.5-coder-1.5b-q4"


def test_every_variable_is_honoured_and_an_empty_one_is_none() -> None:
    settings = read_settings(
        {"LLM_HOST": "0.0.0.0", "LLM_PORT": "9", "LLM_MODEL": "/m/other.gguf", "LLM_CONTEXT": "", "LLM_THREADS": "3"}
    )
    assert settings == Settings("0.0.0.0", 9, Path("/m/other.gguf"), 4096, 3)


@pytest.mark.parametrize(
    ("name", "value"),
    [("LLM_PORT", "http"), ("LLM_PORT", "70000"), ("LLM_CONTEXT", "16"), ("LLM_THREADS", "0"), ("LLM_THREADS", "1.5")],
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
