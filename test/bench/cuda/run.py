"""Everything measured on a graphics card, in one go that ends by itself: the worker's engine, then graphs in the shapes of Stable Diffusion beside PyTorch.

    python test/bench/cuda/run.py --out DIR [--device cuda|cpu] [--shapes real|tiny] [--seconds N] [--graphs DIR] [--node PATH] [--root DIR] [--models DIR]

`--start` only starts the part of PyTorch (weights, eager, compilation take a while) and returns; a later run with the same --graphs goes on with it.
Writes DIR/log (everything, as it comes), DIR/findings.jsonl and DIR/table.md. Needs the graphs of graphs.py; weights are made here.
"""

from __future__ import annotations

import argparse
import fcntl
import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

HERE = Path(__file__).parent
# Whoever compiles may hold the card this long; then both go on and the findings say so.
WAIT_FOR_CARD_S = 60
# What is left at the end for the table.
LAST_S = 4


class Log:
    def __init__(self, out: Path):
        out.mkdir(parents=True, exist_ok=True)
        # Open as long as the process runs: what was found is on disk at once.
        self.text = open(out / "log", "a")  # noqa: SIM115
        self.findings = open(out / "findings.jsonl", "a")  # noqa: SIM115
        self.guard, self.all = threading.Lock(), []

    def line(self, line: str) -> None:
        with self.guard:
            print(line[:400], flush=True)
            self.text.write(line + "\n")
            self.text.flush()
            try:
                finding = json.loads(line)
            except ValueError:
                return
            if isinstance(finding, dict):
                self.all.append(finding)
                self.findings.write(line + "\n")
                self.findings.flush()

    def say(self, **finding) -> None:
        self.line(json.dumps(finding))


def library_environment(graphs: Path) -> dict[str, str]:
    """PyTorch's wheels carry the CUDA libraries; ONNX Runtime asks for some of them under names without a version."""
    environment = dict(os.environ)
    folders = [str(path) for entry in sys.path for path in sorted(Path(entry).glob("nvidia/*/lib")) if path.is_dir()] if sys.path else []
    links = graphs / "lib"
    links.mkdir(parents=True, exist_ok=True)
    for folder in folders:
        for library in Path(folder).glob("lib*.so.*"):
            link = links / (library.name.split(".so.")[0] + ".so")
            if library.name.startswith(("libcudnn.", "libnvrtc.so", "libcufft.")) and not link.exists():
                link.symlink_to(library)
    known = environment.get("LD_LIBRARY_PATH", "")
    driver = [path for path in ("/usr/local/nvidia/lib64", "/usr/local/nvidia/lib") if os.path.isdir(path)]
    environment["LD_LIBRARY_PATH"] = ":".join([*folders, str(links), *driver, *([known] if known else [])])
    return environment


def start_peer(arguments) -> int:
    """In a session of its own, so that it outlives the command that started it."""
    command = [
        sys.executable,
        str(HERE / "torch_peer.py"),
        "--graphs",
        str(arguments.graphs),
        "--device",
        arguments.device,
        "--shapes",
        arguments.shapes,
        "--seconds",
        str(arguments.peer_seconds or arguments.seconds),
        "--seconds-each",
        str(arguments.seconds_each),
    ]
    with open(arguments.graphs / "torch.log", "a") as log:
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, start_new_session=True, env=os.environ | {"PYTHONUNBUFFERED": "1"})
    (arguments.graphs / "torch.pid").write_text(str(process.pid))
    return process.pid


def is_alive(pid: int) -> bool:
    try:
        # One that ended and was not waited for still has an entry.
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def take_card(graphs: Path, until: float, log: Log):
    file = open(graphs / "card.lock", "w")  # noqa: SIM115 - whoever called closes it, which frees the card
    limit = min(until, time.time() + WAIT_FOR_CARD_S)
    while time.time() < limit:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return file
        except BlockingIOError:
            time.sleep(0.1)
    log.say(what="card", note="PyTorch still holds it; measured beside it")
    return file


def run_node(script: str, options: list[str], arguments, until: float, environment, log: Log) -> None:
    left = until - time.time()
    if left < 5:
        return log.say(part=script, skipped="no time left")
    card = take_card(arguments.graphs, until, log)
    left = until - time.time()
    command = [
        arguments.node,
        str(arguments.root / "test/bench/cuda" / script),
        "--device",
        arguments.device,
        "--seconds",
        str(max(1, int(left - 3))),
        *options,
    ]
    started = time.time()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment, cwd=arguments.root)
    watch = threading.Timer(max(1, left), process.kill)
    watch.start()
    for line in process.stdout:
        log.line(line.rstrip("\n"))
    code = process.wait()
    watch.cancel()
    card.close()
    log.say(part=" ".join([script, *options[-2:]]), exitCode=code, ms=round(1000 * (time.time() - started)))


def wait_for(ready, until: float) -> bool:
    while not ready():
        if time.time() > until:
            return False
        time.sleep(0.1)
    return True


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--device", choices=["cuda", "cpu"], default="cuda")
    parser.add_argument("--shapes", default="real")
    parser.add_argument("--seconds", type=float, default=150)
    parser.add_argument("--peer-seconds", type=float, default=0, help="for the part of PyTorch, where it starts earlier than the rest")
    parser.add_argument("--seconds-each", type=float, default=3, help="one row of the table at most")
    parser.add_argument("--graphs", type=Path, default=Path("/tmp/dewpoint-cuda/graphs"))
    parser.add_argument("--node", default="node")
    parser.add_argument("--root", type=Path, default=HERE.parents[2])
    parser.add_argument("--models", type=Path, default=HERE.parents[2] / "models")
    parser.add_argument("--engine", nargs=argparse.REMAINDER, default=[], help="further options of engine.ts; last")
    parser.add_argument("--parts", nargs="+", default=["engine", "engine-fp32", "sd15", "sd15-fused", "vae", "sdxl"])
    parser.add_argument("--start", action="store_true")
    arguments = parser.parse_args()
    until = time.time() + arguments.seconds - LAST_S
    log = Log(arguments.out)
    arguments.graphs.mkdir(parents=True, exist_ok=True)
    peer_pid = arguments.graphs / "torch.pid"
    if not peer_pid.exists():
        start_peer(arguments)
    if arguments.start:
        return
    pid = int(peer_pid.read_text())
    environment = library_environment(arguments.graphs)
    if "engine" in arguments.parts:
        run_node("engine.ts", ["--models", str(arguments.models), *arguments.engine], arguments, until, environment, log)
    if "engine-fp32" in arguments.parts:
        # ONNX Runtime lets CUDA shorten float32 factors to TF32, and from Node nothing but this variable of the driver's stops it.
        log.say(part="engine.ts", note="from here to its end without TF32")
        exact = environment | {"NVIDIA_TF32_OVERRIDE": "0"}
        run_node("engine.ts", ["--models", str(arguments.models), *arguments.engine, "--compare-only"], arguments, until, exact, log)
    for name in arguments.parts:
        if name.startswith("engine"):
            continue
        folder = arguments.graphs / name
        cases = arguments.graphs / name.removesuffix("-fused") / "cases.json"
        if not (folder / "model.onnx").exists():
            log.say(part=name, skipped="no graph")
        elif wait_for(lambda ready=cases: ready.exists() or not is_alive(pid), until - 10) and cases.exists():
            run_node(
                "graphs.ts",
                ["--graphs", str(arguments.graphs), "--seconds-each", str(arguments.seconds_each), "--only", name],
                arguments,
                until,
                environment,
                log,
            )
        else:
            log.say(part=name, skipped="no weights")
    wait_for(lambda: not is_alive(pid), until)
    if is_alive(pid):
        os.kill(pid, 15)
        log.say(part="torch", skipped="ended before it was through")
    for line in (arguments.graphs / "torch.log").read_text().splitlines():
        log.line(line)
    table(log, arguments.out)


def table(log: Log, out: Path) -> None:
    peak = next((f["teraflops"] for f in log.all if f.get("what") == "matrix product"), None)
    work = {f["graph"]: f["gigaflopsPerRow"] for f in log.all if f.get("what") == "work"}
    lines = [
        f"Peak of an fp16 matrix product: {peak} TFLOP/s",
        "",
        "| graph | engine | rows | ms | calls/s | of the peak | first call, s | error |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for f in log.all:
        if "engine" not in f or "ms" not in f or "graph" not in f:
            continue
        graph = f["graph"].removesuffix("-fused")
        share = "" if peak is None or graph not in work else f"{work[graph] * f['batch'] / f['ms'] / peak * 100:.0f} %"
        engine = f["engine"] + (", fused" if f["graph"].endswith("-fused") else "")
        error = "" if f.get("error") is None else f"{f['error']:.2g}"
        lines.append(f"| {graph} | {engine} | {f['batch']} | {f['ms']:.4g} | {1000 / f['ms']:.4g} | {share} | {f['firstMs'] / 1000:.2f} | {error} |")
    text = "\n".join(lines)
    (out / "table.md").write_text(text + "\n")
    print(text, flush=True)


if __name__ == "__main__":
    main()
