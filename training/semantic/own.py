#!/usr/bin/env python3
"""Writes the sentences of `own.txt` as labelled messages: `own.py > own.jsonl`."""
import json
import pathlib
import random
import re

MOST = 14
CHOICE = re.compile(r"\{([^{}]*\|[^{}]*)\}")
LIST = re.compile(r"\$([a-z]+)")


def parted(words):
    """What stands between bars, but for those of a choice within it."""
    parts, depth = [""], 0
    for letter in words:
        depth += (letter == "{") - (letter == "}")
        if letter == "|" and not depth:
            parts.append("")
        else:
            parts[-1] += letter
    return parts


def variants(rng, line, lists, most):
    """Some of the sentences that a line stands for."""
    seen = []
    for _ in range(most * 4):
        text = line
        while True:
            # A list is opened only where it was chosen, so that of each alternative as many are made as of the others.
            if found := CHOICE.search(text):
                text = text[: found.start()] + rng.choice(found.group(1).split("|")) + text[found.end() :]
            elif (found := LIST.search(text)) and found.group(1) in lists:
                text = text[: found.start()] + rng.choice(lists[found.group(1)]) + text[found.end() :]
            else:
                break
        # A bar within a sentence.
        text = text.replace(" OR ", "|").replace("\\n", "\n")
        if text not in seen:
            seen.append(text)
        if len(seen) == most:
            break
    return seen


def main():
    rng = random.Random(2026)
    lines = pathlib.Path(__file__).with_name("own.txt").read_text(encoding="utf-8").splitlines()
    section, carriers, sentences, lists = None, [], [], {}
    for number, line in enumerate(lines):
        if line.startswith("== "):
            section = line[3:]
        elif line.startswith("@"):
            name, words = line[1:].split(" ", 1)
            lists[name] = parted(words)
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
        kind, name, *most = section.split()
        family = f"own_{name}" if kind == "attack" else f"ben_own_{name}"
        for n, text in enumerate(variants(rng, line, lists, int(most[0]) if most else MOST)):
            if rng.random() < 0.5:
                around = rng.choice(carriers)
                text = f"{around}\n{text}" if rng.random() < 0.6 else f"{text} {around}"
            write(f"own-{number}-{n}", family, "malicious" if kind == "attack" else "benign", f"own:{number}", text)


if __name__ == "__main__":
    main()
