#!/usr/bin/env python3
"""Harmless texts in many languages: what programs under permissive licences say to people, out of the translations that their Python packages carry.
Without them a language that is seldom met is taken for an attack.

    translated.py SITE > translated.jsonl
"""
import json
import pathlib
import random
import re
import sys

LICENCES = {"django": "BSD-3-Clause", "wagtail": "BSD-3-Clause", "allauth": "MIT", "rest_framework": "BSD-3-Clause", "sphinx": "BSD-2-Clause"}
# Strings to a text, and texts of a language at most.
STRINGS, TEXTS = 12, 4
STRING = re.compile(r'^msgstr(?:\[\d\])? ((?:"(?:[^"\\]|\\.)*"\n)+)', re.M)


def strings(path):
    """What stands in a catalogue, without its head."""
    for found in STRING.finditer(path.read_text(encoding="utf-8")):
        text = "".join(json.loads(line) for line in found.group(1).splitlines())
        if len(text) > 20 and "Project-Id-Version" not in text:
            yield re.sub(r"%\((\w+)\)[sd]", r"\1", text)


def main():
    rng = random.Random(2026)
    for package, licence in LICENCES.items():
        by_language = {}
        for path in sorted((pathlib.Path(sys.argv[1]) / package).rglob("LC_MESSAGES/*.po")):
            by_language.setdefault(path.parts[-3], []).extend(strings(path))
        for language, all_of_it in sorted(by_language.items()):
            rng.shuffle(all_of_it)
            for n, at in enumerate(range(0, min(len(all_of_it), STRINGS * TEXTS), STRINGS)):
                name, text = f"{package}/{language}", "\n".join(all_of_it[at : at + STRINGS])
                print(json.dumps({"id": f"translated-{name}-{n}", "family": "ben_x_translated", "label": "benign", "direction": "response", "licence": licence,
                                  "source": name, "message": {"jsonrpc": "2.0", "id": 1, "result": {"content": [{"type": "text", "text": text}]}}}, ensure_ascii=False))


if __name__ == "__main__":
    main()
