#!/usr/bin/env python3
"""Writes the sentences of `own.txt` as labelled messages: `own.py > own.jsonl`."""
import json
import pathlib
import random
import re

MOST = 14
CHOICE = re.compile(r"\{([^{}]*)\}")


def variants(rng, line):
    """Some of the sentences that a line stands for."""
    seen = []
    for _ in range(MOST * 4):
        text = line
        while (found := CHOICE.search(text)) and "|" in found.group(1):
            text = text[: found.start()] + rng.choice(found.group(1).split("|")) + text[found.end() :]
        if text not in seen:
            seen.append(text)
        if len(seen) == MOST:
            break
    return seen


def main():
    rng = random.Random(2026)
    lines = pathlib.Path(__file__).with_name("own.txt").read_text(encoding="utf-8").splitlines()
    section, carriers, sentences = None, [], []
    for number, line in enumerate(lines):
        if line.startswith("== "):
            section = line[3:]
        elif line and not line.startswith("#") or line.startswith("{#"):
            if section == "carrier":
                carriers.append(line.replace("\\n", "\n"))
            elif section:
                sentences.append((section, number, line))
    def write(name, family, label, source, text):
        print(json.dumps({"id": name, "family": family, "label": label, "direction": "response", "licence": "Apache-2.0", "source": source,
                          "message": {"jsonrpc": "2.0", "id": 1, "result": {"content": [{"type": "text", "text": text}]}}}, ensure_ascii=False))
    for n, text in enumerate(carriers):
        write(f"own-carrier-{n}", "ben_own_carrier", "benign", f"own:carrier{n}", text)
    for section, number, line in sentences:
        kind, name = section.split()
        family = f"own_{name}" if kind == "attack" else f"ben_own_{name}"
        for n, text in enumerate(variants(rng, line)):
            if rng.random() < 0.5:
                around = rng.choice(carriers)
                text = f"{around}\n{text}" if rng.random() < 0.6 else f"{text} {around}"
            write(f"own-{number}-{n}", family, "malicious" if kind == "attack" else "benign", f"own:{number}", text)


if __name__ == "__main__":
    main()
