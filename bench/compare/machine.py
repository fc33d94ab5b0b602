"""Facts of the machine and the build that figures depend on; nothing that names the machine or its user."""
import os
import platform
import re
import subprocess


def read(path):
    try:
        with open(path, encoding="utf-8") as file:
            return file.read().strip()
    except OSError:
        return ""


def output_of(*command):
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
        return done.stdout.strip()
    except (OSError, subprocess.TimeoutExpired):
        return ""


def cpu_model():
    match = re.search(r"^model name\s*:\s*(.*)$", read("/proc/cpuinfo"), re.M)
    return match.group(1) if match else platform.machine()


def caches():
    sizes = []
    base = "/sys/devices/system/cpu/cpu0/cache"
    for index in sorted(os.listdir(base)) if os.path.isdir(base) else []:
        kind = read(f"{base}/{index}/type")
        if index.startswith("index") and kind != "Instruction":
            sizes.append(f"L{read(f'{base}/{index}/level')} {read(f'{base}/{index}/size')}")
    return ", ".join(sizes)


def memory_gib():
    match = re.search(r"^MemTotal:\s*(\d+) kB", read("/proc/meminfo"), re.M)
    return round(int(match.group(1)) / 2**20) if match else 0


def memory_available():
    """GiB that programs could have now; endless where the kernel does not tell."""
    match = re.search(r"^MemAvailable:\s*(\d+) kB", read("/proc/meminfo"), re.M)
    return int(match.group(1)) / 2**20 if match else float("inf")


def is_virtual():
    return " hypervisor" in read("/proc/cpuinfo")


def cpu_ticks():
    """All ticks so far, and those in which the host ran somebody else."""
    ticks = [int(word) for word in read("/proc/stat").split("\n")[0].split()[1:]]
    return sum(ticks[:8]), ticks[7] if len(ticks) > 7 else 0


def facts(compiler):
    return {
        "cpu": cpu_model(),
        "cpus": len(os.sched_getaffinity(0)),
        "caches": caches(),
        "memory_gib": memory_gib(),
        "virtual": is_virtual(),
        "governor": read("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"),
        "huge_pages": read("/sys/kernel/mm/transparent_hugepage/enabled"),
        "kernel": platform.release(),
        "system": next((line[13:-1] for line in read("/etc/os-release").split("\n")
                        if line.startswith("PRETTY_NAME=")), platform.system()),
        "libc": " ".join(platform.libc_ver()),
        "compiler": compiler,
        "revision": output_of("git", "describe", "--always", "--dirty"),
        "load_before": os.getloadavg()[0],
    }
