#!/usr/bin/env python3
"""Harmless texts for the scorer: the read-me files and change logs of the crates that `Cargo.lock` names and whose licence is permissive,
the requests of the corpora as texts, and what stands before the attack in texts of which that is known.

    carriers.py CORPORA > carriers.jsonl
"""
import json
import pathlib
import re
import sys
import tomllib

PERMISSIVE = re.compile(r"^(MIT|Apache|BSD|CC0|CC-BY-4|Unlicense)(?!.*(SA|NC|GPL|no LICENSE|none))")
REQUESTS = ["ben_docs_write", "ben_wildguard_prompts", "hardneg_xstest", "hardneg_notinject", "ben_tau", "ben_livemcp_calls", "ben_bfcl"]
PIECE = 6000


def write(name, family, licence, source, text):
    print(json.dumps({"id": name, "family": family, "label": "benign", "direction": "response", "licence": licence, "source": source,
                      "message": {"jsonrpc": "2.0", "id": 1, "result": {"content": [{"type": "text", "text": text}]}}}, ensure_ascii=False))


def strings(value, out):
    if isinstance(value, str):
        out.append(value)
    elif isinstance(value, list):
        for one in value:
            strings(one, out)
    elif isinstance(value, dict):
        for one in value.values():
            strings(one, out)
    return out


def crates():
    root = pathlib.Path(__file__).resolve().parents[2]
    lock = tomllib.loads((root / "Cargo.lock").read_text())
    homes = sorted((pathlib.Path.home() / ".cargo/registry/src").glob("*"))
    for package in sorted(lock["package"], key=lambda p: (p["name"], p["version"])):
        for home in homes:
            folder = home / f"{package['name']}-{package['version']}"
            if not (folder / "Cargo.toml").is_file():
                continue
            licence = str(tomllib.loads((folder / "Cargo.toml").read_text()).get("package", {}).get("license", ""))
            if not PERMISSIVE.match(licence):
                continue
            for path in sorted(folder.glob("*.md")):
                if path.name.upper().startswith(("LICENSE", "COPYING", "CODE_OF", "NOTICE")):
                    continue
                text = path.read_text(encoding="utf-8", errors="ignore")
                for at in range(0, min(len(text), 4 * PIECE), PIECE):
                    name = f"{folder.name}/{path.name}"
                    write(f"crate-{name}-{at}", "ben_x_crates", licence, name, text[at : at + PIECE])
            break


def main():
    crates()
    corpora = pathlib.Path(sys.argv[1])
    for family in REQUESTS:
        for line in open(corpora / f"{family}.jsonl", encoding="utf-8"):
            case = json.loads(line)
            if case["direction"] != "request" or not PERMISSIVE.match(case["licence"]):
                continue
            text = "\n".join(s for s in strings(case["message"]["params"].get("arguments", case["message"]["params"]), []) if len(s) > 20)
            if text:
                write(case["id"] + "-asked", "ben_x_asked", case["licence"], case["source"], text[:PIECE])
    for family in ("ipi_asb", "ipi_asb_naive"):
        for line in open(corpora / f"{family}.jsonl", encoding="utf-8"):
            case = json.loads(line)
            text = max(strings(case["message"]["result"], []), key=len)
            if (end := text.find(";")) > 0:
                write(case["id"] + "-before", "ben_x_before", case["licence"], "before:" + text[:end], text[:end] + ".")


if __name__ == "__main__":
    main()
